/*
 * Replay with the ring that a killed writer left behind.
 */
#include "log/replay.h"

#include "base/alloc.h"
#include "support/logkit.h"

/* A writer with a ring that died: log 1 in the file, more in the ring. */
static void
killed(struct logkit *k)
{
	logkit_small(k);
	k->env->ring = true;
	k->boot = true;
	logkit_put(k, 40);
	logkit_batch(k, 2);
	logkit_die(k);
}

TEST("the ring completes the file of a killed writer")
{
	struct replayed r;
	struct logkit k;

	killed(&k);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 6);
	CHECK(r.out.same_boot && !r.out.clean && !r.out.syncing);
	CHECK(r.out.missing.n > 0);
	CHECK_EQ(r.out.last.size, (uint32_t)k.position);
	logkit_replayed_release(&r);
	k.boot = false;
	CHECK_REPLAY(&k, LSM_OK, 3);
	logkit_release(&k);
}

TEST_SOLO("a piece boundary inside a record is joined")
{
	struct replayed r;
	struct logkit k;

	for (uint32_t cut = 0; cut < 120; cut += 3) {
		killed(&k);
		/* More of the ring reached the file than `written` says, or
		 * `written` says so as well. */
		struct logfile *f = logkit_file(&k, 1);
		uint32_t at = (uint32_t)k.env->written;

		memcpy(f->p + at, k.env->tail.p, cut);
		if (cut % 2) {
			k.env->written += cut;
			memmove(k.env->tail.p, k.env->tail.p + cut,
			    k.env->tail.n - cut);
			k.env->tail.n -= cut;
		}
		CHECK_OK(logkit_replay(&k, &r));
		CHECK_EQ(r.to, 6);
		CHECK(r.out.same_boot);
		logkit_replayed_release(&r);
		logkit_release(&k);
	}
}

TEST("a ring that does not verify is not believed")
{
	struct replayed r;
	struct logkit k;

	killed(&k);
	k.env->tail.p[20] ^= 1;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK(!r.out.same_boot);
	CHECK_EQ(r.out.missing.n, 0);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("of a torn ring what verifies is kept, for the file too")
{
	struct replayed r;
	struct logkit k;

	for (int trusted = 0; trusted < 2; trusted++) {
		killed(&k);
		k.env->tail.p[k.env->tail.n - 1] ^= 1;
		if (!trusted)
			logenv_distrust(k.env);
		CHECK_OK(logkit_replay(&k, &r));
		CHECK_EQ(r.to, 4);
		CHECK(!r.out.same_boot);
		CHECK(r.out.missing.n > 0);
		CHECK_EQ(r.out.last.size - r.out.missing.n,
		    (uint32_t)k.env->written);
		logkit_replayed_release(&r);
		logkit_release(&k);
	}
}

TEST("a ring that nobody vouches for is read as far as it proves itself")
{
	struct replayed r;
	struct logkit k;

	killed(&k);
	logenv_distrust(k.env);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 6);
	CHECK(!r.out.same_boot && !r.out.clean && !r.out.syncing);
	CHECK_EQ(r.out.interrupted_log, 0);
	CHECK_EQ(r.out.last.size, (uint32_t)k.position);
	CHECK(bytes_equal(buffer_bytes(&r.out.missing),
	    buffer_bytes(&k.env->tail)));
	logkit_replayed_release(&r);
	k.env->tail.p[20] ^= 1;
	CHECK_REPLAY(&k, LSM_OK, 3);
	logkit_release(&k);
}

/* The last record but one begins in the file, where the piece ends. */
static void
killed_in_piece(struct logkit *k)
{
	uint8_t *p;
	size_t more;

	killed(k);
	logkit_release(k);
	logkit_small(k);
	k->env->ring = true;
	k->boot = true;
	logkit_put(k, ENV_PIECE - 2000 - (size_t)(uint32_t)k->position);
	CHECK_OK(k->env->env.ops->log_flush(log_door(k->log)));
	for (int i = 0; i < 2; i++)
		logkit_put(k, 3000);
	logkit_die(k);
	more = ENV_PIECE - (size_t)(uint32_t)k->env->written;
	p = logkit_file(k, 1)->p + (uint32_t)k->env->written;
	memcpy(p, k->env->tail.p, more);
	memmove(k->env->tail.p, k->env->tail.p + more,
	    k->env->tail.n -= more);
	k->env->written += more;
}

