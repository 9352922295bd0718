/*
 * keyset.c - sorted sets of keys that are hard in one way each.
 */
#include "support/keyset.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "support/test.h"

enum { KEY_ROOM = 96 };		/* no key is longer */

static size_t
key_zeros(uint8_t *out, uint64_t i)
{
	put32(out, (uint32_t)(i / 5 * 2654435761u));
	memset(out + 4, 0, 4);
	return 4 + i % 5;
}

static size_t
key_random(uint8_t *out, struct random *r)
{
	size_t n = (size_t)random_below(r, 65);

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)random_next(r);
	return n;
}

static size_t
key_two_letters(uint8_t *out, struct random *r)
{
	size_t n = (size_t)random_below(r, 16);

	for (size_t i = 0; i < n; i++)
		out[i] = random_below(r, 2) ? 0xff : 'a';
	return n;
}

static size_t
make_key(uint8_t *out, enum keyset_kind kind, uint64_t i, struct random *r)
{
	switch (kind) {
	case KEYS_DECIMAL:
		return (size_t)snprintf((char *)out, KEY_ROOM, "%016llu",
		    (unsigned long long)random_below(r, 1000000));
	case KEYS_ZEROS:
		return key_zeros(out, i);
	case KEYS_URLS:
		return (size_t)snprintf((char *)out, KEY_ROOM, "https://"
		    "a.example/%llu/some/long/shared/prefix/%08llu/%llu",
		    (unsigned long long)random_below(r, 7),
		    (unsigned long long)i,
		    (unsigned long long)random_below(r, 97));
	case KEYS_RANDOM:
		return i == 0 ? 0 : key_random(out, r);
	default:
		return key_two_letters(out, r);
	}
}

static int
compare(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a,
	    *(const struct bytes *)b);
}

void
keyset_init(struct keyset *k, enum keyset_kind kind, size_t count,
    uint64_t seed)
{
	struct random r = { seed };
	size_t kept = 0;

	k->keys = mem_alloc(count * sizeof *k->keys);
	k->room = mem_alloc(count * KEY_ROOM);
	CHECK(k->keys != NULL && k->room != NULL);
	for (size_t i = 0; i < count; i++) {
		uint8_t *p = k->room + i * KEY_ROOM;

		k->keys[i] = bytes(p, make_key(p, kind, i, &r));
	}
	qsort(k->keys, count, sizeof *k->keys, compare);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !bytes_equal(k->keys[i], k->keys[kept - 1]))
			k->keys[kept++] = k->keys[i];
	k->count = kept;
}

void
keyset_release(struct keyset *k)
{
	mem_free(k->keys);
	mem_free(k->room);
}

size_t
keyset_find(const struct keyset *k, struct bytes key)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (bytes_compare(k->keys[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
shuffle(uint32_t *order, size_t n, struct random *r)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)random_below(r, i + 1);

		order[i] = order[j];
		order[j] = (uint32_t)i;
	}
}
