/*
 * mem_filter.c - a cache-line blocked Bloom filter that grows while it is read.
 */
#include "mem/mem_filter.h"

#include "base/alloc.h"
#include "lsm.h"

/* Arena for one line: some 31 entries of 132 bytes, so 16 bits for each. */
enum { BYTES_PER_LINE = 4096 };

int
mem_filter_init(struct mem_filter *f, size_t bytes)
{
	uint64_t lines = bytes / BYTES_PER_LINE + 1;
	size_t size;

	*f = (struct mem_filter){ 0 };
	if (lines > UINT32_MAX)		/* as many as a hash can tell apart */
		lines = UINT32_MAX;
	size = (size_t)lines * MEM_FILTER_LINE * sizeof *f->words;
	if ((f->words = mem_aligned(64, size)) == NULL)
		return mem_exhausted(size);
	f->lines = lines;
	for (size_t i = 0; i < lines * MEM_FILTER_LINE; i++)
		store_relaxed(&f->words[i], 0);
	return LSM_OK;
}

void
mem_filter_release(struct mem_filter *f)
{
	mem_free(f->words);
	*f = (struct mem_filter){ 0 };
}
