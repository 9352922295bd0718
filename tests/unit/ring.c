#define _GNU_SOURCE
#include "env/ring.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "env/files.h"
#include "support/ring_case.h"
#include "support/test.h"

enum { SEGMENT = 256 << 10 };

static const uint8_t id[16] = "a database's id";

/* A writer, or with `create` false a reader, of the test's directory. */
struct place {
	const struct env_ops *ops;
	struct env_dir *dir;
	struct env_lock *lock;
	struct env_log *log;
	struct env_tail tail;
	struct case_cursor at;
};

static const char *
path(const char *name)
{
	static char text[2][512];
	static unsigned turn;
	char *to = text[turn++ % 2];

	snprintf(to, sizeof text[0], "%s/%s", test_dir(), name);
	return to;
}

static void
place_open(struct place *p, bool writer)
{
	bool created;

	memset(p, 0, sizeof *p);
	p->ops = env_posix()->ops;
	CHECK_OK(p->ops->dir_open(env_posix(), test_dir(), true, &p->dir,
	    &created));
	CHECK_OK(p->ops->lock_open(p->dir, writer, &p->lock));
	if (!writer)
		return;
	CHECK_OK(p->ops->lock_hold(p->lock, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(p->ops->log_open(p->dir, p->lock, id, &p->log, &p->tail));
}

static void
place_close(struct place *p)
{
	p->ops->log_close(p->log);
	p->ops->lock_close(p->lock);
	p->ops->dir_close(p->dir);
}

static void
switch_to(struct place *p, struct case_cursor next)
{
	char name[FILE_NAME_MAX];
	uint8_t head[CASE_START] = "head", first[CASE_HEADER];

	file_name(name, FILE_LOG, next.number);
	CHECK_OK(p->ops->log_prepare(p->dir, name, NULL, SEGMENT,
	    bytes(head, sizeof head)));
	case_write(first, &next, sizeof first, CASE_PUT, NULL);
	CHECK_OK(p->ops->log_switch(p->log, name, next.number, CASE_START,
	    bytes(first, sizeof first)));
	p->at = next;
	p->at.offset += sizeof first;
	p->at.sequence++;
}

static void
place_start(struct place *p)
{
	place_open(p, true);
	switch_to(p, (struct case_cursor){ 1, CASE_START, 1, false });
}

static int
put_kind(struct place *p, uint32_t size, uint32_t kind)
{
	uint8_t *to;
	int rc = p->ops->log_reserve(p->log, size, &to);

	if (rc != LSM_OK)
		return rc;
	case_write(to, &p->at, size, kind, NULL);
	rc = p->ops->log_commit(p->log, size);
	if (rc == LSM_OK) {
		p->at.offset += size;
		p->at.sequence++;
	}
	return rc;
}

static int
put(struct place *p, uint32_t size)
{
	return put_kind(p, size, CASE_PUT);
}

/* The bytes of a segment as its file has them. */
static size_t
read_file(struct place *p, uint64_t number, uint8_t *to, size_t n)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	size_t got;

	file_name(name, FILE_LOG, number);
	CHECK_OK(p->ops->file_open(p->dir, name, ENV_READ, &file));
	CHECK_OK(p->ops->file_read(file, 0, to, n, &got));
	CHECK_OK(p->ops->file_close(file));
	return got;
}

/* File and ring together hold whole records up to `committed`; *c moves. */
static bool
follow(struct place *p, struct case_cursor *c, struct env_tail *tail)
{
	static uint8_t image[4 << 20];
	struct buffer ring = { 0 };
	bool whole = true;
	uint64_t end;

	CHECK_OK(p->ops->log_tail(p->dir, p->lock, id, c->number, CASE_START,
	    &ring, tail));
	CHECK(tail->trusted);
	read_file(p, c->number, image, sizeof image);
	end = tail->committed >> 32 == c->number ?
	    (uint32_t)tail->committed : 0;
	if (ring.n > 0)
		memcpy(image + end - ring.n, ring.p, ring.n);
	buffer_free(&ring);
	if (end > 0)
		return case_follow_all(c, image + c->offset, end);
	while (whole && !c->closed)
		whole = case_follow(c, image + c->offset,
		    sizeof image - c->offset);
	return whole;
}

TEST("a commit is seen by others before it is in the file")
{
	struct place p, reader;
	struct buffer out = { 0 };
	struct env_tail tail;

	place_start(&p);
	place_open(&reader, false);
	CHECK_OK(put(&p, 100));
	CHECK_OK(p.ops->log_tail(reader.dir, reader.lock, id, 1, CASE_START,
	    &out, &tail));
	CHECK(tail.trusted && !tail.syncing);
	CHECK_EQ(tail.written, log_position(1, CASE_START + CASE_HEADER));
	CHECK_EQ(tail.committed, log_position(1, p.at.offset));
	CHECK_EQ(tail.pid, getpid());
	CHECK_EQ(out.n, 100);
	CHECK_OK(p.ops->log_flush(p.log));
	CHECK_OK(p.ops->log_tail(reader.dir, reader.lock, id, 1, CASE_START,
	    &out, &tail));
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
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct place p;
	struct env_tail tail;

	place_start(&p);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		CHECK_OK(put(&p, 40));
		CHECK_OK(put(&p, sizes[i]));
		CHECK(follow(&p, &c, &tail));
		CHECK_EQ(c.sequence, p.at.sequence);
	}
	CHECK_EQ(p.ops->log_committed(p.log), log_position(1, c.offset));
	place_close(&p);
}

