/*
 * shape.c - how many runs and how many bytes each level may hold.
 *
 * Sorted levels are sized from the bottom: the largest level holds what it
 * holds, and each one above it the ratio's share, up to the base, which may
 * be twice as large as what feeds it before another level is begun. Levels
 * between the tiers and the base are to be empty, so they drain.
 */
#include "compact/shape.h"

enum {
	TIER_RUNS = 4,		/* that a tier may hold */
	STOP_TIMES = 2,		/* so many, and writers wait */
	IDLE_RUNS = 2,		/* in level 0, when nobody writes */
	TABLE_DOUBLINGS = 3,	/* from the base's tables to the largest */
	DEAR_REWRITTEN = 2,	/* bytes, or more, */
	DEAR_BROUGHT = 3,	/* for so many */
	OVERLAP_TABLES = 25,	/* a table may overlap so many of its size */
	DRAIN_SCORE = 2 * SCORE_DUE
};

static const uint8_t tiers[COMPACTIONS] = {
	[COMPACTION_LEVELED] = 1,
	[COMPACTION_HYBRID] = 2,
	[COMPACTION_TIERED] = LEVELS_MAX,
	[COMPACTION_LAZY] = LEVEL_LAST,
};

/* While the database is small a tier above it costs more than it saves. */
static int
sorted_first(const struct version *v, const struct shape_options *o)
{
	if (o->compaction == COMPACTION_HYBRID &&
	    v->levels[LEVEL_LAST].bytes < o->tier_from)
		return 1;
	return tiers[o->compaction];
}

static uint64_t
largest_bytes(const struct version *v, int from)
{
	uint64_t most = 0;

	for (int i = from; i < LEVELS_MAX; i++)
		if (v->levels[i].bytes > most)
			most = v->levels[i].bytes;
	return most;
}

/* Bytes that come down at once: all runs of all tiers. */
static uint64_t
feed_bytes(const struct shape *s)
{
	uint64_t bytes = s->options->flush_size;

	for (int i = 0; i < s->sorted; i++)
		bytes *= s->runs[i];
	return bytes;
}

static void
sizes_from_bottom(const struct version *v, struct shape *s)
{
	uint64_t bytes = largest_bytes(v, s->sorted);
	uint64_t feed = feed_bytes(s);

	s->base = LEVEL_LAST;
	s->bytes[s->base] = bytes;
	while (bytes > 2 * feed && s->base > s->sorted) {
		bytes /= s->options->ratio;
		s->bytes[--s->base] = bytes;
	}
	for (int i = s->sorted; i < s->base; i++)
		s->bytes[i] = 1;
}

static void
sizes_fixed(struct shape *s)
{
	uint64_t bytes = s->options->base_size;

	s->base = s->sorted;
	for (int i = s->sorted; i < LEVELS_MAX; i++) {
		s->bytes[i] = bytes;
		if (bytes <= UINT64_MAX / s->options->ratio)
			bytes *= s->options->ratio;
	}
}

void
shape_of(const struct version *v, const struct shape_options *o,
    struct shape *s)
{
	*s = (struct shape){ .options = o, .base = LEVELS_MAX };
	s->sorted = sorted_first(v, o);
	for (int i = 0; i < LEVELS_MAX; i++)
		s->runs[i] = i < s->sorted ? TIER_RUNS : 1;
	s->runs[0] = o->l0_trigger;
	if (s->sorted == LEVELS_MAX)
		return;
	if (o->base_size > 0)
		sizes_fixed(s);
	else
		sizes_from_bottom(v, s);
}

bool
shape_tier(const struct shape *s, int level)
{
	return level < s->sorted;
}

/* The next tier; or, of lazy leveling, past those that would be too large
 * beside the last level. */
static int
tier_below(const struct shape *s, const struct version *v, int level)
{
	if (s->options->compaction == COMPACTION_LAZY &&
	    v->levels[LEVEL_LAST].bytes / s->options->ratio <=
	    v->levels[level].bytes)
		return LEVEL_LAST;
	return level + 1;
}

int
shape_destination(const struct shape *s, const struct version *v, int level)
{
	int to, next = level + 1;

	if (level == LEVEL_LAST)
		return level;
	while (next < LEVEL_LAST && v->levels[next].count == 0)
		next++;
	if (level + 1 < s->sorted)
		to = tier_below(s, v, level);
	else
		to = level + 1 > s->base ? level + 1 : s->base;
	return to < next ? to : next;
}

uint64_t
shape_table_size(const struct shape *s, int level)
{
	int doublings = level - s->base;

	if (level == 0 || doublings > TABLE_DOUBLINGS)
		doublings = TABLE_DOUBLINGS;
	return s->options->table_size << (doublings > 0 ? doublings : 0);
}

uint64_t
shape_overlap(const struct shape *s, int level)
{
	return OVERLAP_TABLES * shape_table_size(s, level);
}

static uint64_t
run_overlap(const struct run *run, struct bytes smallest,
    struct bytes largest, size_t *tables)
{
	uint64_t bytes = 0;

