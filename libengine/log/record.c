/*
 * record.c - one record of a log or manifest: sealed and read.
 *
 * Padding is covered by the sum and must be zero, so that a content has one
 * form only.
 */
#include "log/record.h"

#include <assert.h>

#include "base/checksum.h"

/* Where a record's fields lie. */
enum {
	AT_SUM = 0,
	AT_LENGTH = 8,
	AT_KIND = 12,
	AT_FLAGS = 13,
	AT_TAG = 14,
	AT_SEQUENCE = 16,
	AT_PREVIOUS = 20,
	AT_WATERMARK = 24
};

enum { TAG = 'L' | 'R' << 8 };

_Static_assert((int)AT_WATERMARK == (int)RECORD_HEADER,
    "a watermark stands behind the header");

size_t
record_size(uint64_t payload, bool watermark)
{
	return (size_t)((record_offset(watermark) + payload + RECORD_ALIGN -
	    1) & ~(uint64_t)(RECORD_ALIGN - 1));
}

uint64_t
record_seal(uint8_t *at, uint8_t kind, uint32_t payload, uint64_t sequence,
    uint64_t previous_sum, const uint64_t *watermark, uint64_t seed,
    uint64_t position)
{
	size_t end = record_offset(watermark != NULL) + payload;
	size_t size = record_size(payload, watermark != NULL);
	uint64_t sum;

	assert(position % RECORD_ALIGN == 0);
	put32(at + AT_LENGTH, payload);
	at[AT_KIND] = kind;
	at[AT_FLAGS] = watermark != NULL ? RECORD_FLAG_WATERMARK : 0;
	put16(at + AT_TAG, TAG);
	put32(at + AT_SEQUENCE, (uint32_t)sequence);
	put32(at + AT_PREVIOUS, (uint32_t)previous_sum);
	if (watermark != NULL)
		put64(at + AT_WATERMARK, *watermark);
	memset(at + end, 0, size - end);
	sum = checksum64(at + AT_LENGTH, size - AT_LENGTH, seed + position);
	put64(at + AT_SUM, sum);
	return sum;
}

bool
record_framed(const uint8_t *p, uint32_t *previous, uint64_t *size)
{
	*previous = get32(p + AT_PREVIOUS);
	*size = record_size(get32(p + AT_LENGTH),
	    p[AT_FLAGS] & RECORD_FLAG_WATERMARK);
	return get16(p + AT_TAG) == TAG &&
	    (p[AT_FLAGS] & ~RECORD_FLAG_WATERMARK) == 0;
}

static bool
padding_zero(const uint8_t *p, size_t n)
{
	uint8_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= p[i];
	return all == 0;
}

bool
record_read(const uint8_t *p, size_t available, uint64_t seed,
    uint64_t position, struct record *r, uint64_t *want)
{
	uint64_t size;

	memset(r, 0, sizeof *r);
	*want = RECORD_HEADER;
	if (available < RECORD_HEADER)
		return false;
	if (!record_framed(p, &r->previous, &size)) {
		*want = 0;
		return false;
	}
	*want = size;
	if (available < size)
		return false;
	*want = 0;
	r->size = (size_t)size;
	r->sum = get64(p + AT_SUM);
	r->kind = p[AT_KIND];
	r->sequence = get32(p + AT_SEQUENCE);
	r->has_watermark = p[AT_FLAGS] & RECORD_FLAG_WATERMARK;
	r->watermark = r->has_watermark ? get64(p + AT_WATERMARK) : 0;
	r->payload = bytes(p + record_offset(r->has_watermark),
	    get32(p + AT_LENGTH));
	return r->sum == checksum64(p + AT_LENGTH, r->size - AT_LENGTH,
	    seed + position) && padding_zero(r->payload.p + r->payload.n,
	    (size_t)(p + r->size - (r->payload.p + r->payload.n)));
}

bool
record_sequences(uint8_t kind, struct bytes payload, uint64_t *count)
{
	*count = 1;
	switch (kind) {
	case RECORD_PUT:
	case RECORD_DELETE:
	case RECORD_RANGE_DELETE:
	case RECORD_INGESTION:
		return true;
	case RECORD_BATCH:
		return bytes_take_varint(&payload, count);
	default:
		*count = 0;
		return true;
	}
}
