/*
 * pick_hand.c - what to compact when somebody asks for it.
 *
 * A range sinks from level to level, so that no job is larger than it must
 * be; in the deepest level that has any of it, tables that hold deletes are
 * written once more, without them.
 */
#include "compact/pick.h"

#include "base/alloc.h"
#include "base/status.h"
#include "compact/closure.h"

/* All tables; a version lists them newest run first already. */
static int
plan_all(const struct version *v, const struct pick_options *o,
    struct plan *p)
{
	size_t size = v->tables * sizeof(struct version_table *);
	struct shape shape;

	if ((p->inputs = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	memcpy(p->inputs, v->list, size);
	p->count = v->tables;
	p->level = LEVEL_LAST;
	p->smallest = v->list[0]->meta.smallest;
	p->largest = v->list[0]->meta.largest;
	for (size_t i = 1; i < v->tables; i++) {
		const struct table_meta *m = &v->list[i]->meta;

		if (bytes_compare(m->smallest, p->smallest) < 0)
			p->smallest = m->smallest;
		if (bytes_compare(m->largest, p->largest) > 0)
			p->largest = m->largest;
	}
	shape_of(v, &o->shape, &shape);
	p->table_size = shape_table_size(&shape, LEVEL_LAST);
	return LSM_OK;
}

/* One run of the last level that holds no delete: nothing to win. */
static bool
is_compact(const struct version *v)
{
	if (v->runs > 1 || v->levels[LEVEL_LAST].count != v->runs)
		return false;
	for (size_t i = 0; i < v->tables; i++)
		if (table_deletes(v->list[i]) > 0)
			return false;
	return true;
}

int
pick_everything(const struct version *v, const struct pick_options *o,
    bool *any, struct plan *p)
{
	int rc;

	*any = false;
	*p = (struct plan){ 0 };
	if (is_compact(v))
		return LSM_OK;
	if ((rc = plan_all(v, o, p)) == LSM_OK)
		*any = true;
	return rc;
}

static bool
in_range(const struct pick_range *r, const struct version_table *t)
{
	return (r->to.p == NULL ||
	    bytes_compare(t->meta.smallest, r->to) < 0) &&
	    (r->from.p == NULL ||
	    bytes_compare(t->meta.largest, r->from) >= 0);
}

/* Tables of the run that lie in the range: they stand together. */
static bool
range_slice(const struct pick_range *r, const struct run *run, size_t *first,
    size_t *end)
{
	*first = 0;
	while (*first < run->count && !in_range(r, run->tables[*first]))
		++*first;
	*end = *first;
	while (*end < run->count && in_range(r, run->tables[*end]))
		++*end;
	return *first < *end;
}

/* Is anything in the slice that was there at the beginning? Or, where it
 * stays in its level, a delete? */
static bool
slice_wanted(const struct pick_range *r, const struct run *run, size_t first,
    size_t end, bool deepest)
{
	for (size_t i = first; i < end; i++) {
		const struct version_table *t = run->tables[i];

		if (deepest ?
		    table_deletes(t) > 0 && t->meta.number < r->number :
		    t->meta.sequence_min <= r->sequence)
			return true;
	}
	return false;
}

static int
level_below(const struct version *v, int level)
{
	int next = level + 1;

	while (next < LEVELS_MAX && v->levels[next].count == 0)
		next++;
	return next;
}

/* Close the part of the range that lies in the deepest level that has any:
 * where runs overlap, or deletes are left. */
static bool
range_settle(struct closure *set, const struct pick_range *r, int level)
{
	const struct level *l = &set->version->levels[level];
	size_t first, end;

	for (size_t i = 0; i < l->count; i++) {
		const struct run *run = &l->runs[i];

		if (!range_slice(r, run, &first, &end) ||
		    !closure_settle(set, level, i, first, end))
			continue;
		if (slice_wanted(r, run, first, end, true) ||
		    (set->count > 1 &&
		    slice_wanted(r, run, first, end, false)))
			return true;
	}
	return false;
}

/* Close what sinks from a level to the one below. */
static bool
range_sink(struct closure *set, const struct pick_range *r, int level,
    int below)
{
	const struct level *l = &set->version->levels[level];
	size_t first, end;

	for (size_t i = 0; i < l->count; i++) {
		if (!range_slice(r, &l->runs[i], &first, &end) ||
		    !slice_wanted(r, &l->runs[i], first, end, false))
			continue;
		closure_begin(set, level, i, first, end);
		closure_add_level(set, below);
		return true;
	}
	return false;
}

/* Damage in the range is for the merge to meet, and to tell of. That of
 * others is passed by. Returns how many. */
static size_t
avoid_outside(const struct version *v, const struct pick_options *o,
    const struct pick_range *r, uint64_t *avoid)
{
	size_t n = 0;

	for (size_t i = 0; i < o->avoid_count; i++) {
		const struct version_table *t =
		    version_table_find(v, o->avoid[i]);

		if (t != NULL && !in_range(r, t))
			avoid[n++] = o->avoid[i];
	}
	return n;
}

static int
plan_range(const struct closure *set, const struct pick_options *o, int from,
    int level, struct plan *p)
{
	struct shape shape;

	shape_of(set->version, &o->shape, &shape);
	*p = (struct plan){
		.from = from,
		.level = level,
		.run = closure_join(set, level),
		.smallest = set->smallest,
		.largest = set->largest,
		.table_size = shape_table_size(&shape, level),
	};
	return closure_list(set, &p->inputs, &p->count);
}

int
pick_range(const struct version *v, const struct pick_options *o,
    const struct pick_range *r, bool *any, struct plan *p)
{
	size_t size = o->avoid_count * sizeof *o->avoid;
	uint64_t *avoid = mem_alloc(size);
	struct closure set;
	int rc;

	*any = false;
	*p = (struct plan){ 0 };
	if (avoid == NULL)
		return mem_exhausted(size);
	rc = closure_init(&set, v, avoid, avoid_outside(v, o, r, avoid));
	for (int i = 0; i < LEVELS_MAX && !*any && rc == LSM_OK; i++) {
		int below = level_below(v, i);

		*any = below < LEVELS_MAX ? range_sink(&set, r, i, below) :
		    range_settle(&set, r, i);
		if (*any)
			rc = plan_range(&set, o, i,
			    below < LEVELS_MAX ? below : i, p);
	}
	*any &= rc == LSM_OK;
	closure_release(&set);
	mem_free(avoid);
	return rc;
}
