/*
 * Fuzz: the pages of a table.
 *
 *   input := control (1 byte), page behind its block header
 *
 * control: the height expected (low 2 bits); 4: children stand on units.
 * Whatever page_fault lets through must be in order and can be read whole.
 */
#include "table/page.h"

#include <assert.h>
#include <stdlib.h>

#include "kv/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile uint8_t sink;	/* so that reads are made */

static void
read_entry(const struct page *page, uint32_t i, uint8_t *key, struct entry *e)
{
	struct entry v;

	if (page->p[PAGE_AT_HEIGHT] > 0) {
		e->key = page_separator(page, i, key);
		return;
	}
	page_entry(page, i, key, e);
	page_value(page, i, &v);
	assert(v.value.p == e->value.p && v.value.n == e->value.n);
	assert(v.sequence == e->sequence && v.kind == e->kind);
	for (size_t j = 0; j < e->value.n; j++)
		sink ^= e->value.p[j];
}

static void
read_page(const uint8_t *p, size_t size, struct bytes any)
{
	static uint8_t key[PAGE_KEY_ROOM], last[PAGE_KEY_ROOM];
	size_t last_n = 0;
	struct entry e = { 0 };
	struct page page;
	bool equal;

	page_open(&page, p, size);
	page_put_prefix(&page, key);
	for (uint32_t i = 0; i < page.n; i++) {
		read_entry(&page, i, key, &e);
		assert(e.key.n <= LSM_KEY_MAX);
		if (i > 0 && bytes_compare(bytes(last, last_n), e.key) >= 0)
			abort();
		if (page_find(&page, e.key, &equal) != i || !equal)
			abort();
		memcpy(last, key, e.key.n);
		last_n = e.key.n;
	}
	assert(page_find(&page, any, &equal) <= page.n);
	assert(page_child_index(&page, any) <= page.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct page_limits limits = { .child_first = BLOCK_UNIT,
		.child_end = (uint64_t)1 << 30 };
	uint8_t *p;

	if (n < 1)
		return 0;
	limits.height = data[0] & 3;
	limits.child_unit = data[0] & 4 ? BLOCK_UNIT : BLOCK_PACK;
	data++;
	n--;
	p = calloc(1, BLOCK_HEADER + n + PAGE_SLACK);
	if (p == NULL)
		abort();
	memcpy(p + BLOCK_HEADER, data, n);
	if (page_fault(p, BLOCK_HEADER + n, &limits) == NULL)
		read_page(p, BLOCK_HEADER + n, bytes(data, n / 3));
	free(p);
	return 0;
}