TEST("the ring goes around many times and loses nothing")
{
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct random random = { test_seed() };
	struct env_tail tail;
	struct place p;
	uint64_t durable;

	place_start(&p);
	for (int i = 0; i < 600; i++) {
		CHECK_OK(put(&p, CASE_HEADER +
		    (uint32_t)random_below(&random, 2000)));
		if (i % 100 == 7)
			CHECK_OK(p.ops->log_sync(p.log, &durable));
		if (i % 50 == 3)
			CHECK(follow(&p, &c, &tail));
	}
	CHECK(follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, p.at.sequence);
	CHECK(tail.committed - tail.written < RING_PIECE);
	place_close(&p);
}

TEST("a switch leaves the older log whole in its file")
{
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct env_tail tail;
	struct place p;
	uint64_t durable;

	place_start(&p);
	CHECK_OK(put(&p, 3000));
	CHECK_OK(put_kind(&p, 32, CASE_CLOSE));
	switch_to(&p, (struct case_cursor){ 2, CASE_START, p.at.sequence,
	    false });
	CHECK_OK(put(&p, 50));
	CHECK(follow(&p, &c, &tail));
	CHECK(c.closed);
	c = case_next_log(&c);
	CHECK(follow(&p, &c, &tail));
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

	place_start(&p);
	from = p.at.offset;
	CHECK_OK(put(&p, 100));
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 1, from + 60, &out, &tail));
	CHECK_EQ(out.n, 40);
	out.n = 0;
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 1, from + 100, &out,
	    &tail));
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 1, from + 999, &out,
	    &tail));
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 2, 0, &out, &tail));
	CHECK_EQ(out.n, 0);
	CHECK_EQ(tail.committed, log_position(1, from + 100));
	mem_fail_at(1, false);
	CHECK_CODE(p.ops->log_tail(p.dir, p.lock, id, 1, from, &out, &tail),
	    out.cap >= 100 ? LSM_OK : LSM_NO_MEMORY);
	mem_fail_at(0, false);
	buffer_free(&out);
	place_close(&p);
}

/* Run in a child that then dies without closing anything. */
static void
die_after(void (*run)(struct place *))
{
	int status;
	pid_t child;

	test_dir();	/* the same for both */
	if ((child = fork()) == 0) {
		struct place p;

		place_open(&p, true);
		run(&p);
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status));
}

static void
write_two_and_die(struct place *p)
{
	switch_to(p, (struct case_cursor){ 1, CASE_START, 1, false });
	CHECK_OK(put(p, 500));
	CHECK_OK(put(p, 700));
}

/* As recovery does: what is committed and not in the file goes there. */
static void
attach(struct place *p, uint64_t number)
{
	char name[FILE_NAME_MAX];
	struct buffer missing = { 0 };
	struct env_tail tail;
	uint64_t at;

	file_name(name, FILE_LOG, number);
	CHECK_OK(p->ops->log_tail(p->dir, p->lock, id, number, 0, &missing,
	    &tail));
	at = (uint32_t)p->tail.committed - missing.n;
	CHECK_OK(p->ops->log_attach(p->log, name, number, at,
	    buffer_bytes(&missing)));
	buffer_free(&missing);
}

