/*
 * record_json.c - records as JSON, one object a line: jsonl.
 *
 *   line    := {"key":"...","value":"..."} LF
 *   trailer := {"end":true,"records":N,"xxh3":"..."} LF
 *
 *   batch   := {"op":"WORD",...} LF, the words and fields of ops
 *
 * A side that is no UTF-8, and both with --json-bytes=hex, is named key_hex or
 * value_hex and holds hexadecimal digits. No string is ever lossy. Other names
 * in an object are passed over when it is read.
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "hex.h"
#include "json.h"
#include "out.h"
#include "record_format.h"

static void
side_print(const struct record_writer *w, const char *before,
    const char *name, enum key_format format, lsm_slice bytes)
{
	bool hex = w->style.json_hex || format == KEYS_HEX;

	(hex ? json_hex : json_bytes)(before, name, bytes.data, bytes.size);
}

static int
json_write(struct record_writer *w, const lsm_slice *key,
    const lsm_slice *value)
{
	if (key != NULL)
		side_print(w, "{", "key", w->style.keys, *key);
	if (value != NULL)
		side_print(w, key == NULL ? "{" : ",", "value",
		    w->style.values, *value);
	out_text("}\n");
	return 0;
}

int
record_absent(struct record_writer *w, lsm_slice key)
{
	if (w->style.format != FORMAT_JSON)
		return 0;
	side_print(w, "{", "key", w->style.keys, key);
	out_text(",\"found\":false}\n");
	return 0;
}

static int
json_end(struct record_writer *w)
{
	uint64_t sum = out_sum_end();

	out_format("{\"end\":true,\"records\":%" PRIu64 ",\"xxh3\":\"%016"
	    PRIx64 "\"}\n", w->count, sum);
	return 0;
}

/* What an object of this kind must have. */
static const char *
wanted(enum record_kind kind)
{
	switch (kind) {
	case RECORD_PUT:
	case RECORD_IF_EQUALS:
		return "no such string: wanted are key and value";
	case RECORD_DELRANGE:
		return "no such string: wanted are key, where the range "
		    "begins, and to";
	default:
		return "no such string: wanted is key";
	}
}

/* The member NAME or NAME_hex. */
static const char *
side_read(struct record_reader *r, enum record_kind kind, const char *name,
    const char *name_hex, struct word *w)
{
	bool plain = json_member(r->json, name, w);
	struct word hex;

	if (json_member(r->json, name_hex, &hex) == plain)
		return plain ? "it is there twice" : wanted(kind);
	if (plain)
		return NULL;
	*w = hex;
	return hex_decode(w->text, &w->size);
}

static int
key_take(struct record_reader *r, struct record *record)
{
	struct word key;
	const char *reason = side_read(r, record->kind, "key", "key_hex",
	    &key);
	int status;

	if (reason != NULL)
		return record_bad(r, "key: ", reason);
	status = record_keep_key(r, key, KEYS_RAW);
	record->key = lsm_bytes(r->key, r->key_size);
	return status;
}

static int
value_take(struct record_reader *r, struct record *record)
{
	bool range = record->kind == RECORD_DELRANGE;
	struct word value;
	const char *reason = side_read(r, record->kind,
	    range ? "to" : "value", range ? "to_hex" : "value_hex", &value);

	if (reason != NULL)
		return record_bad(r, range ? "to: " : "value: ", reason);
	record->value = lsm_bytes(value.text, value.size);
	return 0;
}

static int
members_read(struct record_reader *r, struct record *record)
{
	int status = key_take(r, record);

	return status != 0 ? status : value_take(r, record);
}

/* An empty line is a commit, too. */
static int
operation_read(struct record_reader *r, struct record *record)
{
	const struct operation *o;
	struct word word;
	int status;

	r->ended = true;
	record->kind = RECORD_COMMIT;
	if (r->json == NULL)
		return 0;
	if (!json_member(r->json, "op", &word))
		return record_bad(r, "op: ", operation_none);
	if (strcmp(word.text, "commit") == 0)
		return 0;
	r->ended = false;
	if ((o = operation_find(word)) == NULL)
		return record_bad(r, "op: ", operation_none);
	record->kind = o->kind;
	status = key_take(r, record);
	return status != 0 || !o->value ? status : value_take(r, record);
}

static int
trailer_read(struct record_reader *r, uint64_t found)
{
	char count[24];
	struct word sum;

	if (!json_count(r->json, "records", count, sizeof count) ||
	    !json_member(r->json, "xxh3", &sum))
		return record_lost(r, "a trailer without its numbers");
	return record_trailer(r, count, sum.text, found);
}

static int
json_read(struct record_reader *r, struct record *record, bool *more)
{
	struct word line;
	const char *reason;
	bool trailer;
	uint64_t found;
	int stopped, status = input_begins(&r->in, "{\"end\":true", &trailer);

	if (status != 0)
		return status;
	found = trailer ? input_sum(&r->in) : 0;
	status = input_field(&r->in, '\n', KEY_TEXT_LIMIT + VALUE_TEXT_LIMIT,
	    &line, &stopped);
	*more = status == 0 && (line.size > 0 || stopped != INPUT_END);
	if (!*more)
		return status;
	json_free(r->json);
	r->json = NULL;
	reason = r->style.operations && line.size == 0 ? NULL :
	    json_parse(line.text, line.size, &r->json);
	if (reason != NULL)
		return record_bad(r, "", reason);
	if (!trailer)
		return r->style.operations ? operation_read(r, record) :
		    members_read(r, record);
	*more = false;
	return trailer_read(r, found);
}

const struct record_codec codec_json = {
	.write = json_write, .end = json_end, .read = json_read,
	.frames = true, .sums = true
};
