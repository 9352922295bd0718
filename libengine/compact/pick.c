/*
 * pick.c - what to compact next: a pure function, version in, plan out.
 *
 * The shape of the tree is simple: runs pile up, and when there are too many
 * all of them become one run of the last level. Nothing lies below that, so
 * every delete has done its work.
 */
#include "compact/pick.h"

#include "base/alloc.h"
#include "base/status.h"

enum { LEVEL_LAST = LEVELS_MAX - 1 };

/* All tables; a version lists them newest run first already. */
static int
plan_all(const struct version *v, struct plan *p)
{
	size_t size = v->tables * sizeof(struct version_table *);

	if ((p->inputs = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	memcpy(p->inputs, v->list, size);
	p->count = v->tables;
	p->level = LEVEL_LAST;
	p->drop_deletes = true;
	return LSM_OK;
}

static int
plan_if(bool wanted, const struct version *v, bool *any, struct plan *p)
{
	int rc;

	*any = false;
	*p = (struct plan){ 0 };
	if (!wanted)
		return LSM_OK;
	if ((rc = plan_all(v, p)) == LSM_OK)
		*any = true;
	return rc;
}

int
pick_compaction(const struct version *v, const struct pick_options *o,
    bool *any, struct plan *p)
{
	return plan_if(v->runs > 1 && v->runs >= o->runs_max, v, any, p);
}

/* One run of the last level that holds no delete: nothing to win. */
static bool
is_compact(const struct version *v)
{
	if (v->runs > 1 || v->levels[LEVEL_LAST].count != v->runs)
		return false;
	for (size_t i = 0; i < v->tables; i++)
		if (v->list[i]->meta.deletes > 0)
			return false;
	return true;
}

int
pick_everything(const struct version *v, bool *any, struct plan *p)
{
	return plan_if(!is_compact(v), v, any, p);
}

void
plan_release(struct plan *p)
{
	mem_free(p->inputs);
	*p = (struct plan){ 0 };
}

static bool
level_overlaps(const struct level *level, struct bytes smallest,
    struct bytes largest)
{
	for (size_t i = 0; i < level->count; i++)
		if (run_overlaps(&level->runs[i], smallest, largest))
			return true;
	return false;
}

/* How many levels, from 0 on, hold nothing of the keys. */
static int
levels_clear(const struct version *v, struct bytes smallest,
    struct bytes largest)
{
	int n = 0;

	while (n < LEVELS_MAX &&
	    !level_overlaps(&v->levels[n], smallest, largest))
		n++;
	return n;
}

int
pick_flush_level(const struct version *v, struct bytes smallest,
    struct bytes largest, uint64_t *run)
{
	int clear = levels_clear(v, smallest, largest);

	*run = 0;
	for (int i = clear - 1; i >= 0; i--) {
		const struct level *level = &v->levels[i];

		if (level->count > 0) {
			*run = level->runs[level->count - 1].number;
			return i;
		}
		if (i == LEVEL_LAST)
			return i;
	}
	return 0;
}
