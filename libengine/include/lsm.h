/*
 * lsm.h - an embedded, ordered key-value store: a log-structured merge-tree.
 *
 * A database is a directory. One handle in one process writes to it; any
 * number of handles, in any processes, read. Keys and values are any bytes,
 * keys are ordered as memcmp(3) orders them, shorter first.
 *
 *   lsm_options o;
 *   lsm_db *db;
 *
 *   lsm_options_init(&o);
 *   o.create = 1;
 *   if (lsm_open("/var/lib/thing", &o, &db) != LSM_OK)
 *           errx(1, "%s", lsm_message());
 *   lsm_put(db, lsm_str("key"), lsm_str("value"), 0);
 *   lsm_close(db);
 *
 * Every call that can fail returns an lsm_code: LSM_OK is 0 and true failures
 * are positive. LSM_NOTFOUND and LSM_UNMET are answers, not failures. After a
 * failure lsm_message() tells its story in one line, for the calling thread,
 * nothing has changed unless the call says otherwise, and every output
 * parameter holds NULL or is empty.
 *
 * Threads: one lsm_db may be used by any number of threads at once. An
 * lsm_iter, an lsm_batch, an lsm_ingest or an lsm_buffer belongs to one thread
 * at a time. An lsm_snapshot may be shared. After fork(2) the child must not
 * use a handle or what was made of it: calls that can fail return LSM_FORKED,
 * and those that free or close do nothing. The locks stay with the parent:
 * they end with its lsm_close() or its death, whatever its children do.
 *
 * Sizes are bytes and times are microseconds unless a name says otherwise.
 */
#ifndef LSM_H
#define LSM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LSM_VERSION_MAJOR 0
#define LSM_VERSION_MINOR 1
#define LSM_VERSION_PATCH 0

/* The library's own version, "MAJOR.MINOR.PATCH", and the format version that
 * it writes (see lsm-format(5)). Static strings. */
const char *lsm_version(void);
const char *lsm_format_version(void);

/* The codecs built in, separated by single spaces, "none" first. Static. */
const char *lsm_codecs(void);

typedef enum lsm_code {
	LSM_OK = 0,
	LSM_NOTFOUND = 1,	/* the key or entry asked for is not there */
	LSM_INVALID = 2,	/* an argument or an option makes no sense */
	LSM_TOO_LARGE = 3,	/* key, value or batch over its limit */
	LSM_NO_DATABASE = 4,	/* no such directory, or not a database */
	LSM_EXISTS = 5,		/* asked for a new database, there is one */
	LSM_CORRUPT = 6,	/* damaged bytes on disk: file, offset told */
	LSM_UNSUPPORTED = 7,	/* needs a newer format or a missing codec */
	LSM_IO = 8,		/* the system failed to read, write or sync */
	LSM_NO_SPACE = 9,	/* the disk, or a quota, is full */
	LSM_NO_MEMORY = 10,
	LSM_LOCKED = 11,	/* another handle writes to this database */
	LSM_READ_ONLY = 12,	/* a write through a handle opened to read */
	LSM_PERMISSION = 13,
	LSM_SYSTEM = 14,	/* the system refused files, threads, ... */
	LSM_TOO_OLD = 15,	/* what a reader saw was let go: max_pin_age */
	LSM_CONFLICT = 16,	/* kept free; not returned by this version */
	LSM_BUSY = 17,		/* iterators, snapshots or ingestions are still
				 * open; or a callback stopped the work */
	LSM_FORKED = 18,	/* the handle belongs to the parent process */
	LSM_BUG = 19,		/* a promise of ours broke: please report */
	LSM_UNMET = 20		/* a condition of the batch does not hold */
} lsm_code;

/* A few words for a code, "no such database". Static, never NULL. */
const char *lsm_strerror(int code);

/* The story of the last failed call of this thread, one line without its
 * newline: "tmp/000012.sst: offset 8192: leaf: checksum". Valid until the
 * thread's next failing call; "" when none has failed. */
const char *lsm_message(void);

#define LSM_KEY_MAX 4096u		/* bytes; the empty key is a key */
#define LSM_VALUE_MAX (1u << 30)	/* bytes; the empty value is a value */
#define LSM_BATCH_MAX (1u << 31)	/* bytes of one batch, as logged */

