/*
 * unread.c - a writer that only appends does not read its log.
 *
 * When the last writer of this boot left in order, the end of the log is the
 * leave mark that LOCK points to, the manifest ends with the edit that LOCK
 * announces, and what else there is to recover can wait. Such a handle appends
 * to the log and puts nothing into memory: its view has a version and no
 * memtable, and nobody may look at it. The first who wants to read, or to
 * freeze, or to append more than a little, reads the log as recovery does,
 * what this handle appended included.
 */
#include "db/db.h"

#include "db/recover.h"
#include "version/witness.h"

enum {
	UNREAD_APPENDS = 64 << 10	/* bytes: more is put into memory */
};

/* Did all that may be of interest end where LOCK says? */
static bool
left_in_order(const struct env_words *w, const struct current *c)
{
	return w->trusted && w->left && !w->syncing && w->head != 0 &&
	    w->head == env_head(w->head >> ENV_HEAD_SHIFT, c->manifest);
}

static bool
has_end(const struct state *s, uint64_t log)
{
	for (size_t i = 0; i < s->ends_count; i++)
		if (s->ends[i].number == log)
			return true;
	return false;
}

/* The numbers in positions are cut to 32 bits. */
static uint64_t
log_of(const struct state *s, uint64_t position)
{
	uint64_t low = position >> 32;

	return s->log <= UINT32_MAX && low >= s->log ? low : 0;
}

static int
read_state(struct lsm_db *db, const struct current *current,
    const struct env_words *w)
{
	struct state *s = &db->state;
	uint64_t edit = w->head >> ENV_HEAD_SHIFT;
	int rc = manifest_read_pinned(db->dir, current, edit, table_gone, db,
	    s);

	if (rc != LSM_OK || (rc = recover_options(db)) != LSM_OK)
		return rc;
	if (s->edit != edit || s->torn || log_of(s, w->committed) == 0 ||
	    has_end(s, log_of(s, w->committed)))
		return LSM_NOTFOUND;
	return LSM_OK;
}

static int
go_on(struct lsm_db *db, const struct env_words *w)
{
	uint64_t log = log_of(&db->state, w->committed), mark;
	struct log_end end;
	struct env_tail tail;
	int rc;

	if ((rc = recover_log_object(db, &tail)) != LSM_OK)
		return rc;
	/* Another directory may have the same files. */
	if (tail.foreign || !db_one_name(db, FILE_LOG, log) ||
	    !db_one_name(db, FILE_MANIFEST, db->state.current.manifest))
		return LSM_NOTFOUND;
	if ((rc = log_continue_left(db->log, log, (uint32_t)w->committed,
	    &end, &mark)) != LSM_OK)
		return rc;
	if (end.sequence < db->state.flushed)
		return LSM_NOTFOUND;
	db->sequence = end.sequence;
	db->visible = end.sequence;
	db->durable = w->durable >= log_position(log, mark) ? end.sequence :
	    db->state.flushed;
	if ((rc = view_alloc(0, &db->view)) == LSM_OK)
		view_fill(db->view, db->state.version, NULL, 0);
	return rc;
}

int
unread_open(struct lsm_db *db, const struct current *current)
{
	struct env_words w;
	int rc;

	db->env->ops->lock_words(db->lock, db->id, &w);
	if (!left_in_order(&w, current))
		return LSM_NOTFOUND;
	if ((rc = read_state(db, current, &w)) == LSM_OK &&
	    (rc = go_on(db, &w)) == LSM_OK) {
		store_release(&db->unread, true);
		db_announce(db);
		return LSM_OK;
	}
	/* Nothing was changed: recovery finds out what is wrong. */
	log_free(db->log);
	db->log = NULL;
	state_release(&db->state);
	return rc == LSM_NO_MEMORY ? rc : LSM_NOTFOUND;
}

/* What recovery left for later, but for the log. */
static int
catch_up(struct lsm_db *db)
{
	struct log_end at = log_where(db->log);
	int rc = LSM_OK;

	mutex_assert_held(&db->write_mu);
	/* What can be read is durable, so a fence takes none of it back. */
	if (load_relaxed(&db->durable) < db->sequence) {
		rc = log_sync(db->log, log_position(at.number, at.size));
		if (rc != LSM_OK)
			return db_fence(db, rc);
		durable_raise(db, db->sequence);
	}
	mutex_lock(&db->edit_mu);
	if (db->manifest == NULL &&
	    (rc = witness_hear(db->dir, &db->state)) == LSM_OK &&
	    (rc = recover_numbers(db)) == LSM_OK)
		rc = manifest_continue(db->dir, &db->state, &db->manifest);
	mutex_unlock(&db->edit_mu);
	return rc;
}

/* Nobody appends meanwhile: reading ends where the log does. */
static int
read_log(struct lsm_db *db, struct recovering *r)
{
	struct log_end at = log_where(db->log);
	int rc;

	if ((rc = db->env->ops->log_flush(log_door(db->log))) != LSM_OK)
		return db_fence(db, rc);
	if ((rc = recover_replay(db, r)) != LSM_OK)
		return rc;
	if (r->out.last.number != at.number || r->out.last.size != at.size ||
	    r->load.sequence != db->sequence)
		return status_set(LSM_CORRUPT, "%s: log %llu ends at %llu, "
		    "not at %llu", db->path,
		    (unsigned long long)r->out.last.number,
		    (unsigned long long)r->out.last.size,
		    (unsigned long long)at.size);
	return load_activate(&r->load, at.number);
}

/* After a fence nothing is changed any more, and what is not known to be
 * durable will not be shown. */
static int
read_fenced(struct lsm_db *db, struct recovering *r)
{
	int rc = recover_replay(db, r);

	return rc == LSM_OK ? load_activate(&r->load, r->out.last.number) : rc;
}

static int
show(struct lsm_db *db, const struct load *l)
{
	struct view *next, *old;
	int rc;

	if ((rc = view_alloc(l->count, &next)) != LSM_OK)
		return rc;
	mutex_lock(&db->mu);
	view_fill(next, db->view->version, l->generations, l->count);
	db->active = view_active(next)->mem;
	old = view_swap_locked(db, next);
	store_release(&db->unread, false);
	mutex_unlock(&db->mu);
	view_unref(old);
	return LSM_OK;
}

int
unread_end_locked(struct lsm_db *db)
{
	struct recovering r = { 0 };
	int rc;

	mutex_assert_held(&db->write_mu);
	if (!load_acquire(&db->unread))
		return LSM_OK;
	if (load_acquire(&db->fence.code) != LSM_OK)
		rc = read_fenced(db, &r);
	else if ((rc = catch_up(db)) == LSM_OK &&
	    (rc = read_log(db, &r)) == LSM_OK)
		rc = db_clean(db, &r.out);
	if (rc == LSM_OK)
		rc = show(db, &r.load);
	recovering_release(&r);
	return rc;
}

int
unread_end(struct lsm_db *db)
{
	int rc;

	mutex_lock(&db->write_mu);
	rc = unread_end_locked(db);
	mutex_unlock(&db->write_mu);
	return rc;
}

/* A little more may go into a log that was not read. */
bool
unread_room(struct lsm_db *db, size_t data)
{
	return data <= UNREAD_APPENDS &&
	    log_bytes(db->log) + data <= UNREAD_APPENDS &&
	    log_where(db->log).size + data <= CLOSE_FLUSH;
}

bool
unread_short(struct lsm_db *db)
{
	struct log_end at = log_where(db->log);

	return at.number == db->state.log && at.size <= CLOSE_FLUSH;
}
