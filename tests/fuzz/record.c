/*
 * Fuzz: one record. The first byte chooses whether its sum is put right, so
 * that what lies behind the sum is reached; what reads must seal the same.
 */
#include "log/record.h"

#include <assert.h>
#include <stdlib.h>

enum { SEED = 42, AT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
sealed_again(const uint8_t *p, const struct record *r)
{
	uint8_t *copy = malloc(r->size);

	if (copy == NULL)
		abort();
	memcpy(copy, p, r->size);
	assert(record_seal(copy, r->kind, (uint32_t)r->payload.n, r->sequence,
	    r->previous, r->has_watermark ? &r->watermark : NULL, SEED, AT) ==
	    r->sum);
	assert(memcmp(copy, p, r->size) == 0);
	free(copy);
}

static void
put_right(uint8_t *p, size_t n)
{
	uint32_t previous, length = get32(p + 8);
	uint64_t size, watermark = 0;
	bool marked;

	if (!record_framed(p, &previous, &size) || size > n)
		return;
	marked = p[13] & RECORD_FLAG_WATERMARK;
	if (marked)
		watermark = get64(p + RECORD_HEADER);
	record_seal(p, p[12], length, get32(p + 16), previous,
	    marked ? &watermark : NULL, SEED, AT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct record r;
	uint64_t want;
	uint8_t *p;

	if (n == 0 || (p = malloc(n)) == NULL)
		return 0;
	memcpy(p, data + 1, --n);
	if (data[0] & 1 && n >= RECORD_HEADER)
		put_right(p, n);
	if (record_read(p, n, SEED, AT, &r, &want)) {
		assert(r.size <= n && r.payload.n <= n);
		sealed_again(p, &r);
		(void)record_sequences(r.kind, r.payload, &want);
	} else {
		assert(want == 0 || want > n);
	}
	free(p);
	return 0;
}
