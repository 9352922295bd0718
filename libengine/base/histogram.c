/*
 * histogram.c - log-linear buckets.
 *
 *   samples 0 to PARTS       a bucket each, 0 with 1
 *   (2^k, 2^(k+1)]           PARTS buckets of equal width, k = 4, 5, ...
 *
 * A bucket is found from the sample less one, so that limits are inclusive.
 */
#include "base/histogram.h"

#include <assert.h>

#include "base/sync.h"

enum { PART_BITS = 4 };
_Static_assert(1 << PART_BITS == HISTOGRAM_PARTS, "parts are a power of two");

size_t
histogram_bucket(uint64_t sample)
{
	uint64_t v = sample > 0 ? sample - 1 : 0;
	unsigned shift;
	size_t bucket;

	if (v < HISTOGRAM_PARTS)
		return (size_t)v;
	shift = 63 - (unsigned)__builtin_clzll(v) - PART_BITS;
	bucket = (size_t)shift * HISTOGRAM_PARTS + (size_t)(v >> shift);
	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

uint64_t
histogram_limit(size_t bucket)
{
	size_t shift = bucket / HISTOGRAM_PARTS;

	assert(bucket < HISTOGRAM_BUCKETS);
	if (shift <= 1)
		return bucket + 1;
	shift--;
	return ((uint64_t)(bucket % HISTOGRAM_PARTS + HISTOGRAM_PARTS + 1))
	    << shift;
}

void
histogram_add(struct histogram *h, uint64_t sample)
{
	uint64_t max = load_relaxed(&h->max);

	atomic_fetch_add_explicit(&h->at[histogram_bucket(sample)], 1,
	    memory_order_relaxed);
	atomic_fetch_add_explicit(&h->sum, sample, memory_order_relaxed);
	while (sample > max && !atomic_compare_exchange_weak_explicit(&h->max,
	    &max, sample, memory_order_relaxed, memory_order_relaxed))
		;
}

void
histogram_copy(const struct histogram *h, struct histogram *to)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		store_relaxed(&to->at[i], load_relaxed(&h->at[i]));
	store_relaxed(&to->sum, load_relaxed(&h->sum));
	store_relaxed(&to->max, load_relaxed(&h->max));
}

uint64_t
histogram_count(const struct histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		n += load_relaxed(&h->at[i]);
	return n;
}

uint64_t
histogram_below(const struct histogram *h, uint64_t limit)
{
	size_t last = histogram_bucket(limit);
	uint64_t n = 0;

	assert(limit == histogram_limit(last));
	for (size_t i = 0; i <= last; i++)
		n += load_relaxed(&h->at[i]);
	return n;
}

uint64_t
histogram_quantile(const struct histogram *h, unsigned permille)
{
	uint64_t count = histogram_count(h), max = load_relaxed(&h->max);
	uint64_t rank = (count * permille + 999) / 1000, n = 0, limit;
	size_t i = 0;

	assert(permille <= 1000);
	if (count == 0)
		return 0;
	while ((n += load_relaxed(&h->at[i])) < rank || n == 0)
		i++;
	limit = histogram_limit(i);
	/* In the last bucket max alone knows how large they are. */
	return limit < max && i + 1 < HISTOGRAM_BUCKETS ? limit : max;
}
