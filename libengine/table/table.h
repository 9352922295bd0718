/*
 * table.h - a table, open for reading.
 *
 * Immutable, so any number of threads may read. Every page is verified before
 * it is believed: a mapped one at its first touch, through file_read, so that
 * I/O errors and damage come back as errors; one that is read, every time.
 */
#ifndef TABLE_TABLE_H
#define TABLE_TABLE_H

#include "kv/iter.h"
#include "kv/range.h"
#include "table/cache.h"
#include "table/table_builder.h"

struct table;
struct tally;

/* What gets count, each thread for itself. A filter that is asked says no or
 * perhaps: one addition, so that a get of an absent key pays for no more. */
enum {
	TABLE_USEFUL,		/* filters that said no, */
	TABLE_PASSED,		/* perhaps, */
	TABLE_FALSE,		/* and of these: the key was absent */
	TABLE_WALKED,		/* pages, from the root to a leaf */
	TABLE_AHEAD		/* cache lines asked for before their turn */
};

/* Counted by all tables of a handle. */
struct table_stats {
	struct tally *gets;		/* TABLE_*; NULL: not counted */
	_Atomic uint64_t pages_read;	/* read and verified; relaxed */
	_Atomic uint64_t bytes_read;
	_Atomic uint64_t inflated;	/* pages decompressed */
};

struct table_source {
	struct env_dir *dir;
	uint8_t database[ID_SIZE];
	int reads;			/* LSM_READS_* */
	struct cache *cache;		/* of inflated leaves; may be NULL */
	struct inflaters *inflaters;	/* compress.h; may be NULL */
	struct table_stats *stats;
};

/* Opens the file and checks size, header and footer against `meta`. */
int table_open(const struct table_source *, const struct table_meta *meta,
    struct table **);
void table_free(struct table *);

/*
 * What the table says of `key`: LSM_OK with kind and sequence of its entry,
 * the value of a put copied into `value` (NULL: not wanted; else its n is
 * set), or of the range delete that covers it, as a delete; LSM_NOTFOUND when
 * there is neither. `hash` is hash64(key).
 */
int table_get(struct table *, struct bytes key, uint64_t hash,
    enum kind *, uint64_t *sequence, struct buffer *value);

/* Does the filter say that the key may be there? Without a filter, no. Not
 * counted. */
int table_filter_passes(struct table *, uint64_t hash, bool *passes);

/* The range delete of the table that covers the key, or the gap that it lies
 * in; bounds live as long as the table. */
void table_cover(const struct table *, struct bytes key, struct range *span);

/* Walks the entries; range deletes hide none of them. */
enum { TABLE_SCAN = 1 /* read ahead, never map, cache nothing: compaction */ };
int table_iter_new(struct table *, unsigned flags, struct iter **);

/* Before the first movement: leaves that lie wholly outside of the range, by
 * the inner nodes, are not read by going on; the walk ends there. Entries
 * outside of it may be shown. The range must live as long. */
void table_iter_within(struct iter *, const struct range *);

/* Read and verify every block, the order of keys and the footer's counts and
 * whole-file sum. */
int table_verify(struct table *);

/* About how much of the table lies below `key`, 0 to 1. */
int table_share_below(struct table *, struct bytes key, double *share);

struct table_footer;
const struct table_footer *table_footer(const struct table *);

#endif
