/*
 * env.h - the door: the only way to files, clocks, randomness and threads.
 *
 * A table of functions, so that the same engine runs on this machine's files
 * (posix.h), on a simulated disk (env_sim.h) and on what may come. To
 * leave room for stores that cannot do more, nothing above the door maps for
 * writing, truncates, seeks back or rewrites a closed file; CURRENT changes
 * through one call, dir_replace; and numbers in file names are never reused.
 *
 * All calls return an lsm_code and tell the story, file name included. They
 * are free of short transfers and EINTR: they do all or fail. Outputs are
 * NULL or 0 after a failure. Names are single path components, relative to an
 * open directory; links are never followed; what is not a regular file is
 * refused with LSM_CORRUPT. Everything here may be called from any thread,
 * one object from one thread at a time unless said otherwise.
 */
#ifndef ENV_ENV_H
#define ENV_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/sync.h"
#include "lsm.h"

struct env_dir;		/* an open directory */
struct env_file;	/* an open file */
struct env_lock;	/* LOCK, open: byte ranges held by this handle */
struct env_log;		/* where the writer appends, see below */

enum env_open {
	ENV_READ,	/* LSM_NOTFOUND when absent */
	ENV_CREATE,	/* exclusive, to be appended to; mode 0600 */
	ENV_APPEND	/* existing, to be appended to at its end (manifest) */
};

enum env_hold { ENV_UNLOCK, ENV_SHARED, ENV_EXCLUSIVE };

/* Names of a directory, NUL-terminated, one after the other. */
struct env_names {
	struct buffer text;
	size_t count;
};

enum {
	ENV_TAIL_END = 40,	/* a leave mark with its watermark */
	ENV_PIECE = 32 << 10	/* see log_ring */
};

/*
 * What the last writer of this boot left in the log object. Positions are
 * log_position(): the low half of the log's number, and the offset in it.
 */
struct env_tail {
	bool trusted;		/* same boot, database and LOCK: believe it */
	bool syncing;		/* a sync failed, or it died in one; true
				 * also where there is nothing to trust */
	bool left;		/* it closed its log in order: nothing but the
				 * end of the last log may wait for a sync */
	bool foreign;		/* LOCK is new here, a copy, or shared: so the
				 * directory may be a copy of another */
	uint64_t durable;	/* log bytes below are on the disk, but for
				 * logs that were forgotten */
	uint64_t written;	/* bytes below are in the file */
	uint64_t committed;	/* bytes below were acknowledged */
	uint64_t pid;		/* a hint, for messages */
	/* With `left`: what stands before `committed` in the ring, where the
	 * leave mark was. */
	uint8_t end[ENV_TAIL_END];
};

/*
 * What writer and readers tell each other about versions (lsm-format(5),
 * LOCK). Not trusted: the page is absent, foreign or not yet valid.
 */
struct env_words {
	bool trusted;
	bool syncing, left;	/* as in env_tail, */
	uint64_t durable;	/* and this */
	uint64_t head;		/* env_head(); 0: none was announced */
	uint64_t oldest;	/* edit; files of versions below may be gone */
	uint64_t ended;		/* edit; pins below no longer hold */
	uint64_t committed;	/* as in env_tail */
	uint64_t pid;		/* a hint, for messages */
};

struct env_ops {
	/* Directories. dir_open: LSM_NO_DATABASE when absent or no directory;
	 * with `create` it and its missing parents are made (mode 0700), and
	 * all of the path, made now or before, is synced, each part in its
	 * own parent. *created tells whether it was new; when it fails that
	 * one is removed again. */
	int (*dir_open)(lsm_env *, const char *path, bool create,
	    struct env_dir **, bool *created);
	void (*dir_close)(struct env_dir *);
	/* Remove what dir_open made, if nothing is in it and its path still
	 * leads to it: LSM_EXISTS. The handle is then good for dir_close. */
	int (*dir_remove)(struct env_dir *);
	int (*dir_sync)(struct env_dir *);
	int (*dir_list)(struct env_dir *, struct env_names *);
	int (*dir_unlink)(struct env_dir *, const char *name);
	int (*dir_rename)(struct env_dir *, const char *from, const char *to);
	/* Make a subdirectory (mode 0700) if it is not there, open it. */
	int (*dir_sub)(struct env_dir *, const char *name, struct env_dir **);
	/* Move a file into another directory of the same database. */
	int (*dir_move)(struct env_dir *, const char *name, struct env_dir *to,
	    const char *to_name);
	/* Give a file one more name, in another directory: LSM_EXISTS there.
	 * LSM_UNSUPPORTED: these two cannot share it, copy it. NULL in the
	 * table: no two can. */
	int (*dir_link)(struct env_dir *, const char *name, struct env_dir *to,
	    const char *to_name);
	/* The file `name` now holds `content`, durably, or still the old. */
	int (*dir_replace)(struct env_dir *, const char *name,
	    struct bytes content);
	/* How many names a file has; 1 where there are no links. */
	int (*dir_links)(struct env_dir *, const char *name, uint64_t *links);
	/* Same object as when it was opened? (LOCK deleted, directory moved) */
	bool (*dir_same)(struct env_dir *);

