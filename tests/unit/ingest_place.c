/*
 * Where an ingestion's tables go when the database holds something already,
 * and where they are cut for it.
 */
#include <stdio.h>

#include "support/kit.h"

enum { TABLE = 65536, RECORD = 100 };

/* Tables of TABLE bytes that hold about 600 records. */
static void
kit_small(struct kit *k)
{
	kit_init(k);
	k->o.table_size = TABLE;
	k->o.codec = LSM_CODEC_NONE;
	kit_start(k);
}

/* Keys "k000007", RECORD bytes each that end in the tag, [from, to). */
static void
ingest(lsm_db *db, unsigned from, unsigned to, unsigned step, char tag)
{
	char key[16], value[RECORD];
	lsm_ingest *g;

	memset(value, tag, sizeof value);
	CHECK_OK(lsm_ingest_new(db, &g));
	for (unsigned i = from; i < to; i += step) {
		snprintf(key, sizeof key, "k%06u", i);
		CHECK_OK(lsm_ingest_add(g, lsm_str(key), lsm_bytes(value,
		    sizeof value)));
	}
	CHECK_OK(lsm_ingest_commit(g));
	lsm_ingest_free(g);
}

/* Does each key in [from, to) end in its tag? */
static void
check_tags(lsm_db *db, unsigned from, unsigned to, unsigned step, char tag)
{
	lsm_buffer b = { 0 };

	for (unsigned i = from; i < to; i += step) {
		char key[16];

		snprintf(key, sizeof key, "k%06u", i);
		CHECK_OK(lsm_get(db, NULL, lsm_str(key), &b));
		CHECK_EQ(b.size, RECORD);
		CHECK_EQ(((char *)b.data)[b.size - 1], tag);
	}
	lsm_buffer_free(&b);
}

struct sum {
	int level;
	uint64_t bytes, entries, tables;
};

static void
sum_add(void *arg, const lsm_file_info *f)
{
	struct sum *sum = arg;

	if (!f->live || strcmp(f->kind, "table") != 0 ||
	    f->level != sum->level)
		return;
	sum->bytes += f->size;
	sum->entries += f->entries;
	sum->tables++;
}

static struct sum
level_sum(lsm_db *db, int level)
{
	struct sum sum = { .level = level };

	CHECK_OK(lsm_files(db, sum_add, &sum));
	return sum;
}

enum { LAST = 7 };

/* Old data in [0, 3000) and [20000, 23000), in the last level. */
static void
kit_fill(struct kit *k)
{
	ingest(k->db, 0, 3000, 1, 'a');
	ingest(k->db, 20000, 23000, 1, 'a');
	CHECK_EQ(level_sum(k->db, LAST).entries, 6000);
	CHECK_EQ(dbkit_stat(k->db, "db.runs"), 1);
}

TEST("only what meets something lies above it")
{
	struct sum upper, last;
	struct kit k;

	kit_small(&k);
	kit_fill(&k);
	ingest(k.db, 2500, 21000, 1, 'b');
	last = level_sum(k.db, LAST);
	upper = level_sum(k.db, 0);
	CHECK_EQ(last.entries + upper.entries, 6000 + 18500);
	CHECK_EQ(dbkit_stat(k.db, "ingest.tables") -
	    dbkit_stat(k.db, "ingest.tables_deep"), upper.tables);
	/* 1500 records meet something; a cut may come an eighth late. */
	CHECK(upper.entries >= 1500 && upper.entries < 1500 + 2 * 600 / 4);
	check_tags(k.db, 0, 2500, 7, 'a');
	check_tags(k.db, 2500, 21000, 7, 'b');
	check_tags(k.db, 21000, 23000, 7, 'a');
	kit_close(&k);
}

TEST_SOLO("what lies above is merged with little, the rest is never read")
{
	struct kit k;

	kit_small(&k);
	kit_fill(&k);
	ingest(k.db, 2500, 21000, 1, 'b');
	for (int i = 0; i < 24; i++) {
		dbkit_put(k.db, "k002400", "x");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK(dbkit_stat(k.db, "merge.count") > 0);
	CHECK(dbkit_stat(k.db, "merge.bytes_read") > 0);
	CHECK(dbkit_stat(k.db, "merge.bytes_read") <
	    dbkit_stat(k.db, "ingest.bytes") / 2);
	check_tags(k.db, 2500, 21000, 7, 'b');
	check_tags(k.db, 21000, 23000, 7, 'a');
	kit_close(&k);
}

TEST_SOLO("above a full level lie those that meet it, in one run")
{
	struct kit k;

	kit_small(&k);
	ingest(k.db, 0, 30002, 2, 'a');
	ingest(k.db, 1, 30001, 2, 'b');
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 2);
	CHECK_EQ(level_sum(k.db, LAST).entries, 15001);
	check_tags(k.db, 0, 30000, 14, 'a');
	check_tags(k.db, 1, 30000, 14, 'b');
	/* The next ones meet both. */
	ingest(k.db, 0, 30000, 3, 'c');
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 3);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_tags(k.db, 0, 30000, 6, 'c');
	check_tags(k.db, 1, 30000, 6, 'b');
	kit_close(&k);
}

