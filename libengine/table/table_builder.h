/*
 * table_builder.h - writes a table from entries in key order.
 *
 * Memory is bounded: one page a level and the filter (keys are hashed as they
 * come, 8 bytes each).
 */
#ifndef TABLE_TABLE_BUILDER_H
#define TABLE_TABLE_BUILDER_H

#include "env/env.h"
#include "kv/block.h"
#include "kv/iter.h"
#include "kv/range.h"

/* What the manifest knows of a table. Keys are in `keys`. */
struct table_meta {
	uint64_t number, size, sum;
	uint64_t entries, deletes, ranges;	/* ranges: range deletes */
	uint64_t data;			/* bytes of keys and values */
	uint64_t sequence_min, sequence_max;
	uint8_t branch[ID_SIZE];
	struct bytes smallest, largest;	/* nothing lies outside, both in */
	uint8_t *keys;			/* both bounds; owned */
};

void table_meta_release(struct table_meta *);
int table_meta_copy(struct table_meta *to, const struct table_meta *from);

struct table_options {
	struct env_dir *dir;
	struct file_id id;		/* kind table; branch, number */
	int codec;			/* LSM_CODEC_*, built in */
	uint32_t page_size;
	uint32_t filter_bits;		/* per key; 0 = no filter */
	int level;
	uint64_t run, edit;
	const uint64_t *inputs;		/* table numbers; copied */
	size_t inputs_count;
	uint64_t created_us;		/* since 1970; 0: now */
};

struct table_builder;

/* Creates the file. On every failure from here on the caller frees the
 * builder, which also unlinks the file. */
int table_builder_new(const struct table_options *, struct table_builder **);
void table_builder_free(struct table_builder *);

/* Keys ascend strictly; checked: LSM_BUG. */
int table_builder_add(struct table_builder *, const struct entry *);
/* Range deletes ascend, do not overlap and fit into their block; checked:
 * LSM_BUG. Entries may come before, between and behind. */
int table_builder_add_range(struct table_builder *, const struct range *);
/* Bytes of their block, which has RANGES_SIZE_MAX at most (footer.h). */
uint64_t table_builder_ranges_size(const struct table_builder *);

/* The upper bound of what was added, of which there must be something; lives
 * until more is added. */
struct bytes table_builder_last(const struct table_builder *);

uint64_t table_builder_size(const struct table_builder *);	/* so far */
/* Of them, what the file has. */
uint64_t table_builder_stored(const struct table_builder *);
uint64_t table_builder_entries(const struct table_builder *);

/* Write the rest, sync, close. *meta is the caller's to release. The file
 * stays; its directory is not synced yet. */
int table_builder_finish(struct table_builder *, struct table_meta *meta);
/* The same without sync and close: *file is the caller's for that, and the
 * disk may as well work meanwhile. */
int table_builder_hand_over(struct table_builder *, struct table_meta *meta,
    struct env_file **file);
/* Sync and close it, on failure too. */
int table_file_finish(struct env_file *);

#endif
