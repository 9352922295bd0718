/*
 * Several workers: merges at the same time with a flush beside them, and what
 * failures, a compaction by hand and close make of that.
 *
 * "At the same time" is proven by a meeting: whoever makes a table waits in the
 * door until as many as are wanted stand there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "db/db.h"

#include "support/dbkit.h"

enum { WORKERS = 3, PATIENCE = 100000000, KINDS = LSM_EVENT_FENCE + 1 };

/* A door through which tables come only together. */
static struct door {
	lsm_env env;
	struct env_ops ops;
	unsigned wanted;
	_Atomic unsigned here;
	_Atomic bool no_sync;		/* every file_sync fails */
} door;

static bool
is_table(const char *name)
{
	return strstr(name, ".sst") != NULL;
}

static int
door_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **out)
{
	if (how == ENV_CREATE && is_table(name)) {
		atomic_fetch_add(&door.here, 1);
		for (int i = 0; i < PATIENCE && door.here < door.wanted; i++)
			thread_yield();
	}
	return env_posix()->ops->file_open(dir, name, how, out);
}

static int
door_sync(struct env_file *file)
{
	if (door.no_sync)
		return status_set(LSM_IO, "sync: refused by the test");
	return env_posix()->ops->file_sync(file);
}

struct heard {
	unsigned count[KINDS];
};

struct kit {
	lsm_options o;
	lsm_db *db;
	struct heard heard;
};

static void
hear(void *arg, const lsm_event *e)
{
	struct heard *h = arg;

	h->count[e->kind]++;
}

static void
kit_open(struct kit *k)
{
	*k = (struct kit){ .o = dbkit_options(NULL) };
	door = (struct door){ .ops = *env_posix()->ops };
	door.ops.file_open = door_open;
	door.ops.file_sync = door_sync;
	door.env.ops = &door.ops;
	k->o.env = &door.env;
	k->o.workers = WORKERS;
	k->o.memtable_size = 64 << 10;
	k->o.table_size = 16 << 10;
	k->o.l0_trigger = 2;
	k->o.codec = LSM_CODEC_NONE;
	k->o.event = hear;
	k->o.event_arg = &k->heard;
	k->db = dbkit_open(dbkit_path("db"), &k->o);
}

/* No merge begins between these two. */
static void
merges_hold(struct kit *k)
{
	mutex_lock(&k->db->mu);
	k->db->holding++;
	mutex_unlock(&k->db->mu);
}

static void
merges_let_go(struct kit *k)
{
	mutex_lock(&k->db->mu);
	k->db->holding--;
	cond_broadcast(&k->db->changed);
	mutex_unlock(&k->db->mu);
}

static void
fill_flushed(struct kit *k, unsigned from, unsigned to, const char *tag)
{
	dbkit_fill(k->db, from, to, tag);
	CHECK_OK(lsm_flush(k->db));
}

/* Two places that have nothing to do with each other: of each a table in the
 * last level and two runs above it, to be merged. */
static void
two_places(struct kit *k)
{
	fill_flushed(k, 0, 100, "");
	fill_flushed(k, 1000, 1100, "");
	for (int i = 0; i < 2; i++) {
		fill_flushed(k, 10, 20, "new");
		fill_flushed(k, 1010, 1020, "new");
	}
	CHECK_EQ(dbkit_stat(k->db, "level.7.tables"), 2);
	CHECK_EQ(dbkit_stat(k->db, "merge.count"), 0);
}

static void
places_check(struct kit *k)
{
	dbkit_check_fill(k->db, 0, 10, "");
	dbkit_check_fill(k->db, 10, 20, "new");
	dbkit_check_fill(k->db, 20, 100, "");
	dbkit_check_fill(k->db, 1000, 1010, "");
	dbkit_check_fill(k->db, 1010, 1020, "new");
	dbkit_check_fill(k->db, 1020, 1100, "");
}

/* By the others; false when it never is so. */
static bool
reached(struct kit *k, const char *stat, uint64_t least)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (dbkit_stat(k->db, stat) >= least)
			return true;
		thread_yield();
	}
	return false;
}

static bool
all_here(void)
{
	for (int i = 0; i < PATIENCE && door.here < door.wanted; i++)
		thread_yield();
	return door.here >= door.wanted;
}

TEST("of three workers two merge while one flushes")
{
	static struct kit k;

	kit_open(&k);
	merges_hold(&k);
	two_places(&k);
	door.here = 0;
	door.wanted = 3;
	merges_let_go(&k);
	fill_flushed(&k, 500, 600, "");
	CHECK(door.here >= 3);
	CHECK(reached(&k, "merge.count", 2));
	CHECK_EQ(dbkit_stat(k.db, "merge.at_once_max"), 2);
	CHECK_EQ(dbkit_stat(k.db, "level.7.tables"), 3);
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	places_check(&k);
	dbkit_check_fill(k.db, 500, 600, "");
	dbkit_close(k.db);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_BEGIN], 2);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_END], 2);
}

