/*
 * numbers.h - a list of numbers, of files for the most part, that is sorted
 * once and then asked.
 *
 * Begin with {0}. One thread at a time, but any may ask a list that no longer
 * changes.
 */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbers {
	uint64_t *list;		/* mem_free ends it */
	size_t count, room;
};

void numbers_release(struct numbers *);

/* LSM_NO_MEMORY changes nothing. */
int numbers_add(struct numbers *, uint64_t number);

void numbers_sort(struct numbers *);	/* ascending */

/* Of a sorted list. */
bool numbers_have(const struct numbers *, uint64_t number);

#endif
