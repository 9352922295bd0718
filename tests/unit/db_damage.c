/*
 * Damage that merges meet: it stops one with its place, and nothing else, also
 * in the long run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/kit.h"
#include "support/scale.h"

static void
kit_two_places(struct kit *k)
{
	kit_init_small(k);
	kit_start(k);
	dbkit_two_places(k->db);
}

/* Both get a run in level 0; done again, each is due. */
static void
overwrite_both(struct kit *k)
{
	dbkit_fill(k->db, 10, 20, "new");
	CHECK_OK(lsm_flush(k->db));
	dbkit_fill(k->db, 1010, 1020, "new");
	CHECK_OK(lsm_flush(k->db));
}

TEST("damage stops a merge with its place; other places go on")
{
	const lsm_range first = { lsm_str("k000000"), lsm_str("k000100") };
	char name[64], second[64];
	struct kit k;

	kit_two_places(&k);
	snprintf(name, sizeof name, "%s", dbkit_table_of(k.db, "k000000"));
	snprintf(second, sizeof second, "%s", dbkit_table_of(k.db, "k001000"));
	CHECK(sim_poke(k.sim, "db", name, 4096 + 100, "damage", 6));
	overwrite_both(&k);
	overwrite_both(&k);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	CHECK_EQ(dbkit_files(k.db, "table", false),
	    dbkit_files(k.db, "table", true));
	/* The second place was merged, the damaged table is what it was. */
	CHECK(strcmp(dbkit_table_of(k.db, "k001000"), second) != 0);
	CHECK_STR(dbkit_table_of(k.db, "k000000"), name);
	dbkit_check_fill(k.db, 1010, 1020, "new");
	dbkit_check_fill(k.db, 10, 20, "new");
	CHECK_CODE(lsm_compact_range(k.db, &first, NULL, NULL), LSM_CORRUPT);
	CHECK(strncmp(lsm_message(), name, strlen(name)) == 0);
	CHECK(strstr(lsm_message(), "offset 4096") != NULL);
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("k000001"), NULL), LSM_CORRUPT);
	kit_close(&k);
}

TEST("a table found damaged is tried again after the next open")
{
	struct kit k;

	kit_two_places(&k);
	CHECK(sim_poke(k.sim, "db", dbkit_table_of(k.db, "k000000"), 4096 + 100,
	    "damage", 6));
	for (int i = 0; i < 4; i++)
		overwrite_both(&k);
	CHECK_OK(dbkit_work_off(k.db));	/* it is left alone */
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	kit_reopen(&k);
	overwrite_both(&k);
	overwrite_both(&k);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	dbkit_check_fill(k.db, 1010, 1020, "new");
	kit_close(&k);
}

enum { SPREAD = 2000, DAMAGED = 1000, ROUNDS = 60, STRIDE = 7,
	TIER_ROUNDS = SCALE_STEP > 1 ? 100 : 400, TRIGGER = 4 };

struct spanned {
	struct bytes key;
	unsigned tables;
	uint64_t smallest;		/* number at the end of the bounds, */
	uint64_t largest;		/* of the table of the last level */
};

static void
spread_key(char key[16], unsigned i)
{
	snprintf(key, 16, "k%06u", i);
}

static bool
within(const struct spanned *s, unsigned i)
{
	return i >= s->smallest && i <= s->largest;
}

/* Every other key of the damaged table is left as it was there. */
static bool
spared(const struct spanned *damaged, unsigned i)
{
	return within(damaged, i) && i % 2 == 0;
}

/* Some keys of all, others each time, and a table of them. */
static void
spread_round(struct kit *k, unsigned round, const struct spanned *damaged)
{
	char key[16], value[128];

	for (unsigned i = round % STRIDE; i < SPREAD; i += STRIDE) {
		if (spared(damaged, i))
			continue;
		spread_key(key, i);
		snprintf(value, sizeof value, "%0100u", round);
		dbkit_put(k->db, key, value);
	}
	CHECK_OK(lsm_flush(k->db));
	(void)dbkit_work_off(k->db);
}

static void
spread_overwrite(struct kit *k, unsigned round)
{
	spread_round(k, round, &(struct spanned){ .smallest = SPREAD });
}

static void
spanned_see(void *arg, const lsm_file_info *f)
{
	struct spanned *s = arg;

	if (f->smallest.size == 0 ||
	    bytes_compare(bytes_of(f->smallest), s->key) > 0 ||
	    bytes_compare(bytes_of(f->largest), s->key) < 0)
		return;
	s->tables++;
	s->smallest = strtoull((const char *)f->smallest.data + 1, NULL, 10);
	s->largest = strtoull((const char *)f->largest.data + 1, NULL, 10);
}

/* The tables in whose bounds the key lies; the last one's own. */
static struct spanned
spanned_by(lsm_db *db, unsigned i)
{
	struct spanned s = { 0 };
	char key[16];

	spread_key(key, i);
	s.key = bytes(key, strlen(key));
	CHECK_OK(lsm_files(db, spanned_see, &s));
	return s;
}

