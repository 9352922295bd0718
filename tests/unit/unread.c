/*
 * unread.c - writers that only append: what they leave unread, who reads it
 * after all, and that nothing is lost between them.
 */
#include <stdio.h>
#include <unistd.h>

#include "db/db.h"
#include "support/dbkit.h"

/* A database that was closed in order, with `keys` keys in its log. */
static lsm_options
left_behind(struct sim *sim, unsigned keys)
{
	lsm_options o = dbkit_options(sim);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_fill(db, 0, keys, "");
	dbkit_close(db);
	return o;
}

static bool
unread(lsm_db *db)
{
	return load_acquire(&db->unread);
}

TEST("a writer that only puts reads no log and waits for no disk")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = left_behind(sim, 20);
	uint64_t syncs;
	lsm_db *db;

	for (unsigned i = 20; i < 30; i++) {
		db = dbkit_open("db", &o);
		CHECK(unread(db));
		dbkit_fill(db, i, i + 1, "");
		dbkit_delete(db, "k000003");
		CHECK(unread(db));
		syncs = log_syncs(db->log);
		dbkit_close(db);
		CHECK_EQ(syncs, 0);
	}
	db = dbkit_open("db", &o);
	dbkit_check(db, NULL, "k000003", NULL);
	CHECK(!unread(db));
	dbkit_check_fill(db, 4, 30, "");
	dbkit_close(db);
	sim_free(sim);
}

TEST("what it appended itself is read with the rest")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_put(db, "a", "1");
	dbkit_put(db, "k000001", "again");
	dbkit_delete(db, "k000000");
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), "a=1 k000001=again "
	    "k000002=v2 k000003=v3 k000004=v4");
	dbkit_put(db, "b", "2");
	dbkit_check(db, NULL, "b", "2");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK(unread(db));
	dbkit_check(db, NULL, "b", "2");
	dbkit_check(db, NULL, "k000000", NULL);
	dbkit_close(db);
	sim_free(sim);
}

TEST("a range delete needs no memory that was not read")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	CHECK(unread(db));
	CHECK_OK(lsm_delete_range(db, lsm_str("k000001"), lsm_str("k000004"),
	    0));
	dbkit_put(db, "k000002", "again");
	CHECK(unread(db));
	CHECK_STR(dbkit_scan(db, NULL, NULL, false),
	    "k000000=v0 k000002=again k000004=v4");
	dbkit_close(db);
	sim_free(sim);
}

static int
ask_snapshot(lsm_db *db)
{
	lsm_snapshot *s;
	int rc = lsm_snapshot_new(db, &s);

	lsm_snapshot_free(s);
	return rc;
}

static int
ask_iterator(lsm_db *db)
{
	lsm_iter *it;
	int rc = lsm_iter_new(db, NULL, NULL, &it);

	lsm_iter_free(it);
	return rc;
}

static int
ask_many(lsm_db *db)
{
	lsm_slice key = lsm_str("a");
	int code;

	return lsm_multi_get(db, NULL, 1, &key, NULL, &code);
}

static int
ask_condition(lsm_db *db)
{
	lsm_batch *b;
	int rc;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_if_present(b, lsm_str("a")));
	rc = lsm_write(db, b, 0);
	lsm_batch_free(b);
	return rc;
}

static int
ask_ingestion(lsm_db *db)
{
	lsm_ingest *g;
	int rc = lsm_ingest_new(db, &g);

	lsm_ingest_free(g);
	return rc;
}

static int
ask_estimate(lsm_db *db)
{
	lsm_estimate e;
	int rc = lsm_range_estimate(db, NULL, &e);

	CHECK(rc != LSM_OK || e.records == 6);
	return rc;
}

static void
ignore(void *arg, const lsm_file_info *f)
{
	(void)arg;
	(void)f;
}

static int
ask_files(lsm_db *db)
{
	return lsm_files(db, ignore, NULL);
}

static int
ask_statistics(lsm_db *db)
{
	return dbkit_stat(db, "db.memtable_entries") > 0 ? LSM_OK : LSM_BUG;
}

static int
ask_compact(lsm_db *db)
{
	return lsm_compact(db, NULL, NULL);
}

static int
ask_range(lsm_db *db)
{
	return lsm_compact_range(db, NULL, NULL, NULL);
}

static int
ask_step(lsm_db *db)
{
	int more;

	return lsm_step(db, &more);
}

static int
ask_settle(lsm_db *db)
{
	int more;

	return lsm_settle(db, &more);
}

static int (*const asking[])(lsm_db *) = {
	ask_snapshot, ask_iterator, ask_many, ask_condition, ask_ingestion,
	ask_estimate, ask_files, ask_statistics, lsm_flush, ask_compact,
	ask_range, ask_step, ask_settle,
};

TEST("whoever wants more than to append has the log read")
{
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
		struct sim *sim = sim_new(test_seed());
		lsm_options o = left_behind(sim, 5);
		lsm_db *db = dbkit_open("db", &o);

		dbkit_put(db, "a", "1");
		CHECK(unread(db));
		CHECK_OK(asking[i](db));
		CHECK(!unread(db));
		dbkit_check(db, NULL, "a", "1");
		dbkit_check_fill(db, 0, 5, "");
		dbkit_close(db);
		sim_free(sim);
	}
}

