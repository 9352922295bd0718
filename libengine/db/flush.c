/*
 * flush.c - flush and compaction by hand.
 *
 * Both freeze what is in memory, then see the background work through: with a
 * worker they wait for it, without one they run its steps.
 */
#include "db/db.h"

static int
flush_drive(struct lsm_db *db)
{
	bool more = true;
	int rc = LSM_OK;

	while (rc == LSM_OK && more)
		rc = work_step(db, &more);
	return rc;
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

int
lsm_flush(lsm_db *db)
{
	int rc;

	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->write_mu);
	if (!memtable_empty(db->active))
		rc = db_freeze(db, 0, 0);
	mutex_unlock(&db->write_mu);
	if (rc != LSM_OK)
		return rc;
	return db->working ? flush_wait(db) : flush_drive(db);
}

/* One step of a manual compaction: flushes first, then whatever merge is under
 * way, then ours. *done when ours has ended. */
static int
everything_step_locked(struct lsm_db *db, bool *started, bool *done)
{
	bool more, any;
	int rc;

	mutex_assert_held(&db->work_mu);
	if (db->merge != NULL)
		return work_step_locked(db, &more);
	if (*started) {
		*done = true;
		return LSM_OK;
	}
	rc = work_merge_begin(db, true, &any);
	*started = true;
	*done = rc != LSM_OK || !any;
	db->merge_everything = !*done;
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
everything_failed(struct lsm_db *db)
{
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	if (db->merge_failed)
		rc = status_set(db->merge_code, "%s", db->work_story);
	mutex_unlock(&db->mu);
	return rc;
}

static int
everything(struct lsm_db *db, int (*progress)(void *, uint64_t, uint64_t),
    void *arg)
{
	bool started = false, done = false;
	int rc = LSM_OK;

	while (rc == LSM_OK && !done) {
		mutex_lock(&db->work_mu);
		rc = everything_step_locked(db, &started, &done);
		if (rc == LSM_OK && !done &&
		    stopped_locked(db, progress, arg)) {
			work_merge_end(db);
			rc = status_set(LSM_BUSY, "compaction stopped");
		}
		mutex_unlock(&db->work_mu);
	}
	return rc == LSM_OK ? everything_failed(db) : rc;
}

int
lsm_compact(lsm_db *db, int (*progress)(void *, uint64_t, uint64_t),
    void *arg)
{
	int rc = lsm_flush(db);

	return rc == LSM_OK ? everything(db, progress, arg) : rc;
}

int
lsm_step(lsm_db *db, int *more)
{
	bool any;
	int rc = work_step(db, &any);

	*more = any;
	return rc;
}
