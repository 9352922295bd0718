/*
 * pick.c - what to compact next.
 *
 * Levels are asked in the order of their scores, tiers on the way to their
 * stop before all. In a level each table begins
 * a candidate, closed as closure.h says and joined by what it overlaps in the
 * level it goes to. Of those that cross no unfinished work the best goes on:
 * the one in which most runs become one, then the one that rewrites least for
 * what it brings down. Level 0 may have runs enough and wait all the same: then
 * only candidates that free much are good enough.
 */
#include "compact/pick.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "compact/closure.h"
#include "compact/walls.h"

enum {
	GROWN_TABLES = 25,	/* a job grows to the size of so many */
	FREED = 2,		/* so many hidden */
	FREED_OF = 5		/* of so many entries are much */
};

struct pick {
	const struct version *version;
	const struct pick_options *options;
	struct shape shape;
	int from, level;	/* that candidates come from and go to */
	bool choosy;		/* only those that free much */
	struct closure set;	/* the candidate */
	size_t runs_above;	/* of it, slices, */
	size_t tables_above;	/* tables */
	uint64_t bytes_above;	/* and bytes that come from above */
};

struct candidate {
	size_t run, first, end;		/* where it begins */
	size_t depth;
	double cost;			/* bytes rewritten for a byte */
};

static int
pick_init(struct pick *p, const struct version *v,
    const struct pick_options *o)
{
	*p = (struct pick){ .version = v, .options = o };
	shape_of(v, &o->shape, &p->shape);
	return closure_init(&p->set, v, o->avoid, o->avoid_count);
}

static void
pick_from(struct pick *p, int level)
{
	p->from = level;
	p->level = shape_destination(&p->shape, p->version, level);
}

static bool
crosses(const struct pick *p, const struct pick_job *job)
{
	return job->from <= p->level && job->level >= p->from &&
	    bytes_compare(job->smallest, p->set.largest) <= 0 &&
	    bytes_compare(job->largest, p->set.smallest) >= 0;
}

static bool
blocked(const struct pick *p)
{
	for (size_t i = 0; i < p->options->jobs_count; i++)
		if (crosses(p, &p->options->jobs[i]))
			return true;
	return false;
}

/* One damaged table that overlaps nothing older of its level: it sinks as it
 * is, out of the way of what is newer, until it lies in the last level. */
static bool
sinks(const struct pick *p)
{
	return p->level != p->from && p->tables_above == 1 &&
	    closure_damaged(&p->set);
}

/* A sorted level is merged into; above what is damaged there it gets another
 * run, so that the levels above do not suffer. */
static void
add_below(struct pick *p)
{
	if (p->level != p->from && !shape_tier(&p->shape, p->level) &&
	    !sinks(p))
		closure_add_level(&p->set, p->level);
}

/* Make the candidate that begins with these tables. */
static bool
candidate_make(struct pick *p, size_t run, size_t first, size_t end)
{
	bool whole = true;

	if (p->level == p->from)
		whole = closure_settle(&p->set, p->from, run, first, end);
	else
		closure_begin(&p->set, p->from, run, first, end);
	p->runs_above = p->set.count;
	p->tables_above = p->set.tables;
	p->bytes_above = p->set.bytes;
	if (closure_damaged(&p->set) && !sinks(p))
		return false;
	add_below(p);
	return whole && !blocked(p);
}

static bool
better(const struct candidate *a, const struct candidate *b)
{
	if (a->depth != b->depth)
		return a->depth > b->depth;
	return a->cost < b->cost;
}

/* Does the merge free much? What is hidden is as large as the rest, on the
 * average. */
static bool
frees(const struct pick *p)
{
	uint64_t hidden = 0, entries = 0;

	for (size_t i = 0; i < p->set.count; i++) {
		const struct slice *s = &p->set.slices[i];

		for (size_t j = s->first; j < s->end; j++) {
			hidden += s->run->tables[j]->hides;
			entries += s->run->tables[j]->meta.entries;
		}
	}
	return hidden > 0 && hidden * FREED_OF >= entries * FREED;
}

