/*
 * What a crash leaves, and what opening makes of it: half-made databases,
 * logs that end torn, logs that follow a torn one; and what close does so
 * that the next open is cheap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/dbkit.h"

/* Content that no compression and no other place has. */
#define MARK_B "value-of-b-0123456789"

static lsm_options
log_only(struct sim *sim)
{
	lsm_options o = dbkit_options(sim);

	o.memtable_size = 4096;
	return o;
}

/* ---- creation ----------------------------------------------------------- */

static void
check_half_made(struct sim *disk)
{
	lsm_options o = dbkit_options(disk);
	lsm_db *db = NULL;
	int rc;

	o.create = 0;
	rc = lsm_open("db", &o, &db);
	CHECK(rc == LSM_OK || rc == LSM_NO_DATABASE);
	if (rc == LSM_OK)
		dbkit_close(db);
	o.create = 1;
	db = dbkit_open("db", &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "");
	dbkit_put(db, "a", "1");
	dbkit_close(db);
	o.exclusive = 1;
	dbkit_refused("db", &o, LSM_EXISTS);
	o.exclusive = o.create = 0;
	db = dbkit_open("db", &o);
	dbkit_check(db, NULL, "a", "1");
	dbkit_close(db);
	sim_free(disk);
}

TEST_SOLO("a creation cut short anywhere leaves a database or none")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);

	dbkit_close(dbkit_open("db", &o));
	for (size_t i = 0; i <= sim_operations(sim); i++) {
		check_half_made(sim_kill(sim, i));
		check_half_made(sim_crash(sim, i, SIM_DROP, 0));
		check_half_made(sim_crash(sim, i, SIM_KEEP, 0));
		for (uint64_t seed = 0; seed < 3; seed++)
			check_half_made(sim_crash(sim, i, SIM_RANDOM, seed));
	}
	sim_free(sim);
}

/* False: no call failed, there are less than n. What is left is used up. */
static bool
create_failing(struct sim *sim, uint64_t n, bool for_ever)
{
	lsm_options o = dbkit_options(sim);
	bool failed;
	lsm_db *db;

	sim_fail_at(sim, n, LSM_IO, for_ever, true);
	if (lsm_open("db", &o, &db) != LSM_OK)
		CHECK(db == NULL);
	(void)lsm_close(db);
	failed = sim_failed(sim);
	sim_fail_at(sim, 0, 0, false, false);
	return failed;
}

TEST_SOLO("a creation whose n-th call fails can be done again")
{
	for (int for_ever = 0; for_ever < 2; for_ever++) {
		bool failed = true;

		for (uint64_t n = 1; failed; n++) {
			struct sim *sim = sim_new(test_seed());

			failed = create_failing(sim, n, for_ever);
			check_half_made(sim);
		}
	}
}

TEST_SOLO("a creation that failed and is cut short while it takes all back")
{
	bool failed = true;

	for (uint64_t n = 1; failed; n++) {
		struct sim *sim = sim_new(test_seed());

		failed = create_failing(sim, n, false);
		for (size_t i = 0; i <= sim_operations(sim); i++) {
			check_half_made(sim_kill(sim, i));
			check_half_made(sim_crash(sim, i, SIM_DROP, 0));
			check_half_made(sim_crash(sim, i, SIM_RANDOM, n));
		}
		sim_free(sim);
	}
}

/* ---- a torn end of the log ---------------------------------------------- */

struct torn {
	struct sim *sim, *disk;
	lsm_options o;
	char log[64];
};

