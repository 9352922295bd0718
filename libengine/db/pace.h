/*
 * pace.h - writers wait a little all the time rather than long at times.
 */
#ifndef DB_PACE_H
#define DB_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/sync.h"

struct lsm_db;

struct pace {
	/* Atomic: what a byte written has to wait for. */
	_Atomic uint64_t ns_per_kib;
	_Atomic uint64_t waited_us;

	/* Guarded by write_mu. */
	uint64_t debt_ns;

	/* Guarded by work_mu: moving averages, and when they were begun. */
	double merge_ns;		/* for a byte read by a merge */
	double flush_ns;		/* for a byte flushed */
	double own_ns;			/* that writers need for a byte */
	double widening;		/* bytes merged for a byte of level 0 */
	uint64_t since_us, since_bytes, since_waited;

	struct cond pause;		/* nobody signals it */
};

void pace_init(struct pace *);
void pace_release(struct pace *);

/* write_mu held: so many bytes were written. */
void pace_wait(struct lsm_db *, size_t bytes);

/* work_mu held: a step took so long, for so many bytes. */
void pace_flushed(struct lsm_db *, uint64_t us, uint64_t bytes);
void pace_merged(struct lsm_db *, uint64_t us, uint64_t bytes);
/* A merge begins; then, after each step: what is left of it. */
void pace_begin(struct lsm_db *, uint64_t bytes, uint64_t first_level_bytes);
void pace_set(struct lsm_db *, uint64_t bytes_left);

#endif
