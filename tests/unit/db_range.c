/*
 * db_range.c - range deletes as a user meets them.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/sync.h"
#include "support/kit.h"

/* NULL: open. */
static lsm_slice
bound(const char *s)
{
	return s ? lsm_str(s) : lsm_bytes(NULL, 0);
}

static void
delete_range(lsm_db *db, const char *from, const char *to)
{
	CHECK_OK(lsm_delete_range(db, bound(from), bound(to), 0));
}

static void
put_letters(lsm_db *db, const char *letters)
{
	char key[2] = "";

	for (; *letters != '\0'; letters++) {
		key[0] = *letters;
		dbkit_put(db, key, key);
	}
}

TEST("a range delete takes the first key of its range and not the last")
{
	struct kit k;

	kit_open(&k);
	put_letters(k.db, "abcdef");
	delete_range(k.db, "b", "e");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=a e=e f=f");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, true), "f=f e=e a=a");
	dbkit_check(k.db, NULL, "b", NULL);
	dbkit_check(k.db, NULL, "e", "e");
	dbkit_put(k.db, "c", "again");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=a c=again e=e f=f");
	kit_close(&k);
}

TEST("a range delete holds wherever it and what it deletes are")
{
	struct kit k;

	kit_open(&k);
	put_letters(k.db, "abcdef");
	CHECK_OK(lsm_flush(k.db));
	delete_range(k.db, "b", "d");
	put_letters(k.db, "c");
	for (int round = 0; round < 4; round++) {
		CHECK_STR(dbkit_scan(k.db, NULL, NULL, false),
		    "a=a c=c d=d e=e f=f");
		CHECK_STR(dbkit_scan(k.db, NULL, NULL, true),
		    "f=f e=e d=d c=c a=a");
		dbkit_check(k.db, NULL, "b", NULL);
		dbkit_check(k.db, NULL, "c", "c");
		if (round == 0)
			kit_reopen(&k);		/* from the log */
		else if (round == 1)
			CHECK_OK(lsm_flush(k.db));
		else
			CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	CHECK_EQ(dbkit_stat(k.db, "db.range_deletes"), 0);
	kit_close(&k);
}

TEST("open ends reach to the first and to the last key there can be")
{
	static uint8_t highest[LSM_KEY_MAX];
	struct kit k;

	memset(highest, 0xff, sizeof highest);
	kit_open(&k);
	put_letters(k.db, "abc");
	CHECK_OK(lsm_put(k.db, lsm_bytes("", 0), lsm_str("empty"), 0));
	CHECK_OK(lsm_put(k.db, lsm_bytes(highest, sizeof highest),
	    lsm_str("highest"), 0));
	CHECK_OK(lsm_flush(k.db));
	delete_range(k.db, "c", NULL);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "=empty a=a b=b");
	delete_range(k.db, NULL, "b");
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "b=b");
	delete_range(k.db, NULL, NULL);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "");
	kit_reopen(&k);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, true), "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_files(k.db, "table", true), 0);
	kit_close(&k);
}

TEST("a range without a key in it deletes nothing and writes nothing")
{
	struct kit k;
	uint64_t bytes;

	kit_open(&k);
	put_letters(k.db, "abc");
	bytes = dbkit_stat(k.db, "log.bytes");
	delete_range(k.db, "b", "b");
	delete_range(k.db, "c", "a");
	delete_range(k.db, "a", "");
	CHECK_EQ(dbkit_stat(k.db, "log.bytes"), bytes);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=a b=b c=c");
	CHECK_CODE(lsm_delete_range(k.db, bound("b"), bound("b"), 8),
	    LSM_INVALID);
	kit_close(&k);
}

TEST("ends longer than a key are cut where no key can tell")
{
	static char key[LSM_KEY_MAX + 100];
	struct kit k;

	memset(key, 'x', sizeof key);
	kit_open(&k);
	put_letters(k.db, "ay");
	CHECK_OK(lsm_put(k.db, lsm_bytes(key, LSM_KEY_MAX), lsm_str("v"), 0));
	CHECK_OK(lsm_delete_range(k.db, lsm_bytes(key, sizeof key),
	    lsm_bytes(NULL, 0), 0));
	dbkit_check(k.db, NULL, "y", NULL);
	CHECK_OK(lsm_get(k.db, NULL, lsm_bytes(key, LSM_KEY_MAX), NULL));
	CHECK_OK(lsm_delete_range(k.db, lsm_str("b"),
	    lsm_bytes(key, sizeof key), 0));
	CHECK_CODE(lsm_get(k.db, NULL, lsm_bytes(key, LSM_KEY_MAX), NULL),
	    LSM_NOTFOUND);
	CHECK_OK(lsm_flush(k.db));
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=a");
	kit_close(&k);
}

