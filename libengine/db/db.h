/*
 * db.h - an open database.
 *
 * A view is what a reader needs: the memtables and a version. It never
 * changes and is replaced whole. Together with a sequence it is a snapshot.
 *
 * Lock order, outer first:
 *   write_mu  the one who appends to the log and the active memtable
 *   work_mu   the one who looks for a place to work at, until it is taken
 *   edit_mu   the one who appends to the manifest and gives out numbers
 *   mu        the view, the work waiting, who waits for whom; never held
 *             while a file is touched
 * Nobody who holds work_mu takes write_mu. Steps of background work are run
 * without a lock, each job's by the one thread that has taken it: job.h.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/tally.h"
#include "compact/compact.h"
#include "compact/parts.h"
#include "compact/pick.h"
#include "db/event.h"
#include "db/job.h"
#include "db/latency.h"
#include "db/options.h"
#include "db/pace.h"
#include "db/pin.h"
#include "env/env.h"
#include "env/files.h"
#include "log/fence.h"
#include "log/log.h"
#include "log/record.h"
#include "log/replay.h"
#include "mem/memtable.h"
#include "version/manifest.h"

enum {
	/* Unflushed memtables beside the active one: so many of full size, or
	 * more of the small first ones. */
	FROZEN_FULL = 1,
	FROZEN_MAX = 6,
	LOG_AHEAD_PARTS = 4,	/* one of a memtable is used: a log is made;
				 * the worker may be busy for long */
	NUMBERS_RESERVED = 64,	/* file numbers that one edit reserves */
	DRAIN_LOOK_US = 250000,
	GRAVES_LOOK_US = 1000000	/* does anybody pin them still? */
};
#define MEMTABLE_START ((size_t)1 << 20)	/* the first */
#define CLOSE_FLUSH ((size_t)1 << 20)	/* memory: more is flushed at close */

/* A memtable, and the log that holds its oldest entry. */
struct generation {
	struct memtable *mem;
	uint64_t log;
	uint64_t last;		/* highest sequence; 0: still active */
};

struct view {
	_Atomic uint32_t refs;
	struct version *version;
	struct pin *pin;		/* of a reader, or NULL */
	size_t count;			/* of generations; the last is active */
	size_t room;
	struct generation generations[];	/* oldest first */
};

/* Counted by many threads for each operation. */
enum { TALLY_GETS, TALLY_FOUND, TALLY_MEMORY, TALLY_ASKED, TALLY_ITERS,
	TALLY_SEEKS, TALLY_STEPS, TALLY_WRITES };

/* Why a writer waits for background work. */
enum stall { STALL_NONE, STALL_MEMTABLES, STALL_LEVEL0, STALL_TIERS, STALLS };

struct counters {
	/* Of whoever holds write_mu. */
	_Atomic uint64_t puts, deletes, range_deletes, batches, batch_ops;
	_Atomic uint64_t bytes_user;
	/* Of anybody. */
	_Atomic uint64_t unmet;
	_Atomic uint64_t flushes, flush_bytes, merges, merge_read, merge_bytes;
	_Atomic uint64_t moves, drops, merges_partial, merges_failed;
	_Atomic uint64_t merge_largest;
	_Atomic uint64_t merges_at_once;	/* most; mu sets it */
	_Atomic uint64_t ingests, ingest_bytes, ingest_tables, ingest_deep;
	_Atomic uint64_t shadowed, deletes_dropped, covered, ranges_dropped;
	_Atomic uint64_t bytes_given_up;	/* of jobs that failed */
	_Atomic uint64_t manifest_bytes;
	_Atomic uint64_t logs_reused;
	_Atomic uint64_t stalls[STALLS], stall_us[STALLS];
	_Atomic uint64_t level_read[LEVELS_MAX], level_written[LEVELS_MAX];
	_Atomic uint64_t level_moved[LEVELS_MAX];
};

/* A dead file that somebody may still read. */
struct grave {
	enum file_kind kind;
	uint64_t number;
	uint64_t died;		/* at this edit */
	uint64_t since;		/* now_us() */
	bool again;		/* a log that may be used again */
};

struct graves {
	struct mutex mu;
	struct grave *list;
	size_t count, room;
	uint64_t ended;		/* pins below this edit were ended */
	uint64_t held;		/* with holds: versions from this edit on */
	size_t holds;		/* stay, for this process itself */
};

struct recovery {
	uint64_t records, bytes;
	uint64_t interrupted_log, interrupted_at, set_aside;
	/* Readings that failed while their pin held: on a sound disk there is
	 * none, for what is pinned stays. */
	uint64_t pins_failed;
};

