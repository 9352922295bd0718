/*
 * freeze.c - a full memtable makes way for the next, and its log with it.
 *
 * Freezing goes in an order in which every step can fail without harm until
 * the log has turned: memory first, then the prepared segment, then the
 * close mark. Then nothing can fail.
 */
#include "db/db.h"

/* Sizes double up to the limit, so a small database stays small. */
static size_t
memtable_size_next(struct lsm_db *db)
{
	size_t size = load_relaxed(&db->memtable_size);
	size_t limit = db->opt.memtable_size;

	store_relaxed(&db->memtable_size,
	    size < limit / 2 ? 2 * size : limit);
	return size;
}

/* The first memtables are small, and their flushes slow for what they are:
 * they count by what they hold. */
static bool
frozen_enough_locked(struct lsm_db *db)
{
	size_t frozen = db->view->count - 1, bytes = 0;

	mutex_assert_held(&db->mu);
	if (frozen < FROZEN_FULL || frozen >= FROZEN_MAX)
		return frozen >= FROZEN_MAX;
	for (size_t i = 0; i <= frozen; i++)
		bytes += memtable_limit(db->view->generations[i].mem);
	return bytes > FROZEN_FULL * db->opt.memtable_size;
}

static bool
too_many_locked(struct lsm_db *db)
{
	return frozen_enough_locked(db) || merge_behind_locked(db);
}

/* The flush that makes room failed: tell the writer why there is none. */
int
work_error_locked(struct lsm_db *db)
{
	int rc = fence_check(&db->fence);

	if (rc == LSM_OK && db->work_error != LSM_OK)
		rc = status_set(db->work_error, "%s", db->work_story);
	return rc;
}

static int
wait_for_worker(struct lsm_db *db)
{
	uint64_t begin = db->env->ops->now_us(db->env);
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	/* An old failure is no answer: let the worker try once more. */
	db->work_error = LSM_OK;
	db->merge_failed = false;
	cond_broadcast(&db->changed);
	while (too_many_locked(db) &&
	    (rc = work_error_locked(db)) == LSM_OK)
		cond_wait(&db->changed, &db->mu);
	mutex_unlock(&db->mu);
	COUNT(db, stalls, 1);
	begin = db->env->ops->now_us(db->env) - begin;
	COUNT(db, stall_us, begin);
	pace_stalled(db, begin);
	return rc;
}

static bool
too_many(struct lsm_db *db)
{
	bool many;

	mutex_lock(&db->mu);
	many = too_many_locked(db);
	mutex_unlock(&db->mu);
	return many;
}

/* Wait until another frozen memtable may stand in the view. */
static int
wait_for_room(struct lsm_db *db)
{
	bool more = true;
	int rc;

	while (too_many(db)) {
		if (db->working)
			return wait_for_worker(db);
		rc = work_step(db, &more);
		if (rc != LSM_OK && too_many(db))
			return rc;
		if (rc == LSM_OK && !more)
			break;
	}
	return LSM_OK;
}

/* The view with one more generation, all memory had. */
static int
view_with_next(struct lsm_db *db, size_t ops, size_t data, struct view **out)
{
	struct generation g = { 0 };
	size_t room;
	int rc;

	*out = NULL;
	rc = memtable_new_in(db->arenas, memtable_size_next(db), ops, data,
	    db->sequence + 1, &g.mem);
	if (rc != LSM_OK)
		return rc;
	mutex_lock(&db->mu);
	room = db->view->count + 1;
	mutex_unlock(&db->mu);
	if ((rc = view_alloc(room, out)) == LSM_OK)
		view_push(*out, &g);
	memtable_unref(g.mem);
	return rc;
}

/* `next` holds only the new generation: put the others before it. */
static void
view_turn(struct lsm_db *db, struct view *next)
{
	struct generation g = next->generations[0];
	struct view *old;

	g.log = log_where(db->log).number;
	next->count = 0;
	db->active = g.mem;
	db->ahead_at = memtable_limit(g.mem) / 2;
	mutex_lock(&db->mu);
	old = db->view;
	view_active(old)->last = db->sequence;
	view_fill(next, old->version, old->generations, old->count);
	view_push(next, &g);
	view_swap_locked(db, next);
	mutex_unlock(&db->mu);
	memtable_unref(g.mem);
	view_unref(old);
}

int
db_freeze(struct lsm_db *db, size_t ops, size_t data)
{
	struct view *next;
	int rc;

	mutex_assert_held(&db->write_mu);
	if ((rc = wait_for_room(db)) != LSM_OK ||
	    (rc = db_own(db)) != LSM_OK ||
	    (rc = db_prepare_log(db, 0)) != LSM_OK ||
	    (rc = log_ready(db->log)) != LSM_OK ||
	    (rc = view_with_next(db, ops, data, &next)) != LSM_OK)
		return rc;
	if ((rc = log_rotate(db->log, db->sequence + 1)) != LSM_OK) {
		view_unref(next);
		return db_fence(db, rc);
	}
	view_turn(db, next);
	work_wake(db);
	return LSM_OK;
}

/* Half of the memtable is used: the worker makes a log for the next one, so
 * that the writer does not wait for its syncs. */
static void
log_ahead(struct lsm_db *db)
{
	db->ahead_at = SIZE_MAX;
	if (!db->working || log_prepared(db->log) != 0)
		return;
	store_release(&db->log_wanted, true);
	work_wake(db);
}

int
db_make_room(struct lsm_db *db, size_t ops, size_t data)
{
	/* Only the writer replaces the active memtable: no lock is needed to
	 * look at it, but the view may be swapped by an edit. */
	struct memtable *mem = db->active;
	int rc;

	if (memtable_used(mem) >= db->ahead_at)
		log_ahead(db);
	if (!memtable_full(mem) &&
	    memtable_has_room(mem, ops, data, db->sequence + ops))
		return LSM_OK;
	rc = db_freeze(db, ops, data);
	return rc == LSM_IO ? db_fence(db, rc) : rc;
}
