/*
 * veil_iter.c - hides the entries of a source that range deletes cover.
 *
 * Sequences decide in all cases: what a newer source holds has a higher one.
 */
#include "kv/veil_iter.h"

#include <assert.h>

#include "base/alloc.h"

/* Entries that are stepped over before a seek pays. */
enum { STEPS = 8 };

struct veil_iter {
	struct iter iter;
	struct iter *entries;
	size_t count;		/* of covers */
	size_t newer;		/* of them, of newer sources: they come first */
	struct cover *covers[];
};

static struct veil_iter *
veil_of(struct iter *it)
{
	return (struct veil_iter *)it;
}

static int
veil_show(struct veil_iter *v, int rc)
{
	v->iter.valid = rc == LSM_OK && v->entries->valid;
	v->iter.entry = v->entries->entry;
	return rc;
}

/* Which one covers the entry; v->count: none does. */
static int
veil_covered(struct veil_iter *v, size_t *which)
{
	const struct entry *e = &v->entries->entry;
	int rc;

	for (*which = 0; *which < v->count; ++*which) {
		struct cover *c = v->covers[*which];

		if ((rc = cover_at(c, e->key)) != LSM_OK)
			return rc;
		if (c->span.sequence > e->sequence)
			break;
	}
	return LSM_OK;
}

/* Leave an entry that the cover hides: far behind it all may be hidden too. */
static int
veil_leave(struct veil_iter *v, size_t which, bool far, bool forward)
{
	const struct range *span = &v->covers[which]->span;
	struct iter *it = v->entries;

	if (which >= v->newer || !far)
		return forward ? iter_next(it) : iter_prev(it);
	return forward ? iter_seek(it, span->to) :
	    iter_seek_before(it, span->from);
}

/* `rc` is what the move of the entries said. */
static int
veil_pass(struct veil_iter *v, int rc, bool forward)
{
	size_t which;

	for (int steps = 0; rc == LSM_OK && v->entries->valid; steps++) {
		if ((rc = veil_covered(v, &which)) != LSM_OK ||
		    which == v->count)
			break;
		rc = veil_leave(v, which, steps >= STEPS, forward);
	}
	return veil_show(v, rc);
}

static int
veil_first(struct iter *it)
{
	return veil_pass(veil_of(it), iter_first(veil_of(it)->entries), true);
}

static int
veil_last(struct iter *it)
{
	return veil_pass(veil_of(it), iter_last(veil_of(it)->entries), false);
}

static int
veil_seek(struct iter *it, struct bytes key)
{
	return veil_pass(veil_of(it), iter_seek(veil_of(it)->entries, key),
	    true);
}

static int
veil_seek_before(struct iter *it, struct bytes key)
{
	return veil_pass(veil_of(it),
	    iter_seek_before(veil_of(it)->entries, key), false);
}

static int
veil_next(struct iter *it)
{
	assert(it->valid);
	return veil_pass(veil_of(it), iter_next(veil_of(it)->entries), true);
}

static int
veil_prev(struct iter *it)
{
	assert(it->valid);
	return veil_pass(veil_of(it), iter_prev(veil_of(it)->entries), false);
}

static void
veil_free(struct iter *it)
{
	struct veil_iter *v = veil_of(it);

	iter_free(v->entries);
	for (size_t i = 0; i < v->count; i++)
		cover_free(v->covers[i]);
	mem_free(v);
}

static const struct iter_ops veil_ops = {
	.free = veil_free,
	.first = veil_first,
	.last = veil_last,
	.seek = veil_seek,
	.seek_before = veil_seek_before,
	.next = veil_next,
	.prev = veil_prev,
};

int
veil_iter_new(struct iter *entries, struct cover *const *covers, size_t count,
    bool own, struct iter **out)
{
	size_t size = sizeof(struct veil_iter) + count * sizeof *covers;
	struct veil_iter *v;

	assert(count > 0 || !own);
	*out = entries;
	if (count == 0)
		return LSM_OK;
	*out = NULL;
	if ((v = mem_zalloc(size)) == NULL) {
		iter_free(entries);
		for (size_t i = 0; i < count; i++)
			cover_free(covers[i]);
		return mem_exhausted(size);
	}
	v->iter.ops = &veil_ops;
	v->entries = entries;
	v->count = count;
	v->newer = count - own;
	memcpy(v->covers, covers, count * sizeof *covers);
	*out = &v->iter;
	return LSM_OK;
}
