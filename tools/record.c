/*
 * record.c - records as text: what all formats share.
 */
#include "record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "out.h"
#include "record_format.h"
#include "sum.h"

static const struct {
	const char *name;
	const struct record_codec *codec;
} formats[FORMATS] = {
	[FORMAT_TSV] = { "tsv", &codec_tsv },
	[FORMAT_HEX] = { "hex", &codec_hex },
	[FORMAT_JSON] = { "jsonl", &codec_json },
	[FORMAT_NUL] = { "nul", &codec_nul },
	[FORMAT_BDB] = { "bdb", &codec_bdb },
	[FORMAT_BDB_PRINT] = { "bdb-print", &codec_bdb_print },
	[FORMAT_PAIRS] = { "pairs", &codec_pairs },
	[FORMAT_CDB] = { "cdb", &codec_cdb },
	[FORMAT_OPS] = { "ops", &codec_ops },
	[FORMAT_RAW] = { "raw", &codec_raw },
	[FORMAT_TEXT] = { "text", NULL },
	[FORMAT_PROM] = { "prom", NULL },
};

const char *
record_format_name(enum record_format format)
{
	return formats[format].name;
}

bool
record_format_find(struct word name, enum record_format *format)
{
	int i;

	*format = FORMAT_JSON;
	if (word_is(name, "json"))
		return true;
	for (i = FORMAT_TSV; i < FORMATS; i++) {
		if (word_is(name, formats[i].name)) {
			*format = (enum record_format)i;
			return true;
		}
	}
	return false;
}

bool
record_format_marked(enum record_format format)
{
	const struct record_codec *codec = formats[format].codec;

	return codec != NULL && codec->end != NULL;
}

const struct record_codec *
record_codec_of(enum record_format format)
{
	return formats[format].codec;
}

static int
writer_check(const struct record_style *style, bool both)
{
	const struct record_codec *codec = formats[style->format].codec;
	const char *name = formats[style->format].name;

	if (codec == NULL)
		return cli_fail(EXIT_USAGE, "--format=%s is not of records",
		    name);
	if (codec->both && !both)
		return cli_fail(EXIT_USAGE, "--format=%s has no records "
		    "without key or value", name);
	if (style->framed && !record_format_marked(style->format))
		return cli_fail(EXIT_USAGE, "--format=%s cannot be framed",
		    name);
	if (style->framed && style->format == FORMAT_TSV &&
	    (style->keys == KEYS_RAW || style->values == KEYS_RAW))
		return cli_fail(EXIT_USAGE, "raw bytes could look like the "
		    "trailer of --framed");
	return 0;
}

int
record_begin(struct record_writer *w, const struct record_style *style,
    bool keys, bool values)
{
	int status;

	*w = (struct record_writer){ .style = *style };
	if (w->style.format == FORMAT_DEFAULT)
		w->style.format = FORMAT_TSV;
	/* What is redacted is text, and no number of any width. */
	if (w->style.redact == REDACT_ALL)
		w->style.keys = KEYS_DEFAULT;
	if (w->style.redact != REDACT_NONE)
		w->style.values = KEYS_DEFAULT;
	if ((status = writer_check(&w->style, keys && values)) != 0)
		return status;
	if (style->framed && formats[w->style.format].codec->sums &&
	    !out_sum_start())
		return cli_fail_memory();
	w->colored = formats[w->style.format].codec->colors &&
	    !style->framed && out_color();
	if (formats[w->style.format].codec->begin == NULL)
		return 0;
	return formats[w->style.format].codec->begin(w);
}

lsm_slice
record_redacted(const struct record_style *style, lsm_slice bytes,
    char room[REDACTED_ROOM])
{
	int n = snprintf(room, REDACTED_ROOM, "<%zu:%016" PRIx64 ">",
	    bytes.size, sum_once(bytes.data, bytes.size, style->redact_seed));

	return lsm_bytes(room, (size_t)n);
}

int
record_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	char key_room[REDACTED_ROOM], value_room[REDACTED_ROOM];
	lsm_slice hidden_key, hidden_value;

	if (key != NULL && w->style.redact == REDACT_ALL) {
		hidden_key = record_redacted(&w->style, *key, key_room);
		key = &hidden_key;
	}
	if (value != NULL && w->style.redact != REDACT_NONE) {
		hidden_value = record_redacted(&w->style, *value, value_room);
		value = &hidden_value;
	}
	w->count++;
	return formats[w->style.format].codec->write(w, key, value);
}

int
record_end(struct record_writer *w)
{
	const struct record_codec *codec = formats[w->style.format].codec;

	if (codec->end == NULL || (codec->frames && !w->style.framed))
		return 0;
	return codec->end(w);
}

int
record_bad(struct record_reader *r, const char *what, const char *reason)
{
	const struct record_codec *codec = formats[r->style.format].codec;
	int status;

	if (codec->numbered)
		return cli_fail(EXIT_DATA, "%s: record %" PRIu64 ": %s%s",
		    r->in.name, r->count + 1, what, reason);
	cli_place(r->in.name, r->in.line);
	status = cli_fail(EXIT_DATA, "%s%s", what, reason);
	cli_place(NULL, 0);
	return status;
}

int
record_refuse(struct record_reader *r, const char *reason)
{
	int status;

	r->count--;		/* one that is malformed is not counted yet */
	status = record_bad(r, "", reason);
	r->count++;
	return status;
}

int
record_lost(struct record_reader *r, const char *reason)
{
	r->lost = true;
	return record_bad(r, "", reason);
}

int
record_keep_key(struct record_reader *r, struct word text,
    enum key_format format)
{
	char room[KEY_NUMBER_MAX];
	const char *reason = key_decode(format, &text, room);

	if (reason != NULL)
		return record_bad(r, "key: ", reason);
	if (text.size > LSM_KEY_MAX)
		return record_bad(r, "key: ", "too long");
	memcpy(r->key, text.text, text.size);
	r->key_size = text.size;
	return 0;
}

int
record_decode_value(struct record_reader *r, struct word *text,
    enum key_format format)
{
	const char *reason = key_decode(format, text, r->room);

	return reason == NULL ? 0 : record_bad(r, "value: ", reason);
}

int
record_trailer(struct record_reader *r, const char *count, const char *sum,
    uint64_t found)
{
	char want_count[24], want_sum[24];
	bool counts, sums, at_end;
	int status;

	snprintf(want_count, sizeof want_count, "%" PRIu64, r->count);
	snprintf(want_sum, sizeof want_sum, "%016" PRIx64, found);
	counts = strcmp(count, want_count) == 0;
	sums = strcmp(sum, want_sum) == 0;
	/* The words are gone then. */
	if ((status = input_at_end(&r->in, &at_end)) != 0)
		return status;
	if (!at_end)
		return record_lost(r, "something follows the trailer");
	if (!counts)
		return record_lost(r, "the trailer counts other records");
	if (!sums)
		return record_lost(r, "the trailer has another checksum");
	r->ended = true;
	return 0;
}
