/*
 * What a listener is told: kinds, in their order, with what was done; and what
 * it may do itself.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/sync.h"
#include "support/dbkit.h"

enum { KINDS = LSM_EVENT_FENCE + 1, QUEUE = 64, NAME_ROOM = 64 };

struct heard {
	unsigned count[KINDS];
	lsm_event last[KINDS];
	char message[KINDS][512];
	uint64_t tables_moved;
	uint64_t at_us;
	unsigned wrong;		/* order, names, two at once */
	_Atomic int inside;
	lsm_db *db;		/* to be asked, if any */
};

struct kit {
	struct sim *sim;
	lsm_options o;
	lsm_db *db;
	struct heard heard;
};

static void
hear(void *arg, const lsm_event *e)
{
	struct heard *h = arg;

	h->wrong += atomic_fetch_add(&h->inside, 1) != 0;
	h->wrong += e->at_us < h->at_us || e->name[0] == '\0';
	h->wrong += (e->code != LSM_OK) != (e->message[0] != '\0');
	h->at_us = e->at_us;
	h->count[e->kind]++;
	h->last[e->kind] = *e;
	snprintf(h->message[e->kind], sizeof h->message[0], "%s", e->message);
	if (e->kind == LSM_EVENT_MOVE)
		h->tables_moved += e->tables_in;
	if (h->db != NULL) {
		h->wrong += dbkit_stat(h->db, "events.lost") != 0;
		h->wrong += lsm_get(h->db, NULL, lsm_str("k000001"), NULL) !=
		    LSM_OK;
	}
	atomic_fetch_sub(&h->inside, 1);
}

/* To be opened when the options are as they should be. */
static void
kit_make(struct kit *k)
{
	*k = (struct kit){ .sim = sim_new(test_seed()) };
	k->o = dbkit_options(k->sim);
	k->o.event = hear;
	k->o.event_arg = &k->heard;
}

static void
kit_open(struct kit *k)
{
	kit_make(k);
	k->db = dbkit_open("db", &k->o);
}

static void
kit_close(struct kit *k)
{
	CHECK_EQ(k->heard.wrong, 0);
	if (k->db != NULL)
		dbkit_close(k->db);
	CHECK_EQ(k->heard.wrong, 0);
	sim_free(k->sim);
}

TEST("tables that a range delete took wholly are told as dropped")
{
	const lsm_event *e;
	uint64_t bytes;
	struct kit k;

	kit_make(&k);
	k.o.table_size = 16 << 10;
	k.db = dbkit_open("db", &k.o);
	dbkit_fill(k.db, 0, 5000, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	bytes = dbkit_stat(k.db, "db.bytes");
	CHECK_OK(lsm_delete_range(k.db, lsm_str("k"), lsm_str("l"), 0));
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(k.heard.count[LSM_EVENT_DROP], 1);
	e = &k.heard.last[LSM_EVENT_DROP];
	CHECK_STR(e->name, "drop");
	CHECK_EQ(e->tables_in, dbkit_stat(k.db, "merge.tables_dropped"));
	CHECK(e->tables_in > 1 && e->bytes_in == bytes);
	CHECK(e->entries_in == 5000 && e->level == -1 && e->from >= 0);
	kit_close(&k);
}

TEST("a flush begins and ends, and its table is as large as told")
{
	const lsm_event *e;
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 500, "");
	CHECK_EQ(k.heard.count[LSM_EVENT_FLUSH_BEGIN], 0);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(k.heard.count[LSM_EVENT_FLUSH_BEGIN], 1);
	CHECK_EQ(k.heard.count[LSM_EVENT_FLUSH_END], 1);
	e = &k.heard.last[LSM_EVENT_FLUSH_END];
	CHECK_STR(e->name, "flush_end");
	CHECK_EQ(e->from, -1);
	CHECK_EQ(e->tables_out, 1);
	CHECK_EQ(e->entries_in, 500);
	CHECK_EQ(e->entries_out, 500);
	CHECK_EQ(e->bytes_out, dbkit_stat(k.db, "db.bytes"));
	CHECK_EQ(e->edit, dbkit_stat(k.db, "db.edit"));
	CHECK(e->us > 0);
	kit_close(&k);
}

