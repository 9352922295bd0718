/*
 * cli_options.c - the options of lsm-cli: what each sets, and the table that
 * parses them and prints --help.
 */
#include <limits.h>
#include <string.h>

#include "lsm.h"

#include "cli.h"
#include "cli_kept.h"
#include "cli_settings.h"
#include "color.h"
#include "number.h"
#include "option_value.h"

/* Whether the library was built with the codec. */
static bool
codec_built_in(const char *name)
{
	const char *p = lsm_codecs();
	size_t n = strlen(name), m;

	for (; *p != '\0'; p += m + (p[m] == ' ')) {
		m = strcspn(p, " ");
		if (m == n && memcmp(p, name, n) == 0)
			return true;
	}
	return false;
}

static int
set_codec(void *settings, const struct option *o, struct word w)
{
	static const struct choice codecs[] = {
		{ "none", LSM_CODEC_NONE }, { "zlib", LSM_CODEC_ZLIB },
		{ "lz4", LSM_CODEC_LZ4 }, { "zstd", LSM_CODEC_ZSTD },
		{ NULL, 0 }
	};
	struct settings *s = settings;
	int status;

	status = option_choose(o, w, codecs, "none, zlib, lz4 or zstd",
	    &s->codec);
	if (status != 0 || codec_built_in(w.text))
		return status;
	return cli_fail(EXIT_UNAVAILABLE, "--codec: %s is not built in: %s",
	    w.text, lsm_codecs());
}

static int
set_color(void *settings, const struct option *o, struct word w)
{
	static const struct choice when[] = { { "auto", COLOR_AUTO },
		{ "always", COLOR_ALWAYS }, { "never", COLOR_NEVER },
		{ NULL, 0 } };
	int chosen = COLOR_AUTO, status;

	(void)settings;
	status = option_choose(o, w, when, "auto, always or never", &chosen);
	color_choose((enum color)chosen);
	return status;
}

static int
set_completion(void *settings, const struct option *o, struct word w)
{
	if (strcmp(w.text, "bash") != 0 && strcmp(w.text, "zsh") != 0 &&
	    strcmp(w.text, "fish") != 0)
		return option_bad(o, w, "bash, zsh or fish");
	((struct settings *)settings)->completion = w.text;
	return 0;
}

static int
set_dups(void *settings, const struct option *o, struct word w)
{
	static const struct choice which[] = { { "first", DUPS_FIRST },
		{ "last", DUPS_LAST }, { NULL, 0 } };
	struct settings *s = settings;
	int chosen = 0;
	int status = option_choose(o, w, which, "first or last", &chosen);

	s->style.dups = (enum dups)chosen;
	return status;
}

static int
set_errors(void *settings, const struct option *o, struct word w)
{
	static const struct choice forms[] = { { "text", false },
		{ "jsonl", true }, { NULL, 0 } };
	int chosen = 0;
	int status = option_choose(o, w, forms, "text or jsonl", &chosen);

	(void)settings;
	if (chosen)
		cli_errors_json();
	return status;
}

static int
set_format(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!record_format_find(w, &s->style.format))
		return option_bad(o, w, "a format; try --help COMMAND");
	return 0;
}

static int
set_help(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	s->help = true;
	s->help_all = w.text != NULL && strcmp(w.text, "all") == 0;
	return w.text == NULL || s->help_all ? 0 : option_bad(o, w, "all");
}

static int
set_json_bytes(void *settings, const struct option *o, struct word w)
{
	static const struct choice forms[] = { { "auto", false },
		{ "hex", true }, { NULL, 0 } };
	struct settings *s = settings;
	int chosen = 0;
	int status = option_choose(o, w, forms, "auto or hex", &chosen);

	s->style.json_hex = chosen;
	return status;
}

static int
set_key_format(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!key_format_find(w, &s->style.keys))
		return option_bad(o, w, key_format_names);
	return 0;
}

static int
set_value_format(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!key_format_find(w, &s->style.values))
		return option_bad(o, w, key_format_names);
	return 0;
}

static int
set_max_pin_age(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!word_is_text(w) || !number_duration(w.text, &s->max_pin_age_us))
		return option_bad(o, w, "a duration such as 90s or 15m");
	return 0;
}

static int
set_memtable_size(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!word_is_text(w) ||
	    !number_size(w.text, SIZE_MAX, &s->memtable_size) ||
	    s->memtable_size == 0)
		return option_bad(o, w, "a size such as 64K or 16M");
	return 0;
}