TEST("two workers merge one place at a time, and flush beside it")
{
	static struct kit k;

	kit_open(&k);
	dbkit_close(k.db);
	k.o.workers = 2;
	k.db = dbkit_open(dbkit_path("db"), &k.o);
	merges_hold(&k);
	two_places(&k);
	door.here = 0;
	door.wanted = 2;
	merges_let_go(&k);
	fill_flushed(&k, 500, 600, "");
	CHECK(door.here >= 2);
	CHECK(reached(&k, "merge.count", 2));
	CHECK_EQ(dbkit_stat(k.db, "merge.at_once_max"), 1);
	places_check(&k);
	dbkit_close(k.db);
}

struct wanted_table {
	const char *first;
	char name[64];
};

static void
table_see(void *arg, const lsm_file_info *f)
{
	struct wanted_table *w = arg;

	if (f->level == LEVELS_MAX - 1 && bytes_equal(bytes_of(f->smallest),
	    text(w->first)))
		snprintf(w->name, sizeof w->name, "%s", f->name);
}

/* In the table of the last level that begins with the key. */
static void
damage(struct kit *k, const char *first)
{
	struct wanted_table w = { .first = first };
	char path[512];
	int fd;

	CHECK_OK(lsm_files(k->db, table_see, &w));
	CHECK(w.name[0] != '\0');
	snprintf(path, sizeof path, "%s/%s", dbkit_path("db"), w.name);
	fd = open(path, O_WRONLY);
	CHECK_EQ(pwrite(fd, "damage", 6, 4096 + 100), 6);
	close(fd);
}

TEST("damage in one place does not stop the merge of another")
{
	static struct kit k;

	kit_open(&k);
	merges_hold(&k);
	two_places(&k);
	damage(&k, "k000000");
	merges_let_go(&k);
	CHECK(reached(&k, "merge.count", 1));
	CHECK(reached(&k, "merge.failed", 1));
	dbkit_check_fill(k.db, 1000, 1010, "");
	dbkit_check_fill(k.db, 1010, 1020, "new");
	/* It is left alone from then on. */
	fill_flushed(&k, 10, 20, "newer");
	fill_flushed(&k, 1010, 1020, "newer");
	fill_flushed(&k, 1010, 1020, "newest");
	CHECK(reached(&k, "merge.count", 2));
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	dbkit_close(k.db);
	CHECK_EQ(k.heard.count[LSM_EVENT_DAMAGE], 1);
}

static int
stop(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)done;
	(void)all;
	return 1;
}

TEST("a compaction by hand waits for the merges of workers, then theirs for it")
{
	static struct kit k;

	kit_open(&k);
	merges_hold(&k);
	two_places(&k);
	door.here = 0;
	door.wanted = 2;
	merges_let_go(&k);
	CHECK(all_here());
	dbkit_put(k.db, "k000005", "another");
	CHECK_CODE(lsm_compact(k.db, stop, NULL), LSM_BUSY);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "merge.count"), 3);
	dbkit_check(k.db, NULL, "k000005", "another");
	dbkit_put(k.db, "k000005", "v5");
	places_check(&k);
	dbkit_close(k.db);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_BEGIN],
	    k.heard.count[LSM_EVENT_MERGE_END] +
	    k.heard.count[LSM_EVENT_MERGE_FAILED]);
}

TEST("close gives up all merges under way, and leaves no table of theirs")
{
	static struct kit k;

	kit_open(&k);
	merges_hold(&k);
	two_places(&k);
	door.here = 0;
	door.wanted = 2;
	merges_let_go(&k);
	CHECK(all_here());
	dbkit_close(k.db);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_BEGIN], 2);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_END] +
	    k.heard.count[LSM_EVENT_MERGE_FAILED], 2);
	k.o.workers = 0;
	k.db = dbkit_open(dbkit_path("db"), &k.o);
	CHECK_EQ(dbkit_files(k.db, "table", false),
	    dbkit_files(k.db, "table", true));
	places_check(&k);
	dbkit_close(k.db);
}

TEST("after a fence nobody works, and nobody waits for ever")
{
	static struct kit k;

	kit_open(&k);
	merges_hold(&k);
	two_places(&k);
	dbkit_fill(k.db, 500, 600, "");
	door.no_sync = true;
	merges_let_go(&k);
	CHECK_CODE(lsm_flush(k.db), LSM_IO);
	door.no_sync = false;
	if (lsm_put(k.db, lsm_str("a"), lsm_str("b"), 0) == LSM_OK)
		CHECK_OK(lsm_flush(k.db));
	(void)lsm_close(k.db);
	k.db = dbkit_open(dbkit_path("db"), &k.o);
	places_check(&k);
	dbkit_check_fill(k.db, 500, 600, "");
	dbkit_close(k.db);
}

/* ---- many merges, many threads ------------------------------------------ */

enum { KEYS = 600, ROUNDS = 8, VALUE = 100 };

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

static void (*const parts[])(void *) = { write_rounds, read_rounds,
	compact_some };
enum { PARTS = sizeof parts / sizeof *parts };

#ifndef LSM_SCHED
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
#include "base/sched.h"

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
