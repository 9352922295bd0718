/*
 * run_cover.c - the range deletes of one run, for a walk.
 *
 * One table is held at a time: the one that covers the key, or where the key
 * would lie. Tables without range deletes are not opened.
 */
#include "base/alloc.h"
#include "version/version.h"

struct run_cover {
	struct cover cover;
	const struct run *run;
	struct table_cache *cache;
	size_t first, end;	/* tables that may cover something */
	struct table *table;	/* that the span's bounds lie in; NULL: none */
	size_t at;		/* which it is */
	uint8_t gap[BOUND_MAX];	/* right behind the table before a gap */
};

static void
leave(struct run_cover *r)
{
	if (r->table != NULL)
		table_cache_release(r->cache, r->table);
	r->table = NULL;
}

static int
enter(struct run_cover *r, size_t at)
{
	int rc;

	if (r->table != NULL && r->at == at)
		return LSM_OK;
	leave(r);
	rc = table_cache_get(r->cache, &r->run->tables[at]->meta, &r->table);
	r->at = at;
	if (rc != LSM_OK)
		r->table = NULL;
	return rc;
}

/* From behind the upper bound of the table before, if any. */
static struct bytes
gap_from(struct run_cover *r, size_t at)
{
	struct bytes largest;

	if (at == 0)
		return bytes("", 0);
	largest = r->run->tables[at - 1]->meta.largest;
	if (largest.n)
		memcpy(r->gap, largest.p, largest.n);
	r->gap[largest.n] = 0;
	return bytes(r->gap, largest.n + 1);
}

static struct bytes
smallest(const struct run *run, size_t at)
{
	return at < run->count ? run->tables[at]->meta.smallest : bound_end();
}

/* A table without range deletes that count is a gap as well. */
static int
run_cover_find(struct cover *cover, struct bytes key, struct range *span)
{
	struct run_cover *r = (struct run_cover *)cover;
	const struct run *run = r->run;
	size_t at = run_find(run, key);
	struct range own;
	int rc;

	if (bytes_compare(key, smallest(run, at)) < 0) {
		*span = (struct range){ gap_from(r, at), smallest(run, at),
			0 };
		return LSM_OK;
	}
	*span = (struct range){ smallest(run, at), smallest(run, at + 1), 0 };
	if (run->tables[at]->meta.ranges == 0 || at < r->first || at >= r->end)
		return LSM_OK;
	if ((rc = enter(r, at)) != LSM_OK)
		return rc;
	table_cover(r->table, key, &own);
	range_narrow(span, &own);
	return LSM_OK;
}

static void
run_cover_free(struct cover *cover)
{
	leave((struct run_cover *)cover);
	mem_free(cover);
}

int
run_cover_new(const struct run *run, struct table_cache *cache,
    struct cover **out)
{
	static const struct cover_ops ops = {
		.free = run_cover_free,
		.find = run_cover_find,
	};
	struct run_cover *r = mem_zalloc(sizeof *r);

	*out = NULL;
	if (r == NULL)
		return mem_exhausted(sizeof *r);
	r->cover.ops = &ops;
	r->run = run;
	r->end = run->count;
	r->cache = cache;
	*out = &r->cover;
	return LSM_OK;
}

void
run_cover_within(struct cover *cover, const struct range *range)
{
	struct run_cover *r = (struct run_cover *)cover;

	run_window(r->run, range, &r->first, &r->end);
}
