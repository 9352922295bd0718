/*
 * What a writer waits for, and what it never waits for.
 */
#include "db/db.h"

#include "env/sim.h"
#include "support/kit.h"

enum { MANY = 1000000 };

static void
kit_small(struct kit *k)
{
	kit_init(k);
	k->o.memtable_size = 64 << 10;
	kit_start(k);
}

/* As if somebody else worked, and told that each byte has to wait so long. */
static void
told(struct kit *k, uint64_t ns_per_byte)
{
	k->db->working = true;
	store_relaxed(&k->db->pace.merge_ps, 1000 * ns_per_byte);
	k->db->pace.fresh = 0;
}

static struct pace_bill
owed(struct kit *k, size_t bytes)
{
	struct pace_bill bill;

	mutex_lock(&k->db->write_mu);
	bill = pace_owe(k->db, bytes);
	mutex_unlock(&k->db->write_mu);
	return bill;
}

static uint64_t
waited_for(struct kit *k, size_t bytes)
{
	uint64_t before = dbkit_stat(k->db, "write.paced_us");

	pace_pay(k->db, owed(k, bytes));
	return dbkit_stat(k->db, "write.paced_us") - before;
}

TEST("without pressure no write waits")
{
	struct kit k;

	kit_small(&k);
	told(&k, 0);
	CHECK_EQ(waited_for(&k, MANY), 0);
	CHECK_EQ(k.db->pace.debt_ns, 0);
	k.db->working = false;
	kit_close(&k);
}

TEST("short waits are saved up, and none is longer than its bound")
{
	struct kit k;
	uint64_t us;

	kit_small(&k);
	told(&k, 100);
	CHECK_EQ(waited_for(&k, 1000), 0);
	CHECK_EQ(k.db->pace.debt_ns, 100 * 1024 * 1000 / 1024);
	/* Bounds hold whatever the wish: 4 ms, or 1 ms a KiB, or 1 s. */
	told(&k, MANY);
	us = waited_for(&k, 4 << 10);
	CHECK(us >= 4000 && us < 4010);
	CHECK_EQ(k.db->pace.ns_per_kib, 4 * MANY);
	us = waited_for(&k, 64 << 10);
	CHECK(us >= 64000 && us < 64010);
	us = waited_for(&k, 4 << 20);
	CHECK(us >= MANY && us < MANY + 10);
	CHECK(k.db->pace.debt_ns <= 0);
	/* What is owed is forgotten with the pressure. */
	k.db->pace.debt_ns = MANY;
	told(&k, 0);
	CHECK_EQ(waited_for(&k, 1000), 0);
	CHECK_EQ(k.db->pace.debt_ns, 0);
	k.db->working = false;
	kit_close(&k);
}

TEST("after a pause the next write looks anew")
{
	struct kit k;

	kit_small(&k);
	told(&k, MANY);
	CHECK(waited_for(&k, 4 << 10) > 0);
	store_relaxed(&k.db->pace.merge_ps, 0);
	CHECK_EQ(waited_for(&k, 1000), 0);
	CHECK_EQ(k.db->pace.ns_per_kib, 0);
	k.db->working = false;
	kit_close(&k);
}

static void
pause_long(lsm_env *env, uint64_t us)
{
	struct sim *sim = sim_of(env);

	mutex_lock(&sim->mu);
	sim->clock_us += 10 * us;
	mutex_unlock(&sim->mu);
}

TEST("a pause that the machine made longer is paid ahead")
{
	struct kit k;
	uint64_t us;

	kit_small(&k);
	k.sim->ops.pause_us = pause_long;
	told(&k, MANY / 1024);		/* 1 ms a KiB */
	us = waited_for(&k, 4 << 10);
	CHECK(us > 39000);
	CHECK(load_relaxed(&k.db->pace.over_ns) > 35 * MANY);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(waited_for(&k, 4 << 10), 0);
	CHECK(waited_for(&k, 12 << 10) > 0);
	k.db->working = false;
	kit_close(&k);
}

