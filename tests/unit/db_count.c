/*
 * Amplification and bytes by level, against what a disk really saw: the
 * simulated one keeps a log of each write.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/random.h"
#include "support/kit.h"

enum { RECORDS = 8000, KEYS = 5000, HEAD = 4096 };

/* A tree with several levels, however little is written; the disk counts from
 * here. */
static void
kit_open_with(struct kit *k, int compaction)
{
	kit_init(k);
	k->o.memtable_size = 8192;
	k->o.table_size = 16384;
	k->o.level_sizes = LSM_LEVELS_FIXED;
	k->o.base_size = 32768;
	k->o.ratio = 3;
	k->o.compaction = compaction;
	k->o.codec = LSM_CODEC_NONE;
	kit_start(k);
	sim_settle(k->sim);
}

static uint64_t
fill_random(struct kit *k, unsigned records)
{
	struct random r = { test_seed() };
	uint64_t bytes = 0;
	char key[16], value[96];

	for (unsigned i = 0; i < records; i++) {
		snprintf(key, sizeof key, "k%06" PRIu64, random_below(&r,
		    KEYS));
		snprintf(value, sizeof value, "%080" PRIx64, random_next(&r));
		bytes += strlen(key) + strlen(value);
		if (i % 50 == 49) {
			bytes -= strlen(value);
			dbkit_delete(k->db, key);
		} else {
			dbkit_put(k->db, key, value);
		}
	}
	return bytes;
}

/* What was written to files of this kind, behind their heads. */
static uint64_t
disk_wrote(struct kit *k, const char *kind, uint64_t head)
{
	char text[SIM_TEXT_MAX], name[64];
	uint64_t at, n, bytes = 0;

	for (size_t i = 0; i < sim_operations(k->sim); i++) {
		sim_describe(k->sim, i, text);
		if (sscanf(text, "write %63s inode %*u %" SCNu64 "+%" SCNu64,
		    name, &at, &n) == 3 && strstr(name, kind) != NULL &&
		    at >= head)
			bytes += n;
	}
	return bytes;
}

static uint64_t
levels_sum(lsm_db *db, const char *what)
{
	uint64_t sum = 0;
	char name[32];

	for (int level = 0; level < 8; level++) {
		snprintf(name, sizeof name, "level.%d.%s", level, what);
		sum += dbkit_stat(db, name);
	}
	return sum;
}

static void
check_tables(struct kit *k)
{
	uint64_t flushed = dbkit_stat(k->db, "flush.bytes");
	uint64_t merged = dbkit_stat(k->db, "merge.bytes_written");
	uint64_t lost = dbkit_stat(k->db, "jobs.bytes_given_up");

	CHECK(flushed > 0 && merged > 0);
	CHECK_EQ(flushed + merged + lost, disk_wrote(k, ".sst", 0));
	CHECK_EQ(levels_sum(k->db, "bytes_written"), flushed + merged);
	CHECK_EQ(levels_sum(k->db, "bytes_read"), dbkit_stat(k->db,
	    "merge.bytes_read"));
	CHECK_EQ(levels_sum(k->db, "bytes"), dbkit_stat(k->db, "db.bytes"));
	CHECK_EQ(levels_sum(k->db, "entries"), dbkit_stat(k->db,
	    "db.entries"));
}

static void
check_shape(int compaction)
{
	uint64_t user, log, manifest, tables, logs_before;
	struct kit k;

	kit_open_with(&k, compaction);
	logs_before = dbkit_stat(k.db, "log.bytes");
	user = fill_random(&k, RECORDS);
	CHECK_OK(lsm_sync(k.db));
	CHECK_EQ(dbkit_stat(k.db, "write.bytes"), user);
	check_tables(&k);
	log = disk_wrote(&k, ".log", HEAD);
	manifest = disk_wrote(&k, "MANIFEST", 0);
	tables = disk_wrote(&k, ".sst", 0);
	CHECK_EQ(dbkit_stat(k.db, "log.bytes") - logs_before, log);
	CHECK_EQ(dbkit_stat(k.db, "manifest.bytes"), manifest);
	CHECK_EQ(dbkit_stat(k.db, "amplification.write"), (1000 * (tables +
	    logs_before + log + manifest) + user / 2) / user);
	CHECK_EQ(dbkit_stat(k.db, "amplification.write_tables"),
	    (1000 * tables + user / 2) / user);
	kit_close(&k);
}

TEST_SOLO("leveled: every byte that the disk was given is counted, by level")
{
	check_shape(LSM_COMPACTION_LEVELED);
}

TEST_SOLO("tiered: every byte that the disk was given is counted, by level")
{
	check_shape(LSM_COMPACTION_TIERED);
}

static int
stop_late(void *arg, uint64_t done, uint64_t all)
{
	(void)arg;
	return done > all / 3 * 2;
}

TEST_SOLO("a merge that is stopped has written bytes all the same")
{
	struct kit k;
	int more = 1;

	kit_open_with(&k, LSM_COMPACTION_LEVELED);
	(void)fill_random(&k, RECORDS);
	CHECK_OK(lsm_flush(k.db));
	while (more)
		CHECK_OK(lsm_step(k.db, &more));
	CHECK_EQ(dbkit_stat(k.db, "jobs.bytes_given_up"), 0);
	CHECK_CODE(lsm_compact(k.db, stop_late, NULL), LSM_BUSY);
	CHECK(dbkit_stat(k.db, "jobs.bytes_given_up") > 0);
	check_tables(&k);
	kit_close(&k);
}

