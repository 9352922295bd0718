/*
 * sources.c - all that a view holds, merged for a walk.
 *
 * Memtables and runs, newest first. A source is veiled by its own range
 * deletes and by those of all newer ones, each asked through a cover of its
 * own, as each source stands elsewhere. Where nobody has range deletes, which
 * is usual, there are no veils.
 */
#include "db/sources.h"

#include "base/alloc.h"
#include "kv/merge_iter.h"
#include "kv/veil_iter.h"

struct sources {
	struct lsm_db *db;
	struct view *view;
	uint64_t sequence;
	const struct range *within;	/* or NULL: everything */
	struct iter **iters;
	size_t count;			/* of them */
	size_t *covering;		/* sources that have range deletes, */
	size_t covering_count;		/* newest first */
	struct cover **covers;		/* of the source that is made */
};

static struct memtable *
memtable_at(const struct sources *s, size_t source)
{
	return s->view->generations[s->view->count - 1 - source].mem;
}

/* Sources are numbered from the newest: memtables, then runs. */
static int
cover_new(const struct sources *s, size_t source, struct cover **out)
{
	size_t memtables = s->view->count;
	int rc;

	if (source < memtables)
		return memtable_cover_new(memtable_at(s, source), s->sequence,
		    out);
	rc = run_cover_new(&s->view->version->run_list[source - memtables],
	    s->db->tables, out);
	if (rc == LSM_OK && s->within != NULL)
		run_cover_within(*out, s->within);
	return rc;
}

/* Takes the entries. */
static int
veil(struct sources *s, struct iter *entries, size_t source)
{
	size_t n = 0;
	bool own;
	int rc = LSM_OK;

	while (rc == LSM_OK && n < s->covering_count)
		if ((rc = cover_new(s, s->covering[n], &s->covers[n])) ==
		    LSM_OK)
			n++;
	if (rc != LSM_OK) {
		iter_free(entries);
		while (n > 0)
			cover_free(s->covers[--n]);
		return rc;
	}
	own = n > 0 && s->covering[n - 1] == source;
	rc = veil_iter_new(entries, s->covers, n, own, &s->iters[s->count]);
	s->count += rc == LSM_OK;
	return rc;
}

/* What is empty now holds nothing that is visible at the sequence, whatever
 * is put into it later. */
static int
memtable_add(struct sources *s, size_t source)
{
	struct memtable *m = memtable_at(s, source);
	struct iter *entries;
	int rc;

	if (memtable_ranges(m) > 0)
		s->covering[s->covering_count++] = source;
	if (memtable_entries(m) == 0)
		return LSM_OK;
	rc = memtable_iter_new(m, s->sequence, &entries);
	return rc == LSM_OK ? veil(s, entries, source) : rc;
}

static bool
apart(const struct sources *s, const struct run *run)
{
	size_t first, end;

	if (s->within == NULL)
		return false;
	run_window(run, s->within, &first, &end);
	return first == end;
}

static int
run_add(struct sources *s, const struct run *run, size_t source)
{
	struct iter *entries;
	int rc;

	if (apart(s, run))
		return LSM_OK;
	if (run->covering > 0)
		s->covering[s->covering_count++] = source;
	rc = run_iter_new(s->view->version, run, s->db->tables, 0, &entries);
	if (rc != LSM_OK)
		return rc;
	if (s->within != NULL)
		run_iter_within(entries, s->within);
	return veil(s, entries, source);
}

static int
sources_add(struct sources *s)
{
	const struct version *v = s->view->version;
	size_t memtables = s->view->count;
	int rc = LSM_OK;

	for (size_t i = 0; i < memtables && rc == LSM_OK; i++)
		rc = memtable_add(s, i);
	for (size_t i = 0; i < v->runs && rc == LSM_OK; i++)
		rc = run_add(s, &v->run_list[i], memtables + i);
	return rc;
}

int
sources_merge(struct lsm_db *db, struct view *v, uint64_t sequence,
    const struct range *within, struct iter **out)
{
	struct sources s = { .db = db, .view = v, .sequence = sequence,
		.within = within };
	size_t room = v->count + v->version->runs;
	size_t each = sizeof *s.iters + sizeof *s.covering + sizeof *s.covers;
	int rc;

	*out = NULL;
	if ((s.iters = mem_zalloc(room * each)) == NULL)
		return mem_exhausted(room * each);
	s.covers = (struct cover **)(s.iters + room);
	s.covering = (size_t *)(s.covers + room);
	if ((rc = sources_add(&s)) == LSM_OK)
		rc = merge_iter_new(s.iters, s.count, out);
	else
		while (s.count > 0)
			iter_free(s.iters[--s.count]);
	mem_free(s.iters);
	return rc;
}
