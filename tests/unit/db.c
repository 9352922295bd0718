/*
 * What each call of lsm.h says that it does: writes, reads, limits, flags,
 * flush and compaction by hand, and who may call what.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/kit.h"

static lsm_slice
filled(size_t n)
{
	static uint8_t room[LSM_KEY_MAX + 1];

	memset(room, 'x', sizeof room);
	return lsm_bytes(room, n);
}

TEST("a key of LSM_KEY_MAX bytes is a key, one more is too large")
{
	lsm_slice most = filled(LSM_KEY_MAX), more = filled(LSM_KEY_MAX + 1);
	lsm_buffer got = { 0 };
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_put(k.db, most, lsm_str("v"), 0));
	CHECK_CODE(lsm_put(k.db, more, lsm_str("v"), 0), LSM_TOO_LARGE);
	CHECK_CODE(lsm_delete(k.db, more, 0), LSM_TOO_LARGE);
	CHECK_CODE(lsm_get(k.db, NULL, more, &got), LSM_TOO_LARGE);
	CHECK_EQ(got.size, 0);
	CHECK_OK(lsm_get(k.db, NULL, most, &got));
	kit_reopen(&k);
	CHECK_OK(lsm_get(k.db, NULL, most, &got));
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_OK(lsm_get(k.db, NULL, most, &got));
	CHECK_EQ(got.size, 1);
	lsm_buffer_free(&got);
	kit_close(&k);
}

TEST("a value over LSM_VALUE_MAX is refused before it is read")
{
	struct kit k;

	kit_open(&k);
	CHECK_CODE(lsm_put(k.db, lsm_str("k"), lsm_bytes("v",
	    (size_t)LSM_VALUE_MAX + 1), 0), LSM_TOO_LARGE);
	dbkit_put(k.db, "k", "small");
	dbkit_check(k.db, NULL, "k", "small");
	kit_close(&k);
}

/* In memory, in the log, in a table. */
static void
check_everywhere(struct kit *k, const char *text)
{
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
	kit_reopen(k);
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
	CHECK_OK(lsm_flush(k->db));
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
	kit_reopen(k);
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
}

TEST("the empty key sorts first and the empty value is a value")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "");
	dbkit_put(k.db, "", "first");
	dbkit_put(k.db, "b", "2");
	check_everywhere(&k, "=first a= b=2");
	dbkit_check(k.db, NULL, "a", "");
	dbkit_check(k.db, NULL, "", "first");
	dbkit_delete(k.db, "");
	check_everywhere(&k, "a= b=2");
	dbkit_check(k.db, NULL, "", NULL);
	kit_close(&k);
}

TEST("an empty slice may have no address")
{
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_put(k.db, lsm_bytes(NULL, 0), lsm_bytes(NULL, 0), 0));
	dbkit_check(k.db, NULL, "", "");
	CHECK_OK(lsm_get(k.db, NULL, lsm_bytes(NULL, 0), NULL));
	CHECK_OK(lsm_delete(k.db, lsm_bytes(NULL, 0), 0));
	dbkit_check(k.db, NULL, "", NULL);
	kit_close(&k);
}

TEST("the last write to a key wins, a delete of nothing is fine")
{
	struct kit k;

	kit_open(&k);
	dbkit_delete(k.db, "never");
	dbkit_put(k.db, "a", "1");
	dbkit_put(k.db, "a", "2");
	dbkit_put(k.db, "b", "1");
	dbkit_delete(k.db, "b");
	dbkit_delete(k.db, "c");
	dbkit_put(k.db, "c", "3");
	check_everywhere(&k, "a=2 c=3");
	kit_close(&k);
}

TEST("a get without a buffer only asks, one with a buffer uses it again")
{
	lsm_buffer b = { 0 };
	struct kit k;
	void *room;

	kit_open(&k);
	dbkit_put(k.db, "a", "a rather long value");
	dbkit_put(k.db, "b", "short");
	CHECK_OK(lsm_get(k.db, NULL, lsm_str("a"), NULL));
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("x"), NULL), LSM_NOTFOUND);
	CHECK_OK(lsm_get(k.db, NULL, lsm_str("a"), &b));
	room = b.data;
	CHECK_OK(lsm_get(k.db, NULL, lsm_str("b"), &b));
	CHECK(b.data == room);
	CHECK_BYTES(bytes(b.data, b.size), "short");
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("x"), &b), LSM_NOTFOUND);
	CHECK_EQ(b.size, 0);
	lsm_buffer_free(&b);
	CHECK(b.data == NULL && b.capacity == 0);
	kit_close(&k);
}