TEST("much is put into memory, and a long log becomes a table")
{
	static char value[40000];
	struct sim *sim = sim_new(test_seed());
	lsm_options o;
	lsm_db *db;

	memset(value, 'v', sizeof value - 1);
	o = left_behind(sim, 5);
	o.memtable_size = 8 << 20;
	db = dbkit_open("db", &o);
	dbkit_put(db, "a", value);
	CHECK(unread(db));
	dbkit_put(db, "b", value);
	CHECK(!unread(db));
	dbkit_close(db);
	for (int i = 0; i < 40; i++) {
		db = dbkit_open("db", &o);
		dbkit_put(db, "a", value);
		dbkit_close(db);
	}
	o.create = 0;
	o.read_only = 1;
	db = dbkit_open("db", &o);
	CHECK(dbkit_files(db, "table", true) > 0);
	CHECK(dbkit_stat(db, "recovery.bytes") < (1 << 20) + sizeof value);
	dbkit_check(db, NULL, "a", value);
	dbkit_check(db, NULL, "b", value);
	dbkit_close(db);
	sim_free(sim);
}

TEST("after a kill the log is read, and all of it is there")
{
	struct sim *sim = sim_new(test_seed()), *after;
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_put(db, "a", "1");
	after = sim_kill(sim, sim_operations(sim));
	dbkit_close(db);
	o.env = sim_env(after);
	db = dbkit_open("db", &o);
	CHECK(!unread(db));
	dbkit_check(db, NULL, "a", "1");
	dbkit_check_fill(db, 0, 5, "");
	dbkit_close(db);
	sim_free(after);
	sim_free(sim);
}

TEST("a synced put makes durable what short-lived writers before it left")
{
	struct sim *sim = sim_new(test_seed()), *after;
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_put(db, "a", "1");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK(unread(db));
	CHECK_OK(lsm_put(db, lsm_str("b"), lsm_str("2"), LSM_SYNC));
	CHECK_EQ(log_syncs(db->log), 1);
	CHECK(unread(db));
	dbkit_close(db);
	after = sim_crash(sim, sim_operations(sim), SIM_DROP, 0);
	o.env = sim_env(after);
	db = dbkit_open("db", &o);
	CHECK(!unread(db));
	dbkit_check(db, NULL, "a", "1");
	dbkit_check(db, NULL, "b", "2");
	dbkit_check_fill(db, 0, 5, "");
	dbkit_close(db);
	sim_free(after);
	sim_free(sim);
}

TEST("what is read is durable before it is shown")
{
	struct sim *sim = sim_new(test_seed()), *after;
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_check(db, NULL, "k000001", "v1");
	after = sim_crash(sim, sim_operations(sim), SIM_DROP, 0);
	dbkit_close(db);
	o.env = sim_env(after);
	db = dbkit_open("db", &o);
	dbkit_check_fill(db, 0, 5, "");
	dbkit_close(db);
	sim_free(after);
	sim_free(sim);
}

TEST("a failed sync of an unread log fences, and what was durable is read")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = left_behind(sim, 5);
	lsm_db *db = dbkit_open("db", &o);

	CHECK_OK(lsm_put(db, lsm_str("a"), lsm_str("1"), LSM_SYNC));
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK(unread(db));
	dbkit_put(db, "b", "2");
	sim_fail_at(sim, 1, LSM_IO, true, false);
	CHECK_CODE(lsm_sync(db), LSM_IO);
	sim_fail_at(sim, 0, LSM_OK, false, false);
	CHECK(unread(db));
	dbkit_check(db, NULL, "a", "1");
	dbkit_check(db, NULL, "b", NULL);
	dbkit_check_fill(db, 0, 5, "");
	CHECK_CODE(lsm_put(db, lsm_str("c"), lsm_str("3"), 0), LSM_IO);
	CHECK_CODE(lsm_close(db), LSM_IO);
	db = dbkit_open("db", &o);
	CHECK(!unread(db));
	dbkit_check(db, NULL, "a", "1");
	dbkit_close(db);
	sim_free(sim);
}

TEST("a leave mark that is not where LOCK says is damage, found at open")
{
	lsm_options o = dbkit_options(NULL);
	const char *path = dbkit_path("db");
	struct env_words words;
	uint64_t mark;
	char name[64];
	lsm_db *db = dbkit_open(path, &o);
	FILE *f;

	dbkit_fill(db, 0, 5, "");
	dbkit_close(db);
	db = dbkit_open(path, &o);
	CHECK(unread(db));
	db->env->ops->lock_words(db->lock, db->id, &words);
	dbkit_close(db);
	mark = (uint32_t)words.committed - 8;
	snprintf(name, sizeof name, "db/%06u.log",
	    (unsigned)(words.committed >> 32));
	CHECK((f = fopen(dbkit_path(name), "r+b")) != NULL);
	CHECK(fseek(f, (long)mark, SEEK_SET) == 0 && fputc(0x5a, f) == 0x5a);
	CHECK(fclose(f) == 0);
	dbkit_refused(path, &o, LSM_CORRUPT);
}