TEST("snapshots see what was there between two range deletes")
{
	lsm_snapshot *before, *between, *after;
	struct kit k;

	kit_open(&k);
	put_letters(k.db, "abcd");
	CHECK_OK(lsm_snapshot_new(k.db, &before));
	delete_range(k.db, "a", "c");
	put_letters(k.db, "b");
	CHECK_OK(lsm_snapshot_new(k.db, &between));
	delete_range(k.db, "b", NULL);
	CHECK_OK(lsm_snapshot_new(k.db, &after));
	for (int round = 0; round < 3; round++) {
		CHECK_STR(dbkit_scan(k.db, before, NULL, false),
		    "a=a b=b c=c d=d");
		CHECK_STR(dbkit_scan(k.db, between, NULL, false),
		    "b=b c=c d=d");
		CHECK_STR(dbkit_scan(k.db, between, NULL, true),
		    "d=d c=c b=b");
		CHECK_STR(dbkit_scan(k.db, after, NULL, false), "");
		dbkit_check(k.db, before, "a", "a");
		dbkit_check(k.db, between, "a", NULL);
		dbkit_check(k.db, between, "b", "b");
		dbkit_check(k.db, after, "b", NULL);
		if (round == 0)
			CHECK_OK(lsm_flush(k.db));
		else
			CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	lsm_snapshot_free(before);
	lsm_snapshot_free(between);
	lsm_snapshot_free(after);
	kit_close(&k);
}

TEST("in a batch range deletes take part in the order of operations")
{
	struct kit k;
	lsm_batch *b;

	kit_open(&k);
	put_letters(k.db, "abcdef");
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("b"), lsm_str("gone")));
	CHECK_OK(lsm_batch_delete_range(b, lsm_str("a"), lsm_str("e")));
	CHECK_OK(lsm_batch_put(b, lsm_str("c"), lsm_str("stays")));
	CHECK_OK(lsm_batch_delete_range(b, lsm_str("x"), lsm_str("x")));
	CHECK_OK(lsm_batch_delete_range(b, lsm_str("f"), bound(NULL)));
	CHECK_EQ(lsm_batch_count(b), 4);
	CHECK_OK(lsm_write(k.db, b, 0));
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "c=stays e=e");
	kit_reopen(&k);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "c=stays e=e");
	CHECK_OK(lsm_flush(k.db));
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "c=stays e=e");
	lsm_batch_clear(b);
	CHECK_EQ(lsm_batch_count(b), 0);
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_free(b);
	kit_close(&k);
}

