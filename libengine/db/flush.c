/*
 * flush.c - the oldest frozen memtable becomes a table.
 */
#include "db/db.h"

#include "env/files.h"

#ifdef LSM_SCHED
enum flush_bug flush_bug;
#define FLUSH_BUG(name) (flush_bug == FLUSH_BUG_##name)
#else
#define FLUSH_BUG(name) false
#endif

/* Where its keys may go without a compaction, and nothing else then. They live
 * as long as it. */
static int
place_take(struct lsm_db *db, struct memtable *mem, uint64_t *run)
{
	struct pick_job jobs[JOBS_MAX], *place = &db->flush.place;
	struct pick_options o;
	uint64_t at;
	struct view *v;
	bool any;
	int rc;

	db->flush = (struct job){ .taken = true };
	*run = 0;
	rc = memtable_bounds(mem, &any, &place->smallest, &place->largest);
	if (rc != LSM_OK)
		return rc;
	mutex_lock(&db->work_mu);
	if (any) {
		o = job_pick(db, false, jobs);
		v = view_now(db, &at);
		place->level = pick_flush_level(v->version, &o,
		    place->smallest, place->largest, run);
		view_unref(v);
	}
	job_add(db, &db->flush);
	mutex_unlock(&db->work_mu);
	return LSM_OK;
}

static int
walls_plan(struct lsm_db *db, const struct version *v, const struct shape *s,
    const struct memtable *mem, struct compact_options *o)
{
	struct bytes keys[MEMTABLE_SAMPLE];
	struct parts_of of = { memtable_used(mem), keys,
		memtable_sample(mem, keys) };

	o->walls = db->parts.walls;
	return parts_plan(&db->parts, v, s, &of, &o->walls_count);
}

/* How large its tables are, and where they end. */
static int
tables_plan(struct lsm_db *db, int level, const struct memtable *mem,
    struct compact_options *o)
{
	int rc = LSM_OK;
	struct shape s;
	uint64_t at;
	struct view *v = view_now(db, &at);

	shape_of(v->version, &db->shape, &s);
	o->table_size = shape_table_size(&s, level);
	if (level == 0)
		rc = walls_plan(db, v->version, &s, mem, o);
	view_unref(v);
	return rc;
}

/* An empty memtable makes no table: its log was to go. */
static void
flush_event(struct lsm_db *db, const struct generation *g, int kind, int code)
{
	const struct job *f = &db->flush;
	struct job told = { .place = f->place, .compact = f->compact,
		.since_us = f->since_us };

	told.place.from = -1;
	if (memtable_entries(g->mem) > 0)
		job_event(db, kind, &told, code);
}

static void
flush_end(struct lsm_db *db)
{
	struct job *job = &db->flush;

	job_end(db, &job->compact);
	job_remove(db, job);
}

static int
flush_begin(struct lsm_db *db, const struct generation *g)
{
	struct job *job = &db->flush;
	struct compact_options o;
	uint64_t run;
	int rc;

	if ((rc = place_take(db, g->mem, &run)) != LSM_OK)
		return rc;
	o = job_options(db, job->place.level, run);
	pace_flush_begin(db, memtable_used(g->mem));
	if ((rc = tables_plan(db, job->place.level, g->mem, &o)) != LSM_OK ||
	    (rc = compact_flush_new(&o, g->mem, &job->compact)) != LSM_OK) {
		flush_end(db);
		return rc;
	}
	job->since_us = db->env->ops->now_us(db->env);
	flush_event(db, g, LSM_EVENT_FLUSH_BEGIN, LSM_OK);
	return LSM_OK;
}

/* A number below the oldest log may be that of another file, or of none. */
static bool
is_log(struct lsm_db *db, uint64_t number)
{
	char name[FILE_NAME_MAX];
	uint64_t links;

	return db->env->ops->dir_links(db->dir, file_name(name, FILE_LOG,
	    number), &links) == LSM_OK;
}

/* Logs below state.log are dead since the last edit. */
static void
logs_retire(struct lsm_db *db, uint64_t first, uint64_t end)
{
	uint64_t died = load_acquire(&db->head);
	bool synced = log_forget(db->log, end);

	for (uint64_t log = first; log < end; log++)
		if (is_log(db, log))
			grave_add_log(db, log, died, synced);
	graves_sweep(db, SWEEP_WORK);
}

static int
flush_install(struct lsm_db *db, const struct generation *g,
    uint64_t next_log)
{
	struct edit e = { .flushed = g->last, .log = next_log };
	struct compact_stats s;
	int rc = LSM_OK;

	/* The next log must begin on disk before the manifest begins there.
	 * The logs before it need not be there, now or ever: without the edit
	 * the prefix ends in them, with it they are dead. So no watermark may
	 * tell of this sync until the edit is durable. */
	if (!FLUSH_BUG(START_UNSYNCED))
		rc = log_sync_start(db->log, next_log);
	if (FLUSH_BUG(FORGET_EARLY))
		(void)log_forget(db->log, next_log);
	if (rc != LSM_OK)
		return db_fence(db, rc);
	compact_stats(db->flush.compact, &s);
	rc = job_install(db, db->flush.compact, g->mem, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, flushes, s.outputs > 0);
	COUNT(db, flush_bytes, s.bytes_written);
	durable_raise(db, g->last);
	return LSM_OK;
}

int
flush_step(struct lsm_db *db, const struct generation *g, uint64_t next_log)
{
	struct job *job = &db->flush;
	uint64_t first;
	bool done = false;
	int rc;

	if (job->compact == NULL && (rc = flush_begin(db, g)) != LSM_OK)
		return rc;
	rc = compact_step(job->compact, &done);
	if (rc == LSM_OK && !done)
		return LSM_OK;
	mutex_lock(&db->edit_mu);
	first = db->state.log;
	mutex_unlock(&db->edit_mu);
	if (rc == LSM_OK)
		rc = flush_install(db, g, next_log);
	flush_event(db, g, rc == LSM_OK ? LSM_EVENT_FLUSH_END :
	    LSM_EVENT_FLUSH_FAILED, rc);
	flush_end(db);
	if (rc == LSM_OK)
		logs_retire(db, first, next_log);
	return rc;
}
