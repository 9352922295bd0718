#include "log/replay.h"

#include "support/logkit.h"

static uint32_t
offset(const struct logkit *k)
{
	return (uint32_t)k->position;
}

/* Damage the record that ends at `end`: its last eight bytes. */
static void
damage(struct logkit *k, uint64_t number, uint32_t end)
{
	logkit_file(k, number)->p[end - 8] ^= 0x40;
}

static void
gone(struct logkit *k, uint64_t number)
{
	logkit_file(k, number)->name[0] = '\0';
}

/* Nothing of it but its header reached the disk. */
static void
unstarted(struct logkit *k, uint64_t number)
{
	struct logfile *f = logkit_file(k, number);

	memset(f->p + BLOCK_UNIT, 0, f->n - BLOCK_UNIT);
}

static struct log_end
end_of(struct logkit *k)
{
	struct replayed r;
	struct log_end end;

	CHECK_OK(logkit_replay(k, &r));
	end = r.out.last;
	logkit_replayed_release(&r);
	return end;
}

static void
know(struct logkit *k, struct log_end end)
{
	k->ends[k->ends_count++] = end;
}

/* Logs 1 and 2; with `synced` a record of 2 says that all before was. */
static uint32_t
two_logs(struct logkit *k, bool synced)
{
	uint32_t third;

	logkit_init(k);
	logkit_start(k, 1, NULL);
	logkit_put(k, 10);
	logkit_put(k, 20);
	logkit_put(k, 30);
	third = offset(k);
	logkit_rotate(k, 2);
	logkit_put(k, 40);
	if (synced)
		logkit_sync(k);
	logkit_put(k, 50);
	logkit_put(k, 60);
	return third;
}

