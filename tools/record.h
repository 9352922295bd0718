/*
 * record.h - records as text: one writer and one reader, in every format.
 *
 *   tsv        key TAB value LF, both escaped
 *   hex        hex SPACE hex LF; "-" is the empty string
 *   jsonl      {"key":"...","value":"..."} LF, key_hex or value_hex when the
 *              bytes are no UTF-8
 *   nul        key NUL value NUL, raw
 *   bdb        a header, then SPACE hex LF for each key and each value, then
 *              DATA=END; bdb-print the same, printable bytes as they are
 *   pairs      a line for each key and each value, as bdb-print without more
 *   cdb        +SIZE,SIZE:KEY->VALUE LF for each record, then an empty line
 *   ops        put TAB key TAB value LF, del TAB key LF, commit LF, and the
 *              conditions absent TAB key LF, present TAB key LF,
 *              equals TAB key TAB value LF
 *              or of jsonl, {"op":"put","key":...,"value":...}
 *   raw        the bytes and a delimiter; cannot be read
 *
 * lsm-format(5) has all of it. A completeness mark (the end of bdb and cdb, and
 * the trailer of the framed formats) is written by record_end() only, which is
 * called after nothing failed; the reader demands it.
 *
 * Functions return an exit status, and print what is wrong themselves.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "lsm.h"

#include "input.h"
#include "key_format.h"
#include "words.h"

enum record_format { FORMAT_DEFAULT, FORMAT_TSV, FORMAT_HEX, FORMAT_JSON,
	FORMAT_NUL, FORMAT_BDB, FORMAT_BDB_PRINT, FORMAT_PAIRS, FORMAT_CDB,
	FORMAT_OPS, FORMAT_RAW, FORMAT_TEXT, FORMAT_PROM, FORMATS };
enum redact { REDACT_NONE, REDACT_VALUES, REDACT_ALL };
enum dups { DUPS_REFUSE, DUPS_FIRST, DUPS_LAST };

/* What the options say of records, in both directions. */
struct record_style {
	enum record_format format;
	enum key_format keys, values;
	struct word delimiter;	/* of raw; text NULL: a newline */
	bool framed, json_hex;
	bool operations;	/* ops, or jsonl whose objects have an "op" */
	enum dups dups;
	enum redact redact;
	uint64_t redact_seed;
	uint64_t bdb_mapsize;	/* bytes, 0: not said */
};

struct record_writer {
	struct record_style style;
	uint64_t count;
	uint64_t odd_keys;	/* that LMDB would refuse */
	bool colored;
};

/* `keys` and `values`: whether records have that side. */
int record_begin(struct record_writer *, const struct record_style *,
    bool keys, bool values);

/* What is printed in place of `bytes`, written into `room`: equal bytes of a
 * database have equal text. Records that are written see to it themselves. */
enum { REDACTED_ROOM = 48 };
lsm_slice record_redacted(const struct record_style *, lsm_slice bytes,
    char room[REDACTED_ROOM]);

/* NULL for a side that is not wanted. */
int record_write(struct record_writer *, const lsm_slice *key,
    const lsm_slice *value);

/* Of jsonl only, silent otherwise: {"key":"...","found":false}. */
int record_absent(struct record_writer *, lsm_slice key);

int record_end(struct record_writer *);

enum record_kind { RECORD_PUT, RECORD_DELETE, RECORD_DELRANGE, RECORD_COMMIT,
	RECORD_IF_ABSENT, RECORD_IF_PRESENT, RECORD_IF_EQUALS };

struct record {
	enum record_kind kind;
	/* Until the next one is read. Of a range: where it begins and ends. */
	lsm_slice key, value;
};

struct record_reader {
	struct input in;
	struct record_style style;
	uint64_t count;		/* records read, the present one included */
	bool ended;		/* the completeness mark was there */
	bool lost;		/* behind a failure: no record can be found */
	bool half;		/* a key was read and its value was not */
	bool print, header;	/* of bdb: its style, and inside a section */
	struct json_object *json;	/* that the strings are in */
	char room[KEY_NUMBER_MAX];
	size_t key_size;
	char key[LSM_KEY_MAX + KEY_NUMBER_MAX];
	size_t last_size;	/* of the key before, for --dups */
	char last[LSM_KEY_MAX];
};

/* FORMAT_DEFAULT looks at the first bytes: bdb, cdb and jsonl are known by
 * them, all else is tsv, or ops where operations are wanted. `path` is
 * borrowed; NULL when the input is open. */
int record_open(struct record_reader *, const struct record_style *,
    const char *path);

/* The next record. *more is false behind the last. */
int record_next(struct record_reader *, struct record *, bool *more);

/* Behind a malformed record: pass over what is left of it. False when that
 * cannot be done. */
bool record_skip(struct record_reader *);

/* The record read last is well formed and refused all the same: names its
 * place. Returns EXIT_DATA. */
int record_refuse(struct record_reader *, const char *reason);

void record_close(struct record_reader *);

/* Whether the format has a mark of completeness. */
bool record_format_marked(enum record_format);

/* The name of a format. */
const char *record_format_name(enum record_format);
bool record_format_find(struct word name, enum record_format *);

#endif
