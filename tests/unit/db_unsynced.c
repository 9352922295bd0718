/*
 * A fill without syncs: logs that tables take over never wait for the disk,
 * and nothing is said of them that a crash could prove wrong.
 */
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "kv/block.h"
#include "log/record.h"
#include "support/dbkit.h"

enum {
	MEMTABLE = 16 << 10,
	START = RECORD_HEADER + RECORD_WATERMARK + 32,
	RECORDS = 2000
};

static lsm_options
small(struct sim *sim)
{
	lsm_options o = dbkit_options(sim);

	o.memtable_size = MEMTABLE;
	return o;
}

/* Operations of the disk that begin with `verb` and name a log. */
static unsigned
logs_done(struct sim *sim, const char *verb)
{
	char text[SIM_TEXT_MAX];
	unsigned n = 0;

	for (size_t i = 0; i < sim_operations(sim); i++) {
		sim_describe(sim, i, text);
		n += strncmp(text, verb, strlen(verb)) == 0 &&
		    strstr(text, ".log") != NULL;
	}
	return n;
}

TEST("of a log that becomes a table only the first record is synced")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = small(sim);
	lsm_db *db = dbkit_open("db", &o);
	uint64_t syncs, logs;

	sim_settle(sim);
	syncs = dbkit_stat(db, "log.syncs");
	dbkit_fill(db, 0, RECORDS, "");
	CHECK_OK(lsm_flush(db));
	logs = logs_done(sim, "create");
	CHECK(logs > 5 && dbkit_stat(db, "flush.count") > 5);
	CHECK(sim_bytes_synced(sim, ".log") <= logs * (BLOCK_UNIT + START));
	CHECK(dbkit_stat(db, "log.syncs") <= syncs + 1);
	/* Fresh files: a sync of one used again would write the old pages. */
	CHECK_EQ(logs_done(sim, "rename"), 0);
	CHECK(dbkit_files(db, "log", false) <= 2);
	dbkit_close(db);
	sim_free(sim);
}

TEST("logs that were synced are used again")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = small(sim);
	lsm_db *db;

	o.no_sync = 0;
	db = dbkit_open("db", &o);
	sim_settle(sim);
	dbkit_fill(db, 0, RECORDS, "");
	CHECK(logs_done(sim, "rename") > 2);
	dbkit_close(db);
	sim_free(sim);
}

/* The first records of a fill, and no other; how many? */
static unsigned
prefix(lsm_db *db, unsigned most)
{
	unsigned n = 0, all = 0;
	lsm_iter *it;
	char key[16];

	CHECK_OK(lsm_iter_new(db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); all++)
		CHECK_OK(lsm_iter_next(it));
	lsm_iter_free(it);
	for (; n < most; n++) {
		lsm_buffer value = { 0 };
		int rc;

		snprintf(key, sizeof key, "k%06u", n);
		rc = lsm_get(db, NULL, (lsm_slice){ key, strlen(key) },
		    &value);
		lsm_buffer_free(&value);
		if (rc == LSM_NOTFOUND)
			break;
		CHECK_OK(rc);
	}
	CHECK_EQ(n, all);
	return n;
}

/* The power fails now: what opens is a prefix with at least so much. */
static void
check_power_loss(struct sim *sim, enum sim_loss loss, uint64_t seed,
    unsigned least, unsigned most)
{
	struct sim *after = sim_crash(sim, sim_operations(sim), loss, seed);
	lsm_options o = small(after);
	lsm_db *db = dbkit_open("db", &o);

	CHECK(prefix(db, most) >= least);
	dbkit_close(db);
	sim_free(after);
}

static void
check_power_losses(struct sim *sim, unsigned least, unsigned most)
{
	check_power_loss(sim, SIM_DROP, 0, least, most);
	check_power_loss(sim, SIM_KEEP, 0, least, most);
	for (uint64_t seed = 0; seed < 16; seed++)
		check_power_loss(sim, SIM_RANDOM, seed, least, most);
}

/* The flush got as far as the n-th call, and the handle lives on: what it
 * writes then must not vouch for logs that no table took over. */
