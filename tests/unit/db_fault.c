/*
 * Promise 3 on a disk that fails: each call of the door in turn. A handle
 * that may have lost something is fenced and says so for ever; what is
 * harmless leaves it usable; the next open decides.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "support/kit.h"

enum ring { RING, NO_RING };

static void
kit_open_with(struct kit *k, enum ring ring)
{
	kit_init(k);
	sim_capabilities(k->sim, ring == RING, true);
	k->o.memtable_size = 4096;
	kit_start(k);
}

static void
kit_fail(struct kit *k, uint64_t n, bool partial)
{
	sim_fail_at(k->sim, n, LSM_IO, false, partial);
}

/* The handle is fenced: every write says so, and names why. */
static void
check_fenced(struct kit *k)
{
	lsm_slice x = lsm_str("x");
	int more;

	for (int i = 0; i < 2; i++) {
		CHECK_CODE(lsm_put(k->db, x, x, LSM_NO_SYNC), LSM_IO);
		CHECK(strncmp(lsm_message(), "fenced: ", 8) == 0);
		CHECK_CODE(lsm_put(k->db, x, x, LSM_SYNC), LSM_IO);
		CHECK_CODE(lsm_delete(k->db, x, 0), LSM_IO);
		CHECK_CODE(lsm_sync(k->db), LSM_IO);
		CHECK_CODE(lsm_flush(k->db), LSM_IO);
		CHECK_CODE(lsm_compact(k->db, NULL, NULL), LSM_IO);
		CHECK_CODE(lsm_step(k->db, &more), LSM_IO);
	}
	dbkit_check(k->db, NULL, "x", NULL);
}

static bool
there(lsm_db *db, const char *key)
{
	int rc = lsm_get(db, NULL, lsm_str(key), NULL);

	if (rc != LSM_NOTFOUND)
		CHECK_OK(rc);
	return rc == LSM_OK;
}

/* After a fence: closed, opened, whole, and taking writes again. */
static void
kit_decide(struct kit *k)
{
	CHECK_CODE(lsm_close(k->db), LSM_IO);
	kit_fail(k, 0, false);
	kit_start(k);
	dbkit_check(k->db, NULL, "synced", "1");
	dbkit_check(k->db, NULL, "x", NULL);
	CHECK_EQ(there(k->db, "failed"), there(k->db, "with it"));
	CHECK_OK(lsm_put(k->db, lsm_str("after"), lsm_str("1"), LSM_SYNC));
}

/* The end of a test: once more opened, all of it there. */
static void
kit_finish(struct kit *k)
{
	kit_reopen(k);
	dbkit_check(k->db, NULL, "synced", "1");
	dbkit_check(k->db, NULL, "after", "1");
	kit_close(k);
}

/* A batch that is to be durable, on a disk whose n-th call fails. */
static int
failing_write(struct kit *k, uint64_t n, bool partial)
{
	lsm_batch *b;
	int rc;

	CHECK_OK(lsm_put(k->db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("failed"), lsm_str("1")));
	CHECK_OK(lsm_batch_put(b, lsm_str("with it"), lsm_str("1")));
	kit_fail(k, n, partial);
	rc = lsm_write(k->db, b, LSM_SYNC);
	lsm_batch_free(b);
	return rc;
}

static void
check_failing_writes(enum ring ring, bool partial)
{
	struct kit k;
	uint64_t n;
	int rc;

	for (n = 1;; n++) {
		kit_open_with(&k, ring);
		if ((rc = failing_write(&k, n, partial)) == LSM_OK &&
		    !sim_failed(k.sim))
			break;
		CHECK_CODE(rc, LSM_IO);
		check_fenced(&k);
		dbkit_check(k.db, NULL, "synced", "1");
		CHECK(!there(k.db, "failed"));
		CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "synced=1");
		kit_decide(&k);
		kit_finish(&k);
	}
	CHECK(n >= 3);			/* an append, and a sync */
	kit_fail(&k, 0, false);
	dbkit_put(k.db, "after", "1");
	kit_finish(&k);
}

TEST("a failed append or sync fences, and reads show what is durable")
{
	check_failing_writes(RING, false);
	check_failing_writes(RING, true);
	check_failing_writes(NO_RING, false);
	check_failing_writes(NO_RING, true);
}

