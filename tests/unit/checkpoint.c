/*
 * A checkpoint: what it holds, what it shares, what it costs, and what a
 * failure or a crash leaves of it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "db/db.h"
#include "support/dbkit.h"

static lsm_options
reading(lsm_options o)
{
	o.read_only = 1;
	o.create = 0;
	return o;
}

static lsm_options
existing(lsm_options o)
{
	o.create = 0;
	return o;
}

/* Opened to read and to write, verified from end to end. */
static void
check_copy(const char *path, lsm_options o, const char *content)
{
	lsm_options r = reading(o);
	lsm_db *db;

	r.reads = LSM_READS_STRICT;
	db = dbkit_open(path, &r);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	dbkit_close(db);
	o = existing(o);
	db = dbkit_open(path, &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	dbkit_close(db);
}

/* Two tables, and a log whose end is in the ring only. */
static lsm_db *
mixed(const char *path, const lsm_options *o)
{
	lsm_db *db = dbkit_open(path, o);

	dbkit_put(db, "a", "1");
	CHECK_OK(lsm_flush(db));
	dbkit_put(db, "b", "2");
	dbkit_delete(db, "a");
	CHECK_OK(lsm_flush(db));
	dbkit_put(db, "c", "3");
	return db;
}

TEST("a writer's checkpoint holds all, and both live on apart")
{
	for (int ring = 0; ring < 2; ring++) {
		struct sim *sim = sim_new(test_seed());
		lsm_options o = dbkit_options(sim);
		lsm_db *db;

		sim_capabilities(sim, ring, true);
		db = mixed("db", &o);
		CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
		dbkit_put(db, "d", "4");
		CHECK_OK(lsm_compact(db, NULL, NULL));
		dbkit_close(db);
		check_copy("copy", o, "b=2 c=3");
		check_copy("db", o, "b=2 c=3 d=4");
		sim_free(sim);
	}
}

TEST("a reader's checkpoint beside a writer holds what the ring holds")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), r = reading(o);
	lsm_db *db, *reader;

	db = mixed("db", &o);
	reader = dbkit_open("db", &r);
	dbkit_put(db, "d", "4");
	CHECK_OK(lsm_checkpoint(reader, "copy", NULL, NULL));
	dbkit_put(db, "e", "5");
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_close(reader);
	dbkit_close(db);
	check_copy("copy", o, "b=2 c=3 d=4");
	sim_free(sim);
}

TEST("a checkpoint on this machine's disk shares its tables")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = mixed(dbkit_path("db"), &o);
	char *table = strdup(dbkit_path("copy/"));
	struct stat st;

	CHECK_OK(lsm_checkpoint(db, dbkit_path("copy"), NULL, NULL));
	table = realloc(table, strlen(table) + 64);
	strcat(table, dbkit_file(db, "table"));
	CHECK_EQ(stat(table, &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	free(table);
	dbkit_close(db);
	check_copy(dbkit_path("copy"), o, "b=2 c=3");
	check_copy(dbkit_path("db"), o, "b=2 c=3");
}

TEST("where nothing can be linked, tables are copied and checked")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	uint8_t x = 0xff;
	lsm_db *db;

	sim_without_links(sim);
	db = mixed("db", &o);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	check_copy("copy", o, "b=2 c=3");
	CHECK(sim_poke(sim, "db", dbkit_file(db, "table"), 4100, &x, 1));
	CHECK_CODE(lsm_checkpoint(db, "damaged", NULL, NULL), LSM_CORRUPT);
	dbkit_close(db);
	o = existing(o);
	dbkit_refused("damaged", &o, LSM_NO_DATABASE);
	sim_free(sim);
}

