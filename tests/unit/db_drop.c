/*
 * What a range delete takes wholly goes without being read: who still sees
 * it, when its files go, and how large merges become.
 */
#include <stdio.h>

#include "base/random.h"
#include "support/kit.h"

enum { TABLE = 16384, LAST = 7 };

static void
kit_small(struct kit *k)
{
	kit_init(k);
	k->o.table_size = TABLE;
	k->o.memtable_size = TABLE;
	k->o.l0_trigger = 4;
	k->o.l0_stop = 5;
	k->o.codec = LSM_CODEC_NONE;
	kit_start(k);
}

static void
delete_keys(lsm_db *db, unsigned from, unsigned to)
{
	char first[16], end[16];

	snprintf(first, sizeof first, "k%06u", from);
	snprintf(end, sizeof end, "k%06u", to);
	CHECK_OK(lsm_delete_range(db, lsm_str(first), lsm_str(end), 0));
}

/* Keys [0, count) in the last level. */
static void
kit_fill(struct kit *k, unsigned count)
{
	dbkit_fill(k->db, 0, count, "some value or other of some length");
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k->db, "db.runs"), 1);
}

static unsigned
count_keys(lsm_db *db, const lsm_snapshot *s)
{
	unsigned n = 0;
	lsm_iter *it;

	CHECK_OK(lsm_iter_new(db, s, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); n++)
		CHECK_OK(lsm_iter_next(it));
	lsm_iter_free(it);
	return n;
}

TEST("a delete of everything reads and writes next to nothing")
{
	uint64_t tables, read;
	struct kit k;

	kit_small(&k);
	kit_fill(&k, 5000);
	tables = dbkit_stat(k.db, "db.tables");
	read = dbkit_stat(k.db, "merge.bytes_read");
	CHECK(tables > 10);
	delete_keys(k.db, 0, 5000);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "merge.tables_dropped"), tables);
	CHECK_EQ(dbkit_stat(k.db, "merge.bytes_read"), read);
	CHECK_EQ(dbkit_files(k.db, "table", false), 1);
	CHECK_EQ(count_keys(k.db, NULL), 0);
	kit_reopen(&k);
	CHECK_EQ(count_keys(k.db, NULL), 0);
	kit_close(&k);
}

TEST("tables at the ends of the range stay, and what came later")
{
	uint64_t tables;
	lsm_ingest *g;
	struct kit k;

	kit_small(&k);
	kit_fill(&k, 5000);
	tables = dbkit_stat(k.db, "db.tables");
	delete_keys(k.db, 1500, 4500);
	dbkit_put(k.db, "k002000", "later");
	CHECK_OK(lsm_ingest_new(k.db, &g));
	CHECK_OK(lsm_ingest_add(g, lsm_str("k003000"), lsm_str("last")));
	CHECK_OK(lsm_ingest_commit(g));
	lsm_ingest_free(g);
	CHECK_OK(lsm_flush(k.db));
	CHECK(dbkit_stat(k.db, "merge.tables_dropped") > tables / 2);
	CHECK(dbkit_stat(k.db, "merge.tables_dropped") < tables * 2 / 3);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(count_keys(k.db, NULL), 2000 + 2);
		dbkit_check(k.db, NULL, "k002000", "later");
		dbkit_check(k.db, NULL, "k003000", "last");
		dbkit_check(k.db, NULL, "k004499", NULL);
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	kit_close(&k);
}

