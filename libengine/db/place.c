/*
 * place.c - where a database is: its directory, and the writer's LOCK in it.
 *
 * Nothing is made before it is known that a database may be; what was made is
 * taken back when the open fails.
 */
#include "db/db.h"

enum {
	LOCK_TRY_US = 1000,		/* between two tries for the lock */
	PLACES_TRIED = 100
};

/* Where LOCK has two names the writer may be that of the other directory. */
static const char *
lock_shared(struct lsm_db *db)
{
	return db_one_name(db, FILE_LOCK, 0) ? "" : "; LOCK has another name, "
	    "as in a copy made of links: lsm-cli DIR checkpoint DEST makes "
	    "one that has its own";
}

/* The process is a hint only: it may be of another container, or have died. */
static int
locked_by(struct lsm_db *db)
{
	const char *shared = lock_shared(db);
	struct env_words words;

	db->env->ops->lock_words(db->lock, NULL, &words);
	if (words.pid == 0)
		return status_set(LSM_LOCKED, "%s: locked by another writer%s",
		    db->path, shared);
	return status_set(LSM_LOCKED, "%s: locked by process %llu%s", db->path,
	    (unsigned long long)words.pid, shared);
}

static int
lock_wait(struct lsm_db *db)
{
	const struct env_ops *ops = db->env->ops;
	uint64_t end = ops->now_us(db->env) + db->opt.wait_us;
	int rc;

	for (;;) {
		rc = ops->lock_hold(db->lock, 0, 1, ENV_EXCLUSIVE);
		if (rc != LSM_LOCKED || ops->now_us(db->env) >= end)
			break;
		mutex_lock(&db->mu);
		cond_wait_for(&db->changed, &db->mu, LOCK_TRY_US);
		mutex_unlock(&db->mu);
	}
	return rc == LSM_LOCKED ? locked_by(db) : rc;
}

/* LSM_OK: there is a database that this build reads, or one may be made.
 * Nothing is made before that is known, LOCK neither. */
static int
presence(struct lsm_db *db, bool *make, struct current *current)
{
	bool vacant;
	int rc = db_absent(db->dir, db->path, current, &vacant);

	*make = rc == LSM_NO_DATABASE && vacant && db->opt.create;
	return *make ? LSM_OK : rc;
}

/* Only who makes the directory or the database pays for syncing parents. */
static int
directory_open(struct lsm_db *db, struct made *made)
{
	const struct env_ops *ops = db->env->ops;
	int rc = ops->dir_open(db->env, db->path, false, &db->dir,
	    &made->directory);

	if (rc == LSM_NO_DATABASE && db->opt.create)
		rc = ops->dir_open(db->env, db->path, true, &db->dir,
		    &made->directory);
	return rc;
}

/* A process that was killed may have made the directory and not synced its
 * parent: what is written into it now must not vanish with it. */
static int
directory_durable(struct lsm_db *db)
{
	const struct env_ops *ops = db->env->ops;
	struct env_dir *again;
	bool created;
	int rc = ops->dir_open(db->env, db->path, true, &again, &created);

	if (rc == LSM_OK)
		ops->dir_close(again);
	return rc;
}

/* The writer's lock; *gone: of a LOCK or a directory that is there no more,
 * because another, whose creation failed, has taken it back meanwhile. Where
 * there was a database that costs no call: recovery looks for its id. */
static int
lock_take(struct lsm_db *db, bool *make, bool *gone, struct current *current)
{
	const struct env_ops *ops = db->env->ops;
	int rc;

	*gone = false;
	if ((rc = presence(db, make, current)) != LSM_OK)
		return rc;
	rc = ops->lock_open(db->dir, true, &db->lock);
	if (rc == LSM_OK)
		rc = lock_wait(db);
	*gone = rc == LSM_NOTFOUND || (*make && !ops->dir_same(db->dir));
	return rc;
}

static void
place_leave(struct lsm_db *db)
{
	const struct env_ops *ops = db->env->ops;

	if (db->lock != NULL)
		ops->lock_close(db->lock);
	ops->dir_close(db->dir);
	db->lock = NULL;
	db->dir = NULL;
}

/* With the directory that it is in, as that may go with it. */
static int
place_take(struct lsm_db *db, bool *make, struct made *made,
    struct current *current)
{
	bool gone;
	int i, rc;

	for (i = 0; i < PLACES_TRIED; i++) {
		if ((rc = directory_open(db, made)) != LSM_OK)
			return rc;
		rc = lock_take(db, make, &gone, current);
		if (!gone)
			return rc;
		place_leave(db);
	}
	return status_set(LSM_LOCKED, "%s: is made and removed by others, "
	    "again and again", db->path);
}

/* What was read of CURRENT before the lock may be old: recovery looks. */
int
place_write(struct lsm_db *db, struct made *made, struct current *current)
{
	bool make;
	int rc;

	if ((rc = place_take(db, &make, made, current)) != LSM_OK)
		return rc;
	/* Another may have made it while this one waited. */
	if (make && (rc = presence(db, &make, current)) != LSM_OK)
		return rc;
	if (!make && db->opt.exclusive)
		return status_set(LSM_EXISTS, "%s: database exists", db->path);
	made->database = make;
	if (make && ((rc = directory_durable(db)) != LSM_OK ||
	    (rc = db_create(db)) != LSM_OK))
		return rc;
	return make ? presence(db, &make, current) : LSM_OK;
}

int
place_read(struct lsm_db *db, struct made *made, struct current *current)
{
	bool make;
	int rc;

	if ((rc = directory_open(db, made)) != LSM_OK ||
	    (rc = presence(db, &make, current)) != LSM_OK)
		return rc;
	/* One that is there and may not be read may hold commits that no file
	 * has. */
	rc = db->env->ops->lock_open(db->dir, false, &db->lock);
	return rc == LSM_NOTFOUND ? LSM_OK : rc;
}

/* An open that failed: as if it had not been. */
void
place_undo(struct lsm_db *db, const struct made *made)
{
	work_stop(db);
	if (made->database)
		db_create_undo(db);
	if (made->directory && db->dir != NULL)
		(void)db->env->ops->dir_remove(db->dir);
}
