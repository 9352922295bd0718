/*
 * metric.c - every statistic there is, and how one is told.
 */
#include "db/metric.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
	NAME_MAX_SIZE = 64,
	LIMIT_FIRST = 8,	/* of a histogram as told: 256 ns */
	LIMIT_LAST = 34,	/* 17 s */
	LIMITS = LIMIT_LAST - LIMIT_FIRST + 1
};

struct row {
	const char *metric;
	int kind;
	const char *unit, *label;
	const char *help;
};

#define COUNTER LSM_COUNTER
#define GAUGE LSM_GAUGE

static const struct row rows[METRICS] = {
	[METRIC_WRITE_PUTS] = { "write.puts", COUNTER, "", NULL,
	    "puts outside of batches" },
	[METRIC_WRITE_DELETES] = { "write.deletes", COUNTER, "", NULL,
	    "deletes outside of batches" },
	[METRIC_WRITE_RANGE_DELETES] = { "write.range_deletes", COUNTER, "",
	    NULL, "range deletes outside of batches" },
	[METRIC_WRITE_BATCHES] = { "write.batches", COUNTER, "", NULL,
	    "batches written" },
	[METRIC_WRITE_BATCH_OPERATIONS] = { "write.batch_operations", COUNTER,
	    "", NULL, "operations in these batches" },
	[METRIC_WRITE_UNMET] = { "write.unmet", COUNTER, "", NULL,
	    "batches not written because a condition was not met" },
	[METRIC_WRITE_BYTES] = { "write.bytes", COUNTER, "bytes", NULL,
	    "keys and values written by the user" },
	[METRIC_WRITE_STALLS] = { "write.stalls", COUNTER, "", NULL,
	    "times a writer had to wait for background work, or to do it" },
	[METRIC_WRITE_STALL_US] = { "write.stall_us", COUNTER, "us", NULL,
	    "time that this took" },
	[METRIC_WRITE_PACED_US] = { "write.paced_us", COUNTER, "us", NULL,
	    "time that writers were slowed down, so that none has to stop" },
	[METRIC_STALL_COUNT] = { "stall.count", COUNTER, "", "reason",
	    "write.stalls by reason: memtables not flushed, runs in level 0, "
	    "runs in a tier below" },
	[METRIC_STALL_US] = { "stall.us", COUNTER, "us", "reason",
	    "write.stall_us by reason" },
	[METRIC_LOG_BYTES] = { "log.bytes", COUNTER, "bytes", NULL,
	    "records appended to logs" },
	[METRIC_LOG_SYNCS] = { "log.syncs", COUNTER, "", NULL,
	    "times the log was made durable" },
	[METRIC_LOG_REUSED] = { "log.reused", COUNTER, "", NULL,
	    "dead logs that became new ones, instead of new files" },
	[METRIC_MANIFEST_BYTES] = { "manifest.bytes", COUNTER, "bytes", NULL,
	    "written to manifests" },
	[METRIC_READ_GETS] = { "read.gets", COUNTER, "", NULL,
	    "gets" },
	[METRIC_READ_GETS_FOUND] = { "read.gets_found", COUNTER, "", NULL,
	    "gets that found the key" },
	[METRIC_READ_GETS_MEMORY] = { "read.gets_memory", COUNTER, "", NULL,
	    "gets that a memtable answered" },
	[METRIC_READ_TABLES_ASKED] = { "read.tables_asked", COUNTER, "", NULL,
	    "tables that gets asked, one of each run that spans the key" },
	[METRIC_READ_PAGES_ASKED] = { "read.pages_asked", COUNTER, "", NULL,
	    "pages of tables that gets looked at, filters included" },
	[METRIC_READ_LINES_AHEAD] = { "read.lines_ahead", COUNTER, "", NULL,
	    "cache lines that gets of many keys asked for before their turn" },
	[METRIC_READ_ITERATORS] = { "read.iterators", COUNTER, "", NULL,
	    "iterators made" },
	[METRIC_READ_SEEKS] = { "read.seeks", COUNTER, "", NULL,
	    "iterators placed: first, last, seek" },
	[METRIC_READ_STEPS] = { "read.steps", COUNTER, "", NULL,
	    "iterators moved: next, prev" },
	[METRIC_READ_PAGES] = { "read.pages", COUNTER, "", NULL,
	    "pages of tables read from files and verified" },
	[METRIC_READ_BYTES] = { "read.bytes", COUNTER, "bytes", NULL,
	    "of these pages" },
	[METRIC_READ_PAGES_INFLATED] = { "read.pages_inflated", COUNTER, "",
	    NULL, "pages decompressed" },
	[METRIC_FILTER_ASKED] = { "filter.asked", COUNTER, "", NULL,
	    "filters of tables asked for a key" },
	[METRIC_FILTER_USEFUL] = { "filter.useful", COUNTER, "", NULL,
	    "filters that knew the key to be absent" },
	[METRIC_FILTER_FALSE] = { "filter.false_positives", COUNTER, "", NULL,
	    "filters that let an absent key pass" },
	[METRIC_CACHE_HITS] = { "cache.hits", COUNTER, "", NULL,
	    "pages found in the cache" },
	[METRIC_CACHE_MISSES] = { "cache.misses", COUNTER, "", NULL,
	    "pages not found there" },
	[METRIC_CACHE_EVICTED] = { "cache.evicted", COUNTER, "", NULL,
	    "pages that made room for others" },
	[METRIC_CACHE_PAGES] = { "cache.pages", GAUGE, "", NULL,
	    "pages in the cache" },
	[METRIC_CACHE_BYTES] = { "cache.bytes", GAUGE, "bytes", NULL,
	    "memory that they take" },
	[METRIC_TABLES_OPEN] = { "tables.open", GAUGE, "", NULL,
	    "tables held open" },
	[METRIC_FLUSH_COUNT] = { "flush.count", COUNTER, "", NULL,
	    "memtables made into tables" },
	[METRIC_FLUSH_BYTES] = { "flush.bytes", COUNTER, "bytes", NULL,
	    "of these tables" },
	[METRIC_INGEST_COUNT] = { "ingest.count", COUNTER, "", NULL,
	    "ingestions" },
	[METRIC_INGEST_BYTES] = { "ingest.bytes", COUNTER, "bytes", NULL,
	    "of tables that ingestions made" },
	[METRIC_INGEST_TABLES] = { "ingest.tables", COUNTER, "", NULL,
	    "tables that ingestions made" },
	[METRIC_INGEST_TABLES_DEEP] = { "ingest.tables_deep", COUNTER, "",
	    NULL, "of them, those that went below level 0 at once" },
	[METRIC_MERGE_COUNT] = { "merge.count", COUNTER, "", NULL,
	    "merges done" },
	[METRIC_MERGE_BYTES_READ] = { "merge.bytes_read", COUNTER, "bytes",
	    NULL, "of tables that were merged" },
	[METRIC_MERGE_BYTES_WRITTEN] = { "merge.bytes_written", COUNTER,
	    "bytes", NULL, "of tables that merges made" },
	[METRIC_MERGE_PARTIAL] = { "merge.partial", COUNTER, "", NULL,
	    "merges that left some tables as they were" },
	[METRIC_MERGE_MOVES] = { "merge.moves", COUNTER, "", NULL,
	    "tables that went to another level as they are" },
	[METRIC_MERGE_TABLES_DROPPED] = { "merge.tables_dropped", COUNTER,
	    "", NULL, "tables that went unread: a range delete took all" },
	[METRIC_MERGE_BYTES_LARGEST] = { "merge.bytes_largest", GAUGE,
	    "bytes", NULL, "of the tables that one merge read, at most" },
	[METRIC_MERGE_FAILED] = { "merge.failed", COUNTER, "", NULL,
	    "merges that failed" },
	[METRIC_MERGE_AT_ONCE] = { "merge.at_once_max", GAUGE, "", NULL,
	    "most merges that were under way at the same time" },
	[METRIC_MERGE_SHADOWED] = { "merge.shadowed", COUNTER, "", NULL,
	    "overwritten entries that merges dropped" },
	[METRIC_MERGE_DELETES_DROPPED] = { "merge.deletes_dropped", COUNTER,
	    "", NULL, "deletes that merges dropped, with nothing below them" },
	[METRIC_MERGE_COVERED] = { "merge.covered", COUNTER, "", NULL,
	    "entries that merges dropped as a range delete took them" },
	[METRIC_MERGE_RANGE_DELETES_DROPPED] = {
	    "merge.range_deletes_dropped", COUNTER, "", NULL,
	    "pieces of range deletes that merges dropped" },
	[METRIC_JOBS_BYTES_GIVEN_UP] = { "jobs.bytes_given_up", COUNTER,
	    "bytes", NULL, "written by flushes and merges that did not end" },
	[METRIC_LEVEL_RUNS] = { "level.runs", GAUGE, "", "level",
	    "sorted runs in the level" },
	[METRIC_LEVEL_TABLES] = { "level.tables", GAUGE, "", "level",
	    "tables in the level" },
	[METRIC_LEVEL_BYTES] = { "level.bytes", GAUGE, "bytes", "level",
	    "of these tables on disk" },
	[METRIC_LEVEL_ENTRIES] = { "level.entries", GAUGE, "", "level",
	    "entries in these tables, deletes included" },
	[METRIC_LEVEL_DELETES] = { "level.deletes", GAUGE, "", "level",
	    "deletes among them" },
	[METRIC_LEVEL_RANGE_DELETES] = { "level.range_deletes", GAUGE, "",
	    "level", "pieces of range deletes in these tables" },
	[METRIC_LEVEL_DATA_BYTES] = { "level.data_bytes", GAUGE, "bytes",
	    "level", "keys and values of these entries, before compression" },
	[METRIC_LEVEL_SCORE] = { "level.score", GAUGE, "ratio", "level",
	    "how full the level is; from 1 on it is to be merged" },
	[METRIC_LEVEL_BYTES_READ] = { "level.bytes_read", COUNTER, "bytes",
	    "level", "of the level's tables that merges took" },
	[METRIC_LEVEL_BYTES_WRITTEN] = { "level.bytes_written", COUNTER,
	    "bytes", "level", "of tables that flushes and merges put there" },
	[METRIC_LEVEL_BYTES_MOVED] = { "level.bytes_moved", COUNTER, "bytes",
	    "level", "of tables that came to the level as they are" },
	[METRIC_DB_RUNS] = { "db.runs", GAUGE, "", NULL,
	    "sorted runs in all levels" },
	[METRIC_DB_TABLES] = { "db.tables", GAUGE, "", NULL,
	    "tables in all levels" },
	[METRIC_DB_BYTES] = { "db.bytes", GAUGE, "bytes", NULL,
	    "of these tables on disk" },
	[METRIC_DB_ENTRIES] = { "db.entries", GAUGE, "", NULL,
	    "entries in these tables, deletes included" },
	[METRIC_DB_DELETES] = { "db.deletes", GAUGE, "", NULL,
	    "deletes among them" },
	[METRIC_DB_RANGE_DELETES] = { "db.range_deletes", GAUGE, "", NULL,
	    "pieces of range deletes in these tables" },
	[METRIC_DB_DATA_BYTES] = { "db.data_bytes", GAUGE, "bytes", NULL,
	    "keys and values of these entries, before compression" },
	[METRIC_DB_MEMTABLES] = { "db.memtables", GAUGE, "", NULL,
	    "memtables, the active one among them" },
	[METRIC_DB_MEMTABLE_BYTES] = { "db.memtable_bytes", GAUGE, "bytes",
	    NULL, "memory that they use" },
	[METRIC_DB_MEMTABLE_ENTRIES] = { "db.memtable_entries", GAUGE, "",
	    NULL, "entries in memtables" },
	[METRIC_DB_MEMTABLE_RANGE_DELETES] = { "db.memtable_range_deletes",
	    GAUGE, "", NULL, "range deletes in memtables" },
	[METRIC_DB_SEQUENCE] = { "db.sequence", GAUGE, "", NULL,
	    "sequence number of the last operation" },
	[METRIC_DB_EDIT] = { "db.edit", GAUGE, "", NULL,
	    "number of the manifest's last edit" },
	[METRIC_DB_HANDLES] = { "db.snapshots_and_iterators", GAUGE, "", NULL,
	    "of this handle, that keep what they read" },
	[METRIC_DB_DEAD_FILES] = { "db.dead_files", GAUGE, "", NULL,
	    "files of no use, kept until nobody can read them" },
	[METRIC_AMPLIFICATION_WRITE] = { "amplification.write", GAUGE,
	    "ratio", NULL, "bytes of logs, manifests, flushes and merges for "
	    "each byte of write.bytes" },
	[METRIC_AMPLIFICATION_TABLES] = { "amplification.write_tables", GAUGE,
	    "ratio", NULL, "the same for flushes and merges alone" },
	[METRIC_AMPLIFICATION_RUNS] = { "amplification.read_runs", GAUGE,
	    "ratio", NULL, "tables asked for each get" },
	[METRIC_AMPLIFICATION_PAGES] = { "amplification.read_pages", GAUGE,
	    "ratio", NULL, "pages looked at for each get" },
	[METRIC_AMPLIFICATION_SPACE] = { "amplification.space", GAUGE,
	    "ratio", NULL, "db.data_bytes for each of those bytes that are "
	    "surely alive: so much at most; 1 when all is merged into one" },
	[METRIC_AMPLIFICATION_FILES] = { "amplification.files", GAUGE,
	    "ratio", NULL, "db.bytes for each byte of db.data_bytes: less "
	    "than 1 where compression pays" },
	[METRIC_LATENCY] = { "latency", LSM_HISTOGRAM, "ns", "operation",
	    "time of one get, put or delete, commit of a batch, or seek, of "
	    "each 64th; of each sync of a commit and each step of a flush or "
	    "merge" },
	[METRIC_RECOVERY_RECORDS] = { "recovery.records", GAUGE, "", NULL,
	    "records of logs read at open" },
	[METRIC_RECOVERY_BYTES] = { "recovery.bytes", GAUGE, "bytes", NULL,
	    "of these records" },
	[METRIC_RECOVERY_LOG] = { "recovery.interrupted_log", GAUGE, "", NULL,
	    "number of the log that ended in an interrupted write; 0: none" },
	[METRIC_RECOVERY_AT] = { "recovery.interrupted_at", GAUGE, "bytes",
	    NULL, "offset of this end" },
	[METRIC_RECOVERY_ASIDE] = { "recovery.logs_set_aside", GAUGE, "",
	    NULL, "logs behind this end, now in lost+found" },
	[METRIC_EVENTS_LOST] = { "events.lost", COUNTER, "", NULL,
	    "events not told because the callback took too long" },
};

