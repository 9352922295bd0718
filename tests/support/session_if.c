/*
 * session_if.c - conditions for a batch, drawn, and judged by the oracle.
 *
 * Three in four are made to hold in the state that is acknowledged; the rest
 * are anything.
 */
#include "base/random.h"
#include "kv/condition.h"
#include "support/session.h"

enum { CONDITIONS_MAX = 3 };

static struct condition
condition_draw(struct session *s, const struct op *op, struct random *r)
{
	enum condition_kind kind = (enum condition_kind)random_below(r, 3);
	struct condition c = { .kind = kind };
	struct value v = { random_next(r), random_below(r, 20) };
	struct oracle_entry e;
	bool present;

	c.key = key_make(s->keys, op->key + (uint32_t)random_below(r, 3));
	present = oracle_get(s->oracle, s->acked, c.key, &e);
	if (random_below(r, 4) != 0 && !present)
		c.kind = IF_ABSENT;
	else if (random_below(r, 4) != 0 && present) {
		c.kind = random_below(r, 3) ? IF_EQUALS : IF_PRESENT;
		v = e.value;
	}
	c.value = value_bytes(v);
	return c;
}

static struct random
condition_random(const struct op *op, uint64_t *count)
{
	struct random r = { op->tag ^ 0x6966 };

	*count = 1 + random_below(&r, CONDITIONS_MAX);
	return r;
}

int
conditions_fill(struct session *s, const struct op *op, lsm_batch *b)
{
	uint64_t count;
	struct random r = condition_random(op, &count);
	int rc = LSM_OK;

	while (count-- > 0 && rc == LSM_OK) {
		struct condition c = condition_draw(s, op, &r);
		lsm_slice key = bytes_slice(c.key);

		if (c.kind == IF_ABSENT)
			rc = lsm_batch_if_absent(b, key);
		else if (c.kind == IF_PRESENT)
			rc = lsm_batch_if_present(b, key);
		else
			rc = lsm_batch_if_equals(b, key,
			    bytes_slice(c.value));
	}
	return rc;
}

bool
conditions_hold(struct session *s, const struct op *op, size_t n)
{
	uint64_t count;
	struct random r = condition_random(op, &count);
	bool hold = true;

	while (count-- > 0) {
		struct condition c = condition_draw(s, op, &r);
		struct oracle_entry e;
		bool present = oracle_get(s->oracle, n, c.key, &e);

		hold &= condition_holds(&c, present, present &&
		    c.kind == IF_EQUALS ? value_bytes(e.value) :
		    bytes(NULL, 0));
	}
	return hold;
}
