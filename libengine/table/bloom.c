/*
 * bloom.c - a blocked Bloom filter in pages, built and described.
 *
 *   page := block header, own header, BLOOM_LINES lines
 *
 * Six probes are best up to ten bits a key, eight from fourteen on: a line is
 * a small filter of its own, and its crowd varies, so more probes than these
 * make it worse. Measured false positives: 0.94 % at 10 bits, 0.18 % at 14,
 * 0.09 % at 16.
 */
#include "table/bloom.h"

#include <stddef.h>

#include "base/bytes.h"

/* Where a page's fields lie. */
enum {
	AT_INDEX = 32,
	AT_PAGES = 36,
	AT_KIND = 40,
	AT_PROBES = 41,
	AT_BITS = 42,
	AT_ZERO = 44,
	AT_KEYS = 48,
	AT_ZERO_TOO = 56
};

enum { KIND_BLOCKED = 1, LINE_BITS = BLOOM_LINE * 8 };

uint64_t
bloom_pages(uint64_t keys, uint32_t bits)
{
	uint64_t page_bits = BLOOM_LINES * LINE_BITS;

	return (keys * bits + page_bits - 1) / page_bits;
}

uint32_t
bloom_probes(uint32_t bits)
{
	return bits <= 10 ? 6 : bits < 14 ? 7 : 8;
}

void
bloom_describe(uint8_t *filter, uint32_t pages, uint32_t bits, uint64_t keys)
{
	for (uint32_t i = 0; i < pages; i++) {
		uint8_t *page = filter + (size_t)i * BLOOM_PAGE;

		put32(page + AT_INDEX, i);
		put32(page + AT_PAGES, pages);
		page[AT_KIND] = KIND_BLOCKED;
		page[AT_PROBES] = (uint8_t)bloom_probes(bits);
		put16(page + AT_BITS, (uint16_t)(bits * 100));
		put64(page + AT_KEYS, keys);
	}
}

void
bloom_add(uint8_t *filter, uint32_t pages, uint32_t probes, uint64_t hash)
{
	uint64_t line = bloom_line(hash, pages);
	uint8_t *p = filter + line / BLOOM_LINES * BLOOM_PAGE + BLOOM_LINE +
	    line % BLOOM_LINES * BLOOM_LINE;
	uint32_t a = (uint32_t)hash;

	for (uint32_t i = 0; i < probes; i++) {
		p[a >> 26] |= (uint8_t)(1u << (a >> 23 & 7));
		a *= 0x9e3779b9u;
	}
}

const char *
bloom_fault(const uint8_t *page, uint32_t index, uint32_t pages)
{
	if (page[AT_KIND] != KIND_BLOCKED)
		return "unknown kind of filter";
	if (get32(page + AT_INDEX) != index || get32(page + AT_PAGES) != pages)
		return "another page of the filter";
	if (page[AT_PROBES] == 0 || page[AT_PROBES] > BLOOM_PROBES_MAX)
		return "number of probes";
	if (get32(page + AT_ZERO) != 0 || get64(page + AT_ZERO_TOO) != 0)
		return "reserved bytes are not zero";
	return NULL;
}

uint32_t
bloom_page_probes(const uint8_t *page)
{
	return page[AT_PROBES];
}
