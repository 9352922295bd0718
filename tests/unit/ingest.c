/*
 * Ingestion: what a commit shows and to whom, what is refused, what is left
 * behind.
 */
#include <stdio.h>

#include "support/kit.h"

static lsm_ingest *
ingest(lsm_db *db)
{
	lsm_ingest *g;

	CHECK_OK(lsm_ingest_new(db, &g));
	return g;
}

static void
add(lsm_ingest *g, const char *key, const char *value)
{
	CHECK_OK(lsm_ingest_add(g, lsm_str(key), lsm_str(value)));
}

static void
commit(lsm_ingest *g)
{
	CHECK_OK(lsm_ingest_commit(g));
	lsm_ingest_free(g);
}

/* Keys "k000007" with values "v7" + tag, [from, to). */
static void
ingest_fill(lsm_db *db, unsigned from, unsigned to, const char *tag)
{
	lsm_ingest *g = ingest(db);
	char key[16], value[32];

	for (unsigned i = from; i < to; i++) {
		snprintf(key, sizeof key, "k%06u", i);
		snprintf(value, sizeof value, "v%u%s", i, tag);
		add(g, key, value);
	}
	CHECK_EQ(lsm_ingest_count(g), to - from);
	commit(g);
}

static const char *
all(lsm_db *db)
{
	return dbkit_scan(db, NULL, NULL, false);
}

TEST("an ingestion is there after its commit, and not before")
{
	lsm_ingest *g;
	struct kit k;

	kit_open(&k);
	g = ingest(k.db);
	add(g, "", "empty");
	add(g, "a", "1");
	add(g, "b", "");
	CHECK_STR(all(k.db), "");
	CHECK_OK(lsm_ingest_commit(g));
	CHECK_STR(all(k.db), "=empty a=1 b=");
	lsm_ingest_free(g);
	kit_reopen(&k);
	CHECK_STR(all(k.db), "=empty a=1 b=");
	CHECK_EQ(dbkit_stat(k.db, "recovery.records"), 3);
	kit_close(&k);
}

TEST("a batch is added to an ingestion up to the first that is refused")
{
	lsm_ingest *g;
	lsm_batch *b;
	struct kit k;

	kit_open(&k);
	g = ingest(k.db);
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_ingest_batch(g, b));
	CHECK_OK(lsm_batch_put(b, lsm_str(""), lsm_str("empty")));
	CHECK_OK(lsm_batch_put(b, lsm_str("b"), lsm_str("")));
	CHECK_OK(lsm_ingest_batch(g, b));
	CHECK_EQ(lsm_ingest_batch(g, b), LSM_INVALID);
	lsm_batch_clear(b);
	CHECK_OK(lsm_batch_put(b, lsm_str("c"), lsm_str("3")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("d")));
	CHECK_OK(lsm_batch_put(b, lsm_str("e"), lsm_str("5")));
	CHECK_EQ(lsm_ingest_batch(g, b), LSM_INVALID);
	CHECK_EQ(lsm_ingest_count(g), 3);
	lsm_batch_clear(b);
	CHECK_OK(lsm_batch_put(b, lsm_str("f"), lsm_str("6")));
	CHECK_OK(lsm_batch_if_absent(b, lsm_str("f")));
	CHECK_EQ(lsm_ingest_batch(g, b), LSM_INVALID);
	CHECK_EQ(lsm_ingest_count(g), 3);
	lsm_batch_free(b);
	commit(g);
	CHECK_STR(all(k.db), "=empty b= c=3");
	kit_close(&k);
}

TEST("snapshots and iterators from before do not see it, later ones do")
{
	lsm_snapshot *before, *after;
	lsm_ingest *g;
	lsm_iter *it;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "b", "old");
	g = ingest(k.db);
	add(g, "a", "1");
	add(g, "b", "2");
	CHECK_OK(lsm_snapshot_new(k.db, &before));
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	commit(g);
	CHECK_OK(lsm_snapshot_new(k.db, &after));
	CHECK_STR(dbkit_scan(k.db, before, NULL, false), "b=old");
	CHECK_STR(dbkit_scan(k.db, after, NULL, true), "b=2 a=1");
	CHECK_OK(lsm_iter_first(it));
	CHECK_BYTES(bytes_of(lsm_iter_key(it)), "b");
	CHECK_BYTES(bytes_of(lsm_iter_value(it)), "old");
	lsm_iter_free(it);
	lsm_snapshot_free(before);
	lsm_snapshot_free(after);
	kit_close(&k);
}