TEST("gaps that are not worth a table cost none")
{
	struct kit k;
	uint64_t before;

	kit_small(&k);
	for (unsigned i = 0; i < 40; i++)
		ingest(k.db, 30 * i, 30 * i + 10, 1, 'a');
	before = dbkit_stat(k.db, "db.tables");
	CHECK_EQ(before, 40);
	ingest(k.db, 5, 1200, 1, 'b');
	/* Each of the 40 has two edges. */
	CHECK(dbkit_stat(k.db, "db.tables") - before < 40);
	check_tags(k.db, 5, 1200, 1, 'b');
	check_tags(k.db, 0, 5, 1, 'a');
	kit_close(&k);
}

TEST_SOLO("a range delete in the tree keeps what it meets above it")
{
	struct kit k;

	kit_small(&k);
	kit_fill(&k);
	CHECK_OK(lsm_delete_range(k.db, lsm_str("k001000"),
	    lsm_str("k010000"), 0));
	CHECK_OK(lsm_flush(k.db));
	ingest(k.db, 4000, 19000, 1, 'b');
	check_tags(k.db, 4000, 19000, 7, 'b');
	CHECK(level_sum(k.db, 0).entries >= 6000);
	CHECK(level_sum(k.db, LAST).entries >= 4000 + 8000);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_tags(k.db, 4000, 19000, 7, 'b');
	dbkit_check(k.db, NULL, "k002000", NULL);
	kit_close(&k);
}

TEST("only memory that meets a table of it is flushed")
{
	struct kit k;

	kit_small(&k);
	kit_fill(&k);
	ingest(k.db, 2990, 3010, 1, 'b');
	dbkit_put(k.db, "k005000", "memory");
	ingest(k.db, 3000, 4000, 1, 'c');
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 0);
	ingest(k.db, 4000, 6000, 1, 'd');
	CHECK_EQ(dbkit_stat(k.db, "flush.count"), 1);
	check_tags(k.db, 4000, 6000, 1, 'd');
	kit_close(&k);
}

/* The disk of a process that was killed, or of a machine that lost its power,
 * after each operation of a commit that goes to two levels. */
static void
died(struct kit *k, struct sim *image, bool *there)
{
	lsm_options o = k->o;
	lsm_buffer b = { 0 };
	lsm_db *db;

	o.env = sim_env(image);
	db = dbkit_open("db", &o);
	CHECK_OK(lsm_get(db, NULL, lsm_str("k002500"), &b));
	*there = ((char *)b.data)[0] == 'b';
	check_tags(db, 0, 2500, 100, 'a');
	check_tags(db, 2500, 3000, 50, *there ? 'b' : 'a');
	if (*there)
		check_tags(db, 3000, 4500, 50, 'b');
	else
		dbkit_check(db, NULL, "k003000", NULL);
	lsm_buffer_free(&b);
	CHECK_EQ(dbkit_files(db, "table", false), dbkit_files(db, "table",
	    true));
	dbkit_close(db);
	sim_free(image);
}

TEST_SOLO("killed or without power all levels have it, or none")
{
	bool killed = false, cut = false, was;
	size_t begin, end;
	struct kit k;

	kit_small(&k);
	ingest(k.db, 0, 3000, 1, 'a');
	begin = sim_operations(k.sim);
	ingest(k.db, 2500, 4500, 1, 'b');
	CHECK(level_sum(k.db, 0).tables > 0);
	CHECK(level_sum(k.db, LAST).entries > 3000);
	end = sim_operations(k.sim);
	for (size_t upto = begin; upto <= end; upto++) {
		was = killed;
		died(&k, sim_kill(k.sim, upto), &killed);
		CHECK(killed || !was);
		died(&k, sim_crash(k.sim, upto, SIM_DROP, 0), &cut);
	}
	CHECK(killed && cut);
	kit_close(&k);
}
