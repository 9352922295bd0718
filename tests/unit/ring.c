/*
 * The log of a live writer: what others see of it in its file and the ring.
 */
#define _GNU_SOURCE
#include "env/ring.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "support/envkit.h"
#include "support/place.h"

/* What somebody is given who stands at `from` of a log. */
static void
ask(struct place *p, uint64_t number, uint64_t from, struct buffer *out,
    struct env_tail *tail)
{
	CHECK_OK(p->ops->log_tail(p->dir, p->lock, place_id, number, from,
	    out, tail));
}

TEST("a commit is seen by others before it is in the file")
{
	struct place p, reader;
	struct buffer out = { 0 };
	struct env_tail tail;

	place_start(&p, env_posix());
	place_open(&reader, env_posix(), false);
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	ask(&reader, 1, CASE_START, &out, &tail);
	CHECK(tail.trusted && !tail.syncing);
	CHECK_EQ(tail.written, log_position(1, CASE_START + CASE_HEADER));
	CHECK_EQ(tail.committed, log_position(1, p.at.offset));
	CHECK_EQ(tail.pid, getpid());
	CHECK_EQ(out.n, 100);
	CHECK_OK(p.ops->log_flush(p.log));
	ask(&reader, 1, CASE_START, &out, &tail);
	CHECK_EQ(tail.written, tail.committed);
	CHECK_EQ(out.n, 100);
	buffer_free(&out);
	place_close(&reader);
	place_close(&p);
}

TEST("records of all sizes around the ring's borders read back")
{
	static const uint32_t sizes[] = { CASE_HEADER, RING_RECORD_MAX - 8,
		RING_RECORD_MAX, RING_RECORD_MAX + 1, RING_PIECE, RING_SIZE,
		RING_SIZE + 8, 1 << 20 };
	struct case_cursor c = case_first();
	struct place p;
	struct env_tail tail;

	place_start(&p, env_posix());
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		CHECK_OK(place_put(&p, 40, CASE_PUT));
		CHECK_OK(place_put(&p, sizes[i], CASE_PUT));
		CHECK(place_follow(&p, &c, &tail));
		CHECK_EQ(c.sequence, p.at.sequence);
	}
	CHECK_EQ(p.ops->log_committed(p.log), log_position(1, c.offset));
	place_close(&p);
}

TEST("the ring goes around many times and loses nothing")
{
	struct case_cursor c = case_first();
	struct random random = { test_seed() };
	struct env_tail tail;
	struct place p;
	uint64_t durable;

	place_start(&p, env_posix());
	for (int i = 0; i < 600; i++) {
		uint32_t more = (uint32_t)random_below(&random, 2000);

		CHECK_OK(place_put(&p, CASE_HEADER + more, CASE_PUT));
		if (i % 100 == 7)
			CHECK_OK(p.ops->log_sync(p.log, &durable));
		if (i % 50 == 3)
			CHECK(place_follow(&p, &c, &tail));
	}
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, p.at.sequence);
	CHECK(tail.committed - tail.written < RING_PIECE);
	place_close(&p);
}

TEST("a switch leaves the older log whole in its file")
{
	struct case_cursor c = case_first();
	struct env_tail tail;
	struct place p;
	uint64_t durable;

	place_start(&p, env_posix());
	CHECK_OK(place_put(&p, 3000, CASE_PUT));
	CHECK_OK(place_put(&p, 32, CASE_CLOSE));
	place_switch(&p, case_next_log(&p.at), 0);
	CHECK_OK(place_put(&p, 50, CASE_PUT));
	CHECK(place_follow(&p, &c, &tail));
	CHECK(c.closed);
	c = case_next_log(&c);
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, p.at.sequence);
	CHECK_OK(p.ops->log_sync(p.log, &durable));
	CHECK_EQ(durable, log_position(2, p.at.offset));
	place_close(&p);
}

TEST("a reader asks from where it stands and gets no more")
{
	struct buffer out = { 0 };
	struct env_tail tail;
	struct place p;
	uint64_t from;

	place_start(&p, env_posix());
	from = p.at.offset;
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	ask(&p, 1, from + 60, &out, &tail);
	CHECK_EQ(out.n, 40);
	out.n = 0;
	ask(&p, 1, from + 100, &out, &tail);
	ask(&p, 1, from + 999, &out, &tail);
	ask(&p, 2, 0, &out, &tail);
	CHECK_EQ(out.n, 0);
	CHECK_EQ(tail.committed, log_position(1, from + 100));
	mem_fail_at(1, false);
	CHECK_CODE(p.ops->log_tail(p.dir, p.lock, place_id, 1, from, &out,
	    &tail), out.cap >= 100 ? LSM_OK : LSM_NO_MEMORY);
	mem_fail_at(0, false);
	buffer_free(&out);
	place_close(&p);
}

