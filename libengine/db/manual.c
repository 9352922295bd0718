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

/* What is compacted, and who is told how far it is. */
struct task {
	merge_pick *pick;
	struct pick_range range;
	bool once;			/* one merge does it all */
	bool done;
	size_t damaged;			/* tables known to be, so far */
	struct job *job;		/* the merge under way, or NULL */
	int (*progress)(void *, uint64_t, uint64_t);
	void *arg;
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

/* Asked only while there is something to stop: behind the end of the merge a
 * "stop" would be answered with "nothing changed", and that was not so. */
static int
progress_tell(struct task *t)
{
	struct compact_stats s = { 0 };
	uint64_t all = 0;

	if (t->progress == NULL)
		return LSM_OK;
	if (t->job != NULL) {
		compact_stats(t->job->compact, &s);
		all = compact_input_bytes(t->job->compact);
	}
	return t->progress(t->arg, s.bytes_read, all) == 0 ? LSM_OK :
	    status_set(LSM_BUSY, "compaction stopped");
}

/* What is picked by hand avoids nobody's place, so it is begun when there is
 * none but that of a flush to level 0. */
static bool
alone_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		if (j->merge || j->place.level > 0)
			return false;
	return !db->picking;
}

/* What others have begun is seen through first, and nothing else begun. */
static int
alone_wait(struct lsm_db *db, struct task *t)
{
	bool more;
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	db->holding++;
	while (rc == LSM_OK && !alone_locked(db)) {
		mutex_unlock(&db->mu);
		rc = work_step(db, &more);
		events_tell(db);
		if (rc == LSM_OK)
			rc = progress_tell(t);
		mutex_lock(&db->mu);
	}
	if (rc == LSM_OK)
		db->picking = true;
	db->holding--;
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
	return rc;
}

/* One step: flushes first, then ours. */
static int
task_step(struct lsm_db *db, struct task *t)
{
	struct job *job = t->job;
	bool urgent, ended;
	int rc;

	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = work_urgent(db, &urgent)) != LSM_OK)
		return rc;
	if (urgent)
		return progress_tell(t);
	t->job = NULL;
	rc = work_merge(db, job, &ended);
	if (ended) {
		t->done |= t->once;
		return rc;
	}
	t->job = job;
	return progress_tell(t);
}

static int
task_begin(struct lsm_db *db, struct task *t)
{
	bool any;
	int rc = alone_wait(db, t);

	if (rc != LSM_OK)
		return rc;
	rc = merge_begin(db, t->pick, t, &any, &t->job);
	t->done = !any;
	return rc == LSM_OK && t->job != NULL ? progress_tell(t) : rc;
}

/* A merge met damage that nobody knew of: what lies outside the range is
 * passed by from now on, what lies in it is met again, and then told. */
static bool
damage_learned(struct lsm_db *db, struct task *t)
{
	size_t before = t->damaged;

	mutex_lock(&db->work_mu);
	t->damaged = db->damaged_count;
	mutex_unlock(&db->work_mu);
	return t->damaged > before;
}

static int
task_run(struct lsm_db *db, struct task *t)
{
	int rc = LSM_OK;

	(void)damage_learned(db, t);
	while (rc == LSM_OK && !t->done) {
		rc = t->job == NULL ? task_begin(db, t) : task_step(db, t);
		if (rc != LSM_OK && t->job != NULL)
			merge_give_up(db, t->job, rc);
		if (rc == LSM_CORRUPT && !t->once && damage_learned(db, t))
			rc = LSM_OK;
		events_tell(db);
	}
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
	work_flushed(db);
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
	struct task t = { .pick = pick_all, .once = true,
		.progress = progress, .arg = arg };
	int rc = lsm_flush(db);

	if (rc == LSM_OK)
		rc = task_run(db, &t);
	if (rc == LSM_OK)
		rc = scrub(db);
	events_tell(db);
	return rc;
}

int
lsm_compact_range(lsm_db *db, const lsm_range *range,
    int (*progress)(void *, uint64_t, uint64_t), void *arg)
{
	struct task t = { .pick = pick_part, .progress = progress,
		.arg = arg };
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
	return task_run(db, &t);
}

static int
step(lsm_db *db, bool settle, int *more)
{
	bool any = false;
	int rc = db_writable(db);

	if (rc == LSM_OK && (rc = db_readable(db)) == LSM_OK)
		rc = work_step(db, &any);
	if (rc == LSM_OK && !any && settle)
		rc = work_drain(db, &any);
	if (rc == LSM_OK && !any)
		graves_sweep(db, SWEEP_WORK);
	events_tell(db);
	*more = any;
	return rc;
}

int
lsm_step(lsm_db *db, int *more)
{
	return step(db, false, more);
}

int
lsm_settle(lsm_db *db, int *more)
{
	return step(db, true, more);
}