	for (size_t i = run_find(run, smallest); i < run->count &&
	    bytes_compare(run->tables[i]->meta.smallest, largest) <= 0; i++) {
		bytes += run->tables[i]->meta.size;
		++*tables;
	}
	return bytes;
}

bool
shape_wide(const struct shape *s, const struct version *v, int level,
    struct bytes smallest, struct bytes largest)
{
	int next = level + 1;
	uint64_t bytes = 0;
	size_t tables = 0;

	while (next < LEVELS_MAX && v->levels[next].count == 0)
		next++;
	if (next >= LEVELS_MAX)
		return false;
	for (size_t i = 0; i < v->levels[next].count; i++)
		bytes += run_overlap(&v->levels[next].runs[i], smallest,
		    largest, &tables);
	return tables > 1 && bytes > shape_overlap(s, level);
}

static size_t
table_depth(const struct level *level, size_t run,
    const struct version_table *t)
{
	size_t depth = 1;

	for (size_t i = run + 1; i < level->count; i++)
		depth += run_overlaps(&level->runs[i], t->meta.smallest,
		    t->meta.largest);
	return depth;
}

size_t
shape_depth(const struct level *level)
{
	size_t most = level->count > 0;

	for (size_t i = 0; i + most < level->count; i++)
		for (size_t j = 0; j < level->runs[i].count; j++) {
			size_t depth = table_depth(level, i,
			    level->runs[i].tables[j]);

			if (depth > most)
				most = depth;
		}
	return most;
}

size_t
shape_stop(const struct shape *s, int level)
{
	return STOP_TIMES * s->runs[level];
}

/* Counted first: that is much faster, and mostly enough. */
static bool
deep(const struct shape *s, const struct version *v, int level, size_t runs)
{
	return level > 0 && shape_tier(s, level) &&
	    v->levels[level].count >= runs &&
	    shape_depth(&v->levels[level]) >= runs;
}

bool
shape_stops(const struct shape *s, const struct version *v, int level)
{
	return deep(s, v, level, shape_stop(s, level));
}

bool
shape_full(const struct shape *s, const struct version *v, int level)
{
	return deep(s, v, level, (s->runs[level] + shape_stop(s, level)) / 2);
}

uint64_t
table_deletes(const struct version_table *t)
{
	return t->meta.deletes + t->meta.ranges;
}

bool
table_heavy(const struct version_table *t)
{
	return table_deletes(t) > (t->meta.entries + t->meta.ranges) / 2;
}

/* Tables that are mostly deletes weigh double: below them is what they
 * delete, and both go when they meet. */
static uint64_t
level_weight(const struct level *level)
{
	uint64_t bytes = level->bytes;

	for (size_t i = 0; i < level->count; i++)
		for (size_t j = 0; j < level->runs[i].count; j++)
			if (table_heavy(level->runs[i].tables[j]))
				bytes += level->runs[i].tables[j]->meta.size;
	return bytes;
}

static uint64_t
sorted_score(const struct shape *s, const struct version *v, int level)
{
	uint64_t most = level < s->base ? DRAIN_SCORE : UINT64_MAX;
	uint64_t score = 0, depth = shape_depth(&v->levels[level]);

	if (level < LEVEL_LAST && s->bytes[level] > 0)
		score = level_weight(&v->levels[level]) * SCORE_DUE /
		    s->bytes[level];
	if (score == SCORE_DUE)		/* full is not too full */
		score--;
	if (score > most)
		score = most;
	return depth > 1 && score < depth * SCORE_DUE ? depth * SCORE_DUE :
	    score;
}

/* Would a merge of level 0 rewrite much for what it brings down? */
static bool
first_dear(const struct shape *s, const struct version *v)
{
	int to = shape_destination(s, v, 0);

	return !shape_tier(s, to) && v->levels[to].bytes / DEAR_REWRITTEN >
	    v->levels[0].bytes / DEAR_BROUGHT;
}

bool
shape_first_may(const struct shape *s, const struct version *v)
{
	return v->levels[0].count >= s->runs[0] &&
	    s->options->tree_runs <= v->runs;
}

/* Runs of level 0 count also when they do not overlap: each is asked. */
static uint64_t
first_score(const struct shape *s, const struct version *v, bool idle)
{
	size_t runs = v->levels[0].count;
	uint64_t score;

	if (idle && runs >= IDLE_RUNS)
		return SCORE_DUE;
	score = runs * SCORE_DUE / s->runs[0];
	if (score >= SCORE_DUE && (!shape_first_may(s, v) ||
	    (runs < s->options->l0_patience && first_dear(s, v))))
		score = SCORE_DUE - 1;
	return score;
}

uint64_t
shape_score(const struct shape *s, const struct version *v, int level,
    bool idle)
{
	if (v->levels[level].count == 0)
		return 0;
	if (level == 0)
		return first_score(s, v, idle);
	if (!shape_tier(s, level))
		return sorted_score(s, v, level);
	return shape_depth(&v->levels[level]) * SCORE_DUE / s->runs[level];
}
