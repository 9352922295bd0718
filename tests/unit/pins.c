/*
 * Readers beside a writer, each with a handle of its own: what a pin keeps,
 * and that it is gone when nobody needs it.
 */
#define _GNU_SOURCE
#include <stdio.h>

#include "db/db.h"
#include "env/env_sim.h"
#include "support/test.h"

enum { KEYS = 400, ROUNDS = 5 };

static lsm_options
options(lsm_env *env)
{
	lsm_options o;

	lsm_options_init(&o);
	o.env = env;
	o.create = 1;
	o.no_sync = 1;
	o.workers = 0;
	o.memtable_size = 64 << 10;
	o.table_size = 16384;
	return o;
}

static lsm_db *
writer_open(lsm_env *env, const char *path)
{
	lsm_options o = options(env);
	lsm_db *db;

	CHECK_OK(lsm_open(path, &o, &db));
	return db;
}

static lsm_db *
reader_of(lsm_env *env, const char *path)
{
	lsm_options o = options(env);
	lsm_db *db;

	o.create = 0;
	o.read_only = 1;
	CHECK_OK(lsm_open(path, &o, &db));
	return db;
}

static void
fill(lsm_db *db, int round)
{
	char key[32], value[64];

	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof key, "key%06d", i * 7919 % KEYS);
		snprintf(value, sizeof value, "value %d of round %d", i, round);
		CHECK_OK(lsm_put(db, lsm_str(key), lsm_str(value), 0));
	}
}

static bool
holds(lsm_db *db, const lsm_snapshot *s, int round)
{
	lsm_buffer value = { 0 };
	char key[32], wanted[64];
	bool right = true;

	for (int i = 0; i < KEYS && right; i++) {
		snprintf(key, sizeof key, "key%06d", i * 7919 % KEYS);
		snprintf(wanted, sizeof wanted, "value %d of round %d", i,
		    round);
		right = lsm_get(db, s, lsm_str(key), &value) == LSM_OK &&
		    value.size == strlen(wanted) &&
		    memcmp(value.data, wanted, value.size) == 0;
	}
	lsm_buffer_free(&value);
	return right;
}

/* Tables, logs and manifests in the directory. */
static size_t
files(lsm_db *db)
{
	struct env_names names = { 0 };
	size_t n;

	CHECK_OK(db->env->ops->dir_list(db->dir, &names));
	n = names.count;
	env_names_free(&names);
	return n;
}

static void
old_version_stays(lsm_env *env, const char *path)
{
	lsm_db *writer = writer_open(env, path), *reader;
	size_t kept;

	fill(writer, 0);
	reader = reader_of(env, path);
	for (int round = 1; round <= ROUNDS; round++) {
		fill(writer, round);
		CHECK_OK(lsm_compact(writer, NULL, NULL));
	}
	CHECK(holds(reader, NULL, 0));	/* its tables open only now */
	kept = files(writer);
	CHECK_OK(lsm_close(reader));
	fill(writer, ROUNDS + 1);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	CHECK(files(writer) < kept);
	CHECK_EQ(writer->graves.count, 0);
	CHECK_OK(lsm_close(writer));
}

TEST("a reader's version stays while the writer merges it away")
{
	old_version_stays(NULL, test_dir());
}

TEST("a reader's version stays on a simulated disk")
{
	struct sim *sim = sim_new(test_seed());

	old_version_stays(sim_env(sim), "db");
	sim_free(sim);
}

TEST("a reader sees what the writer has only in the ring")
{
	lsm_db *writer = writer_open(NULL, test_dir()), *reader;

	CHECK_OK(lsm_put(writer, lsm_str("a"), lsm_str("1"), LSM_NO_SYNC));
	reader = reader_of(NULL, test_dir());
	CHECK_OK(lsm_get(reader, NULL, lsm_str("a"), NULL));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
}

TEST("a refresh sees each commit, and snapshots keep what they have")
{
	lsm_db *writer = writer_open(NULL, test_dir()), *reader;
	lsm_snapshot *before[ROUNDS];

	fill(writer, 0);
	reader = reader_of(NULL, test_dir());
	for (int round = 0; round < ROUNDS; round++) {
		CHECK_OK(lsm_refresh(reader));
		CHECK(holds(reader, NULL, round));
		CHECK_OK(lsm_snapshot_new(reader, &before[round]));
		fill(writer, round + 1);
		if (round % 3 == 0)
			CHECK_OK(lsm_compact(writer, NULL, NULL));
	}
	for (int round = 0; round < ROUNDS; round++) {
		CHECK(holds(reader, before[round], round));
		lsm_snapshot_free(before[round]);
	}
	CHECK_OK(lsm_refresh(reader));
	CHECK(holds(reader, NULL, ROUNDS));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
}

