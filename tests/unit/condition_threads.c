/*
 * Conditions while others write: of many who ask for one absent key one wins,
 * and an increment by compare-and-set loses nothing. With real threads, and
 * under the seeded scheduler, where a writer that asks only once is found out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/sync.h"
#include "support/dbkit.h"

enum { THREADS = 4, LOCKS = 20, STEPS = 30 };

struct racer {
	lsm_db *db;
	struct thread thread;
	unsigned flags;
	unsigned locks, steps;		/* to try, to succeed in */
	unsigned won, wrong;
};

/* One attempt to take each lock. */
static void
take_locks(struct racer *r, lsm_batch *b)
{
	char key[24];
	int rc;

	for (unsigned i = 0; i < r->locks; i++) {
		snprintf(key, sizeof key, "lock%u", i);
		lsm_batch_clear(b);
		r->wrong += lsm_batch_if_absent(b, lsm_str(key)) != LSM_OK;
		r->wrong += lsm_batch_put(b, lsm_str(key), lsm_str("")) !=
		    LSM_OK;
		rc = lsm_write(r->db, b, r->flags);
		r->won += rc == LSM_OK;
		r->wrong += rc != LSM_OK && rc != LSM_UNMET;
	}
}

/* Raise the counter by one if it still is what was read. */
static int
step(struct racer *r, lsm_batch *b, lsm_buffer *value)
{
	lsm_slice key = lsm_str("counter");
	char next[24];
	int rc;

	if ((rc = lsm_get(r->db, NULL, key, value)) != LSM_OK)
		return rc;
	snprintf(next, sizeof next, "%llu", 1 + strtoull(value->data, NULL,
	    10));
	lsm_batch_clear(b);
	/* The NUL is a part of it. */
	if ((rc = lsm_batch_if_equals(b, key, lsm_bytes(value->data,
	    value->size))) != LSM_OK ||
	    (rc = lsm_batch_put(b, key, lsm_bytes(next, strlen(next) + 1))) !=
	    LSM_OK)
		return rc;
	return lsm_write(r->db, b, r->flags);
}

static void
race(void *arg)
{
	struct racer *r = arg;
	lsm_buffer value = { 0 };
	lsm_batch *b;
	unsigned done = 0;
	int rc;

	if (lsm_batch_new(&b) != LSM_OK) {
		r->wrong++;
		return;
	}
	take_locks(r, b);
	while (done < r->steps && r->wrong == 0) {
		rc = step(r, b, &value);
		done += rc == LSM_OK;
		r->wrong += rc != LSM_OK && rc != LSM_UNMET;
	}
	lsm_batch_free(b);
	lsm_buffer_free(&value);
}

static void
racers_begin(struct racer *racers, struct racer how)
{
	CHECK_OK(lsm_put(how.db, lsm_str("counter"), lsm_bytes("0", 2), 0));
	for (int i = 0; i < THREADS; i++)
		racers[i] = how;
}

/* What is wrong when all have ended: 0 is how it must be. */
static unsigned
racers_end(struct racer *racers)
{
	unsigned won = 0, wrong = 0, counter = 0;
	lsm_buffer value = { 0 };

	for (int i = 0; i < THREADS; i++) {
		won += racers[i].won;
		wrong += racers[i].wrong;
	}
	if (lsm_get(racers->db, NULL, lsm_str("counter"), &value) == LSM_OK)
		counter = (unsigned)strtoul(value.data, NULL, 10);
	lsm_buffer_free(&value);
	return wrong + (won != racers->locks) +
	    (counter != THREADS * racers->steps);
}

static void
run_threads(lsm_db *db, unsigned flags)
{
	struct racer racers[THREADS];

	racers_begin(racers, (struct racer){ .db = db, .flags = flags,
	    .locks = LOCKS, .steps = STEPS });
	for (int i = 0; i < THREADS; i++)
		CHECK_OK(thread_start(&racers[i].thread, race, &racers[i]));
	for (int i = 0; i < THREADS; i++)
		thread_join(&racers[i].thread);
	CHECK_EQ(racers_end(racers), 0);
}

TEST("of many threads that want one absent key one wins, none counts twice")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db;

	o.workers = 1;
	o.memtable_size = 4096;
	db = dbkit_open(dbkit_path("db"), &o);
	run_threads(db, LSM_NO_SYNC);
	CHECK(dbkit_stat(db, "write.unmet") >= (THREADS - 1) * LOCKS);
	dbkit_close(db);
}

TEST("the same with commits that share their syncs")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);

	run_threads(db, LSM_SYNC);
	dbkit_close(db);
}

#ifdef LSM_SCHED
#include "base/sched.h"
#include "db/db.h"

enum { SEEDS_GOOD = 150, SEEDS_BAD = 1000, CHANCE = 3 };

static unsigned
wrong_in(uint64_t seed)
{
	struct sched_thread threads[THREADS];
	struct racer racers[THREADS];
	struct sim *sim = sim_new(seed);
	lsm_options o = dbkit_options(sim);
	unsigned wrong;
	lsm_db *db;

	o.memtable_size = 512;
	db = dbkit_open("db", &o);
	racers_begin(racers, (struct racer){ .db = db,
	    .flags = seed % 2 ? LSM_SYNC : LSM_NO_SYNC, .locks = 3,
	    .steps = 3 });
	for (int i = 0; i < THREADS; i++)
		threads[i] = (struct sched_thread){ race, &racers[i] };
	CHECK_EQ(sched_run(seed, CHANCE, threads, THREADS), SCHED_DONE);
	wrong = racers_end(racers);
	dbkit_close(db);
	sim_free(sim);
	return wrong;
}

TEST("conditions hold when the batch is written, whatever the order of steps")
{
	for (uint64_t i = 0; i < SEEDS_GOOD; i++)
		CHECK_EQ(wrong_in(test_seed() + i), 0);
}

TEST("conditions that are asked only once, without the lock, are found out")
{
	unsigned wrong = 0;

	condition_bug = true;
	for (uint64_t i = 0; i < SEEDS_BAD && wrong == 0; i++)
		wrong = wrong_in(test_seed() + i);
	condition_bug = false;
	CHECK(wrong > 0);
}
#endif
