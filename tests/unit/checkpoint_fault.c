/*
 * What a failure or a crash leaves of a checkpoint: all of it, or no database.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "support/copykit.h"
#include "support/scale.h"

static bool
is_there(const lsm_options *o, const char *path)
{
	struct env_dir *dir;
	bool created;
	int rc = o->env->ops->dir_open(o->env, path, false, &dir, &created);

	if (rc == LSM_OK)
		o->env->ops->dir_close(dir);
	return rc == LSM_OK;
}

/* After a failure: the original as ever; the copy whole or no database, and a
 * second try works where the first one could clean up. */
static void
check_failed(lsm_db *db, const lsm_options *o, int rc)
{
	lsm_options e = copykit_existing(*o);
	lsm_db *copy;

	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "b=2 c=3");
	if (rc == LSM_OK) {
		copykit_check("copy", *o, "b=2 c=3");
		return;
	}
	rc = lsm_open("copy", &e, &copy);
	if (rc == LSM_OK) {
		CHECK_STR(dbkit_scan(copy, NULL, NULL, false), "b=2 c=3");
		dbkit_close(copy);
	} else {
		CHECK_CODE(rc, LSM_NO_DATABASE);
	}
}

static bool
nth_call_fails(uint64_t n, bool for_ever, bool by_reader, bool links)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), r = copykit_reading(o);
	lsm_db *db, *reader = NULL;
	bool failed;
	int rc;

	if (!links)
		sim_without_links(sim);
	db = copykit_mixed("db", &o);
	CHECK_OK(lsm_sync(db));
	if (by_reader)
		reader = dbkit_open("db", &r);
	sim_fail_at(sim, n, LSM_IO, for_ever, true);
	rc = lsm_checkpoint(by_reader ? reader : db, "copy", NULL, NULL);
	if (rc != LSM_OK)
		CHECK(lsm_message()[0] != '\0');
	failed = sim_failed(sim);
	sim_fail_at(sim, 0, 0, false, false);
	CHECK(rc == LSM_OK || for_ever || !is_there(&o, "copy"));
	check_failed(db, &o, rc);
	if (by_reader)
		dbkit_close(reader);
	(void)lsm_close(db);
	sim_free(sim);
	return failed;
}

TEST_SOLO("a checkpoint whose n-th call fails leaves a database or none")
{
	for (int how = 0; how < 8; how++)
		for (uint64_t n = 1 + SCALE_FIRST; nth_call_fails(n, how & 1,
		    how & 2, how & 4); n += SCALE_STEP)
			;
}

TEST("a checkpoint whose n-th allocation fails leaves nothing behind")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), e = copykit_existing(o);
	lsm_db *db = copykit_mixed("db", &o);
	int rc;

	for (uint64_t n = 1;; n++) {
		mem_fail_at(n, false);
		rc = lsm_checkpoint(db, "copy", NULL, NULL);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_NO_MEMORY);
		CHECK(!is_there(&o, "copy"));
		dbkit_refused("copy", &e, LSM_NO_DATABASE);
	}
	dbkit_close(db);
	copykit_check("copy", o, "b=2 c=3");
	sim_free(sim);
}

static int
stop(void *arg, uint64_t done, uint64_t all)
{
	return *(bool *)arg && done <= all;
}

/* A directory that was there, and whatever came into one, is somebody's. */
static void
check_kept(const lsm_options *o, lsm_db *db, const char *path,
    const char *name)
{
	struct env_dir *dir;
	struct env_file *file;
	bool stopped = true, created;

	CHECK_OK(o->env->ops->dir_open(o->env, path, true, &dir, &created));
	if (name != NULL) {
		CHECK_OK(o->env->ops->file_open(dir, name, ENV_CREATE, &file));
		CHECK_OK(o->env->ops->file_close(file));
		CHECK_CODE(o->env->ops->dir_remove(dir), LSM_EXISTS);
	}
	o->env->ops->dir_close(dir);
	CHECK_CODE(lsm_checkpoint(db, path, stop, &stopped),
	    name != NULL ? LSM_EXISTS : LSM_BUSY);
	CHECK(is_there(o, path));
}

static void
check_stopped(lsm_options o, const char *path, const char *empty,
    const char *full)
{
	lsm_db *db = copykit_mixed(path, &o);
	bool stopped = true;
	char *copy = strdup(dbkit_path("copy"));

	CHECK_CODE(lsm_checkpoint(db, copy, stop, &stopped), LSM_BUSY);
	CHECK(strstr(lsm_message(), "stopped") != NULL);
	CHECK(!is_there(&o, copy));
	check_kept(&o, db, empty, NULL);
	check_kept(&o, db, full, "letter");
	stopped = false;
	CHECK_OK(lsm_checkpoint(db, copy, stop, &stopped));
	CHECK(is_there(&o, copy));
	free(copy);
	dbkit_close(db);
}

TEST("a checkpoint that fails removes the directory that it made, no other")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options real = dbkit_options(NULL);

	check_stopped(dbkit_options(sim), "db", "empty", "full");
	sim_free(sim);
	real.env = env_posix();
	check_stopped(real, dbkit_path("db"), dbkit_path("empty"),
	    dbkit_path("full"));
}

/* ---- crashes ------------------------------------------------------------- */

static void
check_crashed(struct sim *after, bool done)
{
	lsm_options o = dbkit_options(after), e = copykit_existing(o);
	lsm_db *db = dbkit_open("db", &e), *copy;
	int rc;

	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "b=2 c=3");
	rc = lsm_open("copy", &e, &copy);
	if (rc == LSM_OK) {
		CHECK_STR(dbkit_scan(copy, NULL, NULL, false), "b=2 c=3");
		dbkit_put(copy, "d", "4");
		dbkit_close(copy);
		copykit_check("copy", o, "b=2 c=3 d=4");
	} else {
		CHECK(!done);
		CHECK_CODE(rc, LSM_NO_DATABASE);
		/* Not made into one, either, by who creates. */
		rc = lsm_open("copy", &o, &copy);
		CHECK(rc == LSM_OK || rc == LSM_NO_DATABASE);
		if (rc == LSM_OK) {
			CHECK_STR(dbkit_scan(copy, NULL, NULL, false), "");
			dbkit_close(copy);
		}
		CHECK_OK(lsm_checkpoint(db, "another", NULL, NULL));
	}
	dbkit_close(db);
	sim_free(after);
}

static void
check_crashes(bool links)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	size_t from, to, end;
	lsm_db *db;

	if (!links)
		sim_without_links(sim);
	db = copykit_mixed("db", &o);
	CHECK_OK(lsm_sync(db));
	from = sim_operations(sim);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	to = sim_operations(sim);
	dbkit_close(db);
	end = sim_operations(sim);
	for (size_t i = from + SCALE_FIRST; i <= end; i += SCALE_STEP) {
		check_crashed(sim_kill(sim, i), i >= to);
		check_crashed(sim_crash(sim, i, SIM_DROP, 0), i >= to);
		check_crashed(sim_crash(sim, i, SIM_KEEP, 0), i >= to);
		for (uint64_t s = 0; s < 6; s++)
			check_crashed(sim_crash(sim, i, SIM_RANDOM,
			    test_seed() + s), i >= to);
	}
	sim_free(sim);
}

TEST_SOLO("a crash at any moment leaves a whole checkpoint or no database")
{
	check_crashes(true);
	check_crashes(false);
}