TEST("a refresh of the same version reads the new records only")
{
	lsm_db *writer = writer_open(NULL, test_dir()), *reader;
	uint64_t records;

	CHECK_OK(lsm_put(writer, lsm_str("a"), lsm_str("1"), 0));
	CHECK_OK(lsm_put(writer, lsm_str("b"), lsm_str("1"), 0));
	reader = reader_of(NULL, test_dir());
	records = reader->recovery.records;
	CHECK_OK(lsm_refresh(reader));
	CHECK_EQ(reader->recovery.records, records);
	CHECK_OK(lsm_put(writer, lsm_str("c"), lsm_str("1"), 0));
	CHECK_CODE(lsm_get(reader, NULL, lsm_str("c"), NULL), LSM_NOTFOUND);
	CHECK_OK(lsm_refresh(reader));
	CHECK_EQ(reader->recovery.records, records + 1);
	CHECK_OK(lsm_get(reader, NULL, lsm_str("c"), NULL));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
}

TEST("what a killed writer's readers kept goes with the next open")
{
	struct sim *sim = sim_new(test_seed()), *after;
	lsm_db *writer = writer_open(sim_env(sim), "db"), *reader;
	size_t kept, left;

	fill(writer, 0);
	CHECK_OK(lsm_flush(writer));
	reader = reader_of(sim_env(sim), "db");
	fill(writer, 1);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	kept = files(writer);
	after = sim_kill(sim, sim_operations(sim));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
	sim_free(sim);
	writer = writer_open(sim_env(after), "db");
	left = files(writer);
	CHECK(left < kept);
	CHECK(holds(writer, NULL, 1));
	CHECK_OK(lsm_close(writer));
	sim_free(after);
}

TEST("orphans of a killed writer stay while a reader pins them")
{
	lsm_db *writer = writer_open(NULL, test_dir()), *reader;

	fill(writer, 0);
	CHECK_OK(lsm_flush(writer));
	reader = reader_of(NULL, test_dir());
	fill(writer, 1);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	CHECK(writer->graves.count > 0);
	CHECK_OK(lsm_close(writer));
	writer = writer_open(NULL, test_dir());
	CHECK(holds(writer, NULL, 1));
	CHECK(writer->graves.count > 0);
	CHECK(holds(reader, NULL, 0));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
	writer = writer_open(NULL, test_dir());
	CHECK(holds(writer, NULL, 1));
	CHECK_EQ(writer->graves.count, 0);
	CHECK_OK(lsm_close(writer));
}

TEST("a pin that is too old ends, and a refresh begins anew")
{
	lsm_options o = options(NULL);
	lsm_db *writer = writer_open(NULL, test_dir()), *reader;
	int rc = LSM_OK;

	fill(writer, 0);
	CHECK_OK(lsm_close(writer));
	o.max_pin_age = 1;
	CHECK_OK(lsm_open(test_dir(), &o, &writer));
	CHECK_OK(lsm_flush(writer));
	reader = reader_of(NULL, test_dir());
	for (int round = 1; rc == LSM_OK && round < ROUNDS; round++) {
		fill(writer, round);
		CHECK_OK(lsm_compact(writer, NULL, NULL));
		rc = writer->graves.ended == 0 ? LSM_OK : LSM_TOO_OLD;
	}
	CHECK_CODE(rc, LSM_TOO_OLD);
	CHECK_CODE(lsm_get(reader, NULL, lsm_str("key000000"), NULL),
	    LSM_TOO_OLD);
	CHECK_OK(lsm_refresh(reader));
	CHECK_OK(lsm_get(reader, NULL, lsm_str("key000000"), NULL));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
}

/* A reader, and a version that was merged away under it. */
static lsm_db *
dead_under_pin(lsm_db *writer, lsm_env *env, const char *path)
{
	lsm_db *reader;

	fill(writer, 0);
	CHECK_OK(lsm_flush(writer));
	reader = reader_of(env, path);
	fill(writer, 1);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	CHECK(graves_any(writer));
	return reader;
}

static void
step_through(lsm_db *db)
{
	for (int more = 1; more;)
		CHECK_OK(lsm_step(db, &more));
}