/* Bytes that belong to somebody else. */
typedef struct lsm_slice {
	const void *data;
	size_t size;
} lsm_slice;

static inline lsm_slice
lsm_bytes(const void *data, size_t size)
{
	lsm_slice s;

	s.data = data;
	s.size = size;
	return s;
}

static inline lsm_slice
lsm_str(const char *text)
{
	return lsm_bytes(text, strlen(text));
}

/* Bytes that belong to the caller, in memory that grows and is used again.
 * Begin with {0}; end with lsm_buffer_free(). */
typedef struct lsm_buffer {
	void *data;
	size_t size;
	size_t capacity;
} lsm_buffer;

void lsm_buffer_free(lsm_buffer *);

typedef struct lsm_db lsm_db;
typedef struct lsm_snapshot lsm_snapshot;
typedef struct lsm_iter lsm_iter;
typedef struct lsm_batch lsm_batch;
typedef struct lsm_ingest lsm_ingest;
typedef struct lsm_env lsm_env;		/* the door to the system, see env.h */

enum { LSM_READS_MAPPED = 0, LSM_READS_STRICT = 1 };
enum { LSM_CODEC_NONE = 0, LSM_CODEC_ZLIB = 1, LSM_CODEC_LZ4 = 2,
	LSM_CODEC_ZSTD = 3, LSM_CODEC_DEFAULT = 255 };
enum { LSM_COMPACTION_LEVELED = 0, LSM_COMPACTION_HYBRID = 1,
	LSM_COMPACTION_TIERED = 2, LSM_COMPACTION_LAZY = 3 };
enum { LSM_LEVELS_DYNAMIC = 0, LSM_LEVELS_FIXED = 1 };

/* What happened in the background, see lsm_options.event. */
enum {
	LSM_EVENT_FLUSH_BEGIN, LSM_EVENT_FLUSH_END, LSM_EVENT_FLUSH_FAILED,
	LSM_EVENT_MERGE_BEGIN, LSM_EVENT_MERGE_END, LSM_EVENT_MERGE_FAILED,
	LSM_EVENT_MOVE,		/* tables went to another level as they are */
	LSM_EVENT_DROP,		/* tables wholly deleted went as a whole */
	LSM_EVENT_STALL_BEGIN, LSM_EVENT_STALL_END,
	LSM_EVENT_MANIFEST,	/* a new one was begun */
	LSM_EVENT_DAMAGE,	/* found by a read or by a merge */
	LSM_EVENT_FENCE		/* no write succeeds any more */
};

typedef struct lsm_event {
	int kind;		/* LSM_EVENT_* */
	const char *name;	/* "flush_end" */
	uint64_t at_us;		/* of a clock that is steady, not of the day */
	uint64_t us;		/* that took; of ends and failures */
	int from, level;	/* taken from, given to; -1: of no level */
	const char *reason;	/* of stalls: "memtables", "level0", "tiers" */
	uint64_t tables_in, tables_out;
	uint64_t bytes_in, bytes_out;		/* of those, on disk */
	uint64_t entries_in, entries_out;
	uint64_t edit;		/* of the manifest, as of then */
	int code;		/* of failures, damage and the fence */
	const char *message;	/* their story; "" otherwise */
} lsm_event;

