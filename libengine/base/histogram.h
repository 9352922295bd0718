/*
 * histogram.h - how many samples lie where, counted in log-linear buckets.
 *
 * Each power of two is cut into HISTOGRAM_PARTS equal buckets, so a bucket's
 * limit exceeds what is in it by at most one part in so many. Limits are
 * inclusive, and every power of two is one. What is too large for the last
 * bucket counts there; sum and max know its true value.
 *
 * Any thread may add at any time, without a lock.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
	HISTOGRAM_PARTS = 16,
	HISTOGRAM_BITS = 36,	/* samples up to 1 << so much have their own */
	HISTOGRAM_BUCKETS = (HISTOGRAM_BITS - 3) * HISTOGRAM_PARTS
};

/* Begin with {0}. */
struct histogram {
	_Atomic uint64_t sum, max;
	_Atomic uint64_t at[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *, uint64_t sample);

/* The bucket of a sample, and the largest sample of a bucket. */
size_t histogram_bucket(uint64_t sample);
uint64_t histogram_limit(size_t bucket);

/* A copy that others do not change: what is asked of it fits together. */
void histogram_copy(const struct histogram *, struct histogram *to);

/* Of a copy. */
uint64_t histogram_count(const struct histogram *);
/* Samples up to a limit, itself included: a power of two, or any bucket's. */
uint64_t histogram_below(const struct histogram *, uint64_t limit);
/* The limit of the bucket, or max if that is less, that the sample of this
 * rank is in: so many of a thousand samples are no larger. 0: no samples. */
uint64_t histogram_quantile(const struct histogram *, unsigned permille);

#endif
