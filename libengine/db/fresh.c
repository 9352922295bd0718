/*
 * fresh.c - a directory in which a database is made whole or not at all.
 */
#include "db/fresh.h"

#include "base/status.h"
#include "env/files.h"

static int
mark_make(struct env_dir *dir, const char *mark)
{
	const struct env_ops *ops = dir->env->ops;
	struct env_file *file;
	int rc = ops->file_open(dir, mark, ENV_CREATE, &file);

	return rc == LSM_OK ? ops->file_close(file) : rc;
}

/* Nobody else makes anything here: who does looks for the mark, or made LOCK
 * before. The root of a file system has a lost+found. */
static int
alone_check(struct env_dir *dir, const char *path)
{
	struct env_names names;
	const char *name = NULL;
	uint64_t number;
	int rc;

	if ((rc = dir->env->ops->dir_list(dir, &names)) != LSM_OK)
		return rc;
	while (rc == LSM_OK && (name = env_names_next(&names, name)) != NULL) {
		enum file_kind kind = file_parse(name, &number);

		if (kind != FILE_UNFINISHED && kind != FILE_LOST)
			rc = status_set(LSM_EXISTS,
			    "%s: is not empty: %.32s", path, name);
	}
	env_names_free(&names);
	return rc;
}

/* Nothing is touched where something is. Looking again behind the mark: who
 * came in between was there before it, or sees it. */
static int
claim(struct env_dir *dir, const char *path)
{
	char mark[FILE_NAME_MAX];
	int rc;

	if ((rc = alone_check(dir, path)) != LSM_OK)
		return rc;
	file_name(mark, FILE_UNFINISHED, 0);
	if ((rc = mark_make(dir, mark)) == LSM_EXISTS)
		return status_set(LSM_EXISTS, "%s: holds a checkpoint that "
		    "was not finished: remove it first", path);
	if (rc != LSM_OK)
		return rc;
	if ((rc = alone_check(dir, path)) == LSM_OK)
		rc = dir->env->ops->dir_sync(dir);
	if (rc != LSM_OK)
		(void)dir->env->ops->dir_unlink(dir, mark);
	return rc;
}

int
fresh_open(lsm_env *env, const char *path, struct env_dir **out)
{
	struct env_dir *dir;
	bool created;
	int rc;

	*out = NULL;
	rc = env->ops->dir_open(env, path, true, &dir, &created);
	if (rc == LSM_NO_DATABASE)
		return status_set(LSM_EXISTS, "%s: is no directory", path);
	if (rc != LSM_OK)
		return rc;
	if ((rc = claim(dir, path)) == LSM_OK)
		*out = dir;
	else
		env->ops->dir_close(dir);
	return rc;
}

static bool
is_made(enum file_kind kind)
{
	return kind == FILE_TABLE || kind == FILE_LOG ||
	    kind == FILE_MANIFEST || kind == FILE_TEMPORARY;
}

static int
made_remove(struct env_dir *dir)
{
	struct env_names names;
	const char *name = NULL;
	uint64_t number;
	int rc;

	if ((rc = dir->env->ops->dir_list(dir, &names)) != LSM_OK)
		return rc;
	while (rc == LSM_OK && (name = env_names_next(&names, name)) != NULL)
		if (is_made(file_parse(name, &number)))
			rc = dir->env->ops->dir_unlink(dir, name);
	env_names_free(&names);
	return rc;
}

/* Without CURRENT there is no database, durably, before a file of it goes. */
int
fresh_clear(struct env_dir *dir)
{
	const struct env_ops *ops = dir->env->ops;
	int rc;

	rc = ops->dir_unlink(dir, "CURRENT");
	if (rc == LSM_OK)
		rc = ops->dir_sync(dir);
	if (rc != LSM_OK && rc != LSM_NOTFOUND)
		return rc;
	return made_remove(dir);
}

int
fresh_done(struct env_dir *dir)
{
	char mark[FILE_NAME_MAX];
	int rc;

	rc = dir->env->ops->dir_unlink(dir,
	    file_name(mark, FILE_UNFINISHED, 0));
	return rc == LSM_OK ? dir->env->ops->dir_sync(dir) : rc;
}

void
fresh_undo(struct env_dir *dir)
{
	/* Files that came back after a crash would need their mark. */
	if (fresh_clear(dir) == LSM_OK &&
	    dir->env->ops->dir_sync(dir) == LSM_OK)
		(void)fresh_done(dir);
}
