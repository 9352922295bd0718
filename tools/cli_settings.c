/*
 * cli_settings.c - what the options of lsm-cli say.
 */
#include "cli_settings.h"

#include <string.h>

#include "lsm.h"

#include "cli.h"
#include "escape.h"
#include "number.h"

enum { BATCH_SIZE_DEFAULT = 1000, OPTION_NAME_ROOM = 64 };

struct choice {
	const char *name;
	int value;
};

/* A list of choices ends in a name of NULL. */
static int
choose(const struct option *o, struct word value, const struct choice *c,
    const char *want, int *chosen)
{
	for (; c->name != NULL; c++) {
		if (strlen(c->name) == value.size &&
		    memcmp(c->name, value.text, value.size) == 0) {
			*chosen = c->value;
			return 0;
		}
	}
	return option_bad(o, value, want);
}

/* A NUL in a number's word hides what follows. */
static bool
is_text(struct word w)
{
	return strlen(w.text) == w.size;
}

static int
set_batch_size(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!is_text(w) ||
	    !number_count(w.text, UINT32_MAX, &s->batch_size) ||
	    s->batch_size == 0)
		return option_bad(o, w, "a number of records above 0");
	return 0;
}

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

	status = choose(o, w, codecs, "none, zlib, lz4 or zstd", &s->codec);
	if (status != 0 || codec_built_in(w.text))
		return status;
	return cli_fail(EXIT_UNAVAILABLE, "--codec: %s is not built in: %s",
	    w.text, lsm_codecs());
}

static int
set_format(void *settings, const struct option *o, struct word w)
{
	static const struct choice formats[] = {
		{ "tsv", FORMAT_TSV }, { "raw", FORMAT_RAW },
		{ "json", FORMAT_JSON }, { "jsonl", FORMAT_JSON },
		{ "text", FORMAT_TEXT }, { NULL, 0 }
	};
	struct settings *s = settings;
	int chosen = 0, status;

	status = choose(o, w, formats, "json, raw, text or tsv", &chosen);
	s->format = (enum record_format)chosen;
	return status;
}

static int
set_key_format(void *settings, const struct option *o, struct word w)
{
	static const struct choice formats[] = {
		{ "raw", KEYS_RAW }, { "escaped", KEYS_ESCAPED },
		{ "hex", KEYS_HEX }, { NULL, 0 }
	};
	struct settings *s = settings;
	int chosen = 0, status;

	status = choose(o, w, formats, "escaped, hex or raw", &chosen);
	s->keys = (enum key_format)chosen;
	return status;
}

static int
set_limit(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!is_text(w) || !number_count(w.text, UINT64_MAX, &s->limit))
		return option_bad(o, w, "a number of records");
	return 0;
}

static int
set_memtable_size(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	if (!is_text(w) ||
	    !number_size(w.text, SIZE_MAX, &s->memtable_size) ||
	    s->memtable_size == 0)
		return option_bad(o, w, "a size such as 64K or 16M");
	return 0;
}

static int
set_prefix(void *settings, const struct option *o, struct word w)
{
	(void)o;
	((struct settings *)settings)->prefix = w;
	return 0;
}

static int
set_set(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;
	const char *equals = is_text(w) ? strchr(w.text, '=') : NULL;
	char name[OPTION_NAME_ROOM];
	size_t n = equals != NULL ? (size_t)(equals - w.text) : 0;

	if (n == 0 || n >= sizeof name)
		return option_bad(o, w, "NAME=VALUE");
	memcpy(name, w.text, n);
	name[n] = '\0';
	s->set = true;
	if (lsm_options_set(&s->kept, name, equals + 1) == LSM_OK)
		return 0;
	return cli_fail(EXIT_USAGE, "--set: %s", lsm_message());
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

	status = choose(o, w, modes, "always, batch, end or off", &chosen);
	s->sync = (enum sync_mode)chosen;
	return status;
}

static int
set_value_file(void *settings, const struct option *o, struct word w)
{
	if (!is_text(w) || w.size == 0)
		return option_bad(o, w, "the name of a file");
	((struct settings *)settings)->value_file = w;
	return 0;
}

static int
set_wait(void *settings, const struct option *o, struct word w)
{
	struct settings *s = settings;

	s->wait_us = WAIT_FOR_EVER;
	if (w.text != NULL &&
	    (!is_text(w) || !number_duration(w.text, &s->wait_us)))
		return option_bad(o, w, "a duration such as 90s or 15m");
	return 0;
}

#define FLAG(field) NULL, offsetof(struct settings, field)
#define SET(function) function, 0

enum {
	ON_CREATORS = ON_DELETE | ON_LOAD | ON_PUT | ON_SCRIPT | ON_OPENING,
	ON_WAITERS = ON_WRITERS | ON_SCRIPT | ON_OPENING,
	ON_KEYS = ON_DELETE | ON_FILES | ON_GET | ON_HAS | ON_LOAD | ON_PUT |
	    ON_SCAN | ON_SCRIPT
};

