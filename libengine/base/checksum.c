/*
 * checksum.c - XXH3-64, inlined: a call per key would cost as much as the hash.
 */
#include "base/checksum.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/alloc.h"

struct checksum_stream {
	XXH3_state_t state;
};

uint64_t
checksum64(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

uint64_t
hash64(struct bytes key)
{
	return XXH3_64bits(key.p, key.n);
}

struct checksum_stream *
checksum_stream_new(uint64_t seed)
{
	struct checksum_stream *s = mem_aligned(64, sizeof *s);

	if (s == NULL)
		return NULL;
	/* The reset believes a seed that it finds there, and then the secret
	 * beside it: in used memory both may be left of an earlier stream. */
	XXH3_INITSTATE(&s->state);
	XXH3_64bits_reset_withSeed(&s->state, seed);
	return s;
}

void
checksum_stream_free(struct checksum_stream *s)
{
	mem_free(s);
}

void
checksum_stream_add(struct checksum_stream *s, const void *p, size_t n)
{
	XXH3_64bits_update(&s->state, p, n);
}

uint64_t
checksum_stream_sum(const struct checksum_stream *s)
{
	return XXH3_64bits_digest(&s->state);
}
