/*
 * Ingestions beside a writer, background work and readers, here and in another
 * handle: every state that is seen is one after some commits, in order.
 *
 * Each ingestion has the newest count of the writer, each put of the writer
 * has the newest of the ingestions; so a state that lacks what a later commit
 * was made of gives itself away. With the scheduler the threads are logical
 * ones on a simulated disk, and otherwise real ones on a real disk.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/sync.h"
#include "support/dbkit.h"
#ifdef LSM_SCHED
#include "base/sched.h"
#endif

enum { PUTS = 24, INGESTS = 6, LOOKS = 12, STEPS = 40, COPIES = 3, SEEDS = 40,
	CHANCE = 4 };

static struct scene {
	lsm_db *db, *reader;
	_Atomic uint64_t wrong;
} scene;

static unsigned
number(lsm_db *db, const lsm_snapshot *s, const char *key)
{
	lsm_buffer b = { 0 };
	unsigned n = 0;
	int rc = lsm_get(db, s, lsm_str(key), &b);

	if (rc == LSM_OK)
		n = (unsigned)strtoul(b.data, NULL, 10);
	else if (rc != LSM_NOTFOUND)
		atomic_fetch_add(&scene.wrong, 1);
	lsm_buffer_free(&b);
	return n;
}

/* Terminated, for strtoul. */
static lsm_slice
text_of(unsigned n, char room[16])
{
	return lsm_bytes(room, (size_t)snprintf(room, 16, "%u", n) + 1);
}

/* "count" is the writer's; "saw" the ingestion that it knew of. "m" is both's,
 * so that there is always something to flush first. */
static void
write_some(void *arg)
{
	char room[16], other[16];
	lsm_batch *b;

	(void)arg;
	CHECK_OK(lsm_batch_new(&b));
	for (unsigned i = 1; i <= PUTS; i++) {
		lsm_slice n = text_of(i, room);

		lsm_batch_clear(b);
		CHECK_OK(lsm_batch_put(b, lsm_str("saw"), text_of(
		    number(scene.db, NULL, "first"), other)));
		CHECK_OK(lsm_batch_put(b, lsm_str("count"), n));
		CHECK_OK(lsm_batch_put(b, lsm_str("m"), n));
		CHECK_OK(lsm_write(scene.db, b, 0));
	}
	lsm_batch_free(b);
}

/* "first" and "last" go together, with the count that was known: "known". */
static void
ingest_some(void *arg)
{
	char room[16], other[16];
	lsm_ingest *g;

	(void)arg;
	for (unsigned i = 1; i <= INGESTS; i++) {
		lsm_slice n = text_of(i, room);
		unsigned known = number(scene.db, NULL, "count");

		CHECK_OK(lsm_ingest_new(scene.db, &g));
		CHECK_OK(lsm_ingest_add(g, lsm_str("first"), n));
		CHECK_OK(lsm_ingest_add(g, lsm_str("known"), text_of(known,
		    other)));
		CHECK_OK(lsm_ingest_add(g, lsm_str("last"), n));
		CHECK_OK(lsm_ingest_add(g, lsm_str("m"), n));
		CHECK_OK(lsm_ingest_commit(g));
		if (number(scene.db, NULL, "first") != i)
			atomic_fetch_add(&scene.wrong, 1);
		lsm_ingest_free(g);
	}
}

static void
work_some(void *arg)
{
	int more;

	(void)arg;
	for (int i = 0; i < STEPS; i++) {
		CHECK_OK(lsm_step(scene.db, &more));
		if (i % 8 == 0)
			CHECK_OK(lsm_flush(scene.db));
	}
}

/* 0: it is not there. */
static uint64_t
sequence_of(lsm_db *db, const lsm_snapshot *s, const char *key)
{
	uint64_t sequence = 0;
	lsm_iter *it;

	CHECK_OK(lsm_iter_new(db, s, NULL, &it));
	CHECK_OK(lsm_iter_seek(it, lsm_str(key)));
	if (lsm_iter_valid(it) && bytes_equal(bytes_of(lsm_iter_key(it)),
	    text(key)))
		sequence = lsm_iter_sequence(it);
	lsm_iter_free(it);
	return sequence;
}

