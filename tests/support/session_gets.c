/*
 * session_gets.c - many keys at once, each compared with the oracle, and the
 * values' room used again as it comes.
 */
#include "support/session.h"

#include <stdlib.h>

#include "base/random.h"
#include "support/wrong.h"

enum { GETS_MAX = 40 };

struct gets {
	size_t count;
	struct kept keys[GETS_MAX];
	lsm_slice slices[GETS_MAX];
	lsm_buffer values[GETS_MAX];
	int codes[GETS_MAX];
};

static void
gets_draw(struct session *s, uint64_t tag, struct gets *g)
{
	struct random r = { tag };

	g->count = random_below(&r, GETS_MAX + 1);
	for (size_t i = 0; i < g->count; i++) {
		kept_set(&g->keys[i], key_make(s->keys,
		    (uint32_t)random_below(&r, s->key_count + 3)));
		g->slices[i] = bytes_slice(kept_bytes(&g->keys[i]));
	}
}

static void
gets_release(struct gets *g)
{
	for (size_t i = 0; i < g->count; i++) {
		lsm_buffer_free(&g->values[i]);
		free(g->keys[i].p);
	}
}

/* Some allowed state gives all of these answers. */
static bool
gets_right(const struct session *s, const struct gets *g, size_t n)
{
	for (size_t i = 0; i < g->count; i++) {
		struct oracle_entry e;
		bool there = oracle_get(s->oracle, n, kept_bytes(&g->keys[i]),
		    &e);

		if (g->codes[i] != (there ? LSM_OK : LSM_NOTFOUND))
			return false;
		if (there && !value_equals(e.value, bytes(g->values[i].data,
		    g->values[i].size)))
			return false;
	}
	return true;
}

bool
session_gets(struct session *s, const lsm_snapshot *snapshot, size_t n,
    uint64_t tag)
{
	struct gets g = { 0 };
	size_t low = n, high = n;
	bool ok = false;
	int rc;

	if (n == SIZE_MAX)
		session_range(s, &low, &high);
	gets_draw(s, tag, &g);
	rc = lsm_multi_get(s->db, snapshot, g.count, g.slices, g.values,
	    g.codes);
	for (n = high + 1; rc == LSM_OK && n-- > low && !ok;)
		ok = gets_right(s, &g, n);
	for (size_t i = 0; rc != LSM_OK && i < g.count; i++)
		if (g.values[i].size != 0)
			wrong("a value of a multi-get that failed");
	gets_release(&g);
	if (rc != LSM_OK)
		return session_may_fail(s, "multi-get", rc);
	return ok || wrong("multi-get of %zu keys: not what %zu commits left",
	    g.count, high);
}
