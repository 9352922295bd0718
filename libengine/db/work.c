/*
 * work.c - background work: find the next task, run one step of it.
 *
 * Workers loop over that; without any, whoever has to wait runs the steps. A
 * flush goes first, between the steps of a merge; flushes are one at a time
 * and in order, merges as many as there are workers left for. A failed flush
 * is kept as work_error until one works: writers that need its room are told.
 * When nobody writes, level 0 is merged away: drain.c says when. A worker at
 * rest also looks after dead files (grave.c).
 *
 * A task is taken under mu and carried out without it: what is taken, nobody
 * else does.
 */
#include "db/db.h"

#include <assert.h>
#include <stdio.h>

enum {
	RETRY_US = 1000000	/* before a failed merge is tried again */
};

enum task_kind { TASK_SPACE, TASK_LOG, TASK_FLUSH, TASK_MERGE, TASK_PICK };

struct task {
	enum task_kind kind;
	struct job *job;	/* of a merge */
	uint64_t space;		/* for the log, up to this position */
};

/* ---- flushes ------------------------------------------------------------- */

/* The oldest frozen generation, and the log that its successor begins in;
 * empty ones that were frozen with it go with it. */
static void
frozen_next(struct lsm_db *db, struct generation *g, uint64_t *next_log)
{
	size_t next = 1;

	mutex_lock(&db->mu);
	assert(db->view->count > 1);
	*g = db->view->generations[0];
	while (next + 1 < db->view->count &&
	    db->view->generations[next].last <= g->last)
		next++;
	*next_log = db->view->generations[next].log;
	memtable_ref(g->mem);
	mutex_unlock(&db->mu);
}

