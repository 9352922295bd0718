/*
 * arena_pool.c - keeps the arena that was given back last, for the next user.
 */
#include "base/arena_pool.h"

#include "base/alloc.h"
#include "base/sync.h"
#include "lsm.h"

struct arena_pool {
	_Atomic uint32_t refs;
	struct mutex mu;
	struct arena spare;	/* guarded by mu; base NULL: none */
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
	arena_release(&p->spare);
	mutex_release(&p->mu);
	mem_free(p);
}

int
arena_pool_take(struct arena_pool *p, size_t size, struct arena *out)
{
	bool found;

	*out = (struct arena){ 0 };
	mutex_lock(&p->mu);
	if ((found = p->spare.base != NULL && p->spare.size >= size)) {
		*out = p->spare;
		p->spare = (struct arena){ 0 };
	}
	mutex_unlock(&p->mu);
	if (!found)
		return arena_init(out, size);
	out->low = 0;
	out->high = out->size;
	return LSM_OK;
}

void
arena_pool_give(struct arena_pool *p, struct arena *a)
{
	struct arena smaller = *a;

	mutex_lock(&p->mu);
	if (a->size >= p->spare.size) {
		smaller = p->spare;
		p->spare = *a;
	}
	mutex_unlock(&p->mu);
	arena_release(&smaller);
	*a = (struct arena){ 0 };
}
