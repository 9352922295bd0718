/*
 * separators.c - the keys that divide the nodes of one level of a tree.
 */
#include "table/separators.h"

#include <assert.h>

void
separators_release(struct separators *s)
{
	buffer_free(&s->text);
	separators_clear(s);
}

void
separators_clear(struct separators *s)
{
	s->text.n = 0;
	s->count = 0;
	s->last_n = 0;
}

int
separators_add(struct separators *s, struct bytes key, uint64_t position)
{
	size_t shared = bytes_common(bytes(s->last, s->last_n), key);
	int rc;

	assert(key.n <= LSM_KEY_MAX && position % 8 == 0);
	rc = buffer_reserve(&s->text, 4 + 2 * VARINT_MAX + key.n);
	if (rc != LSM_OK)
		return rc;
	if ((rc = buffer_add32(&s->text, (uint32_t)(position / 8))) != LSM_OK ||
	    (rc = buffer_add_varint(&s->text, shared)) != LSM_OK ||
	    (rc = buffer_add_bytes(&s->text, bytes(key.p + shared,
	    key.n - shared))) != LSM_OK)
		return rc;
	if (key.n)
		memcpy(s->last, key.p, key.n);
	s->last_n = key.n;
	s->count++;
	return LSM_OK;
}

void
separators_begin(const struct separators *s, struct separators_walk *walk)
{
	walk->rest = buffer_bytes(&s->text);
	walk->n = 0;
}

bool
separators_next(struct separators_walk *walk)
{
	uint64_t shared;
	uint32_t unit;
	struct bytes rest;

	if (!bytes_take32(&walk->rest, &unit) ||
	    !bytes_take_varint(&walk->rest, &shared) ||
	    !bytes_take_bytes(&walk->rest, &rest))
		return false;
	assert(shared + rest.n <= LSM_KEY_MAX);
	memcpy(walk->key + shared, rest.p, rest.n);
	walk->n = (size_t)shared + rest.n;
	walk->position = (uint64_t)unit * 8;
	return true;
}

struct bytes
separator(struct bytes below, struct bytes key)
{
	size_t n = bytes_common(below, key) + 1;

	return bytes(key.p, n < key.n ? n : key.n);
}
