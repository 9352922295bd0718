/*
 * session_walk.c - an iterator and the oracle, moved side by side.
 *
 * A tag chooses range and movements. Whenever the iterator stands nowhere
 * only seeks are legal; otherwise direction changes are frequent.
 */
#include "support/session.h"

#include <stdlib.h>

#include "base/random.h"
#include "support/wrong.h"

enum move { FIRST, LAST, SEEK, SEEK_FOR_PREV, NEXT, PREV, MOVES };

static const char *const move_words[MOVES] = { "first", "last", "seek",
	"seek_for_prev", "next", "prev" };

void
cursor_release(struct cursor *c)
{
	lsm_iter_free(c->it);
	free(c->from.p);
	free(c->to.p);
	free(c->key.p);
	*c = (struct cursor){ 0 };
}

static struct bytes
some_key(const struct session *s, struct random *r)
{
	return key_make(s->keys, (uint32_t)random_below(r, s->key_count + 3));
}

/* A quarter each: everything, from a key, between two, a prefix. */
static bool
range_choose(struct session *s, struct cursor *c, struct random *r)
{
	lsm_buffer room = { 0 };
	struct bytes a = some_key(s, r), b = some_key(s, r);
	lsm_range range = { { NULL, 0 }, { NULL, 0 } };
	uint64_t kind = random_below(r, 4);
	int rc = LSM_OK;

	if (kind == 3) {
		a.n = random_below(r, a.n + 1);
		rc = lsm_range_prefix(bytes_slice(a), &room, &range);
	} else if (kind > 0) {
		range.from = bytes_slice(a);
		if (kind == 2)
			range.to = bytes_slice(b);
	}
	if (rc != LSM_OK)
		return session_may_fail(s, "range_prefix", rc);
	if ((c->has_from = range.from.data != NULL))
		kept_set(&c->from, bytes_of(range.from));
	if ((c->has_to = range.to.data != NULL))
		kept_set(&c->to, bytes_of(range.to));
	lsm_buffer_free(&room);
	return true;
}

bool
cursor_new(struct session *s, struct cursor *c, const lsm_snapshot *snapshot,
    size_t n, uint64_t tag)
{
	struct random r = { tag };
	lsm_range range = { { NULL, 0 }, { NULL, 0 } };
	int rc;

	*c = (struct cursor){ .n = n };
	if (!range_choose(s, c, &r))
		return false;
	if (c->has_from)
		range.from = (lsm_slice){ c->from.p, c->from.n };
	if (c->has_to)
		range.to = (lsm_slice){ c->to.p, c->to.n };
	rc = lsm_iter_new(s->db, snapshot, &range, &c->it);
	if (rc == LSM_OK)
		return true;
	cursor_release(c);
	return session_may_fail(s, "iter_new", rc);
}

static bool
above_from(const struct cursor *c, struct bytes key)
{
	return !c->has_from ||
	    bytes_compare(key, kept_bytes(&c->from)) >= 0;
}

static bool
below_to(const struct cursor *c, struct bytes key)
{
	return !c->has_to || bytes_compare(key, kept_bytes(&c->to)) < 0;
}

/* First entry at or behind `place`, within the range. */
static bool
expect_up(struct session *s, const struct cursor *c, size_t place,
    struct oracle_entry *e)
{
	return oracle_up(s->oracle, c->n, &place, e) && below_to(c, e->key);
}

/* Last entry before `place`. */
static bool
expect_down(struct session *s, const struct cursor *c, size_t place,
    struct oracle_entry *e)
{
	if (place == 0)
		return false;
	place--;
	return oracle_down(s->oracle, c->n, &place, e) &&
	    above_from(c, e->key);
}

static bool
expect(struct session *s, const struct cursor *c, enum move move,
    struct bytes key, struct oracle_entry *e)
{
	const struct oracle *o = s->oracle;
	struct bytes here = kept_bytes(&c->key);
	size_t place;

