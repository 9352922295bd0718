/*
 * cli_settings.h - what the options of lsm-cli say.
 *
 * A script's lines begin with the settings of the command line and add their
 * own. How the database is opened is the affair of the command line only.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lsm.h"

#include "option.h"
#include "record.h"
#include "words.h"

/* What an option applies to, and what a command is. */
enum {
	ON_COMPACT = 1 << 0,
	ON_DELETE = 1 << 1,
	ON_EXIT = 1 << 2,
	ON_FILES = 1 << 3,
	ON_FLUSH = 1 << 4,
	ON_GET = 1 << 5,
	ON_HAS = 1 << 6,
	ON_HELP = 1 << 7,
	ON_LOAD = 1 << 8,
	ON_PUT = 1 << 9,
	ON_SCAN = 1 << 10,
	ON_STATS = 1 << 11,
	ON_SCRIPT = 1 << 12,	/* no command: lines on stdin */
	ON_OPENING = 1 << 13,	/* on the command line, not in a script */
	ON_BATCH = 1 << 14,
	ON_EXPORT = 1 << 15,
	ON_IMPORT = 1 << 16,
	ON_OPTIONS = 1 << 17,
	ON_CHECKPOINT = 1 << 18,
	ON_SIZE = 1 << 20,
	ON_SYNC = 1 << 21,
	ON_LOADS = ON_LOAD | ON_IMPORT | ON_BATCH,
	ON_WRITERS = ON_COMPACT | ON_DELETE | ON_FLUSH | ON_LOADS | ON_PUT |
	    ON_SYNC,
	ON_READERS = ON_CHECKPOINT | ON_EXPORT | ON_FILES | ON_GET | ON_HAS |
	    ON_OPTIONS | ON_SCAN | ON_SIZE | ON_STATS,
	/* Those that an open batch takes, or that change no record. */
	ON_BATCHED = ON_COMPACT | ON_DELETE | ON_FLUSH | ON_PUT | ON_SYNC,
	ON_ALL = ON_WRITERS | ON_READERS | ON_EXIT | ON_HELP | ON_SCRIPT
};

enum sync_mode { SYNC_ALWAYS, SYNC_BATCH, SYNC_END, SYNC_OFF };

#define WAIT_FOR_EVER UINT64_MAX
#define NOT_GIVEN UINT64_MAX	/* of a number that may be 0 */

enum { SETS_MAX = 64 };

struct settings {
	/* How the database is opened. */
	bool create, events, strict;
	lsm_options kept;	/* those of a new database count */
	struct word sets[SETS_MAX];	/* as they were typed */
	size_t sets_count;
	int codec;		/* LSM_CODEC_* */
	/* 0, or NOT_GIVEN where 0 says something: the library's default. */
	uint64_t memtable_size, max_open_tables, cache_size, workers;
	uint64_t max_pin_age_us;	/* 0: pins of readers do not end */
	uint64_t wait_us;

	/* What a command does, and how it talks. */
	enum sync_mode sync;
	struct record_style style;
	uint64_t batch_size;	/* records */
	uint64_t limit;		/* records */
	uint64_t skip, every, top, window, samples;
	uint64_t min_value_size, max_value_size;
	uint64_t rate;		/* bytes/s, 0: as fast as can be */
	uint64_t bad_max;	/* malformed records that may be skipped */
	uint64_t interval_us;
	uint64_t progress_us;	/* between two lines, 0: the usual */
	/* text NULL: not given */
	struct word around, from, group_by, if_equals, key_file, keys_from,
	    output, prefix, to, value_file, value_prefix;
	const char *completion;
	bool approx, atomic, count, dry_run, force, histogram, if_absent,
	    if_present, keys_only, nul, reverse, values_only, yes;
	bool history_values, keep_going, progress, progress_json, quiet,
	    sorted, verbose, verify, help, help_all, version;

	struct option_set given;	/* of settings_table */
};

extern const struct option settings_table[];

void settings_init(struct settings *);

/* Take the options out of the words. Returns an exit status. */
int settings_parse(struct settings *, struct words *);

/* Refuse options that were given and do not apply to `scope`; `name` is that
 * of a command, or NULL for a script. */
int settings_check(const struct settings *, uint32_t scope, const char *name);

/* Refuse options of opening: for a line of a script. */
int settings_check_line(const struct settings *);

#endif
