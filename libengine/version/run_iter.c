/*
 * run_iter.c - the tables of one run as one iterator.
 *
 * One table is open at a time, opened when the walk comes to it: a seek into
 * a run of thousands costs one. Of a run that is walked within a range the
 * tables outside are as if they were not there. An error leaves the iterator
 * nowhere; the next seek begins afresh.
 */
#include "version/version.h"

#include <assert.h>

#include "base/alloc.h"

struct run_iter {
	struct iter iter;
	struct version *version;
	const struct run *run;
	struct table_cache *cache;
	unsigned flags;
	const struct range *within;	/* or NULL: everything */
	size_t first, end;	/* tables that are walked */
	size_t at;		/* which table is open */
	struct iter *table;	/* NULL: none */
};

const struct version_table *
run_iter_table(const struct iter *it)
{
	const struct run_iter *r = (const struct run_iter *)it;

	return r->run->tables[r->at];
}

static void
leave(struct run_iter *r)
{
	iter_free(r->table);
	r->table = NULL;
	r->iter.valid = false;
}

/* Show what the open table shows, and pass its result on. */
static int
show(struct run_iter *r, int rc)
{
	if (rc != LSM_OK) {
		leave(r);
		return rc;
	}
	r->iter.valid = r->table->valid;
	r->iter.entry = r->table->entry;
	return LSM_OK;
}

static int
enter(struct run_iter *r, size_t at)
{
	int rc;

	assert(at >= r->first && at < r->end);
	if (r->table != NULL && r->at == at)
		return LSM_OK;
	leave(r);
	r->at = at;
	if ((rc = table_cache_iter(r->cache, &r->run->tables[at]->meta,
	    r->flags, &r->table)) == LSM_OK && r->within != NULL)
		table_iter_within(r->table, r->within);
	return rc;
}

static int
nowhere(struct run_iter *r)
{
	r->iter.valid = false;
	return LSM_OK;
}

/* The open table has no more: on to the next that has something. */
static int
forward(struct run_iter *r)
{
	int rc = LSM_OK;

	while (rc == LSM_OK && !r->iter.valid && r->at + 1 < r->end)
		if ((rc = enter(r, r->at + 1)) == LSM_OK)
			rc = show(r, iter_first(r->table));
	return rc;
}

static int
backward(struct run_iter *r)
{
	int rc = LSM_OK;

	while (rc == LSM_OK && !r->iter.valid && r->at > r->first)
		if ((rc = enter(r, r->at - 1)) == LSM_OK)
			rc = show(r, iter_last(r->table));
	return rc;
}

static struct run_iter *
run_iter(struct iter *it)
{
	return (struct run_iter *)it;
}

static int
run_iter_seek(struct iter *it, struct bytes key)
{
	struct run_iter *r = run_iter(it);
	const struct range *within = r->within;
	size_t at;
	int rc;

	if (within != NULL && bytes_compare(key, within->to) >= 0)
		return nowhere(r);
	if (within != NULL && bytes_compare(key, within->from) < 0)
		key = within->from;
	if ((at = run_find(r->run, key)) >= r->end)
		return nowhere(r);
	if ((rc = enter(r, at)) != LSM_OK ||
	    (rc = show(r, iter_seek(r->table, key))) != LSM_OK)
		return rc;
	return forward(r);
}

static int
run_iter_seek_before(struct iter *it, struct bytes key)
{
	struct run_iter *r = run_iter(it);
	const struct range *within = r->within;
	size_t end;
	int rc;

	if (within != NULL && bytes_compare(key, within->from) <= 0)
		return nowhere(r);
	if (within != NULL && bytes_compare(key, within->to) > 0)
		key = within->to;
	end = run_find(r->run, key);
	if (end < r->run->count && bytes_compare(
	    r->run->tables[end]->meta.smallest, key) < 0)
		end++;
	if (end <= r->first)
		return nowhere(r);
	if ((rc = enter(r, end - 1)) != LSM_OK ||
	    (rc = show(r, iter_seek_before(r->table, key))) != LSM_OK)
		return rc;
	return backward(r);
}

static int
run_iter_first(struct iter *it)
{
	struct run_iter *r = run_iter(it);
	int rc;

	if (r->within != NULL)
		return run_iter_seek(it, r->within->from);
	if ((rc = enter(r, 0)) != LSM_OK ||
	    (rc = show(r, iter_first(r->table))) != LSM_OK)
		return rc;
	return forward(r);
}

static int
run_iter_last(struct iter *it)
{
	struct run_iter *r = run_iter(it);
	int rc;

	if (r->within != NULL)
		return run_iter_seek_before(it, r->within->to);
	if ((rc = enter(r, r->run->count - 1)) != LSM_OK ||
	    (rc = show(r, iter_last(r->table))) != LSM_OK)
		return rc;
	return backward(r);
}

static int
run_iter_next(struct iter *it)
{
	struct run_iter *r = run_iter(it);
	int rc;

	assert(it->valid);
	rc = show(r, iter_next(r->table));
	return rc == LSM_OK && !it->valid ? forward(r) : rc;
}

static int
run_iter_prev(struct iter *it)
{
	struct run_iter *r = run_iter(it);
	int rc;

	assert(it->valid);
	rc = show(r, iter_prev(r->table));
	return rc == LSM_OK && !it->valid ? backward(r) : rc;
}

static void
run_iter_free(struct iter *it)
{
	struct run_iter *r = run_iter(it);

	leave(r);
	version_unref(r->version);
	mem_free(r);
}

int
run_iter_new(struct version *v, const struct run *run,
    struct table_cache *cache, unsigned flags, struct iter **out)
{
	static const struct iter_ops ops = {
		.free = run_iter_free,
		.first = run_iter_first,
		.last = run_iter_last,
		.seek = run_iter_seek,
		.seek_before = run_iter_seek_before,
		.next = run_iter_next,
		.prev = run_iter_prev,
	};
	struct run_iter *r;

	assert(run->count > 0);
	*out = NULL;
	if ((r = mem_zalloc(sizeof *r)) == NULL)
		return mem_exhausted(sizeof *r);
	version_ref(v);
	r->iter.ops = &ops;
	r->version = v;
	r->run = run;
	r->end = run->count;
	r->cache = cache;
	r->flags = flags;
	*out = &r->iter;
	return LSM_OK;
}

void
run_iter_within(struct iter *it, const struct range *within)
{
	struct run_iter *r = run_iter(it);

	r->within = within;
	run_window(r->run, within, &r->first, &r->end);
}
