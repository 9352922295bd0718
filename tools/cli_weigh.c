/*
 * cli_weigh.c - reports about sizes: a histogram, and the largest values.
 *
 * The largest are in a heap with the smallest of them on top, so that a record
 * is compared with one other to know that it does not belong there.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "cli_scan.h"
#include "out.h"

/* Bucket 0 is size 0; bucket b is from 2 to the b - 1 on, below 2 to the b. */
enum { BUCKETS = 34 };

struct histogram {
	uint64_t keys[BUCKETS], values[BUCKETS];
};

struct heavy {
	uint64_t size;
	char *key;
	size_t key_size;
};

struct top {
	size_t count;
	struct heavy at[];
};

static size_t
bucket_of(uint64_t size)
{
	size_t b = 0;

	for (; size != 0; size >>= 1)
		b++;
	return b;
}

static int
histogram_each(struct report *r, lsm_slice key, lsm_slice value)
{
	r->histogram->keys[bucket_of(key.size)]++;
	r->histogram->values[bucket_of(value.size)]++;
	return 0;
}

static void
buckets_print(const char *what, const uint64_t *counts)
{
	size_t b;

	for (b = 0; b < BUCKETS; b++) {
		if (counts[b] == 0)
			continue;
		out_format("%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", what,
		    b == 0 ? 0 : UINT64_C(1) << (b - 1),
		    (UINT64_C(1) << b) - 1, counts[b]);
	}
}

static int
histogram_end(struct report *r)
{
	buckets_print("key", r->histogram->keys);
	buckets_print("value", r->histogram->values);
	return 0;
}

static void
histogram_release(struct report *r)
{
	free(r->histogram);
}

int
report_histogram(struct report *r)
{
	r->each = histogram_each;
	r->end = histogram_end;
	r->release = histogram_release;
	r->histogram = calloc(1, sizeof *r->histogram);
	return r->histogram != NULL ? 0 : cli_fail_memory();
}

/* Of two values of one size the first key is worth more. */
static bool
lighter(const struct heavy *a, const struct heavy *b)
{
	size_t least = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order;

	if (a->size != b->size)
		return a->size < b->size;
	order = memcmp(a->key, b->key, least);
	return order != 0 ? order > 0 : a->key_size > b->key_size;
}

static void
swap(struct heavy *a, struct heavy *b)
{
	struct heavy c = *a;

	*a = *b;
	*b = c;
}

static void
sift_down(struct top *t, size_t i)
{
	size_t child;

	for (; (child = 2 * i + 1) < t->count; i = child) {
		if (child + 1 < t->count &&
		    lighter(&t->at[child + 1], &t->at[child]))
			child++;
		if (!lighter(&t->at[child], &t->at[i]))
			return;
		swap(&t->at[child], &t->at[i]);
	}
}

static void
sift_up(struct top *t, size_t i)
{
	for (; i > 0 && lighter(&t->at[i], &t->at[(i - 1) / 2]);
	    i = (i - 1) / 2)
		swap(&t->at[i], &t->at[(i - 1) / 2]);
}

static int
heavy_fill(struct heavy *h, lsm_slice key, uint64_t size)
{
	h->key = malloc(key.size + 1);
	if (h->key == NULL)
		return cli_fail_memory();
	memcpy(h->key, key.data, key.size);
	h->key_size = key.size;
	h->size = size;
	return 0;
}

static int
top_each(struct report *r, lsm_slice key, lsm_slice value)
{
	struct top *t = r->top;
	int status;

	if (t->count < r->settings->top) {
		status = heavy_fill(&t->at[t->count], key, value.size);
		if (status == 0)
			sift_up(t, t->count++);
		return status;
	}
	if (value.size <= t->at[0].size)
		return 0;
	free(t->at[0].key);
	t->at[0].key = NULL;
	status = heavy_fill(&t->at[0], key, value.size);
	sift_down(t, 0);
	return status;
}

/* Lightest last: taken off one by one, they come the other way round. */
static int
top_end(struct report *r)
{
	struct top *t = r->top;
	size_t i, all = t->count;

	while (t->count > 1) {
		swap(&t->at[0], &t->at[--t->count]);
		sift_down(t, 0);
	}
	t->count = all;
	for (i = 0; i < all; i++) {
		report_key(r, r->style.keys,
		    lsm_bytes(t->at[i].key, t->at[i].key_size));
		out_format("\t%" PRIu64 "\n", t->at[i].size);
	}
	return 0;
}

static void
top_release(struct report *r)
{
	size_t i;

	for (i = 0; r->top != NULL && i < r->top->count; i++)
		free(r->top->at[i].key);
	free(r->top);
}

int
report_top(struct report *r)
{
	uint64_t n = r->settings->top;

	r->each = top_each;
	r->end = top_end;
	r->release = top_release;
	r->top = n > SIZE_MAX / sizeof *r->top->at / 2 ? NULL :
	    calloc(1, sizeof *r->top + n * sizeof *r->top->at);
	return r->top != NULL ? 0 : cli_fail_memory();
}