TEST("snapshots, iterators and readers keep what they see, and its files")
{
	lsm_options o;
	lsm_snapshot *s;
	lsm_db *reader;
	unsigned files;
	lsm_iter *it;
	struct kit k;

	kit_small(&k);
	kit_fill(&k, 3000);
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_first(it));
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	files = dbkit_files(k.db, "table", false);
	delete_keys(k.db, 0, 3000);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "merge.tables_dropped"), files);
	CHECK_EQ(dbkit_files(k.db, "table", false), files + 1);
	CHECK_EQ(count_keys(k.db, NULL), 0);
	CHECK_EQ(count_keys(k.db, s), 3000);
	CHECK_EQ(count_keys(reader, NULL), 3000);
	for (int i = 1; i < 3000; i++)
		CHECK_OK(lsm_iter_next(it));
	CHECK_BYTES(bytes_of(lsm_iter_key(it)), "k002999");
	lsm_iter_free(it);
	lsm_snapshot_free(s);
	CHECK_OK(lsm_refresh(reader));
	CHECK_EQ(count_keys(reader, NULL), 0);
	dbkit_close(reader);
	dbkit_put(k.db, "a", "");
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_files(k.db, "table", false), dbkit_files(k.db, "table",
	    true));
	kit_close(&k);
}

TEST("a merge under way keeps its tables, which go when it has ended")
{
	struct kit k;
	int more = 1;

	kit_small(&k);
	kit_fill(&k, 3000);
	for (unsigned i = 0; dbkit_stat(k.db, "merge.count") < 3; i++) {
		dbkit_fill(k.db, i % 30 * 100, i % 30 * 100 + 3, "again");
		if (i % 4 == 3)
			delete_keys(k.db, i % 7 * 400, i % 7 * 400 + 400);
		if (i % 4 == 3)
			CHECK_OK(lsm_step(k.db, &more));
		if (i % 8 == 7)
			CHECK_OK(lsm_flush(k.db));
		CHECK(i < 1000);
	}
	delete_keys(k.db, 0, 3000);
	CHECK_OK(lsm_flush(k.db));
	while (more)
		CHECK_OK(lsm_step(k.db, &more));
	CHECK_EQ(count_keys(k.db, NULL), 0);
	CHECK(dbkit_stat(k.db, "db.tables") < 5);
	kit_close(&k);
}

struct span {
	int level;
	uint64_t size;
	char smallest[16], largest[16];
};

struct spans {
	struct span list[1000];
	size_t count;
};

static void
span_add(void *arg, const lsm_file_info *f)
{
	struct spans *all = arg;
	struct span *s = &all->list[all->count];

	if (!f->live || strcmp(f->kind, "table") != 0)
		return;
	CHECK(++all->count < sizeof all->list / sizeof *all->list);
	*s = (struct span){ .level = f->level, .size = f->size };
	snprintf(s->smallest, sizeof s->smallest, "%.*s",
	    (int)f->smallest.size, (const char *)f->smallest.data);
	snprintf(s->largest, sizeof s->largest, "%.*s",
	    (int)f->largest.size, (const char *)f->largest.data);
}

/* Bytes that a table overlaps in the next level that has any. */
static uint64_t
overlap(const struct spans *all, const struct span *of)
{
	int next = 2 * LAST;
	uint64_t bytes = 0;

	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].level > of->level && all->list[i].level < next)
			next = all->list[i].level;
	for (size_t i = 0; i < all->count; i++) {
		const struct span *s = &all->list[i];

		if (s->level == next && strcmp(s->smallest, of->largest) <=
		    0 && strcmp(of->smallest, s->largest) <= 0)
			bytes += s->size;
	}
	return bytes;
}

/* A table may overlap 25 times its size below; those of level 6 are the
 * largest that do. One more at the end, each up to twice the size; and the
 * table itself. */
enum { LARGEST = (25 + 2 + 2) * 2 * TABLE };

/* The most that a table below level 0 overlaps. */
static uint64_t
overlap_most(lsm_db *db)
{
	static struct spans all;
	uint64_t most = 0;

	all.count = 0;
	CHECK_OK(lsm_files(db, span_add, &all));
	for (size_t i = 0; i < all.count; i++) {
		uint64_t bytes = overlap(&all, &all.list[i]);

		if (all.list[i].level > 0 && bytes > most)
			most = bytes;
	}
	return most;
}

