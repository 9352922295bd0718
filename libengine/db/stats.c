/*
 * stats.c - lsm_stats: everything that a handle has counted.
 *
 * Nothing here is estimated, and what a handle cannot count it does not tell:
 * a 0 would be read as a count. Counters that others add to meanwhile may be
 * some operations apart from each other.
 */
#include <stdio.h>

#include "db/db.h"
#include "db/metric.h"

struct counted {
	enum metric metric;
	const _Atomic uint64_t *value;
};

static void
list_tell(const struct metric_to *to, const struct counted *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		metric_tell(to, list[i].metric, load_relaxed(list[i].value));
}

/* A ratio to nothing is no number. */
static void
ratio_tell(const struct metric_to *to, enum metric m, uint64_t a, uint64_t b)
{
	if (b > 0)
		metric_tell(to, m, metric_ratio(a, b));
}

#define LIST_TELL(to, list) list_tell(to, list, sizeof list / sizeof *list)

static uint64_t
sum_of(const _Atomic uint64_t *list, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += load_relaxed(&list[i]);
	return sum;
}

static void
stalls_tell(struct lsm_db *db, const struct metric_to *to)
{
	const struct counters *c = &db->count;

	metric_tell(to, METRIC_WRITE_STALLS, sum_of(c->stalls, STALLS));
	metric_tell(to, METRIC_WRITE_STALL_US, sum_of(c->stall_us, STALLS));
	metric_tell(to, METRIC_WRITE_PACED_US,
	    load_relaxed(&db->pace.waited_us));
	for (int i = STALL_NONE + 1; i < STALLS; i++)
		metric_tell_of(to, METRIC_STALL_COUNT,
		    stall_word((enum stall)i), load_relaxed(&c->stalls[i]));
	for (int i = STALL_NONE + 1; i < STALLS; i++)
		metric_tell_of(to, METRIC_STALL_US,
		    stall_word((enum stall)i), load_relaxed(&c->stall_us[i]));
}

static uint64_t
log_written(const struct lsm_db *db)
{
	return db->log != NULL ? log_bytes(db->log) : 0;
}

static void
writes_tell(struct lsm_db *db, const struct metric_to *to)
{
	const struct counters *c = &db->count;
	const struct counted list[] = {
		{ METRIC_WRITE_PUTS, &c->puts },
		{ METRIC_WRITE_DELETES, &c->deletes },
		{ METRIC_WRITE_RANGE_DELETES, &c->range_deletes },
		{ METRIC_WRITE_BATCHES, &c->batches },
		{ METRIC_WRITE_BATCH_OPERATIONS, &c->batch_ops },
		{ METRIC_WRITE_UNMET, &c->unmet },
		{ METRIC_WRITE_BYTES, &c->bytes_user },
	};

	LIST_TELL(to, list);
	stalls_tell(db, to);
	metric_tell(to, METRIC_LOG_BYTES, log_written(db));
	metric_tell(to, METRIC_LOG_SYNCS, db->log ? log_syncs(db->log) : 0);
	metric_tell(to, METRIC_LOG_REUSED, load_relaxed(&c->logs_reused));
	metric_tell(to, METRIC_MANIFEST_BYTES,
	    load_relaxed(&c->manifest_bytes));
}