TEST("a checkpoint of a checkpoint, and of an empty database")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db = dbkit_open("db", &o);

	CHECK_OK(lsm_checkpoint(db, "one", NULL, NULL));
	dbkit_close(db);
	o = existing(o);
	db = dbkit_open("one", &o);
	dbkit_put(db, "a", "1");
	CHECK_OK(lsm_checkpoint(db, "two", NULL, NULL));
	dbkit_close(db);
	check_copy("one", o, "a=1");
	check_copy("two", o, "a=1");
	sim_free(sim);
}

TEST("a copy has a branch of its own, and the numbers of the original")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	struct current a, b, c;
	lsm_db *db = mixed("db", &o);
	struct env_dir *dir;
	const char *const names[] = { "db", "one", "two" };
	struct current *const into[] = { &a, &b, &c };
	bool created;

	CHECK_OK(lsm_checkpoint(db, "one", NULL, NULL));
	CHECK_OK(lsm_checkpoint(db, "two", NULL, NULL));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(sim_env(sim)->ops->dir_open(sim_env(sim), names[i],
		    false, &dir, &created));
		CHECK_OK(current_read(dir, into[i]));
		sim_env(sim)->ops->dir_close(dir);
	}
	CHECK(memcmp(a.database, b.database, ID_SIZE) == 0);
	CHECK(memcmp(a.branch, b.branch, ID_SIZE) != 0);
	CHECK(memcmp(b.branch, c.branch, ID_SIZE) != 0);
	dbkit_close(db);
	sim_free(sim);
}

TEST("a directory that is not empty is refused and stays as it is")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = mixed(dbkit_path("db"), &o);
	uint64_t before;
	FILE *f;

	CHECK_EQ(mkdir(dbkit_path("full"), 0700), 0);
	CHECK((f = fopen(dbkit_path("full/letter"), "w")) != NULL);
	fclose(f);
	before = dbkit_tree(dbkit_path("full/letter"));
	CHECK_CODE(lsm_checkpoint(db, dbkit_path("full"), NULL, NULL),
	    LSM_EXISTS);
	CHECK(strstr(lsm_message(), "letter") != NULL);
	CHECK_CODE(lsm_checkpoint(db, dbkit_path("full/letter"), NULL, NULL),
	    LSM_EXISTS);
	CHECK_CODE(lsm_checkpoint(db, dbkit_path("db"), NULL, NULL),
	    LSM_EXISTS);
	CHECK_EQ(dbkit_tree(dbkit_path("full/letter")), before);
	CHECK(access(dbkit_path("full/UNFINISHED"), F_OK) != 0);
	CHECK(access(dbkit_path("db/UNFINISHED"), F_OK) != 0);
	CHECK_EQ(mkdir(dbkit_path("empty"), 0700), 0);
	CHECK_EQ(mkdir(dbkit_path("empty/lost+found"), 0700), 0);
	CHECK_OK(lsm_checkpoint(db, dbkit_path("empty"), NULL, NULL));
	dbkit_close(db);
}

static int
stop(void *arg, uint64_t done, uint64_t all)
{
	CHECK(done > 0 && done <= all);
	return ++*(int *)arg == 2;
}

TEST("a checkpoint that is stopped leaves an empty directory")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db = mixed("db", &o);
	int calls = 0;

	CHECK_CODE(lsm_checkpoint(db, "copy", stop, &calls), LSM_BUSY);
	CHECK_EQ(calls, 2);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	dbkit_close(db);
	check_copy("copy", o, "b=2 c=3");
	sim_free(sim);
}

static int
still_open(void *arg, uint64_t done, uint64_t all)
{
	(void)done;
	(void)all;
	CHECK_CODE(lsm_close(arg), LSM_BUSY);
	return 0;
}

TEST("a handle cannot be closed below its checkpoint")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db = mixed("db", &o);

	CHECK_OK(lsm_checkpoint(db, "copy", still_open, db));
	dbkit_close(db);
	sim_free(sim);
}