static void
candidate_try(struct pick *p, size_t run, size_t at, struct candidate *best)
{
	const struct version_table *t =
	    p->version->levels[p->from].runs[run].tables[at];
	struct candidate c = { .run = run, .first = at, .end = at + 1 };

	if (!candidate_make(p, run, at, at + 1))
		return;
	if (p->level == p->from && p->runs_above == 1)
		return;		/* it would stay what it is */
	if (p->choosy &&
	    (p->runs_above < p->shape.runs[p->from] || !frees(p)))
		return;
	c.depth = p->runs_above;
	c.cost = (double)(p->set.bytes - p->bytes_above) /
	    (double)(p->bytes_above + 1);
	if (table_heavy(t))
		c.cost /= 2;
	if (best->depth == 0 || better(&c, best))
		*best = c;
}

/* False when every one is blocked. */
static bool
candidate_best(struct pick *p, struct candidate *best)
{
	const struct level *l = &p->version->levels[p->from];

	*best = (struct candidate){ .depth = 0 };
	for (size_t i = 0; i < l->count; i++)
		for (size_t j = 0; j < l->runs[i].count; j++)
			candidate_try(p, i, j, best);
	return best->depth > 0;
}

/* Would more tables of the run ride along for nothing? */
static bool
grows_free(struct pick *p, const struct candidate *c, size_t first,
    size_t end)
{
	size_t below = p->set.tables - p->tables_above;
	size_t runs = p->runs_above;
	uint64_t most = GROWN_TABLES * shape_table_size(&p->shape, p->from);

	return candidate_make(p, c->run, first, end) &&
	    p->runs_above == runs && p->bytes_above <= most &&
	    p->tables_above == end - first &&
	    p->set.tables - p->tables_above == below;
}

/* To both sides, while the set below stays the same; a set of several runs of
 * a level grows by itself. */
static void
candidate_grow(struct pick *p, struct candidate *c)
{
	const struct run *run = &p->version->levels[p->from].runs[c->run];

	(void)candidate_make(p, c->run, c->first, c->end);
	if (c->depth > 1 || p->set.tables == p->tables_above)
		return;
	while (c->end < run->count &&
	    grows_free(p, c, c->first, c->end + 1))
		c->end++;
	(void)candidate_make(p, c->run, c->first, c->end);
	while (c->first > 0 && grows_free(p, c, c->first - 1, c->end))
		c->first--;
	(void)candidate_make(p, c->run, c->first, c->end);
}

static bool
older_overlaps(const struct version *v, int level,
    const struct version_table *t)
{
	for (int i = level; i < LEVELS_MAX; i++)
		for (size_t j = 0; j < v->levels[i].count; j++)
			if (run_overlaps(&v->levels[i].runs[j],
			    t->meta.smallest, t->meta.largest))
				return true;
	return false;
}

/* One table that meets nothing where it goes, nor too much behind that. A
 * rewrite would drop deletes that have nothing below to delete: then it is
 * worth its while; or it would be cut around damage. */
static bool
movable(const struct pick *p)
{
	const struct pick_options *o = p->options;
	const struct slice *s = p->set.slices;
	const struct version_table *t = s->run->tables[s->first];

	if (sinks(p))
		return true;
	return p->level != p->from && p->set.tables == 1 &&
	    !walls_straddled(p->version, o->avoid, o->avoid_count, t) &&
	    !shape_wide(&p->shape, p->version, p->level, t->meta.smallest,
	    t->meta.largest) &&
	    (!table_heavy(t) || older_overlaps(p->version, p->level, t));
}

static const struct run *
fences_of(const struct version *v, int level)
{
	for (int i = level + 1; i < LEVELS_MAX; i++)
		if (v->levels[i].count > 0)
			return &v->levels[i].runs[v->levels[i].count - 1];
	return NULL;
}

static int
plan_make(const struct pick *p, struct plan *plan)
{
	*plan = (struct plan){
		.from = p->from,
		.level = p->level,
		.run = closure_join(&p->set, p->level),
		.smallest = p->set.smallest,
		.largest = p->set.largest,
		.taken = p->bytes_above,
		.table_size = shape_table_size(&p->shape, p->level),
		.fences = fences_of(p->version, p->level),
		.overlap = shape_overlap(&p->shape, p->level),
	};
	return closure_list(&p->set, &plan->inputs, &plan->count);
}

/* Other tables of the run that meet nothing either go along, until the level
 * has what it may hold. */
