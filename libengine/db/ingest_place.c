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

static void
table_place(struct lsm_db *db, const struct version *v,
    const struct pick_options *o, const struct table_meta *m,
    uint64_t fresh[LEVELS_MAX], struct bulk_place *place)
{
	place->level = pick_flush_level(v, o, m->smallest, m->largest,
	    &place->run);
	if (place->run == 0)
		place->run = run_fresh(db, &fresh[place->level]);
}

static void
places_find(struct lsm_db *db, const struct bulk *bulk, struct job *job,
    struct bulk_place *places)
{
	size_t count = bulk_count(bulk);
	uint64_t at, fresh[LEVELS_MAX] = { 0 };
	struct pick_job jobs[JOBS_MAX];
	struct pick_options o = job_pick(db, false, jobs);
	struct view *v = view_now(db, &at);

	job->place.smallest = bulk_table(bulk, 0)->smallest;
	job->place.largest = bulk_table(bulk, count - 1)->largest;
	for (size_t i = 0; i < count; i++) {
		table_place(db, v->version, &o, bulk_table(bulk, i), fresh,
		    &places[i]);
		if (places[i].level > job->place.level)
			job->place.level = places[i].level;
	}
	view_unref(v);
}

int
ingest_places_take(struct lsm_db *db, const struct bulk *bulk,
    struct job *job, struct bulk_place **out)
{
	size_t size = bulk_count(bulk) * sizeof **out;

	*job = (struct job){ .taken = true };
	if ((*out = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	mutex_lock(&db->work_mu);
	places_find(db, bulk, job, *out);
	job_add(db, job);
	mutex_unlock(&db->work_mu);
	return LSM_OK;
}