/* A failure's story is kept for those who wait. */
static void
flush_note(struct lsm_db *db, int rc, bool ended)
{
	mutex_lock(&db->mu);
	db->flushing = false;
	db->work_error = rc;
	if (rc != LSM_OK)
		snprintf(db->work_story, sizeof db->work_story, "%s",
		    status_story());
	else if (ended)
		db->merge_failed = false;	/* there may be space again */
	if (db->working)
		pace_look_locked(db);
	if (ended || db->awaiting > 0)
		cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

static uint64_t
clock_of(struct lsm_db *db)
{
	return db->working ? db->env->ops->now_us(db->env) : 0;
}

static double
flush_part(const struct compact_job *job, const struct memtable *mem)
{
	struct compact_stats s;

	compact_stats(job, &s);
	return (double)s.entries_in / (double)memtable_entries(mem);
}

static int
flush_turn(struct lsm_db *db)
{
	uint64_t next_log, begin, since = clock_of(db);
	struct generation g;
	double part;
	bool ended;
	int rc;

	frozen_next(db, &g, &next_log);
	begin = latency_now_ns(db->latencies);
	rc = flush_step(db, &g, next_log);
	latency_end(db->latencies, LATENCY_FLUSH_STEP, begin);
	ended = db->flush.compact == NULL;
	part = ended ? 1 : flush_part(db->flush.compact, g.mem);
	memtable_unref(g.mem);
	if (db->working)
		pace_flushed(db, clock_of(db) - since, part, ended);
	flush_note(db, rc, ended);
	return rc;
}

/* ---- merges -------------------------------------------------------------- */

/* What a merge did in its last step is not known any more; averages do not
 * need it. */
static void
merge_let_go(struct lsm_db *db, struct job *job, uint64_t us)
{
	struct compact_stats s;
	uint64_t left;

	compact_stats(job->compact, &s);
	left = compact_input_bytes(job->compact) - s.bytes_read;
	mutex_lock(&db->mu);
	if (db->working)
		pace_merged_locked(db, us, job->left - left);
	job->left = left;
	job->taken = job->manual;
	if (db->working)
		pace_look_locked(db);
	if (db->awaiting > 0)
		cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

int
work_merge(struct lsm_db *db, struct job *job, bool *ended)
{
	uint64_t begin = latency_now_ns(db->latencies), since = clock_of(db);
	int rc = merge_step(db, job, ended);

	latency_end(db->latencies, LATENCY_MERGE_STEP, begin);
	if (!*ended)
		merge_let_go(db, job, clock_of(db) - since);
	return rc;
}

static int
pick_turn(struct lsm_db *db, bool idle, bool *any)
{
	uint64_t begin = latency_now_ns(db->latencies);
	int rc = merge_begin_due(db, idle, any);

	latency_end(db->latencies, LATENCY_MERGE_STEP, begin);
	return rc;
}

/* ---- what is next -------------------------------------------------------- */

/* If space or a log cannot be had the writer tries for itself, and tells. */
static bool
urgent_take_locked(struct lsm_db *db, struct task *t)
{
	mutex_assert_held(&db->mu);
	*t = (struct task){ TASK_SPACE, NULL, 0 };
	if ((t->space = atomic_exchange(&db->space_wanted, 0)) != 0)
		return true;
	t->kind = TASK_LOG;
	if (atomic_exchange(&db->log_wanted, false))
		return true;
	t->kind = TASK_FLUSH;
	if (db->flushing || db->view->count == 1 ||
	    (db->working && db->work_error != LSM_OK))
		return false;
	return db->flushing = true;
}

static bool
task_take_locked(struct lsm_db *db, struct task *t)
{
	mutex_assert_held(&db->mu);
	if (urgent_take_locked(db, t))
		return true;
	t->kind = TASK_MERGE;
	for (t->job = db->jobs; t->job != NULL; t->job = t->job->next)
		if (t->job->begun && !t->job->taken)
			return t->job->taken = true;
	t->kind = TASK_PICK;
	if (!merge_may_begin_locked(db))
		return false;
	return db->picking = true;
}

/* Does somebody carry out a task, after which there may be another? */
static bool
others_busy_locked(struct lsm_db *db)
{
	bool busy = db->flushing || db->picking;

	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		busy |= j->taken;
	return busy;
}

static int
task_run(struct lsm_db *db, const struct task *t, bool *more)
{
	bool ended;

	*more = true;
	switch (t->kind) {
	case TASK_SPACE:
		(void)log_space(db->log, t->space);
		return LSM_OK;
	case TASK_LOG:
		(void)db_prepare_log(db, 0);
		return LSM_OK;
	case TASK_FLUSH:
		return flush_turn(db);
	case TASK_MERGE:
		return work_merge(db, t->job, &ended);
	default:
		return pick_turn(db, false, more);
	}
}

/* Until somebody has done a step; false: nobody does any. */
static bool
others_wait_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	if (!others_busy_locked(db))
		return false;
	db->awaiting++;
	cond_wait(&db->changed, &db->mu);
	db->awaiting--;
	return true;
}

/* To have looked and found nothing is no step: others may be at the last one
 * that there is, a flush that the caller waits for. */
int
work_step(struct lsm_db *db, bool *more)
{
	struct task t;
	bool taken;
	int rc;

	*more = false;
	do {
		if ((rc = db_writable(db)) != LSM_OK)
			return rc;
		mutex_lock(&db->mu);
		if (!(taken = task_take_locked(db, &t)))
			*more = others_wait_locked(db);
		mutex_unlock(&db->mu);
		if (taken)
			rc = task_run(db, &t, more);
	} while (rc == LSM_OK && taken && !*more);
	return rc;
}

void
work_flushed(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	db->awaiting++;
	while (db->flushing)
		cond_wait(&db->changed, &db->mu);
	db->awaiting--;
	mutex_unlock(&db->mu);
}

int
work_urgent(struct lsm_db *db, bool *any)
{
	struct task t;
	bool more;

	mutex_lock(&db->mu);
	*any = urgent_take_locked(db, &t);
	mutex_unlock(&db->mu);
	return *any ? task_run(db, &t, &more) : LSM_OK;
}

/* ---- workers ------------------------------------------------------------- */

static bool
may_work(struct lsm_db *db)
{
	return load_acquire(&db->fence.code) == LSM_OK &&
	    !load_acquire(&db->unread);
}

static bool
may_drain_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	return !db->stopping && db->jobs == NULL && !db->picking &&
	    db->holding == 0 && may_work(db);
}

