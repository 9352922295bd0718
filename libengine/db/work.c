/*
 * work.c - background work: find the next task, run one step of it.
 *
 * One worker thread loops over work_step; without one, whoever has to wait
 * runs the steps. A flush goes first, between the steps of a merge. A failed
 * flush is kept as work_error until one works: writers that need its room are
 * told. When nobody has written for a while, level 0 is merged away. Whoever
 * asks for a merge runs its steps, and the worker leaves merges alone as long:
 * a lock that one lets go and takes again at once is not had by the other.
 */
#include "db/db.h"

#include <stdio.h>

enum {
	IDLE_US = 250000,	/* without a write */
	RETRY_US = 1000000	/* before a failed merge is tried again */
};

/* The oldest frozen generation, and the log that its successor begins in;
 * empty ones that were frozen with it go with it. */
static bool
frozen_next(struct lsm_db *db, struct generation *g, uint64_t *next_log)
{
	size_t next = 1;
	bool any;

	mutex_lock(&db->mu);
	if ((any = db->view->count > 1)) {
		*g = db->view->generations[0];
		while (next + 1 < db->view->count &&
		    db->view->generations[next].last <= g->last)
			next++;
		*next_log = db->view->generations[next].log;
		memtable_ref(g->mem);
	}
	mutex_unlock(&db->mu);
	return any;
}

/* Keep the story of a failure for those who wait. */
static void
story_keep_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	snprintf(db->work_story, sizeof db->work_story, "%s", status_story());
	cond_broadcast(&db->changed);
}

static void
flush_note(struct lsm_db *db, int rc)
{
	mutex_lock(&db->mu);
	db->work_error = rc;
	if (rc == LSM_OK)
		db->merge_failed = false;	/* there may be space again */
	else
		story_keep_locked(db);
	mutex_unlock(&db->mu);
}

/* Damage whose place is known does not stop the merges of other tables. */
static void
merge_note(struct lsm_db *db, int rc, bool manual, bool located)
{
	if (rc == LSM_OK)
		return;
	mutex_lock(&db->mu);
	db->merge_failed = !located;
	db->merge_retry = rc != LSM_CORRUPT;
	if (manual)
		db->manual_code = rc;
	COUNT(db, merges_failed, 1);
	story_keep_locked(db);
	mutex_unlock(&db->mu);
}

static int
merge_turn(struct lsm_db *db, bool *more)
{
	size_t damaged = db->damaged_count;
	bool manual = db->merge_manual;
	uint64_t begin = latency_now_ns(db->latencies);
	int rc = merge_step(db, more);

	latency_end(db->latencies, LATENCY_MERGE_STEP, begin);
	merge_note(db, rc, manual, db->damaged_count > damaged);
	return rc;
}

static bool
merge_due(struct lsm_db *db)
{
	bool due;

	mutex_lock(&db->mu);
	due = merge_due_locked(db);
	mutex_unlock(&db->mu);
	return due;
}

int
work_step_locked(struct lsm_db *db, bool *more)
{
	struct generation g;
	uint64_t next_log, begin;
	int rc;

	mutex_assert_held(&db->work_mu);
	*more = true;
	/* If it fails the writer tries for itself, and tells. */
	if (atomic_exchange(&db->log_wanted, false)) {
		(void)db_prepare_log(db, 0);
		return LSM_OK;
	}
	if (frozen_next(db, &g, &next_log)) {
		begin = latency_now_ns(db->latencies);
		rc = flush_step(db, &g, next_log);
		latency_end(db->latencies, LATENCY_FLUSH_STEP, begin);
		memtable_unref(g.mem);
		if (rc != LSM_OK && db->flush != NULL)
			job_end(db, &db->flush);
		flush_note(db, rc);
		return rc;
	}
	if (!merge_due(db)) {
		*more = false;
		return LSM_OK;
	}
	return merge_turn(db, more);
}

/* Bytes that the merge under way has read. */
static uint64_t
merge_bytes(const struct lsm_db *db)
{
	struct compact_stats s = { 0 };

	if (db->merge != NULL)
		compact_stats(db->merge, &s);
	return s.bytes_read;
}

/* What a merge did in its last step is not known any more; averages do not
 * need it. */
