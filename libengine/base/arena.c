/*
 * arena.c - one piece of memory that is given out and never taken back.
 */
#include "base/arena.h"

#include "base/alloc.h"
#include "lsm.h"

int
arena_init(struct arena *a, size_t size)
{
	*a = (struct arena){ 0 };
	if (size > SIZE_MAX - ARENA_LINE)
		return mem_exhausted(size);
	size = (size + ARENA_LINE - 1) & ~(size_t)(ARENA_LINE - 1);
	if ((a->base = mem_aligned(ARENA_LINE, size)) == NULL)
		return mem_exhausted(size);
	a->size = a->high = size;
	return LSM_OK;
}

void
arena_release(struct arena *a)
{
	mem_free(a->base);
	*a = (struct arena){ 0 };
}
