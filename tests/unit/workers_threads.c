/*
 * Three workers, a writer, a reader and compactions by hand, all at once: a
 * key never goes back and none is lost. With real threads, and under the
 * seeded scheduler, where a seed gives the same merges each time, and merges
 * that do not avoid each other are found out.
 */
#include <stdio.h>

#include "base/sync.h"
#include "db/db.h"
#include "support/dbkit.h"
#ifdef LSM_SCHED
#include "base/sched.h"
#endif

enum { WORKERS = 3, KEYS = 600, ROUNDS = 8, VALUE = 100 };

struct scene {
	lsm_db *db;
	_Atomic unsigned players, wrong;
};

/* Each round writes all keys anew; a key is of this round or of the last. */
static void
write_rounds(void *arg)
{
	struct scene *s = arg;
	char key[16], value[VALUE + 1];

	for (unsigned round = 1; round <= ROUNDS; round++)
		for (unsigned i = 0; i < KEYS; i++) {
			snprintf(key, sizeof key, "k%06u", i * 7 % KEYS);
			snprintf(value, sizeof value, "%06u%*s", round,
			    VALUE - 6, "");
			if (lsm_put(s->db, lsm_str(key), lsm_str(value), 0) !=
			    LSM_OK)
				atomic_fetch_add(&s->wrong, 1);
		}
}

static unsigned
round_of(struct scene *s, lsm_iter *it)
{
	lsm_slice v = lsm_iter_value(it);
	unsigned round = 0;

	if (v.size < 6)
		atomic_fetch_add(&s->wrong, 1);
	for (size_t i = 0; i < 6 && i < v.size; i++)
		round = 10 * round + (unsigned)(((const char *)v.data)[i] -
		    '0');
	return round;
}

/* No key goes back, none is lost. */
static void
read_rounds(void *arg)
{
	struct scene *s = arg;
	unsigned count, before = 0, least, most;
	lsm_iter *it;

	for (unsigned look = 0; look < 10; look++) {
		least = UINT32_MAX;
		count = most = 0;
		CHECK_OK(lsm_iter_new(s->db, NULL, NULL, &it));
		CHECK_OK(lsm_iter_first(it));
		for (; lsm_iter_valid(it); count++) {
			unsigned round = round_of(s, it);

			least = round < least ? round : least;
			most = round > most ? round : most;
			CHECK_OK(lsm_iter_next(it));
		}
		lsm_iter_free(it);
		if (most > 1 && (count != KEYS || least + 1 < most ||
		    least < before))
			atomic_fetch_add(&s->wrong, 1);
		before = most > 1 ? least : before;
	}
}

static void
compact_some(void *arg)
{
	struct scene *s = arg;
	const lsm_range part = { lsm_str("k000100"), lsm_str("k000300") };

	for (int i = 0; i < 3; i++)
		if (lsm_compact_range(s->db, &part, NULL, NULL) != LSM_OK ||
		    lsm_flush(s->db) != LSM_OK)
			atomic_fetch_add(&s->wrong, 1);
	if (lsm_compact(s->db, NULL, NULL) != LSM_OK)
		atomic_fetch_add(&s->wrong, 1);
}

/* Small enough for all levels to be used. */
static lsm_options
scene_options(struct sim *sim)
{
	lsm_options o = dbkit_options(sim);

	o.workers = WORKERS;
	o.memtable_size = 8192;
	o.table_size = 4096;
	o.level_sizes = LSM_LEVELS_FIXED;
	o.base_size = 4096;
	o.ratio = 2;
	o.l0_trigger = 2;
	o.compaction = LSM_COMPACTION_LEVELED;
	o.codec = LSM_CODEC_NONE;
	return o;
}

