/*
 * sum.c - XXH3-64 of bytes that come in pieces.
 */
#include "sum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The state wants an alignment that malloc(3) does not promise, so it is
 * xxHash's own to make, and a struct sum is never complete. */
static XXH3_state_t *
state_of(struct sum *s)
{
	return (XXH3_state_t *)(void *)s;
}

struct sum *
sum_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (state != NULL)
		XXH3_64bits_reset(state);
	return (struct sum *)(void *)state;
}

void
sum_free(struct sum *s)
{
	if (s != NULL)
		XXH3_freeState(state_of(s));
}

void
sum_add(struct sum *s, const void *data, size_t size)
{
	XXH3_64bits_update(state_of(s), data, size);
}

uint64_t
sum_value(const struct sum *s)
{
	return XXH3_64bits_digest((const XXH3_state_t *)(const void *)s);
}

uint64_t
sum_once(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}
