/*
 * merge.c - a merge: picked, run in steps, installed by one edit.
 *
 * One at a time. Where it takes from and gives to is known to flushes and to
 * the picker, so several could run on different levels.
 *
 * A table found damaged is remembered until the database is opened again:
 * what it spans stays as it is, everything else goes on. Any other failure
 * leaves nothing behind and is tried again with the next flush, or when some
 * time has passed.
 */
#include "db/db.h"

#include <stdio.h>

#include "base/alloc.h"
#include "compact/pick_covered.h"

/* The tables stay what they are; an edit gives them another place. */
static int
plan_move(struct lsm_db *db, const struct plan *plan)
{
	struct compact_options o = job_options(db, plan->level, plan->run);
	lsm_event told = { .kind = LSM_EVENT_MOVE, .from = plan->from,
		.level = plan->level, .tables_in = plan->count };
	struct edit e = { 0 };
	int rc = LSM_OK;

	for (size_t i = 0; i < plan->count && rc == LSM_OK; i++) {
		told.bytes_in += plan->inputs[i]->meta.size;
		rc = edit_drop_table(&e, plan->inputs[i]->meta.number);
		if (rc == LSM_OK)
			rc = edit_add_table(&e, plan->level, o.run,
			    &plan->inputs[i]->meta);
	}
	if (rc == LSM_OK)
		rc = db_edit(db, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, moves, plan->count);
	COUNT(db, level_moved[plan->level], told.bytes_in);
	told.edit = e.number;
	event_add(db, &told);
	return LSM_OK;
}

/* Room is kept for a number, so that to remember one cannot fail. */
static int
damaged_reserve(struct lsm_db *db)
{
	size_t room = db->damaged_room ? 2 * db->damaged_room : 4;
	uint64_t *p;

	if (db->damaged_count < db->damaged_room)
		return LSM_OK;
	if ((p = mem_realloc(db->damaged, room * sizeof *p)) == NULL)
		return mem_exhausted(room * sizeof *p);
	db->damaged = p;
	db->damaged_room = room;
	return LSM_OK;
}

static void
damaged_note(struct lsm_db *db)
{
	if (db->damaged_count < db->damaged_room &&
	    db->damaged[db->damaged_count] != 0)
		db->damaged_count++;
}

static int
plan_merge(struct lsm_db *db, struct version *v, const struct plan *plan)
{
	struct compact_options o = job_options(db, plan->level, plan->run);
	int rc;

	if ((rc = damaged_reserve(db)) != LSM_OK)
		return rc;
	db->damaged[db->damaged_count] = 0;
	o.damaged = &db->damaged[db->damaged_count];
	o.drop_deletes = true;
	o.table_size = plan->table_size;
	o.fences = plan->fences;
	o.overlap = plan->overlap;
	rc = compact_merge_new(&o, v, plan->inputs, plan->count, &db->merge);
	if (rc != LSM_OK) {
		damaged_note(db);
		return rc;
	}
	db->merge_place = (struct pick_job){ plan->from, plan->level,
		plan->smallest, plan->largest };
	db->merge_partial = plan->count < v->tables;
	store_release(&db->merging, true);
	db->merge_since_us = db->env->ops->now_us(db->env);
	job_event(db, LSM_EVENT_MERGE_BEGIN, db->merge, &db->merge_place, 0,
	    LSM_OK);
	if (plan->from == 0)
		pace_merge_begin(db, compact_input_bytes(db->merge),
		    v->levels[0].bytes);
	return LSM_OK;
}

int
merge_begin(struct lsm_db *db, merge_pick *pick, void *arg, bool *any)
{
	struct pick_job jobs[2];
	struct pick_options o = job_pick(db, jobs);
	struct plan plan = { 0 };
	uint64_t sequence;
	struct view *v;
	int rc;

	mutex_assert_held(&db->work_mu);
	v = view_now(db, &sequence);
	rc = pick(arg, v->version, &o, any, &plan);
	if (rc == LSM_OK && *any)
		rc = plan.drop ? plan_drop(db, &plan) :
		    plan.move ? plan_move(db, &plan) :
		    plan_merge(db, v->version, &plan);
	if (rc != LSM_OK)
		event_add(db, &(lsm_event){ .kind = LSM_EVENT_MERGE_FAILED,
			.from = plan.from, .level = plan.level, .code = rc,
			.tables_in = plan.count });
	rc = event_damage(db, rc);
	plan_release(&plan);
	view_unref(v);
	return rc;
}

