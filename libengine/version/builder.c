/*
 * builder.c - many edits, one version: what reading a manifest needs.
 *
 * Tables stand by number. Numbers grow, so a new one nearly always comes last
 * and one that is dropped is found by bisection.
 */
#include "version/builder.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"

enum { ROOM_FIRST = 64 };

void
builder_release(struct builder *b)
{
	for (size_t i = 0; i < b->count; i++)
		version_table_unref(b->list[i]);
	mem_free(b->list);
	*b = (struct builder){ 0 };
}

/* The place of the first table with this number or a higher one. */
static size_t
place_of(const struct builder *b, uint64_t number)
{
	size_t low = 0, high = b->count;

	if (high > 0 && b->list[high - 1]->meta.number < number)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->list[middle]->meta.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
has(const struct builder *b, uint64_t number)
{
	size_t i = place_of(b, number);

	return i < b->count && b->list[i]->meta.number == number;
}

static int
damaged(uint64_t number, const char *what)
{
	return status_set(LSM_CORRUPT, "edit: table %llu is %s",
	    (unsigned long long)number, what);
}

static bool
drops(const struct edit *e, uint64_t number)
{
	for (size_t i = 0; i < e->drops_count; i++)
		if (e->drops[i] == number)
			return true;
	return false;
}

static int
adds_check(const struct builder *b, const struct edit *e)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < e->adds_count && rc == LSM_OK; i++) {
		uint64_t number = e->adds[i].meta.number;

		if ((rc = edit_check_add(&e->adds[i])) == LSM_OK &&
		    has(b, number) && !drops(e, number))
			rc = damaged(number, "there already");
	}
	return rc;
}

/* A table that the same edit adds again is moved: the file stays. */
static int
move_check(const struct version_table *t, const struct edit *e)
{
	const struct table_meta *a = &t->meta;

	for (size_t i = 0; i < e->adds_count; i++) {
		const struct table_meta *m = &e->adds[i].meta;

		if (m->number == a->number && (m->size != a->size ||
		    m->sum != a->sum ||
		    !bytes_equal(m->smallest, a->smallest) ||
		    !bytes_equal(m->largest, a->largest)))
			return damaged(m->number,
			    "moved and is not the same");
	}
	return LSM_OK;
}

static int
drop(struct builder *b, const struct edit *e, uint64_t number)
{
	size_t i = place_of(b, number);
	int rc;

	if (!has(b, number))
		return damaged(number, "dropped and not there");
	if ((rc = move_check(b->list[i], e)) != LSM_OK)
		return rc;
	version_table_unref(b->list[i]);
	b->count--;
	memmove(b->list + i, b->list + i + 1,
	    (b->count - i) * sizeof *b->list);
	return LSM_OK;
}

static int
room_for(struct builder *b, size_t more)
{
	size_t room = b->room ? b->room : ROOM_FIRST;
	struct version_table **list;

	if (b->count + more <= b->room)
		return LSM_OK;
	while (room < b->count + more)
		room *= 2;
	list = mem_realloc(b->list, room * sizeof *list);
	if (list == NULL)
		return mem_exhausted(room * sizeof *list);
	b->list = list;
	b->room = room;
	return LSM_OK;
}

static int
add(struct builder *b, struct edit_add *a)
{
	size_t i = place_of(b, a->meta.number);
	struct version_table *t;
	int rc;

	if (has(b, a->meta.number))
		return damaged(a->meta.number, "added twice");
	if ((rc = version_table_take(a, b->gone, b->gone_arg, &t)) != LSM_OK)
		return rc;
	memmove(b->list + i + 1, b->list + i,
	    (b->count - i) * sizeof *b->list);
	b->list[i] = t;
	b->count++;
	return LSM_OK;
}

static int
number_compare(const void *a, const void *b)
{
	struct version_table *x, *y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x->meta.number > y->meta.number) -
	    (x->meta.number < y->meta.number);
}

int
builder_begin(struct builder *b, const struct version *v)
{
	int rc = room_for(b, v->tables);

	if (rc != LSM_OK)
		return rc;
	for (size_t i = 0; i < v->tables; i++) {
		version_table_ref(v->list[i]);
		b->list[b->count++] = v->list[i];
	}
	if (b->count > 0)
		qsort(b->list, b->count, sizeof *b->list, number_compare);
	return LSM_OK;
}

int
builder_apply(struct builder *b, struct edit *e)
{
	int rc;

	if ((rc = adds_check(b, e)) != LSM_OK ||
	    (rc = room_for(b, e->adds_count)) != LSM_OK)
		return rc;
	for (size_t i = 0; i < e->drops_count && rc == LSM_OK; i++)
		rc = drop(b, e, e->drops[i]);
	for (size_t i = 0; i < e->adds_count && rc == LSM_OK; i++)
		rc = add(b, &e->adds[i]);
	return rc;
}

int
builder_finish(struct builder *b, uint64_t edit, struct version **out)
{
	struct version *v;
	int rc;

	*out = NULL;
	if ((rc = version_new(&v)) != LSM_OK)
		return rc;
	v->edit = edit;
	v->list = b->list;
	v->tables = b->count;
	b->list = NULL;
	b->count = b->room = 0;
	version_sort(v);
	if ((rc = version_cut(v)) == LSM_OK)
		*out = v;
	else
		version_unref(v);
	return rc;
}