TEST("all records of an ingestion have one sequence, the next one")
{
	lsm_snapshot *s;
	lsm_iter *it;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "z", "first");
	ingest_fill(k.db, 0, 200, "");
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	CHECK_EQ(lsm_snapshot_sequence(s), 2);
	lsm_snapshot_free(s);
	dbkit_put(k.db, "k000100", "third");
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (unsigned i = 0; i < 200; i++) {
		CHECK_EQ(lsm_iter_sequence(it), i == 100 ? 3 : 2);
		CHECK_OK(lsm_iter_next(it));
	}
	CHECK_EQ(lsm_iter_sequence(it), 1);
	lsm_iter_free(it);
	kit_close(&k);
}

TEST("a key that does not ascend is refused by number, the rest goes on")
{
	lsm_ingest *g;
	struct kit k;

	kit_open(&k);
	g = ingest(k.db);
	add(g, "b", "1");
	CHECK_CODE(lsm_ingest_add(g, lsm_str("b"), lsm_str("2")), LSM_INVALID);
	CHECK_STR(lsm_message(),
	    "ingestion: record 2: its key is not above the one before");
	CHECK_CODE(lsm_ingest_add(g, lsm_str("a"), lsm_str("2")), LSM_INVALID);
	CHECK_CODE(lsm_ingest_add(g, lsm_bytes("c", LSM_KEY_MAX + 1),
	    lsm_str("")), LSM_TOO_LARGE);
	CHECK_CODE(lsm_ingest_add(g, lsm_str("c"), lsm_bytes("", (size_t)
	    LSM_VALUE_MAX + 1)), LSM_TOO_LARGE);
	CHECK_EQ(lsm_ingest_count(g), 1);
	add(g, "c", "3");
	commit(g);
	CHECK_STR(all(k.db), "b=1 c=3");
	kit_close(&k);
}

TEST("one that is given up leaves nothing")
{
	lsm_ingest *g;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	g = ingest(k.db);
	for (unsigned i = 0; i < 2000; i++) {
		char key[16];

		snprintf(key, sizeof key, "%06u", i);
		add(g, key, "some value");
	}
	CHECK(dbkit_files(k.db, "table", false) > 0);
	lsm_ingest_free(g);
	CHECK_EQ(dbkit_files(k.db, "table", false), 0);
	CHECK_STR(all(k.db), "a=1");
	lsm_ingest_free(NULL);
	kit_close(&k);
}

TEST("it is newer than what was written before, in memory or in tables")
{
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 50, "table");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 25, 75, "memory");
	dbkit_delete(k.db, "k000080");
	ingest_fill(k.db, 10, 90, "new");
	dbkit_check_fill(k.db, 0, 10, "table");
	dbkit_check_fill(k.db, 10, 90, "new");
	kit_reopen(&k);
	dbkit_check_fill(k.db, 10, 90, "new");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_check_fill(k.db, 0, 10, "table");
	dbkit_check_fill(k.db, 10, 90, "new");
	kit_close(&k);
}

TEST("what is written later is newer, and stays so")
{
	struct kit k;

	kit_open(&k);
	ingest_fill(k.db, 0, 60, "old");
	dbkit_fill(k.db, 10, 20, "new");
	dbkit_delete(k.db, "k000030");
	for (int i = 0; i < 4; i++) {
		dbkit_check_fill(k.db, 0, 10, "old");
		dbkit_check_fill(k.db, 10, 20, "new");
		dbkit_check(k.db, NULL, "k000030", NULL);
		if (i == 0)
			kit_reopen(&k);
		else if (i == 1)
			CHECK_OK(lsm_flush(k.db));
		else
			CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	kit_close(&k);
}

TEST("of two that overlap the one committed later holds")
{
	lsm_ingest *first, *second;
	struct kit k;

	kit_open(&k);
	first = ingest(k.db);
	second = ingest(k.db);
	add(first, "a", "first");
	add(second, "a", "second");
	add(first, "b", "first");
	commit(second);
	CHECK_STR(all(k.db), "a=second");
	commit(first);
	CHECK_STR(all(k.db), "a=first b=first");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_STR(all(k.db), "a=first b=first");
	kit_close(&k);
}

TEST("ingestions of ascending ranges go where they stay")
{
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 20; i++)
		ingest_fill(k.db, 100 * i, 100 * i + 100, "");
	dbkit_check_fill(k.db, 0, 2000, "");
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "merge.count"), 0);
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	CHECK_EQ(dbkit_stat(k.db, "ingest.count"), 20);
	kit_close(&k);
}