TEST("a merge begins and ends, with what it read, wrote and dropped")
{
	const lsm_event *e;
	uint64_t before;
	struct kit k;

	kit_open(&k);
	dbkit_fill(k.db, 0, 500, "");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 100, 200, "new");
	CHECK_OK(lsm_flush(k.db));
	before = dbkit_stat(k.db, "db.bytes");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_BEGIN], 1);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_END], 1);
	CHECK_EQ(k.heard.count[LSM_EVENT_MANIFEST], 1);
	e = &k.heard.last[LSM_EVENT_MERGE_END];
	CHECK_EQ(e->tables_in, 2);
	CHECK_EQ(e->bytes_in, before);
	CHECK_EQ(e->entries_in, 600);
	CHECK_EQ(e->entries_out, 500);
	CHECK_EQ(e->bytes_out, dbkit_stat(k.db, "db.bytes"));
	kit_close(&k);
}

TEST("who made many edits leaves a manifest without them, once")
{
	struct kit k;

	kit_make(&k);
	k.db = dbkit_open("db", &k.o);
	for (unsigned i = 0; i < 40; i++) {
		dbkit_fill(k.db, i, i + 1, "");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_EQ(k.heard.count[LSM_EVENT_MANIFEST], 0);
	dbkit_close(k.db);
	CHECK_EQ(k.heard.count[LSM_EVENT_MANIFEST], 1);
	k.db = dbkit_open("db", &k.o);
	CHECK_EQ(dbkit_files(k.db, "manifest", false), 1);
	dbkit_check_fill(k.db, 0, 40, "");
	dbkit_fill(k.db, 40, 41, "");
	CHECK_OK(lsm_flush(k.db));
	kit_close(&k);
	CHECK_EQ(k.heard.count[LSM_EVENT_MANIFEST], 1);
}

static int
stop(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	(void)done;
	(void)all;
	return 1;
}

TEST_SOLO("a merge that is stopped, or given up at close, has failed")
{
	struct kit k;
	int more;

	kit_open(&k);
	for (int i = 0; i < 4; i++) {
		dbkit_fill(k.db, 0, 4000, i % 2 ? "x" : "");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_CODE(lsm_compact(k.db, stop, NULL), LSM_BUSY);
	CHECK_EQ(k.heard.last[LSM_EVENT_MERGE_FAILED].code, LSM_BUSY);
	dbkit_fill(k.db, 0, 4000, "");
	CHECK_OK(lsm_flush(k.db));
	for (int i = 0; i < 4; i++) {
		dbkit_fill(k.db, 0, 4000, i % 2 ? "x" : "");
		CHECK_OK(lsm_flush(k.db));
		CHECK_OK(lsm_step(k.db, &more));
	}
	dbkit_fill(k.db, 0, 4000, "");
	dbkit_close(k.db);
	k.db = NULL;
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_BEGIN],
	    k.heard.count[LSM_EVENT_MERGE_END] +
	    k.heard.count[LSM_EVENT_MERGE_FAILED]);
	kit_close(&k);
}

TEST_SOLO("tables that go to another level as they are, are told as moves")
{
	struct kit k;
	char key[16];
	struct random r = { test_seed() };

	kit_make(&k);
	k.o.memtable_size = 8192;
	k.o.table_size = 4096;
	k.o.level_sizes = LSM_LEVELS_FIXED;
	k.o.base_size = 4096;
	k.o.ratio = 2;
	k.o.compaction = LSM_COMPACTION_LEVELED;
	k.db = dbkit_open("db", &k.o);
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof key, "k%06" PRIu64, random_below(&r,
		    20000));
		dbkit_put(k.db, key, "a value of some length, and no more");
	}
	CHECK(k.heard.count[LSM_EVENT_MOVE] > 0);
	CHECK_EQ(k.heard.tables_moved, dbkit_stat(k.db, "merge.moves"));
	CHECK(k.heard.last[LSM_EVENT_MOVE].level >
	    k.heard.last[LSM_EVENT_MOVE].from);
	kit_close(&k);
}

