/*
 * A real process on real files is killed again and again, in the middle of
 * whatever it does, recovery included; another looks at what it left. Kills
 * test the order of stores and writes, not power loss.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/files.h"
#include "env/ring.h"
#include "support/place.h"
#include "support/scale.h"
#include "support/test.h"

enum { KILLS = 160 / SCALE_STEP, KEPT = 3 };

/* A log has room for some 500 records. */
enum { RECORDS = 400 };

struct shared {
	_Atomic uint64_t acknowledged;
};

/* When it is to die: so many records later, and then so many turns. */
struct patience {
	struct shared *shared;
	uint64_t acknowledged, turns;
};

struct victim {
	struct place p;
	struct random random;
	struct shared *shared;
};

/* The log with what the ring adds to it, and where its chain ends: at
 * `committed` or behind it, when something was finished but not announced. */
static struct case_cursor
assemble(struct place *p, uint64_t number, uint8_t image[PLACE_SEGMENT])
{
	struct case_cursor c = { number, CASE_START, 0, false };
	struct env_tail tail;

	CHECK(place_image(p, number, image, PLACE_SEGMENT, &tail));
	c.sequence = get64(image + CASE_START + 8);
	while (case_follow(&c, image + c.offset, PLACE_SEGMENT - c.offset))
		;
	return c;
}

static void
begin_log(struct place *p, struct case_cursor next)
{
	char name[FILE_NAME_MAX];

	file_name(name, FILE_LOG, next.number);
	/* One that was prepared before the kill is not in use yet. */
	(void)p->ops->dir_unlink(p->dir, name);
	place_switch(p, next, next.number > KEPT ? next.number - KEPT : 0);
}

static void
recover(struct place *p)
{
	static uint8_t image[PLACE_SEGMENT];
	uint64_t number = p->tail.committed >> 32;
	uint64_t from = (uint32_t)p->tail.written;

	p->at = assemble(p, number, image);
	if (p->tail.written >> 32 != number || from > p->at.offset)
		from = p->at.offset;
	place_attach(p, number, from,
	    bytes(image + from, (size_t)(p->at.offset - from)));
	if (p->at.closed)
		begin_log(p, case_next_log(&p->at));
}

static void
append(struct victim *v, uint32_t size, uint32_t kind)
{
	uint64_t sequence = v->p.at.sequence;

	CHECK_OK(place_put(&v->p, size, kind));
	store_release(&v->shared->acknowledged, sequence);
}

static uint32_t
draw_size(struct random *r)
{
	if (random_below(r, 40) == 0)
		return RING_RECORD_MAX + (uint32_t)random_below(r, 20000);
	return CASE_HEADER + (uint32_t)random_below(r, 900);
}

static void
flusher(void *arg)
{
	struct place *p = arg;
	uint64_t durable;

	for (unsigned i = 0;; i++) {
		if (i % 16 == 0)
			CHECK_OK(p->ops->log_sync(p->log, &durable));
		else
			CHECK_OK(p->ops->log_flush(p->log));
		thread_yield();
	}
}

static void
killer(void *arg)
{
	const struct patience *p = arg;

	while (load_acquire(&p->shared->acknowledged) < p->acknowledged)
		thread_yield();
	for (uint64_t n = p->turns; n > 0; n--)
		thread_yield();
	kill(getpid(), SIGKILL);
}

/* One in two while it recovers, if that takes any time. */
static struct patience
draw_patience(struct random *r, struct shared *shared)
{
	struct patience p = { .shared = shared,
		.turns = random_below(r, 1500) };

	if (random_below(r, 2) == 0)
		p.acknowledged = load_relaxed(&shared->acknowledged) + 1 +
		    random_below(r, RECORDS);
	return p;
}

static void
live_until_killed(uint64_t seed, struct shared *shared)
{
	struct victim v = { .random = { seed }, .shared = shared };
	struct thread threads[2];
	struct patience patience = draw_patience(&v.random, shared);

	CHECK_OK(thread_start(&threads[0], killer, &patience));
	place_open(&v.p, env_posix(), true);
	if (v.p.tail.committed != 0)
		recover(&v.p);
	else
		begin_log(&v.p, case_first());
	if (seed % 2 == 0)
		CHECK_OK(thread_start(&threads[1], flusher, &v.p));
	for (;;) {
		uint32_t size = draw_size(&v.random);

		if (v.p.at.offset + size + 64 > PLACE_SEGMENT) {
			append(&v, 32, CASE_CLOSE);
			begin_log(&v.p, case_next_log(&v.p.at));
		}
		append(&v, size, CASE_PUT);
	}
}

/* What a kill left is whole, joined, and has all that was acknowledged. */
static void
verify_logs(struct place *p, uint64_t number, struct shared *shared)
{
	static uint8_t image[PLACE_SEGMENT];
	struct case_cursor c, before;
	uint64_t first;

	c = assemble(p, number, image);
	CHECK(c.offset >= (uint32_t)p->tail.committed);
	CHECK(c.sequence > load_acquire(&shared->acknowledged));
	if (number == 1)
		return;
	first = get64(image + CASE_START + 8);
	before = assemble(p, number - 1, image);
	CHECK(before.closed && before.sequence == first);
}

/* The number of the last log; 0: killed before there was any. */
static uint64_t
verify(struct shared *shared)
{
	struct buffer none = { 0 };
	struct place p;
	uint64_t number;

	if (access(test_path("LOCK"), F_OK) != 0)
		return 0;
	place_open(&p, env_posix(), false);
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, place_id, 0, 0, &none,
	    &p.tail));
	if ((number = p.tail.committed >> 32) > 0)
		verify_logs(&p, number, shared);
	place_close(&p);
	return number;
}

TEST_SOLO("nothing committed is lost when its writer is killed")
{
	struct shared *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct random random = { test_seed() };
	uint64_t logs = 0;

	CHECK(shared != MAP_FAILED);
	test_dir();	/* the same for all */
	for (int i = 0; i < KILLS; i++) {
		uint64_t seed = random_next(&random);
		int status;
		pid_t child = fork();

		if (child == 0) {
			live_until_killed(seed, shared);
			_exit(1);
		}
		CHECK(waitpid(child, &status, 0) == child);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		logs = verify(shared);
	}
	CHECK(logs > 1);
	CHECK(munmap(shared, sizeof *shared) == 0);
}
