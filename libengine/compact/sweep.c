/*
 * sweep.c - the range deletes of several sources as one ascending list.
 *
 * From stretch to stretch in which no source changes its answer. Neighbours
 * with the same answer are put together again: cuts of tables leave no trace.
 */
#include "compact/sweep.h"

#include "base/alloc.h"
#include "base/status.h"

int
sweep_init(struct sweep *s, size_t room)
{
	s->covers = mem_alloc(room * sizeof *s->covers);
	return s->covers == NULL ?
	    mem_exhausted(room * sizeof *s->covers) : LSM_OK;
}

void
sweep_release(struct sweep *s)
{
	for (size_t i = 0; i < s->count; i++)
		cover_free(s->covers[i]);
	mem_free(s->covers);
	*s = (struct sweep){ 0 };
}

/* What the first of them answer at a key. */
static int
stretch(struct sweep *s, size_t count, struct bytes at, struct range *all)
{
	int rc;

	*all = (struct range){ at, bound_end(), 0 };
	for (size_t i = 0; i < count; i++) {
		if ((rc = cover_at(s->covers[i], at)) != LSM_OK)
			return rc;
		range_narrow(all, &s->covers[i]->span);
	}
	return LSM_OK;
}

int
sweep_covers(struct sweep *s, size_t count, struct bytes from,
    struct bytes last, uint64_t sequence, bool *all)
{
	struct range r = { .to = from };
	int rc;

	*all = false;
	while (bytes_compare(r.to, last) <= 0) {
		rc = stretch(s, count, bound_keep(r.to, s->place), &r);
		if (rc != LSM_OK || r.sequence <= sequence)
			return rc;
	}
	*all = true;
	return LSM_OK;
}

int
sweep_next(struct sweep *s)
{
	struct range all;
	int rc;

	s->valid = false;
	while (!s->ended) {
		if ((rc = stretch(s, s->count, s->at, &all)) != LSM_OK) {
			s->valid = false;
			return rc;
		}
		if (s->valid && all.sequence != s->range.sequence)
			return LSM_OK;
		if (!s->valid && all.sequence != 0) {
			s->range.from = bound_keep(all.from, s->from);
			s->range.sequence = all.sequence;
			s->valid = true;
		}
		if (s->valid)
			s->range.to = bound_keep(all.to, s->to);
		s->ended = bytes_equal(all.to, bound_end());
		s->at = bound_keep(all.to, s->place);
	}
	return LSM_OK;
}
