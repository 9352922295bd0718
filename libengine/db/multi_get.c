/*
 * multi_get.c - many gets of one moment.
 *
 * Memory answers first; what it does not know is asked of the tables, in the
 * order of keys: neighbours share tables and leaves.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "db/db.h"
#include "db/snapshot.h"
#include "kv/batch.h"
#include "table/page.h"

/* What is asked: the caller's arrays, and of which state. */
struct question {
	struct view *view;
	uint64_t sequence;
	size_t count;
	const lsm_slice *keys;
	lsm_buffer *values;		/* or NULL */
	int *codes;
};

/* A key that memory does not know. Sorting moves this and not the lookup. */
struct unknown {
	uint64_t head;			/* what follows the common prefix */
	struct lookup *lookup;
};

/* For each key one of both, the lookups in the order of the question. */
struct work {
	struct lookup *lookups;
	struct unknown *unknown;
	size_t count;			/* of those */
};

static int
work_new(struct work *w, size_t keys)
{
	size_t each = sizeof *w->lookups + sizeof *w->unknown;

	*w = (struct work){ .count = 0 };
	if (keys > SIZE_MAX / each ||
	    (w->lookups = mem_alloc(keys * each)) == NULL)
		return mem_exhausted(keys * each);
	w->unknown = (struct unknown *)(w->lookups + keys);
	return LSM_OK;
}

static int
ask_memory(struct lsm_db *db, const struct question *q, struct work *w)
{
	for (size_t i = 0; i < q->count; i++) {
		struct lookup *l = &w->lookups[i];

		*l = (struct lookup){ .key = bytes_of(q->keys[i]) };
		l->hash = hash64(l->key);
		if (q->values != NULL)
			l->value = (struct buffer *)&q->values[i];
		if (!view_get_memory(db, q->view, q->sequence, l->key,
		    l->hash, l->value, &l->code))
			w->unknown[w->count++].lookup = l;
		else if (l->code != LSM_OK && l->code != LSM_NOTFOUND)
			return l->code;
	}
	return LSM_OK;
}

static int
unknown_compare(const void *left, const void *right)
{
	const struct unknown *a = left, *b = right;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	return bytes_compare(a->lookup->key, b->lookup->key);
}

/* In the order of keys, unless they came so. */
static void
unknown_sort(struct work *w)
{
	size_t shared = SIZE_MAX;
	bool sorted = true;

	for (size_t i = 1; i < w->count; i++) {
		size_t n = bytes_common(w->unknown[0].lookup->key,
		    w->unknown[i].lookup->key);

		shared = n < shared ? n : shared;
	}
	for (size_t i = 0; i < w->count; i++) {
		w->unknown[i].head = page_head(w->unknown[i].lookup->key,
		    w->count > 1 ? shared : 0);
		sorted = sorted && (i == 0 || unknown_compare(
		    &w->unknown[i - 1], &w->unknown[i]) <= 0);
	}
	if (!sorted)
		qsort(w->unknown, w->count, sizeof *w->unknown,
		    unknown_compare);
}

static int
ask_tables(struct lsm_db *db, const struct question *q, struct work *w)
{
	uint64_t asked = 0;
	int rc;

	if (w->count == 0)
		return LSM_OK;
	unknown_sort(w);
	for (size_t i = 1; i < w->count; i++)
		w->unknown[i - 1].lookup->next = w->unknown[i].lookup;
	rc = version_multi_get(q->view->version, db->tables,
	    w->unknown[0].lookup, &asked);
	tally_add(db->tally, TALLY_ASKED, asked);
	return rc == LSM_OK ? rc : event_damage(db, view_judge(q->view, rc));
}

static void
answer(struct lsm_db *db, const struct question *q, const struct work *w)
{
	size_t found = 0;

	for (size_t i = 0; i < q->count; i++) {
		const struct lookup *l = &w->lookups[i];

		q->codes[i] = l->code == LSM_OK && l->kind != KIND_PUT ?
		    LSM_NOTFOUND : l->code;
		found += q->codes[i] == LSM_OK;
	}
	tally_add(db->tally, TALLY_FOUND, found);
}

static int
ask_all(struct lsm_db *db, const struct question *q)
{
	struct work w;
	int rc;

	if ((rc = work_new(&w, q->count)) != LSM_OK)
		return rc;
	if ((rc = ask_memory(db, q, &w)) == LSM_OK &&
	    (rc = ask_tables(db, q, &w)) == LSM_OK)
		answer(db, q, &w);
	mem_free(w.lookups);
	return rc;
}

static int
keys_check(const struct question *q)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < q->count && rc == LSM_OK; i++)
		rc = batch_check_entry(bytes_of(q->keys[i]), bytes(NULL, 0));
	return rc;
}

static void
values_empty(const struct question *q)
{
	for (size_t i = 0; i < q->count && q->values != NULL; i++)
		q->values[i].size = 0;
}

int
lsm_multi_get(lsm_db *db, const lsm_snapshot *snapshot, size_t count,
    const lsm_slice *keys, lsm_buffer *values, int *codes)
{
	struct question q = { .count = count, .keys = keys, .values = values,
		.codes = codes };
	int rc;

	values_empty(&q);
	if ((rc = db_readable(db)) != LSM_OK ||
	    (rc = keys_check(&q)) != LSM_OK || count == 0)
		return rc;
	if (snapshot != NULL) {
		q.view = snapshot->view;
		q.sequence = snapshot->sequence;
	} else {
		q.view = view_now(db, &q.sequence);
	}
	if ((rc = ask_all(db, &q)) != LSM_OK)
		values_empty(&q);
	if (snapshot == NULL)
		view_unref(q.view);
	events_tell(db);
	return rc;
}
