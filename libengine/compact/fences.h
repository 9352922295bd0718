/*
 * fences.h - where outputs are best cut: the ends of the next level's tables.
 *
 * A table that ends where one of the next level ends overlaps one fewer when
 * it goes there; and one that overlaps too much of that level would make the
 * merge that takes it there as large.
 *
 * For this floor only.
 */
#ifndef COMPACT_FENCES_H
#define COMPACT_FENCES_H

#include "version/version.h"

struct fences {
	const struct run *run;		/* NULL: there are none */
	uint64_t most;			/* bytes to be overlapped; 0: all */
	size_t at;			/* the first not passed */
	/* By the table begun: */
	unsigned passed;
	uint64_t overlap;		/* bytes of those */
};

void fences_begin(struct fences *, struct bytes from);	/* a table */

/* Does the key lie behind fences that the last one did not? */
bool fences_pass(struct fences *, struct bytes key);

/* Would the table overlap too much with this key, the last one passed? */
bool fences_full(const struct fences *, struct bytes key);

/* A range reaches from what was passed up to `to`. *last: behind it the table
 * has to end, or it would overlap too much. False: there is no such place. */
bool fences_divide(struct fences *, struct bytes to, struct bytes *last);

#endif
