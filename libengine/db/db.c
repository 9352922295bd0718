/*
 * db.c - open and close; what a handle is allowed to do.
 */
#include "db/db.h"

#include "base/alloc.h"
#include "env/files.h"
#include "table/compress.h"

void
lsm_id(const lsm_db *db, uint8_t id[16])
{
	memcpy(id, db->id, ID_SIZE);
}

int
db_usable(const struct lsm_db *db)
{
	if (db->process == process_generation())
		return LSM_OK;
	return status_set(LSM_FORKED,
	    "%s: the handle belongs to the parent process", db->path);
}

int
db_readable(struct lsm_db *db)
{
	int rc = db_usable(db);

	return rc == LSM_OK && load_acquire(&db->unread) ? unread_end(db) : rc;
}

int
db_writable(struct lsm_db *db)
{
	int rc;

	if ((rc = db_usable(db)) != LSM_OK)
		return rc;
	if (db->read_only)
		return status_set(LSM_READ_ONLY, "%s: opened read-only",
		    db->path);
	return fence_check(&db->fence);
}

/* From now on readers of "now" see what is surely on the disk, no more. */
int
db_fence(struct lsm_db *db, int code)
{
	code = fence_set(&db->fence, code);
	if (!atomic_exchange(&db->events.fence_told, true))
		event_add(db, &(lsm_event){ .kind = LSM_EVENT_FENCE,
			.from = -1, .level = -1, .code = code });
	if (db->log != NULL)
		log_give_up(db->log, code);
	work_wake(db);
	return code;
}

void
db_free(struct lsm_db *db)
{
	if (db == NULL)
		return;
	work_stop(db);
	view_unref(db->view);
	graves_release(&db->graves);
	log_free(db->log);
	tally_free(db->tally);
	latencies_free(db->latencies);
	events_release(&db->events);
	manifest_free(db->manifest);
	state_release(&db->state);
	pins_release(&db->pins);
	arena_pool_unref(db->arenas);
	table_cache_free(db->tables);
	tally_free(db->table_stats.gets);
	cache_free(db->cache);
	inflaters_free(db->inflaters);
	if (db->lock != NULL)
		db->env->ops->lock_close(db->lock);
	if (db->dir != NULL)
		db->env->ops->dir_close(db->dir);
	mutex_release(&db->write_mu);
	mutex_release(&db->work_mu);
	mutex_release(&db->edit_mu);
	mutex_release(&db->mu);
	fence_release(&db->fence);
	cond_release(&db->changed);
	mem_free(db->damaged);
	parts_release(&db->parts);
	mem_free(db->path);
	mem_free(db);
}

static int
parts_new(struct lsm_db *db)
{
	int rc = events_init(&db->events, &db->opt);

	if (rc != LSM_OK || (rc = tally_new(&db->tally)) != LSM_OK ||
	    (rc = tally_new(&db->table_stats.gets)) != LSM_OK ||
	    (rc = latencies_new(db->env, &db->latencies)) != LSM_OK)
		return rc;
	return arena_pool_new(&db->arenas);
}

static int
db_new(const char *path, const lsm_options *given, struct lsm_db **out)
{
	struct lsm_db *db;
	lsm_options o;
	size_t n = strlen(path) + 1;
	int rc;

	*out = NULL;
	if ((rc = options_check(given, &o)) != LSM_OK)
		return rc;
	if ((db = mem_zalloc(sizeof *db)) == NULL)
		return mem_exhausted(sizeof *db);
	mutex_init(&db->write_mu);
	mutex_init(&db->work_mu);
	mutex_init(&db->edit_mu);
	mutex_init(&db->mu);
	mutex_init(&db->graves.mu);
	pins_init(&db->pins);
	fence_init(&db->fence);
	cond_init(&db->changed);
	pace_init(&db->pace);
	db->opt = o;
	db->env = o.env ? o.env : env_posix();
	db->read_only = o.read_only;
	db->picked_edit = db->drained_edit = UINT64_MAX;
	db->process = process_generation();
	db->memtable_size = o.memtable_size < MEMTABLE_START ?
	    o.memtable_size : MEMTABLE_START;
	/* Of the one that open leaves. */
	db->ahead_at = o.memtable_size / LOG_AHEAD_PARTS;
	rc = parts_new(db);
	if (rc == LSM_OK && (db->path = mem_alloc(n)) == NULL)
		rc = mem_exhausted(n);
	if (rc != LSM_OK) {
		db_free(db);
		return rc;
	}
	memcpy(db->path, path, n);
	*out = db;
	return LSM_OK;
}