/* The whole span in the last level, of which one table is damaged. */
static struct spanned
kit_spread(struct kit *k, int compaction)
{
	char key[16], first[16];
	struct spanned damaged;

	kit_init_small(k);
	k->o.l0_trigger = TRIGGER;
	k->o.l0_stop = 8;
	k->o.compaction = compaction;
	kit_start(k);
	for (unsigned i = 0; i < STRIDE; i++)
		spread_overwrite(k, i);
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	damaged = spanned_by(k->db, DAMAGED);
	CHECK_EQ(damaged.tables, 1);
	spread_key(first, (unsigned)damaged.smallest);
	spread_key(key, DAMAGED);
	CHECK(sim_poke(k->sim, "db", dbkit_table_of(k->db, first), 4096 + 100,
	    "damage", 6));
	CHECK_CODE(lsm_get(k->db, NULL, lsm_str(key), NULL), LSM_CORRUPT);
	return damaged;
}

/* What so many rounds left of a key. */
static void
spread_check_one(struct kit *k, unsigned i, unsigned rounds)
{
	char key[16], value[128];

	spread_key(key, i);
	snprintf(value, sizeof value, "%0100u", rounds - 1 -
	    (rounds - 1 - i % STRIDE) % STRIDE);
	dbkit_check(k->db, NULL, key, value);
}

static void
spread_check(struct kit *k, const struct spanned *damaged, unsigned rounds)
{
	for (unsigned i = 0; i < SPREAD; i++)
		if (!within(damaged, i))
			spread_check_one(k, i, rounds);
}

/* Most of the time is spent in the steady state; what is worst counts. */
static void
live_with_damage(int compaction, unsigned runs, unsigned tables)
{
	struct spanned damaged;
	struct kit k;

	damaged = kit_spread(&k, compaction);
	for (unsigned round = STRIDE; round < ROUNDS; round++) {
		spread_overwrite(&k, round);
		CHECK(dbkit_stat(k.db, "db.runs") <= runs);
		CHECK(spanned_by(k.db, DAMAGED / 3).tables <= tables);
		CHECK(spanned_by(k.db, SPREAD - 10).tables <= tables);
	}
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	spread_check(&k, &damaged, ROUNDS);
	kit_close(&k);
}

TEST("in the long run damage keeps to itself, and its runs have a bound")
{
	/* Level 0 has five while it waits for more. */
	live_with_damage(LSM_COMPACTION_LEVELED, 5 + 2, 5 + 1);
	live_with_damage(LSM_COMPACTION_LAZY, 5 + 2, 5 + 1);
}

struct newest {
	char name[64];
	int level;
};

static void
newest_see(void *arg, const lsm_file_info *f)
{
	struct newest *n = arg;

	if (f->level == 0)
		snprintf(n->name, sizeof n->name, "%s", f->name);
}

/* Where is it now? */
static void
place_see(void *arg, const lsm_file_info *f)
{
	struct newest *n = arg;

	if (strcmp(f->name, n->name) == 0)
		n->level = f->level;
}

/* It spans all keys, so there is no other range: what is newer is merged above
 * it as if it were not there. */
TEST("a damaged table of level 0 sinks, and what is newer goes on above it")
{
	struct newest n = { 0 };
	struct kit k;

	kit_init_small(&k);
	k.o.l0_trigger = 4;
	k.o.l0_stop = 8;
	kit_start(&k);
	for (unsigned i = 0; i < STRIDE; i++)
		spread_overwrite(&k, i);
	CHECK_OK(lsm_files(k.db, newest_see, &n));
	CHECK(n.name[0] != '\0');
	CHECK(sim_poke(k.sim, "db", n.name, 4096 + 100, "damage", 6));
	for (unsigned round = STRIDE; round < ROUNDS; round++) {
		spread_overwrite(&k, round);
		CHECK(dbkit_stat(k.db, "db.runs") <= 5 + 3);
	}
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	spread_check(&k, &(struct spanned){ .smallest = SPREAD }, ROUNDS);
	kit_close(&k);
}

/* What a tier may hold, for each tier that so many flushes fill; what has sunk
 * to the last level, and what was above it when it did. */
static unsigned
tiers_most(unsigned flushes)
{
	unsigned tiers = 1;

	while ((flushes /= TRIGGER) > 0)
		tiers++;
	return tiers * TRIGGER + 2;
}

/* Runs that a get may have to ask, and all of them: of a tier, partial merges
 * leave some that have nothing to do with each other. */
static void
tiers_round(struct kit *k, unsigned round, const struct spanned *damaged)
{
	unsigned most = tiers_most(round);

	spread_round(k, round, damaged);
	CHECK(dbkit_stat(k->db, "db.runs") <= 2 * most);
	for (unsigned i = round % 100; i < SPREAD; i += 100)
		CHECK(spanned_by(k->db, i).tables <= most);
	CHECK(spanned_by(k->db, DAMAGED).tables <= most);
}

