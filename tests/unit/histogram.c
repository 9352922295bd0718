#include "base/histogram.h"

#include "base/random.h"
#include "support/test.h"

TEST("each limit is in its bucket, and one more is in the next")
{
	for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		CHECK_EQ(histogram_bucket(histogram_limit(i)), i);
		CHECK_EQ(histogram_bucket(histogram_limit(i) + 1), i + 1);
	}
	CHECK_EQ(histogram_bucket(0), 0);
	CHECK_EQ(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

TEST("every power of two is a limit")
{
	for (int bit = 0; bit <= HISTOGRAM_BITS; bit++) {
		uint64_t power = UINT64_C(1) << bit;

		CHECK_EQ(histogram_limit(histogram_bucket(power)), power);
	}
}

TEST("a limit exceeds a sample by one part in sixteen at most")
{
	struct random r = { test_seed() };

	for (int i = 0; i < 10000; i++) {
		uint64_t v = 1 + (random_next(&r) >> 28 >> i % 36);
		uint64_t limit = histogram_limit(histogram_bucket(v));

		CHECK(limit >= v && limit - v <= v / HISTOGRAM_PARTS);
	}
}

TEST("samples are counted and summed, and none is above max")
{
	struct histogram h = { 0 }, copy;

	for (uint64_t v = 0; v <= 1000; v++)
		histogram_add(&h, v);
	histogram_copy(&h, &copy);
	CHECK_EQ(histogram_count(&copy), 1001);
	CHECK_EQ(copy.sum, 500500);
	CHECK_EQ(copy.max, 1000);
	CHECK_EQ(histogram_below(&copy, 1), 2);
	CHECK_EQ(histogram_below(&copy, 16), 17);
	CHECK_EQ(histogram_below(&copy, 512), 513);
	CHECK_EQ(histogram_below(&copy, 1024), 1001);
}

TEST("quantiles are at or above the true one, and never above max")
{
	struct histogram h = { 0 };

	CHECK_EQ(histogram_quantile(&h, 500), 0);
	for (uint64_t v = 1; v <= 1000; v++)
		histogram_add(&h, v);
	for (unsigned permille = 1; permille <= 1000; permille++) {
		uint64_t got = histogram_quantile(&h, permille);

		CHECK(got >= permille && got <= 1000);
		CHECK(got - permille <= permille / HISTOGRAM_PARTS);
	}
	CHECK_EQ(histogram_quantile(&h, 1000), 1000);
}

TEST("what is too large for the buckets is in sum, max and count")
{
	struct histogram h = { 0 };

	histogram_add(&h, UINT64_C(1) << 40);
	histogram_add(&h, 7);
	CHECK_EQ(histogram_count(&h), 2);
	CHECK(h.sum == (UINT64_C(1) << 40) + 7);
	CHECK(histogram_quantile(&h, 1000) == UINT64_C(1) << 40);
	CHECK_EQ(histogram_quantile(&h, 500), 7);
}