/* a synced, b and c only written; then the power fails, all of it kept. */
static void
torn_make(struct torn *t, bool sync_all)
{
	lsm_db *db;

	t->sim = sim_new(test_seed());
	sim_capabilities(t->sim, false, true);
	t->o = log_only(t->sim);
	db = dbkit_open("db", &t->o);
	CHECK_OK(lsm_put(db, lsm_str("a"), lsm_str("1"), LSM_SYNC));
	dbkit_put(db, "b", MARK_B);
	dbkit_put(db, "c", "value-of-c");
	if (sync_all)
		CHECK_OK(lsm_put(db, lsm_str("d"), lsm_str("1"), LSM_SYNC));
	if (sync_all)
		CHECK_OK(lsm_put(db, lsm_str("e"), lsm_str("1"), LSM_SYNC));
	snprintf(t->log, sizeof t->log, "%s", dbkit_file(db, "log"));
	t->disk = sim_crash(t->sim, sim_operations(t->sim), SIM_KEEP, 0);
	t->o.env = sim_env(t->disk);
	dbkit_close(db);
}

static void
torn_release(struct torn *t)
{
	sim_free(t->disk);
	sim_free(t->sim);
}

static void
torn_damage(struct torn *t, const char *where)
{
	uint64_t at = dbkit_find(t->o.env, "db", t->log, where);

	CHECK(sim_poke(t->disk, "db", t->log, at, "V", 1));
}