int
work_measured_locked(struct lsm_db *db)
{
	const struct compact_job *merge = db->merge;
	uint64_t begin = db->env->ops->now_us(db->env), us;
	uint64_t merged = merge_bytes(db);
	bool more;
	int rc = work_step_locked(db, &more);

	us = db->env->ops->now_us(db->env) - begin;
	if (db->pace.flushing > 0)
		pace_flushed(db, us);
	else if (db->merge != NULL && db->merge == merge)
		pace_merged(db, us, merge_bytes(db) - merged);
	pace_merge_left(db, db->merge == NULL ? 0 :
	    compact_input_bytes(db->merge) - merge_bytes(db));
	return rc;
}

/* The worker's step. */
static void
work_turn(struct lsm_db *db)
{
	mutex_lock(&db->work_mu);
	(void)work_measured_locked(db);		/* kept by the notes */
	mutex_unlock(&db->work_mu);
	events_tell(db);
}

int
work_step(struct lsm_db *db, bool *more)
{
	int rc;

	*more = false;
	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->work_mu);
	rc = work_step_locked(db, more);
	mutex_unlock(&db->work_mu);
	return rc;
}

static bool
pending_locked(struct lsm_db *db)
{
	if (load_acquire(&db->fence.code) != LSM_OK ||
	    load_acquire(&db->unread))
		return false;
	if ((db->view->count > 1 && db->work_error == LSM_OK) ||
	    load_acquire(&db->log_wanted))
		return true;
	return db->manual == 0 && merge_due_locked(db);
}

/* Nothing to do: wait for something, but not for ever when time alone brings
 * work. True when that time has passed. */
static bool
rest_locked(struct lsm_db *db)
{
	const struct version *v = db->view->version;

	if (load_acquire(&db->fence.code) == LSM_OK &&
	    !load_acquire(&db->unread) && db->manual == 0) {
		if (db->merge_failed && db->merge_retry)
			return !cond_wait_for(&db->changed, &db->mu, RETRY_US);
		if (!db->merge_failed && v->levels[0].count > 1 &&
		    db->drained_edit != v->edit)
			return !cond_wait_for(&db->changed, &db->mu, IDLE_US);
	}
	cond_wait(&db->changed, &db->mu);
	return false;
}

/* Another try, or, when there was not one write in all the time, a merge of
 * what level 0 has. */
static void
rested(struct lsm_db *db, bool quiet)
{
	bool again;

	mutex_lock(&db->mu);
	again = db->merge_failed;
	db->merge_failed = false;
	mutex_unlock(&db->mu);
	if (again || !quiet)
		return;
	mutex_lock(&db->work_mu);
	if (db_writable(db) == LSM_OK)
		merge_note(db, merge_drain(db), false, false);
	mutex_unlock(&db->work_mu);
	events_tell(db);
}

static void
work_main(void *arg)
{
	struct lsm_db *db = arg;
	uint64_t sequence;
	bool time;

	mutex_lock(&db->mu);
	while (!db->stopping) {
		bool pending = pending_locked(db);

		sequence = load_acquire(&db->visible);
		time = !pending && rest_locked(db);
		if (!pending && !time)
			continue;
		mutex_unlock(&db->mu);
		if (pending)
			work_turn(db);
		else
			rested(db, sequence == load_acquire(&db->visible));
		mutex_lock(&db->mu);
	}
	mutex_unlock(&db->mu);
}

void
work_wake(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

int
work_start(struct lsm_db *db)
{
	int rc;

	if (db->read_only || db->opt.workers == 0)
		return LSM_OK;
	rc = db->env->ops->work(db->env, &db->worker, work_main, db);
	if (rc == LSM_OK)
		db->working = true;
	return rc == LSM_UNSUPPORTED ? LSM_OK : rc;
}

/* A running merge is given up; its outputs are deleted. */
static void
merge_give_up(struct lsm_db *db)
{
	if (db->merge != NULL)
		job_event(db, LSM_EVENT_MERGE_FAILED, db->merge,
		    &db->merge_place, db->merge_since_us, status_set(LSM_BUSY,
		    "the database is closed"));
	merge_end(db);
}

void
work_stop(struct lsm_db *db)
{
	if (db->working) {
		mutex_lock(&db->mu);
		db->stopping = true;
		cond_broadcast(&db->changed);
		mutex_unlock(&db->mu);
		thread_join(&db->worker);
		db->working = false;
	}
	job_end(db, &db->flush);
	merge_give_up(db);
}
