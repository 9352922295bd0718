/*
 * How much a range holds, estimated, beside how much it does.
 */
#include <stdio.h>

#include "support/kit.h"

enum { KEYS = 20000, VALUE = 100 };

static void
fill(lsm_db *db, unsigned from, unsigned to)
{
	char key[16], value[VALUE] = "value";

	for (unsigned i = from; i < to; i++) {
		snprintf(key, sizeof key, "k%06u", i);
		CHECK_OK(lsm_put(db, lsm_str(key), lsm_bytes(value,
		    sizeof value), LSM_NO_SYNC));
	}
}

/* [from, to); beyond KEYS: no bound. */
static lsm_estimate
estimate(lsm_db *db, unsigned from, unsigned to)
{
	char low[16], high[16];
	lsm_range range = { { 0 }, { 0 } };
	lsm_estimate e;

	snprintf(low, sizeof low, "k%06u", from);
	snprintf(high, sizeof high, "k%06u", to);
	if (from <= KEYS)
		range.from = lsm_str(low);
	if (to <= KEYS)
		range.to = lsm_str(high);
	CHECK_OK(lsm_range_estimate(db, &range, &e));
	return e;
}

/* Within a hundredth of all keys. */
static void
check_near(lsm_db *db, unsigned from, unsigned to)
{
	lsm_estimate e = estimate(db, from, to);
	unsigned records = to - from, slack = KEYS / 100;

	CHECK(e.records + slack >= records);
	CHECK(e.records <= records + slack);
	CHECK(e.bytes + slack * (VALUE + 7) >= records * (VALUE + 7));
	CHECK(e.bytes <= (records + slack) * (VALUE + 7));
}

static void
check_ranges(lsm_db *db)
{
	unsigned from, to;

	for (from = 0; from < KEYS; from += KEYS / 7)
		for (to = from; to <= KEYS; to += KEYS / 9)
			check_near(db, from, to);
}

TEST("what is in memory is counted")
{
	struct kit k;

	kit_open(&k);
	CHECK_EQ(estimate(k.db, 0, KEYS).records, 0);
	fill(k.db, 0, 100);
	CHECK_EQ(estimate(k.db, 0, KEYS).records, 100);
	CHECK_EQ(estimate(k.db, 10, 20).records, 10);
	CHECK_EQ(estimate(k.db, 10, 20).bytes, 10 * (VALUE + 7));
	CHECK_EQ(estimate(k.db, 20, 10).records, 0);
	CHECK_EQ(estimate(k.db, 10, 20).disk_bytes, 0);
	CHECK_OK(lsm_flush(k.db));
	dbkit_delete(k.db, "k000010");
	CHECK_EQ(estimate(k.db, 0, KEYS).records, 99);
	kit_close(&k);
}

TEST_SOLO("ranges of tables are estimated within a hundredth of all")
{
	lsm_estimate all;
	struct kit k;

	kit_open(&k);
	fill(k.db, 0, KEYS);
	CHECK_OK(lsm_flush(k.db));
	check_ranges(k.db);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_ranges(k.db);
	all = estimate(k.db, KEYS + 1, KEYS + 1);
	CHECK_EQ(all.records, KEYS);
	CHECK_EQ(all.disk_bytes, dbkit_stat(k.db, "db.bytes"));
	kit_close(&k);
}

TEST_SOLO("an estimate reads a few pages, whatever the range")
{
	uint64_t before;
	struct kit k;

	kit_open(&k);
	fill(k.db, 0, KEYS);
	CHECK_OK(lsm_flush(k.db));
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	before = dbkit_stat(k.db, "read.pages");
	estimate(k.db, KEYS / 4, KEYS / 2);
	CHECK(dbkit_stat(k.db, "read.pages") - before <= 20);
	kit_close(&k);
}

TEST("a bound of one table, of none, and between two keys")
{
	struct kit k;

	kit_open(&k);
	fill(k.db, 0, 1);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(estimate(k.db, 0, KEYS).records, 1);
	CHECK_EQ(estimate(k.db, 1, KEYS).records, 0);
	CHECK_EQ(estimate(k.db, 0, 0).records, 0);
	CHECK_EQ(estimate(k.db, KEYS + 1, 1).records, 1);
	CHECK(estimate(k.db, 0, KEYS).disk_bytes > 0);
	kit_close(&k);
}
