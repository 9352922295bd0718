/*
 * bloom.c - the filter never denies a key, and seldom grants another.
 */
#include "table/bloom.h"

#include <stdlib.h>

#include "base/random.h"
#include "support/test.h"

enum { KEYS = 50000, ASKED = 200000 };

struct filter {
	uint8_t *p;
	uint32_t pages, probes;
};

static struct filter
filter_of(uint64_t keys, uint32_t bits, struct random r)
{
	struct filter f = { .pages = (uint32_t)bloom_pages(keys, bits),
		.probes = bloom_probes(bits) };

	f.p = calloc(f.pages, BLOOM_PAGE);
	CHECK(f.p != NULL);
	bloom_describe(f.p, f.pages, bits, keys);
	for (uint64_t i = 0; i < keys; i++)
		bloom_add(f.p, f.pages, f.probes, random_next(&r));
	return f;
}

static bool
filter_asks(const struct filter *f, uint64_t hash)
{
	uint64_t line = bloom_line(hash, f->pages);

	return bloom_test(f->p + line / BLOOM_LINES * BLOOM_PAGE, line,
	    f->probes, hash);
}

/* False positives among ASKED hashes, per 100,000. */
static uint64_t
false_rate(uint32_t bits)
{
	struct random r = { test_seed() }, other = { ~test_seed() };
	struct filter f = filter_of(KEYS, bits, r);
	uint64_t wrong = 0;

	for (int i = 0; i < KEYS; i++)
		CHECK(filter_asks(&f, random_next(&r)));
	for (int i = 0; i < ASKED; i++)
		wrong += filter_asks(&f, random_next(&other));
	free(f.p);
	return wrong * 100000 / ASKED;
}

TEST("no key is denied, and others pass at no more than the rate promised")
{
	CHECK(false_rate(10) <= 1100);
	CHECK(false_rate(14) <= 240);
	CHECK(false_rate(16) <= 120);
	CHECK(false_rate(1) <= 100000);
	CHECK(false_rate(20) <= 60);
}

TEST("the number of pages follows the number of keys")
{
	CHECK_EQ(bloom_pages(0, 10), 0);
	CHECK_EQ(bloom_pages(1, 10), 1);
	CHECK_EQ(bloom_pages(32256, 1), 1);
	CHECK_EQ(bloom_pages(32257, 1), 2);
	CHECK_EQ(bloom_pages(5, 0), 0);
}

TEST("probes grow with the bits")
{
	CHECK_EQ(bloom_probes(1), 6);
	CHECK_EQ(bloom_probes(10), 6);
	CHECK_EQ(bloom_probes(11), 7);
	CHECK_EQ(bloom_probes(13), 7);
	CHECK_EQ(bloom_probes(14), 8);
	CHECK_EQ(bloom_probes(20), 8);
}

TEST("every line lies in its page")
{
	CHECK_EQ(bloom_line(0, 3), 0);
	CHECK_EQ(bloom_line(UINT64_MAX, 3), 3 * 63 - 1);
}

/* lsm-format(5), FILTER PAGE, followed by hand. */
TEST("the bits stand where the format says")
{
	uint8_t page[BLOOM_PAGE] = { 0 };
	uint64_t hash = (uint64_t)0x80000000 << 32 | 0x12345678;
	uint32_t a = 0x12345678;
	const uint8_t *line = page + 64 + 31 * 64;

	CHECK_EQ(bloom_line(hash, 1), 31);
	bloom_add(page, 1, 6, hash);
	for (int i = 0; i < 6; i++) {
		CHECK(line[a >> 26] >> (a >> 23 & 7) & 1);
		a = (uint32_t)(a * 0x9e3779b9ull);
	}
}

TEST("a page that is not what it should be is told")
{
	struct random r = { test_seed() };
	struct filter f = filter_of(10000, 10, r);
	uint8_t *second = f.p + BLOOM_PAGE;

	CHECK(f.pages > 2);
	CHECK(bloom_fault(second, 1, f.pages) == NULL);
	CHECK(bloom_fault(second, 0, f.pages) != NULL);
	CHECK(bloom_fault(second, 1, f.pages + 1) != NULL);
	for (size_t at = 32; at < 64; at++) {
		bool counted = (at >= 42 && at < 44) || (at >= 48 && at < 56);

		second[at] ^= 0x40;
		CHECK((bloom_fault(second, 1, f.pages) == NULL) == counted);
		second[at] ^= 0x40;
	}
	second[41] = 0;
	CHECK(bloom_fault(second, 1, f.pages) != NULL);
	free(f.p);
}