typedef struct lsm_options {
	size_t struct_size;	/* set by lsm_options_init */

	/* How to open. */
	int create;		/* make the database, missing parents too */
	int exclusive;		/* with create: LSM_EXISTS if there is one */
	int read_only;		/* change, create and lock nothing */
	int no_sync;		/* writes do not wait for the disk by default,
				 * and lsm_close does not */
	uint64_t wait_us;	/* for the writer's lock; 0: do not wait */

	/* Of the handle. */
	size_t memtable_size;	/* 512 bytes to 1 GiB; default 24 MiB */
	size_t cache_size;	/* inflated leaves kept; default 8 MiB */
	int reads;		/* LSM_READS_MAPPED or LSM_READS_STRICT */
	int workers;		/* background threads, to 8: one flushes, all
				 * others but one merge; 0: callers do it; 1 */
	int max_open_tables;	/* default 500 */

	/* Kept in the database when it is created. */
	int codec;		/* LSM_CODEC_*; default: the best built in;
				 * lsm_options_set makes it one for each level,
				 * from "none,lz4,zstd" */
	uint32_t page_size;	/* 4096 to 16384, multiple of 4096 */
	uint32_t filter_bits;	/* per key, 0 (none) to 20; default 10 */
	uint64_t table_size;	/* tables of the first sorted level are cut near
				 * here, deeper ones at up to 8 times; 8 MiB */
	int compaction;		/* LSM_COMPACTION_*; default hybrid */
	int level_sizes;	/* LSM_LEVELS_*; default dynamic */
	uint64_t base_size;	/* of level 1, when fixed; default 40 MB */
	uint64_t ratio;		/* of two levels' sizes; default 8 */
	uint64_t l0_trigger;	/* runs of level 0 that are merged; default 8.
				 * Up to three times as many wait while they
				 * hold less than one and a half times what
				 * they go to; of fewer than 4, none waits */
	uint64_t l0_stop;	/* runs at which writers wait; default 40 */
	uint64_t max_sstables;	/* no merge of level 0 with fewer runs in the
				 * whole tree; default 0 */

	lsm_env *env;		/* NULL: this machine's files */

	/* Of the handle. A reader in another process that keeps dead files for
	 * longer loses them: LSM_TOO_OLD. 0, the default: it keeps them. */
	uint64_t max_pin_age;	/* microseconds */

	/*
	 * Told of each lsm_event, in their order, one at a time, soon after it
	 * happened. It is called by whichever thread comes by, a worker too,
	 * perhaps before lsm_open has returned, and no lock is held then: it
	 * may read through the handle and ask for its statistics, but not
	 * write, flush, merge or close. What the event points to is gone when
	 * it returns. When it takes so long that events pile up, some are
	 * lost, and counted (events.lost).
	 */
	void (*event)(void *event_arg, const lsm_event *);
	void *event_arg;
} lsm_options;

/* Fill in the defaults. */
void lsm_options_init(lsm_options *);

/* Set one of those kept in the database by its name, "compaction", to a value
 * as text, "leveled"; or several at once: "preset" to "write-heavy",
 * "read-heavy" or "low-memory". Sizes may have a unit of 1024: "64K", "8M".
 * LSM_INVALID says what would have been right. */
int lsm_options_set(lsm_options *, const char *name, const char *value);

/* Call `each` with every name that lsm_options_set knows, its value in these
 * options (NULL: defaults) and a line of help. */
void lsm_options_each(const lsm_options *, void (*each)(void *,
    const char *name, const char *value, const char *help), void *arg);

/* The options kept in a database, as it has them: those of a handle stay. */
int lsm_options_stored(lsm_db *, lsm_options *);

/*
 * Keep those of these options that are kept in a database, all or none of
 * them, durable. To change one, begin with what lsm_options_stored tells.
 * lsm_options_stored of this handle tells the new ones at once, but it goes on
 * by those that it was opened with: they hold from the next lsm_open on, for
 * tables that are made then. Older ones stay as they are until they are
 * merged. LSM_INVALID, LSM_UNSUPPORTED (a codec), LSM_READ_ONLY and what a
 * write may fail with: nothing has changed, unless LSM_IO fenced the handle:
 * then the next open tells.
 */
int lsm_options_store(lsm_db *, const lsm_options *);

/* Open the database in `path`. *db is a handle to be given to lsm_close().
 * Recovery completes what a killed writer left; LSM_CORRUPT means that files
 * are damaged or missing and that nothing was changed. Behind a writer
 * that closed in order the log, and whether every table is there, is looked at
 * by the first call that needs to: LSM_CORRUPT may come from that. Errors:
 * LSM_NO_DATABASE, LSM_EXISTS, LSM_LOCKED, LSM_CORRUPT, LSM_UNSUPPORTED,
 * LSM_PERMISSION, LSM_INVALID and those of the system. A database that cannot
 * be made whole is not there: what was made of it goes again. */
int lsm_open(const char *path, const lsm_options *, lsm_db **db);

/* Make everything durable (with no_sync: leave that to the system), stop the
 * workers and free the handle. LSM_BUSY while iterators, snapshots or
 * ingestions are open: then the handle stays open. After any other error the
 * handle is gone, and the error says what may be lost. */
int lsm_close(lsm_db *);

/* Flags of a write. 0 takes the handle's default. */
#define LSM_SYNC 1u		/* return when the write is durable */
#define LSM_NO_SYNC 2u		/* return when it survives this process */

