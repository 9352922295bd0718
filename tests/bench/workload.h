/*
 * workload.h - the phases of the benchmark, by name.
 */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "bench/data.h"
#include "bench/disk.h"
#include "bench/meter.h"

struct bench {
	const struct engine *engine;
	const char *label;	/* the engine's name, with its variant */
	struct place place;
	struct data data;
	void *db;
	uint64_t reads, syncs, seed;
	uint64_t live;		/* keys in the database */
	uint64_t deleted;	/* of the permuted order, the first so many */
	unsigned idle_ms;	/* quiet for so long: no work left behind */
	unsigned round;

	/* Of the phase that runs. */
	struct waits latency;
	struct meter meter;
	struct disk_watch disk;
	uint64_t user_bytes;	/* keys and values handed to the engine */
	double others;		/* processors that other programs used */
};

struct workload {
	const char *name;
	int (*run)(struct bench *);	/* not 0: it failed, and said so */
	bool fresh;			/* begins with an empty database */
	unsigned keys;			/* of one timed operation */
};

/* In their order; NULL at the end. */
const struct workload *workload_at(unsigned i);

/* One row of results, of operations of so many keys each. */
void row_print(struct bench *, const char *name, unsigned keys, double seconds,
    double drain);

#endif
