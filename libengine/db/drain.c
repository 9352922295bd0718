/*
 * drain.c - when level 0 is merged though it is not too full.
 *
 * While nobody writes there is time to merge what is left in level 0, but each
 * merge writes: with every pause of a writer that comes in bursts it would
 * write all below anew. So reads have to ask for it. What they ask for because
 * of the tree's runs is weighed against the bytes of the merge; when it would
 * have paid for the merge, that is due. Reads to come cost at most as much
 * again, therefore never more than twice what the best choice would have been.
 *
 * Reads of other processes are not seen here: after a longer silence the merge
 * is due anyway.
 */
#include "db/db.h"

enum {
	LOOKS_LONG = 40,	/* without a write */
	ASK_BYTES = 1024	/* of a merge that one asked table is worth */
};

/* Tables asked by gets and seeks, and steps, which compare each run's. */
static uint64_t
asked_now(const struct lsm_db *db, const struct version *v)
{
	return tally_sum(db->tally, TALLY_ASKED) +
	    tally_sum(db->tally, TALLY_STEPS) +
	    tally_sum(db->tally, TALLY_SEEKS) * v->runs;
}

static uint64_t
merge_bytes(const struct version *v, const struct shape_options *o)
{
	struct shape s;
	int to;

	shape_of(v, o, &s);
	to = shape_destination(&s, v, 0);
	return v->levels[0].bytes + (shape_tier(&s, to) ? 0 :
	    v->levels[to].bytes);
}

bool
drain_due_locked(struct lsm_db *db, bool quiet)
{
	const struct version *v = db->view->version;
	struct drain *d = &db->drain;
	uint64_t sequence = load_acquire(&db->visible);
	uint64_t asked = asked_now(db, v);

	mutex_assert_held(&db->mu);
	if (!quiet || d->sequence != sequence)
		d->looks = 0;
	d->looks += quiet;
	d->sequence = sequence;
	if (d->edit != v->edit) {
		d->edit = v->edit;
		d->asked = asked;
	}
	return d->looks >= LOOKS_LONG || (quiet && (asked - d->asked) >=
	    merge_bytes(v, &db->shape) / ASK_BYTES);
}