/* Caches of what is read; they need the database's identity. */
static int
caches_new(struct lsm_db *db)
{
	struct table_source source = {
		.dir = db->dir,
		.reads = db->opt.reads,
		.stats = &db->table_stats,
	};
	int rc;

	if ((rc = cache_new(db->opt.cache_size, &db->cache)) != LSM_OK ||
	    (rc = inflaters_new(&db->inflaters)) != LSM_OK)
		return rc;
	source.cache = db->cache;
	source.inflaters = db->inflaters;
	memcpy(source.database, db->id, ID_SIZE);
	return table_cache_new(&source, (size_t)db->opt.max_open_tables,
	    &db->tables);
}

int
lsm_open(const char *path, const lsm_options *options, lsm_db **out)
{
	struct lsm_db *db;
	char story[STATUS_STORY_MAX];
	struct made made = { 0 };
	struct current current;
	int rc;

	*out = NULL;
	if ((rc = db_new(path, options, &db)) != LSM_OK)
		return rc;
	if ((rc = db->read_only ? place_read(db, &made, &current) :
	    place_write(db, &made, &current)) != LSM_OK)
		goto done;
	memcpy(db->id, current.database, ID_SIZE);
	if ((rc = caches_new(db)) != LSM_OK ||
	    (rc = db->read_only ? reader_open(db, &current) :
	    db_recover(db, &current)) != LSM_OK ||
	    (rc = work_start(db)) != LSM_OK)
		goto done;
	*out = db;
	return LSM_OK;
done:
	memcpy(story, status_story(), sizeof story);
	place_undo(db, &made);
	db_free(db);
	return status_set(rc, "%s", story);
}

/* Whoever opens next reads the log, a short-lived reader with every open: so
 * a long one becomes a table. If that fails, all is in the log still. */
static void
close_flush(struct lsm_db *db)
{
	bool much;

	if (db->read_only || db_writable(db) != LSM_OK)
		return;
	mutex_lock(&db->write_mu);
	much = load_acquire(&db->unread) ? !unread_short(db) :
	    memtable_used(db->active) > CLOSE_FLUSH;
	mutex_unlock(&db->write_mu);
	if (much)
		(void)lsm_flush(db);
}

static int
close_log(struct lsm_db *db)
{
	int rc;

	if (db->read_only)
		return LSM_OK;
	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->write_mu);
	rc = log_leave(db->log, db->sequence, !db->opt.no_sync);
	mutex_unlock(&db->write_mu);
	return rc;
}

int
lsm_close(lsm_db *db)
{
	int rc;

	if (db == NULL)
		return LSM_OK;
	/* The child of a fork has no worker to join, and locks that were held
	 * then are held for ever: it leaves all as it is. */
	if ((rc = db_usable(db)) != LSM_OK)
		return rc;
	if (db->open_handles != 0)
		return status_set(LSM_BUSY, "%s: %llu iterators or snapshots "
		    "are open", db->path,
		    (unsigned long long)db->open_handles);
	close_flush(db);
	work_stop(db);
	if (!db->read_only)
		db_shorten_manifest(db);
	graves_sweep(db, SWEEP_LAST);
	rc = close_log(db);
	events_tell(db);
	db_free(db);
	return rc;
}
