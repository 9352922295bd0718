/*
 * session.h - a database and its oracle, driven by operations of op.h.
 *
 * Each operation is done to both and every answer is compared. A session
 * remembers what was acknowledged, so that after a crash or a fault it is
 * known which prefixes of the commits the database may hold.
 *
 * Readers beside it keep what they have seen, unless it is too old.
 *
 * With `faults` calls may fail, but never lie: what succeeds must be right.
 * A write that fails harmlessly is absent; one that fails otherwise may be
 * there or not, as the next open or the next write that works decides; and
 * after LSM_IO no write may work.
 *
 * All checks say true, or false with words in wrong.h.
 */
#ifndef SUPPORT_SESSION_H
#define SUPPORT_SESSION_H

#include "env/env.h"
#include "support/keys.h"
#include "support/need.h"
#include "support/op.h"
#include "support/oracle.h"

enum { SLOTS = 4, SESSION_STEPS = 40 };

/* An iterator and where the oracle says that it stands. */
struct cursor {
	lsm_iter *it;
	size_t n;			/* commits it sees */
	struct kept from, to, key;
	bool has_from, has_to, valid;
	bool ended;			/* too old, as it said */
};

/* A state that a reader looked up, not before then. */
struct seen {
	size_t n;			/* commits */
	uint64_t since_us;
};

/* A handle that only reads, beside the session's, and what it holds. */
struct beside {
	lsm_db *db;
	lsm_snapshot *snapshot;
	struct cursor cursor;
	struct seen now, looked, held;	/* of each of the three */
};

/* What the operations led to: a generator that reaches nothing proves
 * nothing. */
struct reached {
	uint64_t ops[OP_KINDS];
	uint64_t opens, readers, moves, turns, empty_walks;
	uint64_t flushes, merges, shadowed, deletes_dropped;
	uint64_t covered, ranges_dropped, tables_dropped;
	uint64_t ingested_deep, ingested_high;	/* tables; level 0 */
	uint64_t tables_moved, partial;	/* moved as they are; merges of some */
	uint64_t deep, last_level;	/* closed with 3; with the last */
	/* Told by events, to scripts only: flushes below level 0, merges that
	 * put several tables there, edits that moved several. */
	uint64_t flushed_deep, cut_deep, moved_together;
	uint64_t logs_again;		/* used again; counted by crash.c */
	uint64_t gets, gets_found, gets_memory, tables_asked;
	uint64_t filter_useful, inflated, evicted, stalls;
	uint64_t unmet, errors, fences, too_old;
};

struct session {
	const char *path;
	lsm_options options;		/* env among them */
	enum key_set keys;
	uint32_t key_count;
	bool faults;			/* calls may fail */
	bool lossy;			/* only what was synced must stay */

	lsm_db *db;
	struct oracle *oracle;
	size_t acked;			/* commits known to be there */
	size_t acked_sync;		/* and durable */
	int fence;			/* code of it; LSM_OK: none */
	bool doubt;			/* background work failed: a fence? */
	bool unsure;			/* the last commit failed midway */
	bool closed;			/* in order: what is there is known */
	bool gaps;			/* in sequences: commits were lost */

	struct {
		lsm_snapshot *snapshot;
		size_t n;
	} looks[SLOTS];
	struct cursor holds[SLOTS];
	struct beside besides[SLOTS];
	uint64_t since_us;		/* what is read was looked up then, */
					/* by a reader; else 0 */
	struct reached reached;
};

void session_init(struct session *, const char *path, const lsm_options *);
/* Whatever is open is let go without checks. */
void session_release(struct session *);

/* Open and compare all of it; the state found becomes the oracle's. */
bool session_open(struct session *);
bool session_close(struct session *);
bool session_run(struct session *, const struct op *);
bool session_run_all(struct session *, const struct op_list *);

/* session_if.c: the conditions of an OP_IF, drawn from its tag and from what
 * is acknowledged. Do they hold after the first n commits? */
int conditions_fill(struct session *, const struct op *, lsm_batch *);
bool conditions_hold(struct session *, const struct op *, size_t n);

/* session_scan.c: the whole content of `db`, both ways, as a hash. *code is
 * what a failing call said; false is a lie of a call that succeeded. */
bool scan_hash(lsm_db *, const lsm_snapshot *, uint64_t *hash, size_t *count,
    int *code);
/* Compare with the first n commits, or, when that is SIZE_MAX, with every
 * prefix that is allowed now. */
bool session_scan(struct session *, const lsm_snapshot *, size_t n);
bool session_get(struct session *, const lsm_snapshot *, size_t n,
    struct bytes key);
/* session_gets.c: of keys that the tag draws. */
bool session_gets(struct session *, const lsm_snapshot *, size_t n,
    uint64_t tag);
/* The state of now is one of these; one when all is certain. */
void session_range(const struct session *, size_t *low, size_t *high);
/* True: a code that may come when faults are on, or LSM_TOO_OLD where that may
 * come. */
bool session_may_fail(struct session *, const char *call, int rc);

/* session_ingest.c: what an operation ingests, to the engine (not *begun: it
 * did not come to the commit), or to the oracle, where it is a commit. */
int ingest_engine(struct session *, const struct op *, bool *begun);
void ingest_oracle(struct session *, const struct op *);

/* session_walk.c */
bool cursor_new(struct session *, struct cursor *, const lsm_snapshot *,
    size_t n, uint64_t tag);
bool cursor_walk(struct session *, struct cursor *, uint64_t tag);
void cursor_release(struct cursor *);

/* session_beside.c: has what is being read been kept for too long? */
bool session_outlived(const struct session *);
bool session_pass(struct session *, uint32_t us);	/* time */
bool beside_open(struct session *, struct beside *);
bool beside_refresh(struct session *, struct beside *);
/* Read through it, or take a snapshot, or an iterator: as the tag wants. */
bool beside_peek(struct session *, struct beside *, uint64_t tag);
void beside_release(struct beside *);

/* reached.c: what the handle has counted since it was opened. */
void reached_add(struct reached *, lsm_db *);
void reached_sum(struct reached *, const struct reached *);

#endif