TEST("an iterator keeps what a later range delete takes")
{
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	put_letters(k.db, "abcd");
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	delete_range(k.db, NULL, NULL);
	for (int n = 1; n < 4; n++) {
		CHECK_OK(lsm_iter_next(it));
		CHECK(lsm_iter_valid(it));
	}
	CHECK_OK(lsm_iter_seek(it, lsm_str("b")));
	CHECK(lsm_iter_valid(it));
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("a reader that refreshes sees range deletes of the log")
{
	struct kit k;
	lsm_options o;
	lsm_db *reader;

	kit_open(&k);
	put_letters(k.db, "abcd");
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	CHECK_STR(dbkit_scan(reader, NULL, NULL, false), "a=a b=b c=c d=d");
	delete_range(k.db, "b", "d");
	put_letters(k.db, "c");
	CHECK_STR(dbkit_scan(reader, NULL, NULL, false), "a=a b=b c=c d=d");
	CHECK_OK(lsm_refresh(reader));
	CHECK_STR(dbkit_scan(reader, NULL, NULL, false), "a=a c=c d=d");
	CHECK_CODE(lsm_delete_range(reader, bound("a"), bound("b"), 0),
	    LSM_READ_ONLY);
	dbkit_close(reader);
	kit_close(&k);
}

TEST_SOLO("a scan passes over a deleted range without reading it")
{
	struct kit k;
	uint64_t before;

	kit_open(&k);
	dbkit_fill(k.db, 0, 20000, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	delete_range(k.db, "k000010", "k019990");
	kit_reopen(&k);
	before = dbkit_stat(k.db, "read.pages");
	CHECK(strlen(dbkit_scan(k.db, NULL, NULL, false)) > 0);
	CHECK(strlen(dbkit_scan(k.db, NULL, NULL, true)) > 0);
	CHECK(dbkit_stat(k.db, "read.pages") - before < 20);
	kit_close(&k);
}

enum { ROUNDS = 300, EACH = 20, READERS = 2 };

struct watcher {
	lsm_db *db;
	_Atomic bool *end;
	uint64_t looks;
	bool torn;
};

/* All of the keys are there, or none. */
static void
watch(void *arg)
{
	struct watcher *w = arg;
	lsm_iter *it;

	while (!load_acquire(w->end) && !w->torn) {
		unsigned up = 0, down = 0;

		CHECK_OK(lsm_iter_new(w->db, NULL, NULL, &it));
		CHECK_OK(lsm_iter_first(it));
		for (; lsm_iter_valid(it); up++)
			CHECK_OK(lsm_iter_next(it));
		CHECK_OK(lsm_iter_last(it));
		for (; lsm_iter_valid(it); down++)
			CHECK_OK(lsm_iter_prev(it));
		lsm_iter_free(it);
		w->torn = (up != 0 && up != EACH) || up != down;
		w->looks++;
	}
}

TEST("threads that read see a range delete wholly or not at all")
{
	struct watcher watchers[READERS];
	struct thread threads[READERS];
	_Atomic bool end = false;
	struct kit k;
	lsm_batch *b;
	char key[16];

	kit_open(&k);
	CHECK_OK(lsm_batch_new(&b));
	for (int i = 0; i < EACH; i++) {
		snprintf(key, sizeof key, "k%02d", i);
		CHECK_OK(lsm_batch_put(b, lsm_str(key), lsm_str("v")));
	}
	for (int i = 0; i < READERS; i++) {
		watchers[i] = (struct watcher){ k.db, &end, 0, false };
		CHECK_OK(thread_start(&threads[i], watch, &watchers[i]));
	}
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(lsm_write(k.db, b, LSM_NO_SYNC));
		CHECK_OK(lsm_delete_range(k.db, lsm_str("k"), bound(NULL),
		    LSM_NO_SYNC));
		if (i % 100 == 50)
			CHECK_OK(lsm_flush(k.db));
	}
	store_release(&end, true);
	for (int i = 0; i < READERS; i++) {
		thread_join(&threads[i]);
		CHECK(!watchers[i].torn);
	}
	lsm_batch_free(b);
	kit_close(&k);
}

TEST("range deletes are counted where they are")
{
	struct kit k;

	kit_open(&k);
	put_letters(k.db, "abcd");
	CHECK_OK(lsm_flush(k.db));
	delete_range(k.db, "a", "c");
	CHECK_EQ(dbkit_stat(k.db, "write.range_deletes"), 1);
	CHECK_EQ(dbkit_stat(k.db, "db.memtable_range_deletes"), 1);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "db.memtable_range_deletes"), 0);
	CHECK_EQ(dbkit_stat(k.db, "db.range_deletes"), 1);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.range_deletes"), 0);
	CHECK_EQ(dbkit_stat(k.db, "merge.covered"), 2);
	CHECK_EQ(dbkit_stat(k.db, "merge.range_deletes_dropped"), 1);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 2);
	kit_close(&k);
}

TEST("very many range deletes, one by one and in one batch, stay right")
{
	char from[16], to[16];
	struct kit k;
	lsm_batch *b;

	kit_open(&k);
	dbkit_fill(k.db, 0, 3000, "");
	CHECK_OK(lsm_batch_new(&b));
	for (unsigned i = 0; i < 3000; i += 3) {
		snprintf(from, sizeof from, "k%06u", i);
		snprintf(to, sizeof to, "k%06u", i + 1);
		if (i < 1500)
			delete_range(k.db, from, to);
		else
			CHECK_OK(lsm_batch_delete_range(b, lsm_str(from),
			    lsm_str(to)));
	}
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_free(b);
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(from, sizeof from, "k%06u", i);
			CHECK_CODE(lsm_get(k.db, NULL, lsm_str(from), NULL),
			    i % 3 ? LSM_OK : LSM_NOTFOUND);
		}
		if (round == 0)
			kit_reopen(&k);
		else
			CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 2000);
	kit_close(&k);
}

TEST("without memory for it a range delete is wholly absent")
{
	int rc = LSM_NO_MEMORY;
	struct kit k;

	kit_open(&k);
	put_letters(k.db, "abcd");
	for (uint64_t n = 1; rc == LSM_NO_MEMORY; n++) {
		mem_fail_at(n, false);
		rc = lsm_delete_range(k.db, bound("b"), bound("c"), 0);
		mem_fail_at(0, false);
		CHECK_STR(dbkit_scan(k.db, NULL, NULL, false),
		    rc == LSM_OK ? "a=a c=c d=d" : "a=a b=b c=c d=d");
	}
	CHECK_OK(rc);
	kit_reopen(&k);
	CHECK_STR(dbkit_scan(k.db, NULL, NULL, false), "a=a c=c d=d");
	kit_close(&k);
}