TEST_SOLO("no merge is larger than its bound, however far range deletes reach")
{
	struct random r = { test_seed() };
	struct kit k;

	kit_small(&k);
	kit_fill(&k, 100000);
	CHECK(dbkit_stat(k.db, "level.7.bytes") > 4 * LARGEST);
	for (unsigned i = 0; i < 600; i++) {
		unsigned key = (unsigned)random_below(&r, 90000);

		/* From one end to the other, at first with little between. */
		dbkit_put(k.db, i % 2 ? "k000000" : "k099999", "edge");
		if (i > 60)
			dbkit_fill(k.db, key, key + 200, "once more");
		key = (unsigned)random_below(&r, 90000);
		delete_keys(k.db, key, key + 10);
		if (i == 50 || i == 500)
			delete_keys(k.db, key, key + 9000);
		CHECK_OK(lsm_flush(k.db));
		CHECK(i % 10 != 0 || overlap_most(k.db) < LARGEST);
	}
	CHECK(dbkit_stat(k.db, "merge.tables_dropped") > 50);
	CHECK(dbkit_stat(k.db, "merge.count") > 50);
	CHECK(dbkit_stat(k.db, "merge.bytes_largest") < LARGEST);
	kit_close(&k);
}

/* All is there, or all is deleted; and no file that nobody needs. */
static void
died(struct kit *k, struct sim *image, bool *deleted)
{
	lsm_options o = k->o;
	unsigned n;
	lsm_db *db;

	o.env = sim_env(image);
	db = dbkit_open("db", &o);
	n = count_keys(db, NULL);
	CHECK(n == 0 || n == 1000);
	*deleted = n == 0;
	CHECK_EQ(dbkit_files(db, "table", false), dbkit_files(db, "table",
	    true));
	CHECK_OK(lsm_flush(db));
	if (*deleted)
		CHECK_EQ(dbkit_stat(db, "db.tables"), 1);
	CHECK_EQ(count_keys(db, NULL), n);
	dbkit_close(db);
	sim_free(image);
}

TEST_SOLO("killed or without power anywhere in a drop nothing comes back")
{
	bool killed = false, cut = false, was;
	size_t begin, end;
	struct kit k;

	kit_small(&k);
	kit_fill(&k, 1000);
	CHECK_OK(lsm_sync(k.db));
	begin = sim_operations(k.sim);
	delete_keys(k.db, 0, 1000);
	CHECK_OK(lsm_flush(k.db));
	CHECK(dbkit_stat(k.db, "merge.tables_dropped") > 3);
	end = sim_operations(k.sim);
	for (size_t upto = begin; upto <= end; upto++) {
		was = killed;
		died(&k, sim_kill(k.sim, upto), &killed);
		CHECK(killed || !was);
		was = cut;
		died(&k, sim_crash(k.sim, upto, SIM_DROP, 0), &cut);
		CHECK(cut || !was);
	}
	CHECK(killed && cut);
	kit_close(&k);
}

TEST_SOLO("each call that fails leaves all of it or nothing")
{
	struct kit k;

	for (uint64_t n = 1;; n++) {
		unsigned there;
		uint64_t calls;
		int rc;

		kit_small(&k);
		kit_fill(&k, 300);
		delete_keys(k.db, 0, 300);
		calls = sim_calls(k.sim);
		sim_fail_at(k.sim, n, LSM_IO, false, false);
		rc = lsm_flush(k.db);
		sim_fail_at(k.sim, 0, LSM_OK, false, false);
		calls = sim_calls(k.sim) - calls;
		CHECK(lsm_close(k.db) == LSM_OK || rc != LSM_OK);
		k.db = dbkit_open("db", &k.o);
		there = count_keys(k.db, NULL);
		CHECK(there == 0 || (rc != LSM_OK && there == 300));
		kit_close(&k);
		if (n > calls)
			break;
	}
}
