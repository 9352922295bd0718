/*
 * output.h - what a job writes: tables, one after the other.
 *
 * For this floor only.
 */
#ifndef COMPACT_OUTPUT_H
#define COMPACT_OUTPUT_H

#include "compact/compact.h"
#include "compact/fences.h"

/* Tables that are written and wait for their syncs, at most. */
enum { UNSYNCED_MAX = 8 };

struct output {
	struct compact_options options;
	uint64_t *inputs;		/* numbers for the footers; owned */
	size_t inputs_count;
	struct table_builder *builder;	/* of the table begun; may be NULL */
	struct table_meta *tables;	/* finished ones */
	size_t count, room;
	uint64_t bytes;			/* of them */
	struct env_file *unsynced[UNSYNCED_MAX];	/* the last of them */
	size_t unsynced_count;
	struct fences fences;
	size_t walls;			/* passed */
	/* A range delete that reaches on; not in a table yet. */
	bool reaching;
	struct range range;
	uint8_t from[BOUND_MAX], to[BOUND_MAX];
};

/* Begin with {0}, then output_init. Keys ascend. */
void output_init(struct output *, const struct compact_options *);
int output_add(struct output *, const struct entry *);

/* Ranges ascend, none begins behind an entry that was added. `next` is the
 * key that will be added next; NULL: none. */
int output_add_range(struct output *, const struct range *,
    const struct bytes *next);

/* End the table begun, if any; no range delete may reach on. */
int output_cut(struct output *);

/* The last table, all syncs, and the directory: all is durable. */
int output_finish(struct output *);

uint64_t output_bytes(const struct output *);	/* written so far */
uint64_t output_begun(const struct output *);	/* of the table begun */
uint64_t output_stored(const struct output *);	/* of them, in files */

/* Forget the files, or take them off the disk. */
void output_release(struct output *, bool keep);

#endif