static void
largest(void *arg, const lsm_file_info *f)
{
	uint64_t *most = arg;

	if (strcmp(f->kind, "table") == 0 && f->size > *most)
		*most = f->size;
}

TEST_SOLO("many tables are larger ones")
{
	lsm_options o = dbkit_options(NULL);
	uint64_t most = 0;
	lsm_db *db;

	o.table_size = 65536;
	o.codec = LSM_CODEC_NONE;
	db = dbkit_open(dbkit_path("db"), &o);
	ingest_fill(db, 0, 400000, "");
	CHECK_OK(lsm_files(db, largest, &most));
	CHECK(most > 7 * 65536 && most < 9 * 65536 + 65536);
	CHECK(dbkit_files(db, "table", true) < 40);
	dbkit_check_fill(db, 1000, 2000, "");
	dbkit_close(db);
}

TEST("only what is in its range is flushed")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	dbkit_put(k.db, "z", "1");
	ingest_fill(k.db, 0, 10, "");
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	dbkit_put(k.db, "k000009", "later");
	ingest_fill(k.db, 9, 12, "");
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 1);
	dbkit_check_fill(k.db, 0, 12, "");
	kit_close(&k);
}

TEST("an open one keeps the database open; each commits once")
{
	lsm_ingest *g;
	struct kit k;

	kit_open(&k);
	g = ingest(k.db);
	CHECK_CODE(lsm_close(k.db), LSM_BUSY);
	add(g, "a", "1");
	CHECK_OK(lsm_ingest_commit(g));
	CHECK_CODE(lsm_ingest_commit(g), LSM_INVALID);
	CHECK_CODE(lsm_ingest_add(g, lsm_str("b"), lsm_str("")), LSM_INVALID);
	lsm_ingest_free(g);
	commit(ingest(k.db));
	CHECK_STR(all(k.db), "a=1");
	CHECK_EQ(dbkit_stat(k.db, "ingest.count"), 1);
	kit_close(&k);
}

TEST("a full disk ends it, and gives back what it took")
{
	lsm_ingest *g;
	struct kit k;
	int rc = LSM_OK;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	g = ingest(k.db);
	add(g, "b", "1");
	sim_fail_at(k.sim, 1, LSM_NO_SPACE, true, false);
	for (unsigned i = 0; rc == LSM_OK; i++) {
		char key[16];

		snprintf(key, sizeof key, "c%06u", i);
		rc = lsm_ingest_add(g, lsm_str(key), lsm_str("some value"));
	}
	CHECK_CODE(rc, LSM_NO_SPACE);
	sim_fail_at(k.sim, 0, LSM_OK, false, false);
	CHECK_CODE(lsm_ingest_add(g, lsm_str("x"), lsm_str("")),
	    LSM_NO_SPACE);
	CHECK_CODE(lsm_ingest_commit(g), LSM_NO_SPACE);
	lsm_ingest_free(g);
	ingest_fill(k.db, 0, 10, "");
	dbkit_check_fill(k.db, 0, 10, "");
	dbkit_check(k.db, NULL, "a", "1");
	kit_close(&k);
}

enum { LARGE = 30000, LARGE_COUNT = 60 };

/* Tables that are more than wait for their syncs at once. */
static int
ingest_large(lsm_db *db)
{
	static char value[LARGE];
	lsm_ingest *g = ingest(db);
	int rc = LSM_OK;

	for (unsigned i = 0; i < LARGE_COUNT && rc == LSM_OK; i++) {
		char key[16];

		snprintf(key, sizeof key, "k%06u", i);
		memset(value, 'a' + (int)i % 26, sizeof value);
		rc = lsm_ingest_add(g, lsm_str(key),
		    lsm_bytes(value, sizeof value));
	}
	if (rc == LSM_OK)
		rc = lsm_ingest_commit(g);
	lsm_ingest_free(g);
	return rc;
}

static void
start_large(struct kit *k)
{
	kit_init(k);
	k->o.table_size = 65536;
	k->o.codec = LSM_CODEC_NONE;
	kit_start(k);
}

