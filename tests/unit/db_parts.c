/*
 * Level 0 in parts: flushes are cut, parts are merged one by one, and one that
 * hides much does not wait.
 */
#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/kit.h"

enum { RECORDS = 60000, KEY = 16, VALUE = 100 };

static uint64_t usual_least;

static void
kit_parts(struct kit *k, uint64_t part_least, uint32_t filter_bits)
{
	kit_init(k);
	k->o.memtable_size = 512 << 10;
	k->o.table_size = 128 << 10;
	k->o.l0_trigger = 8;
	k->o.l0_stop = 40;
	k->o.codec = LSM_CODEC_NONE;
	k->o.filter_bits = filter_bits;
	usual_least = flush_part_least;
	flush_part_least = part_least;
	kit_start(k);
}

static void
kit_end(struct kit *k)
{
	kit_close(k);
	flush_part_least = usual_least;
}

static void
record_put(lsm_db *db, uint32_t i)
{
	char key[KEY + 1], value[VALUE + 1];

	snprintf(key, sizeof key, "%016u", i);
	snprintf(value, sizeof value, "%0*u", VALUE, i);
	dbkit_put(db, key, value);
}

/* What is due, as workers do it; not what lsm_step finds besides. */
static void
work_due(lsm_db *db)
{
	bool more = true;

	while (more)
		CHECK_OK(work_step(db, &more));
}

/* Each once, in random order; the most that tables held meanwhile. */
static uint64_t
write_all(lsm_db *db, uint32_t records, struct random *r)
{
	static uint32_t order[RECORDS];
	uint64_t most = 0, now;

	for (uint32_t i = 0; i < records; i++)
		order[i] = i;
	for (uint32_t i = records; i > 1; i--) {
		uint32_t j = (uint32_t)random_below(r, i), o = order[j];

		order[j] = order[i - 1];
		order[i - 1] = o;
	}
	for (uint32_t i = 0; i < records; i++) {
		record_put(db, order[i]);
		if (i % 256 != 0)
			continue;
		work_due(db);
		if ((now = dbkit_stat(db, "db.data_bytes")) > most)
			most = now;
	}
	return most;
}

static uint64_t
largest_merge(uint64_t part_least)
{
	struct random r = { test_seed() };
	uint64_t largest;
	struct kit k;

	kit_parts(&k, part_least, 10);
	for (int i = 0; i < 2; i++)
		(void)write_all(k.db, RECORDS, &r);
	CHECK(dbkit_stat(k.db, "merge.count") > 0);
	largest = dbkit_stat(k.db, "merge.bytes_largest");
	kit_end(&k);
	return largest;
}

TEST_SOLO("a level 0 that was cut is merged in parts")
{
	CHECK(largest_merge(1) < largest_merge(UINT64_MAX) / 3);
}

/* Bytes kept at most while each record is overwritten, for a byte alive. */
static double
space_overwriting(uint32_t filter_bits)
{
	struct random r = { test_seed() };
	uint64_t alive, most;
	struct kit k;

	kit_parts(&k, 1, filter_bits);
	(void)write_all(k.db, RECORDS, &r);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	alive = dbkit_stat(k.db, "db.data_bytes");
	most = write_all(k.db, RECORDS, &r);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.data_bytes"), alive);
	kit_end(&k);
	return (double)most / (double)alive;
}

/* Without filters nobody knows what is hidden. */
TEST_SOLO("parts that hide much are merged: at most two thirds are kept twice")
{
	double space = space_overwriting(10);

	CHECK(space < 1.67);
	CHECK(space_overwriting(0) > space + 0.25);
}

static uint64_t
hidden(lsm_db *db)
{
	const struct level *l;
	uint64_t n = 0;

	mutex_lock(&db->mu);
	l = &db->view->version->levels[0];
	for (size_t i = 0; i < l->count; i++)
		for (size_t j = 0; j < l->runs[i].count; j++)
			n += l->runs[i].tables[j]->hides;
	mutex_unlock(&db->mu);
	return n;
}

/* One flush is one run, whole. */
static void
kit_whole(struct kit *k, int compaction)
{
	kit_init(k);
	k->o.memtable_size = 4 << 20;
	k->o.compaction = compaction;
	kit_start(k);
}

/* Every `step`-th record of [from, to). */
static void
flush_some(lsm_db *db, uint32_t from, uint32_t to, uint32_t step)
{
	for (uint32_t i = from; i < to; i += step)
		record_put(db, i);
	CHECK_OK(lsm_flush(db));
}

static bool
about(uint64_t n, uint64_t wanted)
{
	return n >= wanted / 10 * 8 && n <= wanted / 10 * 12 + 10;
}

TEST("a flush knows about how much it hides")
{
	struct kit k;

	kit_whole(&k, LSM_COMPACTION_HYBRID);
	flush_some(k.db, 0, 8000, 2);
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 0);
	flush_some(k.db, 1, 8001, 2);
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 1);
	CHECK(about(hidden(k.db), 0));
	flush_some(k.db, 0, 12000, 3);		/* two thirds of 4000 */
	CHECK(about(hidden(k.db), 2667));
	kit_reopen(&k);				/* it is not written down */
	CHECK_EQ(hidden(k.db), 0);
	kit_close(&k);
}

TEST("of what goes to a tier nobody asks how much it hides")
{
	struct kit k;

	kit_whole(&k, LSM_COMPACTION_TIERED);
	for (int i = 0; i < 3; i++)
		flush_some(k.db, 0, 4000, 1);
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 2);
	CHECK_EQ(hidden(k.db), 0);
	kit_close(&k);
}

/* In each filter page of the database's only table. */
static void
filters_damage(struct kit *k)
{
	const char *name = dbkit_file(k->db, "table");
	unsigned pages = 0;
	size_t n;
	uint8_t *file = dbkit_read(k->o.env, "db", name, &n);

	for (size_t at = 0; at + 8 <= n; at += 8)
		if (memcmp(file + at, "LSBF", 4) == 0)
			pages += sim_poke(k->sim, "db", name, at + 100,
			    "damage", 6);
	free(file);
	CHECK(pages > 0);
}

TEST("what a damaged filter knows is not known, and the flush goes on")
{
	struct kit k;

	kit_whole(&k, LSM_COMPACTION_HYBRID);
	flush_some(k.db, 0, 4000, 1);
	filters_damage(&k);
	kit_reopen(&k);
	flush_some(k.db, 0, 4000, 1);
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), 1);
	CHECK_EQ(hidden(k.db), 0);
	kit_close(&k);
}