static void
scene_check(struct scene *s)
{
	read_rounds(s);
	CHECK_EQ(s->wrong, 0);
	CHECK_OK(lsm_compact(s->db, NULL, NULL));
	CHECK_EQ(dbkit_stat(s->db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(s->db, "db.entries"), KEYS);
	CHECK_EQ(dbkit_stat(s->db, "merge.failed"), 0);
	read_rounds(s);
	CHECK_EQ(s->wrong, 0);
}

enum { PARTS = 3 };

#ifndef LSM_SCHED
static void (*const parts[PARTS])(void *) = { write_rounds, read_rounds,
	compact_some };

TEST("beside three workers readers see every key, never an older value")
{
	lsm_options o = scene_options(NULL);
	struct scene scene = { .db = dbkit_open(dbkit_path("db"), &o) };
	struct thread threads[PARTS];

	for (int i = 0; i < PARTS; i++)
		CHECK_OK(thread_start(&threads[i], parts[i], &scene));
	for (int i = 0; i < PARTS; i++)
		thread_join(&threads[i]);
	scene_check(&scene);
	dbkit_close(scene.db);
}
#else
enum { SEEDS = 12, CHANCE = 20 };

/* The last of the players sends the workers home. */
static void
play(struct scene *s, void (*part)(void *))
{
	part(s);
	if (atomic_fetch_sub(&s->players, 1) > 1)
		return;
	mutex_lock(&s->db->mu);
	s->db->stopping = true;
	cond_broadcast(&s->db->changed);
	mutex_unlock(&s->db->mu);
}

static void
play_write(void *arg)
{
	play(arg, write_rounds);
}

static void
play_read(void *arg)
{
	play(arg, read_rounds);
}

static void
play_compact(void *arg)
{
	play(arg, compact_some);
}

static void
scene_run(struct scene *s, uint64_t seed)
{
	struct sched_thread threads[PARTS + WORKERS] = {
		{ play_write, s }, { play_read, s }, { play_compact, s } };

	for (int i = PARTS; i < PARTS + WORKERS; i++)
		threads[i] = (struct sched_thread){ work_main, s->db };
	s->players = PARTS;
	s->db->workers = WORKERS;
	s->db->working = true;
	CHECK_EQ(sched_run(seed, CHANCE, threads, PARTS + WORKERS),
	    SCHED_DONE);
	s->db->workers = 0;
	s->db->working = s->db->stopping = false;
}

/* What it led to, as one number. */
static uint64_t
scene_play(uint64_t seed, uint64_t *at_once)
{
	struct sim *sim = sim_new(seed);
	lsm_options o = scene_options(sim);
	struct scene s = { .db = dbkit_open("db", &o) };
	uint64_t told;

	scene_run(&s, seed);
	*at_once = dbkit_stat(s.db, "merge.at_once_max");
	told = dbkit_stat(s.db, "db.edit") * 1000003 +
	    dbkit_stat(s.db, "merge.bytes_written");
	scene_check(&s);
	dbkit_close(s.db);
	sim_free(sim);
	return told;
}

TEST("with three workers the same seed gives the same merges, several at once")
{
	uint64_t most = 0, once, again;

	for (uint64_t i = 0; i < SEEDS; i++) {
		uint64_t told = scene_play(test_seed() + i, &once);

		CHECK_EQ(scene_play(test_seed() + i, &again), told);
		most = once > most ? once : most;
	}
	CHECK(most >= 2);
}

TEST("merges that do not avoid each other's places are found out")
{
	unsigned found = 0;

	place_bug = true;
	for (uint64_t i = 0; i < SEEDS && found == 0; i++) {
		struct sim *sim = sim_new(test_seed() + i);
		lsm_options o = scene_options(sim);
		struct scene s = { .db = dbkit_open("db", &o) };

		scene_run(&s, test_seed() + i);
		found += s.wrong > 0 || dbkit_stat(s.db, "merge.failed") > 0;
		dbkit_close(s.db);
		sim_free(sim);
	}
	place_bug = false;
	CHECK(found > 0);
}
#endif