static int
plan_moves(struct pick *p, const struct candidate *c, struct plan *plan)
{
	const struct level *l = &p->version->levels[p->from];
	const struct run *run = &l->runs[c->run];
	uint64_t left = l->bytes, most = p->shape.bytes[p->from];
	uint64_t join = closure_join(&p->set, p->level);
	size_t size = run->count * sizeof(struct version_table *);
	struct version_table **list = mem_alloc(size);

	*plan = (struct plan){ .inputs = list, .from = p->from,
		.level = p->level, .run = join, .move = true };
	if (list == NULL)
		return mem_exhausted(size);
	for (size_t i = 0; i < run->count; i++) {
		if (i != c->first && (left <= most ||
		    !candidate_make(p, c->run, i, i + 1) || !movable(p) ||
		    closure_join(&p->set, p->level) != join))
			continue;
		list[plan->count++] = run->tables[i];
		left -= run->tables[i]->meta.size;
	}
	plan->smallest = list[0]->meta.smallest;
	plan->largest = list[plan->count - 1]->meta.largest;
	return LSM_OK;
}

static int
pick_level(struct pick *p, int level, bool *any, struct plan *plan)
{
	struct candidate best;

	pick_from(p, level);
	if (!candidate_best(p, &best))
		return LSM_OK;
	*any = true;
	candidate_grow(p, &best);
	return movable(p) ? plan_moves(p, &best, plan) : plan_make(p, plan);
}

/* A sorted level is no longer too large when work under way is done. */
static bool
relieved(const struct pick *p, int level)
{
	const struct level *l = &p->version->levels[level];
	uint64_t taken = 0;

	for (size_t i = 0; i < p->options->jobs_count; i++)
		if (p->options->jobs[i].from == level)
			taken += p->options->jobs[i].taken;
	return taken > 0 && l->count == 1 && !shape_tier(&p->shape, level) &&
	    l->bytes <= taken + p->shape.bytes[level];
}

/* The one with the highest score; -1 when none is due. */
static int
level_due(const uint64_t *scores, const bool *asked)
{
	int best = -1;

	for (int i = 0; i < LEVELS_MAX; i++)
		if (!asked[i] && scores[i] >= SCORE_DUE &&
		    (best < 0 || scores[i] > scores[best]))
			best = i;
	return best;
}

/* The deepest full tier first: those above are not to give to it. */
static uint64_t
score_of(const struct pick *p, int level)
{
	if (relieved(p, level))
		return 0;
	if (shape_full(&p->shape, p->version, level))
		return UINT64_MAX - LEVELS_MAX + (uint64_t)level;
	return shape_score(&p->shape, p->version, level, p->options->idle);
}

/* Full is where it would go to, and cannot give now for what is under way:
 * then it waits, so that only level 0 ever has too many runs. */
static bool
dammed(const struct pick *p, int level)
{
	int to = shape_destination(&p->shape, p->version, level);

	return to != level && p->options->jobs_count > 0 &&
	    shape_full(&p->shape, p->version, to);
}

int
pick_compaction(const struct version *v, const struct pick_options *o,
    bool *any, struct plan *plan)
{
	bool asked[LEVELS_MAX] = { false };
	uint64_t scores[LEVELS_MAX];
	struct pick p;
	int level, rc;

	*any = false;
	*plan = (struct plan){ 0 };
	if ((rc = pick_init(&p, v, o)) != LSM_OK)
		return rc;
	for (int i = 0; i < LEVELS_MAX; i++)
		scores[i] = score_of(&p, i);
	while (rc == LSM_OK && !*any &&
	    (level = level_due(scores, asked)) >= 0) {
		asked[level] = true;
		if (!dammed(&p, level))
			rc = pick_level(&p, level, any, plan);
	}
	if (rc == LSM_OK && !*any && !asked[0] &&
	    shape_first_may(&p.shape, v) && !dammed(&p, 0)) {
		p.choosy = true;
		rc = pick_level(&p, 0, any, plan);
	}
	*any &= rc == LSM_OK;
	closure_release(&p.set);
	return rc;
}

void
plan_release(struct plan *p)
{
	mem_free(p->inputs);
	*p = (struct plan){ 0 };
}
