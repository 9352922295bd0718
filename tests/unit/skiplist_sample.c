/*
 * Some of the keys of a skip list, for who wants to know what they are like.
 */
#include "mem/skiplist.h"

#include "support/test.h"

TEST("a sample is some of the keys, in order and spread evenly")
{
	enum { PUTS = 50000, MOST = 512 };
	struct bytes sample[MOST];
	struct random r = { test_seed() };
	uint32_t far = 0, last = 0;
	struct skiplist l;
	uint8_t raw[4];
	size_t n;

	CHECK_OK(skiplist_init(&l, 16 << 20, SKIPLIST_SLOTS));
	CHECK_EQ(skiplist_sample(&l, sample, MOST), 0);
	for (uint32_t i = 0; i < PUTS; i++) {
		uint32_t key = (uint32_t)random_next(&r);

		for (int j = 0; j < 4; j++)
			raw[j] = (uint8_t)(key >> (24 - 8 * j));
		skiplist_put(&l, 0, bytes(raw, 4), bytes(NULL, 0), i + 1);
		if (i < MOST / SKIPLIST_SLOTS)
			CHECK_EQ(skiplist_sample(&l, sample, MOST), i + 1);
		if (i % 1000 == 0)
			CHECK(skiplist_sample(&l, sample, 3) <= 3);
	}
	n = skiplist_sample(&l, sample, MOST);
	CHECK(n >= MOST / 32 && n < MOST);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = sample[i].p;
		uint32_t key = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		    (uint32_t)p[2] << 8 | p[3];

		CHECK(skiplist_get(&l, sample[i]) != NULL);
		CHECK(i == 0 || key > last);
		if (key - last > far)
			far = key - last;
		last = key;
	}
	CHECK(far < UINT32_MAX / 8 && UINT32_MAX - last < UINT32_MAX / 8);
	skiplist_release(&l);
}
