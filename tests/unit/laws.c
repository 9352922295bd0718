/*
 * Two laws, whatever the engine does with its files: what is deleted never
 * comes back, and what is old never wins.
 */
#include <stdio.h>

#include "base/random.h"
#include "support/kit.h"

enum { SHAPES = 5 };		/* four policies; small fixed levels */

static void
kit_open_with(struct kit *k, size_t memtable_size, int shape)
{
	kit_init(k);
	k->o.memtable_size = memtable_size;
	k->o.l0_trigger = 2;
	if (shape < SHAPES - 1) {
		k->o.compaction = shape;
	} else {
		k->o.level_sizes = LSM_LEVELS_FIXED;
		k->o.base_size = 16384;
		k->o.ratio = 2;
	}
	kit_start(k);
}

/* A part of the tree, wherever it lies. */
static void
range_compact(struct kit *k, struct random *r)
{
	char from[16], to[16];
	lsm_range range;
	uint64_t first = random_below(r, 60);

	snprintf(from, sizeof from, "k%06u", (unsigned)first);
	snprintf(to, sizeof to, "k%06u", (unsigned)(first +
	    random_below(r, 20)));
	range = (lsm_range){ lsm_str(from), lsm_str(to) };
	CHECK_OK(lsm_compact_range(k->db, &range, NULL, NULL));
}

/* An ingestion of the key, and of others beside what is there. */
static void
ingest_around(struct kit *k, struct random *r, const char *key,
    const char *value)
{
	uint64_t first = random_below(r, 60);
	bool given = false;
	lsm_ingest *g;

	CHECK_OK(lsm_ingest_new(k->db, &g));
	for (uint64_t i = first; i < first + 40; i++) {
		char beside[16];

		snprintf(beside, sizeof beside, "k%06ux", (unsigned)i);
		if (!given && strcmp(key, beside) < 0) {
			CHECK_OK(lsm_ingest_add(g, lsm_str(key),
			    lsm_str(value)));
			given = true;
		}
		CHECK_OK(lsm_ingest_add(g, lsm_str(beside), lsm_str("")));
	}
	if (!given)
		CHECK_OK(lsm_ingest_add(g, lsm_str(key), lsm_str(value)));
	CHECK_OK(lsm_ingest_commit(g));
	lsm_ingest_free(g);
}

/* Flush, merge, kill, crash after a sync, in any order. */
static void
shake(struct kit *k, struct random *r)
{
	switch (random_below(r, 8)) {
	case 0:
	case 5:
	case 6:
		CHECK_OK(lsm_flush(k->db));
		break;
	case 7:
		range_compact(k, r);
		break;
	case 1:
		CHECK_OK(lsm_compact(k->db, NULL, NULL));
		break;
	case 2:
		kit_kill(k);
		break;
	case 3:
		CHECK_OK(lsm_sync(k->db));
		kit_crash(k);
		break;
	default:
		kit_reopen(k);
	}
}

static void
delete_all(int shape)
{
	struct random r = { test_seed() + (uint64_t)shape };
	struct kit k;

	kit_open_with(&k, 2048, shape);
	dbkit_fill(k.db, 0, 50, "");
	shake(&k, &r);
	for (unsigned i = 0; i < 50; i++) {
		char key[16];

		snprintf(key, sizeof key, "k%06u", i);
		dbkit_delete(k.db, key);
		if (i % 5 == 0)
			shake(&k, &r);
		dbkit_check(k.db, NULL, key, NULL);
	}
	for (unsigned i = 0; i < 20; i++) {
		shake(&k, &r);
		CHECK_STR(dbkit_scan(k.db, NULL, NULL, true), "");
	}
	kit_close(&k);
}

TEST("what is deleted never comes back")
{
	for (int shape = 0; shape < SHAPES; shape++)
		delete_all(shape);
}

static void
overwrite_one(int shape)
{
	struct random r = { test_seed() + 1 + (uint64_t)shape };
	char value[16];
	struct kit k;

	kit_open_with(&k, 2048, shape);
	for (unsigned i = 0; i < 120; i++) {
		snprintf(value, sizeof value, "%u", i);
		dbkit_put(k.db, "key", value);
		dbkit_fill(k.db, i, i + 3, "");
		if (i % 3 == 0)
			shake(&k, &r);
		dbkit_check(k.db, NULL, "key", value);
	}
	kit_close(&k);
}

TEST_SOLO("what is old never wins")
{
	for (int shape = 0; shape < SHAPES; shape++)
		overwrite_one(shape);
}

/* Puts and ingestions of one key take turns, beside other keys. */
static void
ingest_one(int shape)
{
	struct random r = { test_seed() + 2 + (uint64_t)shape };
	char key[16], value[16];
	struct kit k;

	kit_open_with(&k, 2048, shape);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "k%06u", i % 7 * 10);
		snprintf(value, sizeof value, "%u", i);
		if (i % 2)
			ingest_around(&k, &r, key, value);
		else
			dbkit_put(k.db, key, value);
		if (i % 3 == 0)
			shake(&k, &r);
		dbkit_check(k.db, NULL, key, value);
		if (i % 5 == 0) {
			dbkit_delete(k.db, key);
			shake(&k, &r);
			dbkit_check(k.db, NULL, key, NULL);
		}
	}
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_check(k.db, NULL, key, value);
	kit_close(&k);
}

TEST_SOLO("an ingestion wins against what was before it, and loses later")
{
	for (int shape = 0; shape < SHAPES; shape++)
		ingest_one(shape);
}
