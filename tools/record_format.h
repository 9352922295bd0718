/*
 * record_format.h - what a format of records consists of; for record*.c only.
 */
#ifndef RECORD_FORMAT_H
#define RECORD_FORMAT_H

#include "record.h"

struct record_codec {
	/* NULL where there is nothing to do, or where it cannot be done. */
	int (*begin)(struct record_writer *);
	int (*write)(struct record_writer *, const lsm_slice *key,
	    const lsm_slice *value);
	int (*end)(struct record_writer *);
	int (*read)(struct record_reader *, struct record *, bool *more);
	bool both;		/* has no records of one side only */
	bool frames;		/* its end mark is there with --framed only */
	bool sums;		/* and has a sum */
	bool numbered;		/* records have numbers, not lines */
	bool colors;		/* may have them: people read it */
};

extern const struct record_codec codec_tsv, codec_hex, codec_json, codec_nul,
    codec_bdb, codec_bdb_print, codec_pairs, codec_cdb, codec_ops, codec_raw;

/* The codec of a format, NULL if it is none of records. */
const struct record_codec *record_codec_of(enum record_format);

/* A malformed record: names its place. Returns EXIT_DATA. */
int record_bad(struct record_reader *, const char *what, const char *reason);

/* The same when nothing behind it can be found either. */
int record_lost(struct record_reader *, const char *reason);

/* Decode and keep a key: the next read moves the buffer that it is in. */
int record_keep_key(struct record_reader *, struct word text,
    enum key_format);

/* Decode a value in its place. */
int record_decode_value(struct record_reader *, struct word *text,
    enum key_format);

/* The trailer of a framed format was read, with these words; `found` is the
 * sum of the bytes before it. */
int record_trailer(struct record_reader *, const char *count,
    const char *sum, uint64_t found);

/* The words of ops, but for commit; NULL when it is none, and what to say
 * then. */
struct operation {
	const char *word;
	enum record_kind kind;
	bool value;		/* behind its key; of a range a key, too */
};
const struct operation *operation_find(struct word);
extern const char operation_none[];

/* The most text of a key and of a value. */
#define KEY_TEXT_LIMIT ((uint64_t)LSM_KEY_MAX * KEY_TEXT_MAX)
#define VALUE_TEXT_LIMIT ((uint64_t)LSM_VALUE_MAX * KEY_TEXT_MAX)

#endif
