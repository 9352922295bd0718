/*
 * group_commit.h - one sync for all who wait.
 *
 * Whoever finds nobody leading leads: it syncs everything committed so far,
 * its own and others'. The rest sleep on a word that moves when a leader ends.
 * Any number of threads at once.
 */
#ifndef LOG_GROUP_COMMIT_H
#define LOG_GROUP_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"
#include "env/env.h"
#include "log/fence.h"

struct group_commit {
	/* Set when made. */
	struct env_log *env_log;
	struct fence *fence;
	/* The leader's. */
	struct mutex leader;
	bool company;			/* others waited for its last sync */
	/* Atomic. */
	_Atomic uint64_t durable;	/* position; it only grows */
	_Atomic uint32_t turn;		/* leaders that have ended */
	_Atomic uint32_t followers;	/* went to sleep since the last sync */
	_Atomic uint64_t syncs;		/* counted */
};

void group_commit_init(struct group_commit *, struct env_log *,
    struct fence *);
void group_commit_release(struct group_commit *);

/* Return when everything below `position`, which was committed before, is
 * durable. After a failure only what is durable already succeeds. */
int group_commit_wait(struct group_commit *, uint64_t position);

/* All below is durable, for another reason than a sync. */
void group_commit_raise(struct group_commit *, uint64_t durable);

#endif
