/*
 * What a dead writer left: the end of its log, and whether the page in LOCK
 * that tells it is to be believed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "env/ring.h"
#include "support/envkit.h"
#include "support/place.h"

/* Run in a child that then dies without closing anything. */
static void
die_after(void (*run)(struct place *))
{
	int status;
	pid_t child;

	test_dir();	/* the same for both */
	if ((child = fork()) == 0) {
		struct place p;

		place_open(&p, env_posix(), true);
		run(&p);
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status));
}

static void
write_two_and_die(struct place *p)
{
	place_switch(p, case_first(), 0);
	CHECK_OK(place_put(p, 500, CASE_PUT));
	CHECK_OK(place_put(p, 700, CASE_PUT));
}

/* As recovery does: what is committed and not in the file goes there. */
static void
attach(struct place *p, uint64_t number)
{
	struct buffer missing = { 0 };
	struct env_tail tail;

	CHECK_OK(p->ops->log_tail(p->dir, p->lock, place_id, number, 0,
	    &missing, &tail));
	place_attach(p, number, (uint32_t)p->tail.committed - missing.n,
	    buffer_bytes(&missing));
	buffer_free(&missing);
}

TEST("what a killed writer committed is completed by the next")
{
	struct case_cursor c = case_first();
	struct env_tail tail;
	struct place p;

	die_after(write_two_and_die);
	place_open(&p, env_posix(), true);
	CHECK(p.tail.trusted);
	CHECK_EQ(p.tail.committed - p.tail.written, 1200);
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 4);
	attach(&p, 1);
	CHECK_EQ(p.ops->log_committed(p.log), p.tail.committed);
	p.at = c;
	CHECK_OK(place_put(&p, 900, CASE_PUT));
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 5);
	CHECK_EQ((uint32_t)tail.written, CASE_START + CASE_HEADER + 1200);
	place_close(&p);
}

TEST("an orderly end leaves everything in the file")
{
	static uint8_t image[PLACE_SEGMENT];
	struct case_cursor c = case_first();
	struct place p;

	place_start(&p, env_posix());
	CHECK_OK(place_put(&p, 500, CASE_PUT));
	place_close(&p);
	place_open(&p, env_posix(), true);
	CHECK(p.tail.trusted && p.tail.written == p.tail.committed);
	CHECK_EQ(place_file(&p, 1, image, sizeof image), PLACE_SEGMENT);
	CHECK(case_follow_all(&c, image + c.offset,
	    (uint32_t)p.tail.committed));
	CHECK_EQ(c.sequence, 3);
	place_close(&p);
}

/* Nothing may be believed of LOCK as it is now. */
static void
check_distrusted(void)
{
	struct buffer out = { 0 };
	struct env_tail tail;
	struct place p;

	place_open(&p, env_posix(), false);
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, place_id, 1, 0, &out, &tail));
	CHECK(!tail.trusted && out.n == 0);
	CHECK_EQ(tail.written | tail.committed | tail.pid, 0);
	place_close(&p);
	place_open(&p, env_posix(), true);
	CHECK(!p.tail.trusted);
	place_close(&p);
}

static void
poke_lock(off_t at, const void *from, size_t n)
{
	int fd = open(test_path("LOCK"), O_RDWR);

	CHECK(pwrite(fd, from, n, at) == (ssize_t)n);
	CHECK(close(fd) == 0);
}

TEST("a page of another boot, database, file or layout is not believed")
{
	static const off_t fields[] = { 0, 8, 12, 16, 32, 48, 56 };
	uint8_t before[64], other;

	die_after(write_two_and_die);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		int fd = open(test_path("LOCK"), O_RDONLY);

		CHECK(pread(fd, before, sizeof before, 0) == sizeof before);
		CHECK(close(fd) == 0);
		other = (uint8_t)(before[fields[i]] + 1);
		poke_lock(fields[i], &other, 1);
		check_distrusted();
		poke_lock(0, before, sizeof before);
	}
}

/* What LOCK has of log 1, whatever its words say. */
static uint64_t
unproven(void)
{
	static uint8_t image[CASE_START + CASE_HEADER + RING_SIZE];
	struct case_cursor c = case_first();
	struct buffer ring = { 0 };
	struct place p;

	place_open(&p, env_posix(), false);
	CHECK(place_file(&p, 1, image, sizeof image) > 0);
	CHECK(case_follow(&c, image + c.offset, CASE_HEADER));
	CHECK_OK(p.ops->log_ring(p.lock, c.offset, &ring));
	CHECK_EQ(ring.n, RING_SIZE);
	for (uint64_t at = 0; at < ring.n && case_follow(&c, ring.p + at,
	    ring.n - at);)
		at = c.offset - CASE_START - CASE_HEADER;
	buffer_free(&ring);
	place_close(&p);
	return c.sequence - 1;
}

