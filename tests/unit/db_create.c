/*
 * A creation that fails: it leaves nothing, takes nothing that was there, and
 * does not mislead who waits beside it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/ring.h"
#include "support/dbkit.h"

enum { SPACE_STEP = 4096, SPACE_MAX = 1 << 22 };

/* Names in the directory "db"; SIZE_MAX: there is none. *lock: LOCK is one. */
static size_t
names_left(struct sim *sim, bool *lock)
{
	const struct env_ops *ops = sim_env(sim)->ops;
	struct env_names names = { 0 };
	const char *name = NULL;
	struct env_dir *dir;
	bool created;
	size_t count;

	*lock = false;
	if (ops->dir_open(sim_env(sim), "db", false, &dir, &created) != LSM_OK)
		return SIZE_MAX;
	CHECK_OK(ops->dir_list(dir, &names));
	while ((name = env_names_next(&names, name)) != NULL)
		*lock |= strcmp(name, "LOCK") == 0;
	count = names.count;
	env_names_free(&names);
	ops->dir_close(dir);
	return count;
}

/* A directory with somebody's file in it. */
static void
directory_make(struct sim *sim)
{
	const struct env_ops *ops = sim_env(sim)->ops;
	struct env_dir *dir;
	struct env_file *file;
	bool created;

	CHECK_OK(ops->dir_open(sim_env(sim), "db", true, &dir, &created));
	CHECK_OK(ops->file_open(dir, "notes", ENV_CREATE, &file));
	CHECK_OK(ops->file_close(file));
	ops->dir_close(dir);
}

/* LOCK alone may be there, where it is not known whose it is by now. */
static bool
is_clean(struct sim *sim, bool made)
{
	bool lock;
	size_t count = names_left(sim, &lock);

	if (lock)
		return count == (made ? 2 : 1) && sim_used(sim) <= LOCK_SIZE;
	return count == (made ? 1 : SIZE_MAX);
}

static void
check_once(uint64_t n, bool made, bool *failed, unsigned *locks)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db;
	bool lock;
	int rc;

	if (made)
		directory_make(sim);
	sim_fail_at(sim, n, LSM_NO_SPACE, false, true);
	rc = lsm_open("db", &o, &db);
	*failed = sim_failed(sim);
	sim_fail_at(sim, 0, 0, false, false);
	if (rc != LSM_OK) {
		CHECK(rc == LSM_NO_SPACE || rc == LSM_IO);
		CHECK(strstr(lsm_message(), "injected") != NULL);
		CHECK(is_clean(sim, made));
		names_left(sim, &lock);
		*locks += lock;
		db = dbkit_open("db", &o);
	}
	dbkit_close(db);
	sim_free(sim);
}

TEST("a creation whose n-th call fails leaves nothing, and what was there")
{
	for (int made = 0; made < 2; made++) {
		unsigned locks = 0;
		bool failed = true;

		for (uint64_t n = 1; failed; n++)
			check_once(n, made, &failed, &locks);
		/* Making LOCK larger, taking its lock, and two looks whether
		 * there is a database by now. */
		CHECK(locks <= 4);
	}
}

TEST("a creation on a disk that is too small takes no space")
{
	unsigned refused = 0;
	uint64_t space;
	int rc = LSM_NO_SPACE;

	for (space = 0; rc != LSM_OK && space < SPACE_MAX;
	    space += SPACE_STEP) {
		struct sim *sim = sim_new(test_seed());
		lsm_options o = dbkit_options(sim);
		lsm_db *db;

		sim_space(sim, space);
		rc = lsm_open("db", &o, &db);
		if (rc != LSM_OK) {
			CHECK_CODE(rc, LSM_NO_SPACE);
			CHECK(sim_used(sim) == 0);
			CHECK(is_clean(sim, false));
			refused++;
		}
		(void)lsm_close(db);
		sim_free(sim);
	}
	CHECK_OK(rc);
	CHECK(refused > LOCK_SIZE / SPACE_STEP);
}

TEST("a database that was there stays when opening it fails")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	bool failed = true;
	lsm_db *db = dbkit_open("db", &o);

	dbkit_put(db, "a", "1");
	dbkit_close(db);
	for (uint64_t n = 1; failed; n++) {
		sim_fail_at(sim, n, LSM_NO_SPACE, false, true);
		(void)lsm_open("db", &o, &db);
		failed = sim_failed(sim);
		sim_fail_at(sim, 0, 0, false, false);
		(void)lsm_close(db);
		db = dbkit_open("db", &o);
		dbkit_check(db, NULL, "a", "1");
		dbkit_close(db);
	}
	sim_free(sim);
}

/* ---- beside another whose creation fails --------------------------------- */

/* What the other does in the middle of this one's call, so many times. */
static struct {
	int (*hold)(struct env_lock *, uint64_t, uint64_t, enum env_hold);
	int (*open)(struct env_dir *, bool, struct env_lock **);
	unsigned times;
	bool directory;
} other;

static void
other_takes_back(void)
{
	if (other.times == 0)
		return;
	other.times--;
	(void)unlink(dbkit_path("db/LOCK"));
	if (other.directory)
		CHECK(rmdir(dbkit_path("db")) == 0);
}

static int
hold_late(struct env_lock *lock, uint64_t first, uint64_t count,
    enum env_hold how)
{
	if (first == 0)
		other_takes_back();
	return other.hold(lock, first, count, how);
}

static int
open_late(struct env_dir *dir, bool create, struct env_lock **out)
{
	other_takes_back();
	return other.open(dir, create, out);
}

/* Open with a door in which the other comes between; it is a writer like any:
 * LOCK is that of the directory, and keeps a second one out. */
static void
check_beside(bool at_open, unsigned times, bool directory, int code)
{
	struct env_ops ops = *env_posix()->ops;
	lsm_env late = { &ops };
	lsm_options o = dbkit_options(NULL), plain = o;
	lsm_db *db;

	other.hold = ops.lock_hold;
	other.open = ops.lock_open;
	other.times = times;
	other.directory = directory;
	if (at_open)
		ops.lock_open = open_late;
	else
		ops.lock_hold = hold_late;
	o.env = &late;
	CHECK_CODE(lsm_open(dbkit_path("db"), &o, &db), code);
	CHECK(other.times == 0);
	if (code == LSM_OK) {
		CHECK(access(dbkit_path("db/LOCK"), F_OK) == 0);
		dbkit_refused(dbkit_path("db"), &plain, LSM_LOCKED);
		dbkit_put(db, "a", "1");
		dbkit_close(db);
		db = dbkit_open(dbkit_path("db"), &plain);
		dbkit_check(db, NULL, "a", "1");
		dbkit_close(db);
	}
}

TEST("who waited for a LOCK that was taken back begins again")
{
	check_beside(false, 1, false, LSM_OK);
}

TEST("who waited for a LOCK that went with its directory begins again")
{
	check_beside(false, 3, true, LSM_OK);
}

TEST("a directory that goes before LOCK is opened is made again")
{
	check_beside(true, 2, true, LSM_OK);
}

TEST("a place that is taken back again and again is given up")
{
	check_beside(false, 100, true, LSM_LOCKED);
	check_beside(true, 100, true, LSM_LOCKED);
}
