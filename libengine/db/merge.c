/*
 * merge.c - a merge: picked, run in steps, installed by one edit.
 *
 * Several may run at once: each has its place (job.h), and the picker avoids
 * those of the others.
 *
 * A table found damaged is remembered until the database is opened again.
 * Nothing is merged with it. What is newer than it in its span becomes one run
 * above it; outputs are cut around it, so that other ranges go on as always,
 * and it sinks to the last level, out of the way. Any other failure
 * leaves nothing behind and is tried again with the next flush, or when some
 * time has passed.
 */
#include "db/db.h"

#include <assert.h>

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

/* Room is kept for a number of each merge there may be, so that to remember
 * one cannot fail. */
static int
damaged_reserve(struct lsm_db *db)
{
	size_t room = db->damaged_count + MERGES_MAX;
	uint64_t *p;

	mutex_assert_held(&db->work_mu);
	if (room <= db->damaged_room)
		return LSM_OK;
	room *= 2;
	if ((p = mem_realloc(db->damaged, room * sizeof *p)) == NULL)
		return mem_exhausted(room * sizeof *p);
	db->damaged = p;
	db->damaged_room = room;
	return LSM_OK;
}

/* Nobody picks it any more, once its merge does not keep its place. */
static void
damaged_add(struct lsm_db *db, uint64_t number)
{
	size_t i = 0;

	if (number == 0)
		return;
	mutex_lock(&db->work_mu);
	while (i < db->damaged_count && db->damaged[i] != number)
		i++;
	assert(db->damaged_count < db->damaged_room);
	db->damaged[i] = number;
	db->damaged_count += i == db->damaged_count;
	mutex_unlock(&db->work_mu);
}

static int
merge_new(const struct plan *plan, const struct pick_options *o,
    struct version *v, struct job **out)
{
	struct job *job = mem_zalloc(sizeof *job);
	int rc;

	*out = NULL;
	if (job == NULL)
		return mem_exhausted(sizeof *job);
	if ((rc = walls_init(&job->walls, v, o->avoid, o->avoid_count)) !=
	    LSM_OK) {
		mem_free(job);
		return rc;
	}
	job->place = (struct pick_job){ plan->from, plan->level,
		plan->smallest, plan->largest, plan->taken };
	job->version = v;
	version_ref(v);
	job->merge = job->taken = true;
	job->partial = plan->count < v->tables;
	*out = job;
	return LSM_OK;
}

/* The list knows it no more, or never did. */
static void
merge_free(struct lsm_db *db, struct job *job)
{
	job_end(db, &job->compact);
	walls_release(&job->walls);
	version_unref(job->version);
	mem_free(job);
}

static void
merge_end(struct lsm_db *db, struct job *job)
{
	damaged_add(db, job->damaged);
	job_remove(db, job);
	merge_free(db, job);
}

/* What is to be done, and its place, which nobody else has or gets. */
static int
merge_find(struct lsm_db *db, merge_pick *pick, void *arg, bool manual,
    struct plan *plan, struct job **job)
{
	struct pick_job jobs[JOBS_MAX];
	struct pick_options o;
	uint64_t sequence;
	struct view *v;
	bool any = false;
	int rc;

	*job = NULL;
	mutex_lock(&db->work_mu);
	v = view_now(db, &sequence);
	if ((rc = damaged_reserve(db)) == LSM_OK) {
		o = job_pick(db, true, jobs);
		rc = pick(arg, v->version, &o, &any, plan);
	}
	if (rc == LSM_OK && any)
		rc = merge_new(plan, &o, v->version, job);
	if (*job != NULL) {
		(*job)->manual = manual;
		job_add(db, *job);
	}
	mutex_unlock(&db->work_mu);
	view_unref(v);
	return rc;
}