/*
 * Writes. They return when the write survives what the flags ask for. A write
 * that fails with LSM_TOO_LARGE, LSM_INVALID, LSM_NO_MEMORY or LSM_NO_SPACE is
 * wholly absent and the handle goes on. After LSM_IO the handle is fenced:
 * whether the write is there is known after the next open, every later write
 * returns LSM_IO and nothing more is appended.
 */
int lsm_put(lsm_db *, lsm_slice key, lsm_slice value, unsigned flags);
int lsm_delete(lsm_db *, lsm_slice key, unsigned flags);

/* Delete every key from `from` (inclusive) to `to` (exclusive), data NULL =
 * open, at the cost of one write. A range that holds no key deletes none. */
int lsm_delete_range(lsm_db *, lsm_slice from, lsm_slice to, unsigned flags);

/* All operations of the batch or none, in their order. The batch keeps its
 * content and may be cleared and filled again. LSM_UNMET: a condition of the
 * batch does not hold, and none of it is written. */
int lsm_write(lsm_db *, const lsm_batch *, unsigned flags);

/* Every write that returned before this call is durable when it returns. */
int lsm_sync(lsm_db *);

int lsm_batch_new(lsm_batch **);
void lsm_batch_free(lsm_batch *);
void lsm_batch_clear(lsm_batch *);
int lsm_batch_put(lsm_batch *, lsm_slice key, lsm_slice value);
int lsm_batch_delete(lsm_batch *, lsm_slice key);
int lsm_batch_delete_range(lsm_batch *, lsm_slice from, lsm_slice to);
size_t lsm_batch_count(const lsm_batch *);
size_t lsm_batch_size(const lsm_batch *);	/* bytes, as logged */

/*
 * Conditions of a batch. They are about the database before the batch, not
 * about operations of its own, and hold when it is written, whoever else
 * writes: of many writers who ask for the same absent key one wins. The others
 * get LSM_UNMET, perhaps for a write that is not durable yet, and
 * lsm_message() tells which condition it was, counted from 1. A batch of
 * conditions alone only asks. What cannot be read cannot be asked: then
 * lsm_write fails as lsm_get does, and nothing is written.
 */
int lsm_batch_if_absent(lsm_batch *, lsm_slice key);
int lsm_batch_if_present(lsm_batch *, lsm_slice key);
int lsm_batch_if_equals(lsm_batch *, lsm_slice key, lsm_slice value);

/*
 * Ingestion: many records in key order become tables at once, past log and
 * memtable. Nothing of them is there before lsm_ingest_commit returns, and
 * all of them, as one write, durable, after it: newer than every write that
 * returned before the commit began. Others may read and write meanwhile;
 * writers wait while the commit makes the log durable and, when some of the
 * records' range is in memory, flushes it.
 *
 * Keys ascend strictly: lsm_ingest_add refuses one that does not with
 * LSM_INVALID, and a key or value over its limit with LSM_TOO_LARGE; the
 * ingestion goes on without it. lsm_ingest_batch adds the puts of a batch one
 * after the other, up to the first that is refused; what is no put, and a batch
 * with conditions, is LSM_INVALID too. After any other failure the ingestion is
 * over: its files are gone and every later call returns the same code.
 * lsm_ingest_free before the commit leaves nothing. A commit that fails with
 * LSM_IO may have fenced the handle, as a write does: then the next open tells
 * whether it is there.
 */
int lsm_ingest_new(lsm_db *, lsm_ingest **);
int lsm_ingest_add(lsm_ingest *, lsm_slice key, lsm_slice value);
int lsm_ingest_batch(lsm_ingest *, const lsm_batch *);
int lsm_ingest_commit(lsm_ingest *);
void lsm_ingest_free(lsm_ingest *);
uint64_t lsm_ingest_count(const lsm_ingest *);	/* records added */

/*
 * Reads. A snapshot of NULL means now. lsm_get copies the value into `value`,
 * growing it when needed; a value of NULL only asks whether the key is there.
 * LSM_NOTFOUND when it is not, LSM_CORRUPT when the answer cannot be trusted.
 */
int lsm_get(lsm_db *, const lsm_snapshot *, lsm_slice key, lsm_buffer *value);

