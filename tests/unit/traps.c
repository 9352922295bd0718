/*
 * Twelve traps in which engines like this one have been caught, each by name.
 *
 * Trap 9 (a benchmark must say what it touched) and trap 10 (manners of tools)
 * are proven where benchmarks and tools are; here is the engine's part.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/kit.h"
#include "support/scale.h"

static void
kit_open_with(struct kit *k, size_t memtable_size)
{
	kit_init(k);
	k->o.memtable_size = memtable_size;
	kit_start(k);
}

static void
check_all(struct kit *k, const char *text)
{
	CHECK_STR(dbkit_scan(k->db, NULL, NULL, false), text);
}

TEST("trap 1: replay keeps order, deletes, and a put after a delete")
{
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	dbkit_put(k.db, "a", "2");
	dbkit_put(k.db, "b", "1");
	dbkit_delete(k.db, "b");
	dbkit_delete(k.db, "c");
	dbkit_put(k.db, "c", "3");
	kit_kill(&k);
	check_all(&k, "a=2 c=3");
	dbkit_delete(k.db, "a");
	kit_kill(&k);
	kit_kill(&k);
	check_all(&k, "c=3");
	dbkit_check(k.db, NULL, "b", NULL);
	kit_close(&k);
}

TEST("trap 1: two logs alive are replayed, the older one first")
{
	struct kit k;

	kit_open_with(&k, 512);
	dbkit_put(k.db, "a", "first");
	dbkit_put(k.db, "gone", "first");
	while (dbkit_stat(k.db, "db.memtables") < 2)
		dbkit_fill(k.db, 0, 1, "filling, so that the memtable turns");
	dbkit_put(k.db, "a", "last");
	dbkit_delete(k.db, "gone");
	CHECK(dbkit_files(k.db, "log", true) >= 2);
	kit_kill(&k);
	dbkit_check(k.db, NULL, "a", "last");
	dbkit_check(k.db, NULL, "gone", NULL);
	dbkit_check_fill(k.db, 0, 1, "filling, so that the memtable turns");
	kit_close(&k);
}

enum { PUTS = 24 };

/* The first `acked` are there, then a few more, then none: no hole. */
static void
check_no_hole(struct sim *disk, unsigned acked)
{
	lsm_options o = dbkit_options(disk);
	lsm_db *db = dbkit_open("db", &o);
	bool ended = false;
	char key[16];

	for (unsigned i = 0; i < PUTS; i++) {
		int rc;

		snprintf(key, sizeof key, "%03u", i);
		rc = lsm_get(db, NULL, lsm_str(key), NULL);
		CHECK(rc == LSM_NOTFOUND || (rc == LSM_OK && !ended));
		CHECK(rc == LSM_OK || i >= acked);
		ended = rc == LSM_NOTFOUND;
	}
	dbkit_close(db);
	sim_free(disk);
}

TEST_SOLO("trap 2: a log goes only after its own memtable is durable")
{
	size_t after[PUTS];
	unsigned acked = 0;
	char key[16];
	struct kit k;

	kit_open_with(&k, 512);
	for (unsigned i = 0; i < PUTS; i++) {
		snprintf(key, sizeof key, "%03u", i);
		CHECK_OK(lsm_put(k.db, lsm_str(key), lsm_str("a value of "
		    "some length, and then some more of it"), LSM_SYNC));
		after[i] = sim_operations(k.sim);
	}
	CHECK(dbkit_stat(k.db, "flush.count") > 2);
	for (size_t i = after[0]; i <= after[PUTS - 1]; i++) {
		while (acked < PUTS && after[acked] <= i)
			acked++;
		if (!sim_on_disk(k.sim, i - 1))
			continue;
		check_no_hole(sim_crash(k.sim, i, SIM_DROP, 0), acked);
		check_no_hole(sim_crash(k.sim, i, SIM_KEEP, 0), acked);
		check_no_hole(sim_crash(k.sim, i, SIM_RANDOM, i), acked);
	}
	kit_close(&k);
}

TEST("trap 3: a delete stops the search, wherever it and the value are")
{
	lsm_snapshot *s;
	struct kit k;

	kit_open(&k);
	dbkit_put(k.db, "a", "old");
	dbkit_put(k.db, "z", "1");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_delete(k.db, "a");
	dbkit_check(k.db, NULL, "a", NULL);	/* memory over table */
	CHECK_OK(lsm_flush(k.db));
	dbkit_check(k.db, NULL, "a", NULL);	/* table over table */
	check_all(&k, "z=1");
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	dbkit_put(k.db, "a", "new");
	dbkit_check(k.db, NULL, "a", "new");	/* memory over delete */
	dbkit_check(k.db, s, "a", NULL);
	lsm_snapshot_free(s);
	kit_close(&k);
}

