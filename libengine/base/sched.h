/*
 * sched.h - a seeded scheduler for tests: one seed, one interleaving.
 *
 * Logical threads are coroutines of one system thread. They change places
 * only at the points of sync.h, chosen by a generator, so a run repeats bit
 * for bit. Built only where LSM_SCHED is defined.
 */
#ifndef BASE_SCHED_H
#define BASE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

enum { SCHED_THREADS_MAX = 16 };

struct sched_thread {
	void (*run)(void *);
	void *arg;
};

enum sched_end {
	SCHED_DONE,	/* all threads returned */
	SCHED_STUCK,	/* every one was blocked for a long time: a deadlock */
	SCHED_STOPPED	/* sched_stop: the rest of the threads never ran on */
};

/*
 * Run the threads to their end. At each point the running one gives way with
 * a chance of 1 in `one_in`. The stacks of threads that did not return are
 * dropped, as a killed process drops them.
 */
enum sched_end sched_run(uint64_t seed, uint32_t one_in,
    const struct sched_thread *, int count);

bool sched_active(void);	/* called by a logical thread? */
uintptr_t sched_self(void);
void sched_point(void);		/* perhaps somebody else now */
void sched_block(void);		/* I cannot go on: somebody else now */
void sched_stop(void);		/* end the run here and now (a kill) */
uint64_t sched_points(void);	/* points passed in this run */

#endif
