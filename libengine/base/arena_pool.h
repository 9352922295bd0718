/*
 * arena_pool.h - keeps the largest arenas given back, for the next users.
 *
 * Memory that was never touched is dear: the system's page faults cost as
 * much as filling it. A pool keeps one arena, the largest it was given. It may
 * be used by any thread; it is counted, as arenas may outlive their maker's
 * interest in the pool.
 */
#ifndef BASE_ARENA_POOL_H
#define BASE_ARENA_POOL_H

#include "base/arena.h"

struct arena_pool;

/* The caller holds one reference. LSM_NO_MEMORY. */
int arena_pool_new(struct arena_pool **);
void arena_pool_ref(struct arena_pool *);
void arena_pool_unref(struct arena_pool *);	/* takes NULL */

/* An empty arena of at least `size` bytes. LSM_NO_MEMORY. */
int arena_pool_take(struct arena_pool *, size_t size, struct arena *);

/* Give an arena back; the pool or the system has it then. */
void arena_pool_give(struct arena_pool *, struct arena *);

#endif