/* See drain.c. */
struct drain {
	unsigned looks;		/* without a write between them, */
	uint64_t sequence;	/* of the last one */
	uint64_t edit;		/* of the tree at the last one, */
	uint64_t asked;		/* and what reads had asked when it was new */
};

struct lsm_db {
	/* Set at open. */
	lsm_env *env;
	struct env_dir *dir;
	struct env_lock *lock;
	char *path;
	lsm_options opt;
	struct stored stored;
	struct shape_options shape;
	uint8_t id[ID_SIZE];
	uint32_t process;		/* process_generation at open */
	bool read_only;
	struct recovery recovery;
	struct cache *cache;
	struct inflaters *inflaters;
	struct table_cache *tables;
	struct table_stats table_stats;
	struct tally *tally;
	struct latencies *latencies;
	struct events events;
	struct arena_pool *arenas;
	struct graves graves;		/* the writer's; a lock of its own */
	struct pins pins;		/* a reader's; likewise */

	/* Guarded by write_mu. */
	struct mutex write_mu;
	struct log *log;
	struct memtable *active;	/* the view holds it; NULL: unread */
	uint64_t sequence;		/* last one given, or read */
	size_t ahead_at;		/* bytes in it: a log is wanted */
	uint64_t space_asked;		/* last position for space_wanted */
	struct env_words seen;		/* a reader's: what it read by, */
	struct log_end read_to;		/* and where; number 0: read anew */
	uint8_t read_branch[ID_SIZE];	/* of that log; behind which is this, */
	uint8_t read_ahead[RECORD_HEADER];	/* no record: still.c */

	/* Guarded by work_mu; the list is changed with mu held as well, so one
	 * of the two is enough to look at it. */
	struct mutex work_mu;
	uint64_t *damaged;		/* tables that no merge takes */
	size_t damaged_count, damaged_room;
	uint64_t covers_seen;		/* see pick_covered */
	struct job *jobs;

	/* Of who said `flushing`. */
	struct parts parts;		/* that flushes are cut into */
	struct job flush;

	/* Guarded by edit_mu. */
	struct mutex edit_mu;
	struct state state;
	struct manifest *manifest;
	uint64_t next_number;
	uint64_t next_run;

	/* Guarded by mu. */
	struct mutex mu;
	struct cond changed;		/* the view, or work_error */
	struct view *view;
	bool flushing;			/* somebody runs a step of the flush, */
	bool picking;			/* begins a merge, */
	bool resting;			/* or waits for time to pass */
	size_t awaiting;		/* threads: for steps of others */
	size_t holding;			/* who lets no merge begin but theirs */
	int work_error;			/* of the last flush, until one works */
	char work_story[STATUS_STORY_MAX];
	bool merge_failed;		/* wait for a flush, or some time */
	bool merge_retry;		/* the time helps too */
	uint64_t picked_edit;		/* its version needs no merge, */
	uint64_t drained_edit;		/* nor when nobody writes */
	unsigned stuck;			/* bits of tiers that no merge helps,
					 * until work there, or below, ends */
	struct drain drain;
	bool stopping;

	/* Set at open and at close. */
	bool working;			/* there are workers */
	int workers;
	struct thread worker[WORKERS_MAX];

	/* Atomic. `visible` is released after all of a commit is in the
	 * memtable, so who acquires it sees the commit. */
	_Atomic uint64_t visible;
	_Atomic uint64_t head;		/* edit that readers were told of */
	_Atomic uint64_t durable;	/* sequence known to be on the disk */
	_Atomic uint64_t open_handles;	/* iterators and snapshots */
	_Atomic size_t memtable_size;	/* of the next one; write_mu sets it */
	_Atomic bool unread;		/* the view has no memory: unread.c */
	_Atomic bool scrubbing;		/* dead logs are not used again */
	_Atomic bool log_wanted;	/* the worker is to prepare one, */
	_Atomic uint64_t space_wanted;	/* or to give the current one space up
					 * to this position; 0: it is not */
	struct fence fence;		/* see promise 3 in lsm(7) */
	struct counters count;
	struct pace pace;		/* has its own groups */
};

#define COUNT(db, field, n) \
	atomic_fetch_add_explicit(&(db)->count.field, (n), memory_order_relaxed)

/* The same for who is the only one to count. */
#define COUNT_ALONE(db, field, n) \
	store_relaxed(&(db)->count.field, load_relaxed(&(db)->count.field) + \
	    (n))