/* Entries until it ends, or fails with the code. */
static int
scan(struct kit *k, unsigned from, unsigned to, unsigned *count)
{
	char first[16], last[16];
	lsm_range range;
	lsm_iter *it;
	int rc;

	spread_key(first, from);
	spread_key(last, to);
	range = (lsm_range){ lsm_str(first), lsm_str(last) };
	*count = 0;
	CHECK_OK(lsm_iter_new(k->db, NULL, &range, &it));
	for (rc = lsm_iter_first(it); rc == LSM_OK && lsm_iter_valid(it);
	    rc = lsm_iter_next(it))
		++*count;
	lsm_iter_free(it);
	return rc;
}

/* In the damaged table alone: in the page that is damaged, or as it was. */
static bool
spared_hurt(struct kit *k, unsigned i)
{
	char key[16];
	int rc;

	spread_key(key, i);
	rc = lsm_get(k->db, NULL, lsm_str(key), NULL);
	if (rc == LSM_OK)
		spread_check_one(k, i, STRIDE);
	else
		CHECK_CODE(rc, LSM_CORRUPT);
	return rc == LSM_CORRUPT;
}

/* What was written since is there. */
static void
damaged_check(struct kit *k, const struct spanned *damaged, unsigned rounds)
{
	unsigned first = (unsigned)damaged->smallest, count, hurt = 0;
	unsigned last = (unsigned)damaged->largest;

	for (unsigned i = first; i <= last; i++)
		if (spared(damaged, i))
			hurt += spared_hurt(k, i);
		else
			spread_check_one(k, i, rounds);
	CHECK(hurt > 0);
	CHECK_CODE(scan(k, first, last, &count), LSM_CORRUPT);
	CHECK_OK(scan(k, 0, first, &count));
	CHECK_EQ(count, first);
	CHECK_OK(scan(k, last + 1, SPREAD, &count));
	CHECK_EQ(count, SPREAD - last - 1);
}

TEST_SOLO("tiers pile up no more above a damaged table than elsewhere")
{
	struct spanned damaged;
	struct kit k;

	damaged = kit_spread(&k, LSM_COMPACTION_TIERED);
	spread_round(&k, STRIDE, &damaged);
	CHECK_CODE(lsm_compact(k.db, NULL, NULL), LSM_CORRUPT);
	for (unsigned round = STRIDE + 1; round < TIER_ROUNDS; round++)
		tiers_round(&k, round, &damaged);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	CHECK(dbkit_stat(k.db, "merge.count") > TIER_ROUNDS / TRIGGER);
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.count"), 0);
	spread_check(&k, &damaged, TIER_ROUNDS);
	damaged_check(&k, &damaged, TIER_ROUNDS);
	kit_close(&k);
}

TEST_SOLO("a damaged table sinks through the tiers, and the others are merged")
{
	const struct spanned none = { .smallest = SPREAD };
	struct newest n = { 0 };
	struct kit k;

	kit_init_small(&k);
	k.o.l0_trigger = TRIGGER;
	k.o.l0_stop = 8;
	k.o.compaction = LSM_COMPACTION_TIERED;
	kit_start(&k);
	for (unsigned i = 0; i < STRIDE; i++)
		spread_overwrite(&k, i);
	CHECK_OK(lsm_files(k.db, newest_see, &n));
	CHECK(sim_poke(k.sim, "db", n.name, 4096 + 100, "damage", 6));
	for (unsigned round = STRIDE; round < TIER_ROUNDS; round++)
		tiers_round(&k, round, &none);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	CHECK_OK(lsm_files(k.db, place_see, &n));
	CHECK(n.level > 0);		/* tier by tier */
	spread_check(&k, &none, TIER_ROUNDS);
	kit_close(&k);
}

/* Nobody knew of the damage: the merge that met it made it known. */
TEST("a range that has no damage is compacted beside one that has")
{
	const lsm_range healthy = { lsm_str("k000100"), lsm_str("k000600") };
	const lsm_range hurt = { lsm_str("k000600"), lsm_str("k001000") };
	struct spanned damaged, s;
	struct kit k;

	damaged = kit_spread(&k, LSM_COMPACTION_LEVELED);
	for (unsigned round = STRIDE; round < STRIDE + 3; round++)
		spread_overwrite(&k, round);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 0);
	CHECK_OK(lsm_compact_range(k.db, &healthy, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	for (unsigned i = 100; i < 600; i++) {
		s = spanned_by(k.db, i);
		CHECK(s.tables <= 1);
	}
	CHECK_OK(lsm_compact_range(k.db, &healthy, NULL, NULL));
	CHECK_CODE(lsm_compact_range(k.db, &hurt, NULL, NULL), LSM_CORRUPT);
	CHECK(strstr(lsm_message(), "offset 4096") != NULL);
	spread_check(&k, &damaged, STRIDE + 3);
	kit_close(&k);
}
