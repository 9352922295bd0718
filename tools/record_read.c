/*
 * record_read.c - the reader of records: which format, where it ends, and what
 * becomes of a record that is malformed.
 */
#include <string.h>

#include "cli.h"
#include "json.h"
#include "record_format.h"

/* As much of an input as tells its format. */
enum { AHEAD = 256 };

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "+3,5:" */
static bool
looks_cdb(struct word w)
{
	size_t i = 1, from;

	if (w.size == 0 || w.text[0] != '+')
		return false;
	while (i < w.size && digit(w.text[i]))
		i++;
	if (i == 1 || i == w.size || w.text[i++] != ',')
		return false;
	for (from = i; i < w.size && digit(w.text[i]); i++)
		;
	return i > from && i < w.size && w.text[i] == ':';
}

/* An object that begins with a name: no key of tsv looks so by accident. */
static bool
looks_json(struct word w)
{
	size_t i = 1;

	if (w.size == 0 || w.text[0] != '{')
		return false;
	while (i < w.size && w.text[i] == ' ')
		i++;
	w = (struct word){ w.text + i, w.size - i };
	return word_begins(w, "\"key\"") || word_begins(w, "\"key_hex\"") ||
	    word_begins(w, "\"value\"") || word_begins(w, "\"value_hex\"");
}

static int
detect(struct record_reader *r)
{
	struct word ahead;
	int status = input_peek(&r->in, AHEAD, &ahead);

	/* An operation of ops begins with a letter, or is an empty line. */
	if (r->style.operations)
		r->style.format = word_begins(ahead, "{") ? FORMAT_JSON :
		    FORMAT_OPS;
	else if (word_begins(ahead, "VERSION="))
		r->style.format = FORMAT_BDB;
	else if (looks_cdb(ahead))
		r->style.format = FORMAT_CDB;
	else if (looks_json(ahead))
		r->style.format = FORMAT_JSON;
	else
		r->style.format = FORMAT_TSV;
	return status;
}

static int
reader_check(const struct record_reader *r)
{
	const struct record_codec *codec = record_codec_of(r->style.format);
	const char *name = record_format_name(r->style.format);

	if (codec == NULL || codec->read == NULL)
		return cli_fail(EXIT_USAGE, "--format=%s cannot be read", name);
	if (r->style.framed && !record_format_marked(r->style.format))
		return cli_fail(EXIT_USAGE, "--format=%s cannot be framed",
		    name);
	if (r->style.format == FORMAT_JSON && !json_can_read())
		return cli_fail(EXIT_UNAVAILABLE, "--format=jsonl cannot be "
		    "read: built without jansson");
	return 0;
}

int
record_open(struct record_reader *r, const struct record_style *style,
    const char *path)
{
	int status = 0;

	r->style = *style;
	if (path != NULL)
		status = input_open(&r->in, path);
	if (status == 0 && style->format == FORMAT_DEFAULT)
		status = detect(r);
	if (status == 0)
		status = reader_check(r);
	/* Trailers are known when they come, asked for or not. */
	if (status == 0 && record_codec_of(r->style.format)->sums)
		status = input_sum_start(&r->in);
	return status;
}

/* At the end of the input. */
static int
check_end(struct record_reader *r)
{
	const struct record_codec *codec = record_codec_of(r->style.format);
	bool marked = codec->end != NULL &&
	    (!codec->frames || r->style.framed);

	/* An empty file of bdb or cdb is no empty database. */
	if (!marked || r->ended)
		return 0;
	r->lost = true;
	return cli_fail(EXIT_DATA, "%s: cut short: the end mark is missing",
	    r->in.name);
}

/* Equal keys come one behind the other. */
static bool
repeats(struct record_reader *r, const struct record *record)
{
	bool same = r->count > 1 && record->key.size == r->last_size &&
	    memcmp(record->key.data, r->last, r->last_size) == 0;

	memcpy(r->last, record->key.data, record->key.size);
	r->last_size = record->key.size;
	return same;
}

int
record_next(struct record_reader *r, struct record *record, bool *more)
{
	const struct record_codec *codec = record_codec_of(r->style.format);
	int status;

	do {
		*more = false;
		r->half = false;
		*record = (struct record){ .kind = RECORD_PUT };
		status = codec->read(r, record, more);
		if (status != 0)
			return status;
		if (!*more)
			return check_end(r);
		r->count++;
	} while (r->style.dups == DUPS_FIRST &&
	    record->kind == RECORD_PUT && repeats(r, record));
	return 0;
}

bool
record_skip(struct record_reader *r)
{
	const struct record_codec *codec = record_codec_of(r->style.format);

	if (r->lost || codec->numbered || input_interrupted())
		return false;
	r->count++;
	if (!r->in.line_ended && input_skip_line(&r->in) != 0)
		return false;
	if (!r->half)
		return true;
	r->half = false;
	r->in.line++;
	return input_skip_line(&r->in) == 0;
}

void
record_close(struct record_reader *r)
{
	json_free(r->json);
	r->json = NULL;
	input_close(&r->in);
}
