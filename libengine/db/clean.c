/*
 * clean.c - what recovery leaves over: removed, or set aside in lost+found.
 *
 * Nothing is removed on the word of a manifest whose end was torn, or that is
 * not known to be durable (recover.c saw to that). What an interrupted write
 * left behind the end of the log is kept, not judged.
 */
#include "db/db.h"

#include <stdio.h>

#include "db/copy.h"
#include "env/files.h"

static bool
orphan(struct lsm_db *db, enum file_kind kind, uint64_t number)
{
	switch (kind) {
	case FILE_TABLE:
		return version_table_find(db->state.version, number) ==
		    NULL;
	case FILE_LOG:
		return number < db->state.log ||
		    (number > log_where(db->log).number &&
		    number != log_prepared(db->log));
	case FILE_MANIFEST:
		return number != db->state.current.manifest;
	case FILE_TEMPORARY:
	case FILE_UNFINISHED:	/* it was finished: CURRENT is there */
		return true;
	default:
		return false;
	}
}

/* Nobody here saw the file die: it was dead at the last edit at the latest. A
 * file that is none of a version is nobody's. */
static void
orphan_remove(struct lsm_db *db, enum file_kind kind, uint64_t number,
    const char *name)
{
	if (kind == FILE_TEMPORARY || kind == FILE_UNFINISHED)
		(void)db->env->ops->dir_unlink(db->dir, name);
	else
		grave_add(db, kind, number, load_acquire(&db->head));
}

static int
orphans_remove(struct lsm_db *db)
{
	struct env_names names = { 0 };
	const char *name = NULL;
	uint64_t number;
	int rc;

	if ((rc = db->env->ops->dir_list(db->dir, &names)) != LSM_OK)
		return rc;
	while ((name = env_names_next(&names, name)) != NULL) {
		enum file_kind kind = file_parse(name, &number);

		if (orphan(db, kind, number))
			orphan_remove(db, kind, number, name);
	}
	env_names_free(&names);
	graves_sweep(db, SWEEP_LAST);
	return LSM_OK;
}

/* The bytes behind the end of an interrupted log, as NAME.log.OFFSET. */
static int
tail_aside(struct lsm_db *db, struct env_dir *lost)
{
	char name[FILE_NAME_MAX], kept[2 * FILE_NAME_MAX];
	uint64_t log = db->recovery.interrupted_log;
	const struct env_ops *ops = db->env->ops;
	struct env_file *from = NULL, *to = NULL;
	struct copy copy = { 0 };
	int rc;

	file_name(name, FILE_LOG, log);
	snprintf(kept, sizeof kept, "%s.%llu", name,
	    (unsigned long long)db->recovery.interrupted_at);
	if ((rc = ops->file_open(db->dir, name, ENV_READ, &from)) != LSM_OK)
		return rc;
	(void)ops->dir_unlink(lost, kept);	/* of a recovery cut short */
	if ((rc = ops->file_open(lost, kept, ENV_CREATE, &to)) == LSM_OK &&
	    (rc = copy_bytes(&copy, from, db->recovery.interrupted_at,
	    UINT64_MAX, to)) == LSM_OK && copy.something)
		rc = ops->file_sync(to);
	env_file_close(from);
	env_file_close(to);
	if (rc == LSM_OK && !copy.something)
		rc = ops->dir_unlink(lost, kept);
	return rc;
}

static int
logs_aside(struct lsm_db *db, struct env_dir *lost,
    const struct log_replay_out *out)
{
	char name[FILE_NAME_MAX];
	int rc = LSM_OK;

	for (size_t i = 0; i < out->aside_count && rc == LSM_OK; i++) {
		file_name(name, FILE_LOG, out->aside[i]);
		rc = db->env->ops->dir_move(db->dir, name, lost, name);
		if (rc == LSM_NOTFOUND)
			rc = LSM_OK;
	}
	return rc;
}

static int
set_aside(struct lsm_db *db, const struct log_replay_out *out)
{
	const struct env_ops *ops = db->env->ops;
	struct env_dir *lost;
	int rc;

	if (out->aside_count == 0 && out->interrupted_log == 0)
		return LSM_OK;
	if ((rc = ops->dir_sub(db->dir, "lost+found", &lost)) != LSM_OK)
		return rc;
	rc = logs_aside(db, lost, out);
	if (rc == LSM_OK && out->interrupted_log >= db->state.log)
		rc = tail_aside(db, lost);
	if (rc == LSM_OK)
		rc = ops->dir_sync(lost);
	if (rc == LSM_OK)
		rc = ops->dir_sync(db->dir);
	ops->dir_close(lost);
	return rc;
}

int
db_clean(struct lsm_db *db, const struct log_replay_out *out)
{
	int rc = set_aside(db, out);

	if (rc != LSM_OK || db->state.torn)
		return rc;
	return orphans_remove(db);
}
