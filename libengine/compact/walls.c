/*
 * walls.c - keys behind which every output ends: around damaged tables.
 *
 * One wall is the upper bound of a damaged table. The other is a key right
 * before its lower bound: exactly so where that ends in a zero byte, else with
 * a last byte that is one less and a tail of the highest ones, which few keys
 * lie behind. Those are on the damaged side, which does them no harm.
 */
#include "compact/walls.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"

enum { TAIL = 16 };		/* bytes */

/* False: no key lies before it. */
static bool
key_before(struct bytes key, uint8_t *room, struct bytes *before)
{
	size_t n = key.n;

	if (n == 0)
		return false;
	memcpy(room, key.p, n);
	if (room[n - 1]-- == 0)
		n--;
	else
		while (n < LSM_KEY_MAX && n < key.n + TAIL)
			room[n++] = 0xff;
	*before = bytes(room, n);
	return true;
}

static int
compare(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a,
	    *(const struct bytes *)b);
}

static void
walls_add(struct walls *w, const struct version_table *t, uint8_t *room)
{
	w->count += key_before(t->meta.smallest, room, &w->list[w->count]);
	w->list[w->count++] = t->meta.largest;
}

int
walls_init(struct walls *w, const struct version *v, const uint64_t *damaged,
    size_t count)
{
	size_t each = LSM_KEY_MAX + TAIL;

	*w = (struct walls){ 0 };
	if (count == 0)
		return LSM_OK;
	w->list = mem_alloc(2 * count * sizeof *w->list);
	w->room = mem_alloc(count * each);
	if (w->list == NULL || w->room == NULL) {
		walls_release(w);
		return mem_exhausted(count * each);
	}
	for (size_t i = 0; i < count; i++) {
		const struct version_table *t =
		    version_table_find(v, damaged[i]);

		if (t != NULL)
			walls_add(w, t, w->room + i * each);
	}
	qsort(w->list, w->count, sizeof *w->list, compare);
	return LSM_OK;
}

void
walls_release(struct walls *w)
{
	mem_free(w->list);
	mem_free(w->room);
	*w = (struct walls){ 0 };
}

static bool
on_both_sides(const struct table_meta *m, struct bytes wall)
{
	return bytes_compare(m->smallest, wall) <= 0 &&
	    bytes_compare(m->largest, wall) > 0;
}

bool
walls_straddled(const struct version *v, const uint64_t *damaged,
    size_t count, const struct version_table *t)
{
	uint8_t room[LSM_KEY_MAX + TAIL];
	struct bytes wall;

	for (size_t i = 0; i < count; i++) {
		const struct version_table *d =
		    version_table_find(v, damaged[i]);

		if (d != NULL && d != t &&
		    (on_both_sides(&t->meta, d->meta.largest) ||
		    (key_before(d->meta.smallest, room, &wall) &&
		    on_both_sides(&t->meta, wall))))
			return true;
	}
	return false;
}
