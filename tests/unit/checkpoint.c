/*
 * A checkpoint: what it holds, what it shares, and what goes on beside it.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db.h"
#include "support/copykit.h"
#include "support/scale.h"

TEST_SOLO("a writer's checkpoint holds all, and both live on apart")
{
	for (int ring = 0; ring < 2; ring++) {
		struct sim *sim = sim_new(test_seed());
		lsm_options o = dbkit_options(sim);
		lsm_db *db;

		sim_capabilities(sim, ring, true);
		db = copykit_mixed("db", &o);
		CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
		dbkit_put(db, "d", "4");
		CHECK_OK(lsm_compact(db, NULL, NULL));
		dbkit_close(db);
		copykit_check("copy", o, "b=2 c=3");
		copykit_check("db", o, "b=2 c=3 d=4");
		sim_free(sim);
	}
}

TEST("a reader's checkpoint beside a writer holds what the ring holds")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), r = copykit_reading(o);
	lsm_db *db, *reader;

	db = copykit_mixed("db", &o);
	reader = dbkit_open("db", &r);
	dbkit_put(db, "d", "4");
	CHECK_OK(lsm_checkpoint(reader, "copy", NULL, NULL));
	dbkit_put(db, "e", "5");
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_close(reader);
	dbkit_close(db);
	copykit_check("copy", o, "b=2 c=3 d=4");
	sim_free(sim);
}

TEST("a checkpoint on this machine's disk shares its tables")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = copykit_mixed(dbkit_path("db"), &o);
	char *table = strdup(dbkit_path("copy/"));
	struct stat st;

	CHECK_OK(lsm_checkpoint(db, dbkit_path("copy"), NULL, NULL));
	table = realloc(table, strlen(table) + 64);
	strcat(table, dbkit_file(db, "table"));
	CHECK_EQ(stat(table, &st), 0);
	CHECK_EQ(st.st_nlink, 2);
	free(table);
	dbkit_close(db);
	copykit_check(dbkit_path("copy"), o, "b=2 c=3");
	copykit_check(dbkit_path("db"), o, "b=2 c=3");
}

TEST("where nothing can be linked, tables are copied and checked")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	uint8_t x = 0xff;
	lsm_db *db;

	sim_without_links(sim);
	db = copykit_mixed("db", &o);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	copykit_check("copy", o, "b=2 c=3");
	CHECK(sim_poke(sim, "db", dbkit_file(db, "table"), 4100, &x, 1));
	CHECK_CODE(lsm_checkpoint(db, "damaged", NULL, NULL), LSM_CORRUPT);
	dbkit_close(db);
	o = copykit_existing(o);
	dbkit_refused("damaged", &o, LSM_NO_DATABASE);
	sim_free(sim);
}

TEST("tables that are linked are read when that is asked for")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	uint8_t x = 0xff;
	lsm_db *db = copykit_mixed("db", &o);

	CHECK_OK(lsm_checkpoint_verify(db, "sound", NULL, NULL));
	copykit_check("sound", o, "b=2 c=3");
	CHECK(sim_poke(sim, "db", dbkit_file(db, "table"), 4100, &x, 1));
	CHECK_OK(lsm_checkpoint(db, "unread", NULL, NULL));
	CHECK_CODE(lsm_checkpoint_verify(db, "copy", NULL, NULL), LSM_CORRUPT);
	CHECK(strstr(lsm_message(), ".sst: offset ") != NULL);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	dbkit_close(db);
	sim_free(sim);
}

TEST("a checkpoint of a checkpoint, and of an empty database")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	lsm_db *db = dbkit_open("db", &o);

	CHECK_OK(lsm_checkpoint(db, "one", NULL, NULL));
	dbkit_close(db);
	o = copykit_existing(o);
	db = dbkit_open("one", &o);
	dbkit_put(db, "a", "1");
	CHECK_OK(lsm_checkpoint(db, "two", NULL, NULL));
	dbkit_close(db);
	copykit_check("one", o, "a=1");
	copykit_check("two", o, "a=1");
	sim_free(sim);
}

TEST("a copy has a branch of its own, and the numbers of the original")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim);
	struct current a, b, c;
	lsm_db *db = copykit_mixed("db", &o);
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
	lsm_db *db = copykit_mixed(dbkit_path("db"), &o);
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
	lsm_db *db = copykit_mixed("db", &o);
	int calls = 0;

	CHECK_CODE(lsm_checkpoint(db, "copy", stop, &calls), LSM_BUSY);
	CHECK_EQ(calls, 2);
	CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
	dbkit_close(db);
	copykit_check("copy", o, "b=2 c=3");
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
	lsm_db *db = copykit_mixed("db", &o);

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
	lsm_options o = dbkit_options(sim), r = copykit_reading(o);
	lsm_db *db, *reader = NULL;

	if (!links)
		sim_without_links(sim);
	db = copykit_mixed("db", &o);
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
	copykit_check("copy", o, "b=2 c=3");
	sim_free(sim);
}

TEST("what dies during a checkpoint stays for it, and goes afterwards")
{
	for (int i = 0; i < 4; i++)
		check_churned(i & 1, i & 2);
}

TEST("a reader whose pin is ended meanwhile is told so, and can try again")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = dbkit_options(sim), r = copykit_reading(o);
	lsm_options e = copykit_existing(o);
	lsm_db *db, *reader;

	sim_without_links(sim);
	o.max_pin_age = 1;
	db = copykit_mixed("db", &o);
	reader = dbkit_open("db", &r);
	CHECK_CODE(lsm_checkpoint(reader, "copy", churn, db), LSM_TOO_OLD);
	dbkit_refused("copy", &e, LSM_NO_DATABASE);
	CHECK_OK(lsm_checkpoint(reader, "copy", NULL, NULL));
	dbkit_close(reader);
	dbkit_close(db);
	e = copykit_existing(o);
	db = dbkit_open("copy", &e);
	dbkit_check_fill(db, 0, 40, "y");
	dbkit_close(db);
	sim_free(sim);
}

/* A reader that finds no LOCK. */
static lsm_db *
open_unpinned(struct sim *sim, const lsm_options *r)
{
	lsm_db *db;

	for (uint64_t n = 1;; n++) {
		sim_fail_at(sim, n, LSM_NOTFOUND, false, false);
		if (lsm_open("db", r, &db) != LSM_OK)
			continue;
		CHECK(sim_failed(sim));
		sim_fail_at(sim, 0, 0, false, false);
		if (db->lock == NULL)
			return db;
		dbkit_close(db);
	}
}

