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
	/* Atomic. Told by who works, in picoseconds, for who writes. */
	_Atomic uint64_t flush_ps;	/* for a byte of a memtable flushed */
	_Atomic uint64_t merge_ps;	/* that a byte waits for the merge */
	_Atomic uint64_t flush_since;	/* one is under way since then; or 0 */
	_Atomic uint64_t waited_us;	/* pauses of all writers */
	_Atomic uint64_t stalled_us;	/* at a hard limit */
	_Atomic uint64_t until_us;	/* where the line of pauses ends, */
	_Atomic uint64_t lined_us;	/* and how long all of it was */
	_Atomic int64_t over_ns;	/* the last pause was so much longer */

	/* Guarded by write_mu. */
	uint64_t ns_per_kib;		/* what a byte has to wait now, */
	size_t fresh;			/* for so many more before a new look */
	int64_t debt_ns;			/* below 0: paid ahead */
	double own_ns;			/* that writers need for a byte */
	uint64_t since_us, since_bytes, since_waited;

	/* Of who flushes. */
	uint64_t flushing;		/* bytes of a memtable */
	uint64_t flush_us;		/* that it took so far */

	/* Guarded by mu: moving averages. */
	double flush_ns;		/* as flush_ps, of whole ones */
	double merge_ns;		/* for a byte read by a merge */
	double widening;		/* bytes merged for a byte of level 0 */
};

#ifdef LSM_SCHED
extern enum pace_bug {			/* the tests must notice */
	PACE_BUG_NONE,
	PACE_BUG_FLUSHES_UNSEEN,
	PACE_BUG_MERGES_UNSEEN,
	PACE_BUG_NEVER_ANEW		/* what was found once holds */
} pace_bug;
#endif

void pace_init(struct pace *);

struct pace_bill {
	uint64_t us;		/* to pause; 0: nothing is due */
	uint64_t until_us;	/* its end in the line */
};

/* write_mu held: so many bytes were written. Then, without any lock: wait for
 * what is due. */
struct pace_bill pace_owe(struct lsm_db *, size_t bytes);
void pace_pay(struct lsm_db *, struct pace_bill);
/* A writer stood still for so long. */
void pace_stalled(struct lsm_db *, uint64_t us);

/* Who flushes: a memtable of so many bytes; a step of it took so long, and
 * now such a part of it is done. */
void pace_flush_begin(struct lsm_db *, uint64_t bytes);
void pace_flushed(struct lsm_db *, uint64_t us, double part, bool ended);

/* mu held. A merge begins; a step of one took so long, for so many bytes; what
 * is left of the merges has changed. */
void pace_merge_begin_locked(struct lsm_db *, uint64_t bytes,
    uint64_t taken);
void pace_merged_locked(struct lsm_db *, uint64_t us, uint64_t bytes);
void pace_look_locked(struct lsm_db *);

#endif
