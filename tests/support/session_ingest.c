/*
 * session_ingest.c - what a session ingests: keys that follow from the tag.
 *
 * Some ingestions are given up, and some records are out of order: refused,
 * they leave no trace.
 */
#include "support/session.h"

#include <stdlib.h>

#include "base/random.h"
#include "support/wrong.h"

enum { RECORDS_MAX = 40, GIVEN_UP_ONE_IN = 8, REFUSED_ONE_IN = 8 };

struct records {
	struct kept keys[RECORDS_MAX];
	struct value values[RECORDS_MAX];
	size_t count;
};

static int
kept_compare(const void *a, const void *b)
{
	return bytes_compare(kept_bytes(a), kept_bytes(b));
}

/* Keys near op->key or from all over, ascending, each once. */
static void
records_draw(struct session *s, const struct op *op, struct records *l)
{
	struct random r = { op->tag };
	size_t n = 1 + random_below(&r, RECORDS_MAX), kept = 1;
	uint32_t span = random_below(&r, 2) ? (uint32_t)n : s->key_count;

	*l = (struct records){ 0 };
	for (size_t i = 0; i < n; i++) {
		kept_set(&l->keys[i], key_make(s->keys, op->key +
		    (uint32_t)random_below(&r, span)));
		l->values[i] = (struct value){ random_next(&r),
			op->size ? random_below(&r, 2 * op->size) : 0 };
	}
	qsort(l->keys, n, sizeof *l->keys, kept_compare);
	for (size_t i = 1; i < n; i++) {
		if (kept_compare(&l->keys[kept - 1], &l->keys[i]) == 0)
			continue;
		if (kept != i)
			kept_set(&l->keys[kept], kept_bytes(&l->keys[i]));
		kept++;
	}
	l->count = kept;
}

static void
records_free(struct records *l)
{
	for (size_t i = 0; i < RECORDS_MAX; i++)
		free(l->keys[i].p);
}

/* Once more what was added last: it does not ascend. */
static int
add_refused(lsm_ingest *g, lsm_slice key)
{
	int rc = lsm_ingest_add(g, key, lsm_str("refused"));

	if (rc == LSM_OK)
		wrong("a key that does not ascend was taken");
	return rc == LSM_INVALID ? LSM_OK : LSM_BUG;
}

static int
add_all(lsm_ingest *g, const struct op *op, const struct records *l)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < l->count && rc == LSM_OK; i++) {
		lsm_slice key = bytes_slice(kept_bytes(&l->keys[i]));

		rc = lsm_ingest_add(g, key, bytes_slice(value_bytes(
		    l->values[i])));
		if (rc == LSM_OK && (op->tag + i) % REFUSED_ONE_IN == 1)
			rc = add_refused(g, key);
	}
	return rc;
}

int
ingest_engine(struct session *s, const struct op *op, bool *begun)
{
	struct records l;
	lsm_ingest *g;
	int rc;

	*begun = false;
	if ((rc = lsm_ingest_new(s->db, &g)) != LSM_OK)
		return rc;
	records_draw(s, op, &l);
	rc = add_all(g, op, &l);
	if (rc == LSM_OK && op->tag % GIVEN_UP_ONE_IN != 0) {
		*begun = true;
		rc = lsm_ingest_commit(g);
	}
	lsm_ingest_free(g);
	records_free(&l);
	return rc;
}

void
ingest_oracle(struct session *s, const struct op *op)
{
	struct records l;

	records_draw(s, op, &l);
	for (size_t i = 0; i < l.count; i++)
		oracle_join(s->oracle, kept_bytes(&l.keys[i]), l.values[i]);
	oracle_commit(s->oracle);
	records_free(&l);
}