TEST("flags that contradict or are not known are refused, nothing is there")
{
	lsm_batch *batch;
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_batch_new(&batch));
	for (int i = 0; i < 2; i++) {
		CHECK_CODE(lsm_write(k.db, batch, 4), LSM_INVALID);
		CHECK_CODE(lsm_write(k.db, batch, LSM_SYNC | LSM_NO_SYNC),
		    LSM_INVALID);
		CHECK_OK(lsm_batch_put(batch, lsm_str("a"), lsm_str("1")));
	}
	CHECK_CODE(lsm_put(k.db, lsm_str("a"), lsm_str("1"),
	    LSM_SYNC | LSM_NO_SYNC), LSM_INVALID);
	CHECK_CODE(lsm_put(k.db, lsm_str("a"), lsm_str("1"), 8), LSM_INVALID);
	CHECK_CODE(lsm_delete(k.db, lsm_str("a"), 4), LSM_INVALID);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "");
	lsm_batch_free(batch);
	kit_close(&k);
}

TEST("a batch happens in its order, and may be used again")
{
	lsm_batch *b;
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_write(k.db, b, LSM_SYNC));
	CHECK_OK(lsm_batch_put(b, lsm_str("a"), lsm_str("1")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("a")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("b")));
	CHECK_OK(lsm_batch_put(b, lsm_str("b"), lsm_str("2")));
	CHECK_OK(lsm_write(k.db, b, 0));
	CHECK_EQ(lsm_batch_count(b), 4);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "b=2");
	dbkit_delete(k.db, "b");
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_clear(b);
	CHECK_OK(lsm_batch_put(b, lsm_str("c"), lsm_str("3")));
	CHECK_OK(lsm_write(k.db, b, 0));
	check_everywhere(&k, "b=2 c=3");
	CHECK_EQ(dbkit_stat(k.db, "db.sequence"), 10);
	lsm_batch_free(b);
	kit_close(&k);
}

TEST_SOLO("a batch of 100,000 operations is one commit")
{
	enum { OPS = 100000 };
	char key[16];
	lsm_batch *b;
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_batch_new(&b));
	for (unsigned i = 0; i < OPS; i++) {
		snprintf(key, sizeof key, "%08u", i * 7919 % OPS);
		CHECK_OK(lsm_batch_put(b, lsm_str(key), lsm_str(key)));
	}
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_free(b);
	kit_reopen(&k);
	CHECK_EQ(dbkit_stat(k.db, "db.sequence"), OPS);
	for (unsigned i = 0; i < OPS; i += 997) {
		snprintf(key, sizeof key, "%08u", i);
		dbkit_check(k.db, NULL, key, key);
	}
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), OPS);
	kit_close(&k);
}

static void
big_value(lsm_db *db, const char *key, size_t size)
{
	uint8_t *p = malloc(size);
	lsm_buffer got = { 0 };

	CHECK(p != NULL);
	memset(p, 'v', size);
	p[0] = p[size - 1] = 'e';
	CHECK_OK(lsm_put(db, lsm_str(key), lsm_bytes(p, size), 0));
	for (int i = 0; i < 2; i++) {
		CHECK_OK(lsm_get(db, NULL, lsm_str(key), &got));
		CHECK_EQ(got.size, size);
		CHECK(memcmp(got.data, p, size) == 0);
		CHECK_OK(lsm_flush(db));
	}
	lsm_buffer_free(&got);
	free(p);
}

TEST_SOLO("values of 1 and of 64 MiB go through memory, log and table")
{
	lsm_buffer got = { 0 };
	lsm_options o = dbkit_options(NULL);
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);

	dbkit_put(db, "a", "before");
	big_value(db, "one", (size_t)1 << 20);
	big_value(db, "many", (size_t)64 << 20);
	dbkit_put(db, "z", "after");
	dbkit_close(db);
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_check(db, NULL, "a", "before");
	CHECK_OK(lsm_get(db, NULL, lsm_str("many"), &got));
	CHECK_EQ(got.size, 64 << 20);
	dbkit_check(db, NULL, "z", "after");
	lsm_buffer_free(&got);
	dbkit_close(db);
}

TEST_SOLO("the smallest memtable freezes all the time and loses nothing")
{
	struct kit k;
	int more;

	kit_init(&k);
	k.o.memtable_size = 512;
	kit_start(&k);
	for (int i = 0; i < 12; i++)
		dbkit_fill(k.db, 0, 200, "old");
	dbkit_fill(k.db, 0, 2000, "");
	do
		CHECK_OK(lsm_step(k.db, &more));
	while (more);
	CHECK(dbkit_stat(k.db, "flush.count") > 50);
	CHECK(dbkit_stat(k.db, "merge.count") > 0);
	dbkit_check_fill(k.db, 0, 2000, "");
	kit_reopen(&k);
	dbkit_check_fill(k.db, 0, 2000, "");
	kit_close(&k);
}