const struct option settings_table[] = {
	{ "batch-size", 0, "N", ON_LOAD, SET(set_batch_size),
	    "records of one commit (1000)" },
	{ "codec", 0, "NAME", ON_CREATORS, SET(set_codec),
	    "compress the tables of a new database so" },
	{ "count", 0, NULL, ON_SCAN, FLAG(count),
	    "print records, key bytes and value bytes" },
	{ "create", 0, NULL, ON_CREATORS, FLAG(create),
	    "make the database if there is none" },
	{ "format", 0, "FORMAT", ON_FILES | ON_GET | ON_OPTIONS | ON_SCAN |
	    ON_STATS, SET(set_format), "json, raw, text or tsv" },
	{ "help", 'h', NULL, ON_ALL, FLAG(help), "print help and leave" },
	{ "keep-going", 0, NULL, ON_SCRIPT | ON_OPENING, FLAG(keep_going),
	    "go on behind a line that failed" },
	{ "key-format", 0, "FORMAT", ON_KEYS, SET(set_key_format),
	    "keys typed and printed: escaped, hex or raw" },
	{ "keys-only", 0, NULL, ON_SCAN, FLAG(keys_only),
	    "print no values" },
	{ "limit", 0, "N", ON_SCAN, SET(set_limit), "at most N records" },
	{ "memtable-size", 0, "SIZE", ON_WAITERS, SET(set_memtable_size),
	    "memory that is filled before a flush" },
	{ "prefix", 0, "PREFIX", ON_SCAN, SET(set_prefix),
	    "only keys that begin so" },
	{ "progress", 0, NULL, ON_COMPACT | ON_LOAD | ON_SCRIPT,
	    FLAG(progress), "say how far it is on stderr" },
	{ "quiet", 'q', NULL, ON_ALL, FLAG(quiet),
	    "no word about absent keys, no progress" },
	{ "reverse", 0, NULL, ON_SCAN, FLAG(reverse), "last key first" },
	{ "set", 0, "NAME=VALUE", ON_CREATORS, SET(set_set),
	    "an option of a new database, see options" },
	{ "strict", 0, NULL, ON_WRITERS | ON_READERS | ON_SCRIPT | ON_OPENING,
	    FLAG(strict), "verify each read of a table again" },
	{ "sync", 0, "MODE", ON_DELETE | ON_LOAD | ON_PUT | ON_SCRIPT,
	    SET(set_sync), "always or off; load: batch or end too" },
	{ "value-file", 0, "FILE", ON_PUT, SET(set_value_file),
	    "read the value from FILE" },
	{ "values-only", 0, NULL, ON_SCAN, FLAG(values_only),
	    "print no keys" },
	{ "verbose", 'v', NULL, ON_ALL, FLAG(verbose),
	    "say on stderr what was done" },
	{ "version", 'V', NULL, ON_ALL, FLAG(version),
	    "print versions and codecs, and leave" },
	{ "wait", 0, "[DURATION]", ON_WAITERS, SET(set_wait),
	    "wait for another writer to end" },
	{ 0 }
};

void
settings_init(struct settings *s)
{
	*s = (struct settings){
		.codec = LSM_CODEC_DEFAULT,
		.batch_size = BATCH_SIZE_DEFAULT,
		.limit = UINT64_MAX,
	};
	lsm_options_init(&s->kept);
}

int
settings_parse(struct settings *s, struct words *words)
{
	return option_parse(settings_table, words, s, &s->given);
}

int
settings_check(const struct settings *s, uint32_t scope, const char *name)
{
	const struct option *o = settings_table;

	for (; o->name != NULL; o++) {
		if ((s->given >> (o - settings_table) & 1) == 0 ||
		    (o->scope & scope) != 0)
			continue;
		if (name == NULL)
			return cli_fail(EXIT_USAGE, "--%s does not apply to a "
			    "script: write it behind a command", o->name);
		return cli_fail(EXIT_USAGE, "--%s does not apply to %s",
		    o->name, name);
	}
	if (s->codec != LSM_CODEC_DEFAULT && !s->create)
		return cli_fail(EXIT_USAGE, "--codec needs --create");
	if (s->set && !s->create)
		return cli_fail(EXIT_USAGE, "--set needs --create");
	return 0;
}

int
settings_check_line(const struct settings *s)
{
	const struct option *o = settings_table;

	for (; o->name != NULL; o++) {
		if ((s->given >> (o - settings_table) & 1) != 0 &&
		    (o->scope & ON_OPENING) != 0)
			return cli_fail(EXIT_USAGE, "--%s belongs on the "
			    "command line, not in a script", o->name);
	}
	return 0;
}

const char *
settings_key(enum key_format format, struct word *key)
{
	switch (format) {
	case KEYS_ESCAPED:
		return escape_decode(key->text, &key->size);
	case KEYS_HEX:
		return hex_decode(key->text, &key->size);
	case KEYS_DEFAULT:
	case KEYS_RAW:
		break;
	}
	return NULL;
}
