/*
 * db_iter.c - what a user walks: a range of a snapshot, deletes hidden.
 *
 * A merge of the memtables and the runs (sources.h) shows one entry per key;
 * this one passes over deletes and keeps within the range. It holds the
 * view, so files and memory stay as long as it lives.
 */
#include <assert.h>

#include "base/alloc.h"
#include "db/db.h"
#include "db/snapshot.h"
#include "db/sources.h"

struct lsm_iter {
	struct lsm_db *db;
	struct view *view;
	struct iter *merge;
	struct buffer from, to, target;
	bool has_from, has_to;
	struct range within;		/* the same as bounds */
	bool valid;
	bool ended;			/* its pin was: of what it could still
					 * read nobody knows how much is left */
	uint64_t steps;			/* counted here, told now and then */
	uint64_t since_ns;		/* the seek began; 0: not measured */
};

/* A copy: the caller's may be the key that the iterator stands on. No key is
 * longer than its limit, so bytes further behind decide nothing. */
static int
bound_copy(lsm_slice s, struct buffer *room)
{
	size_t n = s.size > LSM_KEY_MAX + 1 ? LSM_KEY_MAX + 1 : s.size;

	room->n = 0;
	return buffer_add(room, s.data, n);
}

static int
bound_set(lsm_slice s, struct buffer *room, bool *has)
{
	*has = s.data != NULL;
	return *has ? bound_copy(s, room) : LSM_OK;
}

/* Both of its ends; NULL: it has none. */
static const struct range *
within(lsm_iter *it)
{
	if (!it->has_from && !it->has_to)
		return NULL;
	it->within.from = buffer_bytes(&it->from);
	it->within.to = it->has_to ? buffer_bytes(&it->to) : bound_end();
	return &it->within;
}

int
lsm_iter_new(lsm_db *db, const lsm_snapshot *snapshot, const lsm_range *range,
    lsm_iter **out)
{
	uint64_t sequence;
	lsm_iter *it;
	int rc;

	*out = NULL;
	if ((rc = db_readable(db)) != LSM_OK)
		return rc;
	if ((it = mem_zalloc(sizeof *it)) == NULL)
		return mem_exhausted(sizeof *it);
	it->db = db;
	atomic_fetch_add(&db->open_handles, 1);
	if (range != NULL &&
	    ((rc = bound_set(range->from, &it->from, &it->has_from)) !=
	    LSM_OK ||
	    (rc = bound_set(range->to, &it->to, &it->has_to)) != LSM_OK))
		goto fail;
	if (snapshot != NULL) {
		it->view = snapshot->view;
		sequence = snapshot->sequence;
		atomic_fetch_add(&it->view->refs, 1);
	} else {
		it->view = view_now(db, &sequence);
	}
	rc = sources_merge(db, it->view, sequence, within(it), &it->merge);
	if (rc != LSM_OK)
		goto fail;
	tally_add(db->tally, TALLY_ITERS, 1);
	*out = it;
	return LSM_OK;
fail:
	lsm_iter_free(it);
	return rc;
}

void
lsm_iter_free(lsm_iter *it)
{
	if (it == NULL || !process_is(it->db->process))
		return;
	tally_add(it->db->tally, TALLY_STEPS, it->steps);
	iter_free(it->merge);
	view_unref(it->view);
	buffer_free(&it->from);
	buffer_free(&it->to);
	buffer_free(&it->target);
	atomic_fetch_sub(&it->db->open_handles, 1);
	mem_free(it);
}

static bool
below_from(const lsm_iter *it, struct bytes key)
{
	return it->has_from &&
	    bytes_compare(key, buffer_bytes(&it->from)) < 0;
}

static bool
beyond_to(const lsm_iter *it, struct bytes key)
{
	return it->has_to && bytes_compare(key, buffer_bytes(&it->to)) >= 0;
}

/* Damage is told of, and what a file that went shows is none. */
static int
settled(lsm_iter *it, int rc)
{
	if (rc == LSM_OK)
		return rc;
	rc = event_damage(it->db, view_judge(it->view, rc));
	it->ended = rc == LSM_TOO_OLD;
	events_tell(it->db);
	return rc;
}

/* The merge has moved: go on over deletes, stop at the end of the range. What
 * lies outside of it may be shown, or not. */
static int
settle_forward(lsm_iter *it, int rc)
{
	struct iter *m = it->merge;

	it->valid = false;
	while (rc == LSM_OK && m->valid) {
		if (beyond_to(it, m->entry.key))
			return LSM_OK;
		if (m->entry.kind == KIND_PUT) {
			it->valid = true;
			return LSM_OK;
		}
		rc = iter_next(m);
	}
	return settled(it, rc);
}