/* While the first files are copied, all that they were dies. */
static int
churn(void *arg, uint64_t done, uint64_t all)
{
	static int round;

	(void)done;
	(void)all;
	for (int i = 0; i < 3; i++) {
		dbkit_fill(arg, 0, 40, i % 2 ? "x" : "y");
		CHECK_OK(lsm_flush(arg));
	}
	if (round++ % 2 == 0)
		CHECK_OK(lsm_compact(arg, NULL, NULL));
	return 0;
}

static void
check_churned(bool by_reader, bool links)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), r = reading(o);
	lsm_db *db, *reader = NULL;

	if (!links)
		sim_without_links(sim);
	db = mixed("db", &o);
	if (by_reader)
		reader = dbkit_open("db", &r);
	CHECK_OK(lsm_checkpoint(by_reader ? reader : db, "copy", churn, db));
	if (by_reader)
		dbkit_close(reader);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_check_fill(db, 0, 40, "y");
	CHECK_EQ(dbkit_files(db, "table", false), dbkit_files(db, "table",
	    true));
	dbkit_close(db);
	check_copy("copy", o, "b=2 c=3");
	sim_free(sim);
}

TEST("what dies during a checkpoint stays for it, and goes afterwards")
{
	for (int i = 0; i < 4; i++)
		check_churned(i & 1, i & 2);
}

TEST("the log of a killed writer is copied with what the ring has of it")
{
	struct sim *sim = sim_new(test_seed()), *killed;
	lsm_options o = dbkit_options(sim), r;
	lsm_db *db = mixed("db", &o), *reader;

	killed = sim_kill(sim, sim_operations(sim));
	o.env = sim_env(killed);
	r = reading(o);
	reader = dbkit_open("db", &r);
	CHECK_OK(lsm_checkpoint(reader, "copy", NULL, NULL));
	dbkit_close(reader);
	check_copy("copy", o, "b=2 c=3");
	check_copy("db", o, "b=2 c=3");
	dbkit_close(db);
	sim_free(killed);
	sim_free(sim);
}

/* Many logs and tables; most of it is left to a reader to find. */
static struct sim *
many_logs(void)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db;
	int more;

	o.memtable_size = 1024;
	db = dbkit_open("db", &o);
	for (unsigned i = 0; i < 40; i++) {
		dbkit_fill(db, i, i + 1, "a-value-of-some-length");
		if (i % 16 == 7)
			CHECK_OK(lsm_sync(db));
		if (i % 8 == 3)
			CHECK_OK(lsm_step(db, &more));
	}
	dbkit_close(db);
	return sim;
}

static void
check_left(struct sim *after)
{
	lsm_options o = dbkit_options(after), r = reading(o);
	lsm_db *db;
	int rc = lsm_open("db", &r, &db);
	char *content;

	if (rc == LSM_OK) {
		content = strdup(dbkit_scan(db, NULL, NULL, false));
		CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
		dbkit_close(db);
		check_copy("copy", o, content);
		check_copy("db", o, content);
		free(content);
	} else {
		CHECK_CODE(rc, LSM_NO_DATABASE);
	}
	sim_free(after);
}

TEST("whatever a kill or a crash left, a reader copies what it sees")
{
	struct sim *sim = many_logs();

	for (size_t i = 0; i <= sim_operations(sim); i++) {
		check_left(sim_kill(sim, i));
		check_left(sim_crash(sim, i, SIM_RANDOM, test_seed() + i));
	}
	sim_free(sim);
}

TEST("without LOCK a reader copies as well, and makes none")
{
	lsm_options o = dbkit_options(NULL), r = reading(o);
	uint64_t before;
	lsm_db *db;

	dbkit_close(mixed(dbkit_path("db"), &o));
	CHECK_EQ(unlink(dbkit_path("db/LOCK")), 0);
	before = dbkit_tree(dbkit_path("db/CURRENT"));
	db = dbkit_open(dbkit_path("db"), &r);
	CHECK_OK(lsm_checkpoint(db, dbkit_path("copy"), NULL, NULL));
	dbkit_close(db);
	CHECK_EQ(dbkit_tree(dbkit_path("db/CURRENT")), before);
	CHECK(access(dbkit_path("db/LOCK"), F_OK) != 0);
	CHECK(access(dbkit_path("copy/LOCK"), F_OK) != 0);
	CHECK(access(dbkit_path("copy/UNFINISHED"), F_OK) != 0);
	check_copy(dbkit_path("copy"), o, "b=2 c=3");
}

