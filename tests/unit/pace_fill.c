/*
 * A whole fill in simulated time: a disk that is slower than the writer, and
 * how long each put waits while flushes and merges keep up.
 *
 * Writer and worker have a clock each and take turns in one thread: whoever is
 * behind goes on. The writer's clock goes on by what a put costs and by its
 * pauses, the worker's by the bytes that it reads and writes and by its syncs.
 * Sizes are a 64th of the defaults.
 */
#include <stdio.h>

#include "base/random.h"
#include "db/db.h"
#include "env/sim.h"
#include "support/kit.h"

enum {
	MEMTABLE = 256 << 10,
	MEMTABLE_LARGE = 2 << 20,
	TABLE = 128 << 10,
	FILL = 60 * MEMTABLE,		/* bytes */
	VALUE_MAX = 1000,
	KEY = 8,
	KEYS = 1 << 20,
	WRITER_NS = 8,			/* a byte: 125 MB/s */
	READS = 4,			/* bytes read while one is written */
	SYNC = 5000,			/* bytes written while it lasts */
	WAIT_NS_MOST = 4000000		/* see pace.c: a put of up to 4 KiB */
};

static struct {
	struct kit k;
	struct random random;
	struct env_ops door;		/* as it was */
	bool working;			/* it is the worker's turn */
	uint64_t writer_ns, worker_ns;
	uint64_t idle_ns;		/* of the worker */
	uint64_t write_ns;		/* of the disk, for a byte */
	size_t value;
} world;

/* ---- the door, where time passes ---------------------------------------- */

static void
spend(uint64_t ns)
{
	*(world.working ? &world.worker_ns : &world.writer_ns) += ns;
}

static uint64_t
now_us(lsm_env *env)
{
	(void)env;
	return 1 + (world.working ? world.worker_ns : world.writer_ns) / 1000;
}

static void
pause_us(lsm_env *env, uint64_t us)
{
	(void)env;
	spend(1000 * us);
}

static int
file_append(struct env_file *file, const void *from, size_t n)
{
	spend(n * world.write_ns);
	return world.door.file_append(file, from, n);
}

static int
file_read(struct env_file *file, uint64_t at, void *to, size_t n, size_t *got)
{
	spend(n * world.write_ns / READS);
	return world.door.file_read(file, at, to, n, got);
}

static int
file_sync(struct env_file *file)
{
	spend(SYNC * world.write_ns);
	return world.door.file_sync(file);
}

static void
world_init(size_t memtable, size_t value, uint64_t write_ns)
{
	struct env_ops *ops;

	memset(&world, 0, sizeof world);
	world.random.state = test_seed();
	world.value = value;
	world.write_ns = write_ns;
	kit_init(&world.k);
	ops = &world.k.sim->ops;
	world.door = *ops;
	ops->now_us = now_us;
	ops->pause_us = pause_us;
	ops->file_append = file_append;
	ops->file_read = file_read;
	ops->file_sync = file_sync;
	world.k.o.memtable_size = memtable;
	world.k.o.table_size = TABLE;
}

static void
world_start(void)
{
	kit_start(&world.k);
	world.k.db->working = true;
}

static void
world_begin_sized(size_t memtable, size_t value, uint64_t write_ns)
{
	world_init(memtable, value, write_ns);
	world_start();
}

static void
world_begin(size_t value, uint64_t write_ns)
{
	world_begin_sized(MEMTABLE, value, write_ns);
}

static void
world_end(void)
{
	world.k.db->working = false;
	kit_close(&world.k);
}

/* ---- who works and who writes ------------------------------------------- */

static bool
worker_step(void)
{
	bool more;

	world.working = true;
	CHECK_OK(work_step(world.k.db, &more));
	world.working = false;
	return more;
}

static void
worker_goes_on(void)
{
	while (world.worker_ns < world.writer_ns) {
		if (worker_step())
			continue;
		world.idle_ns += world.writer_ns - world.worker_ns;
		world.worker_ns = world.writer_ns;
	}
}

/* What does not compress. */
static lsm_slice
value_next(void)
{
	static uint64_t words[VALUE_MAX / 8];

	for (size_t i = 0; i < world.value / 8; i++)
		words[i] = random_next(&world.random);
	return lsm_bytes((const char *)words, world.value);
}

