/*
 * estimate.c - about how much a range holds, without a walk over it.
 *
 * Of each run at most two tables are covered in part: theirs is the only index
 * that is asked. Deletes are taken off, as each hides a put somewhere.
 */
#include "db/db.h"

struct asked {
	struct bytes from, to;
	bool has_from, has_to;
	double records, bytes, disk_bytes;
};

static void
bound_take(lsm_slice s, struct bytes *bound, bool *has)
{
	*has = s.data != NULL;
	*bound = bytes(s.data, s.size);
}

static bool
inside(const struct asked *a, struct bytes key)
{
	return (!a->has_from || bytes_compare(key, a->from) >= 0) &&
	    (!a->has_to || bytes_compare(key, a->to) < 0);
}

static int
memory_add(struct memtable *mem, uint64_t sequence, struct asked *a)
{
	struct iter *it;
	int rc = memtable_iter_new(mem, sequence, &it);

	if (rc != LSM_OK)
		return rc;
	rc = a->has_from ? iter_seek(it, a->from) : iter_first(it);
	while (rc == LSM_OK && it->valid && inside(a, it->entry.key)) {
		if (it->entry.kind == KIND_PUT) {
			a->records++;
			a->bytes += (double)it->entry.key.n +
			    (double)it->entry.value.n;
		} else {
			a->records--;
		}
		rc = iter_next(it);
	}
	iter_free(it);
	return rc;
}

/* The share of a table below a bound; all of it when there is none. */
static int
share_below(struct table *t, const struct table_meta *m, struct bytes bound,
    double *share)
{
	*share = bytes_compare(bound, m->largest) > 0;
	if (*share > 0 || bytes_compare(bound, m->smallest) <= 0)
		return LSM_OK;
	return table_share_below(t, bound, share);
}

/* A table that holds a bound of the range. */
static int
table_share(struct lsm_db *db, const struct table_meta *m,
    const struct asked *a, double *share)
{
	double below = 0, end = 1;
	struct table *t;
	int rc = table_cache_get(db->tables, m, &t);

	*share = 0;
	if (rc != LSM_OK)
		return rc;
	if (a->has_from)
		rc = share_below(t, m, a->from, &below);
	if (rc == LSM_OK && a->has_to)
		rc = share_below(t, m, a->to, &end);
	if (end > below)
		*share = end - below;
	table_cache_release(db->tables, t);
	return rc;
}

static int
table_add(struct lsm_db *db, const struct table_meta *m, struct asked *a)
{
	bool all = inside(a, m->smallest) && inside(a, m->largest);
	double share = 1;
	int rc = all ? LSM_OK : table_share(db, m, a, &share);

	a->records += share *
	    ((double)m->entries - 2 * (double)m->deletes);
	a->bytes += share * (double)m->data;
	a->disk_bytes += share * (double)m->size;
	return rc;
}

static int
run_add(struct lsm_db *db, const struct run *r, struct asked *a)
{
	size_t i = a->has_from ? run_find(r, a->from) : 0;
	int rc = LSM_OK;

	for (; rc == LSM_OK && i < r->count && (!a->has_to || bytes_compare(
	    r->tables[i]->meta.smallest, a->to) < 0); i++)
		rc = table_add(db, &r->tables[i]->meta, a);
	return rc;
}

static int
view_add(struct lsm_db *db, struct view *v, uint64_t sequence, struct asked *a)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < v->count && rc == LSM_OK; i++)
		rc = memory_add(v->generations[i].mem, sequence, a);
	for (size_t i = 0; i < v->version->runs && rc == LSM_OK; i++)
		rc = run_add(db, &v->version->run_list[i], a);
	return view_judge(v, rc);
}

int
lsm_range_estimate(lsm_db *db, const lsm_range *range, lsm_estimate *out)
{
	struct asked a = { .records = 0 };
	uint64_t sequence;
	struct view *v;
	int rc;

	*out = (lsm_estimate){ 0 };
	if ((rc = db_readable(db)) != LSM_OK)
		return rc;
	if (range != NULL) {
		bound_take(range->from, &a.from, &a.has_from);
		bound_take(range->to, &a.to, &a.has_to);
	}
	v = view_now(db, &sequence);
	rc = view_add(db, v, sequence, &a);
	view_unref(v);
	if (rc != LSM_OK)
		return rc;
	out->records = a.records > 0 ? (uint64_t)a.records : 0;
	out->bytes = (uint64_t)a.bytes;
	out->disk_bytes = (uint64_t)a.disk_bytes;
	return LSM_OK;
}
