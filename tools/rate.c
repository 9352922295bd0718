/*
 * rate.c - a job that takes no more than so many bytes a second.
 */
#include "rate.h"

#include "out.h"
#include "progress.h"
#include "signals.h"

/* Shorter sleeps cost more than they pace. */
enum { SLEEP_US_MIN = 5000 };

void
rate_start(struct rate *r, uint64_t bytes_per_s)
{
	*r = (struct rate){ .bytes_per_s = bytes_per_s,
		.start_us = clock_us() };
}

void
rate_add(struct rate *r, uint64_t bytes)
{
	uint64_t due_us, now_us;

	if (r->bytes_per_s == 0)
		return;
	r->bytes += bytes;
	due_us = r->start_us +
	    (uint64_t)((double)r->bytes * 1e6 / (double)r->bytes_per_s);
	while ((now_us = clock_us()) + SLEEP_US_MIN < due_us &&
	    signals_pending() == 0) {
		out_flush();
		signals_sleep(due_us - now_us);
	}
}