TEST("a writer that waits is told of, and why")
{
	uint64_t stalls;
	struct kit k;

	kit_make(&k);
	k.o.memtable_size = 4096;
	k.db = dbkit_open("db", &k.o);
	dbkit_fill(k.db, 0, 1000, "");
	stalls = dbkit_stat(k.db, "write.stalls");
	CHECK(stalls > 0);
	CHECK_EQ(k.heard.count[LSM_EVENT_STALL_BEGIN], stalls);
	CHECK_EQ(k.heard.count[LSM_EVENT_STALL_END], stalls);
	CHECK_STR(k.heard.last[LSM_EVENT_STALL_BEGIN].reason, "memtables");
	CHECK_EQ(dbkit_stat(k.db, "stall.memtables.count"), stalls);
	CHECK_EQ(dbkit_stat(k.db, "stall.memtables.us"), dbkit_stat(k.db,
	    "write.stall_us"));
	CHECK(dbkit_stat(k.db, "write.stall_us") > 0);
	kit_close(&k);
}

/* Flushes are done here as soon as there is one, merges are left undone. */
static void
fill_flushing(lsm_db *db, unsigned puts)
{
	char value[48];
	int more;

	for (unsigned i = 0; i < puts; i++) {
		snprintf(value, sizeof value, "value %032u", i);
		dbkit_put(db, i % 2 ? "a" : "b", value);
		while (dbkit_stat(db, "db.memtables") > 1)
			CHECK_OK(lsm_step(db, &more));
	}
}

TEST("a writer waits for level 0 when that has too many runs")
{
	struct kit k;

	kit_make(&k);
	k.o.memtable_size = 4096;
	k.o.l0_trigger = 2;
	k.o.l0_stop = 3;
	k.db = dbkit_open("db", &k.o);
	fill_flushing(k.db, 500);
	CHECK(dbkit_stat(k.db, "stall.level0.count") > 0);
	CHECK_EQ(dbkit_stat(k.db, "stall.memtables.count"), 0);
	CHECK_STR(k.heard.last[LSM_EVENT_STALL_END].reason, "level0");
	CHECK_EQ(k.heard.count[LSM_EVENT_STALL_END], dbkit_stat(k.db,
	    "stall.level0.count"));
	kit_close(&k);
}

/* Level 0 is fuller than the tier that it goes to, all the time: a tier that
 * comes near its stop goes before it all the same. */
TEST_SOLO("a tier below is merged before writers have to wait for it")
{
	uint64_t merged = 0;
	struct kit k;
	int more;

	kit_make(&k);
	k.o.memtable_size = 4096;
	k.o.compaction = LSM_COMPACTION_TIERED;
	k.o.l0_trigger = 1;
	k.db = dbkit_open("db", &k.o);
	for (unsigned round = 0; merged < 3; round++) {
		uint64_t before = dbkit_stat(k.db, "level.1.runs");

		CHECK(round < 200);
		CHECK(before < 8);
		while (dbkit_stat(k.db, "level.0.runs") < 3)
			fill_flushing(k.db, 1);
		while (dbkit_stat(k.db, "level.0.runs") > 0)
			CHECK_OK(lsm_step(k.db, &more));
		merged += dbkit_stat(k.db, "level.1.runs") < before;
	}
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.count"), 0);
	kit_close(&k);
}

/* Numbers only grow. */
static void
newest_see(void *arg, const lsm_file_info *f)
{
	char *name = arg;

	if (strcmp(f->kind, "table") == 0 && strcmp(f->name, name) > 0)
		snprintf(name, NAME_ROOM, "%s", f->name);
}

static void
damage(struct kit *k, const char *content)
{
	char name[NAME_ROOM] = "";
	uint64_t at;

	CHECK_OK(lsm_files(k->db, newest_see, name));
	at = dbkit_find(k->o.env, "db", name, content);
	CHECK(sim_poke(k->sim, "db", name, at, "X", 1));
}

static void
kit_make_tiered(struct kit *k)
{
	kit_make(k);
	k->o.memtable_size = 4096;
	k->o.compaction = LSM_COMPACTION_TIERED;
	k->o.codec = LSM_CODEC_NONE;
	k->o.l0_trigger = 1;
	k->db = dbkit_open("db", &k->o);
}

/* Tables of the same keys, each damaged before a merge comes to it: none can
 * be merged, so they sink, and in the last tier they stay. */
static void
last_tier_fill(struct kit *k, unsigned runs)
{
	for (unsigned i = 0; dbkit_stat(k->db, "level.7.runs") < runs; i++) {
		CHECK(i < 100);
		dbkit_fill(k->db, 0, 10, "damaged");
		CHECK_OK(lsm_flush(k->db));
		damage(k, "v5damaged");
		(void)dbkit_work_off(k->db);
	}
}

