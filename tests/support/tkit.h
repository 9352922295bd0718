/*
 * tkit.h - a table in memory and the sorted entries that it must hold.
 */
#ifndef SUPPORT_TKIT_H
#define SUPPORT_TKIT_H

#include "base/random.h"
#include "support/memenv.h"
#include "table/table.h"

/* Entries in key order; key and value bytes are the model's. And range deletes
 * that cover none of them, the caller's. */
struct model {
	struct entry *e;
	size_t n, room;
	const struct range *ranges;
	size_t ranges_n;
};

enum model_keys {
	MODEL_DECIMAL,		/* sixteen digits */
	MODEL_RANDOM,		/* 0 to 40 random bytes */
	MODEL_PATHS,		/* long common prefixes */
	MODEL_ZEROS,		/* zero bytes and a few others: heads tie */
	MODEL_LONG,		/* up to LSM_KEY_MAX */
	MODEL_KINDS
};

/* Keys come in any order; a key given twice is kept once, the last time. Call
 * model_sort before anything else. */
void model_add(struct model *, enum kind, uint64_t sequence, struct bytes key,
    struct bytes value);
void model_sort(struct model *);
void model_fill(struct model *, enum model_keys, size_t n, size_t value_max,
    struct random *);
void model_free(struct model *);
size_t model_find(const struct model *, struct bytes key);	/* first >= */

struct tkit {
	struct memenv *env;
	struct table_stats stats;
	struct table_source source;
	struct table_options opt;
	struct table_meta meta;
	struct table *table;
	char name[64];
};

/* Options: this codec, pages of 4096, 10 filter bits, number 13. */
void tkit_init(struct tkit *, int codec);
void tkit_release(struct tkit *);
int tkit_build(struct tkit *, const struct model *);
int tkit_open(struct tkit *);
void tkit_close(struct tkit *);
struct buffer *tkit_file(struct tkit *);

/* Every get, gets of keys that are not there, and all range deletes. LSM_OK or
 * the first code; an answer that is wrong ends the test. */
int tkit_check_gets(struct tkit *, const struct model *);
/* Forward and backward walks. */
int tkit_check_walks(struct tkit *, const struct model *, unsigned flags);
/* Both seeks to each key, and to keys beside it. */
int tkit_check_seeks(struct tkit *, const struct model *, unsigned flags);

/* The codecs of this build: fills `list`, returns their number. */
int tkit_codecs(int list[4]);

#endif