/* view.c */
int view_alloc(size_t room, struct view **);	/* empty, one reference */
void view_fill(struct view *, struct version *, const struct generation *,
    size_t count);			/* takes references */
void view_push(struct view *, const struct generation *);
void view_unref(struct view *);
/* A reference. The log was read: unread_end. */
struct view *view_now(struct lsm_db *, uint64_t *sequence);
/* Replace db->view; the old one is given back, to be let go without locks. */
struct view *view_swap_locked(struct lsm_db *, struct view *);
struct generation *view_active(struct view *);
/* A failed check of a view whose pin was ended is no damage: LSM_TOO_OLD. */
int view_judge(struct view *, int rc);
int view_too_old(const struct view *);		/* that code, with its story */

/* read.c: LSM_NOTFOUND; counted as a get. `value` may be NULL. */
int view_get(struct lsm_db *, struct view *, uint64_t sequence,
    struct bytes key, struct buffer *value);
/* The first half of it: false when memory does not know. */
bool view_get_memory(struct lsm_db *, const struct view *, uint64_t sequence,
    struct bytes key, uint64_t hash, struct buffer *value, int *code);

/* condition.c: LSM_OK when all of them hold, LSM_UNMET, or why they cannot be
 * asked. First without locks: *asked is the sequence that it was so at. Then
 * under write_mu, to ask again if that is no longer the last one. */
int conditions_ask(struct lsm_db *, const struct lsm_batch *, uint64_t *asked);
int conditions_still_locked(struct lsm_db *, const struct lsm_batch *,
    uint64_t asked);
#ifdef LSM_SCHED
extern bool condition_bug;	/* asked once only: the tests must notice */
#endif

/* db.c */
int db_usable(const struct lsm_db *);	/* LSM_FORKED */
int db_readable(struct lsm_db *);	/* and the log was read, now at last */
int db_writable(struct lsm_db *);	/* and LSM_READ_ONLY, the fence */
int db_fence(struct lsm_db *, int code);	/* with the story of now */
void durable_raise(struct lsm_db *, uint64_t sequence);
void db_free(struct lsm_db *);

/* grave.c. What may be touched: not logs, as locks are held; all, logs to be
 * used again; all, for the last time. */
enum sweep { SWEEP_QUICK, SWEEP_WORK, SWEEP_LAST };
void graves_release(struct graves *);
void grave_add(struct lsm_db *, enum file_kind, uint64_t number,
    uint64_t died);
/* `again`: nothing of it waits for the disk. Else unlinking spares the writes
 * that a sync of the file in its next life would have to wait for. */
void grave_add_log(struct lsm_db *, uint64_t number, uint64_t died,
    bool again);
void graves_sweep(struct lsm_db *, enum sweep);
bool graves_any(struct lsm_db *);
/* A pin of the writer's own: what the version of now, and all later ones,
 * name stays. Returns its edit. */
uint64_t graves_hold(struct lsm_db *);
void graves_let_go(struct lsm_db *);
void table_gone(void *db, struct version_table *);

/* edit.c: all take edit_mu. */
int db_number(void *db, uint64_t *);	/* a fresh file number */
int db_edit(struct lsm_db *, struct edit *);	/* append, install, show */
int db_renew_manifest(struct lsm_db *);	/* without what it had before */
/* At close: one without many edits, for whoever opens next. That it cannot be
 * made is no failure, unless that fences. */
void db_shorten_manifest(struct lsm_db *);
/* Of a dead log, or, when that is 0, of a new file. LSM_BUSY: one is ready, and
 * the dead log was not used. */
int db_prepare_log(struct lsm_db *, uint64_t recycle);
void db_announce(struct lsm_db *);	/* the first head, at open */
int db_own(struct lsm_db *);		/* LOCK is still ours; or fences */
/* No other directory shares the file: else it is not appended to. */
bool db_one_name(struct lsm_db *, enum file_kind, uint64_t number);

/* freeze.c */
int db_make_room(struct lsm_db *, size_t ops, size_t data); /* write_mu held */
int db_freeze(struct lsm_db *, size_t ops, size_t data);    /* write_mu held */
int work_error_locked(struct lsm_db *);	/* why nothing is flushed */

/* work.c. A step of whatever is next; when others are at all that there is,
 * wait until one of them has done a step. */