	if (move == SEEK && !above_from(c, key))
		move = FIRST;
	if (move == SEEK_FOR_PREV && !below_to(c, key))
		move = LAST;
	switch (move) {
	case FIRST:
		return expect_up(s, c, c->has_from ? oracle_place(o,
		    kept_bytes(&c->from)) : 0, e);
	case LAST:
		return expect_down(s, c, c->has_to ? oracle_place(o,
		    kept_bytes(&c->to)) : oracle_end(o), e);
	case SEEK:
		return expect_up(s, c, oracle_place(o, key), e);
	case NEXT:
		return expect_up(s, c, oracle_place(o, here) + 1, e);
	case PREV:
		return expect_down(s, c, oracle_place(o, here), e);
	default:
		break;
	}
	place = oracle_place(o, key);
	if (oracle_get(o, c->n, key, e))
		return above_from(c, key);
	return expect_down(s, c, place, e);
}

static int
do_move(lsm_iter *it, enum move move, struct bytes key)
{
	switch (move) {
	case FIRST:
		return lsm_iter_first(it);
	case LAST:
		return lsm_iter_last(it);
	case SEEK:
		return lsm_iter_seek(it, bytes_slice(key));
	case SEEK_FOR_PREV:
		return lsm_iter_seek_for_prev(it, bytes_slice(key));
	case NEXT:
		return lsm_iter_next(it);
	default:
		return lsm_iter_prev(it);
	}
}

static bool
compare(struct session *s, struct cursor *c, enum move move, bool wanted,
    const struct oracle_entry *e)
{
	struct bytes key;

	if (wanted != (bool)lsm_iter_valid(c->it))
		return wrong("%s: stands %s, not %s%s", move_words[move],
		    wanted ? "nowhere" : "on an entry", wanted ? "on " :
		    "nowhere", wanted ? shown(e->key) : "");
	c->valid = wanted;
	if (!wanted)
		return true;
	key = bytes_of(lsm_iter_key(c->it));
	if (!bytes_equal(key, e->key))
		return wrong("%s: key of %zu bytes %s, not the one wanted",
		    move_words[move], key.n, shown(key));
	if (!value_equals(e->value, bytes_of(lsm_iter_value(c->it))))
		return wrong("%s: %s: not the value of %zu bytes",
		    move_words[move], shown(key), e->value.size);
	if (!s->gaps && !s->faults &&
	    lsm_iter_sequence(c->it) != e->sequence)
		return wrong("%s: %s: sequence %llu, not %llu",
		    move_words[move], shown(key),
		    (unsigned long long)lsm_iter_sequence(c->it),
		    (unsigned long long)e->sequence);
	kept_set(&c->key, key);
	return true;
}

static enum move
move_choose(const struct cursor *c, struct random *r, enum move before)
{
	uint64_t dice = random_below(r, 16);

	if (!c->valid || dice < 2)
		return (enum move)random_below(r, NEXT);
	if (dice < 5)
		return before == NEXT ? PREV : NEXT;
	return before == PREV ? PREV : NEXT;
}

bool
cursor_walk(struct session *s, struct cursor *c, uint64_t tag)
{
	struct random r = { ~tag };
	enum move move = FIRST, before;
	int rc;

	for (int i = 0; c->it != NULL && i < SESSION_STEPS; i++) {
		struct oracle_entry e;
		struct bytes key = some_key(s, &r);
		bool wanted;

		before = move;
		move = move_choose(c, &r, before);
		s->reached.moves++;
		s->reached.turns += move + before == NEXT + PREV;
		wanted = expect(s, c, move, key, &e);
		s->reached.empty_walks += !wanted;
		rc = do_move(c->it, move, key);
		if (c->ended && rc != LSM_TOO_OLD)
			return wrong("%s: \"%s\" of an iterator that was too "
			    "old", move_words[move], lsm_strerror(rc));
		if (rc != LSM_OK) {
			c->valid = false;
			c->ended = rc == LSM_TOO_OLD;
			return session_may_fail(s, move_words[move], rc);
		}
		if (!compare(s, c, move, wanted, &e))
			return false;
	}
	return true;
}
