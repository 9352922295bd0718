/*
 * job.c - what is common to all work on tables.
 */
#include "db/job.h"

#include <assert.h>

#include "db/codecs.h"
#include "db/db.h"
#include "env/files.h"

#ifdef LSM_SCHED
bool place_bug;
#define AVOID_NOTHING place_bug
#else
#define AVOID_NOTHING false
#endif

struct compact_options
job_options(struct lsm_db *db, int level, uint64_t run)
{
	int codec = codecs_level(db->stored.codec, level);
	struct compact_options o = {
		.dir = db->dir,
		.tables = db->tables,
		.table = {
			.dir = db->dir,
			.codec = codec,
			.page_size = codec_page_size(codec,
			    db->stored.page_size),
			.filter_bits = db->stored.filter_bits,
			.level = level,
			.run = run,
		},
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

void
job_add(struct lsm_db *db, struct job *job)
{
	mutex_assert_held(&db->work_mu);
	mutex_lock(&db->mu);
	job->next = db->jobs;
	db->jobs = job;
	mutex_unlock(&db->mu);
}

/* What found no place because of it may find one now, and the levels that it
 * touched are others than they were. A tier above them may have spared one of
 * them, so there is hope for it again. */
void
job_remove(struct lsm_db *db, struct job *job)
{
	struct job **at = &db->jobs;

	mutex_lock(&db->work_mu);
	mutex_lock(&db->mu);
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	db->picked_edit = UINT64_MAX;
	db->stuck &= ~((2u << job->place.level) - 1);
	if (db->working)
		pace_look_locked(db);
	cond_broadcast(&db->changed);
	mutex_unlock(&db->mu);
	mutex_unlock(&db->work_mu);
}

size_t
job_merges_locked(struct lsm_db *db)
{
	size_t n = 0;

	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		n += j->merge;
	return n;
}

struct pick_options
job_pick(struct lsm_db *db, bool merge, struct pick_job jobs[JOBS_MAX])
{
	struct pick_options o = {
		.shape = db->shape,
		.jobs = jobs,
		.avoid = db->damaged,
		.avoid_count = db->damaged_count,
	};

	mutex_assert_held(&db->work_mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next) {
		assert(o.jobs_count < JOBS_MAX);
		if (!merge || (!AVOID_NOTHING && (j->merge ||
		    j->place.level > 0)))
			jobs[o.jobs_count++] = j->place;
	}
	return o;
}

void
job_end(struct lsm_db *db, struct compact_job **job)
{
	struct compact_stats s;

	if (*job != NULL && !compact_given(*job)) {
		compact_stats(*job, &s);
		COUNT(db, bytes_given_up, s.bytes_stored);
	}
	compact_free(*job);
	*job = NULL;
}

static void
event_measure(struct lsm_db *db, const struct job *job, lsm_event *e)
{
	struct compact_stats s;

	compact_stats(job->compact, &s);
	e->us = db->env->ops->now_us(db->env) - job->since_us;
	e->tables_out = s.outputs;
	e->bytes_out = s.bytes_written;
	e->entries_in = s.entries_in;
	e->entries_out = s.entries_out;
}

void
job_event(struct lsm_db *db, int kind, const struct job *job, int code)
{
	lsm_event e = { .kind = kind, .from = job->place.from,
		.level = job->place.level, .code = code };

	if (db->events.slots == NULL)
		return;
	e.tables_in = compact_inputs(job->compact);
	e.bytes_in = compact_input_bytes(job->compact);
	e.edit = load_acquire(&db->head);
	if (kind != LSM_EVENT_FLUSH_BEGIN && kind != LSM_EVENT_MERGE_BEGIN)
		event_measure(db, job, &e);
	event_add(db, &e);
}

static void
levels_count(struct lsm_db *db, const struct edit *e)
{
	for (size_t i = 0; i < e->adds_count; i++)
		COUNT(db, level_written[e->adds[i].level],
		    e->adds[i].meta.size);
}

/* When the edit surely is not on the disk its tables go again; after a fence
 * nobody knows, and they stay. */
int
job_edit(struct lsm_db *db, struct edit *e)
{
	char name[FILE_NAME_MAX];
	int rc = db_edit(db, e);

	if (rc == LSM_OK)
		levels_count(db, e);
	if (rc == LSM_OK || load_acquire(&db->fence.code) != LSM_OK)
		return rc;
	for (size_t i = 0; i < e->adds_count; i++) {
		file_name(name, FILE_TABLE, e->adds[i].meta.number);
		(void)db->env->ops->dir_unlink(db->dir, name);
	}
	return rc;
}

int
job_install(struct lsm_db *db, struct compact_job *job,
    const struct memtable *mem, struct edit *e)
{
	int rc = compact_result(job, e);

	if (rc == LSM_OK && mem != NULL)
		hides_estimate(db, mem, e);
	if (rc != LSM_OK || (rc = job_edit(db, e)) != LSM_OK)
		return rc;
	for (int level = 0; level < LEVELS_MAX; level++)
		COUNT(db, level_read[level], compact_read_from(job, level));
	return LSM_OK;
}