TEST("space is that of all runs for the largest, before compression")
{
	uint64_t all, oldest;
	struct kit k;

	kit_open_with(&k, LSM_COMPACTION_LEVELED);
	dbkit_fill(k.db, 0, 1000, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	oldest = dbkit_stat(k.db, "db.data_bytes");
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "amplification.space"), 1000);
	CHECK_EQ(dbkit_stat(k.db, "amplification.files"), (1000 *
	    dbkit_stat(k.db, "db.bytes") + oldest / 2) / oldest);
	dbkit_put(k.db, "k000000", "again");
	dbkit_put(k.db, "k000999", "again");
	CHECK_OK(lsm_flush(k.db));
	all = dbkit_stat(k.db, "db.data_bytes");
	CHECK_EQ(all, oldest + 2 * (7 + 5));
	CHECK_EQ(dbkit_stat(k.db, "amplification.space"),
	    (1000 * all + oldest / 2) / oldest);
	kit_close(&k);
}

TEST("a get of a table looks at a filter, the way down and a leaf")
{
	struct kit k;

	kit_open_with(&k, LSM_COMPACTION_LEVELED);
	dbkit_fill(k.db, 0, 10, "");
	CHECK(!dbkit_has_stat(k.db, "amplification.read_runs"));
	dbkit_check(k.db, NULL, "k000003", "v3");
	CHECK_EQ(dbkit_stat(k.db, "amplification.read_runs"), 0);
	CHECK_OK(lsm_flush(k.db));	/* one leaf, which is the root */
	dbkit_check(k.db, NULL, "k000003", "v3");
	CHECK_EQ(dbkit_stat(k.db, "read.pages_asked"), 2);
	dbkit_check(k.db, NULL, "k000003x", NULL);
	CHECK_EQ(dbkit_stat(k.db, "read.pages_asked"), 3 +
	    dbkit_stat(k.db, "filter.false_positives"));
	dbkit_check(k.db, NULL, "z", NULL);	/* beyond all runs */
	CHECK_EQ(dbkit_stat(k.db, "read.gets"), 4);
	CHECK_EQ(dbkit_stat(k.db, "amplification.read_runs"), 500);
	CHECK_EQ(dbkit_stat(k.db, "amplification.read_pages"), 750 + 250 *
	    dbkit_stat(k.db, "filter.false_positives"));
	kit_close(&k);
}

TEST("one operation in 64 is measured, and each sync and step")
{
	lsm_iter *it;
	struct kit k;

	kit_open_with(&k, LSM_COMPACTION_LEVELED);
	dbkit_fill(k.db, 0, 1, "");
	CHECK_EQ(dbkit_stat(k.db, "latency.put"), 0);
	dbkit_fill(k.db, 1, 66, "");
	CHECK_EQ(dbkit_stat(k.db, "latency.put"), 2);
	dbkit_check_fill(k.db, 0, 65, "");
	CHECK_EQ(dbkit_stat(k.db, "latency.get"), 1);
	dbkit_check_fill(k.db, 0, 1, "");
	CHECK_EQ(dbkit_stat(k.db, "latency.get"), 2);
	CHECK_OK(lsm_iter_new(k.db, NULL, NULL, &it));
	for (int i = 0; i < 130; i++)
		CHECK_OK(lsm_iter_seek(it, lsm_str("k000005")));
	lsm_iter_free(it);
	CHECK_EQ(dbkit_stat(k.db, "latency.seek"), 3);
	CHECK_EQ(dbkit_stat(k.db, "latency.sync"), 0);
	for (int i = 0; i < 5; i++)
		CHECK_OK(lsm_put(k.db, lsm_str("k"), lsm_str("v"), LSM_SYNC));
	CHECK_EQ(dbkit_stat(k.db, "latency.sync"), 5);
	CHECK_EQ(dbkit_stat(k.db, "latency.flush_step"), 0);
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "latency.flush_step"), 1);
	kit_close(&k);
}

struct told {
	unsigned stats, wrong, histograms;
	char last[64], seen[16384];
};

/* Names are unique, metrics stand together, and everything has its words. */
static void
stat_check(void *arg, const lsm_stat *s)
{
	struct told *t = arg;
	char line[80];

	t->stats++;
	t->wrong += s->help[0] == '\0' || s->unit == NULL;
	t->wrong += (s->label == NULL) != (s->of == NULL);
	t->wrong += (s->kind == LSM_HISTOGRAM) != (s->histogram != NULL);
	snprintf(line, sizeof line, "\n%s=", s->name);
	t->wrong += strstr(t->seen, line) != NULL;
	strcat(t->seen, line);
	snprintf(line, sizeof line, "\n:%s=", s->metric);
	if (strcmp(t->last, s->metric) != 0)
		t->wrong += strstr(t->seen, line) != NULL;
	strcat(t->seen, line);
	snprintf(t->last, sizeof t->last, "%s", s->metric);
	if (s->histogram == NULL)
		return;
	t->histograms++;
	for (size_t i = 0; i + 1 < s->histogram->buckets; i++) {
		t->wrong += s->histogram->limits[i] >=
		    s->histogram->limits[i + 1];
		t->wrong += s->histogram->counts[i] >
		    s->histogram->counts[i + 1];
	}
	t->wrong += s->value != s->histogram->count;
}

TEST_SOLO("names are unique, metrics stand together, all have their words")
{
	static struct told t;
	struct kit k;

	t = (struct told){ 0 };
	kit_open_with(&k, LSM_COMPACTION_LEVELED);
	(void)fill_random(&k, RECORDS);
	CHECK_OK(lsm_stats(k.db, stat_check, &t));
	CHECK_EQ(t.wrong, 0);
	CHECK_EQ(t.histograms, 7);
	CHECK(t.stats > 90);
	kit_close(&k);
}
