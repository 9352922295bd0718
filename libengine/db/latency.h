/*
 * latency.h - how long operations take, by histogram.
 *
 * Short ones are measured once in LATENCY_EVERY, because to read the clock
 * twice costs a tenth of a get; what costs far more than that is measured
 * each time. Not the very first: it opens what the others find open, and who
 * does no more than one never looks. A histogram is made with the first that
 * it counts; without memory that one is not counted.
 * Threads: any.
 */
#ifndef DB_LATENCY_H
#define DB_LATENCY_H

#include "base/histogram.h"
#include "env/env.h"

enum latency {
	LATENCY_GET, LATENCY_PUT, LATENCY_COMMIT, LATENCY_SEEK,
	LATENCY_SYNC, LATENCY_FLUSH_STEP, LATENCY_MERGE_STEP, LATENCIES
};

enum { LATENCY_EVERY = 64, LATENCY_FIRST = 1 };

struct latencies {
	lsm_env *env;
	/* Nanoseconds; NULL before the first. Released whole, once. */
	struct histogram *_Atomic of[LATENCIES];
};

int latencies_new(lsm_env *, struct latencies **);
void latencies_free(struct latencies *);
const char *latency_word(enum latency);

void latency_add(struct latencies *, enum latency, uint64_t ns);
const struct histogram *latency_of(const struct latencies *, enum latency);

/* Never 0. */
uint64_t latency_now_ns(const struct latencies *);

/* When it begins, or 0: this one is not measured. `nth` is that of a thread's
 * tally, so that the second is. */
static inline uint64_t
latency_begin(const struct latencies *l, uint64_t nth)
{
	return nth % LATENCY_EVERY == LATENCY_FIRST ? latency_now_ns(l) : 0;
}

static inline void
latency_end(struct latencies *l, enum latency what, uint64_t begin_ns)
{
	if (begin_ns != 0)
		latency_add(l, what, latency_now_ns(l) - begin_ns);
}

#endif