struct moves {
	lsm_db *writer;
	int left;		/* so often it changes everything */
	int calls;
};

static int
churn_some(void *arg, uint64_t done, uint64_t all)
{
	struct moves *m = arg;

	m->calls++;
	return m->left-- > 0 ? churn(m->writer, done, all) : 0;
}

TEST_SOLO("without a pin a reader tries until it copied what stood still")
{
	static const int all[] = { 0, 1, 2, 5, 45 };
	enum { COUNT = sizeof all / sizeof *all };

	for (size_t i = SCALE_FIRST % COUNT; i < COUNT; i += SCALE_STEP) {
		int moves = all[i], rc;
		struct sim *sim = sim_new(test_seed());
		lsm_options o = dbkit_options(sim), r = copykit_reading(o);
		lsm_db *db = copykit_mixed("db", &o), *reader;
		struct moves m = { db, moves, 0 };

		sim_without_links(sim);
		CHECK_OK(lsm_sync(db));		/* not in the ring only */
		reader = open_unpinned(sim, &r);
		rc = lsm_checkpoint(reader, "copy", churn_some, &m);
		if (rc == LSM_OK)
			copykit_check("copy", o, strdupa(dbkit_scan(db, NULL,
			    NULL, false)));
		else
			CHECK_CODE(rc, LSM_BUSY);
		CHECK_EQ(rc == LSM_OK, moves < 40);
		CHECK(m.calls > moves || rc != LSM_OK);
		dbkit_close(reader);
		dbkit_close(db);
		sim_free(sim);
	}
}

/* ---- threads ------------------------------------------------------------- */

enum { FILL_MAX = 3000, MOMENTS = 8 };

struct filling {
	lsm_db *db;
	struct thread thread;
	_Atomic unsigned acked, begun;
	_Atomic int stop;
};

/* Key n is put when all before it were. */
static void
fill_on(void *arg)
{
	struct filling *f = arg;

	for (unsigned n = 0; n < FILL_MAX && !atomic_load(&f->stop); n++) {
		atomic_store(&f->begun, n + 1);
		dbkit_fill(f->db, n, n + 1, "");
		atomic_store(&f->acked, n + 1);
	}
}

