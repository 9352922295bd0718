/*
 * shape.h - how many runs and how many bytes each level may hold.
 *
 * The policies differ in one small table: the runs that a level may hold.
 * Levels that may hold several are tiers, where runs pile up and are merged
 * when there are enough; levels that may hold one are sorted, and sized.
 */
#ifndef COMPACT_SHAPE_H
#define COMPACT_SHAPE_H

#include "version/version.h"

enum compaction { COMPACTION_LEVELED, COMPACTION_HYBRID, COMPACTION_TIERED,
	COMPACTION_LAZY, COMPACTIONS };

enum {
	LEVEL_LAST = LEVELS_MAX - 1,
	SCORE_DUE = 1000	/* a level whose score is so high has work */
};

struct shape_options {
	enum compaction compaction;
	size_t l0_trigger;	/* runs of level 0 that make a merge due, */
	size_t l0_patience;	/* and so many, while the merge would rewrite
				 * two bytes for three that it brings down or
				 * more; 0: as many */
	uint64_t flush_size;	/* bytes that a flush brings, about */
	uint64_t part_least;	/* a flush is not cut into parts of less */
	uint64_t ratio;		/* of the sizes of two sorted levels */
	uint64_t base_size;	/* of level 1, the others follow from it; 0:
				 * all follow from the last level's size */
	uint64_t tier_from;	/* hybrid: level 1 is a tier once the last
				 * level holds so many bytes */
	uint64_t table_size;	/* at the first sorted level, then doubling */
	size_t tree_runs;	/* level 0 waits for so many runs in the tree;
				 * 0: it does not */
};

struct shape {
	const struct shape_options *options;
	size_t runs[LEVELS_MAX];	/* that each may hold */
	uint64_t bytes[LEVELS_MAX];	/* likewise; 0: a tier, not sized */
	int sorted;			/* first level that is not a tier */
	int base;			/* the sorted level that tiers feed */
};

void shape_of(const struct version *, const struct shape_options *,
    struct shape *);

bool shape_tier(const struct shape *, int level);

/* Runs over one table of a tier below level 0 at which writers wait; has it so
 * many; and is it half way there from what it may hold? Then it goes first, or
 * none is to come to it. */
size_t shape_stop(const struct shape *, int level);
bool shape_stops(const struct shape *, const struct version *, int level);
bool shape_full(const struct shape *, const struct version *, int level);

/* Where what leaves the level goes: never past a level that holds something. */
int shape_destination(const struct shape *, const struct version *, int level);

uint64_t shape_table_size(const struct shape *, int level);

/* Bytes of the next level, about, that a table of this one may overlap: the
 * merge that takes it there is as large. One table it may overlap anyway. */
uint64_t shape_overlap(const struct shape *, int level);

/* Would a table with these bounds overlap more? */
bool shape_wide(const struct shape *, const struct version *, int level,
    struct bytes smallest, struct bytes largest);

/* How many runs overlap one table, itself among them, at most. */
size_t shape_depth(const struct level *);

/* What a level has too much of; SCORE_DUE and above: work is due. `idle`: two
 * runs in level 0 are enough. */
uint64_t shape_score(const struct shape *, const struct version *, int level,
    bool idle);

/* Has level 0 runs enough to be merged, wait as they may? */
bool shape_first_may(const struct shape *, const struct version *);

/* Deletes of keys and of ranges. */
uint64_t table_deletes(const struct version_table *);

/* More than half of what it holds are deletes. */
bool table_heavy(const struct version_table *);

#endif
