/*
 * ring_case.h - records for tests of the ring: they prove their place, their
 * order and their bytes, so that whatever is lost, doubled, torn or stale is
 * seen.
 *
 *  0 8  sum of log number, offset, sequence, size, kind
 *  8 8  sequence
 * 16 4  size of the whole record
 * 20 4  kind
 * 24 -  bytes that follow from the sequence
 */
#ifndef SUPPORT_RING_CASE_H
#define SUPPORT_RING_CASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/random.h"

enum { CASE_HEADER = 24, CASE_START = 64, CASE_PUT = 1, CASE_CLOSE = 2 };

/* Where a reader is, and what it must find there. */
struct case_cursor {
	uint64_t number, offset, sequence;
	bool closed;
};

static inline uint64_t
case_sum(uint64_t number, uint64_t offset, uint64_t sequence, uint32_t size,
    uint32_t kind)
{
	struct random r = { number * 31 + offset };

	r.state ^= random_next(&r) + sequence;
	r.state ^= random_next(&r) + size;
	return random_next(&r) + kind;
}

static inline uint8_t
case_byte(uint64_t sequence, size_t i)
{
	return (uint8_t)(sequence * 7 + i / 8);
}

/* Fill in a record; `step` is called in its middle. */
static inline void
case_write(uint8_t *to, const struct case_cursor *c, uint32_t size,
    uint32_t kind, void (*step)(void))
{
	put64(to + 8, c->sequence);
	put32(to + 16, size);
	put32(to + 20, kind);
	for (size_t i = CASE_HEADER; i < size; i++) {
		to[i] = case_byte(c->sequence, i);
		if (step != NULL && i == size / 2)
			step();
	}
	put64(to, case_sum(c->number, c->offset, c->sequence, size, kind));
}

/* One record at *c, of which so many bytes are at hand. */
static inline bool
case_follow(struct case_cursor *c, const uint8_t *p, size_t available)
{
	uint32_t size, kind;

	if (available < CASE_HEADER || c->closed)
		return false;
	size = get32(p + 16);
	kind = get32(p + 20);
	if (size < CASE_HEADER || size > available ||
	    get64(p + 8) != c->sequence || get64(p) !=
	    case_sum(c->number, c->offset, c->sequence, size, kind))
		return false;
	for (size_t i = CASE_HEADER; i < size; i++)
		if (p[i] != case_byte(c->sequence, i))
			return false;
	c->offset += size;
	c->sequence++;
	c->closed = kind == CASE_CLOSE;
	return true;
}

/* All of [c->offset, end), whole records only; p is the byte at c->offset. */
static inline bool
case_follow_all(struct case_cursor *c, const uint8_t *p, uint64_t end)
{
	const uint8_t *from = p - c->offset;

	while (c->offset < end)
		if (!case_follow(c, from + c->offset,
		    (size_t)(end - c->offset)))
			return false;
	return true;
}

static inline struct case_cursor
case_first(void)
{
	return (struct case_cursor){ 1, CASE_START, 1, false };
}

static inline struct case_cursor
case_next_log(const struct case_cursor *c)
{
	return (struct case_cursor){ c->number + 1, CASE_START, c->sequence,
		false };
}

#endif
