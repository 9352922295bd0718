/*
 * work.c - background work: find the next task, run one step of it.
 *
 * One worker thread loops over work_step; without one, whoever has to wait
 * runs the steps. A flush goes first, between the steps of a merge. A failed
 * flush is kept as work_error until one works: writers that need its room are
 * told. A failed merge waits for the next flush; what it made is deleted.
 */
#include <inttypes.h>
#include <stdio.h>

#include "db/db.h"

static struct compact_options
job_options(struct lsm_db *db, int level, uint64_t run)
{
	struct compact_options o = {
		.dir = db->dir,
		.tables = db->tables,
		.table = {
			.dir = db->dir,
			.codec = db->stored.codec,
			.page_size = db->stored.page_size,
			.filter_bits = db->stored.filter_bits,
			.level = level,
			.run = run,
		},
		.table_size = db->stored.table_size,
		.level = level,
		.run = run,
		.number = db_number,
		.number_arg = db,
	};

	o.table.id.kind = FILE_TABLE;
	memcpy(o.table.id.database, db->id, ID_SIZE);
	mutex_lock(&db->edit_mu);
	memcpy(o.table.id.branch, db->state.branch, ID_SIZE);
	o.table.edit = db->state.edit;
	if (run == 0)
		o.run = o.table.run = db->next_run++;
	mutex_unlock(&db->edit_mu);
	return o;
}

/* The oldest frozen generation, and the log that its successor begins in. */
static bool
frozen_next(struct lsm_db *db, struct generation *g, uint64_t *next_log)
{
	bool any;

	mutex_lock(&db->mu);
	if ((any = db->view->count > 1)) {
		*g = db->view->generations[0];
		*next_log = db->view->generations[1].log;
		memtable_ref(g->mem);
	}
	mutex_unlock(&db->mu);
	return any;
}

/* Where the keys of a memtable may go without a compaction. */
static int
flush_place(struct lsm_db *db, struct memtable *mem, uint64_t sequence,
    int *level, uint64_t *run)
{
	struct bytes smallest, largest;
	struct buffer room = { 0 };
	struct iter *it;
	uint64_t at;
	struct view *v;
	int rc;

	*level = 0;
	*run = 0;
	if ((rc = memtable_iter_new(mem, sequence, &it)) != LSM_OK)
		return rc;
	if ((rc = iter_first(it)) != LSM_OK || !it->valid)
		goto done;
	if ((rc = buffer_add(&room, it->entry.key.p, it->entry.key.n)) !=
	    LSM_OK || (rc = iter_last(it)) != LSM_OK)
		goto done;
	smallest = buffer_bytes(&room);
	largest = it->entry.key;
	v = view_now(db, &at);
	*level = pick_flush_level(v->version, smallest, largest, run);
	view_unref(v);
done:
	buffer_free(&room);
	iter_free(it);
	return rc;
}

/* Does the running merge end where this flush would go? Then it goes on top:
 * the merge's output run is not in the version yet. */
static bool
merge_in_the_way(const struct lsm_db *db)
{
	return db->merge != NULL;
}

static int
flush_begin(struct lsm_db *db, const struct generation *g)
{
	struct compact_options o;
	uint64_t run = 0;
	int level = 0, rc;

	if (!merge_in_the_way(db) && (rc = flush_place(db, g->mem, g->last,
	    &level, &run)) != LSM_OK)
		return rc;
	o = job_options(db, level, run);
	return compact_flush_new(&o, g->mem, &db->flush);
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

	for (uint64_t log = first; log < end; log++)
		if (is_log(db, log))
			grave_add(db, FILE_LOG, log, died);
	graves_sweep(db, SWEEP_WORK);
}

/* Take over the outputs of a finished job. When the edit surely is not on the
 * disk its tables go again; after a fence nobody knows, and they stay. */
static int
job_install(struct lsm_db *db, struct compact_job *job, struct edit *e)
{
	char name[FILE_NAME_MAX];
	int rc = compact_result(job, e);

	if (rc == LSM_OK)
		rc = db_edit(db, e);
	if (rc == LSM_OK || load_acquire(&db->fence.code) != LSM_OK)
		return rc;
	for (size_t i = 0; i < e->adds_count; i++) {
		file_name(name, FILE_TABLE, e->adds[i].meta.number);
		(void)db->env->ops->dir_unlink(db->dir, name);
	}
	return rc;
}

static int
flush_install(struct lsm_db *db, const struct generation *g,
    uint64_t next_log)
{
	struct edit e = { .flushed = g->last, .log = next_log };
	struct compact_stats s;
	int rc;

	/* The next log must begin on disk before the manifest begins there,
	 * and what is flushed must not be older than what is in the log. */
	rc = log_sync(db->log, log_position(next_log, BLOCK_UNIT + 1));
	if (rc != LSM_OK)
		return db_fence(db, rc);
	compact_stats(db->flush, &s);
	rc = job_install(db, db->flush, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, flushes, 1);
	COUNT(db, flush_bytes, s.bytes_written);
	durable_raise(db, g->last);
	return LSM_OK;
}

static void
job_end(struct compact_job **job)
{
	compact_free(*job);
	*job = NULL;
}

void
work_merge_end(struct lsm_db *db)
{
	job_end(&db->merge);
	db->merge_everything = false;
	store_release(&db->merging, false);
}

static int
flush_step(struct lsm_db *db, const struct generation *g, uint64_t next_log)
{
	uint64_t first;
	bool done = false;
	int rc = LSM_OK;

	if (db->flush == NULL && (rc = flush_begin(db, g)) != LSM_OK)
		return rc;
	rc = compact_step(db->flush, &done);
	if (rc == LSM_OK && !done)
		return LSM_OK;
	mutex_lock(&db->edit_mu);
	first = db->state.log;
	mutex_unlock(&db->edit_mu);
	if (rc == LSM_OK)
		rc = flush_install(db, g, next_log);
	job_end(&db->flush);
	if (rc == LSM_OK)
		logs_retire(db, first, next_log);
	return rc;
}