	/* Files. file_read may be called by any number of threads at once;
	 * *got is less than n only at the end of the file. */
	int (*file_open)(struct env_dir *, const char *name, enum env_open,
	    struct env_file **);
	int (*file_read)(struct env_file *, uint64_t at, void *, size_t n,
	    size_t *got);
	int (*file_append)(struct env_file *, const void *, size_t n);
	int (*file_size)(struct env_file *, uint64_t *);
	int (*file_sync)(struct env_file *);	/* data and size */
	int (*file_close)(struct env_file *);	/* always closes; may report */
	/* A read-only map of [0, size). NULL in the table: cannot. Lives until
	 * file_unmap; the file may be closed before. */
	int (*file_map)(struct env_file *, uint64_t size, const uint8_t **);
	void (*file_unmap)(lsm_env *, const uint8_t *, uint64_t size);

	/* LOCK. Made when absent and `create`; LSM_NOTFOUND otherwise. Ranges
	 * are those of the handle, not of the process, and die with it.
	 * lock_hold: LSM_LOCKED when another handle is in the way. */
	int (*lock_open)(struct env_dir *, bool create, struct env_lock **);
	void (*lock_close)(struct env_lock *);
	int (*lock_hold)(struct env_lock *, uint64_t first, uint64_t count,
	    enum env_hold);
	/* Any byte of the range held by another? *held says which. */
	int (*lock_test)(struct env_lock *, uint64_t first, uint64_t count,
	    bool *any, uint64_t *held);
	/* Read the words, after all that this thread did before: a lock that
	 * was taken is seen by who stores them later. `id` NULL: of whatever
	 * database. Never fails: what cannot be read is not trusted. */
	void (*lock_words)(struct env_lock *, const uint8_t id[16],
	    struct env_words *);

