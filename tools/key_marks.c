/*
 * key_marks.c - keys that were seen, in a few bits each.
 */
#include "key_marks.h"

#include <string.h>

/* FNV-1a, 64 bits; the highest are the best mixed. */
static uint32_t
key_bit(lsm_slice key)
{
	const uint8_t *p = key.data;
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < key.size; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)((h * 0x9e3779b97f4a7c15u) >> (64 - KEY_MARKS_LOG2));
}

void
key_marks_clear(struct key_marks *m)
{
	if (m->any)
		memset(m->bits, 0, sizeof m->bits);
	m->any = false;
}

bool
key_marks_add(struct key_marks *m, lsm_slice key)
{
	uint32_t bit = key_bit(key);
	uint8_t *byte = &m->bits[bit / 8], mask = (uint8_t)(1 << bit % 8);
	bool before = (*byte & mask) != 0;

	*byte |= mask;
	m->any = true;
	return before;
}