int work_step(struct lsm_db *, bool *more);
/* Begin a merge of level 0, if it has several runs and no other is begun. */
int work_drain(struct lsm_db *, bool *any);
int work_merge(struct lsm_db *, struct job *, bool *ended); /* as merge_step */
/* A step of the flush, or space for the log, or the next one, when that is
 * asked for: *any. */
int work_urgent(struct lsm_db *, bool *any);
/* A flush's logs go after its table was shown: until that has happened. */
void work_flushed(struct lsm_db *);
void work_wake(struct lsm_db *);
void work_watch(struct lsm_db *);	/* there are graves to look after */
int work_start(struct lsm_db *);
void work_stop(struct lsm_db *);
void work_main(void *db);		/* what a worker does until then */

/* drain.c: a look after DRAIN_LOOK_US of rest; quiet: without a write. Is it
 * time to merge what level 0 has? */
bool drain_due_locked(struct lsm_db *, bool quiet);

/* stall.c */
enum stall stall_due(struct lsm_db *);		/* is a writer to wait? */
enum stall stall_due_locked(struct lsm_db *);
const char *stall_word(enum stall);
void stall_begin(struct lsm_db *, enum stall);
void stall_end(struct lsm_db *, enum stall, uint64_t us);

/* manual.c: what is in memory becomes tables; write_mu held */
int db_flush_locked(struct lsm_db *);

#ifdef LSM_SCHED
extern enum flush_bug {			/* the tests must notice */
	FLUSH_BUG_NONE,
	FLUSH_BUG_START_UNSYNCED,	/* the edit names a log not begun */
	FLUSH_BUG_FORGET_EARLY		/* watermarks pass logs still needed */
} flush_bug;
#endif
/* hides.c: note it in the edit that adds the tables of the memtable. */
void hides_estimate(struct lsm_db *, const struct memtable *, struct edit *);

/* flush.c: by who said `flushing`. The last step leaves no flush.compact. */
int flush_step(struct lsm_db *, const struct generation *,
    uint64_t next_log);

/* merge.c. To begin one, by who said `picking`, which ends with it: *any is
 * whether there was something to do. `own` NULL: for anybody to carry out;
 * else it is the caller's alone, or NULL where all was done at once. */
typedef int merge_pick(void *, const struct version *,
    const struct pick_options *, bool *any, struct plan *);
int merge_begin(struct lsm_db *, merge_pick *, void *arg, bool *any,
    struct job **own);
/* What the shape of the tree asks for, and with `idle` what level 0 has. */
int merge_begin_due(struct lsm_db *, bool idle, bool *any);
/* By who has taken it. After the last one it is gone. */
int merge_step(struct lsm_db *, struct job *, bool *ended);
void merge_give_up(struct lsm_db *, struct job *, int code);
bool merge_due_locked(struct lsm_db *);
bool merge_may_begin_locked(struct lsm_db *);
bool merge_behind_locked(struct lsm_db *);	/* writers are to wait */

/* drop.c: the tables of a plan are not needed any more */
int plan_drop(struct lsm_db *, const struct plan *);

/* recover.c; fills state, view, log, sequence. CURRENT was read, perhaps
 * before the writer's lock was had. */
int db_recover(struct lsm_db *, const struct current *);
/* unread.c: open without reading the log; LSM_NOTFOUND: it must be read. Who
 * needs the view, a number or the manifest says unread_end first. */
int unread_open(struct lsm_db *, const struct current *);
int unread_end(struct lsm_db *);
int unread_end_locked(struct lsm_db *);			/* write_mu held */
bool unread_room(struct lsm_db *, size_t data);		/* likewise */
bool unread_short(struct lsm_db *);	/* the next open reads little */
/* reader.c: a read-only handle; CURRENT was just read */
int reader_open(struct lsm_db *, const struct current *);
/* place.c: what an open has made, */
struct made {
	bool directory, database;
};
/* the directory and, of a writer, the lock and the database where there is
 * none; *current is as it was before the lock was had. */
int place_read(struct lsm_db *, struct made *, struct current *);
int place_write(struct lsm_db *, struct made *, struct current *);
/* The open failed: nothing of what it made stays, as far as the disk lets. */
void place_undo(struct lsm_db *, const struct made *);
/* create.c */
int db_create(struct lsm_db *);
/* The writer's lock is held, and the database was made by this open. */
void db_create_undo(struct lsm_db *);
int db_absent(struct env_dir *, const char *path, struct current *,
    bool *vacant);
/* clean.c: orphans, once the manifest was read to a proven end */
int db_clean(struct lsm_db *, const struct log_replay_out *);

#endif
