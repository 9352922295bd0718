/*
 * need.h - memory of the tests' own: had, or the program ends.
 *
 * Beside base/alloc.h on purpose, so that a failing allocator and the count
 * of what is still held concern the engine alone.
 */
#ifndef SUPPORT_NEED_H
#define SUPPORT_NEED_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

void *need(size_t size);			/* zeroed */
void *need_more(void *, size_t size);		/* as realloc(3) */

/* Room for one more element behind `count` of a list that grows. */
#define NEED_ROOM(list, count, room) \
	do { \
		if ((count) == (room)) { \
			(room) = (room) ? 2 * (room) : 8; \
			(list) = need_more((list), \
			    (room) * sizeof *(list)); \
		} \
	} while (0)

/* Bytes kept: begin with {0}, end with free(p). Never NULL once set. */
struct kept {
	uint8_t *p;
	size_t n, room;
};

void kept_set(struct kept *, struct bytes);

static inline struct bytes
kept_bytes(const struct kept *k)
{
	return (struct bytes){ k->p, k->n };
}

#endif
