/*
 * mem_filter.h - a cache-line blocked Bloom filter that grows while it is read.
 *
 *   filter := line*            each MEM_FILTER_LINE words
 *
 * A key touches one line only, so a key that is not there costs one cache
 * miss. Bits are only ever set, by one writer, with relaxed stores: a reader
 * who acquired what the writer released after a key sees that key's bits.
 */
#ifndef MEM_MEM_FILTER_H
#define MEM_MEM_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sync.h"

enum {
	MEM_FILTER_LINE = 8,	/* words of 64 bits: a cache line */
	MEM_FILTER_PROBES = 6
};

struct mem_filter {
	_Atomic uint64_t *words;
	uint64_t lines;
};

/* For about `bytes` of arena. LSM_NO_MEMORY. */
int mem_filter_init(struct mem_filter *, size_t bytes);
void mem_filter_release(struct mem_filter *);

static inline _Atomic uint64_t *
mem_filter_line(const struct mem_filter *f, uint64_t hash)
{
	uint64_t line = ((hash >> 32) * f->lines) >> 32;

	return f->words + line * MEM_FILTER_LINE;
}

/* The next probe: 3 bits of word, 6 of bit, from the top of `x`. */
static inline uint32_t
mem_filter_turn(uint32_t x)
{
	return x * UINT32_C(0x9e3779b1);
}

/* The key will be added soon. */
static inline void
mem_filter_fetch(const struct mem_filter *f, uint64_t hash)
{
	__builtin_prefetch((const void *)mem_filter_line(f, hash), 1);
}

static inline void
mem_filter_add(struct mem_filter *f, uint64_t hash)
{
	_Atomic uint64_t *line = mem_filter_line(f, hash);
	uint32_t x = (uint32_t)hash;

	for (int i = 0; i < MEM_FILTER_PROBES; i++, x = mem_filter_turn(x)) {
		_Atomic uint64_t *word = line + (x >> 29);

		store_relaxed(word, load_relaxed(word) |
		    UINT64_C(1) << (x >> 23 & 63));
	}
}

/* False: the key was not put. */
static inline bool
mem_filter_maybe(const struct mem_filter *f, uint64_t hash)
{
	const _Atomic uint64_t *line = mem_filter_line(f, hash);
	uint32_t x = (uint32_t)hash;
	uint64_t all = 1;

	for (int i = 0; i < MEM_FILTER_PROBES; i++, x = mem_filter_turn(x))
		all &= load_relaxed(line + (x >> 29)) >> (x >> 23 & 63);
	return all != 0;
}

#endif