TEST("what a killed writer committed is completed by the next")
{
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct env_tail tail;
	struct place p;

	die_after(write_two_and_die);
	place_open(&p, true);
	CHECK(p.tail.trusted);
	CHECK_EQ(p.tail.committed - p.tail.written, 1200);
	CHECK(follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 4);
	attach(&p, 1);
	CHECK_EQ(p.ops->log_committed(p.log), p.tail.committed);
	p.at = c;
	CHECK_OK(put(&p, 900));
	CHECK(follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 5);
	CHECK_EQ((uint32_t)tail.written, CASE_START + CASE_HEADER + 1200);
	place_close(&p);
}

TEST("an orderly end leaves everything in the file")
{
	static uint8_t image[SEGMENT];
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct place p;

	place_start(&p);
	CHECK_OK(put(&p, 500));
	place_close(&p);
	place_open(&p, true);
	CHECK(p.tail.trusted && p.tail.written == p.tail.committed);
	CHECK_EQ(read_file(&p, 1, image, sizeof image), SEGMENT);
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

	place_open(&p, false);
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 1, 0, &out, &tail));
	CHECK(!tail.trusted && out.n == 0);
	CHECK_EQ(tail.written | tail.committed | tail.pid, 0);
	place_close(&p);
	place_open(&p, true);
	CHECK(!p.tail.trusted);
	place_close(&p);
}

static void
poke_lock(off_t at, const void *from, size_t n)
{
	int fd = open(path("LOCK"), O_RDWR);

	CHECK(pwrite(fd, from, n, at) == (ssize_t)n);
	CHECK(close(fd) == 0);
}

TEST("a page of another boot, database, file or layout is not believed")
{
	static const off_t fields[] = { 0, 8, 12, 16, 32, 48, 56 };
	uint8_t before[64], other;

	die_after(write_two_and_die);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		int fd = open(path("LOCK"), O_RDONLY);

		CHECK(pread(fd, before, sizeof before, 0) == sizeof before);
		CHECK(close(fd) == 0);
		other = (uint8_t)(before[fields[i]] + 1);
		poke_lock(fields[i], &other, 1);
		check_distrusted();
		poke_lock(0, before, sizeof before);
	}
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
	fd = open(path("LOCK"), O_RDONLY);
	CHECK(read(fd, whole, sizeof whole) == sizeof whole);
	CHECK(close(fd) == 0);
	CHECK(rename(path("LOCK"), path("old")) == 0);
	fd = open(path("LOCK"), O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, whole, sizeof whole) == sizeof whole);
	CHECK(close(fd) == 0);
	check_distrusted();
}

TEST("a short LOCK is not mapped, and the next writer fills it")
{
	struct place p;

	die_after(write_two_and_die);
	CHECK(truncate(path("LOCK"), 4096 + 100) == 0);
	place_open(&p, false);
	CHECK_OK(p.ops->log_tail(p.dir, p.lock, id, 1, 0, NULL, &p.tail));
	CHECK(!p.tail.trusted);
	place_close(&p);
	place_open(&p, true);
	place_close(&p);
	CHECK(truncate(path("000001.log"), 0) == 0);
	place_open(&p, true);
	p.at = (struct case_cursor){ 1, 0, 1, false };
	CHECK_OK(p.ops->log_attach(p.log, "000001.log", 1, 0, text("")));
	CHECK_OK(put(&p, 100));
	CHECK_EQ(p.ops->log_committed(p.log), log_position(1, 100));
	place_close(&p);
}

static rlim_t
limit_files(rlim_t size)
{
	struct rlimit limit;
	rlim_t before;

	signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	before = limit.rlim_cur;
	limit.rlim_cur = size;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	return before;
}

TEST("where LOCK cannot have its ring each commit writes to the file")
{
	static uint8_t image[SEGMENT];
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct place p;
	uint64_t durable;
	rlim_t before;

	before = limit_files(1000);
	place_open(&p, true);
	limit_files(before);
	CHECK(!p.tail.trusted);
	switch_to(&p, (struct case_cursor){ 1, CASE_START, 1, false });
	CHECK_OK(put(&p, 100));
	CHECK_OK(put(&p, 200));
	CHECK(read_file(&p, 1, image, sizeof image) >= p.at.offset);
	CHECK(case_follow_all(&c, image + c.offset, p.at.offset));
	CHECK_OK(p.ops->log_scrub(p.log));
	CHECK_OK(p.ops->log_sync(p.log, &durable));
	CHECK_EQ(durable, log_position(1, p.at.offset));
	place_close(&p);
}

