/*
 * Several workers: merges at the same time with a flush beside them, and what
 * failures, a compaction by hand, close, and the end of the process or of the
 * power make of that.
 *
 * "At the same time" is proven by a meeting: whoever makes a table waits in the
 * door until as many as are wanted stand there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "db/db.h"

#include "support/dbkit.h"
#include "support/scale.h"
#include "support/session.h"

enum { WORKERS = 3, PATIENCE = 100000000, KINDS = LSM_EVENT_FENCE + 1 };

/* A door through which tables come only together. */
static struct door {
	lsm_env env;
	struct env_ops ops;
	const struct env_ops *below;
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
	return door.below->file_open(dir, name, how, out);
}

static int
door_sync(struct env_file *file)
{
	if (door.no_sync)
		return status_set(LSM_IO, "sync: refused by the test");
	return door.below->file_sync(file);
}

struct heard {
	unsigned count[KINDS];
};

struct kit {
	struct sim *sim;
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
door_make(const struct env_ops *below)
{
	door = (struct door){ .ops = *below, .below = below };
	door.ops.file_open = door_open;
	door.ops.file_sync = door_sync;
	door.env.ops = &door.ops;
}

static void
kit_open_in(struct kit *k, lsm_env *env)
{
	k->o = dbkit_options(NULL);
	k->o.env = env;
	k->o.workers = WORKERS;
	k->o.memtable_size = 64 << 10;
	k->o.table_size = 16 << 10;
	k->o.l0_trigger = 2;
	k->o.codec = LSM_CODEC_NONE;
	k->o.event = hear;
	k->o.event_arg = &k->heard;
	k->db = dbkit_open(dbkit_path("db"), &k->o);
}

static void
kit_open(struct kit *k)
{
	*k = (struct kit){ 0 };
	door_make(env_posix()->ops);
	kit_open_in(k, &door.env);
}

/* On a simulated disk, whose door then has threads. */
static void
kit_open_sim(struct kit *k)
{
	*k = (struct kit){ .sim = sim_new(test_seed()) };
	door_make(sim_env(k->sim)->ops);
	door.ops.work = env_posix()->ops->work;
	sim_env(k->sim)->ops = &door.ops;
	kit_open_in(k, sim_env(k->sim));
}

static void
kit_end_sim(struct kit *k)
{
	sim_env(k->sim)->ops = door.below;
	sim_free(k->sim);
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

/* Two runs above each of them, to be merged. */
static void
two_places(struct kit *k)
{
	dbkit_two_places(k->db);
	for (int i = 0; i < 2; i++) {
		fill_flushed(k, 10, 20, "new");
		fill_flushed(k, 1010, 1020, "new");
	}
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

/* In the table of the last level that begins with the key. */
static void
damage(struct kit *k, const char *first)
{
	char path[512];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dbkit_path("db"),
	    dbkit_table_of(k->db, first));
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

static uint64_t
hash_of(lsm_db *db)
{
	uint64_t hash;
	size_t count;
	int code;

	CHECK(scan_hash(db, NULL, &hash, &count, &code));
	CHECK_OK(code);
	return hash;
}

/* It opens with all that there was, and when that has been closed in order no
 * file is left that nobody needs; nor does a merge of all bring back what was
 * deleted. */
static void
died(struct kit *k, struct sim *image, uint64_t hash)
{
	static const char *const kinds[] = { "table", "log", "manifest" };
	lsm_options o = dbkit_options(image);
	lsm_db *db;

	o.memtable_size = k->o.memtable_size;
	db = dbkit_open(dbkit_path("db"), &o);
	CHECK_EQ(hash_of(db), hash);
	dbkit_close(db);
	db = dbkit_open(dbkit_path("db"), &o);
	CHECK_EQ(hash_of(db), hash);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		CHECK_EQ(dbkit_files(db, kinds[i], false),
		    dbkit_files(db, kinds[i], true));
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK_EQ(hash_of(db), hash);
	dbkit_close(db);
	sim_free(image);
}

/* Beside what two_places makes: deletes of one kind in each place, each a
 * table, and what is durable but not flushed. */
static uint64_t
deletes_and_more(struct kit *k)
{
	lsm_slice from = lsm_str("k001015"), to = lsm_str("k001030");

	for (unsigned i = 15; i < 30; i++) {
		char key[16];

		snprintf(key, sizeof key, "k%06u", i);
		dbkit_delete(k->db, key);
	}
	CHECK_OK(lsm_flush(k->db));
	CHECK_OK(lsm_delete_range(k->db, from, to, 0));
	CHECK_OK(lsm_flush(k->db));
	dbkit_fill(k->db, 500, 600, "");
	CHECK_OK(lsm_sync(k->db));
	return hash_of(k->db);
}

TEST("killed or without power anywhere while two merge and one flushes")
{
	static struct kit k;
	uint64_t hash, seed = test_seed();
	size_t begin, end;

	kit_open_sim(&k);
	merges_hold(&k);
	two_places(&k);
	hash = deletes_and_more(&k);
	begin = sim_operations(k.sim);
	door.here = 0;
	door.wanted = 3;
	merges_let_go(&k);
	CHECK_OK(lsm_flush(k.db));
	CHECK(door.here >= 3);
	CHECK(reached(&k, "merge.count", 2));
	CHECK_EQ(dbkit_stat(k.db, "merge.at_once_max"), 2);
	CHECK(dbkit_stat(k.db, "merge.deletes_dropped") > 0);
	CHECK(dbkit_stat(k.db, "merge.covered") > 0);
	dbkit_close(k.db);
	end = sim_operations(k.sim);
	for (size_t upto = begin; upto <= end; upto += SCALE_STEP) {
		died(&k, sim_kill(k.sim, upto), hash);
		died(&k, sim_crash(k.sim, upto, SIM_DROP, 0), hash);
		died(&k, sim_crash(k.sim, upto, SIM_KEEP, 0), hash);
		died(&k, sim_crash(k.sim, upto, SIM_RANDOM, seed++), hash);
		died(&k, sim_crash(k.sim, upto, SIM_RANDOM, seed++), hash);
	}
	kit_end_sim(&k);
}
