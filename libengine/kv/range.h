/*
 * range.h - range deletes: which keys, and up to which sequence.
 *
 * A range covers the keys k with from <= k < to. Its ends are bounds: a bound
 * is at most BOUND_MAX bytes long, and its last byte is 0 when it is that
 * long. It then lies right behind the longest key that it begins with, so
 * there is a bound behind every key. The last bound of all is bound_end().
 */
#ifndef KV_RANGE_H
#define KV_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define BOUND_MAX (LSM_KEY_MAX + 1u)

/* Keys in [from, to) are deleted where their sequence is lower. As an answer
 * to "what covers this key", sequence 0 says that nothing does. */
struct range {
	struct bytes from, to;
	uint64_t sequence;
};

/* Above every key and every other bound. Static. */
struct bytes bound_end(void);

/* A bound that divides keys as any bytes do: these, or a copy in `room`. */
struct bytes bound_of(struct bytes, uint8_t room[BOUND_MAX]);

/* A copy of a bound in `room`. */
struct bytes bound_keep(struct bytes, uint8_t room[BOUND_MAX]);

/* The highest key that may lie below the bound, when there is one; else the
 * bound itself. No key between the two. */
struct bytes bound_last(struct bytes);

static inline bool
range_has(const struct range *r, struct bytes key)
{
	return bytes_compare(r->from, key) <= 0 &&
	    bytes_compare(key, r->to) < 0;
}

/* Make *r no wider than `other`; the higher sequence holds. */
void range_narrow(struct range *r, const struct range *other);

/* "bytes from, bytes to" of lsm-format(5). range_take is false when they are
 * not bounds, or not in order; *b is then unchanged. */
size_t range_size(struct bytes from, struct bytes to);
uint8_t *range_put(uint8_t *, struct bytes from, struct bytes to);
bool range_take(struct bytes *b, struct bytes *from, struct bytes *to);

/* Of ranges in order that do not overlap: the one that has the key, or the
 * gap that it lies in. */
void ranges_find(const struct range *, size_t count, struct bytes key,
    struct range *span);

#endif
