/*
 * record_tsv.c - records a line each: tsv, hex and ops.
 *
 *   tsv  := key TAB value LF        trailer: "\end" TAB count TAB sum LF
 *   hex  := hex SPACE hex LF        trailer: "end" SPACE count SPACE sum LF
 *   ops  := ("put" | "equals") TAB key TAB value LF | "commit" LF |
 *           ("del" | "absent" | "present") TAB key LF
 *
 * No text of tsv begins with "\e" and no hexadecimal number with "en", so that
 * a trailer is never a record. Bytes of tsv other than TAB, LF and the
 * backslash may stand for themselves when they are read; the last LF may be
 * missing.
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "color.h"
#include "out.h"
#include "record_format.h"

static enum key_format
text_of(enum key_format format)
{
	return format == KEYS_DEFAULT ? KEYS_ESCAPED : format;
}

static void
paint(const struct record_writer *w, const char *color)
{
	if (w->colored)
		out_text(color);
}

static int
side_print(enum key_format format, lsm_slice bytes, const char *what)
{
	char room[CLI_KEY_ROOM];

	if (key_print(format, bytes))
		return 0;
	return cli_fail(EXIT_DATA, "%s \"%s\" is no number of that width",
	    what, cli_key(bytes.data, bytes.size, room));
}

static int
tsv_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	int status = 0;

	paint(w, COLOR_KEY);
	if (key != NULL)
		status = side_print(w->style.keys, *key, "key");
	paint(w, COLOR_END);
	if (key != NULL && value != NULL)
		out_char('\t');
	paint(w, COLOR_VALUE);
	if (value != NULL && status == 0)
		status = side_print(w->style.values, *value, "value");
	paint(w, COLOR_END);
	out_char('\n');
	return status;
}

/* "1234 0123456789abcdef" with that blank. */
static void
trailer_print(const struct record_writer *w, const char *name, char blank)
{
	uint64_t sum = out_sum_end();

	out_format("%s%c%" PRIu64 "%c%016" PRIx64 "\n", name, blank, w->count,
	    blank, sum);
}

static int
tsv_end(struct record_writer *w)
{
	trailer_print(w, "\\end", '\t');
	return 0;
}

/* A trailer's line, whose name has `name` bytes with the blank. */
static int
trailer_read(struct record_reader *r, size_t name, char blank)
{
	uint64_t found = input_sum(&r->in);
	struct word rest;
	char *sum;
	int stopped, status;

	status = input_until(&r->in, '\n', KEY_TEXT_LIMIT, &rest, &stopped);
	if (status != 0)
		return status;
	rest = (struct word){ rest.text + name, rest.size - name };
	sum = memchr(rest.text, blank, rest.size);
	if (sum == NULL)
		return record_lost(r, "a trailer without its numbers");
	*sum++ = '\0';
	return record_trailer(r, rest.text, sum, found);
}

/* Read up to a TAB; *more is false when nothing is left. */
static int
field_read(struct record_reader *r, struct word *field, int *stopped,
    bool *more)
{
	int status = input_field(&r->in, '\t', KEY_TEXT_LIMIT, field, stopped);

	*more = status == 0 && (field->size > 0 || *stopped != INPUT_END);
	return status;
}

static int
value_read(struct record_reader *r, struct record *record,
    enum key_format format)
{
	struct word value;
	int stopped, status;

	status = input_field(&r->in, '\n', VALUE_TEXT_LIMIT, &value,
	    &stopped);
	if (status != 0)
		return status;
	if (memchr(value.text, '\t', value.size) != NULL)
		return record_bad(r, "value: ", "a second TAB; \\t is its "
		    "text");
	status = record_decode_value(r, &value, text_of(format));
	record->key = lsm_bytes(r->key, r->key_size);
	record->value = lsm_bytes(value.text, value.size);
	return status;
}

static int
tsv_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word field;
	bool trailer;
	int stopped, status = input_begins(&r->in, "\\end\t", &trailer);

	if (status == 0 && trailer)
		return trailer_read(r, strlen("\\end\t"), '\t');
	if (status == 0)
		status = field_read(r, &field, &stopped, more);
	if (status != 0 || !*more)
		return status;
	if (stopped != '\t')
		return record_bad(r, "", "no TAB between key and value");
	status = record_keep_key(r, field, text_of(r->style.keys));
	return status != 0 ? status : value_read(r, record, r->style.values);
}

static void
hex_side(const lsm_slice *bytes)
{
	if (bytes->size == 0)
		out_char('-');
	else
		out_hex(bytes->data, bytes->size);
}