/* "SECONDS" may have a unit; "json" is a form. */
static int
set_progress(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	s->progress = true;
	if (w.text == NULL)
		return 0;
	if (strcmp(w.text, "json") == 0)
		s->progress_json = true;
	else if (!word_is_text(w) ||
	    !number_duration(w.text, &s->progress_us) || s->progress_us == 0)
		return option_bad(o, w, "json or a duration such as 5s");
	return 0;
}

static int
set_rate(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!word_is_text(w) || !number_rate(w.text, &s->rate) || s->rate == 0)
		return option_bad(o, w, "bytes a second such as 20M/s");
	return 0;
}

static int
set_redact(void *settings, const struct option *o, struct word w)
{
	static const struct choice what[] = { { "values", REDACT_VALUES },
		{ "all", REDACT_ALL }, { NULL, 0 } };
	struct settings *s = settings;
	int chosen = 0;
	int status = option_choose(o, w, what, "values or all", &chosen);

	s->style.redact = (enum redact)chosen;
	return status;
}

static int
set_skip_bad(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	s->bad_max = UINT64_MAX;
	if (w.text != NULL &&
	    (!word_is_text(w) ||
	    !number_count(w.text, UINT64_MAX, &s->bad_max)))
		return option_bad(o, w, "a number of records");
	return 0;
}

static int
set_interval(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!word_is_text(w) || !number_duration(w.text, &s->interval_us) ||
	    s->interval_us == 0)
		return option_bad(o, w, "a duration such as 500ms or 5s");
	return 0;
}

static int
set_kept(void *settings, const struct option *o, struct word w)
{
	(void)o;
	return kept_add(settings, w);
}

static int
set_sync(void *settings, const struct option *o, struct word w)
{
	static const struct choice modes[] = {
		{ "always", SYNC_ALWAYS }, { "batch", SYNC_BATCH },
		{ "end", SYNC_END }, { "off", SYNC_OFF }, { NULL, 0 }
	};
	struct settings *s = settings;
	int chosen = 0, status;

	status = option_choose(o, w, modes, "always, batch, end or off",
	    &chosen);
	s->sync = (enum sync_mode)chosen;
	return status;
}

/* The library knows how many there may be. */
static int
set_workers(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!word_is_text(w) || !number_count(w.text, INT_MAX, &s->workers))
		return option_bad(o, w, "a number of threads");
	return 0;
}

static int
set_wait(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	s->wait_us = WAIT_FOR_EVER;
	if (w.text != NULL &&
	    (!word_is_text(w) || !number_duration(w.text, &s->wait_us)))
		return option_bad(o, w, "a duration such as 90s or 15m");
	return 0;
}

#define FLAG(field) NULL, offsetof(struct settings, field)
#define SET(function) function, 0
#define SET_AT(function, field) function, offsetof(struct settings, field)

enum {
	ON_CREATORS = ON_DELETE | ON_LOADS | ON_PUT | ON_SCRIPT | ON_OPENING,
	ON_WAITERS = ON_WRITERS | ON_SCRIPT | ON_OPENING,
	ON_OPENERS = ON_WRITERS | ON_READERS | ON_SCRIPT | ON_OPENING,
	ON_OUTPUT = ON_GET | ON_SCAN | ON_EXPORT,
	ON_RANGES = ON_DELETE | ON_EXPORT | ON_SCAN | ON_SIZE,
	ON_RECORDS = ON_OUTPUT | ON_LOADS,
	ON_KEYS = ON_DELETE | ON_FILES | ON_HAS | ON_PUT | ON_RECORDS |
	    ON_SCRIPT | ON_SIZE
};