TEST("trap 4: among tables that overlap the newest wins, after a kill too")
{
	char value[16];
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 6; i++) {
		snprintf(value, sizeof value, "%u", i);
		dbkit_put(k.db, "a", "x");
		dbkit_put(k.db, "m", value);
		dbkit_put(k.db, "z", "x");
		CHECK_OK(lsm_flush(k.db));
		kit_kill(&k);
		dbkit_check(k.db, NULL, "m", value);
	}
	CHECK(dbkit_stat(k.db, "db.runs") > 1);
	kit_close(&k);
}

TEST("trap 4: sequences are stored in tables and go on after them")
{
	struct kit k;
	lsm_iter *it;

	kit_open(&k);
	dbkit_fill(k.db, 0, 10, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	kit_kill(&k);
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	CHECK_OK(lsm_iter_seek(it, lsm_str("k000004")));
	CHECK_EQ(lsm_iter_sequence(it), 5);
	lsm_iter_free(it);
	dbkit_put(k.db, "x", "1");
	CHECK_EQ(dbkit_stat(k.db, "db.sequence"), 11);
	kit_close(&k);
}

static void
number_see(void *arg, const lsm_file_info *f)
{
	uint64_t *highest = arg, number = strtoull(f->name, NULL, 10);

	if (strcmp(f->kind, "table") == 0 && number > *highest)
		*highest = number;
}

/* Every table made since is above all before. */
static void
check_new_table(struct kit *k, uint64_t *highest)
{
	uint64_t number = 0;

	CHECK_OK(lsm_files(k->db, number_see, &number));
	CHECK(number > *highest);
	*highest = number;
}

TEST_SOLO("trap 4: file numbers are never used twice, crashes included")
{
	uint64_t highest = 0;
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 12; i++) {
		dbkit_fill(k.db, 0, 20, "");
		CHECK_OK(lsm_flush(k.db));
		check_new_table(&k, &highest);
		dbkit_fill(k.db, 0, 20, "");
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
		check_new_table(&k, &highest);
		if (i % 2)
			kit_crash(&k);
		else
			kit_kill(&k);
	}
	kit_close(&k);
}

TEST("trap 5: a scan merges all levels, hides deletes, keeps its bounds")
{
	lsm_range r = { lsm_str("b"), lsm_str("e") };
	lsm_snapshot *s;
	struct kit k;

	kit_open(&k);
	for (char c = 'a'; c <= 'f'; c++)
		dbkit_put(k.db, (char[]){ c, '\0' }, "old");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	dbkit_delete(k.db, "c");
	CHECK_OK(lsm_flush(k.db));
	dbkit_put(k.db, "d", "new");
	CHECK_OK(lsm_snapshot_new(k.db, &s));
	dbkit_delete(k.db, "b");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_STR(dbkit_scan(k.db, s, &r, false), "b=old d=new");
	CHECK_STR(dbkit_scan(k.db, s, &r, true), "d=new b=old");
	CHECK_STR(dbkit_scan(k.db, NULL, &r, false), "d=new");
	check_all(&k, "a=old d=new e=old f=old");
	lsm_snapshot_free(s);
	kit_close(&k);
}

static const size_t sizes[] = { 0, 1, 63, 4095, 4096, 4097, 16384, 65536,
	300000 };
enum { SIZES = sizeof sizes / sizeof *sizes };

static void
check_sizes(lsm_db *db, const uint8_t *content)
{
	lsm_buffer got = { 0 };
	char key[16];

	for (unsigned i = 0; i < SIZES; i++) {
		snprintf(key, sizeof key, "%u", i);
		CHECK_OK(lsm_get(db, NULL, lsm_str(key), &got));
		CHECK_EQ(got.size, sizes[i]);
		CHECK(sizes[i] == 0 ||
		    memcmp(got.data, content, sizes[i]) == 0);
	}
	lsm_buffer_free(&got);
}