static void
gets_tell(struct lsm_db *db, const struct metric_to *to)
{
	static const struct {
		enum metric metric;
		unsigned field;
	} list[] = {
		{ METRIC_READ_GETS, TALLY_GETS },
		{ METRIC_READ_GETS_FOUND, TALLY_FOUND },
		{ METRIC_READ_GETS_MEMORY, TALLY_MEMORY },
		{ METRIC_READ_TABLES_ASKED, TALLY_ASKED },
		{ METRIC_READ_ITERATORS, TALLY_ITERS },
		{ METRIC_READ_SEEKS, TALLY_SEEKS },
		{ METRIC_READ_STEPS, TALLY_STEPS },
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		metric_tell(to, list[i].metric, tally_sum(db->tally,
		    list[i].field));
}

static uint64_t
filters_asked(const struct tally *gets)
{
	return tally_sum(gets, TABLE_USEFUL) + tally_sum(gets, TABLE_PASSED);
}

/* A filter is asked by looking at one page of it. */
static uint64_t
pages_asked(const struct tally *gets)
{
	return filters_asked(gets) + tally_sum(gets, TABLE_WALKED);
}

static void
filters_tell(const struct tally *gets, const struct metric_to *to)
{
	metric_tell(to, METRIC_FILTER_ASKED, filters_asked(gets));
	metric_tell(to, METRIC_FILTER_USEFUL, tally_sum(gets, TABLE_USEFUL));
	metric_tell(to, METRIC_FILTER_FALSE, tally_sum(gets, TABLE_FALSE));
}

static void
tables_tell(struct lsm_db *db, const struct metric_to *to)
{
	const struct table_stats *t = &db->table_stats;
	const struct counted list[] = {
		{ METRIC_READ_PAGES, &t->pages_read },
		{ METRIC_READ_BYTES, &t->bytes_read },
		{ METRIC_READ_PAGES_INFLATED, &t->inflated },
	};
	struct cache_stats s;

	metric_tell(to, METRIC_READ_PAGES_ASKED, pages_asked(t->gets));
	metric_tell(to, METRIC_READ_LINES_AHEAD, tally_sum(t->gets,
	    TABLE_AHEAD));
	LIST_TELL(to, list);
	filters_tell(t->gets, to);
	cache_stats(db->cache, &s);
	metric_tell(to, METRIC_CACHE_HITS, s.hits);
	metric_tell(to, METRIC_CACHE_MISSES, s.misses);
	metric_tell(to, METRIC_CACHE_EVICTED, s.evicted);
	metric_tell(to, METRIC_CACHE_PAGES, s.pages);
	metric_tell(to, METRIC_CACHE_BYTES, s.bytes);
	metric_tell(to, METRIC_TABLES_OPEN, table_cache_open(db->tables));
}

static void
jobs_tell(struct lsm_db *db, const struct metric_to *to)
{
	const struct counters *c = &db->count;
	const struct counted list[] = {
		{ METRIC_FLUSH_COUNT, &c->flushes },
		{ METRIC_FLUSH_BYTES, &c->flush_bytes },
		{ METRIC_INGEST_COUNT, &c->ingests },
		{ METRIC_INGEST_BYTES, &c->ingest_bytes },
		{ METRIC_INGEST_TABLES, &c->ingest_tables },
		{ METRIC_INGEST_TABLES_DEEP, &c->ingest_deep },
		{ METRIC_MERGE_COUNT, &c->merges },
		{ METRIC_MERGE_BYTES_READ, &c->merge_read },
		{ METRIC_MERGE_BYTES_WRITTEN, &c->merge_bytes },
		{ METRIC_MERGE_PARTIAL, &c->merges_partial },
		{ METRIC_MERGE_MOVES, &c->moves },
		{ METRIC_MERGE_TABLES_DROPPED, &c->drops },
		{ METRIC_MERGE_BYTES_LARGEST, &c->merge_largest },
		{ METRIC_MERGE_FAILED, &c->merges_failed },
		{ METRIC_MERGE_AT_ONCE, &c->merges_at_once },
		{ METRIC_MERGE_SHADOWED, &c->shadowed },
		{ METRIC_MERGE_DELETES_DROPPED, &c->deletes_dropped },
		{ METRIC_MERGE_COVERED, &c->covered },
		{ METRIC_MERGE_RANGE_DELETES_DROPPED, &c->ranges_dropped },
		{ METRIC_JOBS_BYTES_GIVEN_UP, &c->bytes_given_up },
	};

	LIST_TELL(to, list);
}

/* What is told of a level, in the order of METRIC_LEVEL_*. */
enum { LEVEL_FACTS = METRIC_LEVEL_BYTES_MOVED - METRIC_LEVEL_RUNS + 1 };

struct level_facts {
	bool any;
	uint64_t of[LEVEL_FACTS];
};

/* Of METRIC_LEVEL_RUNS to METRIC_LEVEL_DATA_BYTES. */
enum { TOTALS = METRIC_LEVEL_DATA_BYTES - METRIC_LEVEL_RUNS + 1 };
_Static_assert(METRIC_DB_DATA_BYTES - METRIC_DB_RUNS + 1 == TOTALS,
    "the database has what its levels have");

static void
run_add(const struct run *r, uint64_t of[TOTALS])
{
	of[METRIC_LEVEL_RUNS - METRIC_LEVEL_RUNS]++;
	for (size_t i = 0; i < r->count; i++) {
		const struct table_meta *m = &r->tables[i]->meta;

		of[METRIC_LEVEL_TABLES - METRIC_LEVEL_RUNS]++;
		of[METRIC_LEVEL_BYTES - METRIC_LEVEL_RUNS] += m->size;
		of[METRIC_LEVEL_ENTRIES - METRIC_LEVEL_RUNS] += m->entries;
		of[METRIC_LEVEL_DELETES - METRIC_LEVEL_RUNS] += m->deletes;
		of[METRIC_LEVEL_RANGE_DELETES - METRIC_LEVEL_RUNS] +=
		    m->ranges;
		of[METRIC_LEVEL_DATA_BYTES - METRIC_LEVEL_RUNS] += m->data;
	}
}

static struct shape_options
shape_now(struct lsm_db *db)
{
	struct shape_options o;

	if (!db->read_only)
		return db->shape;
	mutex_lock(&db->write_mu);	/* lsm_refresh reads them again */
	o = stored_shape(&db->stored, &db->opt);
	mutex_unlock(&db->write_mu);
	return o;
}

static void
level_facts_take(struct lsm_db *db, const struct version *v,
    const struct shape *shape, int level, struct level_facts *f)
{
	const struct counters *c = &db->count;
	uint64_t done = 0;

	*f = (struct level_facts){ 0 };
	for (size_t i = 0; i < v->levels[level].count; i++)
		run_add(&v->levels[level].runs[i], f->of);
	f->of[METRIC_LEVEL_SCORE - METRIC_LEVEL_RUNS] =
	    metric_ratio(shape_score(shape, v, level, false), SCORE_DUE);
	done += f->of[METRIC_LEVEL_BYTES_READ - METRIC_LEVEL_RUNS] =
	    load_relaxed(&c->level_read[level]);
	done += f->of[METRIC_LEVEL_BYTES_WRITTEN - METRIC_LEVEL_RUNS] =
	    load_relaxed(&c->level_written[level]);
	done += f->of[METRIC_LEVEL_BYTES_MOVED - METRIC_LEVEL_RUNS] =
	    load_relaxed(&c->level_moved[level]);
	f->any = v->levels[level].count > 0 || done > 0;
}

static void
levels_tell(struct lsm_db *db, const struct version *v,
    const struct metric_to *to)
{
	struct level_facts facts[LEVELS_MAX];
	struct shape_options options = shape_now(db);
	uint64_t all[TOTALS] = { 0 };
	struct shape shape;
	char of[16];
	int told = db->read_only ? METRIC_LEVEL_BYTES_READ -
	    METRIC_LEVEL_RUNS : LEVEL_FACTS;

	shape_of(v, &options, &shape);
	for (int l = 0; l < LEVELS_MAX; l++)
		level_facts_take(db, v, &shape, l, &facts[l]);
	for (int fact = 0; fact < told; fact++)
		for (int l = 0; l < LEVELS_MAX; l++) {
			uint64_t value = facts[l].of[fact];

			if (fact < TOTALS)
				all[fact] += value;
			snprintf(of, sizeof of, "%d", l);
			if (facts[l].any)
				metric_tell_of(to, (enum metric)
				    (METRIC_LEVEL_RUNS + fact), of, value);
		}
	for (int fact = 0; fact < TOTALS; fact++)
		metric_tell(to, (enum metric)(METRIC_DB_RUNS + fact),
		    all[fact]);
}

static size_t
dead_files(struct lsm_db *db)
{
	size_t count;

	mutex_lock(&db->graves.mu);
	count = db->graves.count;
	mutex_unlock(&db->graves.mu);
	return count;
}

static void
view_tell(struct lsm_db *db, const struct view *v, uint64_t sequence,
    const struct metric_to *to)
{
	uint64_t used = 0, entries = 0, ranges = 0;

	for (size_t i = 0; i < v->count; i++) {
		used += memtable_used(v->generations[i].mem);
		entries += memtable_entries(v->generations[i].mem);
		ranges += memtable_ranges(v->generations[i].mem);
	}
	levels_tell(db, v->version, to);
	metric_tell(to, METRIC_DB_MEMTABLES, v->count);
	metric_tell(to, METRIC_DB_MEMTABLE_BYTES, used);
	metric_tell(to, METRIC_DB_MEMTABLE_ENTRIES, entries);
	metric_tell(to, METRIC_DB_MEMTABLE_RANGE_DELETES, ranges);
	metric_tell(to, METRIC_DB_SEQUENCE, sequence);
	metric_tell(to, METRIC_DB_EDIT, v->version->edit);
	metric_tell(to, METRIC_DB_HANDLES, load_relaxed(&db->open_handles));
	if (!db->read_only)
		metric_tell(to, METRIC_DB_DEAD_FILES, dead_files(db));
}

/* Of what runs hold, by what they say of their tables. */
#define FACT(of, metric) ((of)[(metric) - METRIC_LEVEL_RUNS])

/*
 * Bytes of keys and values that are surely alive: the run that shows most of
 * them. A run has a key once, so all its puts are alive, or overwritten by a
 * newer one that is; but each delete of a newer run may have taken one of
 * them. Its records count as equally large. What a range delete took is not
 * known before it is merged: of the runs below one nothing is sure.
 */
static uint64_t
bytes_alive(const struct version *v)
{
	uint64_t deletes = 0, ranges = 0, most = 0;

	for (size_t i = 0; i < v->runs && ranges == 0; i++) {
		uint64_t of[TOTALS] = { 0 }, entries, gone;
		double share;

		run_add(&v->run_list[i], of);
		entries = FACT(of, METRIC_LEVEL_ENTRIES);
		deletes += FACT(of, METRIC_LEVEL_DELETES);
		ranges += FACT(of, METRIC_LEVEL_RANGE_DELETES);
		gone = deletes < entries ? deletes : entries;
		share = (double)(entries - gone) / (double)entries;
		share *= (double)FACT(of, METRIC_LEVEL_DATA_BYTES);
		if (ranges == 0 && share > (double)most)
			most = (uint64_t)share;
	}
	return most;
}

static void
space_tell(const struct version *v, const struct metric_to *to)
{
	uint64_t all[TOTALS] = { 0 };

	for (size_t i = 0; i < v->runs; i++)
		run_add(&v->run_list[i], all);
	ratio_tell(to, METRIC_AMPLIFICATION_SPACE,
	    FACT(all, METRIC_LEVEL_DATA_BYTES), bytes_alive(v));
	ratio_tell(to, METRIC_AMPLIFICATION_FILES,
	    FACT(all, METRIC_LEVEL_BYTES),
	    FACT(all, METRIC_LEVEL_DATA_BYTES));
}

static void
amplification_tell(struct lsm_db *db, const struct version *v,
    const struct metric_to *to)
{
	const struct counters *c = &db->count;
	uint64_t user = load_relaxed(&c->bytes_user);
	uint64_t tables = load_relaxed(&c->flush_bytes) +
	    load_relaxed(&c->merge_bytes) + load_relaxed(&c->bytes_given_up);
	uint64_t gets = tally_sum(db->tally, TALLY_GETS);

	ratio_tell(to, METRIC_AMPLIFICATION_WRITE, tables +
	    log_written(db) + load_relaxed(&c->manifest_bytes), user);
	ratio_tell(to, METRIC_AMPLIFICATION_TABLES, tables, user);
	ratio_tell(to, METRIC_AMPLIFICATION_RUNS,
	    tally_sum(db->tally, TALLY_ASKED), gets);
	ratio_tell(to, METRIC_AMPLIFICATION_PAGES,
	    pages_asked(db->table_stats.gets), gets);
	space_tell(v, to);
}

/* Who only reads has no commits and no jobs. */
static bool
latency_told(const struct lsm_db *db, enum latency l)
{
	return !db->read_only || l == LATENCY_GET || l == LATENCY_SEEK;
}

static void
rest_tell(struct lsm_db *db, const struct metric_to *to)
{
	const struct recovery *r = &db->recovery;

	for (int i = 0; i < LATENCIES; i++)
		if (latency_told(db, (enum latency)i))
			metric_tell_histogram(to, METRIC_LATENCY,
			    latency_word((enum latency)i),
			    latency_of(db->latencies, (enum latency)i));
	metric_tell(to, METRIC_RECOVERY_RECORDS, r->records);
	metric_tell(to, METRIC_RECOVERY_BYTES, r->bytes);
	metric_tell(to, METRIC_RECOVERY_LOG, r->interrupted_log);
	metric_tell(to, METRIC_RECOVERY_AT, r->interrupted_at);
	metric_tell(to, METRIC_RECOVERY_ASIDE, r->set_aside);
	metric_tell(to, METRIC_EVENTS_LOST, load_relaxed(&db->events.lost));
}

int
lsm_stats(lsm_db *db, void (*each)(void *, const lsm_stat *), void *arg)
{
	const struct metric_to to = { each, arg };
	uint64_t sequence;
	struct view *v;
	int rc;

	if ((rc = db_readable(db)) != LSM_OK)
		return rc;
	v = view_now(db, &sequence);
	view_tell(db, v, sequence, &to);
	amplification_tell(db, v->version, &to);
	view_unref(v);
	if (!db->read_only)
		writes_tell(db, &to);
	gets_tell(db, &to);
	tables_tell(db, &to);
	if (!db->read_only)
		jobs_tell(db, &to);
	rest_tell(db, &to);
	return LSM_OK;
}
