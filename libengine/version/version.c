/*
 * version.c - which tables make up the database, and asking them.
 *
 *   list:      tables in the order of (level, newest run, smallest key)
 *   run_list:  the runs, each a slice of list
 *   levels:    each a slice of run_list
 *
 * A version never changes, so any number of threads may read one. References
 * are atomic; a table is shared by all versions that have it.
 */
#include "version/tables.h"

#include <assert.h>

#include "base/alloc.h"

int
version_new(struct version **out)
{
	struct version *v = mem_zalloc(sizeof *v);

	*out = v;
	if (v == NULL)
		return mem_exhausted(sizeof *v);
	v->refs = 1;
	return LSM_OK;
}

void
version_ref(struct version *v)
{
	atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
}

/* Release on the way down and acquire at the end: whoever frees has seen
 * everything the others did with it. */
static bool
last_reference(_Atomic uint32_t *refs)
{
	uint32_t before;

	sync_point();
	before = atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel);
	assert(before > 0);
	return before == 1;
}

void
version_unref(struct version *v)
{
	if (v == NULL || !last_reference(&v->refs))
		return;
	for (size_t i = 0; i < v->tables; i++)
		version_table_unref(v->list[i]);
	mem_free(v->list);
	mem_free(v->run_list);
	mem_free(v);
}

int
version_table_take(struct edit_add *add,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version_table **out)
{
	struct version_table *t = mem_zalloc(sizeof *t);

	*out = t;
	if (t == NULL)
		return mem_exhausted(sizeof *t);
	t->refs = 1;
	t->meta = add->meta;
	add->meta.keys = NULL;
	t->level = add->level;
	t->run = add->run;
	t->hides = add->hides;
	t->gone = gone;
	t->gone_arg = arg;
	return LSM_OK;
}

int
version_table_new(const struct edit_add *add,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version_table **out)
{
	struct edit_add copy = *add;
	int rc;

	*out = NULL;
	if ((rc = table_meta_copy(&copy.meta, &add->meta)) == LSM_OK)
		rc = version_table_take(&copy, gone, arg, out);
	table_meta_release(&copy.meta);
	return rc;
}

void
version_table_ref(struct version_table *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
}

void
version_table_unref(struct version_table *t)
{
	if (t == NULL || !last_reference(&t->refs))
		return;
	if (load_acquire(&t->dead) && t->origin != NULL) {
		t->origin->died = t->died;
		store_release(&t->origin->dead, true);
	} else if (load_acquire(&t->dead) && t->gone != NULL)
		t->gone(t->gone_arg, t);
	version_table_unref(t->origin);
	table_meta_release(&t->meta);
	mem_free(t);
}

struct version_table *
version_table_find(const struct version *v, uint64_t number)
{
	for (size_t i = 0; i < v->tables; i++)
		if (v->list[i]->meta.number == number)
			return v->list[i];
	return NULL;
}

size_t
run_find(const struct run *run, struct bytes key)
{
	size_t low = 0, n = run->count;

	while (n > 0) {
		size_t half = n / 2;

		if (bytes_compare(run->tables[low + half]->meta.largest,
		    key) < 0) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

bool
run_overlaps(const struct run *run, struct bytes smallest,
    struct bytes largest)
{
	size_t at = run_find(run, smallest);

	return at < run->count &&
	    bytes_compare(run->tables[at]->meta.smallest, largest) <= 0;
}

void
run_window(const struct run *run, const struct range *range, size_t *first,
    size_t *end)
{
	*first = run_find(run, range->from);
	*end = run_find(run, range->to);
	if (*end < run->count && bytes_compare(
	    run->tables[*end]->meta.smallest, range->to) < 0)
		++*end;
	if (*end < *first)		/* the range holds nothing */
		*end = *first;
}

struct version_table *
run_table(const struct run *run, struct bytes key)
{
	size_t at = run_find(run, key);

	if (at == run->count ||
	    bytes_compare(run->tables[at]->meta.smallest, key) > 0)
		return NULL;
	return run->tables[at];
}

static int
table_ask(struct table_cache *cache, const struct version_table *t,
    struct bytes key, uint64_t hash, enum kind *kind, uint64_t *sequence,
    struct buffer *value)
{
	struct table *table;
	int rc;

	if ((rc = table_cache_get(cache, &t->meta, &table)) != LSM_OK)
		return rc;
	rc = table_get(table, key, hash, kind, sequence, value);
	table_cache_release(cache, table);
	return rc;
}

int
version_get(const struct version *v, struct table_cache *cache,
    struct bytes key, uint64_t hash, enum kind *kind, uint64_t *sequence,
    struct buffer *value, uint64_t *asked)
{
	const struct run *end = v->run_list + v->runs;
	int rc;

	for (const struct run *run = v->run_list; run < end; run++) {
		const struct version_table *t = run_table(run, key);

		if (t == NULL)
			continue;
		++*asked;
		rc = table_ask(cache, t, key, hash, kind, sequence, value);
		if (rc != LSM_NOTFOUND)
			return rc;
	}
	return LSM_NOTFOUND;
}
