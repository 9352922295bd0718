/*
 * cli_need.c - options that do nothing without something else.
 *
 * Somebody who writes such an option expects what does not come, so it is an
 * error. One table has them all; it judges what was given with the command, not
 * what a script's command line says for all of its lines.
 */
#include "cli_need.h"

#include <string.h>

#include "cli.h"

struct need {
	const char *option;
	uint32_t scope;		/* the commands that it is about */
	bool (*met)(const struct settings *, size_t operands);
	const char *reason;
};

static bool
is_json(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->style.format == FORMAT_JSON;
}

static bool
is_raw(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->style.format == FORMAT_RAW;
}

static bool
is_bdb(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->style.format == FORMAT_BDB ||
	    s->style.format == FORMAT_BDB_PRINT;
}

static bool
exports_bdb(const struct settings *s, size_t operands)
{
	return s->style.format == FORMAT_DEFAULT || is_bdb(s, operands);
}

static bool
creates(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->create;
}

static bool
has_output(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->output.text != NULL;
}

/* FILE stands for --output=FILE. */
static bool
exports_file(const struct settings *s, size_t operands)
{
	return operands > 0 || has_output(s, operands);
}

static bool
has_keys_from(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->keys_from.text != NULL;
}

static bool
has_interval(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->interval_us != 0;
}

static bool
has_around(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->around.text != NULL;
}

/* Of all records of the range, without a look at one. */
static bool
counts_all(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->count && s->limit == UINT64_MAX && s->skip == 0 &&
	    s->every == 1 && s->around.text == NULL &&
	    s->value_prefix.text == NULL && s->min_value_size == 0 &&
	    s->max_value_size == UINT64_MAX;
}

static bool
prints_records(const struct settings *s, size_t operands)
{
	(void)operands;
	return !s->count && !s->histogram && s->group_by.text == NULL &&
	    s->top == 0;
}

/* Whether the format's keys, or its values, are as `typed` says; jsonl is only
 * told which members are hexadecimal. */
static bool
format_types(enum record_format format, enum key_format typed)
{
	return format == FORMAT_DEFAULT || format == FORMAT_TSV ||
	    format == FORMAT_NUL || format == FORMAT_OPS ||
	    (format == FORMAT_JSON && typed == KEYS_HEX);
}

static bool
range_typed(const struct settings *s, size_t operands)
{
	return operands > 0 || s->prefix.text != NULL ||
	    s->from.text != NULL || s->to.text != NULL ||
	    s->around.text != NULL;
}

static bool
scan_keys(const struct settings *s, size_t operands)
{
	bool shown = s->top != 0 ||
	    (prints_records(s, operands) && !s->values_only);

	return range_typed(s, operands) ||
	    (shown && format_types(s->style.format, s->style.keys));
}

static bool
scan_values(const struct settings *s, size_t operands)
{
	return prints_records(s, operands) && !s->keys_only &&
	    format_types(s->style.format, s->style.values);
}

static bool
export_keys(const struct settings *s, size_t operands)
{
	(void)operands;
	return range_typed(s, 0) || (s->style.format != FORMAT_DEFAULT &&
	    format_types(s->style.format, s->style.keys));
}

static bool
export_values(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->style.format != FORMAT_DEFAULT &&
	    format_types(s->style.format, s->style.values);
}

static bool
get_keys(const struct settings *s, size_t operands)
{
	return operands > 0 || s->keys_from.text != NULL ||
	    (s->style.format != FORMAT_DEFAULT &&
	    format_types(s->style.format, s->style.keys));
}

/* The value of one key may be raw. */
static bool
get_values(const struct settings *s, size_t operands)
{
	return is_raw(s, operands) ||
	    format_types(s->style.format, s->style.values);
}

/* jsonl says itself which members are hexadecimal. */
static bool
load_keys(const struct settings *s, size_t operands)
{
	return !is_json(s, operands) &&
	    format_types(s->style.format, s->style.keys);
}

static bool
has_equals(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->if_equals.text != NULL;
}

static bool
load_values(const struct settings *s, size_t operands)
{
	return has_equals(s, operands) || (!is_json(s, operands) &&
	    format_types(s->style.format, s->style.values));
}

static bool
types_key(const struct settings *s, size_t operands)
{
	(void)operands;
	return s->key_file.text == NULL;
}

static bool
types_value(const struct settings *s, size_t operands)
{
	return has_equals(s, operands) || s->value_file.text == NULL;
}

static const char no_key[] =
    "does nothing here: no key is typed, nor printed or read in such a form";
static const char no_value[] =
    "does nothing here: no value is typed, nor printed or read in such a form";

static const struct need needs[] = {
	{ "approx", ON_SCAN, counts_all,
	    "needs --count, and is of all records of the range" },
	{ "bdb-mapsize", ON_SCAN, is_bdb, "needs --format=bdb or bdb-print" },
	{ "bdb-mapsize", ON_EXPORT, exports_bdb,
	    "needs --format=bdb or bdb-print" },
	{ "codec", ON_ALL, creates, "needs --create" },
	{ "delimiter", ON_ALL, is_raw, "needs --format=raw" },
	{ "force", ON_SCAN, has_output, "needs --output" },
	{ "force", ON_EXPORT, exports_file, "needs FILE or --output" },
	{ "framed", ON_SCAN, prints_records, "is of records, not of sums" },
	{ "json-bytes", ON_ALL, is_json, "needs --format=jsonl" },
	{ "key-format", ON_DELETE | ON_HAS | ON_PUT, types_key, no_key },
	{ "key-format", ON_EXPORT, export_keys, no_key },
	{ "key-format", ON_GET, get_keys, no_key },
	{ "key-format", ON_LOADS, load_keys, no_key },
	{ "key-format", ON_SCAN, scan_keys, no_key },
	{ "key-format", ON_SIZE, range_typed, no_key },
	{ "null", ON_ALL, has_keys_from, "needs --keys-from" },
	{ "samples", ON_ALL, has_interval, "needs --interval" },
	{ "set", ON_ALL, creates, "needs --create" },
	{ "value-format", ON_DELETE, has_equals, "needs --if-equals" },
	{ "value-format", ON_EXPORT, export_values, no_value },
	{ "value-format", ON_GET, get_values, no_value },
	{ "value-format", ON_LOADS, load_values, no_value },
	{ "value-format", ON_PUT, types_value, no_value },
	{ "value-format", ON_SCAN, scan_values, no_value },
	{ "window", ON_ALL, has_around, "needs --around" },
};
enum { NEEDS = sizeof needs / sizeof *needs };

static bool
given(const struct settings *s, const char *name)
{
	const struct option *o;

	for (o = settings_table; o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return option_given(&s->given,
			    (size_t)(o - settings_table));
	return false;
}

int
needs_check(const struct settings *s, uint32_t scope, size_t operands)
{
	size_t i;

	for (i = 0; i < NEEDS; i++)
		if ((needs[i].scope & scope) != 0 &&
		    given(s, needs[i].option) && !needs[i].met(s, operands))
			return cli_fail(EXIT_USAGE, "--%s %s",
			    needs[i].option, needs[i].reason);
	return 0;
}
