/*
 * Merges from outside: what a full disk does to them, and what a tree
 * costs, counted: bytes written for a byte given, bytes kept for a byte
 * alive.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "base/random.h"
#include "db/options.h"
#include "support/kit.h"
#include "support/scale.h"
#include "version/version.h"

static uint64_t
inode_of(const char *dir, const char *name)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	CHECK(stat(path, &st) == 0);
	return (uint64_t)st.st_ino;
}

TEST("a merge leaves the tables that it does not overlap as they are")
{
	const char *dir = dbkit_path("db");
	char first[64], second[64];
	struct kit k;
	uint64_t inode;

	kit_init_small(&k);
	k.o.env = NULL;
	k.db = dbkit_open(dir, &k.o);
	dbkit_two_places(k.db);
	snprintf(first, sizeof first, "%s", dbkit_table_of(k.db, "k000000"));
	snprintf(second, sizeof second, "%s", dbkit_table_of(k.db, "k001000"));
	inode = inode_of(dir, second);
	for (int i = 0; i < 2; i++) {
		dbkit_fill(k.db, 10, 20, "new");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK(dbkit_stat(k.db, "merge.partial") > 0);
	CHECK(strcmp(dbkit_table_of(k.db, "k000000"), first) != 0);
	CHECK_STR(dbkit_table_of(k.db, "k001000"), second);
	CHECK_EQ(inode_of(dir, second), inode);
	dbkit_check_fill(k.db, 1000, 1100, "");
	kit_close(&k);
}

/* ---- a full disk -------------------------------------------------------- */

enum { SHARES = 5, SHARE = 300, VALUE = 100 };

/* Every fifth key, so that tables overlap and share nothing. */
static void
share_fill(struct kit *k, unsigned share)
{
	char key[16], value[VALUE + 1];

	for (unsigned i = 0; i < SHARE; i++) {
		snprintf(key, sizeof key, "k%06u", i * SHARES + share);
		snprintf(value, sizeof value, "%0*u", VALUE, i);
		dbkit_put(k->db, key, value);
	}
}

static void
shares_check(struct kit *k, unsigned shares)
{
	char key[16], value[VALUE + 1];

	for (unsigned i = 0; i < SHARE * shares; i++) {
		snprintf(key, sizeof key, "k%06u", i / shares * SHARES +
		    i % shares);
		snprintf(value, sizeof value, "%0*u", VALUE, i / shares);
		dbkit_check(k->db, NULL, key, value);
	}
}

/* Three tables above one of the last level; one flush more makes a merge of
 * all due. */
static void
kit_three_above(struct kit *k)
{
	kit_init_small(k);
	k->o.l0_trigger = SHARES - 1;
	kit_start(k);
	for (unsigned i = 0; i < SHARES - 1; i++) {
		share_fill(k, i);
		CHECK_OK(lsm_flush(k->db));
	}
	CHECK_EQ(dbkit_stat(k->db, "level.0.runs"), SHARES - 2);
}

TEST("a merge without space leaves nothing, writes go on, and it is retried")
{
	struct kit k;

	kit_three_above(&k);
	share_fill(&k, SHARES - 1);
	/* Room for the flush, not for all again. */
	sim_space(k.sim, sim_used(k.sim) + (200 << 10));
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "level.0.runs"), SHARES - 1);
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	CHECK_EQ(dbkit_files(k.db, "table", false),
	    dbkit_files(k.db, "table", true));
	CHECK_OK(dbkit_work_off(k.db));	/* not at once */
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 1);
	dbkit_put(k.db, "another", "one");
	sim_space(k.sim, UINT64_MAX);
	CHECK_OK(lsm_flush(k.db));
	CHECK_OK(dbkit_work_off(k.db));
	CHECK_EQ(dbkit_stat(k.db, "merge.count"), 1);
	CHECK_EQ(dbkit_files(k.db, "table", false),
	    dbkit_files(k.db, "table", true));
	shares_check(&k, SHARES);
	kit_close(&k);
}

TEST("a merge by hand after one that failed is not waited for in vain")
{
	struct kit k;

	kit_three_above(&k);
	share_fill(&k, SHARES - 1);
	sim_space(k.sim, sim_used(k.sim) + (200 << 10));
	CHECK_OK(lsm_flush(k.db));
	CHECK_CODE(lsm_compact(k.db, NULL, NULL), LSM_NO_SPACE);
	CHECK_EQ(dbkit_files(k.db, "table", false),
	    dbkit_files(k.db, "table", true));
	sim_space(k.sim, UINT64_MAX);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	shares_check(&k, SHARES);
	kit_close(&k);
}

struct asked {
	uint64_t done, all, jump;	/* bytes; the longest way between two */
};

static int
ask(void *arg, uint64_t done, uint64_t all)
{
	struct asked *a = arg;

	if (done - a->done > a->jump)
		a->jump = done - a->done;
	a->done = done;
	a->all = all;
	return 0;
}

