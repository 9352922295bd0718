/*
 * numbers.c - a list of numbers that is sorted once and then asked.
 */
#include "base/numbers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"

void
numbers_release(struct numbers *n)
{
	mem_free(n->list);
	*n = (struct numbers){ 0 };
}

int
numbers_add(struct numbers *n, uint64_t number)
{
	uint64_t *list;

	list = mem_room(n->list, n->count, &n->room, sizeof *list);
	if (list == NULL)
		return LSM_NO_MEMORY;
	n->list = list;
	n->list[n->count++] = number;
	return LSM_OK;
}

static int
order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
numbers_sort(struct numbers *n)
{
	if (n->count > 1)
		qsort(n->list, n->count, sizeof *n->list, order);
}

bool
numbers_have(const struct numbers *n, uint64_t number)
{
	return n->count > 0 && bsearch(&number, n->list, n->count,
	    sizeof number, order) != NULL;
}
