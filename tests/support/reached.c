/*
 * reached.c - what operations led to, as counted by the engine.
 *
 * All of it is picked from one telling of the statistics: a handle is asked
 * before each close, and a telling costs as much as the rest of a short story.
 */
#include <stddef.h>
#include <string.h>

#include "support/session.h"
#include "version/version.h"

_Static_assert(LEVELS_MAX <= 10, "a level is one digit");

/* Sums of one handle, and the levels in which it has runs. */
struct picked {
	struct reached sums;
	bool levels[LEVELS_MAX];
};

#define ROW(name, field) { name, offsetof(struct reached, field) }

static const struct row {
	const char *name;
	size_t at;
} rows[] = {
	ROW("flush.count", flushes),
	ROW("merge.count", merges),
	ROW("merge.moves", tables_moved),
	ROW("merge.partial", partial),
	ROW("merge.shadowed", shadowed),
	ROW("merge.deletes_dropped", deletes_dropped),
	ROW("merge.covered", covered),
	ROW("merge.range_deletes_dropped", ranges_dropped),
	ROW("merge.tables_dropped", tables_dropped),
	ROW("ingest.tables_deep", ingested_deep),
	ROW("ingest.tables", ingested_high),	/* the deep ones among them */
	ROW("write.unmet", unmet),
	ROW("read.gets", gets),
	ROW("read.gets_found", gets_found),
	ROW("read.gets_memory", gets_memory),
	ROW("read.tables_asked", tables_asked),
	ROW("filter.useful", filter_useful),
	ROW("read.pages_inflated", inflated),
	ROW("cache.evicted", evicted),
	ROW("write.stalls", stalls),
};

static void
pick(void *arg, const lsm_stat *s)
{
	struct picked *p = arg;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, s->name) == 0)
			*(uint64_t *)((char *)&p->sums + rows[i].at) =
			    s->value;
	if (strcmp(s->metric, "level.runs") == 0)
		p->levels[s->of[0] - '0'] = s->value > 0;
}

void
reached_add(struct reached *r, lsm_db *db)
{
	struct picked p = { 0 };
	unsigned levels = 0;

	if (lsm_stats(db, pick, &p) != LSM_OK)
		return;
	for (int i = 0; i < LEVELS_MAX; i++)
		levels += p.levels[i];
	p.sums.deep = levels > 2;
	p.sums.last_level = p.levels[LEVELS_MAX - 1];
	p.sums.ingested_high -= p.sums.ingested_deep;
	reached_sum(r, &p.sums);
}

_Static_assert(sizeof(struct reached) % sizeof(uint64_t) == 0,
    "all of it are counts");

void
reached_sum(struct reached *to, const struct reached *r)
{
	const uint64_t *from = (const uint64_t *)r;
	uint64_t *sum = (uint64_t *)to;

	for (size_t i = 0; i < sizeof *r / sizeof *sum; i++)
		sum[i] += from[i];
}
