/*
 * meter.h - what a phase took: time, processor, bytes written, memory.
 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>

enum { TICK_BITS = 5, TICKS = 64 << TICK_BITS };

/* Times in nanoseconds, counted in buckets 1/32 apart. One thread's own. */
struct waits {
	uint64_t counts[TICKS];
	uint64_t count, max_ns, last_ns;
};

struct meter {
	uint64_t begin_ns, cpu_ns, write_bytes, machine_ns;
};

uint64_t clock_ns(void);

/* The operations follow each other: each begins when the one before ended. */
void waits_begin(struct waits *);
void waits_mark(struct waits *);
void waits_add(struct waits *, const struct waits *);
double waits_us(const struct waits *, double part);

/* Set the high-water mark of memory back and note where the counters stand. */
void meter_begin(struct meter *);
uint64_t meter_cpu_ns(const struct meter *);
uint64_t meter_write_bytes(const struct meter *);

/* Processors that others used meanwhile: above 0.15 or so they were in the
 * way, and the phase tells about them rather than about the engine. */
double meter_others(const struct meter *);

/* Wait until the process has been idle for `idle_ms`; seconds until then. */
double meter_quiet(unsigned idle_ms);

uint64_t memory_peak(void);
uint64_t memory_anonymous(void);

#endif