static void
check_moment(const char *path, const lsm_options *o, unsigned low,
    unsigned high)
{
	lsm_options r = copykit_reading(*o);
	lsm_db *db = dbkit_open(path, &r);
	lsm_iter *it;
	unsigned n = 0;

	CHECK_OK(lsm_iter_new(db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); n++)
		CHECK_OK(lsm_iter_next(it));
	lsm_iter_free(it);
	CHECK(n >= low && n <= high);
	dbkit_check_fill(db, 0, n, "");
	dbkit_close(db);
}

TEST("checkpoints beside a thread that writes, each of one moment")
{
	lsm_options o = dbkit_options(NULL), r = copykit_reading(o);
	struct filling f = { 0 };
	lsm_db *reader;
	unsigned low;
	char name[32];

	o.memtable_size = 16384;
	o.workers = 1;
	f.db = dbkit_open(dbkit_path("db"), &o);
	CHECK_OK(thread_start(&f.thread, fill_on, &f));
	reader = dbkit_open(dbkit_path("db"), &r);
	for (int i = 0; i < MOMENTS; i++) {
		snprintf(name, sizeof name, "copy%d", i);
		low = atomic_load(&f.acked);
		CHECK_OK(lsm_checkpoint(i % 2 ? reader : f.db,
		    dbkit_path(name), NULL, NULL));
		check_moment(dbkit_path(name), &o, low,
		    atomic_load(&f.begun));
	}
	atomic_store(&f.stop, 1);
	thread_join(&f.thread);
	CHECK(atomic_load(&f.acked) > 0);
	dbkit_close(reader);
	dbkit_close(f.db);
}

TEST("the log of a killed writer is copied with what the ring has of it")
{
	struct sim *sim = sim_new(test_seed()), *killed;
	lsm_options o = dbkit_options(sim), r;
	lsm_db *db = copykit_mixed("db", &o), *reader;

	killed = sim_kill(sim, sim_operations(sim));
	o.env = sim_env(killed);
	r = copykit_reading(o);
	reader = dbkit_open("db", &r);
	CHECK_OK(lsm_checkpoint(reader, "copy", NULL, NULL));
	dbkit_close(reader);
	copykit_check("copy", o, "b=2 c=3");
	copykit_check("db", o, "b=2 c=3");
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
	lsm_options o = dbkit_options(after), r = copykit_reading(o);
	lsm_options e = copykit_existing(o);
	lsm_db *db;
	int rc = lsm_open("db", &r, &db);
	char *content;

	if (rc == LSM_OK) {
		content = strdup(dbkit_scan(db, NULL, NULL, false));
		CHECK_OK(lsm_checkpoint(db, "copy", NULL, NULL));
		dbkit_close(db);
		copykit_check("copy", o, content);
		/* The next writer may find what was not announced yet. */
		db = dbkit_open("db", &e);
		CHECK(strncmp(dbkit_scan(db, NULL, NULL, false), content,
		    strlen(content)) == 0);
		dbkit_close(db);
		free(content);
	} else {
		CHECK_CODE(rc, LSM_NO_DATABASE);
	}
	sim_free(after);
}

TEST_SOLO("whatever a kill or a crash left, a reader copies what it sees")
{
	struct sim *sim = many_logs();

	for (size_t i = SCALE_FIRST; i <= sim_operations(sim);
	    i += SCALE_STEP) {
		check_left(sim_kill(sim, i));
		check_left(sim_crash(sim, i, SIM_RANDOM, test_seed() + i));
	}
	sim_free(sim);
}

TEST("without LOCK a reader copies as well, and makes none")
{
	lsm_options o = dbkit_options(NULL), r = copykit_reading(o);
	uint64_t before;
	lsm_db *db;

	dbkit_close(copykit_mixed(dbkit_path("db"), &o));
	CHECK_EQ(unlink(dbkit_path("db/LOCK")), 0);
	before = dbkit_tree(dbkit_path("db/CURRENT"));
	db = dbkit_open(dbkit_path("db"), &r);
	CHECK_OK(lsm_checkpoint(db, dbkit_path("copy"), NULL, NULL));
	dbkit_close(db);
	CHECK_EQ(dbkit_tree(dbkit_path("db/CURRENT")), before);
	CHECK(access(dbkit_path("db/LOCK"), F_OK) != 0);
	CHECK(access(dbkit_path("copy/LOCK"), F_OK) != 0);
	CHECK(access(dbkit_path("copy/UNFINISHED"), F_OK) != 0);
	copykit_check(dbkit_path("copy"), o, "b=2 c=3");
}