TEST("an interrupted write ends the log, is reported and set aside")
{
	char kept[96];
	struct torn t;
	uint64_t at;
	lsm_db *db;

	torn_make(&t, false);
	torn_damage(&t, MARK_B);
	db = dbkit_open("db", &t.o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1");
	CHECK_EQ(dbkit_stat(db, "recovery.interrupted_log"),
	    strtoull(t.log, NULL, 10));
	at = dbkit_stat(db, "recovery.interrupted_at");
	CHECK(at > 4096);
	snprintf(kept, sizeof kept, "%s.%llu", t.log, (unsigned long long)at);
	(void)dbkit_find(t.o.env, "db/lost+found", kept, "Value-of-b");
	(void)dbkit_find(t.o.env, "db/lost+found", kept, "value-of-c");
	dbkit_put(db, "b", "new");
	dbkit_close(db);
	db = dbkit_open("db", &t.o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1 b=new");
	CHECK_EQ(dbkit_stat(db, "recovery.interrupted_log"), 0);
	dbkit_close(db);
	torn_release(&t);
}

TEST("a reader of an interrupted log sees its prefix and changes nothing")
{
	struct torn t;
	size_t before;
	lsm_db *db;

	torn_make(&t, false);
	torn_damage(&t, "value-of-c");
	before = sim_operations(t.disk);
	t.o.create = 0;
	t.o.read_only = 1;
	db = dbkit_open("db", &t.o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1 b=" MARK_B);
	CHECK(dbkit_stat(db, "recovery.interrupted_log") != 0);
	dbkit_close(db);
	CHECK_EQ(sim_operations(t.disk), before);
	torn_release(&t);
}

TEST("damage below what was synced is damage, and is left as it is")
{
	struct torn t;
	size_t before;

	torn_make(&t, true);
	torn_damage(&t, MARK_B);
	before = sim_operations(t.disk);
	for (int i = 0; i < 2; i++) {
		dbkit_refused("db", &t.o, LSM_CORRUPT);
		CHECK(strstr(lsm_message(), t.log) != NULL);
	}
	CHECK_EQ(sim_operations(t.disk), before);
	torn_release(&t);
}

/* On real files: the tail of a closed log overwritten. */
static void
real_tail(bool lock_too)
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);
	char file[700];
	uint64_t at;
	FILE *f;

	dbkit_put(db, "a", "1");
	dbkit_put(db, "b", MARK_B);
	snprintf(file, sizeof file, "%s/%s", dbkit_path("db"),
	    dbkit_file(db, "log"));
	dbkit_close(db);
	at = dbkit_find(env_posix(), dbkit_path("db"), strrchr(file, '/') + 1,
	    MARK_B);
	CHECK((f = fopen(file, "r+")) != NULL);
	CHECK(fseek(f, (long)at, SEEK_SET) == 0);
	for (int i = 0; i < 200; i++)
		putc(0xa5, f);
	CHECK(fclose(f) == 0);
	if (lock_too)
		CHECK(remove(dbkit_path("db/LOCK")) == 0);
}

/* Opened, it says what it cut off, and keeps it. */
static void
check_reported(const lsm_options *o)
{
	char kept[64];
	lsm_db *db = dbkit_open(dbkit_path("db"), o);

	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1");
	snprintf(kept, sizeof kept, "%06llu.log.%llu",
	    (unsigned long long)dbkit_stat(db, "recovery.interrupted_log"),
	    (unsigned long long)dbkit_stat(db, "recovery.interrupted_at"));
	(void)dbkit_find(env_posix(), dbkit_path("db/lost+found"), kept,
	    "\xa5\xa5\xa5\xa5");
	dbkit_close(db);
}

TEST("without LOCK a tail that was never vouched for was interrupted")
{
	lsm_options o = dbkit_options(NULL);

	real_tail(true);
	check_reported(&o);
}

TEST("what a writer left is damaged, not interrupted, when its tail changes")
{
	lsm_options o = dbkit_options(NULL), r;
	uint64_t before;

	real_tail(false);
	before = dbkit_tree(dbkit_path("db"));
	dbkit_refused(dbkit_path("db"), &o, LSM_CORRUPT);
	CHECK(strstr(lsm_message(), "all was durable up to") != NULL);
	CHECK(dbkit_tree(dbkit_path("db")) == before);
	r = o;
	r.create = 0;
	r.read_only = 1;
	dbkit_refused(dbkit_path("db"), &r, LSM_CORRUPT);
}

/* A page that says more than the log ever had: of another file, or of a log
 * that was put back. */
TEST("only a leave mark that is the log's own proves anything")
{
	lsm_options o = dbkit_options(NULL);
	char command[1200];
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);

	dbkit_put(db, "a", "1");
	dbkit_close(db);
	/* The copy has the same LOCK, and writes more into a like log. */
	snprintf(command, sizeof command, "cp -al %s %s", dbkit_path("db"),
	    dbkit_path("copy"));
	CHECK_EQ(system(command), 0);
	for (int i = 0; i < 2; i++) {
		db = dbkit_open(dbkit_path(i ? "db" : "copy"), &o);
		dbkit_put(db, "b", i ? "2" : MARK_B MARK_B MARK_B);
		dbkit_close(db);
	}
	db = dbkit_open(dbkit_path("copy"), &o);
	dbkit_put(db, "c", MARK_B MARK_B MARK_B);
	dbkit_close(db);
	db = dbkit_open(dbkit_path("db"), &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1 b=2");
	dbkit_close(db);
}

TEST("a log cut short after its writer left is damaged")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);
	char log[512];

	dbkit_put(db, "a", "1");
	dbkit_put(db, "b", "2");
	snprintf(log, sizeof log, "%s/%s", dbkit_path("db"),
	    dbkit_file(db, "log"));
	dbkit_close(db);
	CHECK_EQ(truncate(log, 4096 + 64), 0);
	dbkit_refused(dbkit_path("db"), &o, LSM_CORRUPT);
}

