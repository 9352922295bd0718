#include "log/log.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "support/logkit.h"

TEST("what is appended is replayed, across segments")
{
	struct logkit k;

	logkit_init(&k);
	logkit_start(&k, 1, NULL);
	for (int i = 0; i < 20; i++)
		logkit_put(&k, (size_t)i * 7);
	logkit_batch(&k, 9);
	logkit_batch(&k, 0);
	logkit_rotate(&k, 2);
	logkit_put(&k, 1);
	logkit_rotate(&k, 5);
	logkit_batch(&k, 3);
	CHECK_REPLAY(&k, LSM_OK, 33);
	logkit_release(&k);
}

/* 000001.log and 000002.log of tests/data; LSM_REGOLD=1 writes them anew. */
static void
golden(struct logkit *k)
{
	logkit_init(k);
	logkit_start(k, 1, NULL);
	logkit_put(k, 10);
	logkit_batch(k, 5);
	logkit_sync(k);
	logkit_put(k, 0);
	logkit_rotate(k, 2);
	logkit_put(k, 3);
	CHECK_OK(log_leave(k->log, k->sequence, true));
}

static size_t
golden_read(const char *name, uint8_t *room, size_t size)
{
	FILE *f = fopen(test_data(name), "rb");
	size_t n;

	CHECK(f != NULL);
	n = fread(room, 1, size, f);
	fclose(f);
	return n;
}