/* What both write is of the one that came later. */
static bool
newest_holds(lsm_db *db, const lsm_snapshot *s)
{
	uint64_t both = sequence_of(db, s, "m");
	uint64_t first = sequence_of(db, s, "first");
	uint64_t saw = sequence_of(db, s, "saw");

	/* The batch: saw, count, m. */
	return both == (first > saw ? first : saw + (saw ? 2 : 0));
}

struct seen {
	unsigned first, count;
};

static void
look(lsm_db *db, struct seen *before)
{
	lsm_snapshot *s;
	unsigned first, count;

	CHECK_OK(lsm_snapshot_new(db, &s));
	count = number(db, s, "count");
	first = number(db, s, "first");
	if (first != number(db, s, "last") || number(db, s, "saw") > first ||
	    number(db, s, "known") > count || first < before->first ||
	    count < before->count || count != number(db, s, "count") ||
	    !newest_holds(db, s))
		atomic_fetch_add(&scene.wrong, 1);
	*before = (struct seen){ first, count };
	lsm_snapshot_free(s);
}

static void
look_here(void *arg)
{
	struct seen seen = { 0 };

	(void)arg;
	for (int i = 0; i < LOOKS; i++)
		look(scene.db, &seen);
}

static void
look_beside(void *arg)
{
	struct seen seen = { 0 };
	int rc;

	(void)arg;
	for (int i = 0; i < LOOKS; i++) {
		rc = lsm_refresh(scene.reader);
		if (rc != LSM_OK && rc != LSM_BUSY)
			atomic_fetch_add(&scene.wrong, 1);
		look(scene.reader, &seen);
	}
}

static const char *
copy_path(int i)
{
	char name[16];

	snprintf(name, sizeof name, "copy%d", i);
	return dbkit_path(name);
}

static void
copy_some(void *arg)
{
	(void)arg;
	for (int i = 0; i < COPIES; i++)
		if (lsm_checkpoint(scene.db, copy_path(i), NULL, NULL) !=
		    LSM_OK)
			atomic_fetch_add(&scene.wrong, 1);
}

static void (*const parts[])(void *) = { write_some, ingest_some, work_some,
	look_here, look_beside, copy_some };
enum { PARTS = sizeof parts / sizeof *parts };

/* Opened, played by `play`, and looked at a last time. */
static void
scene_play(const char *path, struct sim *sim, void (*play)(uint64_t),
    uint64_t seed)
{
	lsm_options o = dbkit_options(sim), r = o;
	struct seen seen = { 0 };

	o.memtable_size = 512;
	scene = (struct scene){ .db = dbkit_open(path, &o) };
	r.create = 0;
	r.read_only = 1;
	scene.reader = dbkit_open(path, &r);
	play(seed);
	CHECK_EQ(scene.wrong, 0);
	CHECK_OK(lsm_refresh(scene.reader));
	look(scene.reader, &seen);
	CHECK_EQ(seen.first, INGESTS);
	CHECK_EQ(seen.count, PUTS);
	CHECK_EQ(scene.wrong, 0);
	dbkit_close(scene.reader);
	dbkit_close(scene.db);
	seen = (struct seen){ 0 };
	for (int i = 0; i < COPIES; i++) {
		lsm_db *copy = dbkit_open(copy_path(i), &o);

		look(copy, &seen);
		dbkit_close(copy);
	}
	CHECK_EQ(scene.wrong, 0);
}

#ifdef LSM_SCHED
static void
play_logical(uint64_t seed)
{
	struct sched_thread threads[PARTS];

	for (int i = 0; i < PARTS; i++)
		threads[i] = (struct sched_thread){ parts[i], NULL };
	CHECK_EQ(sched_run(seed, CHANCE, threads, PARTS), SCHED_DONE);
}

TEST("beside ingestions every reader sees a state after some commits")
{
	for (uint64_t i = 0; i < SEEDS; i++) {
		struct sim *sim = sim_new(test_seed() + i);

		scene_play("db", sim, play_logical, test_seed() + i);
		sim_free(sim);
	}
}
#else
static void
play_real(uint64_t seed)
{
	struct thread threads[PARTS];

	(void)seed;
	for (int i = 0; i < PARTS; i++)
		CHECK_OK(thread_start(&threads[i], parts[i], NULL));
	for (int i = 0; i < PARTS; i++)
		thread_join(&threads[i]);
}

TEST("beside ingestions every reader sees a state after some commits")
{
	scene_play(dbkit_path("db"), NULL, play_real, 0);
}
#endif
