/*
 * pick_covered.c - tables that a newer run's range deletes cover wholly.
 *
 * From the newest run on: its tables are asked against what the runs before
 * it cover, then its own range deletes join. A table that is dropped may have
 * range deletes too; what they cover is covered by those that cover it.
 */
#include "compact/pick_covered.h"

#include "base/alloc.h"
#include "base/status.h"
#include "compact/sweep.h"

/* The highest number of a table that has range deletes; 0: there is none. */
static uint64_t
newest_covering(const struct version *v)
{
	uint64_t newest = 0;

	for (size_t i = 0; i < v->tables; i++) {
		const struct table_meta *m = &v->list[i]->meta;

		if (m->ranges > 0 && m->number > newest)
			newest = m->number;
	}
	return newest;
}

/* Is it read, or in the way of what is being written? */
static bool
busy(const struct pick_options *o, const struct version_table *t)
{
	for (size_t i = 0; i < o->jobs_count; i++) {
		const struct pick_job *job = &o->jobs[i];

		if (job->from <= t->level && t->level <= job->level &&
		    bytes_compare(job->smallest, t->meta.largest) <= 0 &&
		    bytes_compare(job->largest, t->meta.smallest) >= 0)
			return true;
	}
	return false;
}

static void
plan_add(struct plan *p, struct version_table *t)
{
	const struct table_meta *m = &t->meta;

	if (p->count == 0) {
		p->from = t->level;
		p->smallest = m->smallest;
		p->largest = m->largest;
	}
	p->level = t->level;	/* runs come level by level */
	if (bytes_compare(m->smallest, p->smallest) < 0)
		p->smallest = m->smallest;
	if (bytes_compare(m->largest, p->largest) > 0)
		p->largest = m->largest;
	p->inputs[p->count++] = t;
}

/* *left: one is covered, and busy. */
static int
run_ask(struct sweep *s, const struct run *run, const struct pick_options *o,
    struct plan *p, bool *left)
{
	int rc = LSM_OK;
	bool all;

	for (size_t i = 0; i < run->count && rc == LSM_OK; i++) {
		struct version_table *t = run->tables[i];

		rc = sweep_covers(s, s->count, t->meta.smallest,
		    t->meta.largest, t->meta.sequence_max, &all);
		if (rc != LSM_OK || !all)
			continue;
		if (busy(o, t))
			*left = true;
		else
			plan_add(p, t);
	}
	return rc;
}

static int
runs_ask(struct sweep *s, const struct version *v,
    const struct pick_options *o, struct table_cache *cache, struct plan *p,
    bool *left)
{
	int rc = sweep_init(s, v->runs);

	for (size_t i = 0; i < v->runs && rc == LSM_OK; i++) {
		const struct run *run = &v->run_list[i];

		if (s->count > 0 &&
		    (rc = run_ask(s, run, o, p, left)) != LSM_OK)
			break;
		if (run->covering == 0)
			continue;
		rc = run_cover_new(run, cache, &s->covers[s->count]);
		s->count += rc == LSM_OK;
	}
	return rc;
}

int
pick_covered(const struct version *v, const struct pick_options *o,
    struct table_cache *cache, uint64_t *seen, bool *any, struct plan *p)
{
	size_t size = v->tables * sizeof(struct version_table *);
	uint64_t newest = newest_covering(v);
	struct sweep s = { 0 };
	bool left = false;
	int rc;

	*any = false;
	*p = (struct plan){ .drop = true };
	if (newest <= *seen)
		return LSM_OK;
	if ((p->inputs = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	rc = runs_ask(&s, v, o, cache, p, &left);
	sweep_release(&s);
	if (rc != LSM_OK && rc != LSM_CORRUPT)
		return rc;
	*any = p->count > 0;
	if (!left && !*any)
		*seen = newest;
	return LSM_OK;
}