TEST("trap 6: values of no byte to many pages, of any content")
{
	struct random r = { test_seed() };
	uint8_t *content = malloc(300000);
	char key[16];
	struct kit k;

	CHECK(content != NULL);
	for (size_t i = 0; i < 300000; i++)
		content[i] = (uint8_t)random_next(&r);
	kit_open(&k);
	for (unsigned i = 0; i < SIZES; i++) {
		snprintf(key, sizeof key, "%u", i);
		CHECK_OK(lsm_put(k.db, lsm_str(key), lsm_bytes(content,
		    sizes[i]), 0));
	}
	check_sizes(k.db, content);
	kit_kill(&k);
	check_sizes(k.db, content);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_sizes(k.db, content);
	kit_close(&k);
	free(content);
}

TEST("trap 6: keys and values may look like anything")
{
	static const char *const odd[] = { "", " ", "\"quoted\" 'twice'",
		"a\tb\nc\r", "__TOMBSTONE__", "NULL", "\\x00\\n", "%s%n",
		"\xff\xfe\x01", "LR", "key=value", "\xc3\xa4" };
	static const uint8_t zeros[] = { 0, 0, 0 };
	enum { ODD = sizeof odd / sizeof *odd };
	lsm_buffer got = { 0 };
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < ODD; i++)
		dbkit_put(k.db, odd[i], odd[ODD - 1 - i]);
	CHECK_OK(lsm_put(k.db, lsm_bytes(zeros, 2), lsm_bytes(zeros, 3), 0));
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < ODD; i++)
			dbkit_check(k.db, NULL, odd[i], odd[ODD - 1 - i]);
		CHECK_OK(lsm_get(k.db, NULL, lsm_bytes(zeros, 2), &got));
		CHECK(got.size == 3 && memcmp(got.data, zeros, 3) == 0);
		CHECK_CODE(lsm_get(k.db, NULL, lsm_bytes(zeros, 1), NULL),
		    LSM_NOTFOUND);
		if (turn == 0)
			kit_kill(&k);
		CHECK_OK(lsm_compact(k.db, NULL, NULL));
	}
	lsm_buffer_free(&got);
	kit_close(&k);
}

TEST("trap 7: a merge keeps the newest version and drops what it hides")
{
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 5; i++) {
		dbkit_put(k.db, "a", i == 4 ? "newest" : "older");
		dbkit_put(k.db, "b", "1");
		if (i == 4)
			dbkit_delete(k.db, "b");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	check_all(&k, "a=newest");
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 1);
	kit_close(&k);
}

TEST("trap 7: a merge keeps a delete while older data lies below")
{
	struct kit k;
	int more;

	kit_open(&k);
	dbkit_fill(k.db, 0, 50, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	for (unsigned i = 0; i < 12; i++) {
		dbkit_delete(k.db, "k000007");
		dbkit_put(k.db, "k000000", "v0");
		dbkit_put(k.db, "k000049", "v49");
		CHECK_OK(lsm_flush(k.db));
	}
	do {
		CHECK_OK(lsm_step(k.db, &more));
		dbkit_check(k.db, NULL, "k000007", NULL);
	} while (more);
	CHECK(dbkit_stat(k.db, "merge.count") > 0);
	dbkit_check_fill(k.db, 8, 50, "");
	dbkit_check(k.db, NULL, "k000007", NULL);
	kit_close(&k);
}

/* The power fails within a merge, at any step of the disk: its inputs are
 * there until the manifest that forgets them is durable. */
TEST_SOLO("trap 7: inputs of a merge go only after the manifest is durable")
{
	struct kit k;
	size_t from;

	kit_open(&k);
	for (unsigned i = 0; i < 3; i++) {
		dbkit_fill(k.db, 0, 30, "");
		CHECK_OK(lsm_flush(k.db));
	}
	from = sim_operations(k.sim);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	for (size_t i = from + SCALE_FIRST; i <= sim_operations(k.sim);
	    i += SCALE_STEP)
		for (int loss = SIM_DROP; loss <= SIM_RANDOM &&
		    sim_on_disk(k.sim, i - 1); loss++) {
			struct sim *disk = sim_crash(k.sim, i,
			    (enum sim_loss)loss, test_seed() + i);
			lsm_options o = dbkit_options(disk);
			lsm_db *db = dbkit_open("db", &o);

			dbkit_check_fill(db, 0, 30, "");
			dbkit_close(db);
			sim_free(disk);
		}
	kit_close(&k);
}

TEST("trap 8: statistics are counted, also where nothing is there")
{
	struct kit k;

	kit_open(&k);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 0);
	CHECK_EQ(dbkit_stat(k.db, "db.bytes"), 0);
	dbkit_fill(k.db, 0, 777, "");
	dbkit_fill(k.db, 0, 111, "");
	CHECK_EQ(dbkit_stat(k.db, "write.puts"), 888);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), 777);
	kit_close(&k);
}