static int
settle_backward(lsm_iter *it, int rc)
{
	struct iter *m = it->merge;

	it->valid = false;
	while (rc == LSM_OK && m->valid) {
		if (below_from(it, m->entry.key))
			return LSM_OK;
		if (m->entry.kind == KIND_PUT) {
			it->valid = true;
			return LSM_OK;
		}
		rc = iter_prev(m);
	}
	return settled(it, rc);
}

static int
seek_begin(lsm_iter *it)
{
	struct lsm_db *db = it->db;

	it->valid = false;
	if (it->ended)
		return view_too_old(it->view);
	it->since_ns = latency_begin(db->latencies, tally_add(db->tally,
	    TALLY_SEEKS, 1));
	tally_add(db->tally, TALLY_STEPS, it->steps);
	it->steps = 0;
	return db_usable(db);
}

static int
seek_end(lsm_iter *it, int rc)
{
	latency_end(it->db->latencies, LATENCY_SEEK, it->since_ns);
	return rc;
}

int
lsm_iter_first(lsm_iter *it)
{
	int rc = seek_begin(it);

	if (rc != LSM_OK)
		return rc;
	return seek_end(it, settle_forward(it, it->has_from ?
	    iter_seek(it->merge, buffer_bytes(&it->from)) :
	    iter_first(it->merge)));
}

int
lsm_iter_last(lsm_iter *it)
{
	int rc = seek_begin(it);

	if (rc != LSM_OK)
		return rc;
	return seek_end(it, settle_backward(it, it->has_to ?
	    iter_seek_before(it->merge, buffer_bytes(&it->to)) :
	    iter_last(it->merge)));
}

int
lsm_iter_seek(lsm_iter *it, lsm_slice key)
{
	struct bytes k;
	int rc;

	if ((rc = bound_copy(key, &it->target)) != LSM_OK) {
		it->valid = false;
		return rc;
	}
	k = buffer_bytes(&it->target);
	if (below_from(it, k))
		return lsm_iter_first(it);
	if ((rc = seek_begin(it)) != LSM_OK)
		return rc;
	return seek_end(it, settle_forward(it, iter_seek(it->merge, k)));
}

/* Last <= key: on the key itself, or just before where it would stand. */
int
lsm_iter_seek_for_prev(lsm_iter *it, lsm_slice key)
{
	struct iter *m = it->merge;
	struct bytes k;
	int rc;

	if ((rc = bound_copy(key, &it->target)) != LSM_OK) {
		it->valid = false;
		return rc;
	}
	k = buffer_bytes(&it->target);
	if (beyond_to(it, k))
		return lsm_iter_last(it);
	if ((rc = seek_begin(it)) != LSM_OK)
		return rc;
	rc = iter_seek(m, k);
	if (rc == LSM_OK && !(m->valid && bytes_equal(m->entry.key, k)))
		rc = iter_seek_before(m, k);
	return seek_end(it, settle_backward(it, rc));
}

static int
forked(lsm_iter *it)
{
	it->valid = false;
	return db_usable(it->db);
}

int
lsm_iter_next(lsm_iter *it)
{
	if (!process_is(it->db->process))
		return forked(it);
	assert(it->valid);
	it->steps++;
	return settle_forward(it, iter_next(it->merge));
}

int
lsm_iter_prev(lsm_iter *it)
{
	if (!process_is(it->db->process))
		return forked(it);
	assert(it->valid);
	it->steps++;
	return settle_backward(it, iter_prev(it->merge));
}

int
lsm_iter_valid(const lsm_iter *it)
{
	return it->valid;
}

lsm_slice
lsm_iter_key(const lsm_iter *it)
{
	assert(it->valid);
	return bytes_slice(it->merge->entry.key);
}

lsm_slice
lsm_iter_value(const lsm_iter *it)
{
	assert(it->valid);
	return bytes_slice(it->merge->entry.value);
}

uint64_t
lsm_iter_sequence(const lsm_iter *it)
{
	assert(it->valid);
	return it->merge->entry.sequence;
}

/* The successor of a prefix: its last byte below 0xff, one higher. */
int
lsm_range_prefix(lsm_slice prefix, lsm_buffer *room, lsm_range *range)
{
	struct buffer *b = (struct buffer *)room;
	size_t n = prefix.size;
	const uint8_t *p = prefix.data;
	int rc;

	*range = (lsm_range){ .from = prefix };
	while (n > 0 && p[n - 1] == 0xff)
		n--;
	if (n == 0)
		return LSM_OK;
	b->n = 0;
	if ((rc = buffer_add(b, p, n)) != LSM_OK)
		return rc;
	b->p[n - 1]++;
	range->to = (lsm_slice){ b->p, n };
	return LSM_OK;
}