	/*
	 * The log object: where the writer appends (lsm-format(5), LOCK). A
	 * segment is one log file. log_open needs byte 0 of LOCK held and
	 * tells what the last writer left; nothing changes until log_attach
	 * or log_switch. One thread appends (reserve, commit, switch); any
	 * thread may flush and sync at the same time.
	 */
	int (*log_open)(struct env_dir *, struct env_lock *,
	    const uint8_t id[16], struct env_log **, struct env_tail *);
	void (*log_close)(struct env_log *);
	/* Bytes [from, committed) of segment `number` that are not in the file
	 * but in the ring; empty when there are none. Needs no lock and no
	 * log object: `lock` is open for reading, and a writer may be active,
	 * so *out is appended to only with bytes that were valid. *written and
	 * *committed are positions as in env_tail, 0 when not trusted. */
	int (*log_tail)(struct env_dir *, struct env_lock *,
	    const uint8_t id[16], uint64_t number, uint64_t from,
	    struct buffer *out, struct env_tail *);
	/* What LOCK holds when log_tail does not vouch for it: the bytes that
	 * any log from offset `from` on would have in the ring, appended to
	 * *out; nothing where there is no ring. Which of them are records of
	 * a log, these prove themselves. The file has all before them, or
	 * ends, inside a record, at a multiple of ENV_PIECE; who asks beside a
	 * writer reads the file once more afterwards. NULL: no ring. */
	int (*log_ring)(struct env_lock *, uint64_t from, struct buffer *out);
	/* Make a segment file for later: new, or the file `recycle` renamed,
	 * which keeps its size; `size` bytes of space where that can be had,
	 * LSM_NO_SPACE otherwise; `head` written at 0; file and directory
	 * synced. May run beside appends. */
	int (*log_prepare)(struct env_dir *, const char *name,
	    const char *recycle, uint64_t size, struct bytes head);
	/* Go on in an existing segment: `missing` are committed bytes that
	 * belong at `at` and are not in the file yet. */
	int (*log_attach)(struct env_log *, const char *name, uint64_t number,
	    uint64_t at, struct bytes missing);
	/* Open a prepared segment ahead of its log_switch, which then can fail
	 * neither for memory nor for descriptors. NULL: not needed. */
	int (*log_ready)(struct env_log *, const char *name, uint64_t number);
	/* Leave the segment (all of it written) for a prepared one, whose
	 * content goes on at `at` with `first`. */
	int (*log_switch)(struct env_log *, const char *name, uint64_t number,
	    uint64_t at, struct bytes first);
	/* Room for one record of n bytes, contiguous; then publish the first n
	 * of it. After log_commit they survive this process. */
	int (*log_reserve)(struct env_log *, size_t n, uint8_t **);
	int (*log_commit)(struct env_log *, size_t n);
	/* Space for the current segment below `position`, where that can be
	 * had: what is appended there will find some. LSM_NO_SPACE: nothing
	 * has happened. Of another segment than the current one: nothing to
	 * do. May run beside appends. NULL: there is none to be had ahead. */
	int (*log_space)(struct env_log *, uint64_t position);
	uint64_t (*log_committed)(struct env_log *);	/* position */
	int (*log_flush)(struct env_log *);	/* committed bytes into files */
	/* Flush, then make durable, older segment first. *durable is the
	 * position below which everything is. A failure is final. */
	int (*log_sync)(struct env_log *, uint64_t *durable);
	/* Make durable what segment `number` was switched to with, and only
	 * that: nothing is said of bytes before or behind it. A failure is
	 * final, but for LSM_UNSUPPORTED: it was not switched to here, use
	 * log_sync. Then, when all before it will never be asked for again:
	 * older segments are not synced any more. Both NULL: cannot. */
	int (*log_sync_start)(struct env_log *, uint64_t number);
	void (*log_forget)(struct env_log *, uint64_t number,
	    uint64_t *durable);
	/* Announce the newest version; the oldest whose files are kept, before
	 * asking for pins below it; that pins below no longer hold, before
	 * their files go. Nothing happens before log_attach or log_switch. */
	void (*log_head)(struct env_log *, uint64_t head);
	void (*log_oldest)(struct env_log *, uint64_t edit);
	void (*log_ended)(struct env_log *, uint64_t edit);
	/* Nothing of deleted records stays in the ring: flush, then clear. */
	int (*log_scrub)(struct env_log *);
	/* log_open told `syncing`, which stays until now: everything that was
	 * read then has been written again, and synced. NULL: not needed. */
	void (*log_trust)(struct env_log *);
	/* What this handle wrote, in whatever file, may not be on the disk and
	 * no sync will tell: the next writer is to find `syncing`. Nothing is
	 * appended any more. NULL in the table: nobody can be told. */
	void (*log_give_up)(struct env_log *);

	/* Time, chance, threads. */
	uint64_t (*now_us)(lsm_env *);		/* since some start; steady */
	uint64_t (*now_ns)(lsm_env *);		/* the same; NULL: no finer */
	uint64_t (*date_us)(lsm_env *);		/* since 1970, UTC */
	void (*pause_us)(lsm_env *, uint64_t us);	/* or a little less */
	int (*random)(lsm_env *, void *, size_t);
	/* A background worker; LSM_UNSUPPORTED: callers do the work. */
	int (*work)(lsm_env *, struct thread *, void (*)(void *), void *arg);
};

/* Implementations begin with this; so do their directories, files, ... */
struct lsm_env {
	const struct env_ops *ops;
};

struct env_dir {
	lsm_env *env;
};

struct env_file {
	lsm_env *env;
	uint64_t size;		/* when it was opened */
};

struct env_lock {
	lsm_env *env;
};

struct env_log {
	lsm_env *env;
};

/* This machine's files; one object, static. */
lsm_env *env_posix(void);

static inline uint64_t
log_position(uint64_t number, uint64_t offset)
{
	return number << 32 | offset;
}

/* An edit and the low bits of the manifest that holds it, in one word. */
enum { ENV_HEAD_SHIFT = 16 };

static inline uint64_t
env_head(uint64_t edit, uint64_t manifest)
{
	return edit << ENV_HEAD_SHIFT |
	    (manifest & ((1u << ENV_HEAD_SHIFT) - 1));
}

void env_names_free(struct env_names *);
/* The name behind this one: the first behind NULL, NULL behind the last. */
const char *env_names_next(const struct env_names *, const char *name);

/* Read all of [at, at + n): LSM_CORRUPT "short" when the file ends first. */
int env_read_exactly(struct env_file *, const char *name, uint64_t at, void *,
    size_t n);

/* Close whatever is not NULL. */
void env_file_close(struct env_file *);

#endif
