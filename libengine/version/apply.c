/*
 * apply.c - the version after an edit, and the laws it must keep.
 *
 * The tables that stay are in order already, the new ones are sorted, and the
 * two are merged: one walk over the list, whatever the edit is. What is wrong
 * here came from the disk or was about to go there, so it is LSM_CORRUPT.
 */
#include "version/tables.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/numbers.h"
#include "base/status.h"

/* An edit in the making: its drops and its adds' numbers, ascending. */
struct change {
	struct numbers drops, numbers;
	struct version_table **added;	/* in the order of version->list */
	size_t added_count;
};

static int
bad_add(const struct edit_add *a, const char *reason)
{
	return status_set(LSM_CORRUPT, "edit: table %llu: %s",
	    (unsigned long long)a->meta.number, reason);
}

int
edit_check_add(const struct edit_add *a)
{
	const struct table_meta *m = &a->meta;

	if (m->number == 0 || a->run == 0)
		return bad_add(a, "number or run is 0");
	if (a->level < 0 || a->level >= LEVELS_MAX)
		return bad_add(a, "no such level");
	if (m->smallest.n > BOUND_MAX || m->largest.n > LSM_KEY_MAX)
		return bad_add(a, "bound is too long");
	if (bytes_compare(m->smallest, m->largest) > 0)
		return bad_add(a, "lower bound is above the upper");
	if (m->sequence_min > m->sequence_max)
		return bad_add(a, "smallest sequence is above the largest");
	if (m->entries + m->ranges == 0 || m->deletes > m->entries)
		return bad_add(a, "counts of entries make no sense");
	return LSM_OK;
}

/* Sort; a number that stands twice is refused. */
static int
sort_once(struct numbers *n, const char *what)
{
	numbers_sort(n);
	for (size_t i = 1; i < n->count; i++)
		if (n->list[i] == n->list[i - 1])
			return status_set(LSM_CORRUPT,
			    "edit: table %llu is %s twice",
			    (unsigned long long)n->list[i], what);
	return LSM_OK;
}

/* Newer runs first, in a run by key. */
static int
place_compare(const struct version_table *a, const struct version_table *b)
{
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	if (a->run != b->run)
		return a->run > b->run ? -1 : 1;
	return bytes_compare(a->meta.smallest, b->meta.smallest);
}

static int
place_compare_any(const void *a, const void *b)
{
	struct version_table *x, *y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return place_compare(x, y);
}

static void
change_release(struct change *c)
{
	for (size_t i = 0; i < c->added_count; i++)
		version_table_unref(c->added[i]);
	mem_free(c->added);
	numbers_release(&c->numbers);
	numbers_release(&c->drops);
}

static int
change_add(struct change *c, const struct edit_add *add,
    void (*gone)(void *, struct version_table *), void *arg)
{
	int rc;

	if ((rc = edit_check_add(add)) != LSM_OK ||
	    (rc = numbers_add(&c->numbers, add->meta.number)) != LSM_OK ||
	    (rc = version_table_new(add, gone, arg,
	    &c->added[c->added_count])) != LSM_OK)
		return rc;
	c->added_count++;
	return LSM_OK;
}

static int
change_init(const struct edit *e,
    void (*gone)(void *, struct version_table *), void *arg, struct change *c)
{
	size_t size = e->adds_count * sizeof *c->added;
	int rc = LSM_OK;

	*c = (struct change){ 0 };
	if ((c->added = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	for (size_t i = 0; i < e->drops_count && rc == LSM_OK; i++)
		rc = numbers_add(&c->drops, e->drops[i]);
	for (size_t i = 0; i < e->adds_count && rc == LSM_OK; i++)
		rc = change_add(c, &e->adds[i], gone, arg);
	if (rc != LSM_OK)
		return rc;
	if (c->added_count > 0)
		qsort(c->added, c->added_count, sizeof *c->added,
		    place_compare_any);
	if ((rc = sort_once(&c->numbers, "added")) != LSM_OK)
		return rc;
	return sort_once(&c->drops, "dropped");
}

/* Every drop names a table, no add takes the number of one. */
static int
change_check(const struct version *v, const struct change *c)
{
	size_t found = 0;

	for (size_t i = 0; i < v->tables; i++) {
		uint64_t number = v->list[i]->meta.number;
		bool dropped = numbers_have(&c->drops, number);

		if (!dropped && numbers_have(&c->numbers, number))
			return status_set(LSM_CORRUPT,
			    "edit: table %llu is there already",
			    (unsigned long long)number);
		found += dropped;
	}
	if (found == c->drops.count)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "edit: drops %zu tables, %zu of them "
	    "are not there", c->drops.count, c->drops.count - found);
}

static struct version_table *
table_numbered(struct version_table *const *list, size_t count,
    uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (list[i]->meta.number == number)
			return list[i];
	return NULL;
}

/* The file of a table that was there under another place: the same bytes,
 * or the edit lies about them. */
static int
move_link(struct version_table *from, struct version_table *to)
{
	const struct table_meta *a = &from->meta, *b = &to->meta;

	if (a->size != b->size || a->sum != b->sum ||
	    !bytes_equal(a->smallest, b->smallest) ||
	    !bytes_equal(a->largest, b->largest))
		return status_set(LSM_CORRUPT,
		    "edit: table %llu is moved and is not the same",
		    (unsigned long long)b->number);
	to->origin = from->origin != NULL ? from->origin : from;
	version_table_ref(to->origin);
	return LSM_OK;
}

static int
moves_link(const struct version *base, const struct change *c)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < base->tables && rc == LSM_OK; i++) {
		struct version_table *t = base->list[i], *to;

		if (!numbers_have(&c->drops, t->meta.number) ||
		    !numbers_have(&c->numbers, t->meta.number))
			continue;
		to = table_numbered(c->added, c->added_count, t->meta.number);
		rc = move_link(t, to);
	}
	return rc;
}