static void
fail_and_die(struct place *p)
{
	uint64_t durable;

	switch_to(p, (struct case_cursor){ 1, CASE_START, 1, false });
	CHECK_OK(put(p, 5000));
	limit_files(3000);
	CHECK_CODE(p->ops->log_flush(p->log), LSM_IO);
	limit_files(RLIM_INFINITY);
	CHECK_CODE(put(p, 100), LSM_IO);
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
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct env_tail tail;
	struct place p;

	die_after(fail_and_die);
	place_open(&p, true);
	CHECK(p.tail.trusted);
	CHECK_EQ(p.tail.committed - p.tail.written, 5000);
	CHECK(follow(&p, &c, &tail));
	CHECK_EQ(c.sequence, 3);
	attach(&p, 1);
	CHECK_OK(p.ops->log_flush(p.log));
	place_close(&p);
}

TEST("no memory for a long record harms nothing")
{
	struct place p;
	uint8_t *to;

	place_start(&p);
	mem_fail_at(1, false);
	CHECK_CODE(p.ops->log_reserve(p.log, 1 << 20, &to), LSM_NO_MEMORY);
	CHECK(to == NULL);
	CHECK_OK(put(&p, 1 << 20));
	CHECK_CODE(p.ops->log_reserve(p.log, UINT32_MAX - 100, &to),
	    LSM_TOO_LARGE);
	CHECK_OK(put(&p, 100));
	place_close(&p);
}

TEST("nothing stays in a scrubbed ring")
{
	static uint8_t ring[RING_SIZE], zeros[RING_SIZE];
	struct place p;
	int fd;

	place_start(&p);
	for (int i = 0; i < 30; i++)
		CHECK_OK(put(&p, 5000));
	CHECK_OK(p.ops->log_scrub(p.log));
	fd = open(path("LOCK"), O_RDONLY);
	CHECK(pread(fd, ring, sizeof ring, LOCK_RING) == sizeof ring);
	CHECK(close(fd) == 0);
	CHECK(memcmp(ring, zeros, sizeof ring) == 0);
	place_close(&p);
}

TEST("a segment is recycled, unless it has another name")
{
	static uint8_t got[8192];
	struct place p;

	place_open(&p, true);
	CHECK_OK(p.ops->log_prepare(p.dir, "000001.log", NULL, 8192,
	    text("first")));
	CHECK_OK(p.ops->log_prepare(p.dir, "000002.log", "000001.log", 4096,
	    text("2nd")));
	CHECK_EQ(read_file(&p, 2, got, sizeof got), 8192);
	CHECK_BYTES(bytes(got, 5), "2ndst");
	CHECK(access(path("000001.log"), F_OK) != 0);
	CHECK(link(path("000002.log"), path("kept")) == 0);
	CHECK_OK(p.ops->log_prepare(p.dir, "000003.log", "000002.log", 4096,
	    text("3")));
	CHECK_EQ(read_file(&p, 3, got, sizeof got), 4096);
	CHECK(access(path("000002.log"), F_OK) != 0);
	CHECK_CODE(p.ops->log_prepare(p.dir, "000003.log", NULL, 0, text("4")),
	    LSM_EXISTS);
	CHECK_EQ(read_file(&p, 3, got, sizeof got), 4096);
	place_close(&p);
}

