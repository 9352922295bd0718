/*
 * edit.c - the only place where the open database changes its manifest.
 *
 * An edit is durable before the view shows it. A failure after its first byte
 * fences the handle: what the disk holds is known after the next open.
 */

#include "db/db.h"
#include "env/files.h"

/* LOCK was deleted or put in the place of another: then others lock another
 * file, and perhaps write. What is in the ring of the lost one, nobody else
 * will find: it goes to the log first, whose file is still ours alone. */
int
db_own(struct lsm_db *db)
{
	if (db->env->ops->dir_same(db->dir))
		return LSM_OK;
	(void)db->env->ops->log_flush(log_door(db->log));
	return db_fence(db, status_set(LSM_IO, "%s: the directory or LOCK is "
	    "not the one that was opened", db->path));
}

bool
db_one_name(struct lsm_db *db, enum file_kind kind, uint64_t number)
{
	char name[FILE_NAME_MAX];
	uint64_t links;

	return db->env->ops->dir_links(db->dir, file_name(name, kind, number),
	    &links) == LSM_OK && links == 1;
}

/* Readers may know of the version from now on. */
static void
announce_locked(struct lsm_db *db)
{
	const struct state *s = &db->state;

	mutex_assert_held(&db->edit_mu);
	db->env->ops->log_head(log_door(db->log), env_head(s->edit,
	    s->current.manifest));
	store_release(&db->head, s->edit);
}

void
db_announce(struct lsm_db *db)
{
	mutex_lock(&db->edit_mu);
	/* The first words of this page: `oldest` before `head`. */
	db->env->ops->log_oldest(log_door(db->log), db->state.edit);
	announce_locked(db);
	mutex_unlock(&db->edit_mu);
}

/* Start a new manifest. What fails and is not *fatal leaves the old one. */
static int
manifest_begin_locked(struct lsm_db *db, bool *fatal)
{
	uint64_t old = db->state.current.manifest;
	struct manifest *next;
	int rc;

	mutex_assert_held(&db->edit_mu);
	rc = manifest_create(db->dir, &db->state, db->next_number++, fatal,
	    &next);
	if (rc != LSM_OK)
		return rc;
	manifest_free(db->manifest);
	db->manifest = next;
	COUNT(db, manifest_bytes, db->state.manifest_size);
	event_add(db, &(lsm_event){ .kind = LSM_EVENT_MANIFEST, .from = -1,
		.level = -1, .edit = db->state.edit,
		.bytes_out = db->state.manifest_size });
	announce_locked(db);
	grave_add(db, FILE_MANIFEST, old, db->state.edit);
	return LSM_OK;
}

/* When the old has grown, or the last write of it was torn at open. */
static int
manifest_restart_locked(struct lsm_db *db)
{
	bool fatal;
	int rc = manifest_begin_locked(db, &fatal);

	return fatal || (rc != LSM_OK && rc != LSM_NO_MEMORY) ?
	    db_fence(db, rc) : rc;
}

static int
append_locked(struct lsm_db *db, struct edit *e)
{
	uint64_t before = db->state.manifest_size;
	bool fatal = false;
	int rc;

	mutex_assert_held(&db->edit_mu);
	if ((rc = fence_check(&db->fence)) != LSM_OK ||
	    (rc = db_own(db)) != LSM_OK)
		return rc;
	/* Somebody copied the directory with links. */
	if (!db_one_name(db, FILE_MANIFEST, db->state.current.manifest) &&
	    (rc = manifest_restart_locked(db)) != LSM_OK)
		return rc;
	e->next_run = db->next_run;
	rc = manifest_append(db->manifest, &db->state, e, table_gone, db,
	    &fatal);
	COUNT(db, manifest_bytes, db->state.manifest_size - before);
	if (rc == LSM_OK)
		announce_locked(db);
	return fatal ? db_fence(db, rc) : rc;
}

static int
reserve_locked(struct lsm_db *db)
{
	struct edit e = { .reserved = db->next_number + NUMBERS_RESERVED };

	return append_locked(db, &e);
}

static int
number_locked(struct lsm_db *db, uint64_t *number)
{
	int rc;

	mutex_assert_held(&db->edit_mu);
	*number = 0;
	/* One number stays in hand for a manifest that starts anew. */
	if (db->next_number + 1 >= db->state.reserved &&
	    (rc = reserve_locked(db)) != LSM_OK)
		return rc;
	*number = db->next_number++;
	return LSM_OK;
}

