/*
 * sync.h - threads, locks, waits and the atomic words they share.
 *
 * All of the engine goes through here, so that a build with LSM_SCHED can put
 * a seeded scheduler under it (sched.h): there each of these calls is a point
 * where another thread may go on, and one seed is one run. In every other
 * build they are the plain thing.
 */
#ifndef BASE_SYNC_H
#define BASE_SYNC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef LSM_SCHED
#include "base/sched.h"
#define sync_point() sched_point()
#else
#define sync_point() ((void)0)
#endif

/* Words that threads or processes share. */
#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define store_relaxed(p, v) \
	atomic_store_explicit((p), (v), memory_order_relaxed)
#define load_acquire(p) \
	(sync_point(), atomic_load_explicit((p), memory_order_acquire))
#define store_release(p, v) \
	do { \
		sync_point(); \
		atomic_store_explicit((p), (v), memory_order_release); \
		sync_point(); \
	} while (0)

struct mutex {
	pthread_mutex_t m;
	_Atomic uintptr_t owner;	/* thread that holds it; 0 = none */
};

void mutex_init(struct mutex *);
void mutex_release(struct mutex *);
void mutex_lock(struct mutex *);
bool mutex_trylock(struct mutex *);
void mutex_unlock(struct mutex *);
void mutex_assert_held(struct mutex *);

struct cond {
	pthread_cond_t c;
	_Atomic uint32_t turns;		/* under the scheduler: signals */
};

void cond_init(struct cond *);
void cond_release(struct cond *);
void cond_wait(struct cond *, struct mutex *);
/* False when `us` microseconds passed first. */
bool cond_wait_for(struct cond *, struct mutex *, uint64_t us);
void cond_broadcast(struct cond *);

/* Sleep while *word is `expected` (it may wake early); wake all sleepers. */
void word_wait(_Atomic uint32_t *word, uint32_t expected);
void word_wake(_Atomic uint32_t *word);

/* Let other threads run. */
void thread_yield(void);

struct thread {
	pthread_t id;
};

/* Start a thread with all signals blocked. LSM_SYSTEM when there is none. */
int thread_start(struct thread *, void (*run)(void *), void *arg);
void thread_join(struct thread *);

/* Changes in the child of a fork(2): a handle compares it to know whether it
 * still lives in the process that opened it. Costs no system call. */
uint32_t process_generation(void);
/* Is it still the same? For who was given one: a load and a comparison. */
extern _Atomic uint32_t process_forks;
#define process_is(generation) (load_relaxed(&process_forks) == (generation))

/*
 * What the child of a fork(2) inherits and must not keep. give_up is called in
 * the child, before anything else of it runs; it may do only what a signal
 * handler may, and is called again in a child of the child. Any thread may add
 * and remove.
 */
struct inherited {
	struct inherited *next;
	void (*give_up)(struct inherited *);
};
void inherited_add(struct inherited *);
void inherited_remove(struct inherited *);	/* if it was added */

#endif
