/*
 * disk.h - the space that a directory takes while others change it.
 *
 * What an engine keeps goes up with what is written and down with each merge,
 * so the space at one moment says more about the moment than about the engine:
 * the watch looks every 20 ms from its begin to its end.
 */
#ifndef BENCH_DISK_H
#define BENCH_DISK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct disk_watch {
	const char *path;	/* borrowed */
	pthread_t thread;
	atomic_bool ending;
	uint64_t last, peak, sum, count;	/* bytes; looks */
};

/* 0, or -1: there is no thread. One watch at a time. */
int disk_watch_begin(struct disk_watch *, const char *path);
void disk_watch_end(struct disk_watch *);
/* 0 before the first look. */
uint64_t disk_watch_mean(const struct disk_watch *);

#endif