TEST("what was paid ahead is forgotten with the pressure")
{
	struct kit k;

	kit_small(&k);
	k.sim->ops.pause_us = pause_long;
	told(&k, MANY / 1024);
	CHECK(waited_for(&k, 4 << 10) > 39000);
	told(&k, 0);
	CHECK_EQ(waited_for(&k, 4 << 10), 0);
	told(&k, MANY / 1024);
	CHECK(waited_for(&k, 4 << 10) > 39000);
	k.db->working = false;
	kit_close(&k);
}

static struct lsm_db *pausing;

/* Not even that of the writers: a small write must not wait for the pause of
 * a large one. */
static void
pause_free(lsm_env *env, uint64_t us)
{
	struct lsm_db *db = pausing;

	CHECK(mutex_trylock(&db->write_mu));
	CHECK(mutex_trylock(&db->mu));
	mutex_unlock(&db->mu);
	mutex_unlock(&db->write_mu);
	pause_long(env, us / 10);
}

TEST("who pauses holds no lock")
{
	static const char value[4 << 10];
	struct kit k;

	kit_small(&k);
	pausing = k.db;
	k.sim->ops.pause_us = pause_free;
	told(&k, MANY);
	CHECK_OK(lsm_put(k.db, lsm_str("k"), lsm_bytes(value, sizeof value),
	    0));
	CHECK(dbkit_stat(k.db, "write.paced_us") > 0);
	k.db->working = false;
	kit_close(&k);
}

TEST("pauses stand in a line, and a small one leaves it at its bound")
{
	struct pace_bill large, larger, small;
	struct kit k;

	kit_small(&k);
	told(&k, MANY);
	large = owed(&k, 64 << 10);
	CHECK(large.us >= 63900 && large.us <= 64000);
	told(&k, MANY);
	larger = owed(&k, 128 << 10);
	CHECK_EQ(larger.until_us, large.until_us + 128000);
	CHECK_EQ(larger.us, 128000);
	told(&k, MANY);
	small = owed(&k, 100);
	CHECK(small.us <= 4000);
	CHECK(small.until_us > larger.until_us);
	pace_pay(k.db, large);
	CHECK_EQ(load_relaxed(&k.db->pace.over_ns), 0);
	k.db->working = false;
	kit_close(&k);
}

/* Who holds it may have to wait for a processor. */
TEST("a look at the pace waits for no lock: the next write looks")
{
	struct kit k;

	kit_small(&k);
	told(&k, MANY);
	mutex_lock(&k.db->mu);
	(void)owed(&k, 1);
	CHECK_EQ(k.db->pace.ns_per_kib, 0);
	mutex_unlock(&k.db->mu);
	(void)owed(&k, 1);
	CHECK(k.db->pace.ns_per_kib > 0);
	k.db->working = false;
	kit_close(&k);
}

TEST("a slow flush makes writers wait before memory is full")
{
	struct kit k;

	kit_small(&k);
	dbkit_fill(k.db, 0, 100, "");
	mutex_lock(&k.db->write_mu);
	CHECK_OK(db_freeze(k.db, 0, 0));
	mutex_unlock(&k.db->write_mu);
	told(&k, 0);
	store_relaxed(&k.db->pace.flush_ps, 100 * 1000);
	(void)waited_for(&k, 1);
	CHECK(k.db->pace.ns_per_kib > 0);
	CHECK(k.db->pace.ns_per_kib < 100 * 1024);
	CHECK_OK(lsm_step(k.db, &(int){ 0 }));
	k.db->pace.fresh = 0;
	(void)waited_for(&k, 1);
	CHECK_EQ(k.db->pace.ns_per_kib, 0);
	k.db->working = false;
	kit_close(&k);
}