/*
 * Many gets of one moment, faster than one by one: they wait for memory and
 * disk together. codes[i] is LSM_OK with the value of keys[i] in values[i], or
 * LSM_NOTFOUND; `values` may be NULL. Begin with values of {0}, as lsm_get;
 * they are grown when needed and kept for the next call. LSM_OK when every key
 * has its answer; after a failure none has, and all values are empty.
 */
int lsm_multi_get(lsm_db *, const lsm_snapshot *, size_t count,
    const lsm_slice *keys, lsm_buffer *values, int *codes);

/* The database as it is now. Keeps files and memory alive until it is freed,
 * never blocks a writer. */
int lsm_snapshot_new(lsm_db *, lsm_snapshot **);
void lsm_snapshot_free(lsm_snapshot *);
uint64_t lsm_snapshot_sequence(const lsm_snapshot *);

/* A range of keys: from (inclusive) to `to` (exclusive). data NULL = open. */
typedef struct lsm_range {
	lsm_slice from, to;
} lsm_range;

/* The range of all keys that begin with `prefix`. When it has an upper end,
 * `to` points into `room`, which the caller keeps as long as the range. */
int lsm_range_prefix(lsm_slice prefix, lsm_buffer *room, lsm_range *);

/*
 * An iterator walks a range (NULL: everything) of a snapshot (NULL: of now)
 * in both directions. It begins nowhere; the four seeks place it, the steps
 * move it, lsm_iter_valid tells whether it stands on an entry. All movements
 * return LSM_OK, also at the end; anything else is a failure, after which it
 * stands nowhere; LSM_TOO_OLD is what it says from then on. A file that lies
 * wholly outside of the range is not read, so damage there is none of it. Key
 * and value live until the next movement.
 */
int lsm_iter_new(lsm_db *, const lsm_snapshot *, const lsm_range *,
    lsm_iter **);
void lsm_iter_free(lsm_iter *);
int lsm_iter_first(lsm_iter *);
int lsm_iter_last(lsm_iter *);
int lsm_iter_seek(lsm_iter *, lsm_slice key);		/* first >= key */
int lsm_iter_seek_for_prev(lsm_iter *, lsm_slice key);	/* last <= key */
int lsm_iter_next(lsm_iter *);
int lsm_iter_prev(lsm_iter *);
int lsm_iter_valid(const lsm_iter *);
lsm_slice lsm_iter_key(const lsm_iter *);
lsm_slice lsm_iter_value(const lsm_iter *);
uint64_t lsm_iter_sequence(const lsm_iter *);

/* Move a read-only handle forward to what is committed by now; cheap when
 * nothing is new. Iterators and snapshots keep what they have. After a failure
 * the handle shows what it showed. A writer's handle is always up to date. */
int lsm_refresh(lsm_db *);

/* Move what is in memory into a table; returns when it is there, durable. */
int lsm_flush(lsm_db *);

/* Merge every table of the database into one run, and drop what is deleted;
 * its bytes leave all files, logs too, unless snapshots keep them. An error
 * of that last part leaves the merge done.
 * `progress` (may be NULL) is called now and then with bytes read and bytes
 * to read, 0 and 0 while it waits for merges that were under way; a return
 * other than 0 stops: LSM_BUSY, nothing changed. */
int lsm_compact(lsm_db *, int (*progress)(void *, uint64_t done, uint64_t all),
    void *arg);

/* The same for the keys of a range (NULL: all): level by level, so that no
 * merge is larger than it must be. A return other than 0 of `progress`, which
 * is told of one merge at a time, stops: LSM_BUSY, with what was done done. */
int lsm_compact_range(lsm_db *, const lsm_range *,
    int (*progress)(void *, uint64_t done, uint64_t all), void *arg);

/*
 * Make a copy of the database in `path`, a directory that is absent or empty
 * (LSM_EXISTS): every write that returned before this call, in whatever
 * process, and perhaps some that came during it. It is durable when the call
 * returns, opens like any database and has a life of its own; tables are
 * shared with the original by links where the two directories can share files,
 * and copied where they cannot. Any handle may make it, one opened to read
 * beside a writer too; nobody is blocked. `progress` as in lsm_compact. After
 * a failure the directory is empty, or what is in it is no database.
 *
 * What is copied is read again and verified, every block of it; a table that is
 * linked is not read: it is as sound or damaged as the original's, which it
 * is. lsm_checkpoint_verify() reads those as well: LSM_CORRUPT when one is
 * damaged, and no copy.
 */
