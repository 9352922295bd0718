/*
 * freeze.c - a full memtable makes way for the next, and its log with it.
 *
 * Freezing goes in an order in which every step can fail without harm until
 * the log has turned: memory first, then the prepared segment, then the
 * close mark. Then nothing can fail.
 */
#include "db/db.h"

/* Sizes double up to the limit, so that what is flushed by hand, a little at
 * a time, has small logs. */
static size_t
memtable_size_next(struct lsm_db *db)
{
	size_t size = load_relaxed(&db->memtable_size);
	size_t limit = db->opt.memtable_size;

	store_relaxed(&db->memtable_size,
	    size < limit / 2 ? 2 * size : limit);
	return size;
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
	int rc = LSM_OK;

	mutex_lock(&db->mu);
	/* An old failure is no answer: let the worker try once more. */
	db->work_error = LSM_OK;
	db->merge_failed = false;
	cond_broadcast(&db->changed);
	while (stall_due_locked(db) != STALL_NONE &&
	    (rc = work_error_locked(db)) == LSM_OK)
		cond_wait(&db->changed, &db->mu);
	mutex_unlock(&db->mu);
	return rc;
}

static int
work_for_room(struct lsm_db *db)
{
	bool more = true;
	int rc;

	while (more && stall_due(db) != STALL_NONE) {
		rc = work_step(db, &more);
		if (rc != LSM_OK && stall_due(db) != STALL_NONE)
			return rc;
		more |= rc != LSM_OK;
	}
	return LSM_OK;
}

/* Wait until another frozen memtable may stand in the view. */
static int
wait_for_room(struct lsm_db *db)
{
	enum stall why = stall_due(db);
	uint64_t begin;
	int rc;

	if (why == STALL_NONE)
		return LSM_OK;
	stall_begin(db, why);
	begin = db->env->ops->now_us(db->env);
	rc = db->working ? wait_for_worker(db) : work_for_room(db);
	begin = db->env->ops->now_us(db->env) - begin;
	stall_end(db, why, begin);
	if (db->working)
		pace_stalled(db, begin);
	return rc;
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
	db->ahead_at = memtable_limit(g.mem) / LOG_AHEAD_PARTS;
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
		return rc == LSM_NO_MEMORY || rc == LSM_NO_SPACE ? rc :
		    db_fence(db, rc);
	}
	view_turn(db, next);
	work_wake(db);
	return LSM_OK;
}

/* So much of the memtable is used: the worker makes a log for the next one,
 * before the writer has to wait for its syncs. Who fills one will fill another
 * of its size: the one that an open leaves is no small one. */
static void
log_ahead(struct lsm_db *db)
{
	size_t limit = memtable_limit(db->active);

	db->ahead_at = SIZE_MAX;
	if (limit > load_relaxed(&db->memtable_size))
		store_relaxed(&db->memtable_size, limit);
	if (!db->working || log_prepared(db->log) != 0)
		return;
	store_release(&db->log_wanted, true);
	work_wake(db);
}

/* The worker gives the log its next part of space, before the writer has to
 * take some. He is asked once: if he fails the writer tries, and tells. */
static void
space_ahead(struct lsm_db *db)
{
	uint64_t to = log_space_next(db->log, memtable_limit(db->active));

	if (to <= db->space_asked)
		return;
	db->space_asked = to;
	store_release(&db->space_wanted, to);
	work_wake(db);
}

/* The worker makes a log while the memtable's limit is reached: what the arena
 * has beyond it lasts longer than the syncs of a log, and the writer need not
 * wait for them. */
static bool
log_on_its_way(struct lsm_db *db)
{
	return db->working && db->ahead_at == SIZE_MAX &&
	    log_prepared(db->log) == 0;
}

int
db_make_room(struct lsm_db *db, size_t ops, size_t data)
{
	/* Only the writer replaces the active memtable: no lock is needed to
	 * look at it, but the view may be swapped by an edit. */
	struct memtable *mem;
	int rc;

	if (load_acquire(&db->unread)) {
		if (unread_room(db, data))
			return LSM_OK;
		if ((rc = unread_end_locked(db)) != LSM_OK)
			return rc;
	}
	mem = db->active;
	if (db->working)
		space_ahead(db);
	if (memtable_used(mem) >= db->ahead_at)
		log_ahead(db);
	if (memtable_has_room(mem, ops, data, db->sequence + ops) &&
	    (!memtable_full(mem) || log_on_its_way(db)))
		return LSM_OK;
	rc = db_freeze(db, ops, data);
	return rc == LSM_IO ? db_fence(db, rc) : rc;
}