int
work_drain(struct lsm_db *db, bool *any)
{
	bool may;
	int rc;

	*any = false;
	mutex_lock(&db->mu);
	if ((may = may_drain_locked(db)))
		db->picking = true;
	mutex_unlock(&db->mu);
	if (!may)
		return LSM_OK;
	if ((rc = pick_turn(db, true, any)) == LSM_OK)
		work_wake(db);
	return rc;
}

static bool
drain_waits_locked(const struct lsm_db *db)
{
	const struct version *v = db->view->version;

	return v->levels[0].count > 1 && db->jobs == NULL &&
	    db->drained_edit != v->edit;
}

/* How long it takes until time alone brings work; 0: it does not, or another
 * worker waits for that. */
static uint64_t
rest_us_locked(struct lsm_db *db)
{
	if (db->resting || !may_work(db))
		return 0;
	if (db->merge_failed && db->merge_retry)
		return RETRY_US;
	if (!db->merge_failed && drain_waits_locked(db))
		return DRAIN_LOOK_US;
	return graves_any(db) ? GRAVES_LOOK_US : 0;
}

/* Nothing to do: wait for something, or for time. True when that has passed. */
static bool
rest_locked(struct lsm_db *db)
{
	uint64_t us = rest_us_locked(db);
	bool passed;

	if (us == 0) {
		cond_wait(&db->changed, &db->mu);
		return false;
	}
	db->resting = true;
	passed = !cond_wait_for(&db->changed, &db->mu, us);
	db->resting = false;
	return passed;
}

static void
graves_look_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	mutex_unlock(&db->mu);
	graves_sweep(db, SWEEP_WORK);
	mutex_lock(&db->mu);
}

/* A look after dead files, another try, or a merge of what level 0 has.
 * `quiet`: there was not one write in all the time. */
static void
rested_locked(struct lsm_db *db, bool quiet)
{
	bool any;

	graves_look_locked(db);
	if (db->merge_failed) {
		db->merge_failed = !db->merge_retry;
		return;
	}
	if (!drain_waits_locked(db) || !drain_due_locked(db, quiet))
		return;
	mutex_unlock(&db->mu);
	(void)work_drain(db, &any);
	events_tell(db);
	mutex_lock(&db->mu);
}

/* Failures are kept where they happen. */
static void
turn_locked(struct lsm_db *db, const struct task *t)
{
	bool more;

	mutex_assert_held(&db->mu);
	mutex_unlock(&db->mu);
	(void)task_run(db, t, &more);
	events_tell(db);
	mutex_lock(&db->mu);
}

void
work_main(void *arg)
{
	struct lsm_db *db = arg;
	struct task t;

	mutex_lock(&db->mu);
	while (!db->stopping) {
		uint64_t sequence = load_acquire(&db->visible);

		if (may_work(db) && task_take_locked(db, &t))
			turn_locked(db, &t);
		else if (rest_locked(db))
			rested_locked(db, sequence ==
			    load_acquire(&db->visible));
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

/* Who rests looks now and then; if nobody does so by the clock, somebody
 * shall. */
void
work_watch(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	if (!db->resting)
		cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

/* All are told of before the first looks. */
int
work_start(struct lsm_db *db)
{
	int rc = LSM_OK;

	if (db->read_only || db->opt.workers == 0)
		return LSM_OK;
	db->working = true;
	mutex_lock(&db->mu);
	while (db->workers < db->opt.workers && rc == LSM_OK) {
		rc = db->env->ops->work(db->env, &db->worker[db->workers],
		    work_main, db);
		db->workers += rc == LSM_OK;
	}
	mutex_unlock(&db->mu);
	if (db->workers == 0)
		db->working = false;
	return rc == LSM_UNSUPPORTED ? LSM_OK : rc;
}

/* Merges under way are given up; their outputs are deleted. */
void
work_stop(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	db->stopping = true;
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
	for (int i = 0; i < db->workers; i++)
		thread_join(&db->worker[i]);
	db->workers = 0;
	db->working = false;
	if (db->flush.compact != NULL) {
		job_end(db, &db->flush.compact);
		job_remove(db, &db->flush);
	}
	while (db->jobs != NULL)
		merge_give_up(db, db->jobs, status_set(LSM_BUSY,
		    "the database is closed"));
}
