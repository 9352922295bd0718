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
closure_init(struct closure *c, const struct version *v,
    const uint64_t *avoid, size_t avoid_count)
{
	size_t size = v->runs * sizeof *c->slices;

	*c = (struct closure){ .version = v, .avoid = avoid,
		.avoid_count = avoid_count };
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
static struct slice
run_within(const struct closure *c, const struct run *run)
{
	size_t first = run_find(run, c->smallest), end = first;

	while (end < run->count && bytes_compare(
	    run->tables[end]->meta.smallest, c->largest) <= 0)
		end++;
	return (struct slice){ run, first, end };
}

static bool
slice_damaged(const struct closure *c, const struct slice *s)
{
	for (size_t i = 0; i < c->avoid_count; i++)
		for (size_t j = s->first; j < s->end; j++)
			if (s->run->tables[j]->meta.number == c->avoid[i])
				return true;
	return false;
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
	for (size_t i = run + 1; i < l->count; i++) {
		struct slice s = run_within(c, &l->runs[i]);

		if (s.first < s.end)
			slice_add(c, s.run, s.first, s.end);
	}
}

void
closure_add_level(struct closure *c, int level)
{
	const struct level *l = &c->version->levels[level];

	for (size_t i = 0; i < l->count; i++) {
		struct slice s = run_within(c, &l->runs[i]);

		if (s.first == s.end)
			continue;
		if (slice_damaged(c, &s))
			return;
		slice_add(c, s.run, s.first, s.end);
	}
}

/* Walks until one leaves the bounds as they were: then each run was asked
 * with all of them. */
bool
closure_settle(struct closure *c, int level, size_t run, size_t first,
    size_t end)
{
	const struct level *l = &c->version->levels[level];
	struct bytes smallest, largest;

	closure_begin(c, level, run, first, end);
	do {
		smallest = c->smallest;
		largest = c->largest;
		empty(c);
		closure_add_level(c, level);
	} while (!bytes_equal(smallest, c->smallest) ||
	    !bytes_equal(largest, c->largest));
	return slice_of(c, &l->runs[run]) != NULL;
}

bool
closure_damaged(const struct closure *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (slice_damaged(c, &c->slices[i]))
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
