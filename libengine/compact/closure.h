/*
 * closure.h - a set of tables that may be merged without breaking an order.
 *
 * With a table go all older ones of its level that it overlaps, and those that
 * these overlap: what is left above would be newer than what went below. In
 * each run these tables stand together, so the set is a list of slices,
 * newest run first.
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
	struct slice *slices;		/* room for one of each run */
	size_t count;
	struct bytes smallest, largest;	/* of all tables; the version's */
	uint64_t bytes;			/* of files */
	size_t tables;
};

int closure_init(struct closure *, const struct version *);
void closure_release(struct closure *);

/* Anew: tables [first, end) of a run, and what must go with them in its
 * level. */
void closure_begin(struct closure *, int level, size_t run, size_t first,
    size_t end);
/* And all that they overlap in a deeper level. */
void closure_add_level(struct closure *, int level);
/* Anew: as closure_begin, but newer runs go along as well, so that the
 * outcome may stay in the level. */
void closure_settle(struct closure *, int level, size_t run, size_t first,
    size_t end);

/* The older half of a closure, remembered to be returned to. */
struct closure_mark {
	size_t count, tables;
	struct bytes smallest, largest;
	uint64_t bytes;
};
struct closure_mark closure_mark(const struct closure *);
void closure_return(struct closure *, const struct closure_mark *);

bool closure_has(const struct closure *, uint64_t number);

/* The tables, newest run first: a list to be ended with mem_free. */
int closure_list(const struct closure *, struct version_table ***, size_t *);

/* The run of a level that the outcome may join, being newer than all that is
 * not in the closure; 0: it must become a run of its own, the newest. */
uint64_t closure_join(const struct closure *, int level);

#endif
