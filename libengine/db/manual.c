/*
 * manual.c - flush and compaction by hand.
 *
 * Both freeze what is in memory, then see the background work through: with a
 * worker they wait for it, without one they run its steps.
 */
#include "db/db.h"

static bool
any_frozen(struct lsm_db *db)
{
	bool any;

	mutex_lock(&db->mu);
	any = db->view->count > 1;
	mutex_unlock(&db->mu);
	return any;
}

/* Merges that are due go along; one that fails is no failed flush. */
static int
flush_drive(struct lsm_db *db)
{
	bool more = true;
	int rc;

	while (more)
		if ((rc = work_step(db, &more)) != LSM_OK &&
		    (any_frozen(db) || fence_check(&db->fence) != LSM_OK))
			return rc;
	return LSM_OK;
}

static int
flush_wait(struct lsm_db *db)
{
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	db->work_error = LSM_OK;
	cond_broadcast(&db->changed);
	while (db->view->count > 1 && rc == LSM_OK) {
		rc = work_error_locked(db);
		if (rc == LSM_OK)
			cond_wait(&db->changed, &db->mu);
	}
	mutex_unlock(&db->mu);
	return rc;
}

static int
flush_freeze_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->write_mu);
	return memtable_empty(db->active) ? LSM_OK : db_freeze(db, 0, 0);
}

static int
flush_rest(struct lsm_db *db)
{
	return db->working ? flush_wait(db) : flush_drive(db);
}

int
db_flush_locked(struct lsm_db *db)
{
	int rc = flush_freeze_locked(db);

	return rc == LSM_OK ? flush_rest(db) : rc;
}

int
lsm_flush(lsm_db *db)
{
	int rc;

	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = db_readable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->write_mu);
	rc = flush_freeze_locked(db);
	mutex_unlock(&db->write_mu);
	if (rc == LSM_OK)
		rc = flush_rest(db);
	events_tell(db);
	return rc;
}

/* What is compacted. */
struct task {
	merge_pick *pick;
	struct pick_range range;
	bool once;			/* one merge does it all */
	bool begun, done;
};

static int
pick_all(void *task, const struct version *v, const struct pick_options *o,
    bool *any, struct plan *plan)
{
	(void)task;
	return pick_everything(v, o, any, plan);
}

static int
pick_part(void *task, const struct version *v, const struct pick_options *o,
    bool *any, struct plan *plan)
{
	struct task *t = task;

	return pick_range(v, o, &t->range, any, plan);
}

/* One step: flushes first, then whatever merge is under way, then ours. */
static int
task_step_locked(struct lsm_db *db, struct task *t)
{
	bool any;
	int rc;

	mutex_assert_held(&db->work_mu);
	if (db->merge != NULL)
		return work_measured_locked(db);
	if (t->begun && t->once) {
		t->done = true;
		return LSM_OK;
	}
	rc = merge_begin(db, t->pick, t, &any);
	t->begun = true;
	t->done = rc != LSM_OK || !any;
	db->merge_manual = db->merge != NULL;
	return rc;
}

/* Asked only while there is something to stop: behind the end of the merge a
 * "stop" would be answered with "nothing changed", and that was not so. */
static bool
stopped_locked(struct lsm_db *db, int (*progress)(void *, uint64_t, uint64_t),
    void *arg)
{
	struct compact_stats s = { 0 };

	if (progress == NULL || db->merge == NULL)
		return false;
	compact_stats(db->merge, &s);
	return progress(arg, s.bytes_read, compact_input_bytes(db->merge)) !=
	    0;
}

/* The worker may have run the step in which our merge failed. */
static int
manual_failed(struct lsm_db *db)
{
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	if (db->manual_code != LSM_OK)
		rc = status_set(db->manual_code, "%s", db->work_story);
	mutex_unlock(&db->mu);
	return rc;
}

/* The merges are this call's, or the worker's again. */
static void
manual_enter(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	db->manual++;
	db->manual_code = LSM_OK;
	mutex_unlock(&db->mu);
}

static void
manual_leave(struct lsm_db *db)
{
	mutex_lock(&db->mu);
	db->manual--;
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

static int
task_run(struct lsm_db *db, struct task *t,
    int (*progress)(void *, uint64_t, uint64_t), void *arg)
{
	int rc = LSM_OK;

	manual_enter(db);
	while (rc == LSM_OK && !t->done) {
		mutex_lock(&db->work_mu);
		rc = task_step_locked(db, t);
		if (rc == LSM_OK && !t->done &&
		    stopped_locked(db, progress, arg)) {
			rc = status_set(LSM_BUSY, "compaction stopped");
			job_event(db, LSM_EVENT_MERGE_FAILED, db->merge,
			    &db->merge_place, db->merge_since_us, rc);
			merge_end(db);
		}
		mutex_unlock(&db->work_mu);
		events_tell(db);
		if (rc == LSM_OK)
			rc = manual_failed(db);
	}
	manual_leave(db);
	return rc;
}

/* Another log, and the one before it gone. */
static int
log_turn(struct lsm_db *db)
{
	int rc;

	mutex_lock(&db->write_mu);
	if ((rc = db_freeze(db, 0, 0)) == LSM_OK &&
	    (rc = log_scrub(db->log)) != LSM_OK)
		rc = db_fence(db, rc);
	mutex_unlock(&db->write_mu);
	if (rc == LSM_OK)
		rc = flush_rest(db);
	/* The worker removes the log after the table has been shown. */
	mutex_lock(&db->work_mu);
	mutex_unlock(&db->work_mu);
	return rc;
}

/* What was deleted leaves the files that are used again, too. The spare log
 * that is ready may hold what a dead one held, the one after it is new. */
static int
scrub(struct lsm_db *db)
{
	int rc;

	store_release(&db->scrubbing, true);
	if ((rc = log_turn(db)) == LSM_OK && (rc = log_turn(db)) == LSM_OK)
		rc = db_renew_manifest(db);
	store_release(&db->scrubbing, false);
	return rc;
}

int
lsm_compact(lsm_db *db, int (*progress)(void *, uint64_t, uint64_t),
    void *arg)
{
	struct task t = { .pick = pick_all, .once = true };
	int rc = lsm_flush(db);

	if (rc == LSM_OK)
		rc = task_run(db, &t, progress, arg);
	if (rc == LSM_OK)
		rc = scrub(db);
	events_tell(db);
	return rc;
}

int
lsm_compact_range(lsm_db *db, const lsm_range *range,
    int (*progress)(void *, uint64_t, uint64_t), void *arg)
{
	struct task t = { .pick = pick_part };
	int rc;

	if (range == NULL)
		return lsm_compact(db, progress, arg);
	if ((rc = lsm_flush(db)) != LSM_OK)
		return rc;
	t.range.from = bytes_of(range->from);
	t.range.to = bytes_of(range->to);
	t.range.sequence = load_acquire(&db->visible);
	mutex_lock(&db->edit_mu);
	t.range.number = db->next_number;
	mutex_unlock(&db->edit_mu);
	return task_run(db, &t, progress, arg);
}

int
lsm_step(lsm_db *db, int *more)
{
	bool any = false;
	int rc = db_writable(db);

	if (rc == LSM_OK && (rc = db_readable(db)) == LSM_OK)
		rc = work_step(db, &any);
	events_tell(db);
	*more = any;
	return rc;
}
