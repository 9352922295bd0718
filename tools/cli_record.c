/*
 * cli_record.c - a record on stdout, in one of the formats.
 */
#include "cli_record.h"

#include "json.h"
#include "out.h"

void
record_key(enum key_format format, lsm_slice key)
{
	switch (format) {
	case KEYS_DEFAULT:
	case KEYS_ESCAPED:
		out_escaped(key.data, key.size);
		break;
	case KEYS_HEX:
		out_hex(key.data, key.size);
		break;
	case KEYS_RAW:
		out_bytes(key.data, key.size);
		break;
	}
}

static void
tsv_print(enum key_format keys, const lsm_slice *key, const lsm_slice *value)
{
	if (key != NULL)
		record_key(keys, *key);
	if (key != NULL && value != NULL)
		out_char('\t');
	if (value != NULL)
		out_escaped(value->data, value->size);
	out_char('\n');
}

static void
json_key(enum key_format keys, lsm_slice key)
{
	if (keys == KEYS_HEX)
		json_hex("{", "key", key.data, key.size);
	else
		json_bytes("{", "key", key.data, key.size);
}

static void
json_print(enum key_format keys, const lsm_slice *key, const lsm_slice *value)
{
	if (key != NULL)
		json_key(keys, *key);
	if (value != NULL)
		json_bytes(key == NULL ? "{" : ",", "value", value->data,
		    value->size);
	out_text("}\n");
}

static void
raw_print(const lsm_slice *key, const lsm_slice *value)
{
	if (key != NULL)
		out_bytes(key->data, key->size);
	if (value != NULL)
		out_bytes(value->data, value->size);
	out_char('\n');
}

void
record_print(const struct settings *s, const lsm_slice *key,
    const lsm_slice *value)
{
	if (s->format == FORMAT_JSON)
		json_print(s->keys, key, value);
	else if (s->format == FORMAT_RAW)
		raw_print(key, value);
	else
		tsv_print(s->keys, key, value);
}

void
record_absent(const struct settings *s, lsm_slice key)
{
	if (s->format != FORMAT_JSON)
		return;
	json_key(s->keys, key);
	out_text(",\"found\":false}\n");
}