TEST("what the last pin kept goes though nobody writes: by steps")
{
	struct sim *sim = sim_new(test_seed());
	lsm_db *writer = writer_open(sim_env(sim), "db");
	lsm_db *reader = dead_under_pin(writer, sim_env(sim), "db");
	size_t kept = files(writer);

	step_through(writer);
	CHECK_EQ(files(writer), kept);
	CHECK(holds(reader, NULL, 0));
	CHECK_OK(lsm_close(reader));
	step_through(writer);
	CHECK(!graves_any(writer));
	CHECK(files(writer) < kept);
	CHECK_OK(lsm_close(writer));
	sim_free(sim);
}

TEST("a pin comes of age though nobody writes")
{
	const uint64_t age = 3600 * UINT64_C(1000000);
	struct sim *sim = sim_new(test_seed());
	lsm_env *env = sim_env(sim);
	lsm_options o = options(env);
	lsm_db *writer, *reader;

	o.max_pin_age = age;
	CHECK_OK(lsm_open("db", &o, &writer));
	reader = dead_under_pin(writer, env, "db");
	env->ops->pause_us(env, age / 2);
	step_through(writer);
	CHECK(graves_any(writer));
	CHECK(holds(reader, NULL, 0));
	env->ops->pause_us(env, age / 2);
	step_through(writer);
	CHECK(!graves_any(writer));
	CHECK_OK(lsm_refresh(reader));
	CHECK(holds(reader, NULL, 1));
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
	sim_free(sim);
}

TEST("a pin does not end where its reader cannot be told: without a ring")
{
	struct sim *sim = sim_new(test_seed());
	lsm_env *env = sim_env(sim);
	lsm_options o = options(env);
	lsm_db *writer, *reader;

	sim_capabilities(sim, false, true);
	o.max_pin_age = 1;
	CHECK_OK(lsm_open("db", &o, &writer));
	reader = dead_under_pin(writer, env, "db");
	step_through(writer);
	CHECK(graves_any(writer));
	CHECK(holds(reader, NULL, 0));
	CHECK_OK(lsm_close(reader));
	step_through(writer);
	CHECK(!graves_any(writer));
	CHECK_OK(lsm_close(writer));
	sim_free(sim);
}

TEST("an iterator that was too old stays so, whatever it still could read")
{
	struct sim *sim = sim_new(test_seed());
	lsm_env *env = sim_env(sim);
	lsm_options o = options(env);
	lsm_db *writer, *reader;
	lsm_iter *it;

	o.max_pin_age = 1;
	o.table_size = 4096;
	CHECK_OK(lsm_open("db", &o, &writer));
	fill(writer, 0);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	reader = reader_of(env, "db");
	CHECK_OK(lsm_iter_new(reader, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));		/* its table stays open */
	fill(writer, 1);
	CHECK_OK(lsm_compact(writer, NULL, NULL));
	step_through(writer);
	CHECK_CODE(lsm_iter_last(it), LSM_TOO_OLD);
	CHECK_CODE(lsm_iter_first(it), LSM_TOO_OLD);
	CHECK(!lsm_iter_valid(it));
	lsm_iter_free(it);
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
	sim_free(sim);
}

/* Until nothing dead is left; a minute is as good as never. */
static bool
gone_soon(lsm_db *db)
{
	for (int ms = 0; ms < 60000 && graves_any(db); ms++)
		db->env->ops->pause_us(db->env, 1000);
	return !graves_any(db);
}

TEST("what the last pin kept goes though nobody writes: by workers")
{
	lsm_options o = options(NULL);
	lsm_db *writer, *reader;

	o.workers = 2;
	CHECK_OK(lsm_open(test_dir(), &o, &writer));
	reader = dead_under_pin(writer, NULL, test_dir());
	CHECK(holds(reader, NULL, 0));
	CHECK_OK(lsm_close(reader));
	CHECK(gone_soon(writer));
	CHECK_OK(lsm_close(writer));
}

TEST("a worker ends a pin that comes of age though nobody writes")
{
	lsm_options o = options(NULL);
	lsm_db *writer, *reader;

	o.workers = 1;
	o.max_pin_age = 1000000;
	CHECK_OK(lsm_open(test_dir(), &o, &writer));
	reader = dead_under_pin(writer, NULL, test_dir());
	CHECK(gone_soon(writer));
	CHECK_CODE(lsm_get(reader, NULL, lsm_str("key000000"), NULL),
	    LSM_TOO_OLD);
	CHECK_OK(lsm_close(reader));
	CHECK_OK(lsm_close(writer));
}