static void
fill_some_runs(lsm_db *db)
{
	for (unsigned i = 0; i < 3; i++) {
		dbkit_fill(db, 0, 20000, "one, which is long enough for steps");
		CHECK_OK(lsm_flush(db));
	}
}

/* Whoever wants to stop it must not wait until a worker lets go of a lock. */
TEST("a merge by hand asks after each of its steps, with a worker beside it")
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db;

	o.workers = 1;
	o.codec = LSM_CODEC_NONE;
	db = dbkit_open(dbkit_path("db"), &o);
	for (unsigned i = 0; i < 4; i += SCALE_STEP) {
		struct asked a = { 0 };

		fill_some_runs(db);
		CHECK_OK(lsm_compact(db, ask, &a));
		CHECK(a.all > 1 << 20 && a.jump < a.all / 8);
	}
	dbkit_close(db);
}

/* ---- what it costs ------------------------------------------------------ */

enum { FILL = 80000, KEY = 16 };

struct cost {
	double written;		/* by flushes and merges, for a byte given */
	double space;		/* kept, for a byte alive, once drained */
	unsigned levels;
};

static void
fill_random(struct kit *k, unsigned from)
{
	char key[KEY + 1], value[VALUE + 1];
	struct random r = { test_seed() + from };

	memset(value, 'v', VALUE);
	for (unsigned i = 0; i < FILL; i++) {
		snprintf(key, sizeof key, "%016u", (unsigned)
		    random_below(&r, FILL));
		CHECK_OK(lsm_put(k->db, lsm_bytes(key, KEY), lsm_bytes(value,
		    VALUE), 0));
	}
}

static unsigned
levels_count(lsm_db *db)
{
	unsigned levels = 0;
	char name[32];

	for (int i = 0; i < LEVELS_MAX; i++) {
		snprintf(name, sizeof name, "level.%d.runs", i);
		levels += dbkit_stat(db, name) > 0;
	}
	return levels;
}

/* Random keys twice over, 1/256 of the default sizes. */
static struct cost
cost_of(struct kit *k)
{
	double user, alive;
	struct cost c;

	kit_start(k);
	fill_random(k, 0);
	fill_random(k, 1);
	CHECK_OK(lsm_flush(k->db));
	CHECK_OK(dbkit_work_off(k->db));
	user = (double)dbkit_stat(k->db, "write.bytes");
	c.written = (double)(dbkit_stat(k->db, "flush.bytes") +
	    dbkit_stat(k->db, "merge.bytes_written")) / user;
	c.space = (double)dbkit_stat(k->db, "db.bytes");
	c.levels = levels_count(k->db);
	CHECK(dbkit_stat(k->db, "level.7.runs") > 0);
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	alive = (double)dbkit_stat(k->db, "db.bytes");
	c.space /= alive;
	CHECK_EQ(dbkit_stat(k->db, "db.entries") * (KEY + VALUE),
	    dbkit_stat(k->db, "db.data_bytes"));
	kit_close(k);
	return c;
}

static struct cost
cost_with(const char *compaction, const char *sizes, uint64_t tier_from)
{
	uint64_t before = hybrid_tier_from;
	struct cost c;
	struct kit k;

	kit_init_small(&k);
	k.o.l0_trigger = 8;
	k.o.table_size = 32 << 10;
	k.o.base_size = 64 << 10;
	CHECK_OK(lsm_options_set(&k.o, "compaction", compaction));
	CHECK_OK(lsm_options_set(&k.o, "level_sizes", sizes));
	if (k.o.level_sizes == LSM_LEVELS_FIXED)
		k.o.ratio = 2;		/* so that the last level is reached */
	hybrid_tier_from = tier_from;
	c = cost_of(&k);
	hybrid_tier_from = before;
	return c;
}

/* lsm-tuning(7) prints these bounds. */
TEST_SOLO("what each shape of the tree writes and keeps has a bound")
{
	static const struct {
		const char *compaction, *sizes;
		uint64_t tier_from;
		double written, space;
		unsigned levels;
	} bounds[] = {
		{ "leveled", "dynamic", 0, 7, 1.25, 3 },
		{ "hybrid", "dynamic", UINT64_MAX, 7, 1.25, 3 },
		{ "hybrid", "dynamic", 1 << 20, 5, 1.75, 3 },
		{ "tiered", "dynamic", 0, 5, 2, 3 },
		{ "lazy", "dynamic", 0, 8, 1.5, 1 },
		{ "leveled", "fixed", 0, 9, 1.5, 5 },
	};

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds;
	    i += SCALE_STEP) {
		struct cost c = cost_with(bounds[i].compaction,
		    bounds[i].sizes, bounds[i].tier_from);

		CHECK(c.written < bounds[i].written);
		CHECK(c.space < bounds[i].space);
		CHECK(c.levels >= bounds[i].levels);
	}
}
