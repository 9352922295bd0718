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
#include "support/ring_case.h"
#include "support/scale.h"
#include "support/test.h"

enum { SEGMENT = 256 << 10, KILLS = 160 / SCALE_STEP, KEPT = 3 };

static const uint8_t id[16] = "a database's id";

struct shared {
	_Atomic uint64_t acknowledged;
};

struct victim {
	const struct env_ops *ops;
	struct env_dir *dir;
	struct env_lock *lock;
	struct env_log *log;
	struct env_tail tail;
	struct case_cursor at;
	struct random random;
	struct shared *shared;
};

static void
victim_open(struct victim *v, bool writer)
{
	bool created;

	v->ops = env_posix()->ops;
	CHECK_OK(v->ops->dir_open(env_posix(), test_dir(), true, &v->dir,
	    &created));
	CHECK_OK(v->ops->lock_open(v->dir, true, &v->lock));
	if (!writer)
		return;
	CHECK_OK(v->ops->lock_hold(v->lock, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(v->ops->log_open(v->dir, v->lock, id, &v->log, &v->tail));
}

/* Zeros behind the end of the file; false when there is no such log. */
static bool
read_log(struct victim *v, uint64_t number, uint8_t image[SEGMENT])
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	size_t got;

	memset(image, 0, SEGMENT);
	file_name(name, FILE_LOG, number);
	if (v->ops->file_open(v->dir, name, ENV_READ, &file) != LSM_OK)
		return false;
	CHECK_OK(v->ops->file_read(file, 0, image, SEGMENT, &got));
	CHECK_OK(v->ops->file_close(file));
	return true;
}

/* The log with what the ring adds to it, and where its chain ends: at
 * `committed` or behind it, when something was finished but not announced. */
static struct case_cursor
assemble(struct victim *v, uint64_t number, uint8_t image[SEGMENT])
{
	struct case_cursor c = { number, CASE_START, 0, false };
	struct buffer ring = { 0 };
	struct env_tail tail;

	CHECK(read_log(v, number, image));
	CHECK_OK(v->ops->log_tail(v->dir, v->lock, id, number, CASE_START,
	    &ring, &tail));
	if (ring.n > 0)
		memcpy(image + (uint32_t)tail.committed - ring.n, ring.p,
		    ring.n);
	buffer_free(&ring);
	c.sequence = get64(image + CASE_START + 8);
	while (case_follow(&c, image + c.offset, SEGMENT - c.offset))
		;
	return c;
}

static void
begin_log(struct victim *v, struct case_cursor next)
{
	char name[FILE_NAME_MAX], old[FILE_NAME_MAX];
	uint8_t head[CASE_START] = "head", first[CASE_HEADER];
	bool recycle = next.number > KEPT;

	file_name(name, FILE_LOG, next.number);
	if (recycle)
		file_name(old, FILE_LOG, next.number - KEPT);
	/* One that was prepared before the kill is not in use yet. */
	(void)v->ops->dir_unlink(v->dir, name);
	CHECK_OK(v->ops->log_prepare(v->dir, name, recycle ? old : NULL,
	    SEGMENT, bytes(head, sizeof head)));
	case_write(first, &next, sizeof first, CASE_PUT, NULL);
	CHECK_OK(v->ops->log_switch(v->log, name, next.number, CASE_START,
	    bytes(first, sizeof first)));
	v->at = next;
	v->at.offset += sizeof first;
	v->at.sequence++;
}

static void
recover(struct victim *v)
{
	static uint8_t image[SEGMENT];
	char name[FILE_NAME_MAX];
	uint64_t number = v->tail.committed >> 32;
	uint64_t from = (uint32_t)v->tail.written;

	v->at = assemble(v, number, image);
	if (v->tail.written >> 32 != number || from > v->at.offset)
		from = v->at.offset;
	file_name(name, FILE_LOG, number);
	CHECK_OK(v->ops->log_attach(v->log, name, number, from,
	    bytes(image + from, (size_t)(v->at.offset - from))));
	if (v->at.closed)
		begin_log(v, case_next_log(&v->at));
}

static void
append(struct victim *v, uint32_t size, uint32_t kind)
{
	uint8_t *to;

	CHECK_OK(v->ops->log_reserve(v->log, size, &to));
	case_write(to, &v->at, size, kind, NULL);
	CHECK_OK(v->ops->log_commit(v->log, size));
	store_release(&v->shared->acknowledged, v->at.sequence);
	v->at.offset += size;
	v->at.sequence++;
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
	struct victim *v = arg;
	uint64_t durable;

	for (unsigned i = 0;; i++) {
		if (i % 16 == 0)
			CHECK_OK(v->ops->log_sync(v->log, &durable));
		else
			CHECK_OK(v->ops->log_flush(v->log));
		thread_yield();
	}
}

static void
killer(void *arg)
{
	uint64_t n = *(uint64_t *)arg;

	while (n-- > 0)
		thread_yield();
	kill(getpid(), SIGKILL);
}

static void
live_until_killed(uint64_t seed, struct shared *shared)
{
	struct victim v = { .random = { seed }, .shared = shared };
	struct thread threads[2];
	uint64_t patience = random_below(&v.random, 1500);

	CHECK_OK(thread_start(&threads[0], killer, &patience));
	victim_open(&v, true);
	if (v.tail.committed != 0)
		recover(&v);
	else
		begin_log(&v, (struct case_cursor){ 1, CASE_START, 1, false });
	if (seed % 2 == 0)
		CHECK_OK(thread_start(&threads[1], flusher, &v));
	for (;;) {
		uint32_t size = draw_size(&v.random);

		if (v.at.offset + size + 64 > SEGMENT) {
			append(&v, 32, CASE_CLOSE);
			begin_log(&v, case_next_log(&v.at));
		}
		append(&v, size, CASE_PUT);
	}
}

/* What a kill left is whole, joined, and has all that was acknowledged. */
static uint64_t
verify(struct shared *shared)
{
	static uint8_t image[SEGMENT];
	struct victim v = { 0 };
	struct case_cursor c, before;
	struct buffer none = { 0 };
	uint64_t number;

	victim_open(&v, false);
	CHECK_OK(v.ops->log_tail(v.dir, v.lock, id, 0, 0, &none, &v.tail));
	number = v.tail.committed >> 32;
	if (number > 0) {
		c = assemble(&v, number, image);
		CHECK(c.offset >= (uint32_t)v.tail.committed);
		CHECK(c.sequence > load_acquire(&shared->acknowledged));
	}
	if (number > 1) {
		uint64_t first = get64(image + CASE_START + 8);

		before = assemble(&v, number - 1, image);
		CHECK(before.closed && before.sequence == first);
	}
	v.ops->lock_close(v.lock);
	v.ops->dir_close(v.dir);
	return number;
}

TEST("nothing committed is lost when its writer is killed")
{
	struct shared *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct random random = { test_seed() };
	uint64_t logs = 0;

	CHECK(shared != MAP_FAILED);
	test_dir();	/* the same for all */
	/* On a busy machine they die younger. */
	for (int i = 0; i < KILLS || (logs < 2 && i < 20 * KILLS); i++) {
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
