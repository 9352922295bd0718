/*
 * arena.c - one piece of memory that is given out and never taken back.
 */
#include "base/arena.h"

#include "base/alloc.h"
#include "lsm.h"

/*
 * The C library gives a block of so much memory a map of its own, which goes
 * back to the system when it is freed. A smaller one, once some were freed,
 * comes from its heap, and any small block above it keeps it there. So a large
 * arena asks for more than it uses: what is not touched costs nothing.
 */
enum { LARGE = 8 << 20, OWN_MAP = 32 << 20 };

static size_t
asked_for(size_t size)
{
	return size >= LARGE && size < OWN_MAP ? OWN_MAP : size;
}

int
arena_init(struct arena *a, size_t size)
{
	*a = (struct arena){ 0 };
	if (size > SIZE_MAX - ARENA_LINE)
		return mem_exhausted(size);
	size = (size + ARENA_LINE - 1) & ~(size_t)(ARENA_LINE - 1);
	a->base = mem_aligned(ARENA_LINE, asked_for(size));
	if (a->base == NULL)
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