TEST("a child of fork may close its copy of the log, and changes nothing")
{
	struct case_cursor c = { 1, CASE_START, 1, false };
	struct env_tail tail;
	struct place p;
	int status;
	pid_t child;

	place_start(&p);
	CHECK_OK(put(&p, 500));
	if ((child = fork()) == 0) {
		p.ops->log_close(p.log);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	CHECK(follow(&p, &c, &tail));
	CHECK_EQ(tail.committed - tail.written, 500);
	CHECK_OK(put(&p, 500));
	place_close(&p);
}

/* Segments that only tell what was asked of them. */
struct told {
	struct ring_segment base;
	int syncs, fail_sync, closed, throughs;
	int *turn, synced_at;
};

static int
told_write(struct ring_segment *s, uint64_t at, const void *p, size_t n)
{
	(void)s;
	(void)at;
	(void)p;
	(void)n;
	return LSM_OK;
}

static int
told_sync(struct ring_segment *s)
{
	struct told *t = (struct told *)s;

	t->syncs++;
	t->synced_at = ++*t->turn;
	return t->fail_sync ? status_set(LSM_NO_SPACE, "t: sync: full") :
	    LSM_OK;
}

static void
told_close(struct ring_segment *s)
{
	((struct told *)s)->closed++;
}

static int
told_through(struct ring_segment *s, uint64_t at, const void *p, size_t n)
{
	struct told *t = (struct told *)s;

	CHECK(at == 64 && n == 1 && memcmp(p, "y", 1) == 0);
	t->throughs++;
	return t->fail_sync ? status_set(LSM_IO, "t: through") : LSM_OK;
}

static const struct ring_segment_ops told_ops = { told_write, told_sync,
	told_close, told_through };

TEST("the older segment is synced before the newer, and then let go")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_EQ(a.closed, 0);
	CHECK_OK(ring_sync(&r.base, &durable));
	CHECK_EQ(durable, log_position(2, 65));
	CHECK(a.synced_at == 1 && b.synced_at == 2 && a.closed == 1);
	CHECK_OK(ring_sync(&r.base, &durable));
	CHECK_EQ(b.syncs, 1);
	ring_release(&r, false);
	CHECK_EQ(b.closed, 1);
}

TEST("a failed sync is never tried again, and `syncing` stays")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn,
		.fail_sync = 1 };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;
	uint8_t *to;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	CHECK_EQ(load_acquire(&r.control->syncing), 1);
	a.fail_sync = 0;
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	CHECK_STR(lsm_message(), "t: sync: full");
	CHECK_CODE(ring_reserve(&r.base, 8, &to), LSM_IO);
	CHECK_EQ(a.syncs, 1);
	ring_release(&r, false);
}

TEST("what a segment was switched to with is synced alone, and tells nothing")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_CODE(ring_sync_start(&r.base, 1), LSM_UNSUPPORTED);
	CHECK_CODE(ring_sync_start(&r.base, 3), LSM_UNSUPPORTED);
	ring_forget(&r.base, 2, &durable);	/* it did not begin yet */
	CHECK(durable == 0 && a.closed == 0);
	CHECK_OK(ring_sync_start(&r.base, 2));
	CHECK_OK(ring_sync_start(&r.base, 2));
	CHECK(b.throughs == 1 && a.syncs + b.syncs == 0);
	CHECK(r.durable == 0 && load_acquire(&r.control->durable) == 0);
	CHECK_EQ(load_acquire(&r.control->syncing), 0);
	ring_forget(&r.base, 2, &durable);
	CHECK_EQ(durable, log_position(2, 65));
	CHECK_EQ(load_acquire(&r.control->durable), durable);
	CHECK(a.closed == 1 && a.syncs == 0);
	ring_release(&r, false);
	CHECK_EQ(b.closed, 1);
}

TEST("a start that was not synced is final, and nothing is forgotten")
{
	int turn = 0;
	struct told a = { .base = { .ops = &told_ops, .number = 1 },
		.turn = &turn };
	struct told b = { .base = { .ops = &told_ops, .number = 2 },
		.turn = &turn,
		.fail_sync = 1 };
	struct ring_identity identity = { 0 };
	struct ring r;
	uint64_t durable;

	ring_init(&r, env_posix(), (struct ring_memory){ 0 }, &identity, 1);
	CHECK_OK(ring_attach(&r, &a.base, 64, text("x")));
	CHECK_OK(ring_switch(&r, &b.base, 64, text("y")));
	CHECK_CODE(ring_sync_start(&r.base, 2), LSM_IO);
	CHECK_EQ(load_acquire(&r.control->syncing), 1);
	b.fail_sync = 0;
	CHECK_CODE(ring_sync_start(&r.base, 2), LSM_IO);
	CHECK_EQ(b.throughs, 1);
	CHECK_CODE(ring_sync(&r.base, &durable), LSM_IO);
	ring_forget(&r.base, 2, &durable);
	CHECK(durable == 0 && a.closed == 0);
	ring_release(&r, false);
}