TEST_SOLO("the largest memtable costs nothing before it is filled")
{
	struct kit k;

	kit_init(&k);
	k.o.memtable_size = (size_t)1 << 30;
	kit_start(&k);
	dbkit_fill(k.db, 0, 1000, "");
	kit_reopen(&k);
	dbkit_check_fill(k.db, 0, 1000, "");
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	kit_close(&k);
}

TEST_SOLO("a run of many small tables is read through one open table")
{
	struct kit k;

	kit_init(&k);
	k.o.table_size = 4096;
	k.o.max_open_tables = 1;
	kit_start(&k);
	dbkit_fill(k.db, 0, 5000, " and some more to fill pages with");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK(dbkit_files(k.db, "table", true) > 10);
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	dbkit_check_fill(k.db, 0, 5000, " and some more to fill pages with");
	CHECK(dbkit_stat(k.db, "tables.open") <= 1);
	kit_reopen(&k);
	dbkit_check_fill(k.db, 2000, 2100, " and some more to fill pages with");
	kit_close(&k);
}

TEST("without workers steps do all the work, and say when none is left")
{
	struct kit k;
	int more = 1;

	kit_open(&k);
	CHECK_OK(lsm_step(k.db, &more));
	CHECK_EQ(more, 0);
	for (unsigned i = 0; i < 9; i++) {
		dbkit_fill(k.db, 0, 10, "x");
		CHECK_OK(lsm_flush(k.db));
	}
	do
		CHECK_OK(lsm_step(k.db, &more));
	while (more);
	CHECK(dbkit_stat(k.db, "db.runs") < 8);
	CHECK(dbkit_stat(k.db, "merge.count") > 0);
	dbkit_check_fill(k.db, 0, 10, "x");
	kit_close(&k);
}

TEST("a flush of nothing makes nothing")
{
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_files(k.db, "table", false), 0);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_files(k.db, "table", false), 0);
	kit_close(&k);
}

TEST("a full compaction leaves one run without deletes, then nothing")
{
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "old");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 50, 150, "new");
	dbkit_delete(k.db, "k000000");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 149);
	CHECK_EQ(dbkit_stat(k.db, "db.deletes"), 0);
	dbkit_check_fill(k.db, 1, 50, "old");
	dbkit_check_fill(k.db, 50, 150, "new");
	for (unsigned i = 0; i < 150; i++) {
		char key[16];

		snprintf(key, sizeof key, "k%06u", i);
		dbkit_delete(k.db, key);
	}
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.tables"), 0);
	CHECK_EQ(dbkit_files(k.db, "table", false), 0);
	kit_close(&k);
}

struct watched {
	unsigned calls, stop_at;
	uint64_t done, all;
	bool fell;
};

static int
watch(void *arg, uint64_t done, uint64_t all)
{
	struct watched *w = arg;

	w->fell |= done < w->done || done > all;
	w->done = done;
	w->all = all;
	return ++w->calls == w->stop_at;
}

TEST_SOLO("progress of a compaction grows to the end; stopped, nothing changed")
{
	struct watched w = { 0 };
	unsigned tables, stops = 0;
	struct kit k;
	int rc;

	kit_open(&k);
	dbkit_fill(k.db, 0, 20000, "one, which is long enough for steps");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 0, 20000, "two, which is long enough for steps");
	CHECK_OK(lsm_flush(k.db));
	tables = dbkit_files(k.db, "table", false);
	do {
		w = (struct watched){ .stop_at = ++stops };
		rc = lsm_compact(k.db, watch, &w);
		CHECK(!w.fell && w.all > 0);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_BUSY);
		CHECK_EQ(dbkit_files(k.db, "table", false), tables);
		CHECK_EQ(dbkit_stat(k.db, "merge.count"), 0);
	} while (stops < 1000);
	CHECK_OK(rc);
	CHECK(stops > 3);
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	dbkit_check_fill(k.db, 0, 100, "two, which is long enough for steps");
	kit_close(&k);
}

