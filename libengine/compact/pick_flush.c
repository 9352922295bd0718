/*
 * pick_flush.c - where a flush goes.
 *
 * Sorted loads go straight to where they stay: each flush joins the deepest
 * run, and nothing is ever merged.
 */
#include "compact/pick.h"

static bool
level_overlaps(const struct level *level, struct bytes smallest,
    struct bytes largest)
{
	for (size_t i = 0; i < level->count; i++)
		if (run_overlaps(&level->runs[i], smallest, largest))
			return true;
	return false;
}

/* Does unfinished work in the level overlap? Its outcome is older than the
 * flush. */
static bool
work_overlaps(const struct pick_options *o, int level, struct bytes smallest,
    struct bytes largest)
{
	for (size_t i = 0; i < o->jobs_count; i++) {
		const struct pick_job *job = &o->jobs[i];

		if (job->from <= level && level <= job->level &&
		    bytes_compare(job->smallest, largest) <= 0 &&
		    bytes_compare(job->largest, smallest) >= 0)
			return true;
	}
	return false;
}

/* How many levels, from 0 on, hold and will hold nothing of the keys. */
static int
levels_clear(const struct version *v, const struct pick_options *o,
    struct bytes smallest, struct bytes largest)
{
	int n = 0;

	while (n < LEVELS_MAX &&
	    !level_overlaps(&v->levels[n], smallest, largest) &&
	    !work_overlaps(o, n, smallest, largest))
		n++;
	return n;
}

/* Nothing is begun between the tiers and the base: what is there drains. */
static bool
takes_flush(const struct shape *s, const struct version *v, int level)
{
	if (shape_tier(s, level))
		return v->levels[level].count > 0 || level == LEVEL_LAST;
	return level >= s->base;
}

int
pick_flush_level(const struct version *v, const struct pick_options *o,
    struct bytes smallest, struct bytes largest, uint64_t *run)
{
	int clear = levels_clear(v, o, smallest, largest);
	struct shape shape;

	*run = 0;
	shape_of(v, &o->shape, &shape);
	for (int i = clear - 1; i >= 0; i--) {
		const struct level *level = &v->levels[i];

		if (!takes_flush(&shape, v, i) || (i > 0 &&
		    shape_wide(&shape, v, i, smallest, largest)))
			continue;
		if (level->count > 0)
			*run = level->runs[level->count - 1].number;
		return i;
	}
	return 0;
}

static struct bytes
run_edge(const struct run *run, struct bytes key)
{
	size_t at = run_find(run, key);
	const struct table_meta *m;

	if (at == run->count)
		return bound_end();
	m = &run->tables[at]->meta;
	return bytes_compare(m->smallest, key) > 0 ? m->smallest : m->largest;
}

struct bytes
pick_flush_edge(const struct version *v, struct bytes key)
{
	struct bytes edge = bound_end();

	for (size_t i = 0; i < v->runs; i++) {
		struct bytes b = run_edge(&v->run_list[i], key);

		if (bytes_compare(b, edge) < 0)
			edge = b;
	}
	return edge;
}