/* Merge what stays with what comes. The list has room for both. */
static void
list_fill(const struct version *base, const struct change *c,
    struct version *v)
{
	size_t added = 0;

	for (size_t i = 0; i < base->tables; i++) {
		struct version_table *t = base->list[i];

		if (numbers_have(&c->drops, t->meta.number))
			continue;
		while (added < c->added_count &&
		    place_compare(c->added[added], t) < 0)
			v->list[v->tables++] = c->added[added++];
		v->list[v->tables++] = t;
	}
	while (added < c->added_count)
		v->list[v->tables++] = c->added[added++];
	for (size_t i = 0; i < v->tables; i++)
		version_table_ref(v->list[i]);
}

static bool
same_run(const struct version_table *a, const struct version_table *b)
{
	return a->level == b->level && a->run == b->run;
}

/* One entry per key in a run: its tables must not even touch. */
static int
runs_check(struct version *v)
{
	v->runs = v->tables > 0;
	for (size_t i = 1; i < v->tables; i++) {
		const struct version_table *a = v->list[i - 1];
		const struct version_table *b = v->list[i];

		if (!same_run(a, b))
			v->runs++;
		else if (bytes_compare(a->meta.largest, b->meta.smallest) >= 0)
			return status_set(LSM_CORRUPT, "edit: level %d: run "
			    "%llu: tables %llu and %llu overlap", a->level,
			    (unsigned long long)a->run,
			    (unsigned long long)a->meta.number,
			    (unsigned long long)b->meta.number);
	}
	return LSM_OK;
}

static void
run_extend(struct run *run, const struct version_table *t)
{
	run->count++;
	run->covering += t->meta.ranges > 0;
}

/* Cut the list into runs, and the runs into levels. */
static void
runs_cut(struct version *v)
{
	struct run *run = v->run_list;

	for (size_t i = 0; i < v->tables; i++) {
		struct version_table *t = v->list[i];
		struct level *level = &v->levels[t->level];

		level->bytes += t->meta.size;
		if (i == 0 || !same_run(v->list[i - 1], t)) {
			if (level->count++ == 0)
				level->runs = run;
			*run++ = (struct run){ .number = t->run,
				.tables = &v->list[i] };
		}
		run_extend(&run[-1], t);
	}
	assert(run == v->run_list + v->runs);
}

void
version_sort(struct version *v)
{
	if (v->tables > 0)
		qsort(v->list, v->tables, sizeof *v->list, place_compare_any);
}

int
version_cut(struct version *v)
{
	int rc;

	if ((rc = runs_check(v)) != LSM_OK)
		return rc;
	v->run_list = mem_alloc(v->runs * sizeof *v->run_list);
	if (v->run_list == NULL)
		return mem_exhausted(v->runs * sizeof *v->run_list);
	runs_cut(v);
	return LSM_OK;
}

static int
version_build(const struct version *base, const struct change *c,
    struct version *v)
{
	size_t room = base->tables + c->added_count;

	if ((v->list = mem_alloc(room * sizeof *v->list)) == NULL)
		return mem_exhausted(room * sizeof *v->list);
	list_fill(base, c, v);
	return version_cut(v);
}

int
version_apply(const struct version *base, const struct edit *e,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version **out)
{
	struct version *v = NULL;
	struct change c;
	int rc;

	*out = NULL;
	if ((rc = change_init(e, gone, arg, &c)) != LSM_OK ||
	    (rc = change_check(base, &c)) != LSM_OK ||
	    (rc = moves_link(base, &c)) != LSM_OK ||
	    (rc = version_new(&v)) != LSM_OK ||
	    (rc = version_build(base, &c, v)) != LSM_OK)
		goto done;
	v->edit = e->number;
	*out = v;
	v = NULL;
done:
	version_unref(v);
	change_release(&c);
	return rc;
}

/* Both lists are in the same order; what stayed has its number, and is shared
 * unless they were read one by one. A table that was moved lives on under its
 * other name. */
void
version_retire(const struct version *before, const struct version *after)
{
	size_t j = 0;

	for (size_t i = 0; i < before->tables; i++) {
		struct version_table *t = before->list[i];

		while (j < after->tables && after->list[j] != t &&
		    place_compare(after->list[j], t) < 0)
			j++;
		if ((j < after->tables &&
		    after->list[j]->meta.number == t->meta.number) ||
		    table_numbered(after->list, after->tables,
		    t->meta.number) != NULL)
			continue;
		t->died = after->edit;
		store_release(&t->dead, true);
	}
}