/* As long as the kept one: zeros follow. */
static void
golden_write(const char *name, const uint8_t *p, size_t n)
{
	FILE *f = fopen(test_data(name), "wb");

	CHECK(f != NULL && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

TEST("logs are written byte by byte as they always were")
{
	static const char *const names[] = { "log/000001.log",
		"log/000002.log" };
	static uint8_t room[8192], zeros[128 << 10];
	struct logkit k;
	struct logfile *f;
	size_t n;

	golden(&k);
	for (uint64_t i = 0; i < 2; i++) {
		f = logkit_file(&k, i + 1);
		n = golden_read(names[i], room, sizeof room);
		CHECK(n > BLOCK_UNIT && n < f->n);
		if (getenv("LSM_REGOLD") != NULL) {
			golden_write(names[i], f->p, n);
			n = golden_read(names[i], room, sizeof room);
		}
		CHECK(memcmp(f->p, room, n) == 0);
		CHECK(memcmp(f->p + n, zeros, f->n - n) == 0);
		memcpy(f->p, room, n);
		f->n = n;
	}
	CHECK_REPLAY(&k, LSM_OK, 8);
	logkit_release(&k);
}

TEST_SOLO("records of every size go through")
{
	static const size_t sizes[] = { 0, 1, 4000, 16 << 10, (16 << 10) + 1,
		64 << 10, (64 << 10) + 8, 1 << 20, 20 << 20 };
	struct logkit k;

	logkit_init(&k);
	k.env->ring = true;
	logkit_start(&k, 1, NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		logkit_put(&k, sizes[i]);
		logkit_put(&k, 5);
	}
	CHECK_OK(log_leave(k.log, k.sequence, true));
	CHECK_REPLAY(&k, LSM_OK, k.sequence);
	logkit_release(&k);
}

TEST("a watermark is written once after each sync")
{
	struct log_reader *r;
	struct record record;
	struct logkit k;
	uint64_t durable;

	logkit_small(&k);
	durable = log_durable(k.log);
	logkit_put(&k, 1);
	CHECK_OK(log_reader_open(&k.env->dir, "000001.log", NULL,
	    bytes(NULL, 0), 0, &r));
	for (int i = 0; i < 5; i++) {
		CHECK_OK(log_reader_next(r, &record));
		CHECK_EQ(record.has_watermark, i == 3);
		if (i == 3)
			CHECK(record.watermark == durable);
	}
	CHECK_CODE(log_reader_next(r, &record), LSM_NOTFOUND);
	log_reader_free(r);
	logkit_release(&k);
}

TEST("a sync that is not needed does not happen")
{
	struct logkit k;

	logkit_small(&k);
	logkit_sync(&k);
	CHECK_EQ(log_syncs(k.log), 2);
	logkit_sync(&k);
	CHECK_OK(log_sync(k.log, 0));
	CHECK_EQ(log_syncs(k.log), 2);
	CHECK(log_durable(k.log) == k.position);
	logkit_release(&k);
}

TEST("a failed sync is never retried and fences the log")
{
	struct logkit k;
	uint8_t *p;

	logkit_small(&k);
	k.env->fail_sync = LSM_IO;
	CHECK_CODE(log_sync(k.log, k.position), LSM_IO);
	CHECK_CODE(log_sync(k.log, k.position), LSM_IO);
	CHECK_EQ(k.env->syncs, 2);
	CHECK(strncmp(lsm_message(), "fenced: ", 8) == 0);
	CHECK_CODE(log_begin(k.log, RECORD_PUT, 3, &p), LSM_IO);
	CHECK(p == NULL);
	CHECK_CODE(log_leave(k.log, k.sequence, true), LSM_IO);
	CHECK_CODE(log_scrub(k.log), LSM_IO);
	logkit_release(&k);
}

TEST("a sync that finds no space is not taken for a harmless failure")
{
	struct logkit k;

	logkit_small(&k);
	k.env->fail_sync = LSM_NO_SPACE;
	CHECK_CODE(log_sync(k.log, k.position), LSM_IO);
	logkit_release(&k);
}

TEST("no space and no memory before the first byte are harmless")
{
	struct logkit k;
	uint8_t *p;

	logkit_small(&k);
	k.env->fail_reserve = LSM_NO_SPACE;
	CHECK_CODE(log_begin(k.log, RECORD_PUT, 3, &p), LSM_NO_SPACE);
	k.env->fail_reserve = LSM_NO_MEMORY;
	CHECK_CODE(log_begin(k.log, RECORD_PUT, 3, &p), LSM_NO_MEMORY);
	logkit_put(&k, 3);
	CHECK_REPLAY(&k, LSM_OK, 4);
	logkit_release(&k);
}

TEST("a failed append or switch fences the log")
{
	struct logkit k;
	uint64_t position;
	uint8_t *p;

	logkit_small(&k);
	k.env->fail_commit = LSM_IO;
	CHECK_OK(log_begin(k.log, RECORD_DELETE, 0, &p));
	CHECK_CODE(log_append(k.log, 4, &position), LSM_IO);
	CHECK_EQ(position, 0);
	CHECK_CODE(log_begin(k.log, RECORD_DELETE, 0, &p), LSM_IO);
	logkit_release(&k);

	logkit_small(&k);
	k.env->fail_switch = LSM_IO;
	CHECK_OK(log_prepare(k.log, 2, NULL, 1));
	CHECK_CODE(log_rotate(k.log, 4), LSM_IO);
	CHECK_CODE(log_begin(k.log, RECORD_DELETE, 0, &p), LSM_IO);
	CHECK_REPLAY(&k, LSM_OK, 3);
	logkit_release(&k);
}

TEST("a record that a segment cannot hold is refused before it begins")
{
	struct logkit k;
	uint8_t *p;

	logkit_small(&k);
	CHECK_CODE(log_begin(k.log, RECORD_PUT, UINT32_MAX, &p),
	    LSM_TOO_LARGE);
	CHECK(p == NULL);
	logkit_put(&k, 1);
	logkit_release(&k);
}

TEST("a log goes on behind the end of another writer")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	k.env->ring = true;
	k.boot = true;
	logkit_put(&k, 100);
	logkit_die(&k);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(r.out.same_boot);
	CHECK(r.out.missing.n != 0);
	logkit_writer(&k);
	CHECK_OK(log_continue(k.log, &r.out.last,
	    buffer_bytes(&r.out.missing)));
	logkit_replayed_release(&r);
	logkit_put(&k, 8);
	CHECK_OK(log_leave(k.log, k.sequence, true));
	logkit_die(&k);
	logenv_reboot(k.env);
	CHECK_REPLAY(&k, LSM_OK, 5);
	logkit_release(&k);
}

TEST("a recycled file becomes a segment under its new name")
{
	struct logkit k;

	logkit_small(&k);
	logkit_rotate(&k, 2);
	logkit_put(&k, 3);
	CHECK_OK(log_prepare(k.log, 3, "000001.log", 7));
	CHECK_OK(log_rotate(k.log, k.sequence + 1));
	logkit_put(&k, 3);
	k.first = 2;
	CHECK(logenv_file(k.env, "000001.log") == NULL);
	CHECK_REPLAY(&k, LSM_OK, 5);
	logkit_release(&k);
}

TEST("without memory there is no log, and nothing is left behind")
{
	struct log_options o = { 0 };
	struct logenv *e = logenv_new();
	struct log *log;

	o.env_log = logenv_open_log(e);
	mem_fail_at(1, false);
	CHECK_CODE(log_new(&o, &log), LSM_NO_MEMORY);
	CHECK(log == NULL);
	logenv_free(e);
}

/* Group commit: threads append under a lock, as the engine does, rotate now
 * and then, and sync. */
enum { THREADS = 4, COMMITS = 300 };

struct commits {
	struct logkit k;
	struct mutex mu;
	int commits, wrong;
	uint64_t rotate_every, segments;
};

static int
commit_locked(struct commits *c, uint64_t *position)
{
	uint8_t *p;
	int rc = log_begin(c->k.log, RECORD_DELETE, 0, &p);

	if (rc == LSM_OK)
		rc = log_append(c->k.log, ++c->k.sequence, position);
	if (rc != LSM_OK || c->k.sequence % c->rotate_every != 0)
		return rc;
	rc = log_prepare(c->k.log, ++c->segments, NULL, 1);
	return rc == LSM_OK ? log_rotate(c->k.log, c->k.sequence + 1) : rc;
}

static void
committer(void *arg)
{
	struct commits *c = arg;
	uint64_t position;
	int bad;

	for (int i = 0; i < c->commits; i++) {
		mutex_lock(&c->mu);
		bad = commit_locked(c, &position);
		mutex_unlock(&c->mu);
		if (!bad)
			bad = log_sync(c->k.log, position);
		if (bad || log_durable(c->k.log) < position) {
			mutex_lock(&c->mu);
			c->wrong++;
			mutex_unlock(&c->mu);
		}
	}
}

static void
commits_init(struct commits *c, int commits, uint64_t rotate_every)
{
	*c = (struct commits){ .commits = commits, .segments = 1,
		.rotate_every = rotate_every };
	mutex_init(&c->mu);
	logkit_init(&c->k);
	c->k.env->ring = true;
	logkit_start(&c->k, 1, NULL);
}

static void
commits_release(struct commits *c)
{
	mutex_release(&c->mu);
	logkit_release(&c->k);
}

TEST("threads that wait together share a sync")
{
	struct thread threads[THREADS];
	struct commits c;

	commits_init(&c, COMMITS, 100);
	for (int i = 0; i < THREADS; i++)
		CHECK_OK(thread_start(&threads[i], committer, &c));
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	CHECK_EQ(c.wrong, 0);
	CHECK_EQ(c.k.sequence, THREADS * COMMITS);
	CHECK(log_syncs(c.k.log) < THREADS * COMMITS);
	commits_release(&c);
}

#ifdef LSM_SCHED
static void
stepped(uint64_t seed, bool fails)
{
	struct sched_thread threads[THREADS];
	struct commits c;

	commits_init(&c, 5, 3);
	for (int i = 0; i < THREADS; i++)
		threads[i] = (struct sched_thread){ committer, &c };
	if (fails) {
		c.k.env->fail_sync = LSM_IO;
		c.k.env->for_ever = false;
	}
	CHECK_EQ(sched_run(seed, 2, threads, THREADS), SCHED_DONE);
	if (fails) {
		CHECK(c.wrong > 0);
		CHECK_EQ(c.k.env->syncs, 1);
	} else {
		CHECK_EQ(c.wrong, 0);
		CHECK(log_syncs(c.k.log) <= THREADS * 5);
	}
	commits_release(&c);
}

TEST("whatever the threads' order, each commit is durable when it returns")
{
	for (uint64_t i = 0; i < 300; i++)
		stepped(test_seed() * 1000 + i, false);
}

TEST("whatever the threads' order, a failed sync is the last one")
{
	for (uint64_t i = 0; i < 300; i++)
		stepped(test_seed() * 1000 + i, true);
}
#endif