void
merge_end(struct lsm_db *db)
{
	job_end(db, &db->merge);
	db->merge_manual = false;
	store_release(&db->merging, false);
}

static void
largest_count(struct lsm_db *db, uint64_t bytes)
{
	uint64_t most = load_relaxed(&db->count.merge_largest);

	while (most < bytes && !atomic_compare_exchange_weak(
	    &db->count.merge_largest, &most, bytes))
		;
}

static int
merge_install(struct lsm_db *db)
{
	struct edit e = { 0 };
	struct compact_stats s;
	int rc;

	compact_stats(db->merge, &s);
	rc = job_install(db, db->merge, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, merges, 1);
	COUNT(db, merges_partial, db->merge_partial);
	COUNT(db, merge_read, s.bytes_read);
	largest_count(db, compact_input_bytes(db->merge));
	COUNT(db, merge_bytes, s.bytes_written);
	COUNT(db, shadowed, s.shadowed);
	COUNT(db, deletes_dropped, s.deletes_dropped);
	COUNT(db, covered, s.covered);
	COUNT(db, ranges_dropped, s.ranges_dropped);
	return LSM_OK;
}

struct due {
	struct lsm_db *db;
	bool idle;
};

/* What the shape of the tree asks for; that it asks for nothing is noted. */
static int
pick_due(void *arg, const struct version *v, const struct pick_options *o,
    bool *any, struct plan *plan)
{
	struct due *due = arg;
	struct pick_options po = *o;
	int rc;

	po.idle = due->idle;
	rc = pick_covered(v, &po, due->db->tables, &due->db->covers_seen, any,
	    plan);
	if (rc == LSM_OK && !*any) {
		plan_release(plan);
		rc = pick_compaction(v, &po, any, plan);
	}
	mutex_lock(&due->db->mu);
	if (rc == LSM_OK && !*any && due->idle)
		due->db->drained_edit = v->edit;
	if (rc == LSM_OK && !*any) {
		due->db->picked_edit = v->edit;
		cond_broadcast(&due->db->changed);
	}
	mutex_unlock(&due->db->mu);
	return rc;
}

int
merge_drain(struct lsm_db *db)
{
	struct due due = { db, true };
	bool any;

	mutex_assert_held(&db->work_mu);
	return db->merge != NULL ? LSM_OK :
	    merge_begin(db, pick_due, &due, &any);
}

int
merge_step(struct lsm_db *db, bool *more)
{
	struct due due = { db, false };
	bool done = false;
	int rc;

	mutex_assert_held(&db->work_mu);
	*more = true;
	if (db->merge == NULL)
		return merge_begin(db, pick_due, &due, more);
	rc = compact_step(db->merge, &done);
	if (rc == LSM_OK && !done)
		return LSM_OK;
	if (rc == LSM_OK)
		rc = merge_install(db);
	else
		damaged_note(db);
	job_event(db, rc == LSM_OK ? LSM_EVENT_MERGE_END :
	    LSM_EVENT_MERGE_FAILED, db->merge, &db->merge_place,
	    db->merge_since_us, rc);
	merge_end(db);
	return event_damage(db, rc);
}

bool
merge_due_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	/* One that was begun by hand goes on, whatever failed before. */
	return load_acquire(&db->merging) || (!db->merge_failed &&
	    db->picked_edit != db->view->version->edit);
}

bool
merge_behind_locked(struct lsm_db *db)
{
	const struct version *v = db->view->version;
	bool behind = v->levels[0].count >= db->stored.l0_stop;
	struct shape s;

	/* One that cannot be done must not stop the writer as well. */
	if (!merge_due_locked(db))
		return false;
	shape_of(v, &db->shape, &s);
	for (int i = 1; i < LEVELS_MAX && shape_tier(&s, i); i++)
		behind |= v->levels[i].count >= 2 * s.runs[i];
	return behind;
}
