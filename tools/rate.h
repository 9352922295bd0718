/*
 * rate.h - a job that takes no more than so many bytes a second.
 */
#ifndef RATE_H
#define RATE_H

#include <stdint.h>

struct rate {
	uint64_t bytes_per_s;	/* 0: as fast as can be */
	uint64_t start_us, bytes;
};

void rate_start(struct rate *, uint64_t bytes_per_s);

/* So many more bytes were read or written: sleeps when that was too fast, and
 * what waits for stdout is printed before. A signal ends the sleep. */
void rate_add(struct rate *, uint64_t bytes);

#endif
