/*
 * amplification.space against the truth, which is known when all is merged:
 * never less, in no shape of the tree, and not far above it where records are
 * written anew.
 */
#include <stdio.h>

#include "support/kit.h"

enum { KEYS = 4000, KEY_STEP = 1597, KEPT = 20 };	/* one in KEPT stays */

static void
kit_open_shape(struct kit *k, int compaction)
{
	kit_init(k);
	k->o.compaction = compaction;
	k->o.memtable_size = 32 << 10;
	k->o.table_size = 32 << 10;
	kit_start(k);
}

static void
work_all(lsm_db *db)
{
	int more = 1;

	CHECK_OK(lsm_flush(db));
	while (more)
		CHECK_OK(lsm_step(db, &more));
}

static void
key_print(unsigned i, char key[16])
{
	snprintf(key, 16, "k%06u", i * KEY_STEP % KEYS);
}

static void
fill(struct kit *k, unsigned rounds)
{
	char key[16];

	for (unsigned i = 0; i < rounds * KEYS; i++) {
		key_print(i, key);
		dbkit_put(k->db, key, "a value of always the same length");
		if (i % 64 == 0)
			work_all(k->db);
	}
	work_all(k->db);
}

static void
delete_most(struct kit *k)
{
	char key[16];

	for (unsigned i = 0; i < KEYS; i++) {
		key_print(i, key);
		if (i % KEPT != 0)
			dbkit_delete(k->db, key);
	}
	work_all(k->db);
}

/* Before all is merged; returns how much it was after that. */
static uint64_t
truth_of(struct kit *k)
{
	uint64_t before = dbkit_stat(k->db, "db.data_bytes"), after;

	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	after = dbkit_stat(k->db, "db.data_bytes");
	CHECK_EQ(dbkit_stat(k->db, "amplification.space"), 1000);
	return 1000 * before / after;
}

static const int shapes[] = { LSM_COMPACTION_LEVELED, LSM_COMPACTION_HYBRID,
	LSM_COMPACTION_TIERED, LSM_COMPACTION_LAZY };
enum { SHAPES = sizeof shapes / sizeof *shapes };

TEST_SOLO("of records written anew: no less than the truth, nor twice as much")
{
	for (size_t i = 0; i < SHAPES; i++) {
		struct kit k;
		uint64_t told, truth;

		kit_open_shape(&k, shapes[i]);
		fill(&k, 3);
		told = dbkit_stat(k.db, "amplification.space");
		truth = truth_of(&k);
		CHECK(told >= truth);
		CHECK(told < 2 * truth);
		kit_close(&k);
	}
}

TEST("of many deletes it is no less than the truth, or is not told")
{
	unsigned told_at_all = 0;

	for (size_t i = 0; i < SHAPES; i++) {
		struct kit k;
		uint64_t told = UINT64_MAX, truth;

		kit_open_shape(&k, shapes[i]);
		fill(&k, 1);
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
		delete_most(&k);
		if (dbkit_has_stat(k.db, "amplification.space")) {
			told = dbkit_stat(k.db, "amplification.space");
			told_at_all++;
		}
		truth = truth_of(&k);
		CHECK(told >= truth);
		kit_close(&k);
	}
	CHECK(told_at_all > 0);
}

TEST("what a range delete took is not known before it is merged")
{
	struct kit k;

	kit_open_shape(&k, LSM_COMPACTION_TIERED);
	fill(&k, 1);
	CHECK(dbkit_has_stat(k.db, "amplification.space"));
	CHECK_OK(lsm_delete_range(k.db, lsm_str("k000100"),
	    lsm_str("k003900"), 0));
	CHECK_OK(lsm_flush(k.db));
	CHECK(!dbkit_has_stat(k.db, "amplification.space"));
	CHECK(truth_of(&k) > 5000);
	kit_close(&k);
}

TEST("a database without tables has no such ratio")
{
	struct kit k;

	kit_open(&k);
	CHECK(!dbkit_has_stat(k.db, "amplification.space"));
	CHECK(!dbkit_has_stat(k.db, "amplification.files"));
	kit_close(&k);
}
