/*
 * job.c - what flushes and merges are made with.
 */
#include "db/db.h"

#include "db/codecs.h"
#include "env/files.h"

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

/* `jobs` is what the options point to. */
struct pick_options
job_pick(struct lsm_db *db, struct pick_job jobs[2])
{
	struct pick_options o = {
		.shape = db->shape,
		.jobs = jobs,
		.avoid = db->damaged,
		.avoid_count = db->damaged_count,
	};

	mutex_assert_held(&db->work_mu);
	if (db->flush != NULL)
		jobs[o.jobs_count++] = db->flush_place;
	if (db->merge != NULL)
		jobs[o.jobs_count++] = db->merge_place;
	return o;
}

void
job_end(struct compact_job **job)
{
	compact_free(*job);
	*job = NULL;
}

/* When the edit surely is not on the disk its tables go again; after a fence
 * nobody knows, and they stay. */
int
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