/* Each value whole; returns how many there are. */
static unsigned
check_large(lsm_db *db)
{
	unsigned found = 0;
	lsm_iter *it;

	CHECK_OK(lsm_iter_new(db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); found++) {
		lsm_slice v = lsm_iter_value(it);

		CHECK_EQ(v.size, LARGE);
		CHECK_EQ(((const char *)v.data)[LARGE - 1], 'a' + found % 26);
		CHECK_OK(lsm_iter_next(it));
	}
	lsm_iter_free(it);
	return found;
}

TEST("tables that were synced late are durable with the commit")
{
	struct kit k;

	start_large(&k);
	CHECK_OK(ingest_large(k.db));
	CHECK(dbkit_files(k.db, "table", true) > 12);
	kit_crash(&k);
	CHECK_EQ(check_large(k.db), LARGE_COUNT);
	kit_close(&k);
}

/* As kit_crash, of a handle that may be fenced. */
static void
crash_fenced(struct kit *k)
{
	struct sim *left = sim_crash(k->sim, sim_operations(k->sim), SIM_DROP,
	    0);

	(void)lsm_close(k->db);
	sim_free(k->sim);
	k->sim = left;
	k->o.env = sim_env(left);
	kit_start(k);
}

TEST_SOLO("whichever write or sync of many tables fails, a crash shows all or "
    "none")
{
	bool failed = true;
	unsigned found;
	struct kit k;
	int rc;

	for (uint64_t n = 1; failed; n += 3) {
		start_large(&k);
		sim_fail_at(k.sim, n, LSM_IO, false, false);
		rc = ingest_large(k.db);
		failed = sim_failed(k.sim);
		sim_fail_at(k.sim, 0, LSM_OK, false, false);
		CHECK(failed || rc == LSM_OK);
		crash_fenced(&k);
		found = check_large(k.db);
		CHECK(found == LARGE_COUNT || (found == 0 && rc != LSM_OK));
		CHECK_EQ(dbkit_files(k.db, "table", false),
		    dbkit_files(k.db, "table", true));
		kit_close(&k);
	}
}

TEST("a handle that may not write may not ingest")
{
	lsm_ingest *g;
	lsm_options o;
	lsm_db *reader;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	CHECK_CODE(lsm_ingest_new(reader, &g), LSM_READ_ONLY);
	CHECK(g == NULL);
	dbkit_close(reader);
	kit_close(&k);
}

TEST("a reader beside it sees it when it looks again")
{
	lsm_options o;
	lsm_db *reader;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "k000005", "old");
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	for (unsigned i = 0; i < 4; i++) {
		ingest_fill(k.db, 0, 10, i % 2 ? "odd" : "even");
		dbkit_put(k.db, "x", "behind it");
		CHECK_OK(lsm_refresh(reader));
		dbkit_check_fill(reader, 0, 10, i % 2 ? "odd" : "even");
		dbkit_check(reader, NULL, "x", "behind it");
		dbkit_delete(k.db, "x");
		CHECK_OK(lsm_refresh(reader));
		dbkit_check(reader, NULL, "x", NULL);
	}
	dbkit_close(reader);
	kit_close(&k);
}

/* The disk of a process that was killed after each operation of a commit. */
static void
killed(struct kit *k, size_t upto, bool *there)
{
	struct sim *image = sim_kill(k->sim, upto);
	lsm_options o = k->o;
	lsm_db *db;

	o.env = sim_env(image);
	db = dbkit_open("db", &o);
	*there = strcmp(all(db), "a=1 b=2 c=3") == 0;
	if (!*there)
		CHECK_STR(all(db), "c=3");
	dbkit_put(db, "d", "4");
	dbkit_close(db);
	db = dbkit_open("db", &o);
	CHECK_STR(all(db), *there ? "a=1 b=2 c=3 d=4" : "c=3 d=4");
	CHECK_EQ(dbkit_files(db, "table", false), dbkit_files(db, "table",
	    true));
	dbkit_close(db);
	sim_free(image);
}

TEST("killed anywhere it is there as a whole or not at all, without orphans")
{
	bool there = false, was;
	size_t begin, end;
	lsm_ingest *g;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "c", "3");
	begin = sim_operations(k.sim);
	g = ingest(k.db);
	add(g, "a", "1");
	add(g, "b", "2");
	commit(g);
	end = sim_operations(k.sim);
	for (size_t upto = begin; upto <= end; upto++) {
		was = there;
		killed(&k, upto, &there);
		CHECK(there || !was);
	}
	CHECK(there);
	kit_close(&k);
}
