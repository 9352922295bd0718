/*
 * table_meta.c - what the manifest knows of a table, and who owns its keys.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "table/table_builder.h"

void
table_meta_release(struct table_meta *m)
{
	mem_free(m->keys);
	m->keys = NULL;
	m->smallest = m->largest = bytes(NULL, 0);
}

int
table_meta_copy(struct table_meta *to, const struct table_meta *from)
{
	size_t n = from->smallest.n + from->largest.n;
	uint8_t *keys = mem_alloc(n);

	*to = *from;
	to->keys = keys;
	to->smallest = to->largest = bytes(keys, 0);
	if (keys == NULL)
		return mem_exhausted(n);
	if (from->smallest.n)
		memcpy(keys, from->smallest.p, from->smallest.n);
	to->smallest = bytes(keys, from->smallest.n);
	keys += from->smallest.n;
	if (from->largest.n)
		memcpy(keys, from->largest.p, from->largest.n);
	to->largest = bytes(keys, from->largest.n);
	return LSM_OK;
}
