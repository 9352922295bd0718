/*
 * arena.h - one piece of memory that is given out and never taken back.
 *
 * It is filled from both ends: small things of any size from the low end,
 * cache lines from the high end, so that the lines lie close together and
 * nothing is lost to alignment. It never moves. Memory is not touched before
 * it is given out, so an arena may be larger than what will be needed.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ARENA_UNIT = 8,		/* the low end is aligned to this */
	ARENA_LINE = 64		/* the high end to this */
};

struct arena {
	uint8_t *base;
	size_t size;
	size_t low, high;	/* what lies between them is free */
};

/* LSM_NO_MEMORY. The size is rounded up to whole lines. */
int arena_init(struct arena *, size_t size);
void arena_release(struct arena *);

static inline size_t
arena_room(const struct arena *a)
{
	return a->high - a->low;
}

static inline size_t
arena_used(const struct arena *a)
{
	return a->size - arena_room(a);
}

/* The caller has made sure of the room: n rounded up to units. */
static inline void *
arena_low(struct arena *a, size_t n)
{
	void *p = a->base + a->low;

	n = (n + ARENA_UNIT - 1) & ~(size_t)(ARENA_UNIT - 1);
	assert(n <= arena_room(a));
	a->low += n;
	return p;
}

/* The same; n is in whole lines. */
static inline void *
arena_high(struct arena *a, size_t n)
{
	assert(n % ARENA_LINE == 0);
	assert(n <= arena_room(a));
	a->high -= n;
	return a->base + a->high;
}

#endif
