/*
 * sim_lock.c - a simulated disk: byte ranges of LOCK.
 *
 * Handles of one simulation stand for the processes of one machine.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/sim.h"

static int
lock_open_locked(struct sim *sim, struct sim_dir *dir, bool create,
    uint32_t *inode)
{
	int rc;

	if (create && sim_disk_find(&sim->now, dir->inode, "LOCK") == SIM_NONE)
		rc = sim_create_locked(sim, dir->inode, "LOCK", inode);
	else if ((rc = sim_enter_locked(sim, "LOCK", "open")) == LSM_OK)
		rc = sim_find_locked(sim, dir->inode, "LOCK", inode);
	if (rc == LSM_OK && create)
		rc = sim_extend_locked(sim, *inode, "LOCK", LOCK_SIZE);
	if (rc != LSM_OK)
		return rc;
	sim_open_locked(sim, *inode);
	dir->lock = *inode;
	return LSM_OK;
}

static int
sim_lock_open(struct env_dir *dir, bool create, struct env_lock **out)
{
	struct sim *sim = sim_of(dir->env);
	struct sim_lock *lock = mem_zalloc(sizeof *lock);
	int rc;

	*out = NULL;
	if (lock == NULL)
		return mem_exhausted(sizeof *lock);
	lock->base.env = dir->env;
	mutex_lock(&sim->mu);
	rc = lock_open_locked(sim, (struct sim_dir *)dir, create, &lock->inode);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK)
		*out = &lock->base;
	else
		mem_free(lock);
	return rc;
}

/* What the handle holds of [first, end) is let go. */
static void
release_locked(struct sim *sim, const void *holder, uint64_t first,
    uint64_t end)
{
	struct sim_hold **at = &sim->holds, *h;

	while ((h = *at) != NULL) {
		if (h->holder != holder || h->end <= first || h->first >= end) {
			at = &h->next;
			continue;
		}
		/* The engine never lets go a part of a range. */
		assert(h->first >= first && h->end <= end);
		*at = h->next;
		sim_memory_free(h);
	}
}

static void
sim_lock_close(struct env_lock *base)
{
	struct sim_lock *lock = (struct sim_lock *)base;
	struct sim *sim;

	if (lock == NULL)
		return;
	sim = sim_of(base->env);
	mutex_lock(&sim->mu);
	release_locked(sim, lock, 0, UINT64_MAX);
	sim_close_locked(sim, lock->inode);
	mutex_unlock(&sim->mu);
	mem_free(lock);
}

/* The lowest byte of the range that another handle holds in a way that is not
 * compatible; `end` when there is none. */
static uint64_t
conflict_locked(struct sim *sim, struct sim_lock *lock, uint64_t first,
    uint64_t end, bool exclusive)
{
	uint64_t lowest = end;

	for (struct sim_hold *h = sim->holds; h != NULL; h = h->next) {
		uint64_t at = h->first > first ? h->first : first;

		if (h->holder != lock && h->inode == lock->inode &&
		    (exclusive || h->exclusive) && at < h->end && at < lowest)
			lowest = at;
	}
	return lowest;
}

static int
hold_locked(struct sim *sim, struct sim_lock *lock, uint64_t first,
    uint64_t end, enum env_hold how)
{
	struct sim_hold *h;
	int rc = sim_enter_locked(sim, "LOCK", "lock");

	if (rc != LSM_OK)
		return rc;
	if (how != ENV_UNLOCK && conflict_locked(sim, lock, first, end,
	    how == ENV_EXCLUSIVE) < end)
		return status_set(LSM_LOCKED, "LOCK: byte %" PRIu64
		    ": held by another handle", first);
	release_locked(sim, lock, first, end);
	if (how == ENV_UNLOCK)
		return LSM_OK;
	h = sim_memory(NULL, sizeof *h);
	*h = (struct sim_hold){ sim->holds, lock, lock->inode, first, end,
		how == ENV_EXCLUSIVE };
	sim->holds = h;
	return LSM_OK;
}

static int
sim_lock_hold(struct env_lock *base, uint64_t first, uint64_t count,
    enum env_hold how)
{
	struct sim *sim = sim_of(base->env);
	int rc;

	assert(count > 0);
	mutex_lock(&sim->mu);
	rc = hold_locked(sim, (struct sim_lock *)base, first, first + count,
	    how);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_lock_test(struct env_lock *base, uint64_t first, uint64_t count, bool *any,
    uint64_t *held)
{
	struct sim *sim = sim_of(base->env);
	uint64_t lowest;
	int rc;

	*any = false;
	*held = 0;
	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, "LOCK", "test");
	lowest = conflict_locked(sim, (struct sim_lock *)base, first,
	    first + count, true);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK && lowest < first + count) {
		*any = true;
		*held = lowest;
	}
	return rc;
}

void
sim_lock_ops(struct env_ops *ops)
{
	ops->lock_open = sim_lock_open;
	ops->lock_close = sim_lock_close;
	ops->lock_hold = sim_lock_hold;
	ops->lock_test = sim_lock_test;
}
