/*
 * bloom.h - the filter of a table: which keys are certainly absent.
 *
 * lsm-format(5), FILTER PAGE. A key touches one cache line of one page, so a
 * question costs one miss, and a page is verified alone. Never a false "no".
 */
#ifndef TABLE_BLOOM_H
#define TABLE_BLOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BLOOM_PAGE = 4096,
	BLOOM_LINE = 64,
	BLOOM_LINES = 63,	/* of a page; the first holds its headers */
	BLOOM_PAYLOAD = BLOOM_PAGE - 32,
	BLOOM_PROBES_MAX = 16
};

/* How many pages `keys` keys need, and how many bits a key sets. */
uint64_t bloom_pages(uint64_t keys, uint32_t bits);
uint32_t bloom_probes(uint32_t bits);

/* Fill the `pages` pages (zeroed, in a row) with what a page says of itself;
 * then add every key's hash. */
void bloom_describe(uint8_t *filter, uint32_t pages, uint32_t bits,
    uint64_t keys);
void bloom_add(uint8_t *filter, uint32_t pages, uint32_t probes,
    uint64_t hash);

/* What is wrong with page `index` of `pages`, or NULL; how many probes. */
const char *bloom_fault(const uint8_t *page, uint32_t index, uint32_t pages);
uint32_t bloom_page_probes(const uint8_t *page);

/* The line of a hash among those of all pages. */
static inline uint64_t
bloom_line(uint64_t hash, uint64_t pages)
{
	return ((hash >> 32) * (BLOOM_LINES * pages)) >> 32;
}

/* Where a line begins in its page. */
static inline size_t
bloom_offset(uint64_t line)
{
	return BLOOM_LINE + line % BLOOM_LINES * BLOOM_LINE;
}

/* Perhaps there? All bits are tested before the only branch: where a first
 * zero stands cannot be predicted. */
static inline bool
bloom_test(const uint8_t *page, uint64_t line, uint32_t probes, uint64_t hash)
{
	const uint8_t *p = page + bloom_offset(line);
	uint32_t a = (uint32_t)hash, all = 1;

	for (uint32_t i = 0; i < probes; i++) {
		all &= (uint32_t)p[a >> 26] >> (a >> 23 & 7);
		a *= 0x9e3779b9u;
	}
	return all & 1;
}

#endif
