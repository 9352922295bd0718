/*
 * older.h - what lies below a merge: may a delete be dropped?
 *
 * For this floor only.
 */
#ifndef COMPACT_OLDER_H
#define COMPACT_OLDER_H

#include "version/version.h"

struct older {
	struct version_table **tables;	/* not among the inputs, by run */
	struct run *runs;		/* slices of them */
	size_t *at;			/* where the last question led */
	size_t count;			/* of runs */
};

/* Begin with {0}; end with older_release, after a failure too. The version
 * must live as long. */
int older_init(struct older *, const struct version *, int level,
    struct version_table *const *inputs, size_t count);
void older_release(struct older *);

/* Does a table of the level or below it, no input, hold anything between the
 * two, both included? `smallest` ascends from question to question. */
bool older_spans(struct older *, struct bytes smallest, struct bytes largest);

#endif