/* ---- failures ------------------------------------------------------------ */

/* After a failure: the original as ever; the copy whole or no database, and a
 * second try works where the first one could clean up. */
static void
check_failed(lsm_db *db, const lsm_options *o, int rc)
{
	lsm_options e = existing(*o);
	lsm_db *copy;

	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "b=2 c=3");
	if (rc == LSM_OK) {
		check_copy("copy", *o, "b=2 c=3");
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
	lsm_options o = dbkit_options(sim), r = reading(o);
	lsm_db *db, *reader = NULL;
	bool failed;
	int rc;

	if (!links)
		sim_without_links(sim);
	db = mixed("db", &o);
	CHECK_OK(lsm_sync(db));
	if (by_reader)
		reader = dbkit_open("db", &r);
	sim_fail_at(sim, n, LSM_IO, for_ever, true);
	rc = lsm_checkpoint(by_reader ? reader : db, "copy", NULL, NULL);
	if (rc != LSM_OK)
		CHECK(lsm_message()[0] != '\0');
	failed = sim_failed(sim);
	sim_fail_at(sim, 0, 0, false, false);
	check_failed(db, &o, rc);
	if (by_reader)
		dbkit_close(reader);
	(void)lsm_close(db);
	sim_free(sim);
	return failed;
}

TEST("a checkpoint whose n-th call fails leaves a database or none")
{
	for (int how = 0; how < 8; how++)
		for (uint64_t n = 1; nth_call_fails(n, how & 1, how & 2,
		    how & 4); n++)
			;
}

TEST("a checkpoint whose n-th allocation fails leaves nothing behind")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), e = existing(o);
	lsm_db *db = mixed("db", &o);
	int rc;

	for (uint64_t n = 1;; n++) {
		mem_fail_at(n, false);
		rc = lsm_checkpoint(db, "copy", NULL, NULL);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_NO_MEMORY);
		dbkit_refused("copy", &e, LSM_NO_DATABASE);
	}
	dbkit_close(db);
	check_copy("copy", o, "b=2 c=3");
	sim_free(sim);
}

/* ---- crashes ------------------------------------------------------------- */

static void
check_crashed(struct sim *after, bool done)
{
	lsm_options o = dbkit_options(after), e = existing(o);
	lsm_db *db = dbkit_open("db", &e), *copy;
	int rc;

	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "b=2 c=3");
	rc = lsm_open("copy", &e, &copy);
	if (rc == LSM_OK) {
		CHECK_STR(dbkit_scan(copy, NULL, NULL, false), "b=2 c=3");
		dbkit_put(copy, "d", "4");
		dbkit_close(copy);
		check_copy("copy", o, "b=2 c=3 d=4");
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
	db = mixed("db", &o);
	CHECK_OK(lsm_sync(db));
	from = sim_operations(sim);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	to = sim_operations(sim);
	dbkit_close(db);
	end = sim_operations(sim);
	for (size_t i = from; i <= end; i++) {
		check_crashed(sim_kill(sim, i), i >= to);
		check_crashed(sim_crash(sim, i, SIM_DROP, 0), i >= to);
		check_crashed(sim_crash(sim, i, SIM_KEEP, 0), i >= to);
		for (uint64_t s = 0; s < 6; s++)
			check_crashed(sim_crash(sim, i, SIM_RANDOM,
			    test_seed() + s), i >= to);
	}
	sim_free(sim);
}

TEST("a crash at any moment leaves a whole checkpoint or no database")
{
	check_crashes(true);
	check_crashes(false);
}