/* Whoever appends to the manifest holds edit_mu while it is synced. */
TEST("a put that finds the next log ready does not wait for an edit")
{
	struct kit k;

	kit_small(&k);
	CHECK_OK(db_prepare_log(k.db, 0));
	mutex_lock(&k.db->edit_mu);
	for (unsigned i = 0; k.db->view->count == 1; i++)
		dbkit_fill(k.db, 100 * i, 100 * i + 100, "");
	mutex_unlock(&k.db->edit_mu);
	CHECK_EQ(dbkit_stat(k.db, "write.puts") % 100, 0);
	kit_close(&k);
}

/* The same while the log is being made: the arena has room beyond the limit,
 * and the writer takes that first. */
TEST("a full memtable goes on for a while when the next log is on its way")
{
	struct memtable *mem;
	struct kit k;
	unsigned i = 0;
	int more = 1;

	kit_small(&k);
	mem = k.db->active;
	k.db->working = true;
	for (; !memtable_full(mem); i++)
		dbkit_fill(k.db, i, i + 1, "");
	dbkit_fill(k.db, i, i + 10, "");
	CHECK(k.db->active == mem);
	CHECK_EQ(log_prepared(k.db->log), 0);
	CHECK_OK(db_prepare_log(k.db, 0));
	dbkit_fill(k.db, 0, 1, "");
	CHECK(k.db->active != mem);
	k.db->working = false;
	while (more)
		CHECK_OK(lsm_step(k.db, &more));
	k.db->working = true;
	/* Nobody makes one: then the writer does, at the end of the room. */
	mem = k.db->active;
	for (i = 0; k.db->active == mem; i++)
		dbkit_fill(k.db, i, i + 1, "");
	CHECK_EQ(dbkit_stat(k.db, "db.memtables"), 2);
	k.db->working = false;
	kit_close(&k);
}

TEST("a dead log that came too late to be used again is not forgotten")
{
	struct kit k;

	kit_small(&k);
	CHECK_OK(db_prepare_log(k.db, 0));
	CHECK_OK(db_prepare_log(k.db, 0));
	CHECK_CODE(db_prepare_log(k.db, log_where(k.db->log).number),
	    LSM_BUSY);
	kit_close(&k);
}

TEST("a quarter of a memtable brings the next log, by the worker")
{
	lsm_options o = dbkit_options(NULL);
	uint64_t turns = 0;
	lsm_db *db;

	o.workers = 1;
	o.memtable_size = 64 << 10;
	db = dbkit_open(dbkit_path("db"), &o);
	for (unsigned i = 0; db->ahead_at != SIZE_MAX; i++)
		dbkit_fill(db, 10 * i, 10 * i + 10, "");
	CHECK_EQ(dbkit_stat(db, "db.memtables"), 1);
	CHECK(memtable_used(db->active) < memtable_limit(db->active) / 2);
	while (log_prepared(db->log) == 0 && turns++ < 100 * (uint64_t)MANY)
		thread_yield();
	CHECK(log_prepared(db->log) != 0);
	dbkit_close(db);
}

TEST_SOLO("behind a full memtable comes one of its size, else a small one")
{
	struct kit k;

	kit_init(&k);
	k.o.memtable_size = 4 << 20;
	kit_start(&k);
	dbkit_fill(k.db, 0, 10, "");
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(memtable_limit(k.db->active), 1 << 20);
	kit_reopen(&k);
	CHECK_OK(lsm_get(k.db, NULL, lsm_bytes("k000001", 7), NULL));
	for (unsigned i = 0; k.db->view->count == 1; i++)
		dbkit_fill(k.db, 100 * i, 100 * i + 100, "");
	CHECK_EQ(memtable_limit(k.db->active), 4 << 20);
	kit_close(&k);
}

