/*
 * keyset.h - sorted sets of keys that are hard in one way each.
 */
#ifndef SUPPORT_KEYSET_H
#define SUPPORT_KEYSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/random.h"

enum keyset_kind {
	KEYS_DECIMAL,	/* sixteen digits: all heads alike without a prefix */
	KEYS_ZEROS,	/* 4 to 8 bytes, many differ in zeros at the end only */
	KEYS_URLS,	/* long prefixes, shared by groups */
	KEYS_RANDOM,	/* 0 to 64 random bytes, the empty key among them */
	KEYS_TWO_LETTERS, /* short words: prefixes of each other, many ties */
	KEYSETS
};

struct keyset {
	struct bytes *keys;	/* ascending, no two alike */
	size_t count;
	uint8_t *room;
};

/* About `count` keys; fewer when some came twice. Ends the test when there is
 * no memory. */
void keyset_init(struct keyset *, enum keyset_kind, size_t count,
    uint64_t seed);
void keyset_release(struct keyset *);

/* Index of the first key that is >= key; count when there is none. */
size_t keyset_find(const struct keyset *, struct bytes key);

/* 0 to n - 1 in random order. */
void shuffle(uint32_t *order, size_t n, struct random *);

#endif