static int
hex_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	paint(w, COLOR_KEY);
	if (key != NULL)
		hex_side(key);
	paint(w, COLOR_END);
	if (key != NULL && value != NULL)
		out_char(' ');
	paint(w, COLOR_VALUE);
	if (value != NULL)
		hex_side(value);
	paint(w, COLOR_END);
	out_char('\n');
	return 0;
}

static int
hex_end(struct record_writer *w)
{
	trailer_print(w, "end", ' ');
	return 0;
}

static int
hex_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word w;
	bool trailer;
	int stopped, status = input_begins(&r->in, "end ", &trailer);

	if (status == 0 && trailer)
		return trailer_read(r, strlen("end "), ' ');
	if (status == 0)
		status = input_field(&r->in, ' ', KEY_TEXT_LIMIT, &w,
		    &stopped);
	*more = status == 0 && (w.size > 0 || stopped != INPUT_END);
	if (!*more)
		return status;
	if (stopped != ' ' || w.size == 0)
		return record_bad(r, "", "no blank between key and value");
	if ((status = record_keep_key(r, w, KEYS_HEX)) != 0)
		return status;
	status = input_field(&r->in, '\n', VALUE_TEXT_LIMIT, &w, &stopped);
	if (status != 0)
		return status;
	if (w.size == 0)
		return record_bad(r, "value: ", "an empty value is written -");
	status = record_decode_value(r, &w, KEYS_HEX);
	record->key = lsm_bytes(r->key, r->key_size);
	record->value = lsm_bytes(w.text, w.size);
	return status;
}

static int
ops_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	out_text("put\t");
	return tsv_write(w, key, value);
}

static int
ops_end(struct record_writer *w)
{
	(void)w;
	out_text("commit\n");
	return 0;
}

static const struct operation operations[] = {
	{ "put", RECORD_PUT, true },
	{ "del", RECORD_DELETE, false },
	{ "delrange", RECORD_DELRANGE, true },
	{ "absent", RECORD_IF_ABSENT, false },
	{ "present", RECORD_IF_PRESENT, false },
	{ "equals", RECORD_IF_EQUALS, true },
};

const char operation_none[] =
    "no operation: put, del, delrange, absent, present, equals or commit";

const struct operation *
operation_find(struct word w)
{
	size_t i;

	for (i = 0; i < sizeof operations / sizeof *operations; i++)
		if (word_is(w, operations[i].word))
			return &operations[i];
	return NULL;
}

/* What stands behind the word. */
static int
operation_read(struct record_reader *r, const struct operation *o,
    struct record *record)
{
	struct word key;
	int stopped, status;

	status = input_field(&r->in, '\t', KEY_TEXT_LIMIT, &key, &stopped);
	if (status != 0)
		return status;
	if (o->value && stopped != '\t')
		return record_bad(r, o->word, o->kind == RECORD_DELRANGE ?
		    " has two keys and a TAB between them" :
		    " has a key, a TAB and a value");
	if (!o->value && stopped == '\t')
		return record_bad(r, o->word, " has one key");
	status = record_keep_key(r, key, text_of(r->style.keys));
	record->kind = o->kind;
	record->key = lsm_bytes(r->key, r->key_size);
	return status != 0 || !o->value ? status : value_read(r, record,
	    o->kind == RECORD_DELRANGE ? r->style.keys : r->style.values);
}

static int
ops_read(struct record_reader *r, struct record *record, bool *more)
{
	const struct operation *o;
	struct word word;
	int stopped, status = field_read(r, &word, &stopped, more);

	if (status != 0 || !*more)
		return status;
	r->ended = false;
	if (stopped == '\t' && (o = operation_find(word)) != NULL)
		return operation_read(r, o, record);
	if (stopped == '\t' || (word.size > 0 && !word_is(word, "commit")))
		return record_bad(r, "", operation_none);
	record->kind = RECORD_COMMIT;
	r->ended = true;
	return 0;
}

const struct record_codec codec_tsv = {
	.write = tsv_write, .end = tsv_end, .read = tsv_read, .frames = true,
	.sums = true, .colors = true
};
const struct record_codec codec_hex = {
	.write = hex_write, .end = hex_end, .read = hex_read, .frames = true,
	.sums = true, .colors = true
};
/* Its end is demanded from framed input only: a person types no commit. */
const struct record_codec codec_ops = {
	.write = ops_write, .end = ops_end, .read = ops_read, .both = true,
	.frames = true
};