TEST("a writer waits for a tier at its stop, until it cannot be helped")
{
	uint64_t stalls;
	struct kit k;

	kit_make_tiered(&k);
	last_tier_fill(&k, 8);
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.count"), 0);
	CHECK_EQ(dbkit_stat(k.db, "write.stalls"), 0);
	fill_flushing(k.db, 200);
	CHECK(dbkit_stat(k.db, "stall.tiers.count") > 0);
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.count"), dbkit_stat(k.db,
	    "write.stalls"));
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.us"), dbkit_stat(k.db,
	    "write.stall_us"));
	CHECK_EQ(k.heard.count[LSM_EVENT_STALL_END], dbkit_stat(k.db,
	    "stall.tiers.count"));
	CHECK_STR(k.heard.last[LSM_EVENT_STALL_BEGIN].reason, "tiers");
	CHECK_STR(k.heard.last[LSM_EVENT_STALL_END].reason, "tiers");
	(void)dbkit_work_off(k.db);	/* what there is to do was looked for */
	stalls = dbkit_stat(k.db, "stall.tiers.count");
	while (dbkit_stat(k.db, "db.memtables") < 2)
		dbkit_fill(k.db, 0, 10, "");
	CHECK_EQ(dbkit_stat(k.db, "stall.tiers.count"), stalls);
	kit_close(&k);
}

/* Its memtable is full, and frozen. */
static void
write_frozen(struct kit *k)
{
	while (dbkit_stat(k->db, "db.memtables") < 2)
		dbkit_fill(k->db, 0, 10, "sound");
}

static unsigned
merges_running(const struct kit *k)
{
	return k->heard.count[LSM_EVENT_MERGE_BEGIN] -
	    k->heard.count[LSM_EVENT_MERGE_END] -
	    k->heard.count[LSM_EVENT_MERGE_FAILED];
}

/* What is damaged lies in the last tier, out of the way; above it a merge of
 * what is sound is begun, and no more. */
static void
merge_begin_above(struct kit *k)
{
	int more = 0;

	for (int i = 0; i < 40; i++) {
		write_frozen(k);
		(void)dbkit_work_off(k->db);
	}
	for (int i = 0; i < 20 && merges_running(k) == 0; i += !more) {
		if (!more)
			write_frozen(k);
		CHECK_OK(lsm_step(k->db, &more));
	}
	CHECK_EQ(merges_running(k), 1);
	CHECK(k->heard.last[LSM_EVENT_MERGE_BEGIN].level < 7);
	CHECK(dbkit_stat(k->db, "level.7.runs") >= 8);
}

TEST("a writer waits for no merge that cannot help the tier at its stop")
{
	uint64_t stalls;
	struct kit k;

	kit_make_tiered(&k);
	last_tier_fill(&k, 8);
	merge_begin_above(&k);
	stalls = dbkit_stat(k.db, "write.stalls");
	write_frozen(&k);
	CHECK_EQ(dbkit_stat(k.db, "write.stalls"), stalls);
	CHECK_EQ(merges_running(&k), 1);
	kit_close(&k);
}

static void
kit_damaged(struct kit *k)
{
	kit_make(k);
	k->o.codec = LSM_CODEC_NONE;
	k->o.filter_bits = 0;
	k->db = dbkit_open("db", &k->o);
	dbkit_fill(k->db, 0, 10, "right");
	CHECK_OK(lsm_flush(k->db));
	damage(k, "v5right");
}

TEST("damage that a read finds is told, with its place")
{
	struct kit k;
	lsm_iter *it;

	kit_damaged(&k);
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("k000005"), NULL), LSM_CORRUPT);
	CHECK_EQ(k.heard.count[LSM_EVENT_DAMAGE], 1);
	CHECK_EQ(k.heard.last[LSM_EVENT_DAMAGE].code, LSM_CORRUPT);
	CHECK(strstr(k.heard.message[LSM_EVENT_DAMAGE],
	    dbkit_file(k.db, "table")) != NULL);
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_CODE(lsm_iter_first(it), LSM_CORRUPT);
	lsm_iter_free(it);
	CHECK_EQ(k.heard.count[LSM_EVENT_DAMAGE], 2);
	kit_close(&k);
}