static int
merge_start(struct lsm_db *db, struct version *v, const struct plan *plan)
{
	struct compact_options o = job_options(db, plan->level, 0);
	int rc;

	o.drop_deletes = plan->drop_deletes;
	rc = compact_merge_new(&o, v, plan->inputs, plan->count, &db->merge);
	store_release(&db->merging, db->merge != NULL);
	return rc;
}

/* The picker's choice, or, for a manual compaction, everything. */
int
work_merge_begin(struct lsm_db *db, bool everything, bool *any)
{
	struct pick_options po = { .runs_max = RUNS_MERGE };
	struct plan plan = { 0 };
	uint64_t sequence;
	struct view *v;
	int rc;

	v = view_now(db, &sequence);
	rc = everything ? pick_everything(v->version, any, &plan) :
	    pick_compaction(v->version, &po, any, &plan);
	if (rc == LSM_OK && *any) {
		rc = merge_start(db, v->version, &plan);
		plan_release(&plan);
	}
	view_unref(v);
	return rc;
}

static int
merge_install(struct lsm_db *db)
{
	struct edit e = { 0 };
	struct compact_stats s;
	int rc;

	compact_stats(db->merge, &s);
	rc = job_install(db, db->merge, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, merges, 1);
	COUNT(db, merge_read, s.bytes_read);
	COUNT(db, merge_bytes, s.bytes_written);
	COUNT(db, shadowed, s.shadowed);
	COUNT(db, deletes_dropped, s.deletes_dropped);
	return LSM_OK;
}

int
work_merge_step(struct lsm_db *db, bool *more)
{
	bool done = false;
	int rc = LSM_OK;

	mutex_assert_held(&db->work_mu);
	*more = true;
	if (db->merge == NULL && (rc = work_merge_begin(db, false, more)) !=
	    LSM_OK)
		return rc;
	if (!*more)
		return LSM_OK;
	rc = compact_step(db->merge, &done);
	if (rc == LSM_OK && !done)
		return LSM_OK;
	if (rc == LSM_OK)
		rc = merge_install(db);
	work_merge_end(db);
	return rc;
}

/* Keep the story of a failed flush for the writers that wait for it. */
static void
work_note(struct lsm_db *db, int rc, bool merge)
{
	mutex_lock(&db->mu);
	if (!merge)
		db->work_error = rc;
	if (merge || rc == LSM_OK)	/* a flush that works: try again */
		db->merge_failed = rc != LSM_OK;
	db->merge_code = rc;
	if (rc != LSM_OK)
		snprintf(db->work_story, sizeof db->work_story, "%s",
		    status_story());
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
}

static bool
merge_wanted(struct lsm_db *db)
{
	bool wanted;

	mutex_lock(&db->mu);
	wanted = !db->merge_failed &&
	    (db->merge != NULL || db->view->version->runs >= RUNS_MERGE);
	mutex_unlock(&db->mu);
	return wanted;
}

int
work_step_locked(struct lsm_db *db, bool *more)
{
	struct generation g;
	uint64_t next_log;
	int rc;

	mutex_assert_held(&db->work_mu);
	*more = true;
	if (frozen_next(db, &g, &next_log)) {
		rc = flush_step(db, &g, next_log);
		memtable_unref(g.mem);
		if (rc != LSM_OK && db->flush != NULL)
			job_end(&db->flush);
		work_note(db, rc, false);
		return rc;
	}
	if (!merge_wanted(db)) {
		*more = false;
		return LSM_OK;
	}
	rc = work_merge_step(db, more);
	work_note(db, rc, true);
	return rc;
}

int
work_step(struct lsm_db *db, bool *more)
{
	int rc;

	*more = false;
	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->work_mu);
	rc = work_step_locked(db, more);
	mutex_unlock(&db->work_mu);
	return rc;
}

static bool
pending_locked(struct lsm_db *db)
{
	if (load_acquire(&db->fence.code) != LSM_OK ||
	    load_acquire(&db->unread))
		return false;
	if (db->view->count > 1 && db->work_error == LSM_OK)
		return true;
	return !db->merge_failed && (load_acquire(&db->merging) ||
	    db->view->version->runs >= RUNS_MERGE);
}

static void
work_main(void *arg)
{
	struct lsm_db *db = arg;
	bool more;

	mutex_lock(&db->mu);
	while (!db->stopping) {
		if (!pending_locked(db)) {
			cond_wait(&db->changed, &db->mu);
			continue;
		}
		mutex_unlock(&db->mu);
		(void)work_step(db, &more);	/* kept by work_note */
		mutex_lock(&db->mu);
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

int
work_start(struct lsm_db *db)
{
	int rc;

	if (db->read_only || db->opt.workers == 0)
		return LSM_OK;
	rc = db->env->ops->work(db->env, &db->worker, work_main, db);
	if (rc == LSM_OK)
		db->working = true;
	return rc == LSM_UNSUPPORTED ? LSM_OK : rc;
}

/* A running merge is given up; its outputs are deleted. */
void
work_stop(struct lsm_db *db)
{
	if (db->working) {
		mutex_lock(&db->mu);
		db->stopping = true;
		cond_broadcast(&db->changed);
		mutex_unlock(&db->mu);
		thread_join(&db->worker);
		db->working = false;
	}
	job_end(&db->flush);
	work_merge_end(db);
}