TEST("where LOCK cannot have its ring each commit writes to the file")
{
	static uint8_t image[PLACE_SEGMENT];
	struct case_cursor c = case_first();
	struct place p;
	uint64_t durable;
	rlim_t before;

	before = envkit_limit(1000);
	place_open(&p, env_posix(), true);
	envkit_limit(before);
	CHECK(!p.tail.trusted);
	place_switch(&p, case_first(), 0);
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	CHECK_OK(place_put(&p, 200, CASE_PUT));
	CHECK(place_file(&p, 1, image, sizeof image) >= p.at.offset);
	CHECK(case_follow_all(&c, image + c.offset, p.at.offset));
	CHECK_OK(p.ops->log_scrub(p.log));
	CHECK_OK(p.ops->log_sync(p.log, &durable));
	CHECK_EQ(durable, log_position(1, p.at.offset));
	place_close(&p);
}

TEST("no memory for a long record harms nothing")
{
	struct place p;
	uint8_t *to;

	place_start(&p, env_posix());
	mem_fail_at(1, false);
	CHECK_CODE(p.ops->log_reserve(p.log, 1 << 20, &to), LSM_NO_MEMORY);
	CHECK(to == NULL);
	CHECK_OK(place_put(&p, 1 << 20, CASE_PUT));
	CHECK_CODE(p.ops->log_reserve(p.log, UINT32_MAX - 100, &to),
	    LSM_TOO_LARGE);
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	place_close(&p);
}

TEST("nothing stays in a scrubbed ring")
{
	static uint8_t ring[RING_SIZE], zeros[RING_SIZE];
	struct place p;
	int fd;

	place_start(&p, env_posix());
	for (int i = 0; i < 30; i++)
		CHECK_OK(place_put(&p, 5000, CASE_PUT));
	CHECK_OK(p.ops->log_scrub(p.log));
	fd = open(test_path("LOCK"), O_RDONLY);
	CHECK(pread(fd, ring, sizeof ring, LOCK_RING) == sizeof ring);
	CHECK(close(fd) == 0);
	CHECK(memcmp(ring, zeros, sizeof ring) == 0);
	place_close(&p);
}

TEST("a segment is recycled, unless it has another name")
{
	static uint8_t got[8192];
	struct place p;

	place_open(&p, env_posix(), true);
	CHECK_OK(p.ops->log_prepare(p.dir, "000001.log", NULL, 8192,
	    text("first")));
	CHECK_OK(p.ops->log_prepare(p.dir, "000002.log", "000001.log", 4096,
	    text("2nd")));
	CHECK_EQ(place_file(&p, 2, got, sizeof got), 8192);
	CHECK_BYTES(bytes(got, 5), "2ndst");
	CHECK(access(test_path("000001.log"), F_OK) != 0);
	CHECK(link(test_path("000002.log"), test_path("kept")) == 0);
	CHECK_OK(p.ops->log_prepare(p.dir, "000003.log", "000002.log", 4096,
	    text("3")));
	CHECK_EQ(place_file(&p, 3, got, sizeof got), 4096);
	CHECK(access(test_path("000002.log"), F_OK) != 0);
	CHECK_CODE(p.ops->log_prepare(p.dir, "000003.log", NULL, 0, text("4")),
	    LSM_EXISTS);
	CHECK_EQ(place_file(&p, 3, got, sizeof got), 4096);
	place_close(&p);
}

TEST("a child of fork may close its copy of the log, and changes nothing")
{
	struct case_cursor c = case_first();
	struct env_tail tail;
	struct place p;
	int status;
	pid_t child;

	place_start(&p, env_posix());
	CHECK_OK(place_put(&p, 500, CASE_PUT));
	if ((child = fork()) == 0) {
		p.ops->log_close(p.log);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(tail.committed - tail.written, 500);
	CHECK_OK(place_put(&p, 500, CASE_PUT));
	place_close(&p);
}