/* So many at once, this one among them. */
static void
merges_count_locked(struct lsm_db *db)
{
	uint64_t n = 0;

	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		n += j->merge && j->begun;
	if (n > load_relaxed(&db->count.merges_at_once))
		store_relaxed(&db->count.merges_at_once, n);
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
plan_merge(struct lsm_db *db, const struct plan *plan, struct job *job)
{
	struct compact_options o = job_options(db, plan->level, plan->run);
	uint64_t bytes;
	int rc;

	o.damaged = &job->damaged;
	o.drop_deletes = true;
	o.table_size = plan->table_size;
	o.fences = plan->fences;
	o.overlap = plan->overlap;
	o.walls = job->walls.list;
	o.walls_count = job->walls.count;
	if ((rc = compact_merge_new(&o, job->version, plan->inputs,
	    plan->count, &job->compact)) != LSM_OK)
		return rc;
	job->since_us = db->env->ops->now_us(db->env);
	job_event(db, LSM_EVENT_MERGE_BEGIN, job, LSM_OK);
	bytes = compact_input_bytes(job->compact);
	mutex_lock(&db->mu);
	job->left = bytes;
	job->begun = true;
	merges_count_locked(db);
	if (plan->from == 0)
		pace_merge_begin_locked(db, bytes, plan->taken);
	mutex_unlock(&db->mu);
	return LSM_OK;
}

/* Damage whose place is known does not stop the merges of other tables. */
static void
failure_note(struct lsm_db *db, int rc, bool located)
{
	COUNT(db, merges_failed, 1);
	if (located)
		return;
	mutex_lock(&db->mu);
	db->merge_failed = true;
	db->merge_retry = rc != LSM_CORRUPT;
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

static void
begin_failed(struct lsm_db *db, const struct plan *plan, const struct job *job,
    int rc)
{
	failure_note(db, rc, job != NULL && job->damaged != 0);
	event_add(db, &(lsm_event){ .kind = LSM_EVENT_MERGE_FAILED,
		.from = plan->from, .level = plan->level, .code = rc,
		.tables_in = plan->count });
}

/* The next one may be looked for. */
static void
begin_end(struct lsm_db *db, struct job *job, struct job **own)
{
	mutex_lock(&db->mu);
	db->picking = false;
	if (job != NULL && own != NULL)
		*own = job;
	else if (job != NULL)
		job->taken = false;
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

int
merge_begin(struct lsm_db *db, merge_pick *pick, void *arg, bool *any,
    struct job **own)
{
	struct plan plan = { 0 };
	struct job *job;
	int rc = merge_find(db, pick, arg, own != NULL, &plan, &job);

	*any = job != NULL;
	if (job != NULL)
		rc = plan.drop ? plan_drop(db, &plan) :
		    plan.move ? plan_move(db, &plan) :
		    plan_merge(db, &plan, job);
	if (rc != LSM_OK)
		begin_failed(db, &plan, job, rc);
	rc = event_damage(db, rc);
	plan_release(&plan);
	if (job != NULL && job->compact == NULL) {
		merge_end(db, job);
		job = NULL;
	}
	begin_end(db, job, own);
	return rc;
}

/* Is it for work under way that the tier gives nothing? That is in its place,
 * or lets the picker spare the tier that it would give to. */
static bool
held_up(const struct shape *s, const struct version *v,
    const struct pick_options *o, int level)
{
	int to = shape_destination(s, v, level);

	for (size_t i = 0; i < o->jobs_count; i++)
		if (o->jobs[i].level >= level)
			return true;
	return o->jobs_count > 0 && to != level && shape_full(s, v, to);
}

/* Tiers at their stop are picked first. So when one above was, or none, they
 * cannot be helped: what they hold is damaged. */
static unsigned
stuck_tiers(const struct version *v, const struct pick_options *o, bool any,
    const struct plan *plan)
{
	unsigned stuck = 0;
	struct shape s;

	shape_of(v, &o->shape, &s);
	for (int i = any ? plan->level + 1 : 1; i < LEVELS_MAX; i++)
		if (shape_stops(&s, v, i) && !held_up(&s, v, o, i))
			stuck |= 1u << i;
	return stuck;
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
	unsigned stuck = 0;
	int rc;

	po.idle = due->idle;
	rc = pick_covered(v, &po, due->db->tables, &due->db->covers_seen, any,
	    plan);
	if (rc == LSM_OK && !*any) {
		plan_release(plan);
		rc = pick_compaction(v, &po, any, plan);
		if (rc == LSM_OK)
			stuck = stuck_tiers(v, &po, *any, plan);
	}
	mutex_lock(&due->db->mu);
	due->db->stuck |= stuck;
	if (rc == LSM_OK && !*any && due->idle)
		due->db->drained_edit = v->edit;
	if (rc == LSM_OK && !*any)
		due->db->picked_edit = v->edit;
	mutex_unlock(&due->db->mu);
	return rc;
}

int
merge_begin_due(struct lsm_db *db, bool idle, bool *any)
{
	struct due due = { db, idle };

	return merge_begin(db, pick_due, &due, any, NULL);
}

static int
merge_install(struct lsm_db *db, struct job *job)
{
	struct edit e = { 0 };
	struct compact_stats s;
	int rc;

	compact_stats(job->compact, &s);
	rc = job_install(db, job->compact, NULL, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, merges, 1);
	COUNT(db, merges_partial, job->partial);
	COUNT(db, merge_read, s.bytes_read);
	largest_count(db, compact_input_bytes(job->compact));
	COUNT(db, merge_bytes, s.bytes_written);
	COUNT(db, shadowed, s.shadowed);
	COUNT(db, deletes_dropped, s.deletes_dropped);
	COUNT(db, covered, s.covered);
	COUNT(db, ranges_dropped, s.ranges_dropped);
	return LSM_OK;
}

int
merge_step(struct lsm_db *db, struct job *job, bool *ended)
{
	int rc = compact_step(job->compact, ended);

	if (rc == LSM_OK && !*ended)
		return LSM_OK;
	if (rc == LSM_OK)
		rc = merge_install(db, job);
	*ended = true;
	job_event(db, rc == LSM_OK ? LSM_EVENT_MERGE_END :
	    LSM_EVENT_MERGE_FAILED, job, rc);
	if (rc != LSM_OK)
		failure_note(db, rc, job->damaged != 0);
	merge_end(db, job);
	return event_damage(db, rc);
}

void
merge_give_up(struct lsm_db *db, struct job *job, int code)
{
	job_event(db, LSM_EVENT_MERGE_FAILED, job, code);
	merge_end(db, job);
}

bool
merge_due_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	/* One that was begun by hand goes on, whatever failed before. */
	return job_merges_locked(db) > 0 || (!db->merge_failed &&
	    db->picked_edit != db->view->version->edit);
}

/* Of three workers two merge, so that a flush finds one; of two, one. */
static bool
room_locked(struct lsm_db *db)
{
	size_t most = db->workers > 2 ? (size_t)db->workers - 1 : 1;

	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		most -= most > 0 && j->merge && !j->manual;
	return most > 0;
}

bool
merge_may_begin_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	return !db->picking && db->holding == 0 && !db->merge_failed &&
	    db->picked_edit != db->view->version->edit && room_locked(db);
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
		behind |= (db->stuck >> i & 1) == 0 && shape_stops(&s, v, i);
	return behind;
}
