/*
 * closure.h - a set of tables that may be merged without breaking an order.
 *
 * With a table go all older ones of its level that it overlaps, and those that
 * these overlap: what is left above would be newer than what went below. In
 * each run these tables stand together, so the set is a list of slices,
 * newest run first.
 *
 * Tables known to be damaged are not merged. Where a set reaches down to one
 * it ends above it: what is newer may become one run, over the damage.
 *
 * For this floor only.
 */
#ifndef COMPACT_CLOSURE_H
#define COMPACT_CLOSURE_H

#include "version/version.h"

struct slice {
	const struct run *run;
	size_t first, end;		/* indices into its tables */
};

struct closure {
	const struct version *version;
	const uint64_t *avoid;		/* numbers of damaged tables */
	size_t avoid_count;
	struct slice *slices;		/* room for one of each run */
	size_t count;
	struct bytes smallest, largest;	/* of all tables; the version's */
	uint64_t bytes;			/* of files */
	size_t tables;
};

/* `avoid`: numbers of damaged tables, which must live as long. */
int closure_init(struct closure *, const struct version *,
    const uint64_t *avoid, size_t avoid_count);
void closure_release(struct closure *);

/* Anew: tables [first, end) of a run, and what must go with them in its
 * level. */
void closure_begin(struct closure *, int level, size_t run, size_t first,
    size_t end);
/* And all that they overlap in a deeper level, above its damage. */
void closure_add_level(struct closure *, int level);
/* Anew: as closure_begin, but newer runs go along as well, so that the
 * outcome may stay in the level. False: there is damage above the tables, or
 * in them. */
bool closure_settle(struct closure *, int level, size_t run, size_t first,
    size_t end);

/* Is a table in it that is to be avoided? */
bool closure_damaged(const struct closure *);

/* The tables, newest run first: a list to be ended with mem_free. */
int closure_list(const struct closure *, struct version_table ***, size_t *);

/* The run of a level that the outcome may join, being newer than all that is
 * not in the closure; 0: it must become a run of its own, the newest. */
uint64_t closure_join(const struct closure *, int level);

#endif
