/*
 * record.h - one record of a log or manifest (lsm-format(5)).
 *
 * It proves itself by its sum, its place by the seed, and its neighbour by
 * the chain.
 */
#ifndef LOG_RECORD_H
#define LOG_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum record_kind {
	RECORD_PUT = 1,
	RECORD_DELETE = 2,
	RECORD_BATCH = 3,
	RECORD_RANGE_DELETE = 4,
	RECORD_SYNC = 5,
	RECORD_START = 6,
	RECORD_CLOSE = 7,
	RECORD_LEAVE = 8,
	RECORD_INGESTION = 9,
	RECORD_SNAPSHOT = 16,
	RECORD_EDIT = 17,
	RECORD_IGNORABLE = 128
};

enum {
	RECORD_HEADER = 24,
	RECORD_WATERMARK = 8,
	RECORD_ALIGN = 8,
	RECORD_FLAG_WATERMARK = 1
};

struct record {
	uint64_t sum;
	uint8_t kind;
	uint32_t sequence;	/* low half */
	uint32_t previous;	/* low half of the sum before */
	bool has_watermark;
	uint64_t watermark;
	struct bytes payload;
	size_t size;		/* of the whole record */
};

/* Bytes of a record with so much payload. */
size_t record_size(uint64_t payload, bool watermark);

/* Where the payload begins. */
static inline size_t
record_offset(bool watermark)
{
	return RECORD_HEADER + (watermark ? RECORD_WATERMARK : 0);
}

/*
 * Write the header around a payload that is in place at
 * at + record_offset(watermark != NULL), and zero the padding. `seed` is the
 * file's seed, `position` the record's. Returns the sum.
 */
uint64_t record_seal(uint8_t *at, uint8_t kind, uint32_t payload,
    uint64_t sequence, uint64_t previous_sum, const uint64_t *watermark,
    uint64_t seed, uint64_t position);

/*
 * Read the record at `p`, of which `available` bytes are at hand. False when
 * its frame or its sum is wrong or it is not all there; `want` is then how
 * many bytes would be needed to tell (0: no more would help). The chain and
 * the sequence are the caller's to check.
 */
bool record_read(const uint8_t *p, size_t available, uint64_t seed,
    uint64_t position, struct record *, uint64_t *want);

/* Does a record seem to begin at `p`, RECORD_HEADER bytes of which are there?
 * What it says of itself is not proven. */
bool record_framed(const uint8_t *p, uint32_t *previous, uint64_t *size);

/* How many sequences a record of a log takes. False when a batch does not
 * begin with its count. */
bool record_sequences(uint8_t kind, struct bytes payload, uint64_t *count);

#endif