TEST("a record that is in the file in part is joined without words")
{
	struct replayed r;
	struct logkit k;

	killed_in_piece(&k);
	logenv_distrust(k.env);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, k.sequence);
	CHECK_EQ(r.out.last.size, (uint32_t)k.position);
	CHECK_EQ(r.out.last.size - r.out.missing.n, ENV_PIECE);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a record that a killed writer had no time to announce counts as well")
{
	struct replayed r;
	struct logkit k;
	uint64_t all, first;
	uint32_t previous;

	killed(&k);
	all = k.env->committed;
	CHECK(record_framed(k.env->tail.p, &previous, &first));
	for (int trusted = 0; trusted < 2; trusted++) {
		k.env->trusted = trusted;
		k.env->committed = k.env->written + first;
		CHECK_OK(logkit_replay(&k, &r));
		CHECK_EQ(r.to, 6);
		CHECK_EQ(r.out.same_boot, trusted);
		CHECK_EQ(r.out.last.size, (uint32_t)all);
		CHECK(bytes_equal(buffer_bytes(&r.out.missing),
		    buffer_bytes(&k.env->tail)));
		logkit_replayed_release(&r);
	}
	logkit_release(&k);
}

/* Its file lacks the end that the next one names: the power failed, and LOCK
 * came through. */
TEST("a log behind which another has begun is not looked for in the ring")
{
	struct replayed r;
	struct logkit k;
	uint64_t written;

	killed(&k);
	logenv_distrust(k.env);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 6);
	written = k.env->written;
	logkit_writer(&k);
	logkit_start(&k, 2, &r.out.last);
	logkit_replayed_release(&r);
	logkit_put(&k, 5);
	CHECK_OK(k.env->env.ops->log_flush(log_door(k.log)));
	logenv_distrust(k.env);
	k.env->written = written;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK_EQ(r.out.missing.n, 0);
	CHECK_EQ(r.out.interrupted_log, 1);
	CHECK_EQ(r.out.aside_count, 1);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a LOCK that was set back cuts nothing")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	k.boot = true;
	k.env->committed -= 64;
	k.env->written = k.env->committed;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK(r.out.same_boot);
	CHECK_EQ(r.out.last.size, (uint32_t)k.position);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("words that name no live log prove nothing")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	k.boot = true;
	k.env->committed = k.env->written = 0;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(!r.out.same_boot);
	logkit_replayed_release(&r);
	k.env->committed = k.env->written = log_position(7, 4096);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(!r.out.same_boot);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a close mark in the ring is completed, then another log begins")
{
	struct replayed r;
	struct logkit k;
	uint8_t *p;

	killed(&k);
	logkit_writer(&k);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_OK(log_continue(k.log, &r.out.last,
	    buffer_bytes(&r.out.missing)));
	logkit_replayed_release(&r);
	CHECK_OK(log_prepare(k.log, 2, NULL, 1));
	CHECK_OK(log_begin(k.log, RECORD_CLOSE, 8, &p));
	put64(p, 2);
	CHECK_OK(log_append(k.log, k.sequence + 1, &k.position));
	logkit_die(&k);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(r.out.closed && r.out.same_boot && r.out.missing.n != 0);
	logkit_writer(&k);
	CHECK_OK(log_continue(k.log, &r.out.last,
	    buffer_bytes(&r.out.missing)));
	logkit_file(&k, 2)->name[0] = '\0';
	logkit_start(&k, 3, &r.out.last);
	logkit_replayed_release(&r);
	logkit_put(&k, 1);
	logkit_die(&k);
	CHECK_REPLAY(&k, LSM_OK, 7);
	logkit_release(&k);
}

TEST("a writer that died inside a sync is told")
{
	struct replayed r;
	struct logkit k;

	killed(&k);
	k.env->syncing = true;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(r.out.syncing);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a replay survives a failure at every allocation")
{
	struct replayed r;
	struct logkit k;
	int rc = LSM_NO_MEMORY;

	killed(&k);
	logenv_distrust(k.env);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, n % 2);
		rc = logkit_replay(&k, &r);
		mem_fail_at(0, false);
		if (rc != LSM_OK)
			CHECK_CODE(rc, LSM_NO_MEMORY);
		logkit_replayed_release(&r);
	}
	logkit_release(&k);
}
