/*
 * condition.c - are the conditions of a batch met?
 *
 * They are asked twice. First beside all other writers, for that is where the
 * disk may have to be waited for. Then, with write_mu held, once more, unless
 * nothing was written since; what has to be read is at hand by now. A
 * condition that failed the first time has failed: it was false at a moment
 * of the call.
 */
#include "kv/condition.h"

#include "db/db.h"
#include "kv/batch.h"

#ifdef LSM_SCHED
bool condition_bug;
#define ASKED_ONCE condition_bug
#else
#define ASKED_ONCE false
#endif

static int
condition_ask(struct lsm_db *db, struct view *v, uint64_t sequence,
    const struct condition *c, struct buffer *value, bool *holds)
{
	int rc = view_get(db, v, sequence, c->key,
	    c->kind == IF_EQUALS ? value : NULL);

	*holds = condition_holds(c, rc == LSM_OK, buffer_bytes(value));
	return rc == LSM_NOTFOUND ? LSM_OK : rc;
}

/* Of a state: a view and a sequence that it has everything up to. */
static int
conditions_ask_of(struct lsm_db *db, const struct lsm_batch *b,
    struct view *v, uint64_t sequence)
{
	struct bytes rest = buffer_bytes(&b->conditions);
	struct buffer value = { 0 };
	struct condition c;
	bool holds = true;
	int rc = LSM_OK;

	for (size_t i = 1; rc == LSM_OK && condition_take(&rest, &c); i++) {
		rc = condition_ask(db, v, sequence, &c, &value, &holds);
		if (rc == LSM_OK && !holds)
			rc = status_set(LSM_UNMET, "condition %zu: %s", i,
			    condition_words(&c));
	}
	buffer_free(&value);
	if (rc == LSM_UNMET)
		COUNT(db, unmet, 1);
	return rc;
}

int
conditions_ask(struct lsm_db *db, const struct lsm_batch *b, uint64_t *asked)
{
	struct view *v = view_now(db, asked);
	int rc = conditions_ask_of(db, b, v, *asked);

	view_unref(v);
	return rc;
}

/* The last sequence given, not the one that is shown: after a fence readers
 * are shown less, and a commit that perhaps is there must not be overlooked. */
int
conditions_still_locked(struct lsm_db *db, const struct lsm_batch *b,
    uint64_t asked)
{
	uint64_t shown;
	struct view *v;
	int rc;

	mutex_assert_held(&db->write_mu);
	if (asked == db->sequence || ASKED_ONCE)
		return LSM_OK;
	v = view_now(db, &shown);
	rc = conditions_ask_of(db, b, v, db->sequence);
	view_unref(v);
	return rc;
}