TEST("the ring is there to be proven, whatever became of the page")
{
	static const uint8_t noise[LOCK_RING] = { 1, 2, 3 };

	die_after(write_two_and_die);
	CHECK_EQ(unproven(), 3);
	poke_lock(0, noise, sizeof noise);
	check_distrusted();
	CHECK_EQ(unproven(), 3);
	CHECK(truncate(test_path("LOCK"), LOCK_RING + 1000) == 0);
	CHECK_EQ(unproven(), 2);
	CHECK(truncate(test_path("LOCK"), LOCK_SIZE) == 0);
	CHECK_EQ(unproven(), 2);
	CHECK(truncate(test_path("LOCK"), 0) == 0);
	CHECK_EQ(unproven(), 1);
}

TEST("reading a ring that nobody vouches for survives failed allocations")
{
	struct buffer ring = { 0 };
	struct place p;
	int rc = LSM_NO_MEMORY;

	die_after(write_two_and_die);
	place_open(&p, env_posix(), false);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = p.ops->log_ring(p.lock, 64, &ring);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || (rc == LSM_NO_MEMORY && ring.n == 0));
	}
	buffer_free(&ring);
	place_close(&p);
}

TEST("words that no writer leaves are not believed")
{
	uint64_t words[2] = { log_position(1, 64), 0 };

	die_after(write_two_and_die);
	words[1] = log_position(1, 64 + RING_SIZE + 1);
	poke_lock(128, &words[0], 8);
	poke_lock(192, &words[1], 8);
	check_distrusted();
	words[1] = log_position(2, 64);
	poke_lock(192, &words[1], 8);
	check_distrusted();
}

TEST("a copied LOCK is not believed")
{
	static uint8_t whole[LOCK_SIZE];
	int fd;

	die_after(write_two_and_die);
	fd = open(test_path("LOCK"), O_RDONLY);
	CHECK(read(fd, whole, sizeof whole) == sizeof whole);
	CHECK(close(fd) == 0);
	CHECK(rename(test_path("LOCK"), test_path("old")) == 0);
	fd = open(test_path("LOCK"), O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, whole, sizeof whole) == sizeof whole);
	CHECK(close(fd) == 0);
	check_distrusted();
}

TEST("a short LOCK is not mapped, and the next writer fills it")
{
	struct place p;

	die_after(write_two_and_die);
	CHECK(truncate(test_path("LOCK"), 4096 + 100) == 0);
	place_open(&p, env_posix(), false);
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, place_id, 1, 0, NULL, &p.tail));
	CHECK(!p.tail.trusted);
	place_close(&p);
	place_open(&p, env_posix(), true);
	place_close(&p);
	CHECK(truncate(test_path("000001.log"), 0) == 0);
	place_open(&p, env_posix(), true);
	p.at = (struct case_cursor){ 1, 0, 1, false };
	place_attach(&p, 1, 0, text(""));
	CHECK_OK(place_put(&p, 100, CASE_PUT));
	CHECK_EQ(p.ops->log_committed(p.log), log_position(1, 100));
	place_close(&p);
}

static void
fail_and_die(struct place *p)
{
	uint64_t durable;

	place_switch(p, case_first(), 0);
	CHECK_OK(place_put(p, 5000, CASE_PUT));
	envkit_limit(3000);
	CHECK_CODE(p->ops->log_flush(p->log), LSM_IO);
	envkit_limit(RLIM_INFINITY);
	CHECK_CODE(place_put(p, 100, CASE_PUT), LSM_IO);
	CHECK_STR(lsm_message(),
	    "000001.log: offset 3000: write: File too large");
	CHECK_CODE(p->ops->log_flush(p->log), LSM_IO);
	CHECK_CODE(p->ops->log_scrub(p->log), LSM_IO);
	CHECK_CODE(p->ops->log_sync(p->log, &durable), LSM_IO);
	CHECK_EQ(durable, 0);
	CHECK_CODE(p->ops->log_switch(p->log, "000001.log", 2, 64, text("x")),
	    LSM_IO);
}

TEST("a failed write is final for the handle, not for the tail")
{
	struct case_cursor c = case_first();
	struct env_tail tail;
	struct place p;

	die_after(fail_and_die);
	place_open(&p, env_posix(), true);
	CHECK(p.tail.trusted);
	CHECK_EQ(p.tail.committed - p.tail.written, 5000);
	CHECK(place_follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 3);
	attach(&p, 1);
	CHECK_OK(p.ops->log_flush(p.log));
	place_close(&p);
}