TEST("trap 9: how many tables and filters a read touched is known")
{
	struct kit k;

	kit_open(&k);
	for (unsigned i = 0; i < 4; i++) {
		dbkit_fill(k.db, 0, 100, "");
		dbkit_put(k.db, i == 0 ? "k000050x" : "k000051x", "1");
		CHECK_OK(lsm_flush(k.db));
	}
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 4);
	dbkit_check(k.db, NULL, "k000050x", "1");
	CHECK_EQ(dbkit_stat(k.db, "read.tables_asked"), 4);
	CHECK_EQ(dbkit_stat(k.db, "filter.asked"), 4);
	kit_close(&k);
}

TEST("trap 10: an absent key is an answer, and leaves no words behind")
{
	struct kit k;
	char before[512];

	kit_open(&k);
	snprintf(before, sizeof before, "%s", lsm_message());
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("x"), NULL), LSM_NOTFOUND);
	CHECK_STR(lsm_message(), before);
	kit_close(&k);
}

/* One bit of a table, anywhere: an error or the right answer. */
static void
check_bit(struct kit *k, const char *name, uint64_t at, const uint8_t *file)
{
	uint8_t wrong = (uint8_t)(file[at] ^ 1);
	lsm_buffer got = { 0 };
	lsm_db *db;
	int rc;

	CHECK(sim_poke(k->sim, "db", name, at, &wrong, 1));
	rc = lsm_open("db", &k->o, &db);
	if (rc != LSM_OK) {
		CHECK_CODE(rc, LSM_CORRUPT);
	} else {
		rc = lsm_get(db, NULL, lsm_str("k000007"), &got);
		if (rc == LSM_OK)
			CHECK_BYTES(bytes(got.data, got.size), "v7");
		else
			CHECK_CODE(rc, LSM_CORRUPT);
		rc = lsm_compact(db, NULL, NULL);
		CHECK(rc == LSM_OK || rc == LSM_CORRUPT);
		dbkit_close(db);
	}
	lsm_buffer_free(&got);
	CHECK(sim_poke(k->sim, "db", name, at, &file[at], 1));
}

TEST_SOLO("trap 11: damage in a table is an error with its place, never "
    "skipped")
{
	uint8_t *file;
	char name[64];
	struct kit k;
	size_t n;

	kit_open(&k);
	dbkit_fill(k.db, 0, 100, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	snprintf(name, sizeof name, "%s", dbkit_file(k.db, "table"));
	dbkit_close(k.db);
	file = dbkit_read(k.o.env, "db", name, &n);
	for (uint64_t at = 0; at < n; at += 61)
		check_bit(&k, name, at, file);
	CHECK(sim_poke(k.sim, "db", name, 4096 + 100, "damage", 6));
	kit_start(&k);
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("k000007"), NULL),
	    LSM_CORRUPT);
	CHECK(strstr(lsm_message(), name) != NULL);
	CHECK(strstr(lsm_message(), "offset") != NULL);
	CHECK_CODE(lsm_get(k.db, NULL, lsm_str("k000007"), NULL),
	    LSM_CORRUPT);
	free(file);
	kit_close(&k);
}

TEST("trap 12: memory and frozen memory come before filters and tables")
{
	struct kit k;

	kit_open_with(&k, 512);
	dbkit_put(k.db, "a", "table");
	CHECK_OK(lsm_flush(k.db));
	dbkit_check(k.db, NULL, "a", "table");
	dbkit_put(k.db, "a", "frozen");
	while (dbkit_stat(k.db, "db.memtables") < 2)
		dbkit_fill(k.db, 0, 1, "filling, so that the memtable turns");
	dbkit_check(k.db, NULL, "a", "frozen");
	dbkit_put(k.db, "a", "active");
	dbkit_check(k.db, NULL, "a", "active");
	CHECK_EQ(dbkit_stat(k.db, "read.tables_asked"), 1);
	CHECK_EQ(dbkit_stat(k.db, "read.gets_memory"), 2);
	kit_close(&k);
}
