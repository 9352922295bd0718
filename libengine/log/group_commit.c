/*
 * group_commit.c - one sync for all who wait.
 */
#include "log/group_commit.h"

#include <assert.h>

void
group_commit_init(struct group_commit *g, struct env_log *env_log,
    struct fence *fence)
{
	g->env_log = env_log;
	g->fence = fence;
	mutex_init(&g->leader);
	g->company = false;
	g->durable = 0;
	g->turn = 0;
	g->followers = 0;
	g->syncs = 0;
}

void
group_commit_release(struct group_commit *g)
{
	mutex_release(&g->leader);
}

void
group_commit_raise(struct group_commit *g, uint64_t durable)
{
	uint64_t now = load_relaxed(&g->durable);

	while (now < durable &&
	    !atomic_compare_exchange_weak(&g->durable, &now, durable))
		;
}

/*
 * When the last batch had company, the threads it woke are about to append:
 * let them, or they form two gangs that sync in turn. A lone thread never
 * pays for this.
 */
static int
sync_all(struct group_commit *g, uint64_t position)
{
	uint64_t durable = 0;
	int rc;

	if (g->company)
		thread_yield();
	rc = g->env_log->env->ops->log_sync(g->env_log, &durable);
	if (rc != LSM_OK)
		return fence_set(g->fence, rc);
	assert(durable >= position);
	g->company = atomic_exchange(&g->followers, 0) != 0;
	store_relaxed(&g->syncs, load_relaxed(&g->syncs) + 1);
	group_commit_raise(g, durable);
	return LSM_OK;
}

/*
 * Leadership ends before the word moves: a thread that reads the new word
 * then finds either its bytes durable or nobody leading, and so never sleeps
 * without somebody who will wake it.
 */
static int
lead(struct group_commit *g, uint64_t position)
{
	int rc = LSM_OK;

	if (load_acquire(&g->durable) < position &&
	    (rc = fence_check(g->fence)) == LSM_OK)
		rc = sync_all(g, position);
	mutex_unlock(&g->leader);
	atomic_fetch_add(&g->turn, 1);
	word_wake(&g->turn);
	return rc;
}

int
group_commit_wait(struct group_commit *g, uint64_t position)
{
	uint32_t turn;
	int rc;

	for (;;) {
		/* Read before the test, or a wake between the two is lost. */
		turn = load_acquire(&g->turn);
		if (load_acquire(&g->durable) >= position)
			return LSM_OK;
		if ((rc = fence_check(g->fence)) != LSM_OK)
			return rc;
		if (mutex_trylock(&g->leader))
			return lead(g, position);
		atomic_fetch_add(&g->followers, 1);
		word_wait(&g->turn, turn);
	}
}
