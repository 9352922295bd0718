/*
 * arena_pool.c - keeps the largest arenas given back, for the next users.
 *
 * As many as may be free while one is in use: what goes to and from malloc
 * again and again in such sizes leaves holes there that are never given back.
 */
#include "base/arena_pool.h"

#include "base/alloc.h"
#include "base/sync.h"
#include "lsm.h"

enum { SPARES = 1 };

struct arena_pool {
	_Atomic uint32_t refs;
	struct mutex mu;
	struct arena spares[SPARES];	/* guarded by mu; base NULL: none */
};

int
arena_pool_new(struct arena_pool **out)
{
	struct arena_pool *p = mem_zalloc(sizeof *p);

	*out = p;
	if (p == NULL)
		return mem_exhausted(sizeof *p);
	p->refs = 1;
	mutex_init(&p->mu);
	return LSM_OK;
}

void
arena_pool_ref(struct arena_pool *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void
arena_pool_unref(struct arena_pool *p)
{
	if (p == NULL || atomic_fetch_sub_explicit(&p->refs, 1,
	    memory_order_acq_rel) > 1)
		return;
	for (int i = 0; i < SPARES; i++)
		arena_release(&p->spares[i]);
	mutex_release(&p->mu);
	mem_free(p);
}

/* The smallest that is large enough, or NULL. */
static struct arena *
find_locked(struct arena_pool *p, size_t size)
{
	struct arena *best = NULL;

	mutex_assert_held(&p->mu);
	for (int i = 0; i < SPARES; i++) {
		struct arena *a = &p->spares[i];

		if (a->base != NULL && a->size >= size &&
		    (best == NULL || a->size < best->size))
			best = a;
	}
	return best;
}

int
arena_pool_take(struct arena_pool *p, size_t size, struct arena *out)
{
	struct arena *found;

	*out = (struct arena){ 0 };
	mutex_lock(&p->mu);
	if ((found = find_locked(p, size)) != NULL) {
		*out = *found;
		*found = (struct arena){ 0 };
	}
	mutex_unlock(&p->mu);
	if (out->base == NULL)
		return arena_init(out, size);
	out->low = 0;
	out->high = out->size;
	return LSM_OK;
}

/* What is smaller than all that is kept goes. */
void
arena_pool_give(struct arena_pool *p, struct arena *a)
{
	struct arena *least = &p->spares[0], gone = *a;

	mutex_lock(&p->mu);
	for (int i = 1; i < SPARES; i++)
		if (p->spares[i].size < least->size)
			least = &p->spares[i];
	if (a->size >= least->size) {
		gone = *least;
		*least = *a;
	}
	mutex_unlock(&p->mu);
	arena_release(&gone);
	*a = (struct arena){ 0 };
}
