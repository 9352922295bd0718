/*
 * nearest.h - the name that a mistyped word probably meant.
 */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best;	/* NULL: nothing is near enough */
	size_t distance;
};

void nearest_start(struct nearest *, const char *word);

/* `name` lives as long as the answer is used. */
void nearest_offer(struct nearest *, const char *name);

#endif