TEST("a leave mark is a clean end, and more may follow it")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	CHECK_OK(log_leave(k.log, k.sequence, true));
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(r.out.clean && !r.out.closed && !r.out.same_boot);
	CHECK_EQ(r.out.last.sequence, 3);
	logkit_replayed_release(&r);
	logkit_put(&k, 3);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(!r.out.clean);
	CHECK_EQ(r.to, 4);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a close mark before a log that did not begin is a clean end")
{
	struct replayed r;
	struct logkit k;

	two_logs(&k, true);
	unstarted(&k, 2);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK(r.out.clean && r.out.closed && !r.out.same_boot);
	CHECK_EQ(r.out.last.number, 1);
	CHECK_EQ(r.out.interrupted_log, 0);
	CHECK_EQ(r.to, 3);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a close mark that names a missing log is damage")
{
	struct logkit k;

	two_logs(&k, false);
	logkit_file(&k, 2)->p[40] ^= 1;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	gone(&k, 2);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("a log missing in the middle is damage")
{
	struct logkit k;

	two_logs(&k, false);
	logkit_rotate(&k, 3);
	logkit_put(&k, 1);
	gone(&k, 2);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("the first log must be there")
{
	struct logkit k;

	two_logs(&k, false);
	k.first = 3;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	k.first = 1;
	gone(&k, 1);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("a database without logs has nothing to replay")
{
	struct replayed r;
	struct logkit k;

	logkit_init(&k);
	k.first = 0;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.out.last.number, 0);
	CHECK_EQ(r.count, 0);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a torn last record ends the log quietly")
{
	struct replayed r;
	struct logkit k;
	uint32_t before;

	logkit_small(&k);
	before = offset(&k);
	logkit_put(&k, 300);
	memset(logkit_file(&k, 1)->p + before + 100, 0, 300);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK(!r.out.clean);
	CHECK_EQ(r.out.interrupted_log, 1);
	CHECK_EQ(r.out.interrupted_at, before);
	CHECK_EQ(r.out.last.size, before);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a bad record below a watermark is damage")
{
	struct logkit k;
	uint32_t second;

	logkit_init(&k);
	logkit_start(&k, 1, NULL);
	logkit_put(&k, 10);
	logkit_put(&k, 20);
	second = offset(&k);
	logkit_sync(&k);
	logkit_put(&k, 30);
	damage(&k, 1, second);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	CHECK(strstr(lsm_message(), "000001.log: offset ") != NULL);
	logkit_release(&k);
}

TEST("zeros over durable records are damage, not prepared space")
{
	struct logkit k;
	uint32_t first;

	logkit_init(&k);
	logkit_start(&k, 1, NULL);
	logkit_put(&k, 10);
	first = offset(&k);
	logkit_put(&k, 2000);
	logkit_sync(&k);
	logkit_put(&k, 30);
	memset(logkit_file(&k, 1)->p + first, 0, 2000);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("a bad record above every watermark ends the log, valid ones after it")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	damage(&k, 1, offset(&k));
	logkit_put(&k, 4);
	/* The record after the damaged one carries the watermark of the
	 * second: durable up to there, so the third may be missing. */
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 2);
	CHECK_EQ(r.out.interrupted_log, 1);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a watermark of a later log vouches for an earlier one")
{
	struct logkit k;
	uint32_t third = two_logs(&k, true);

	damage(&k, 1, third);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("an interrupted log ends the prefix, later logs are set aside")
{
	struct replayed r;
	struct logkit k;
	uint32_t third = two_logs(&k, false);

	damage(&k, 1, third);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 2);
	CHECK_EQ(r.out.last.number, 1);
	CHECK_EQ(r.out.interrupted_log, 1);
	CHECK_EQ(r.out.aside_count, 1);
	CHECK_EQ(r.out.aside[0], 2);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a lost tail of an earlier log ends the prefix as well")
{
	struct replayed r;
	struct logkit k;
	uint32_t third = two_logs(&k, false);
	struct logfile *f;

	f = logkit_file(&k, 1);
	memset(f->p + third, 0, f->n - third);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK_EQ(r.out.interrupted_at, third);
	CHECK_EQ(r.out.aside_count, 1);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("records behind a lost start record are set aside, or damage")
{
	struct replayed r;
	struct logkit k;

	two_logs(&k, false);
	logkit_file(&k, 2)->p[BLOCK_UNIT + 30] ^= 1;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK_EQ(r.out.interrupted_log, 1);
	CHECK_EQ(r.out.aside_count, 1);
	logkit_replayed_release(&r);
	logkit_release(&k);

	two_logs(&k, true);
	logkit_file(&k, 2)->p[BLOCK_UNIT + 30] ^= 1;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("prepared spares and old contents of recycled files are no logs")
{
	struct replayed r;
	struct logkit k;

	two_logs(&k, true);
	CHECK_OK(log_prepare(k.log, 3, "000001.log", 1));
	k.first = 2;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.out.last.number, 2);
	CHECK_EQ(r.to, 6);
	CHECK_EQ(r.out.aside_count, 0);
	CHECK_EQ(r.out.interrupted_log, 0);
	logkit_replayed_release(&r);
	CHECK_OK(log_rotate(k.log, k.sequence + 1));
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.out.last.number, 3);
	CHECK_EQ(r.out.interrupted_log, 0);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a file whose preparation did not end is nothing")
{
	struct logkit k;

	logkit_small(&k);
	logenv_add(k.env, "000009.log");
	CHECK_REPLAY(&k, LSM_OK, 3);
	logenv_resize(logkit_file(&k, 9), 9000);
	CHECK_REPLAY(&k, LSM_OK, 3);
	logkit_release(&k);
}

TEST("below a known end everything must be whole")
{
	struct logfile *f;
	struct logkit k;

	logkit_small(&k);
	know(&k, end_of(&k));
	CHECK_REPLAY(&k, LSM_OK, 3);
	f = logkit_file(&k, 1);
	for (uint32_t i = 0; i < offset(&k); i++) {
		f->p[i] ^= 4;
		CHECK_REPLAY(&k, LSM_CORRUPT, 0);
		f->p[i] ^= 4;
	}
	f->n = offset(&k) - 1;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("beyond a known end nothing is read")
{
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	know(&k, end_of(&k));
	logkit_put(&k, 1);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 3);
	CHECK(r.out.clean && !r.out.same_boot);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

/* What a recovery leaves: log 1 ends before its tail, log 2 is stale. */
static struct log_end
recovered(struct logkit *k)
{
	uint32_t third = two_logs(k, false);
	struct log_end end;

	damage(k, 1, third);
	end = end_of(k);
	know(k, end);
	return end;
}

TEST("a known end goes on with the log that names it")
{
	struct replayed r;
	struct logkit k;
	struct log_end end = recovered(&k);

	logkit_start(&k, 3, &end);		/* its sequences begin at 7 */
	logkit_put(&k, 70);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.out.last.number, 3);
	CHECK_EQ(r.to, 7);
	CHECK_EQ(r.count, 3);
	CHECK_EQ(r.out.aside_count, 1);
	CHECK_EQ(r.out.aside[0], 2);
	CHECK_EQ(r.out.interrupted_log, 0);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("recovery that died before it set logs aside is repeated")
{
	struct replayed r;
	struct logkit k;

	recovered(&k);
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.to, 2);
	CHECK(r.out.clean);
	CHECK_EQ(r.out.aside_count, 1);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

TEST("a damaged header does not hide a log behind a known end")
{
	struct logkit k;
	struct log_end end = recovered(&k);

	logkit_start(&k, 3, &end);
	logkit_put(&k, 70);
	logkit_sync(&k);
	logkit_put(&k, 80);
	logkit_file(&k, 3)->p[60] ^= 1;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("a log that needs a missing one behind a known end is damage")
{
	struct logkit k;
	struct log_end end = recovered(&k);

	logkit_start(&k, 3, &end);
	logkit_rotate(&k, 4);
	logkit_put(&k, 1);
	gone(&k, 3);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("what tables hold already is not delivered again")
{
	struct replayed r;
	struct logkit k;

	two_logs(&k, true);
	k.flushed = 4;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.from, 5);
	CHECK_EQ(r.to, 6);
	CHECK_EQ(r.out.records, 9);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

/* Append a record that this writer would never make. */
static void
append_odd(struct logkit *k, uint8_t kind, const char *payload,
    uint64_t sequence, const uint64_t *watermark)
{
	struct log_end end = log_where(k->log);
	struct logfile *f = logkit_file(k, 1);
	struct file_header h;

	CHECK_OK(file_header_read(f->p, NULL, f->name, &h));
	memcpy(f->p + end.size + record_offset(watermark != NULL), payload,
	    strlen(payload));
	record_seal(f->p + end.size, kind, (uint32_t)strlen(payload),
	    sequence, end.sum, watermark, file_seed(&h.id), end.size);
}

TEST("unknown kinds are passed over or refused, as they ask")
{
	struct logkit k;

	logkit_small(&k);
	append_odd(&k, 60 | RECORD_IGNORABLE, "what", 4, NULL);
	CHECK_REPLAY(&k, LSM_OK, 3);
	append_odd(&k, 60, "what", 4, NULL);
	CHECK_REPLAY(&k, LSM_UNSUPPORTED, 0);
	logkit_release(&k);
}

TEST("records that verify and make no sense are damage")
{
	uint64_t watermark = log_position(1, 1 << 20);
	struct logkit k;

	logkit_small(&k);
	k.flushed = 100;	/* the good ones of a bad batch: not asked */
	append_odd(&k, RECORD_PUT, "\x05key", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_BATCH, "\x02\x01\x01k", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_BATCH, "\x01\x01\x01kx", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_DELETE, "key4", 5, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_DELETE, "key4", 3, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_RANGE_DELETE, "\1b\1a", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_RANGE_DELETE, "\1a\1bc", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_SYNC, "", 4, &watermark);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_CLOSE, "12345678", 5, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_LEAVE, "12345678", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_LEAVE, "short", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_INGESTION, "", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	append_odd(&k, RECORD_INGESTION, "\x01x", 4, NULL);
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	logkit_release(&k);
}

TEST("an ingestion takes a sequence, of an edit that the manifest has")
{
	uint8_t *p;
	struct replayed r;
	struct logkit k;

	logkit_small(&k);
	CHECK_OK(log_begin(k.log, RECORD_INGESTION, 1, &p));
	*p = 17;
	CHECK_OK(log_append(k.log, 4, &k.position));
	CHECK_OK(log_leave(k.log, 4, true));
	k.edit = 17;
	CHECK_OK(logkit_replay(&k, &r));
	CHECK_EQ(r.out.last.sequence, 4);
	CHECK_EQ(r.to, 3);
	logkit_replayed_release(&r);
	k.edit = 16;
	CHECK_REPLAY(&k, LSM_CORRUPT, 0);
	CHECK(strstr(lsm_message(), "000001.log: offset ") != NULL);
	CHECK(strstr(lsm_message(), "names edit 17, and the manifest ends at "
	    "16") != NULL);
	logkit_release(&k);
}

TEST("a read that fails is an error and not an end")
{
	struct replayed r;
	struct logkit k;

	two_logs(&k, true);
	k.env->fail_read = LSM_IO;
	k.env->for_ever = true;
	CHECK_CODE(logkit_replay(&k, &r), LSM_IO);
	logkit_replayed_release(&r);
	logkit_release(&k);
}

static int
refuse(void *arg, const struct entry *e, uint64_t log)
{
	(void)arg;
	(void)log;
	return e->sequence == 2 ? LSM_NOTFOUND : LSM_OK;
}

TEST("a callback ends the walk with its own code")
{
	struct log_replay_in in = { .first = 1 };
	struct log_replay_out out;
	struct file_header h;
	struct logkit k;

	logkit_small(&k);
	CHECK_OK(file_header_read(logkit_file(&k, 1)->p, NULL, "1", &h));
	in.dir = &k.env->dir;
	in.id = h.id;
	CHECK_CODE(log_replay(&in, refuse, NULL, &out), LSM_NOTFOUND);
	CHECK_EQ(out.last.number, 0);
	logkit_release(&k);
}