int
db_number(void *arg, uint64_t *number)
{
	struct lsm_db *db = arg;
	int rc;

	mutex_lock(&db->edit_mu);
	rc = number_locked(db, number);
	mutex_unlock(&db->edit_mu);
	return rc;
}

/* The flushed generations, oldest first, are in tables now: leave them out. */
static size_t
generations_flushed(const struct view *v, uint64_t flushed)
{
	size_t n = 0;

	while (n + 1 < v->count && v->generations[n].last <= flushed)
		n++;
	return n;
}

/* Show the state's version in `next`. mu is held from the old view to the
 * new, so a memtable frozen meanwhile is not lost. */
static void
show_locked(struct lsm_db *db, struct view *next)
{
	struct view *old;
	size_t flushed;

	mutex_lock(&db->mu);
	old = db->view;
	flushed = generations_flushed(old, db->state.flushed);
	view_fill(next, db->state.version, old->generations + flushed,
	    old->count - flushed);
	view_swap_locked(db, next);
	/* An ingestion's sequence becomes visible with its tables. */
	if (db->state.ingested > load_relaxed(&db->visible))
		store_release(&db->visible, db->state.ingested);
	mutex_unlock(&db->mu);
	view_unref(old);
}

/* The memory comes first: after the append nothing may fail any more. */
static int
view_for_edit(struct lsm_db *db, struct view **next)
{
	size_t room;

	mutex_lock(&db->mu);
	room = db->view->count + FROZEN_MAX + 1;
	mutex_unlock(&db->mu);
	return view_alloc(room, next);
}

int
db_edit(struct lsm_db *db, struct edit *e)
{
	struct view *next;
	int rc;

	mutex_lock(&db->edit_mu);
	if ((rc = view_for_edit(db, &next)) != LSM_OK)
		goto done;
	if ((rc = append_locked(db, e)) != LSM_OK) {
		view_unref(next);
		goto done;
	}
	show_locked(db, next);
	/* The edit stands. Without memory the next one tries again. */
	if (manifest_wants_restart(db->manifest) &&
	    (rc = manifest_restart_locked(db)) == LSM_NO_MEMORY)
		rc = LSM_OK;
done:
	mutex_unlock(&db->edit_mu);
	if (rc == LSM_OK)
		graves_sweep(db, SWEEP_WORK);
	return rc;
}

int
db_renew_manifest(struct lsm_db *db)
{
	int rc;

	mutex_lock(&db->edit_mu);
	if ((rc = fence_check(&db->fence)) == LSM_OK)
		rc = manifest_restart_locked(db);
	mutex_unlock(&db->edit_mu);
	if (rc == LSM_OK)
		graves_sweep(db, SWEEP_WORK);
	return rc;
}

void
db_shorten_manifest(struct lsm_db *db)
{
	bool fatal = false;
	int rc = LSM_OK;

	mutex_lock(&db->edit_mu);
	if (db->manifest != NULL && manifest_is_long(db->manifest) &&
	    fence_check(&db->fence) == LSM_OK && db_own(db) == LSM_OK)
		rc = manifest_begin_locked(db, &fatal);
	if (fatal)
		(void)db_fence(db, rc);
	mutex_unlock(&db->edit_mu);
}

int
db_prepare_log(struct lsm_db *db, uint64_t recycle)
{
	char name[FILE_NAME_MAX];
	uint64_t number;
	int rc = LSM_OK;

	/* A writer that finds one ready must not wait for an edit's sync. */
	if (log_prepared(db->log) != 0)
		return recycle == 0 ? LSM_OK : LSM_BUSY;
	mutex_lock(&db->edit_mu);
	if (log_prepared(db->log) != 0) {
		mutex_unlock(&db->edit_mu);
		return recycle == 0 ? LSM_OK : LSM_BUSY;
	}
	log_segment_size(db->log, load_relaxed(&db->memtable_size));
	rc = number_locked(db, &number);
	if (rc == LSM_OK)
		rc = log_prepare(db->log, number, recycle == 0 ? NULL :
		    file_name(name, FILE_LOG, recycle), db->state.edit);
	mutex_unlock(&db->edit_mu);
	return rc;
}
