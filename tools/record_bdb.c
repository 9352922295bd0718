/*
 * record_bdb.c - Berkeley DB's flat text: bdb, bdb-print and pairs.
 *
 *   bdb    := section+
 *   section := "VERSION=3" LF "format=" style LF "type=btree" LF
 *             "HEADER=END" LF (SPACE text LF SPACE text LF)* "DATA=END" LF
 *   pairs  := (text LF text LF)*
 *
 * The text is hexadecimal with format=bytevalue, and otherwise bytes from
 * space to tilde as they are, "\\" and "\HH". Readers exist that stop at a
 * header word they do not know, so no more than these are written.
 */
#include <inttypes.h>

#include "cli.h"
#include "escape.h"
#include "hex.h"
#include "out.h"
#include "record_format.h"

/* LMDB takes keys of 1 to so many bytes. */
enum { LMDB_KEY_MAX = 511, HEADER_MAX = 4096 };

static int
bdb_begin(struct record_writer *w)
{
	out_format("VERSION=3\nformat=%s\ntype=btree\n",
	    w->style.format == FORMAT_BDB ? "bytevalue" : "print");
	if (w->style.bdb_mapsize != 0)
		out_format("mapsize=%" PRIu64 "\n", w->style.bdb_mapsize);
	out_text("HEADER=END\n");
	return 0;
}

static int
bdb_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	w->odd_keys += key->size == 0 || key->size > LMDB_KEY_MAX;
	out_char(' ');
	out_hex(key->data, key->size);
	out_text("\n ");
	out_hex(value->data, value->size);
	out_char('\n');
	return 0;
}

static int
bdb_print_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	w->odd_keys += key->size == 0 || key->size > LMDB_KEY_MAX;
	out_char(' ');
	out_print(key->data, key->size);
	out_text("\n ");
	out_print(value->data, value->size);
	out_char('\n');
	return 0;
}

static int
pairs_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	(void)w;
	out_print(key->data, key->size);
	out_char('\n');
	out_print(value->data, value->size);
	out_char('\n');
	return 0;
}

static int
bdb_end(struct record_writer *w)
{
	out_text("DATA=END\n");
	if (w->odd_keys > 0)
		cli_note("%" PRIu64 " keys are empty or longer than %d bytes: "
		    "mdb_load will refuse them", w->odd_keys, LMDB_KEY_MAX);
	return 0;
}

/* Words of others that change nothing for us. */
static bool
harmless(struct word w)
{
	static const char *const known[] = { "VERSION=3", "VERSION=2",
		"type=btree", "type=hash", "mapsize=", "mapaddr=",
		"maxreaders=", "db_pagesize=", "geometry=", "canary=",
		"sequence=", "duplicates=0", "dupsort=0", "database=",
		"subdatabase=", "chksum=", "db_lorder=", "bt_minkey=",
		"h_ffactor=", "h_nelem=", "keys=1" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known; i++) {
		if (word_begins(w, known[i]))
			return true;
	}
	return false;
}

static int
header_word(struct record_reader *r, struct word w)
{
	char room[CLI_KEY_ROOM];

	if (word_is(w, "format=bytevalue") || word_is(w, "format=print")) {
		r->print = w.text[7] == 'p';
		return 0;
	}
	if (harmless(w))
		return 0;
	if (word_is(w, "duplicates=1") || word_is(w, "dupsort=1")) {
		if (r->style.dups != DUPS_REFUSE)
			return 0;
		return record_lost(r, "it may hold several values of a key: "
		    "say --dups=first or --dups=last");
	}
	if (word_begins(w, "type="))
		return record_lost(r, "type= is neither btree nor hash");
	if (word_begins(w, "VERSION="))
		return record_lost(r, "a VERSION other than 3");
	cli_place(r->in.name, r->in.line);
	cli_note("passed over: %s", cli_key(w.text, w.size, room));
	cli_place(NULL, 0);
	return 0;
}

/* The lines up to HEADER=END. *more is false when there are none at all. */
static int
header_read(struct record_reader *r, bool *more)
{
	struct word line;
	int stopped, status;

	r->print = false;
	status = input_field(&r->in, '\n', HEADER_MAX, &line, &stopped);
	*more = status == 0 && (line.size > 0 || stopped != INPUT_END);
	if (!*more)
		return status;
	if (!word_begins(line, "VERSION="))
		return record_lost(r, "no VERSION= line begins it");
	r->ended = false;
	while (status == 0 && !word_is(line, "HEADER=END")) {
		status = header_word(r, line);
		if (status == 0)
			status = input_field(&r->in, '\n', HEADER_MAX, &line,
			    &stopped);
		if (status == 0 && stopped == INPUT_END)
			return record_lost(r, "cut short: no HEADER=END");
	}
	r->header = true;
	return status;
}

/* A line of text, without the space that a section has before it. */
static int
text_take(struct record_reader *r, struct word *w, int stopped)
{
	const char *reason;

	if (stopped == INPUT_END)
		return record_lost(r, "cut short within a record");
	if (r->style.format != FORMAT_PAIRS) {
		if (w->size == 0 || w->text[0] != ' ')
			return record_bad(r, "", "no space begins the line");
		*w = (struct word){ w->text + 1, w->size - 1 };
	}
	reason = (r->print ? print_decode : hex_decode)(w->text, &w->size);
	return reason == NULL ? 0 : record_bad(r, "", reason);
}

/* The line of a key was read; its value follows. */
static int
pair_read(struct record_reader *r, struct record *record, struct word w,
    int stopped)
{
	int status;

	r->half = true;
	if ((status = text_take(r, &w, stopped)) != 0 ||
	    (status = record_keep_key(r, w, KEYS_RAW)) != 0)
		return status;
	r->half = false;
	status = input_field(&r->in, '\n', VALUE_TEXT_LIMIT, &w, &stopped);
	/* The last newline of pairs may be missing. */
	if (status == 0 && stopped == INPUT_END && w.size > 0 &&
	    r->style.format == FORMAT_PAIRS)
		stopped = '\n';
	if (status == 0)
		status = text_take(r, &w, stopped);
	record->key = lsm_bytes(r->key, r->key_size);
	record->value = lsm_bytes(w.text, w.size);
	return status;
}

static int
bdb_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word line;
	int stopped, status;

	for (;;) {
		if (!r->header) {
			status = header_read(r, more);
			if (status != 0 || !*more)
				return status;
		}
		status = input_field(&r->in, '\n', KEY_TEXT_LIMIT, &line,
		    &stopped);
		*more = status == 0 &&
		    (line.size > 0 || stopped != INPUT_END);
		if (!*more)
			return status;
		if (!word_is(line, "DATA=END"))
			break;
		r->header = false;
		r->ended = true;
	}
	return pair_read(r, record, line, stopped);
}

static int
pairs_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word line;
	int stopped, status;

	r->print = true;
	status = input_field(&r->in, '\n', KEY_TEXT_LIMIT, &line, &stopped);
	*more = status == 0 && (line.size > 0 || stopped != INPUT_END);
	return *more ? pair_read(r, record, line, stopped) : status;
}

const struct record_codec codec_bdb = {
	.begin = bdb_begin, .write = bdb_write, .end = bdb_end,
	.read = bdb_read, .both = true
};
const struct record_codec codec_bdb_print = {
	.begin = bdb_begin, .write = bdb_print_write, .end = bdb_end,
	.read = bdb_read, .both = true
};
const struct record_codec codec_pairs = {
	.write = pairs_write, .read = pairs_read, .both = true
};
