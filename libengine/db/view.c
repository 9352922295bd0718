/*
 * view.c - what a reader needs: memtables and a version, counted.
 *
 * The view and the visible sequence are read together under mu, and a writer
 * puts into a new memtable only after it stood in the view; so whatever is
 * visible at the sequence is in the view.
 */
#include <assert.h>

#include "base/alloc.h"
#include "db/db.h"

int
view_alloc(size_t room, struct view **out)
{
	size_t size = sizeof **out + room * sizeof (*out)->generations[0];

	*out = NULL;
	if ((*out = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	(*out)->refs = 1;
	(*out)->version = NULL;
	(*out)->pin = NULL;
	(*out)->count = 0;
	(*out)->room = room;
	return LSM_OK;
}

void
view_fill(struct view *v, struct version *version,
    const struct generation *generations, size_t count)
{
	assert(v->version == NULL && count <= v->room);
	v->version = version;
	version_ref(version);
	for (size_t i = 0; i < count; i++)
		view_push(v, &generations[i]);
}

void
view_push(struct view *v, const struct generation *g)
{
	assert(v->count < v->room);
	v->generations[v->count++] = *g;
	memtable_ref(g->mem);
}

void
view_unref(struct view *v)
{
	if (v == NULL || atomic_fetch_sub(&v->refs, 1) != 1)
		return;
	for (size_t i = 0; i < v->count; i++)
		memtable_unref(v->generations[i].mem);
	if (v->version != NULL)
		version_unref(v->version);
	pin_drop(v->pin);
	mem_free(v);
}

struct view *
view_now(struct lsm_db *db, uint64_t *sequence)
{
	struct view *v;

	mutex_lock(&db->mu);
	v = db->view;
	assert(v->count > 0);
	atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
	*sequence = load_acquire(&db->visible);
	if (load_relaxed(&db->fence.code) != LSM_OK &&
	    *sequence > load_relaxed(&db->durable))
		*sequence = load_relaxed(&db->durable);
	mutex_unlock(&db->mu);
	return v;
}

struct view *
view_swap_locked(struct lsm_db *db, struct view *next)
{
	struct view *old = db->view;

	mutex_assert_held(&db->mu);
	db->view = next;
	cond_broadcast(&db->changed);
	return old;
}

struct generation *
view_active(struct view *v)
{
	return &v->generations[v->count - 1];
}

int
view_judge(struct view *v, int rc)
{
	return rc == LSM_CORRUPT && pin_ended(v->pin) ? view_too_old(v) : rc;
}

int
view_too_old(const struct view *v)
{
	return status_set(LSM_TOO_OLD, "edit %llu was kept for too long, and "
	    "its files are gone", (unsigned long long)v->pin->edit);
}