const struct option settings_table[] = {
	{ "approx", 0, NULL, ON_SCAN | ON_SIZE, FLAG(approx),
	    "estimate from counts and indexes, read no record" },
	{ "around", 0, "KEY", ON_SCAN, SET_AT(option_word, around),
	    "the records next to KEY" },
	{ "atomic", 0, NULL, ON_LOADS, FLAG(atomic),
	    "one commit: all records or none" },
	{ "batch-size", 0, "N", ON_LOAD | ON_IMPORT,
	    SET_AT(option_positive, batch_size),
	    "records of one commit (1000)" },
	{ "bdb-mapsize", 0, "SIZE", ON_SCAN | ON_EXPORT,
	    SET_AT(option_size, style.bdb_mapsize),
	    "tell mdb_load the size; db_load stops at it" },
	{ "cache-size", 0, "SIZE", ON_OPENERS, SET_AT(option_size, cache_size),
	    "memory for inflated pages" },
	{ "codec", 0, "NAME", ON_CREATORS, SET(set_codec),
	    "compress the tables of a new database so" },
	{ "color", 0, "WHEN", ON_ALL | ON_OPENING, SET(set_color),
	    "keys and values in colour: auto, always, never" },
	{ "completion", 0, "SHELL", ON_ALL, SET(set_completion),
	    "print completions for bash, zsh or fish" },
	{ "count", 0, NULL, ON_SCAN, FLAG(count),
	    "print records, key bytes and value bytes" },
	{ "create", 0, NULL, ON_CREATORS, FLAG(create),
	    "make the database if there is none" },
	{ "delimiter", 0, "TEXT", ON_GET | ON_SCAN,
	    SET_AT(option_escaped, style.delimiter),
	    "escaped text behind each record of raw" },
	{ "dry-run", 'n', NULL, ON_DELETE, FLAG(dry_run),
	    "print the keys of the range, change nothing" },
	{ "dups", 0, "WHICH", ON_LOAD | ON_IMPORT, SET(set_dups),
	    "of equal keys take the first or last" },
	{ "errors", 0, "FORM", ON_ALL | ON_OPENING, SET(set_errors),
	    "messages as text, or jsonl: an object a line" },
	{ "events", 0, NULL, ON_WAITERS | ON_OPTIONS, FLAG(events),
	    "tell on stderr of flushes, merges and waits" },
	{ "every", 0, "N", ON_SCAN, SET_AT(option_positive, every),
	    "each Nth record only" },
	{ "force", 0, NULL, ON_EXPORT | ON_SCAN, FLAG(force),
	    "--output may replace a file" },
	{ "format", 0, "FORMAT", ON_RECORDS | ON_FILES | ON_OPTIONS | ON_STATS,
	    SET(set_format), "see lsm-cli(1)" },
	{ "framed", 0, NULL, ON_SCAN | ON_EXPORT | ON_LOADS,
	    FLAG(style.framed), "write, or demand, a mark of the end" },
	{ "from", 0, "KEY", ON_RANGES, SET_AT(option_word, from),
	    "no keys below KEY" },
	{ "group-by", 0, "WHAT", ON_SCAN, SET_AT(option_escaped, group_by),
	    "sums by keys up to a byte, or by N bytes" },
	{ "help", 'h', "[all]", ON_ALL, SET(set_help),
	    "print help and leave; all: of every command" },
	{ "histogram", 0, NULL, ON_SCAN, FLAG(histogram),
	    "print how many keys and values of which size" },
	{ "history-values", 0, NULL, ON_SCRIPT | ON_OPENING,
	    FLAG(history_values), "prompt: remember all lines, values too" },
	{ "if-absent", 0, NULL, ON_LOADS | ON_PUT, FLAG(if_absent),
	    "write only what is not there, else exit 1" },
	{ "if-equals", 0, "VALUE", ON_DELETE | ON_LOADS | ON_PUT,
	    SET_AT(option_word, if_equals),
	    "write only over this value, else exit 1" },
	{ "if-present", 0, NULL, ON_DELETE | ON_LOADS | ON_PUT,
	    FLAG(if_present), "write only what is there, else exit 1" },
	{ "interval", 0, "DURATION", ON_STATS, SET(set_interval),
	    "again and again, a line each" },
	{ "json-bytes", 0, "FORM", ON_OUTPUT, SET(set_json_bytes),
	    "jsonl: hex names all bytes so, auto if it must" },
	{ "keep-going", 0, NULL, ON_SCRIPT | ON_OPENING, FLAG(keep_going),
	    "go on behind a line that failed" },
	{ "key-file", 0, "FILE", ON_DELETE | ON_GET | ON_HAS | ON_PUT,
	    SET_AT(option_file, key_file), "the key is the bytes of FILE" },
	{ "key-format", 0, "FORMAT", ON_KEYS, SET(set_key_format),
	    "how keys are typed and printed" },
	{ "keys-from", 0, "FILE", ON_DELETE | ON_GET,
	    SET_AT(option_file, keys_from), "a key a line in FILE" },
	{ "keys-only", 0, NULL, ON_SCAN, FLAG(keys_only),
	    "print no values" },
	{ "limit", 0, "N", ON_SCAN, SET_AT(option_count, limit),
	    "at most N records" },
	{ "max-open-tables", 0, "N", ON_OPENERS,
	    SET_AT(option_positive, max_open_tables),
	    "tables that are held open at most" },
	{ "max-pin-age", 0, "DURATION", ON_WAITERS, SET(set_max_pin_age),
	    "end readers that keep dead files for longer" },
	{ "max-value-size", 0, "SIZE", ON_SCAN,
	    SET_AT(option_size, max_value_size), "no larger values" },
	{ "memtable-size", 0, "SIZE", ON_WAITERS, SET(set_memtable_size),
	    "memory that is filled before a flush" },
	{ "min-value-size", 0, "SIZE", ON_SCAN,
	    SET_AT(option_size, min_value_size), "no smaller values" },
	{ "null", '0', NULL, ON_DELETE | ON_GET, FLAG(nul),
	    "a NUL ends each key of --keys-from" },
	{ "output", 'o', "FILE", ON_SCAN | ON_EXPORT,
	    SET_AT(option_file, output), "make FILE, whole or not at all" },
	{ "prefix", 0, "PREFIX", ON_RANGES,
	    SET_AT(option_word, prefix), "only keys that begin so" },
	{ "progress", 0, "[HOW]", ON_CHECKPOINT | ON_COMPACT | ON_LOADS |
	    ON_SCRIPT, SET(set_progress),
	    "say how far it is: each SECONDS, or json" },
	{ "quiet", 'q', NULL, ON_ALL, FLAG(quiet),
	    "no word about absent keys, no progress" },
	{ "rate", 0, "RATE", ON_SCAN | ON_EXPORT | ON_LOADS | ON_SIZE,
	    SET(set_rate), "at most so many bytes a second, as 20M/s" },
	{ "redact", 0, "WHAT", ON_OUTPUT, SET(set_redact),
	    "length and sum instead of values, or of all" },
	{ "reverse", 0, NULL, ON_SCAN, FLAG(reverse), "last key first" },
	{ "samples", 0, "N", ON_STATS, SET_AT(option_positive, samples),
	    "so many lines of --interval" },
	{ "skip", 0, "N", ON_SCAN, SET_AT(option_count, skip),
	    "pass over the first N records" },
	{ "set", 0, "NAME=VALUE", ON_CREATORS, SET(set_kept),
	    "an option of a new database, see options" },
	{ "skip-bad", 0, "[MAX]", ON_LOAD | ON_IMPORT, SET(set_skip_bad),
	    "go on behind malformed records; 65 all the same" },
	{ "sorted", 0, NULL, ON_LOAD | ON_IMPORT, FLAG(sorted),
	    "keys ascend: make tables of them, all or none" },
	{ "strict", 0, NULL, ON_OPENERS, FLAG(strict),
	    "verify each read of a table again" },
	{ "sync", 0, "MODE", ON_DELETE | ON_LOADS | ON_PUT | ON_SCRIPT,
	    SET(set_sync), "always or off; loads: batch or end too" },
	{ "to", 0, "KEY", ON_RANGES, SET_AT(option_word, to),
	    "no keys from KEY on" },
	{ "top", 0, "N", ON_SCAN, SET_AT(option_positive, top),
	    "the keys of the N largest values" },
	{ "value-file", 0, "FILE", ON_PUT, SET_AT(option_file, value_file),
	    "read the value from FILE" },
	{ "value-format", 0, "FORMAT",
	    ON_DELETE | ON_PUT | ON_RECORDS | ON_SCRIPT, SET(set_value_format),
	    "how values are typed and printed" },
	{ "value-prefix", 0, "TEXT", ON_SCAN, SET_AT(option_word, value_prefix),
	    "only values that begin so" },
	{ "values-only", 0, NULL, ON_SCAN, FLAG(values_only),
	    "print no keys" },
	{ "verbose", 'v', NULL, ON_ALL, FLAG(verbose),
	    "say on stderr what was done" },
	{ "verify", 0, NULL, ON_CHECKPOINT, FLAG(verify),
	    "read the tables that are linked, too" },
	{ "version", 'V', NULL, ON_ALL, FLAG(version),
	    "print versions, formats and codecs, and leave" },
	{ "wait", 0, "[DURATION]", ON_WAITERS | ON_OPTIONS, SET(set_wait),
	    "wait for another writer to end" },
	{ "window", 0, "N", ON_SCAN, SET_AT(option_positive, window),
	    "--around: so many on each side (5)" },
	{ "workers", 0, "N", ON_WAITERS, SET(set_workers),
	    "threads that flush and merge meanwhile" },
	{ "yes", 'y', NULL, ON_DELETE, FLAG(yes),
	    "delete a range without asking" },
	{ 0 }
};