TEST("damage that a merge finds is told, and the merge has failed")
{
	struct kit k;

	kit_damaged(&k);
	dbkit_put(k.db, "k000005", "new");
	CHECK_OK(lsm_flush(k.db));
	CHECK_CODE(lsm_compact(k.db, NULL, NULL), LSM_CORRUPT);
	CHECK_EQ(k.heard.count[LSM_EVENT_MERGE_FAILED], 1);
	CHECK_EQ(k.heard.count[LSM_EVENT_DAMAGE], 1);
	CHECK(strstr(k.heard.message[LSM_EVENT_MERGE_FAILED], ".sst: ") !=
	    NULL);
	CHECK_EQ(k.heard.count[LSM_EVENT_FENCE], 0);
	kit_close(&k);
}

TEST("a fence is told once, with what was the cause")
{
	struct kit k;

	kit_open(&k);
	sim_fail_at(k.sim, 1, LSM_IO, true, false);
	CHECK_CODE(lsm_put(k.db, lsm_str("a"), lsm_str("b"), LSM_SYNC),
	    LSM_IO);
	CHECK_CODE(lsm_put(k.db, lsm_str("a"), lsm_str("b"), LSM_SYNC),
	    LSM_IO);
	CHECK_CODE(lsm_sync(k.db), LSM_IO);
	CHECK_EQ(k.heard.count[LSM_EVENT_FENCE], 1);
	CHECK_EQ(k.heard.last[LSM_EVENT_FENCE].code, LSM_IO);
	CHECK(strstr(k.heard.message[LSM_EVENT_FENCE], "injected") != NULL);
	sim_fail_at(k.sim, 0, LSM_OK, false, false);
	CHECK_CODE(lsm_close(k.db), LSM_IO);
	k.db = NULL;
	kit_close(&k);
}

static void
hear_slowly(void *arg, const lsm_event *e)
{
	struct heard *h = arg;

	h->count[e->kind]++;
	if (h->count[LSM_EVENT_DAMAGE] != 1)
		return;
	for (int i = 0; i < QUEUE + 36; i++)
		h->wrong += lsm_get(h->db, NULL, lsm_str("k000005"), NULL) !=
		    LSM_CORRUPT;
}

TEST("what happens while a listener is busy waits, up to a limit")
{
	struct kit k;

	kit_damaged(&k);
	dbkit_close(k.db);
	k.o.event = hear_slowly;
	k.db = k.heard.db = dbkit_open("db", &k.o);
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("k000005"), NULL), LSM_CORRUPT);
	CHECK_EQ(k.heard.count[LSM_EVENT_DAMAGE], 1 + QUEUE);
	CHECK_EQ(dbkit_stat(k.db, "events.lost"), 36);
	kit_close(&k);
}

TEST("a listener may ask the handle, and is told one thing at a time")
{
	static struct kit k;

	k = (struct kit){ 0 };
	k.o = dbkit_options(NULL);
	k.o.event = hear;
	k.o.event_arg = &k.heard;
	k.db = dbkit_open(dbkit_path("db"), &k.o);
	dbkit_fill(k.db, 0, 2, "");
	dbkit_close(k.db);
	k.o.workers = 1;
	k.o.memtable_size = 4096;
	k.db = k.heard.db = dbkit_open(dbkit_path("db"), &k.o);
	for (int i = 0; i < 20; i++)
		dbkit_fill(k.db, 0, 300, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_close(k.db);
	CHECK_EQ(k.heard.wrong, 0);
	CHECK(k.heard.count[LSM_EVENT_FLUSH_END] > 10);
	CHECK_EQ(k.heard.count[LSM_EVENT_FLUSH_BEGIN],
	    k.heard.count[LSM_EVENT_FLUSH_END]);
	CHECK(k.heard.count[LSM_EVENT_MERGE_END] > 0);
}

TEST("without memory for events the database does not open")
{
	struct heard heard = { 0 };
	unsigned refused = 0;
	lsm_db *db = NULL;

	for (uint64_t n = 1; db == NULL; n++) {
		struct sim *sim = sim_new(test_seed());
		lsm_options o = dbkit_options(sim);
		int rc;

		o.event = hear;
		o.event_arg = &heard;
		mem_fail_at(n, false);
		rc = lsm_open("db", &o, &db);
		mem_fail_at(0, false);
		CHECK((rc == LSM_OK) == (db != NULL));
		refused += rc == LSM_NO_MEMORY;
		if (db != NULL)
			dbkit_close(db);
		sim_free(sim);
	}
	CHECK(refused > 10);
}
