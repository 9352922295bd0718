/*
 * ingest_place.c - where the tables of an ingestion go and are cut.
 *
 * Each table goes by itself as deep as its span allows: what it meets lies
 * below it, so it is newer, and the tables of one ingestion do not meet. A
 * load that is mostly clear of what is there lies where it stays, and only
 * tables that meet something above it are merged.
 *
 * A table that meets something in one place is above it as a whole. So it is
 * cut where the tree's tables begin and end, if what is left of it is worth a
 * table. That is a guess about the tree as it is when the keys come; the place
 * is found when they are committed.
 */
#include "db/ingest.h"

#include "base/alloc.h"

enum { CUT_SHARE = 8 };		/* of a table's size: the least worth a cut */

void
ingest_cuts_init(struct ingest_cuts *c, uint64_t table_size)
{
	*c = (struct ingest_cuts){ .least = table_size / CUT_SHARE };
}

static int
level_for(const struct lsm_db *db, const struct version *v,
    struct bytes smallest, struct bytes largest)
{
	struct pick_options o = { .shape = db->shape };
	uint64_t run;

	return pick_flush_level(v, &o, smallest, largest, &run);
}

/* Where keys go from this one on; the level that it and the one before it may
 * go to in one table. */
static int
edge_pass(struct lsm_db *db, struct ingest_cuts *c, struct bytes last,
    struct bytes key)
{
	struct bytes edge;
	uint64_t at;
	struct view *v = view_now(db, &at);
	int both = level_for(db, v->version, last, key);

	c->level = level_for(db, v->version, key, key);
	edge = pick_flush_edge(v->version, key);
	c->edge_n = bound_keep(edge, c->edge).n;
	view_unref(v);
	return both;
}

bool
ingest_cuts_at(struct lsm_db *db, struct ingest_cuts *c,
    const struct bulk *bulk, struct bytes last, struct bytes key)
{
	uint64_t begun = bulk_begun(bulk);
	int both;

	if (bulk_count(bulk) != c->tables) {	/* `last` began another */
		c->tables = bulk_count(bulk);
		c->table_level = c->level;
	}
	both = c->table_level;
	if (bytes_compare(key, bytes(c->edge, c->edge_n)) >= 0)
		both = edge_pass(db, c, last, key);
	if (begun == 0)
		c->table_level = c->level;
	else if (begun >= c->least &&
	    (both < c->table_level || c->level > c->table_level))
		return true;
	else if (both < c->table_level)
		c->table_level = both;
	return false;
}

/* Tables that begin a run begin one together. */
static uint64_t
run_fresh(struct lsm_db *db, uint64_t *run)
{
	if (*run == 0) {
		mutex_lock(&db->edit_mu);
		*run = db->next_run++;
		mutex_unlock(&db->edit_mu);
	}
	return *run;
}

int
ingest_places(struct lsm_db *db, const struct bulk *bulk,
    struct bulk_place **out)
{
	size_t count = bulk_count(bulk), size = count * sizeof **out;
	struct bulk_place *places = mem_alloc(size);
	uint64_t at, fresh[LEVELS_MAX] = { 0 };
	struct pick_job jobs[2];
	struct pick_options o = job_pick(db, jobs);
	struct view *v;

	*out = places;
	if (places == NULL)
		return mem_exhausted(size);
	v = view_now(db, &at);
	for (size_t i = 0; i < count; i++) {
		const struct table_meta *m = bulk_table(bulk, i);
		struct bulk_place *p = &places[i];

		p->level = pick_flush_level(v->version, &o, m->smallest,
		    m->largest, &p->run);
		if (p->run == 0)
			p->run = run_fresh(db, &fresh[p->level]);
	}
	view_unref(v);
	return LSM_OK;
}