TEST("logs behind an interrupted one are set aside whole")
{
	struct sim *sim = sim_new(test_seed()), *disk;
	lsm_options o;
	char log[64];
	lsm_db *db;

	sim_capabilities(sim, false, true);
	o = log_only(sim);
	db = dbkit_open("db", &o);
	CHECK_OK(lsm_put(db, lsm_str("a"), lsm_str("1"), LSM_SYNC));
	dbkit_put(db, "b", MARK_B);
	snprintf(log, sizeof log, "%s", dbkit_file(db, "log"));
	for (unsigned i = 0; dbkit_stat(db, "db.memtables") < 2; i++)
		dbkit_fill(db, i, i + 1, " of the first log or the next");
	dbkit_put(db, "z", "in the next log");
	disk = sim_crash(sim, sim_operations(sim), SIM_KEEP, 0);
	dbkit_close(db);
	o.env = sim_env(disk);
	CHECK(sim_poke(disk, "db", log, dbkit_find(o.env, "db", log, MARK_B),
	    "V", 1));
	db = dbkit_open("db", &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1");
	CHECK_EQ(dbkit_stat(db, "recovery.logs_set_aside"), 1);
	CHECK_EQ(dbkit_stat(db, "recovery.interrupted_log"),
	    strtoull(log, NULL, 10));
	dbkit_put(db, "after", "1");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1 after=1");
	dbkit_close(db);
	sim_free(disk);
	sim_free(sim);
}

/* ---- closing ------------------------------------------------------------ */

TEST_SOLO("close leaves a short log and flushes a long one")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_fill(db, 0, 1000, "");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK_EQ(dbkit_files(db, "table", false), 0);
	CHECK(dbkit_stat(db, "recovery.records") >= 1000);
	dbkit_fill(db, 0, 30000, " of a log that is long");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK(dbkit_files(db, "table", true) > 0);
	CHECK(dbkit_stat(db, "recovery.records") < 100);
	dbkit_check_fill(db, 29900, 30000, " of a log that is long");
	dbkit_close(db);
	sim_free(sim);
}

TEST("close makes durable what was not, unless the handle never syncs")
{
	struct sim *sim = sim_new(test_seed()), *disk;
	lsm_options o = dbkit_options(sim);
	lsm_db *db;

	o.no_sync = 0;
	db = dbkit_open("db", &o);
	CHECK_OK(lsm_put(db, lsm_str("k000000"), lsm_str("0"), LSM_NO_SYNC));
	dbkit_close(db);
	disk = sim_crash(sim, sim_operations(sim), SIM_DROP, 0);
	o.env = sim_env(disk);
	db = dbkit_open("db", &o);
	dbkit_check(db, NULL, "k000000", "0");
	dbkit_close(db);
	sim_free(disk);
	o.env = sim_env(sim);
	o.no_sync = 1;
	db = dbkit_open("db", &o);
	dbkit_fill(db, 0, 10, "");
	dbkit_close(db);
	disk = sim_crash(sim, sim_operations(sim), SIM_DROP, 0);
	o.env = sim_env(disk);
	db = dbkit_open("db", &o);
	dbkit_check(db, NULL, "k000000", "0");
	dbkit_check(db, NULL, "k000009", NULL);
	dbkit_close(db);
	sim_free(disk);
	sim_free(sim);
}

TEST("files that nobody names go, other people's stay")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	const struct env_ops *ops = o.env->ops;
	static const char *const strays[] = { "000900.sst", "MANIFEST-000901",
		"CURRENT.new", "notes.txt", "000902.log.old" };
	struct env_file *file;
	struct env_dir *dir;
	bool made;
	lsm_db *db;

	dbkit_close(dbkit_open("db", &o));
	CHECK_OK(ops->dir_open(o.env, "db", false, &dir, &made));
	for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
		CHECK_OK(ops->file_open(dir, strays[i], ENV_CREATE, &file));
		CHECK_OK(ops->file_append(file, "x", 1));
		CHECK_OK(ops->file_close(file));
	}
	db = dbkit_open("db", &o);
	dbkit_fill(db, 0, 10, "");
	CHECK_OK(lsm_flush(db));
	/* Numbers are above every name that was there. */
	CHECK(strtoull(dbkit_file(db, "table"), NULL, 10) > 901);
	dbkit_close(db);
	for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
		int rc = ops->file_open(dir, strays[i], ENV_READ, &file);

		env_file_close(file);
		CHECK_CODE(rc, i < 3 ? LSM_NOTFOUND : LSM_OK);
	}
	ops->dir_close(dir);
	sim_free(sim);
}