/* Returns how long it waited. It never stands still: nobody would wake it. */
static uint64_t
put(void)
{
	struct lsm_db *db = world.k.db;
	uint64_t begin = world.writer_ns, waited;
	char key[KEY + 1];

	CHECK(!memtable_full(db->active) || stall_due(db) == STALL_NONE);
	snprintf(key, sizeof key, "%08u",
	    (unsigned)random_below(&world.random, KEYS));
	CHECK_OK(lsm_put(db, lsm_bytes(key, KEY), value_next(), 0));
	waited = world.writer_ns - begin;
	spend((KEY + world.value) * WRITER_NS);
	worker_goes_on();
	return waited;
}

/* Returns how long all the waits were. */
static uint64_t
fill(size_t bytes)
{
	uint64_t waited, sum = 0;

	for (size_t n = 0; n < bytes; n += KEY + world.value) {
		waited = put();
		CHECK(waited <= WAIT_NS_MOST);
		sum += waited;
	}
	return sum;
}

/* The worker never waits for the writer, so no other way to write would be
 * faster in the end. */
static void
fill_evenly(void)
{
	uint64_t begin, idle;

	(void)fill(FILL / 10);
	begin = world.writer_ns;
	idle = world.idle_ns;
	CHECK(fill(FILL - FILL / 10) > 0);
	CHECK(world.idle_ns - idle <= (world.writer_ns - begin) / 100);
	CHECK_EQ(dbkit_stat(world.k.db, "write.stalls"), 0);
}

/* With room in memory for what is written then. */
static void
fill_drained(void)
{
	const struct lsm_db *db = world.k.db;

	while (memtable_used(db->active) > memtable_limit(db->active) / 2)
		(void)put();
	while (worker_step())
		;
	world.writer_ns = world.worker_ns;
	(void)put();
	world.k.db->pace.fresh = 0;
	CHECK_EQ(fill(MEMTABLE / 4), 0);
}

static void
fills_slowly(void)
{
	world_begin(VALUE_MAX, 20);
	fill_evenly();
	fill_drained();
	world_end();
}

TEST_SOLO("writers keep step with a slow disk, and no put waits for long")
{
	fills_slowly();
}

TEST_SOLO("small values keep step with a slow disk as well")
{
	world_begin(96, 20);
	fill_evenly();
	fill_drained();
	world_end();
}

TEST_SOLO("a disk that is suddenly half as fast slows writers down in time")
{
	world_begin(VALUE_MAX, 20);
	(void)fill(FILL / 3);
	world.write_ns *= 2;
	fill_evenly();
	world_end();
}

TEST_SOLO("a disk that is faster than the writer slows nobody")
{
	world_begin(VALUE_MAX, 0);
	CHECK_EQ(fill(FILL), 0);
	world_end();
}

/* Nobody has seen a whole one yet, only some of its steps. */
TEST_SOLO("the first flush slows writers down when it is slow")
{
	world_begin_sized(MEMTABLE_LARGE, VALUE_MAX, 40);
	CHECK(fill(5 * MEMTABLE_LARGE) > 0);
	world_end();
}

/* Small steps to each tier, so that the second is reached as well: neither
 * comes to its stop, see put(). */
static void
fills_tiers(void)
{
	world_init(MEMTABLE / 2, VALUE_MAX, 20);
	world.k.o.compaction = LSM_COMPACTION_TIERED;
	world.k.o.l0_trigger = 2;
	world.k.o.l0_stop = 40;
	world_start();
	CHECK(fill(2 * FILL) > 0);
	CHECK(dbkit_stat(world.k.db, "level.2.runs") > 0);
	CHECK_EQ(dbkit_stat(world.k.db, "write.stalls"), 0);
	world_end();
}

TEST_SOLO("writers keep step with a tree of tiers, none of which stops them")
{
	fills_tiers();
}

#ifdef LSM_SCHED
static bool
found_out(enum pace_bug bug)
{
	bool fails;

	pace_bug = bug;
	fails = test_fails(fills_slowly);
	pace_bug = PACE_BUG_NONE;
	return fails;
}

TEST("a pace that does not see what it waits for is found out")
{
	CHECK(!found_out(PACE_BUG_NONE));
	CHECK(found_out(PACE_BUG_FLUSHES_UNSEEN));
	CHECK(found_out(PACE_BUG_MERGES_UNSEEN));
	CHECK(found_out(PACE_BUG_NEVER_ANEW));
}
#endif
