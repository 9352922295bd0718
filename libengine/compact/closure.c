/*
 * closure.c - a set of tables that may be merged without breaking an order.
 *
 * The bounds grow from run to run, going from newer to older: a table that
 * joins is overlapped by older ones only as far as the bounds then reach, so
 * one walk closes the set downwards. Upwards it takes another walk for each
 * time that the bounds have grown.
 */
#include "compact/closure.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"

int
closure_init(struct closure *c, const struct version *v)
{
	size_t size = v->runs * sizeof *c->slices;

	*c = (struct closure){ .version = v };
	if ((c->slices = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	return LSM_OK;
}

void
closure_release(struct closure *c)
{
	mem_free(c->slices);
	*c = (struct closure){ 0 };
}

static void
bounds_extend(struct closure *c, struct bytes smallest, struct bytes largest)
{
	if (bytes_compare(smallest, c->smallest) < 0)
		c->smallest = smallest;
	if (bytes_compare(largest, c->largest) > 0)
		c->largest = largest;
}

static void
slice_add(struct closure *c, const struct run *run, size_t first, size_t end)
{
	assert(first < end && end <= run->count);
	assert(c->count < c->version->runs);
	bounds_extend(c, run->tables[first]->meta.smallest,
	    run->tables[end - 1]->meta.largest);
	c->slices[c->count++] = (struct slice){ run, first, end };
	c->tables += end - first;
	for (size_t i = first; i < end; i++)
		c->bytes += run->tables[i]->meta.size;
}

/* What of the run lies within the bounds. */
static void
run_add(struct closure *c, const struct run *run)
{
	size_t first = run_find(run, c->smallest), end = first;

	while (end < run->count && bytes_compare(
	    run->tables[end]->meta.smallest, c->largest) <= 0)
		end++;
	if (first < end)
		slice_add(c, run, first, end);
}

/* No tables; the bounds stay. */
static void
empty(struct closure *c)
{
	c->count = c->tables = 0;
	c->bytes = 0;
}

void
closure_begin(struct closure *c, int level, size_t run, size_t first,
    size_t end)
{
	const struct level *l = &c->version->levels[level];

	empty(c);
	c->smallest = l->runs[run].tables[first]->meta.smallest;
	c->largest = l->runs[run].tables[first]->meta.largest;
	slice_add(c, &l->runs[run], first, end);
	for (size_t i = run + 1; i < l->count; i++)
		run_add(c, &l->runs[i]);
}

void
closure_add_level(struct closure *c, int level)
{
	const struct level *l = &c->version->levels[level];

	for (size_t i = 0; i < l->count; i++)
		run_add(c, &l->runs[i]);
}

void
closure_settle(struct closure *c, int level, size_t run, size_t first,
    size_t end)
{
	size_t before;

	closure_begin(c, level, run, first, end);
	do {
		before = c->tables;
		empty(c);
		closure_add_level(c, level);
	} while (c->tables != before);
}

struct closure_mark
closure_mark(const struct closure *c)
{
	return (struct closure_mark){ c->count, c->tables, c->smallest,
		c->largest, c->bytes };
}

void
closure_return(struct closure *c, const struct closure_mark *m)
{
	c->count = m->count;
	c->tables = m->tables;
	c->smallest = m->smallest;
	c->largest = m->largest;
	c->bytes = m->bytes;
}

bool
closure_has(const struct closure *c, uint64_t number)
{
	for (size_t i = 0; i < c->count; i++)
		for (size_t j = c->slices[i].first; j < c->slices[i].end; j++)
			if (c->slices[i].run->tables[j]->meta.number == number)
				return true;
	return false;
}

int
closure_list(const struct closure *c, struct version_table ***list,
    size_t *count)
{
	size_t size = c->tables * sizeof(struct version_table *), n = 0;

	*count = 0;
	if ((*list = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	for (size_t i = 0; i < c->count; i++)
		for (size_t j = c->slices[i].first; j < c->slices[i].end; j++)
			(*list)[n++] = c->slices[i].run->tables[j];
	assert(n == c->tables);
	*count = n;
	return LSM_OK;
}

/* The slice of the run, or NULL. */
static const struct slice *
slice_of(const struct closure *c, const struct run *run)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->slices[i].run == run)
			return &c->slices[i];
	return NULL;
}

/* Nothing of the run lies within the bounds but what is in the set. */
static bool
run_covered(const struct closure *c, const struct run *run)
{
	const struct slice *s = slice_of(c, run);
	size_t at = run_find(run, c->smallest);

	if (s != NULL && s->first != at)
		return false;
	if (s != NULL)
		at = s->end;
	return at == run->count || bytes_compare(
	    run->tables[at]->meta.smallest, c->largest) > 0;
}

uint64_t
closure_join(const struct closure *c, int level)
{
	const struct level *l = &c->version->levels[level];
	uint64_t joined = 0;

	/* The oldest run that was merged takes all: what a newer one of the
	 * level has within the bounds is newer than the set as well. */
	for (size_t i = l->count; i-- > 0;)
		if (slice_of(c, &l->runs[i]) != NULL)
			return run_covered(c, &l->runs[i]) ?
			    l->runs[i].number : 0;
	for (size_t i = 0; i < l->count; i++) {
		if (!run_covered(c, &l->runs[i]))
			break;
		joined = l->runs[i].number;
	}
	return joined;
}