TEST("lsm_sync that fails fences as well")
{
	struct kit k;

	kit_open_with(&k, RING);
	CHECK_OK(lsm_put(k.db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	dbkit_put(k.db, "seen", "1");
	dbkit_check(k.db, NULL, "seen", "1");
	kit_fail(&k, 1, false);
	CHECK_CODE(lsm_sync(k.db), LSM_IO);
	check_fenced(&k);
	dbkit_check(k.db, NULL, "seen", NULL);
	kit_decide(&k);
	kit_finish(&k);
}

TEST("a snapshot taken before the fence keeps what it had seen")
{
	lsm_snapshot *s;
	struct kit k;

	kit_open_with(&k, RING);
	CHECK_OK(lsm_put(k.db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	dbkit_put(k.db, "seen", "1");
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	kit_fail(&k, 1, false);
	CHECK_CODE(lsm_sync(k.db), LSM_IO);
	dbkit_check(k.db, s, "seen", "1");
	dbkit_check(k.db, NULL, "seen", NULL);
	lsm_snapshot_free(s);
	kit_decide(&k);
	kit_finish(&k);
}

/* One who never synced: after a fence nothing can be vouched for. */
TEST("a fence before the first sync shows nothing, and close says so")
{
	struct kit k;

	kit_open_with(&k, RING);
	dbkit_put(k.db, "seen", "1");
	kit_fail(&k, 1, false);
	CHECK_CODE(lsm_sync(k.db), LSM_IO);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "");
	CHECK_CODE(lsm_close(k.db), LSM_IO);
	sim_free(k.sim);
}

/* A flush whose n-th call fails: fenced, or as if it had not been asked. */
static bool
check_failing_flush(uint64_t n, unsigned *fenced, unsigned *harmless)
{
	bool failed;
	struct kit k;
	int rc;

	kit_open_with(&k, RING);
	CHECK_OK(lsm_put(k.db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	CHECK_OK(lsm_put(k.db, lsm_str("after"), lsm_str("1"), LSM_SYNC));
	kit_fail(&k, n, false);
	rc = lsm_flush(k.db);
	CHECK(rc == LSM_OK || rc == LSM_IO);
	failed = sim_failed(k.sim);
	kit_fail(&k, 0, false);
	dbkit_check(k.db, NULL, "synced", "1");
	if (rc != LSM_OK && lsm_put(k.db, lsm_str("y"), lsm_str("1"), 0)) {
		++*fenced;
		check_fenced(&k);
		kit_decide(&k);
	} else if (rc != LSM_OK) {
		++*harmless;
		CHECK_OK(lsm_flush(k.db));
		CHECK_EQ(dbkit_files(k.db, "table", false),
		    dbkit_files(k.db, "table", true));
	}
	kit_finish(&k);
	return failed;
}

TEST("a failed flush is retried, or fences where a sync was lost")
{
	unsigned fenced = 0, harmless = 0;
	uint64_t n = 1;

	while (check_failing_flush(n, &fenced, &harmless))
		n++;
	CHECK(fenced >= 3);		/* rotation, table, manifest */
}

/* A close with a manifest to shorten, whose n-th call fails. */
static bool
check_failing_close(uint64_t n, unsigned *refused, unsigned *harmless)
{
	bool failed;
	struct kit k;
	int rc;

	kit_open_with(&k, RING);
	CHECK_OK(lsm_put(k.db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	for (unsigned i = 0; i < 40; i++) {
		dbkit_fill(k.db, i, i + 1, "");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_OK(lsm_put(k.db, lsm_str("after"), lsm_str("1"), LSM_SYNC));
	kit_fail(&k, n, false);
	rc = lsm_close(k.db);
	CHECK(rc == LSM_OK || rc == LSM_IO);
	failed = sim_failed(k.sim);
	*refused += rc != LSM_OK;
	*harmless += failed && rc == LSM_OK;
	kit_fail(&k, 0, false);
	kit_start(&k);
	dbkit_check_fill(k.db, 0, 40, "");
	kit_finish(&k);
	return failed;
}

TEST_SOLO("a close that cannot begin a new manifest leaves the old one")
{
	unsigned refused = 0, harmless = 0;
	uint64_t n = 1;

	while (check_failing_close(n, &refused, &harmless))
		n++;
	CHECK(harmless >= 4);		/* create, write, syncs */
	CHECK(refused >= 1);		/* CURRENT is in doubt */
}

static unsigned
tables_fill(struct kit *k)
{
	CHECK_OK(lsm_put(k->db, lsm_str("synced"), lsm_str("1"), LSM_SYNC));
	CHECK_OK(lsm_put(k->db, lsm_str("after"), lsm_str("1"), LSM_SYNC));
	for (int i = 0; i < 3; i++) {
		dbkit_fill(k->db, 0, 50, "");
		CHECK_OK(lsm_flush(k->db));
	}
	return dbkit_files(k->db, "table", false);
}

static bool
check_failing_merge(uint64_t n, unsigned *fenced, unsigned *harmless)
{
	const lsm_range all = { { NULL, 0 }, { NULL, 0 } };
	bool failed;
	struct kit k;
	unsigned before;
	int rc;

	kit_open_with(&k, RING);
	before = tables_fill(&k);
	kit_fail(&k, n, true);
	rc = lsm_compact_range(k.db, &all, NULL, NULL);
	CHECK(rc == LSM_OK || rc == LSM_IO);
	failed = sim_failed(k.sim);
	kit_fail(&k, 0, false);
	dbkit_check_fill(k.db, 0, 50, "");
	if (rc != LSM_OK && lsm_put(k.db, lsm_str("y"), lsm_str("1"), 0)) {
		++*fenced;
		check_fenced(&k);
		kit_decide(&k);
	} else if (rc != LSM_OK) {
		++*harmless;
		CHECK_EQ(dbkit_files(k.db, "table", false), before);
		CHECK_EQ(dbkit_stat(k.db, "merge.count"), 0);
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
		CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	}
	dbkit_check_fill(k.db, 0, 50, "");
	kit_finish(&k);
	return failed;
}

TEST_SOLO("a failed merge leaves no files and fences only where the edit is")
{
	unsigned fenced = 0, harmless = 0;
	uint64_t n = 1;

	while (check_failing_merge(n, &fenced, &harmless))
		n++;
	CHECK(harmless >= 4);		/* reads, create, write, sync */
	CHECK_EQ(fenced, 2);		/* append and sync */
}

/* ---- no space ----------------------------------------------------------- */

/* Until a put fails; keys from `from` on. The first that is not there. */
static unsigned
fill_up(struct kit *k, unsigned from, unsigned flags, int *rc)
{
	char key[16];
	unsigned i;

	for (i = from; i < from + 10000; i++) {
		snprintf(key, sizeof key, "k%06u", i);
		*rc = lsm_put(k->db, lsm_str(key), lsm_str(key), flags);
		if (*rc != LSM_OK)
			break;
	}
	return i;
}

static void
check_there(struct kit *k, unsigned to)
{
	char key[16];

	for (unsigned i = 0; i < to; i++) {
		snprintf(key, sizeof key, "k%06u", i);
		dbkit_check(k->db, NULL, key, key);
	}
}

/* The disk is full somewhere; then there is room again. */
static bool
check_full_disk(enum ring ring, uint64_t room, unsigned flags)
{
	char key[16];
	struct kit k;
	bool usable;
	unsigned n;
	int rc;

	kit_open_with(&k, ring);
	sim_space(k.sim, sim_used(k.sim) + room);
	n = fill_up(&k, 0, flags, &rc);
	CHECK(rc == LSM_NO_SPACE || rc == LSM_IO);
	snprintf(key, sizeof key, "k%06u", n);
	usable = rc == LSM_NO_SPACE;
	if (usable)
		dbkit_check(k.db, NULL, key, NULL);
	if (usable || flags == LSM_SYNC)
		check_there(&k, n);
	sim_space(k.sim, UINT64_MAX);
	if (!usable) {
		CHECK_CODE(lsm_put(k.db, lsm_str(key), lsm_str(key), 0),
		    LSM_IO);
		CHECK_CODE(lsm_close(k.db), LSM_IO);
		kit_start(&k);
	} else {
		CHECK_OK(lsm_put(k.db, lsm_str(key), lsm_str(key), 0));
		check_there(&k, n + 1);
		kit_reopen(&k);
		check_there(&k, n + 1);
	}
	if (!usable && flags == LSM_SYNC)
		check_there(&k, n);
	kit_close(&k);
	return usable;
}

TEST_SOLO("a full disk refuses a write before its first byte, or fences")
{
	unsigned usable = 0;

	for (uint64_t room = 0; room < 60000; room += 3333) {
		usable += check_full_disk(RING, room, LSM_NO_SYNC);
		usable += check_full_disk(NO_RING, room, LSM_NO_SYNC);
		usable += check_full_disk(NO_RING, room, LSM_SYNC);
	}
	CHECK(usable > 0);
}

TEST("no memory for a write: it is absent and the next one works")
{
	enum { CALLS = 60 };
	char big[20000];
	struct kit k;
	int rc;

	memset(big, 'b', sizeof big);
	kit_open_with(&k, RING);
	dbkit_put(k.db, "first", "1");
	for (uint64_t n = 1; n < CALLS; n++) {
		mem_fail_at(n, false);
		rc = lsm_put(k.db, lsm_str("big"), lsm_bytes(big, sizeof big),
		    0);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_NO_MEMORY);
		dbkit_check(k.db, NULL, "big", NULL);
		dbkit_check(k.db, NULL, "first", "1");
	}
	CHECK_OK(lsm_get(k.db, NULL, lsm_str("big"), NULL));
	dbkit_put(k.db, "last", "1");
	kit_close(&k);
}
