/*
 * meter.c - what a phase took: time, processor, bytes written, memory.
 *
 * Bytes and memory as the kernel counts them for this process, so that no
 * engine's own statistics are believed.
 */
#define _GNU_SOURCE
#include "bench/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
	POLL_MS = 50,
	QUIET_PER_CENT = 4,	/* of a processor: timers, not work */
	QUIET_MS_MAX = 120000
};

uint64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static unsigned
tick_of(uint64_t ns)
{
	unsigned top;

	if (ns < 1u << TICK_BITS)
		return (unsigned)ns;
	top = 63 - (unsigned)__builtin_clzll(ns) - TICK_BITS;
	return ((top + 1) << TICK_BITS) |
	    ((unsigned)(ns >> top) & ((1u << TICK_BITS) - 1));
}

/* The middle of a bucket. */
static double
tick_ns(unsigned tick)
{
	unsigned top = tick >> TICK_BITS, low = tick & ((1u << TICK_BITS) - 1);

	if (top == 0)
		return low;
	return ((double)(low + (1u << TICK_BITS)) + 0.5) *
	    (double)(UINT64_C(1) << (top - 1));
}

void
waits_begin(struct waits *l)
{
	memset(l, 0, sizeof *l);
	l->last_ns = clock_ns();
}

void
waits_mark(struct waits *l)
{
	uint64_t now = clock_ns(), took = now - l->last_ns;

	l->last_ns = now;
	l->counts[tick_of(took)]++;
	l->count++;
	if (took > l->max_ns)
		l->max_ns = took;
}

void
waits_add(struct waits *l, const struct waits *more)
{
	for (unsigned i = 0; i < TICKS; i++)
		l->counts[i] += more->counts[i];
	l->count += more->count;
	if (more->max_ns > l->max_ns)
		l->max_ns = more->max_ns;
}

double
waits_us(const struct waits *l, double part)
{
	uint64_t wanted = (uint64_t)(part * (double)l->count), seen = 0;

	for (unsigned i = 0; i < TICKS; i++)
		if ((seen += l->counts[i]) > wanted)
			return tick_ns(i) / 1000;
	return (double)l->max_ns / 1000;
}

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* "name: number" in a file of /proc; 0 where the kernel does not tell. */
static uint64_t
told(const char *file, const char *name)
{
	FILE *f = fopen(file, "r");
	char line[128];
	uint64_t value = 0;
	size_t n = strlen(name);

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			value = strtoull(line + n + 1, NULL, 10);
	fclose(f);
	return value;
}

/* The kernel counts a page when it becomes dirty, and again, apart, when it
 * goes away before it was written. */
static uint64_t
write_bytes(void)
{
	return told("/proc/self/io", "write_bytes") -
	    told("/proc/self/io", "cancelled_write_bytes");
}

/* What all processors were busy, in units of a tick. */
static uint64_t
machine_ns(void)
{
	FILE *f = fopen("/proc/stat", "r");
	unsigned long long user, nice, system, idle, wait, irq, soft, steal;
	int n = 0;

	if (f == NULL)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user,
	    &nice, &system, &idle, &wait, &irq, &soft, &steal);
	fclose(f);
	return n == 8 ? (user + nice + system + irq + soft + steal) *
	    (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK)) : 0;
}

void
meter_begin(struct meter *m)
{
	FILE *f = fopen("/proc/self/clear_refs", "w");

	if (f != NULL) {
		fputs("5", f);
		fclose(f);
	}
	m->write_bytes = write_bytes();
	m->machine_ns = machine_ns();
	m->cpu_ns = cpu_ns();
	m->begin_ns = clock_ns();
}

uint64_t
meter_cpu_ns(const struct meter *m)
{
	return cpu_ns() - m->cpu_ns;
}

double
meter_others(const struct meter *m)
{
	double all = (double)(machine_ns() - m->machine_ns);
	double ours = (double)meter_cpu_ns(m);

	return all > ours ? (all - ours) / (double)(clock_ns() - m->begin_ns) :
	    0;
}

uint64_t
meter_write_bytes(const struct meter *m)
{
	return write_bytes() - m->write_bytes;
}

double
meter_quiet(unsigned idle_ms)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	uint64_t begin = clock_ns(), busy = begin, now = begin;
	uint64_t before = cpu_ns(), cpu;

	while (now - busy < idle_ms * UINT64_C(1000000) &&
	    now - begin < QUIET_MS_MAX * UINT64_C(1000000)) {
		uint64_t last = now;

		nanosleep(&pause, NULL);
		now = clock_ns();
		cpu = cpu_ns();
		if ((cpu - before) * 100 > (now - last) * QUIET_PER_CENT)
			busy = now;
		before = cpu;
	}
	return (double)(busy - begin) / 1e9;
}

uint64_t
memory_peak(void)
{
	return told("/proc/self/status", "VmHWM") * 1024;
}

uint64_t
memory_anonymous(void)
{
	return told("/proc/self/status", "RssAnon") * 1024;
}