int lsm_checkpoint(lsm_db *, const char *path, int (*progress)(void *,
    uint64_t done, uint64_t all), void *arg);
int lsm_checkpoint_verify(lsm_db *, const char *path, int (*progress)(void *,
    uint64_t done, uint64_t all), void *arg);

/* Run one step of the background work, for handles without workers; while
 * other threads run all that there are, wait for one of them. *more is 0 when
 * there was nothing to do: then dead files that no reader needs any more go. */
int lsm_step(lsm_db *, int *more);

/* The same; and when there is nothing to do, a merge of what level 0 holds is
 * begun, as it is by itself some time after the last write (lsm-tuning(7)).
 * For who has written much and leaves. *more is 0 when at most one run is left
 * there. */
int lsm_settle(lsm_db *, int *more);

enum { LSM_COUNTER = 0, LSM_GAUGE = 1, LSM_HISTOGRAM = 2 };

/* Of samples. A quantile is no less than the true one, and at most a
 * sixteenth more. */
typedef struct lsm_histogram {
	uint64_t count, sum, max;
	uint64_t p50, p90, p99, p999;
	size_t buckets;
	const uint64_t *limits;	/* ascending powers of two, */
	const uint64_t *counts;	/* and how many samples are no larger */
} lsm_histogram;

/* One statistic. Its name, `of` and histogram are gone when the call returns;
 * its other texts are static. */
typedef struct lsm_stat {
	const char *name;	/* "level.3.bytes": no two have the same */
	const char *metric;	/* "level.bytes": what this is one of */
	const char *label;	/* what tells those of one metric apart:
				 * "level", "operation", "reason"; or NULL */
	const char *of;		/* of this one: "3", "get"; or NULL */
	const char *unit;	/* "bytes", "us", "ns", "ratio"; "": a count */
	const char *help;	/* one line */
	int kind;		/* LSM_COUNTER: only grows; LSM_GAUGE; ... */
	uint64_t value;		/* of a ratio: in thousandths; of a histogram:
				 * the samples */
	const lsm_histogram *histogram;		/* or NULL */
} lsm_stat;

/*
 * Call `each` with every statistic, those of one metric one after the other.
 * Counters and histograms begin at 0 when the handle is opened; gauges that
 * begin with "level." or "db." describe the database as it is. All are
 * counted, none is estimated: a handle that only reads tells nothing of
 * writes, logs, flushes and merges, and a ratio to nothing is not told.
 * Latencies are those of one operation in 64, syncs and steps of background
 * work those of each. Steps of an iterator are told when it is placed again
 * or freed. See lsm-stats(7) for each.
 */
int lsm_stats(lsm_db *, void (*each)(void *, const lsm_stat *), void *arg);

typedef struct lsm_file_info {
	const char *name;	/* "000012.sst" */
	const char *kind;	/* "table", "log", "manifest", "current", ... */
	int level;		/* of a table; -1 otherwise */
	uint64_t run;		/* run number of a table */
	uint64_t size;		/* bytes on disk */
	uint64_t entries, deletes;
	uint64_t sequence_min, sequence_max;
	lsm_slice smallest, largest;	/* nothing lies outside; a range delete
					 * may end at the second, exclusively */
	int live;		/* the manifest names it */
	int present;		/* it is in the directory */
	uint64_t range_deletes;
} lsm_file_info;

/* Call `each` with every file of the directory and of the manifest, tables by
 * level and key first, then the others by name. */
int lsm_files(lsm_db *, void (*each)(void *, const lsm_file_info *), void *arg);

typedef struct lsm_estimate {
	uint64_t records;	/* puts, also those overwritten, or deleted
				 * as a range and not merged yet */
	uint64_t bytes;		/* of their keys and values */
	uint64_t disk_bytes;	/* of tables */
} lsm_estimate;

/* About how much a range (NULL: everything) holds: what is in memory counted,
 * what is in tables taken from their counts, and by their indexes where the
 * range covers a part. Costs a few pages for each run, whatever the range. */
int lsm_range_estimate(lsm_db *, const lsm_range *, lsm_estimate *);

/* The identity of a database: 16 bytes, drawn when it was created. */
void lsm_id(const lsm_db *, uint8_t id[16]);

#ifdef __cplusplus
}
#endif

#endif