TEST("a handle that reads refuses each call that writes")
{
	lsm_options reading;
	lsm_batch *b;
	lsm_db *db;
	struct kit k;
	int more;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	kit_reopen(&k);
	reading = k.o;
	reading.create = 0;
	reading.read_only = 1;
	db = dbkit_open("db", &reading);
	CHECK_OK(lsm_batch_new(&b));
	CHECK_CODE(lsm_write(db, b, 0), LSM_READ_ONLY);
	CHECK_OK(lsm_batch_put(b, lsm_str("a"), lsm_str("2")));
	CHECK_CODE(lsm_write(db, b, 0), LSM_READ_ONLY);
	CHECK_CODE(lsm_put(db, lsm_str("a"), lsm_str("2"), 0), LSM_READ_ONLY);
	CHECK_CODE(lsm_delete(db, lsm_str("a"), 0), LSM_READ_ONLY);
	CHECK_CODE(lsm_sync(db), LSM_READ_ONLY);
	CHECK_CODE(lsm_flush(db), LSM_READ_ONLY);
	CHECK_CODE(lsm_compact(db, NULL, NULL), LSM_READ_ONLY);
	CHECK_CODE(lsm_step(db, &more), LSM_READ_ONLY);
	dbkit_check(db, NULL, "a", "1");
	lsm_batch_free(b);
	dbkit_close(db);
	kit_close(&k);
}

TEST("close waits for nobody: iterators and snapshots keep it open")
{
	lsm_snapshot *s;
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	CHECK_CODE(lsm_close(k.db), LSM_BUSY);
	CHECK_OK(lsm_iter_new(k.db, s, NULL, &it));
	lsm_snapshot_free(s);
	CHECK_CODE(lsm_close(k.db), LSM_BUSY);
	dbkit_put(k.db, "b", "2");
	CHECK_OK(lsm_iter_first(it));
	CHECK(lsm_iter_valid(it));
	lsm_iter_free(it);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=1 b=2");
	kit_close(&k);
	CHECK_OK(lsm_close(NULL));
	lsm_iter_free(NULL);
	lsm_snapshot_free(NULL);
}

TEST("a snapshot stays what it was across overwrite, flush and merge")
{
	lsm_snapshot *s[3];
	struct kit k;

	kit_open(&k);
	CHECK_OK(lsm_snapshot_new(k.db, &s[0]));
	dbkit_put(k.db, "a", "1");
	dbkit_put(k.db, "b", "1");
	CHECK_OK(lsm_snapshot_new(k.db, &s[1]));
	CHECK_EQ(lsm_snapshot_sequence(s[1]), 2);
	dbkit_put(k.db, "a", "2");
	CHECK_OK(lsm_flush(k.db));
	dbkit_delete(k.db, "b");
	CHECK_OK(lsm_snapshot_new(k.db, &s[2]));
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_put(k.db, "a", "3");
	dbkit_put(k.db, "c", "3");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_STR(dbkit_scan(k.db, s[0], NULL, false), "");
	CHECK_STR(dbkit_scan(k.db, s[1], NULL, false), "a=1 b=1");
	CHECK_STR(dbkit_scan(k.db, s[2], NULL, true), "a=2");
	dbkit_check(k.db, s[1], "b", "1");
	dbkit_check(k.db, s[2], "b", NULL);
	dbkit_check(k.db, s[0], "a", NULL);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, true), "c=3 a=3");
	for (int i = 0; i < 3; i++)
		lsm_snapshot_free(s[i]);
	kit_close(&k);
}

TEST("files of a snapshot go when it does")
{
	lsm_snapshot *s;
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "");
	CHECK_OK(lsm_flush(k.db));
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	dbkit_fill(k.db, 0, 100, "again");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_files(k.db, "table", true), 1);
	CHECK(dbkit_files(k.db, "table", false) > 1);
	dbkit_check(k.db, s, "k000007", "v7");
	lsm_snapshot_free(s);
	CHECK_EQ(dbkit_files(k.db, "table", false), 1);
	kit_close(&k);
}

TEST("words about codes, versions and codecs are never missing")
{
	for (int i = -1; i < 25; i++)
		CHECK(lsm_strerror(i) != NULL && lsm_strerror(i)[0]);
	CHECK(strcmp(lsm_strerror(LSM_CORRUPT), lsm_strerror(LSM_IO)) != 0);
	CHECK_EQ(strncmp(lsm_codecs(), "none", 4), 0);
	CHECK(lsm_version()[0] && lsm_format_version()[0]);
}

TEST("two databases have two identities, one database always the same")
{
	uint8_t a[16], b[16];
	struct kit k;
	lsm_db *other;

	kit_open(&k);
	other = dbkit_open("other", &k.o);
	lsm_id(k.db, a);
	lsm_id(other, b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	dbkit_close(other);
	kit_reopen(&k);
	lsm_id(k.db, b);
	CHECK(memcmp(a, b, sizeof a) == 0);
	kit_close(&k);
}