static bool
flush_cut_short(uint64_t n)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = small(sim);
	lsm_db *db = dbkit_open("db", &o);
	lsm_slice key = { "k000600", 7 }, value = { "v600", 4 };
	bool failed;

	dbkit_fill(db, 0, 600, "");
	sim_fail_at(sim, n, LSM_NO_SPACE, false, false);
	(void)lsm_flush(db);
	failed = sim_failed(sim);
	sim_fail_at(sim, 0, LSM_OK, false, false);
	if (lsm_put(db, key, value, 0) == LSM_OK) {
		dbkit_fill(db, 601, 620, "");
		CHECK_OK(db->env->ops->log_flush(log_door(db->log)));
	}
	check_power_losses(sim, 0, 620);
	(void)lsm_close(db);
	sim_free(sim);
	return failed;
}

static void
flushes_cut_short(void)
{
	uint64_t n = 1;

	while (flush_cut_short(n))
		n++;
	CHECK(n > 10);
}

TEST_SOLO("no record vouches for a dead log before the edit that says so")
{
	flushes_cut_short();
}

TEST("a synced commit makes the unsynced log before it durable too")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = small(sim);
	lsm_db *db = dbkit_open("db", &o);
	lsm_slice key = { "k000600", 7 }, value = { "v600", 4 };

	dbkit_fill(db, 0, 600, "");
	CHECK(dbkit_files(db, "log", true) > 1);
	CHECK_OK(lsm_put(db, key, value, LSM_SYNC));
	check_power_losses(sim, 601, 601);
	dbkit_close(db);
	sim_free(sim);
}

static void
flushes_taken_over(void)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = small(sim);
	lsm_db *db = dbkit_open("db", &o);

	dbkit_fill(db, 0, 600, "");
	CHECK_OK(lsm_flush(db));
	check_power_losses(sim, 600, 600);
	dbkit_fill(db, 600, 900, "");
	check_power_losses(sim, 600, 900);
	CHECK_OK(lsm_sync(db));
	check_power_losses(sim, 900, 900);
	dbkit_close(db);
	sim_free(sim);
}

TEST_SOLO("what a flush took over is durable, in whatever log it was")
{
	flushes_taken_over();
}

/* Did the n-th call of a flush belong to a log, and end the handle? */
static bool
start_lost(uint64_t n, bool *failed)
{
	struct sim *sim = sim_new(test_seed()), *killed;
	lsm_options o = small(sim), after;
	lsm_db *db = dbkit_open("db", &o);
	lsm_slice key = { "k", 1 };
	bool lost;

	dbkit_fill(db, 0, 300, "");
	sim_fail_at(sim, n, LSM_IO, false, false);
	(void)lsm_flush(db);
	*failed = sim_failed(sim);
	sim_fail_at(sim, 0, LSM_OK, false, false);
	lost = lsm_put(db, key, key, 0) == LSM_IO &&
	    strstr(lsm_message(), ".log: sync: injected") != NULL;
	if (lost) {
		check_power_losses(sim, 0, 300);
		killed = sim_kill(sim, sim_operations(sim));
		(void)lsm_close(db);
		after = small(killed);
		db = dbkit_open("db", &after);
		dbkit_check_fill(db, 0, 300, "");
		dbkit_close(db);
		sim_free(killed);
	} else {
		(void)lsm_close(db);
	}
	sim_free(sim);
	return lost;
}

TEST("a start record that did not reach the disk ends the handle")
{
	bool failed = true, lost = false;

	for (uint64_t n = 1; failed; n++)
		lost |= start_lost(n, &failed);
	CHECK(lost);
}

#ifdef LSM_SCHED
static bool
found_out(enum flush_bug bug, void (*run)(void))
{
	bool fails;

	flush_bug = bug;
	fails = test_fails(run);
	flush_bug = FLUSH_BUG_NONE;
	return fails;
}

TEST("an edit that names a log that is not on the disk is found out")
{
	CHECK(!found_out(FLUSH_BUG_NONE, flushes_taken_over));
	CHECK(found_out(FLUSH_BUG_START_UNSYNCED, flushes_taken_over));
}

TEST("a watermark that passes a log still needed is found out")
{
	CHECK(!found_out(FLUSH_BUG_NONE, flushes_cut_short));
	CHECK(found_out(FLUSH_BUG_FORGET_EARLY, flushes_cut_short));
}
#endif
