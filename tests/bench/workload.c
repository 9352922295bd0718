/*
 * workload.c - the phases of the benchmark.
 *
 * A filling phase begins with an empty database, the others take what the one
 * before left. After each the process is left alone until its background work
 * is over, whatever the engine; how long that took is a column of its own.
 */
#include "bench/workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 100,
	MULTI = 100,		/* keys of a multi-get */
	STEPS = 10,		/* of a seek */
	SYNC_THREADS = 16,
	CHECK_ONE_IN = 64	/* values read are compared, one in so many */
};

static uint64_t
random_next(struct bench *b)
{
	uint64_t z = (b->seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int
wrong(const struct bench *b, const char *what)
{
	return engine_failed(b->label, "answer", what);
}

static int
put(struct bench *b, uint64_t i, unsigned generation, bool sync)
{
	char room[KEY_SIZE];
	struct record r = { data_key(i, room),
		data_value(&b->data, i, generation) };

	b->user_bytes += r.key.n + r.value.n;
	return b->engine->put(b->db, &r, sync);
}

static int
fillseq(struct bench *b)
{
	for (uint64_t i = 0; i < b->data.count; i++) {
		if (put(b, i, 0, false))
			return 1;
		waits_mark(&b->latency);
	}
	b->live = b->data.count;
	return 0;
}

static int
fillrandom(struct bench *b)
{
	for (uint64_t i = 0; i < b->data.count; i++) {
		if (put(b, data_permute(&b->data, i), 0, false))
			return 1;
		waits_mark(&b->latency);
	}
	b->live = b->data.count;
	return 0;
}

static int
overwrite(struct bench *b)
{
	for (uint64_t i = 0; i < b->data.count; i++) {
		if (put(b, random_next(b) % b->data.count, 1, false))
			return 1;
		waits_mark(&b->latency);
	}
	return 0;
}

/* A fifth of the keys, in random order; a time is that of a batch. */
static int
fillbatch(struct bench *b)
{
	struct record records[BATCH];
	char keys[BATCH][KEY_SIZE];
	uint64_t all = b->data.count / 5;

	for (uint64_t done = 0; done < all;) {
		size_t n = 0;

		for (; n < BATCH && done < all; n++, done++) {
			uint64_t i = data_permute(&b->data, done);

			records[n].key = data_key(i, keys[n]);
			records[n].value = data_value(&b->data, i, 0);
			b->user_bytes += KEY_SIZE + b->data.value_size;
		}
		if (b->engine->batch(b->db, records, n))
			return 1;
		waits_mark(&b->latency);
	}
	b->live = all;
	return 0;
}

static int
fillsync(struct bench *b)
{
	for (uint64_t i = 0; i < b->syncs; i++) {
		if (put(b, data_permute(&b->data, i), 0, true))
			return 1;
		waits_mark(&b->latency);
	}
	b->live = b->syncs;
	return 0;
}

struct syncer {
	struct bench b;		/* its own copy: counters and latency */
	pthread_t thread;
	unsigned number;
	int rc;
};

static void *
syncer_main(void *arg)
{
	struct syncer *s = arg;
	struct bench *b = &s->b;

	waits_begin(&b->latency);
	for (uint64_t i = s->number; i < b->syncs; i += SYNC_THREADS) {
		if ((s->rc = put(b, data_permute(&b->data, i), 0, true)) != 0)
			break;
		waits_mark(&b->latency);
	}
	return NULL;
}

static int
fillsync16(struct bench *b)
{
	struct syncer *all = calloc(SYNC_THREADS, sizeof *all);
	unsigned started = 0;
	int rc = 0;

	if (all == NULL)
		return engine_failed("bench", "threads", "no memory");
	for (; started < SYNC_THREADS; started++) {
		struct syncer *s = &all[started];

		s->b = *b;
		s->number = started;
		if (pthread_create(&s->thread, NULL, syncer_main, s) != 0)
			break;
	}
	for (unsigned i = 0; i < started; i++) {
		pthread_join(all[i].thread, NULL);
		waits_add(&b->latency, &all[i].b.latency);
		b->user_bytes += all[i].b.user_bytes;
		rc |= all[i].rc;
	}
	free(all);
	b->live = b->syncs;
	return rc || started < SYNC_THREADS;
}

static int
deleterandom(struct bench *b)
{
	char room[KEY_SIZE];
	uint64_t all = b->data.count / 5;

	for (uint64_t i = 0; i < all; i++) {
		struct span key = data_key(data_permute(&b->data, i), room);

		b->user_bytes += key.n;
		if (b->engine->remove(b->db, key))
			return 1;
		waits_mark(&b->latency);
	}
	b->deleted = all;
	b->live -= all;
	return 0;
}

/* It must be there unless deleted since. */
static int
value_check(const struct bench *b, uint64_t drawn, uint64_t i,
    struct span value)
{
	if ((value.p != NULL) != (drawn >= b->deleted))
		return wrong(b, value.p ? "a deleted key is there" :
		    "a key is missing");
	if (value.p && drawn % CHECK_ONE_IN == 0 &&
	    !data_right(&b->data, i, value))
		return wrong(b, "not the value that was written");
	return 0;
}

/* One get of a key that was written. */
static int
get_one(struct bench *b)
{
	uint64_t drawn = random_next(b) % b->data.count;
	uint64_t i = data_permute(&b->data, drawn);
	struct span value;
	char room[KEY_SIZE];

	if (b->engine->get(b->db, data_key(i, room), &value))
		return 1;
	return value_check(b, drawn, i, value);
}

static int
readrandom(struct bench *b)
{
	for (uint64_t i = 0; i < b->reads / 10; i++)
		if (get_one(b))
			return 1;
	meter_begin(&b->meter);
	waits_begin(&b->latency);
	for (uint64_t i = 0; i < b->reads; i++) {
		if (get_one(b))
			return 1;
		waits_mark(&b->latency);
	}
	return 0;
}

/* A time is that of all keys of a call. */
static int
get_many(struct bench *b)
{
	char rooms[MULTI][KEY_SIZE];
	struct span keys[MULTI], values[MULTI];
	uint64_t drawn[MULTI], numbers[MULTI];

	for (size_t k = 0; k < MULTI; k++) {
		drawn[k] = random_next(b) % b->data.count;
		numbers[k] = data_permute(&b->data, drawn[k]);
		keys[k] = data_key(numbers[k], rooms[k]);
	}
	if (b->engine->multi_get(b->db, keys, MULTI, values))
		return 1;
	for (size_t k = 0; k < MULTI; k++)
		if (value_check(b, drawn[k], numbers[k], values[k]))
			return 1;
	return 0;
}

static int
multireadrandom(struct bench *b)
{
	for (uint64_t i = 0; i < b->reads / 10; i++)
		if (get_one(b))
			return 1;
	meter_begin(&b->meter);
	waits_begin(&b->latency);
	for (uint64_t i = 0; i < b->reads / MULTI; i++) {
		if (get_many(b))
			return 1;
		waits_mark(&b->latency);
	}
	return 0;
}

static int
readmissing(struct bench *b)
{
	struct span value;
	char room[KEY_SIZE];

	for (uint64_t i = 0; i < b->reads; i++) {
		uint64_t drawn = random_next(b) % b->data.count;

		if (b->engine->get(b->db, data_absent(drawn, room), &value))
			return 1;
		if (value.p != NULL)
			return wrong(b, "an absent key is there");
		waits_mark(&b->latency);
	}
	return 0;
}

static int
check_record(struct bench *b, const struct record *r)
{
	uint64_t number = 0;

	for (size_t i = 0; i < r->key.n; i++)
		number = number * 10 + (uint64_t)(r->key.p[i] - '0');
	if (number % 2 || !data_right(&b->data, number / 2, r->value))
		return wrong(b, "not the record that was written");
	return 0;
}

/* All records one way; each is looked at, one in some is compared. */
static int
scan(struct bench *b, int (*begin)(void *), int (*step)(void *))
{
	uint64_t seen = 0, sum = 0;
	struct record r;
	void *cursor;
	int rc;

	if ((rc = b->engine->cursor_open(b->db, &cursor)) != 0)
		return rc;
	for (rc = begin(cursor); rc == 0 && b->engine->current(cursor, &r);
	    rc = step(cursor)) {
		sum += (uint64_t)r.key.p[r.key.n - 1] + r.value.n;
		if (seen++ % CHECK_ONE_IN == 0 &&
		    (rc = check_record(b, &r)) != 0)
			break;
		waits_mark(&b->latency);
	}
	b->engine->cursor_close(cursor);
	if (rc == 0 && (seen != b->live || sum == 0))
		rc = wrong(b, "a scan of the wrong length");
	return rc;
}

static int
readseq(struct bench *b)
{
	return scan(b, b->engine->first, b->engine->next);
}

static int
readreverse(struct bench *b)
{
	return scan(b, b->engine->last, b->engine->prev);
}

/* The next steps of a seek go up; the key found is one that was asked for or
 * the next above it. */
static int
seek_one(struct bench *b, void *cursor)
{
	char room[KEY_SIZE];
	struct span key = data_key(random_next(b) % b->data.count, room);
	struct record r;
	int rc = b->engine->seek(cursor, key);

	if (rc == 0 && b->engine->current(cursor, &r) &&
	    memcmp(r.key.p, key.p, KEY_SIZE) < 0)
		return wrong(b, "a seek went too low");
	for (int step = 0; step < STEPS && rc == 0; step++) {
		if (!b->engine->current(cursor, &r))
			break;
		rc = b->engine->next(cursor);
	}
	return rc;
}

static int
seekrandom(struct bench *b)
{
	void *cursor;
	int rc = b->engine->cursor_open(b->db, &cursor);

	if (rc)
		return rc;
	for (uint64_t i = 0; i < b->reads / 4 && rc == 0; i++) {
		rc = seek_one(b, cursor);
		waits_mark(&b->latency);
	}
	b->engine->cursor_close(cursor);
	return rc;
}

static _Atomic bool reading;

static void *
writer_main(void *arg)
{
	struct syncer *s = arg;
	struct bench *b = &s->b;

	waits_begin(&b->latency);
	while (atomic_load(&reading)) {
		if ((s->rc = put(b, random_next(b) % b->data.count, 1,
		    false)) != 0)
			break;
		waits_mark(&b->latency);
	}
	return NULL;
}

static int
readwhilewriting(struct bench *b)
{
	struct syncer *s = calloc(1, sizeof *s);
	uint64_t begin = clock_ns();
	double seconds;
	int rc = 0;

	if (s == NULL)
		return engine_failed("bench", "thread", "no memory");
	s->b = *b;
	s->b.seed = ~b->seed;
	atomic_store(&reading, true);
	if (pthread_create(&s->thread, NULL, writer_main, s) != 0)
		return engine_failed("bench", "thread", "cannot start");
	for (uint64_t i = 0; i < b->reads / 2 && rc == 0; i++) {
		rc = get_one(b);
		waits_mark(&b->latency);
	}
	atomic_store(&reading, false);
	pthread_join(s->thread, NULL);
	seconds = (double)(clock_ns() - begin) / 1e9;
	b->user_bytes += s->b.user_bytes;
	s->b.others = meter_others(&b->meter);
	if (rc == 0 && (rc = s->rc) == 0)
		row_print(&s->b, "writewhilereading", 1, seconds, 0);
	free(s);
	return rc;
}

static int
compact(struct bench *b)
{
	int rc = b->engine->compact(b->db);

	waits_mark(&b->latency);
	return rc;
}

/* Close and open again; the time of the first get is part of it. */
static int
open_again(struct bench *b)
{
	void *db = b->db;

	b->db = NULL;
	if (b->engine->close(db))
		return 1;
	meter_begin(&b->meter);
	waits_begin(&b->latency);
	if (b->engine->open(&b->place, &b->db) || get_one(b))
		return 1;
	waits_mark(&b->latency);
	return 0;
}

static const struct workload workloads[] = {
	{ "fillseq", fillseq, true, 1 },
	{ "readseq0", readseq, false, 1 },
	{ "fillbatch100", fillbatch, true, BATCH },
	{ "fillsync", fillsync, true, 1 },
	{ "fillsync16", fillsync16, true, 1 },
	{ "fillrandom", fillrandom, true, 1 },
	{ "readrandom", readrandom, false, 1 },
	{ "multireadrandom", multireadrandom, false, MULTI },
	{ "readmissing", readmissing, false, 1 },
	{ "readseq", readseq, false, 1 },
	{ "readreverse", readreverse, false, 1 },
	{ "seekrandom", seekrandom, false, 1 },
	{ "readwhilewriting", readwhilewriting, false, 1 },
	{ "overwrite", overwrite, false, 1 },
	{ "deleterandom", deleterandom, false, 1 },
	{ "compact", compact, false, 1 },
	{ "readrandom2", readrandom, false, 1 },
	{ "multireadrandom2", multireadrandom, false, MULTI },
	{ "readmissing2", readmissing, false, 1 },
	{ "readseq2", readseq, false, 1 },
	{ "readreverse2", readreverse, false, 1 },
	{ "seekrandom2", seekrandom, false, 1 },
	{ "open", open_again, false, 1 },
};

const struct workload *
workload_at(unsigned i)
{
	return i < sizeof workloads / sizeof *workloads ? &workloads[i] : NULL;
}