static lsm_stat
stat_of(enum metric m, const char *of, uint64_t value)
{
	const struct row *r = &rows[m];

	assert((r->label == NULL) == (of == NULL));
	return (lsm_stat){ .metric = r->metric, .label = r->label, .of = of,
		.unit = r->unit, .help = r->help, .kind = r->kind,
		.value = value };
}

/* "level.bytes" of "3" is "level.3.bytes", "latency" of "get" "latency.get". */
static void
name_make(const lsm_stat *s, char name[NAME_MAX_SIZE])
{
	size_t n = strcspn(s->metric, ".");

	if (s->of == NULL)
		snprintf(name, NAME_MAX_SIZE, "%s", s->metric);
	else
		snprintf(name, NAME_MAX_SIZE, "%.*s.%s%s", (int)n, s->metric,
		    s->of, s->metric + n);
}

static void
stat_tell(const struct metric_to *to, lsm_stat *s)
{
	char name[NAME_MAX_SIZE];

	name_make(s, name);
	s->name = name;
	to->each(to->arg, s);
}

void
metric_tell(const struct metric_to *to, enum metric m, uint64_t value)
{
	lsm_stat s = stat_of(m, NULL, value);

	stat_tell(to, &s);
}

void
metric_tell_of(const struct metric_to *to, enum metric m, const char *of,
    uint64_t value)
{
	lsm_stat s = stat_of(m, of, value);

	stat_tell(to, &s);
}

