/*
 * Statistics equal what the test itself counted, files are told as they are;
 * and all of it with eight threads at once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/sync.h"
#include "support/kit.h"

TEST("writes, their bytes and batches are counted")
{
	lsm_batch *b;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "abc", "12345");
	dbkit_put(k.db, "", "");
	dbkit_delete(k.db, "ab");
	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_write(k.db, b, 0));
	CHECK_OK(lsm_batch_put(b, lsm_str("a"), lsm_str("bc")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("d")));
	CHECK_OK(lsm_write(k.db, b, 0));
	lsm_batch_free(b);
	CHECK_EQ(dbkit_stat(k.db, "write.puts"), 2);
	CHECK_EQ(dbkit_stat(k.db, "write.deletes"), 1);
	CHECK_EQ(dbkit_stat(k.db, "write.batches"), 1);
	CHECK_EQ(dbkit_stat(k.db, "write.bytes"), 8 + 2 + 4);
	CHECK_EQ(dbkit_stat(k.db, "db.sequence"), 5);
	CHECK_EQ(dbkit_stat(k.db, "db.memtable_entries"), 5);
	kit_close(&k);
}

TEST("reads are counted: asked, found, in memory, in tables, by filters")
{
	enum { KEYS = 1000, ABSENT = 500 };
	uint64_t asked, useful, wrong;
	char key[24];
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, KEYS, "");
	dbkit_check_fill(k.db, 0, 10, "");
	CHECK_EQ(dbkit_stat(k.db, "read.gets"), 10);
	CHECK_EQ(dbkit_stat(k.db, "read.gets_found"), 10);
	CHECK_EQ(dbkit_stat(k.db, "read.gets_memory"), 10);
	CHECK_EQ(dbkit_stat(k.db, "read.tables_asked"), 0);
	CHECK_OK(lsm_flush(k.db));
	dbkit_check_fill(k.db, 0, KEYS, "");
	CHECK_EQ(dbkit_stat(k.db, "read.tables_asked"), KEYS);
	for (unsigned i = 0; i < ABSENT; i++) {
		snprintf(key, sizeof key, "k%06ux", i);
		dbkit_check(k.db, NULL, key, NULL);
	}
	CHECK_EQ(dbkit_stat(k.db, "read.gets"), 10 + KEYS + ABSENT);
	CHECK_EQ(dbkit_stat(k.db, "read.gets_found"), 10 + KEYS);
	asked = dbkit_stat(k.db, "filter.asked");
	useful = dbkit_stat(k.db, "filter.useful");
	wrong = dbkit_stat(k.db, "filter.false_positives");
	CHECK_EQ(asked, KEYS + ABSENT);
	CHECK_EQ(useful + wrong, ABSENT);
	CHECK(wrong < ABSENT / 10);
	kit_close(&k);
}

TEST("iterators, their seeks and steps are counted")
{
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	dbkit_fill(k.db, 0, 10, "");
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_EQ(dbkit_stat(k.db, "db.snapshots_and_iterators"), 1);
	CHECK_OK(lsm_iter_first(it));
	CHECK_OK(lsm_iter_seek(it, lsm_str("k000005")));
	for (int i = 0; i < 3; i++)
		CHECK_OK(lsm_iter_next(it));
	CHECK_OK(lsm_iter_prev(it));
	lsm_iter_free(it);
	CHECK_EQ(dbkit_stat(k.db, "read.iterators"), 1);
	CHECK_EQ(dbkit_stat(k.db, "read.seeks"), 2);
	CHECK_EQ(dbkit_stat(k.db, "read.steps"), 4);
	CHECK_EQ(dbkit_stat(k.db, "db.snapshots_and_iterators"), 0);
	kit_close(&k);
}

static uint64_t
size_in_sim(struct kit *k, const char *name)
{
	size_t n;

	free(dbkit_read(k->o.env, "db", name, &n));
	return n;
}

TEST("flushes and merges are counted, with the bytes they wrote")
{
	uint64_t first, both, merged;
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 500, "");
	CHECK_OK(lsm_flush(k.db));
	first = size_in_sim(&k, dbkit_file(k.db, "table"));
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 1);
	CHECK_EQ(dbkit_stat(k.db, "flush.bytes"), first);
	CHECK_EQ(dbkit_stat(k.db, "db.bytes"), first);
	dbkit_fill(k.db, 0, 100, "new");
	dbkit_delete(k.db, "k000200");
	CHECK_OK(lsm_flush(k.db));
	both = dbkit_stat(k.db, "db.bytes");
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 2);
	CHECK_EQ(dbkit_stat(k.db, "flush.bytes"), both);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	merged = size_in_sim(&k, dbkit_file(k.db, "table"));
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 2);
	CHECK_EQ(dbkit_stat(k.db, "merge.count"), 1);
	CHECK_EQ(dbkit_stat(k.db, "merge.bytes_read"), both);
	CHECK_EQ(dbkit_stat(k.db, "merge.bytes_written"), merged);
	CHECK_EQ(dbkit_stat(k.db, "merge.shadowed"), 101);
	CHECK_EQ(dbkit_stat(k.db, "merge.deletes_dropped"), 1);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 499);
	CHECK_EQ(dbkit_stat(k.db, "db.bytes"), merged);
	kit_close(&k);
}

TEST("counts of the handle begin at 0, those of the database stay")
{
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 100, 107, "");
	kit_reopen(&k);
	CHECK_EQ(dbkit_stat(k.db, "write.puts"), 0);
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 100);
	CHECK_EQ(dbkit_stat(k.db, "db.memtable_entries"), 7);
	CHECK_EQ(dbkit_stat(k.db, "db.sequence"), 107);
	CHECK_EQ(dbkit_stat(k.db, "recovery.interrupted_log"), 0);
	kit_close(&k);
}

struct seen {
	unsigned tables, others, wrong;
	uint64_t entries;
};

static void
file_see(void *arg, const lsm_file_info *f)
{
	struct seen *s = arg;

	if (strcmp(f->kind, "table") != 0) {
		s->others++;
		s->wrong += f->level != -1 || !f->present;
		return;
	}
	s->wrong += s->others != 0;	/* tables come first */
	s->tables++;
	s->entries += f->entries;
	s->wrong += !f->live || !f->present || f->size < 4096 ||
	    f->run == 0 || f->sequence_min == 0 ||
	    f->sequence_max < f->sequence_min || bytes_compare(
	    bytes_of(f->smallest), bytes_of(f->largest)) > 0;
}