TEST("small memtables behind a large one may be more than two")
{
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 3; i++) {
		dbkit_fill(k.db, 0, 10, "");
		mutex_lock(&k.db->write_mu);
		CHECK_OK(db_freeze(k.db, 0, 0));
		mutex_unlock(&k.db->write_mu);
	}
	CHECK_EQ(dbkit_stat(k.db, "db.memtables"), 4);
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	/* 24 + 1 + 2 + 4 + 8 MiB, and the next of 16 is one too many. */
	for (unsigned i = 0; i < 3; i++) {
		dbkit_fill(k.db, 0, 10, "");
		mutex_lock(&k.db->write_mu);
		CHECK_OK(db_freeze(k.db, 0, 0));
		mutex_unlock(&k.db->write_mu);
	}
	CHECK(dbkit_stat(k.db, "flush.count") > 0);
	kit_close(&k);
}

/* One more run of level 1, and nothing else. */
static void
tier_add(struct kit *k)
{
	bool any;

	dbkit_fill(k->db, 0, 100, "");
	CHECK_OK(lsm_flush(k->db));
	k->db->picking = true;
	CHECK_OK(merge_begin_due(k->db, false, &any));
	CHECK(any);
}

static uint64_t
looked(struct kit *k)
{
	mutex_lock(&k->db->mu);
	k->db->pace.merge_ns = 1000;
	pace_look_locked(k->db);
	mutex_unlock(&k->db->mu);
	return load_relaxed(&k->db->pace.merge_ps) / 1000;
}

/* A merge under way, of a part of level 0. */
static uint64_t
looked_with(struct kit *k, uint64_t taken, uint64_t left)
{
	struct job part = { .merge = true, .begun = true, .taken = true,
	    .place = { .from = 0, .level = 7, .taken = taken },
	    .left = left };
	uint64_t ns;

	mutex_lock(&k->db->work_mu);
	job_add(k->db, &part);
	mutex_unlock(&k->db->work_mu);
	k->db->pace.widening = 3;
	ns = looked(k);
	job_remove(k->db, &part);
	return ns;
}

TEST("of a level 0 in parts what is to follow counts, if it is to follow")
{
	uint64_t bytes, room;
	struct kit k;

	kit_init(&k);
	k.o.memtable_size = 64 << 10;
	k.o.l0_trigger = 8;
	k.o.l0_stop = 12;
	kit_start(&k);
	for (unsigned i = 0; i < 6; i++) {
		dbkit_fill(k.db, 0, 100, "");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 5);
	bytes = dbkit_stat(k.db, "level.0.bytes");
	room = (uint64_t)k.o.memtable_size * 7;
	k.db->shape.l0_trigger = 4;
	CHECK_EQ(looked_with(&k, bytes, 30000), 1100 * 30000 / room);
	CHECK_EQ(looked_with(&k, bytes / 2, 30000), 1100 *
	    (30000 + (bytes - bytes / 2) * 3) / room);
	k.db->shape.l0_trigger = 6;
	CHECK_EQ(looked_with(&k, bytes / 2, 30000), 1100 * 30000 / room);
	kit_close(&k);
}

/* So much longer is all that it has than the room up to eight runs. */
TEST("a tier below level 0 slows writers down as it comes near its stop")
{
	struct kit k;

	kit_init(&k);
	k.o.compaction = LSM_COMPACTION_TIERED;
	k.o.memtable_size = 64 << 10;
	k.o.l0_trigger = 1;
	kit_start(&k);
	dbkit_fill(k.db, 0, 100, "");	/* goes to the last level */
	CHECK_OK(lsm_flush(k.db));
	k.db->holding = 1;
	for (unsigned i = 0; i < 3; i++)
		tier_add(&k);
	CHECK_EQ(looked(&k), 0);
	tier_add(&k);
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 0);
	CHECK_EQ(looked(&k), 1100);
	tier_add(&k);
	CHECK_EQ(looked(&k), 1100 * 5 / 3);
	k.db->holding = 0;
	kit_close(&k);
}