static void
samples_tell(const struct histogram *h, lsm_histogram *told, uint64_t *counts)
{
	uint64_t n = 0;
	size_t at = 0;

	told->sum = h->sum;
	told->max = h->max;
	told->p50 = histogram_quantile(h, 500);
	told->p90 = histogram_quantile(h, 900);
	told->p99 = histogram_quantile(h, 990);
	told->p999 = histogram_quantile(h, 999);
	for (size_t i = 0; i < told->buckets; i++) {
		while (at <= histogram_bucket(told->limits[i]))
			n += h->at[at++];
		counts[i] = n;
	}
}

void
metric_tell_histogram(const struct metric_to *to, enum metric m,
    const char *of, const struct histogram *h)
{
	uint64_t limits[LIMITS], counts[LIMITS] = { 0 };
	lsm_histogram told = { .buckets = LIMITS, .limits = limits,
		.counts = counts };
	lsm_stat s = stat_of(m, of, 0);
	struct histogram copy;

	for (int i = 0; i < LIMITS; i++)
		limits[i] = UINT64_C(1) << (LIMIT_FIRST + i);
	histogram_copy(h, &copy);
	s.value = told.count = histogram_count(&copy);
	if (told.count > 0)
		samples_tell(&copy, &told, counts);
	s.histogram = &told;
	stat_tell(to, &s);
}

/* Rounded to the nearest, and without an overflow up to 2^53. */
uint64_t
metric_ratio(uint64_t a, uint64_t b)
{
	return b == 0 ? 0 : (uint64_t)(1000 * (double)a / (double)b + 0.5);
}