TEST("every file is told, tables first, with what the manifest knows")
{
	struct seen s = { 0 };
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 3; i++) {
		dbkit_fill(k.db, 0, 100, "");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_OK(lsm_files(k.db, file_see, &s));
	CHECK_EQ(s.tables, 3);
	CHECK_EQ(s.entries, 300);
	CHECK_EQ(s.wrong, 0);
	CHECK(s.others >= 4);		/* CURRENT, LOCK, manifest, log */
	kit_close(&k);
}

TEST("synced commits are one sync each when they come one by one")
{
	uint64_t before;
	struct kit k;

	kit_open(&k);
	before = dbkit_stat(k.db, "log.syncs");
	for (int i = 0; i < 7; i++)
		CHECK_OK(lsm_put(k.db, lsm_str("k"), lsm_str("v"), LSM_SYNC));
	CHECK_EQ(dbkit_stat(k.db, "log.syncs") - before, 7);
	dbkit_put(k.db, "k", "w");
	CHECK_EQ(dbkit_stat(k.db, "log.syncs") - before, 7);
	CHECK_OK(lsm_sync(k.db));
	CHECK_EQ(dbkit_stat(k.db, "log.syncs") - before, 8);
	CHECK_OK(lsm_sync(k.db));	/* nothing new: nothing to do */
	CHECK_EQ(dbkit_stat(k.db, "log.syncs") - before, 8);
	kit_close(&k);
}

/* ---- threads ------------------------------------------------------------ */

enum { WRITERS = 5, READERS = 3, WRITES = 60, KEYS = 40 };

struct worker {
	lsm_db *db;
	struct thread thread;
	unsigned number;
	unsigned wrong;
	_Atomic bool *done;
};

static void
commit_pair(struct worker *w, lsm_batch *b, unsigned i)
{
	char left[24], right[24], value[24];

	snprintf(left, sizeof left, "%u-%03u-left", w->number, i % KEYS);
	snprintf(right, sizeof right, "%u-%03u-right", w->number, i % KEYS);
	snprintf(value, sizeof value, "%u", i);
	lsm_batch_clear(b);
	w->wrong += lsm_batch_put(b, lsm_str(left), lsm_str(value)) != LSM_OK;
	w->wrong += lsm_batch_put(b, lsm_str(right), lsm_str(value)) !=
	    LSM_OK;
	w->wrong += lsm_write(w->db, b, LSM_SYNC) != LSM_OK;
	/* What was acknowledged is there at once. */
	w->wrong += lsm_get(w->db, NULL, lsm_str(right), NULL) != LSM_OK;
}

static void
write_pairs(void *arg)
{
	struct worker *w = arg;
	lsm_batch *b;

	if (lsm_batch_new(&b) != LSM_OK) {
		w->wrong++;
		return;
	}
	for (unsigned i = 0; i < WRITES; i++)
		commit_pair(w, b, i);
	lsm_batch_free(b);
}

/* Left and right stand side by side and were written as one: at any time
 * both are there, with one value. */
static unsigned
pairs_broken(lsm_iter *it)
{
	char left[32] = "";
	unsigned broken = 0, n = 0;

	for (int rc = lsm_iter_first(it); rc == LSM_OK && lsm_iter_valid(it);
	    rc = lsm_iter_next(it), n++) {
		lsm_slice v = lsm_iter_value(it);

		if (n % 2 == 0)
			snprintf(left, sizeof left, "%.*s", (int)v.size,
			    (const char *)v.data);
		else
			broken += strlen(left) != v.size ||
			    memcmp(left, v.data, v.size) != 0;
	}
	return broken + n % 2;
}

static void
read_pairs(void *arg)
{
	struct worker *w = arg;
	lsm_iter *it;

	do {
		if (lsm_iter_new(w->db, NULL, NULL, &it) != LSM_OK) {
			w->wrong++;
			return;
		}
		w->wrong += pairs_broken(it);
		lsm_iter_free(it);
		if (w->number == 0)
			w->wrong += lsm_flush(w->db) != LSM_OK;
		if (w->number == 1)
			w->wrong += lsm_compact(w->db, NULL, NULL) != LSM_OK;
	} while (!load_acquire(w->done));
}

static void
run_threads(lsm_db *db, struct worker *w, _Atomic bool *done)
{
	for (unsigned i = 0; i < WRITERS + READERS; i++) {
		w[i] = (struct worker){ .db = db, .done = done,
			.number = i < READERS ? i : i - READERS };
		CHECK_OK(thread_start(&w[i].thread, i < READERS ? read_pairs :
		    write_pairs, &w[i]));
	}
	for (unsigned i = READERS; i < READERS + WRITERS; i++)
		thread_join(&w[i].thread);
	store_release(done, true);
	for (unsigned i = 0; i < READERS; i++)
		thread_join(&w[i].thread);
	for (unsigned i = 0; i < READERS + WRITERS; i++)
		CHECK_EQ(w[i].wrong, 0);
}

TEST("eight threads write, read, flush and merge, and share their syncs")
{
	struct worker workers[WRITERS + READERS];
	lsm_options o = dbkit_options(NULL);
	_Atomic bool done = false;
	lsm_iter *it;
	lsm_db *db;

	o.workers = 1;
	o.memtable_size = 4096;
	db = dbkit_open(dbkit_path("db"), &o);
	run_threads(db, workers, &done);
	CHECK_EQ(dbkit_stat(db, "write.batches"), WRITERS * WRITES);
	CHECK_EQ(dbkit_stat(db, "db.sequence"), 2 * WRITERS * WRITES);
	CHECK(dbkit_stat(db, "log.syncs") < WRITERS * WRITES);
	CHECK(dbkit_stat(db, "flush.count") > 0);
	dbkit_close(db);
	db = dbkit_open(dbkit_path("db"), &o);
	CHECK_OK(lsm_iter_new(db, NULL, NULL, &it));
	CHECK_EQ(pairs_broken(it), 0);
	lsm_iter_free(it);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK_EQ(dbkit_stat(db, "db.entries"), 2 * WRITERS * KEYS);
	dbkit_close(db);
}

static void
stat_of_writers(void *arg, const lsm_stat *s)
{
	static const char *const words[] = { "write.", "stall.", "log.",
		"manifest.", "flush.", "ingest.", "merge.", "jobs.",
		"amplification.write" };
	unsigned *count = arg;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		*count += strncmp(s->metric, words[i], strlen(words[i])) == 0;
	*count += strcmp(s->metric, "level.bytes_written") == 0;
}

TEST("who only reads tells nothing of writes: it has counted none")
{
	unsigned of_writer = 0, of_reader = 0;
	struct kit k;
	lsm_options o;
	lsm_db *reader;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "");
	CHECK_OK(lsm_flush(k.db));
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	CHECK_OK(lsm_stats(k.db, stat_of_writers, &of_writer));
	CHECK_OK(lsm_stats(reader, stat_of_writers, &of_reader));
	CHECK(of_writer > 30);
	CHECK_EQ(of_reader, 0);
	CHECK_EQ(dbkit_stat(reader, "db.entries"), 100);
	CHECK(!dbkit_has_stat(reader, "amplification.read_runs"));
	dbkit_check(reader, NULL, "k000007", "v7");
	CHECK_EQ(dbkit_stat(reader, "amplification.read_runs"), 1000);
	dbkit_close(reader);
	kit_close(&k);
}
