/*
 * log.h - the write-ahead log, as its writer sees it.
 *
 * Records go into the door's log object, which keeps them beyond the death of
 * this process without a system call; log_sync makes them durable, one leader
 * for all who wait. Appending calls are for the holder of the engine's write
 * lock; log_sync is for anybody.
 *
 * Positions are log_position(number, offset): they only grow.
 */
#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "env/env.h"
#include "kv/block.h"
#include "log/record.h"

struct log;

/* Where an existing segment ends and how its chain goes on. */
struct log_end {
	uint64_t number;	/* of the log */
	uint64_t size;		/* offset behind its last record */
	uint64_t sum;		/* of its last record */
	uint64_t sequence;	/* last sequence given in it or before it */
};

struct log_options {
	struct env_dir *dir;
	struct env_log *env_log;	/* taken, also by a log_new that fails:
					 * log_free closes it */
	struct file_id id;		/* database and branch of new logs */
	uint64_t segment_size;		/* expected; prepared with a part */
};

int log_new(const struct log_options *, struct log **);
void log_free(struct log *);

/* Make the file of a future segment, so that log_rotate need not wait; may
 * run beside appends, in one thread at a time. `recycle`: name of a dead log
 * to be renamed, or NULL. `edit`: goes into its header. */
int log_prepare(struct log *, uint64_t number, const char *recycle,
    uint64_t edit);
/* The branch of the segments that are prepared from now on. */
void log_branch(struct log *, const uint8_t branch[ID_SIZE]);
/* How long the segments will become that are prepared from now on. */
void log_segment_size(struct log *, uint64_t);
/* The number of the prepared segment, 0 when there is none. */
uint64_t log_prepared(const struct log *);

/*
 * Begin with the prepared segment: its start record names `before` (what was
 * the newest log; NULL for the first of a database). first_sequence is the
 * next to be given. In log_rotate the current segment gets its close mark
 * first. A log named by a close mark must stay in the directory until another
 * has begun, durably: recovery takes its absence for damage.
 */
int log_start(struct log *, const struct log_end *before,
    uint64_t first_sequence);
int log_rotate(struct log *, uint64_t first_sequence);

/* Go on behind `end` in its file; `missing`: its last bytes, when the file
 * does not have them yet. When they end with a close mark the file is only
 * completed, and log_start must follow. */
int log_continue(struct log *, const struct log_end *end,
    struct bytes missing);

/*
 * Append one record: room for its payload, in place; then, with the payload
 * filled in, the rest. Sequences have no gaps. *position is the end of the
 * record. After a failure of log_begin with LSM_NO_MEMORY or LSM_NO_SPACE, or
 * with LSM_TOO_LARGE (4 GiB: rotate), nothing was written; any other failure
 * is final: the log refuses all further appends with the same code and the
 * story "fenced: ...". A final failure is never one of those three.
 */
int log_begin(struct log *, enum record_kind, size_t payload, uint8_t **);
int log_append(struct log *, uint64_t sequence, uint64_t *position);

/*
 * A record has space on the disk before it begins, log_begin sees to that; it
 * need not when somebody was there before. Up to which position the current
 * segment, which will become `segment` bytes long, is to be given some soon;
 * 0: not yet, or it has all. The appender asks; then anybody gives, with a
 * failure of which nothing has happened.
 */
uint64_t log_space_next(const struct log *, uint64_t segment);
int log_space(struct log *, uint64_t position);

/* Return when everything below `position` is durable. Never retried: after a
 * failure every call fails, appends too, except for what is durable already. */
int log_sync(struct log *, uint64_t position);
/* All below is durable, or forgotten: known without asking the disk. */
uint64_t log_durable(const struct log *);

/* Return when the start record of log `number` is durable; of what is before
 * and behind it nothing is said. */
int log_sync_start(struct log *, uint64_t number);
/*
 * An edit is durable that makes all logs before `number` dead, and so was the
 * start of that log before the edit: from now on nothing below it is missed,
 * and what of it never reached the disk is spared the way. True: all of it
 * did.
 */
bool log_forget(struct log *, uint64_t number);

/* Have at hand what log_rotate needs. A failure is harmless. */
int log_ready(struct log *);

/*
 * Go on behind the leave mark that ends at `size` of log `number`, in its
 * file, without reading what is before; *end is where, *mark the offset of the
 * mark. LSM_NOTFOUND: no such mark is there, or the file has another name (a
 * checkpoint shares it). After a failure nothing has happened; the object is
 * to be freed.
 */
int log_continue_left(struct log *, uint64_t number, uint64_t size,
    struct log_end *end, uint64_t *mark);

/* An orderly end: what was appended is durable, if that is asked for, and the
 * leave mark stands behind it. The mark itself waits for no disk. */
int log_leave(struct log *, uint64_t last_sequence, bool durable);

/* Recovery found `syncing` and has written everything again. */
void log_trust(struct log *);

/* The handle failed elsewhere: fence the log too, with the story of now, and
 * have the next writer trust nothing that was not durable before. */
void log_give_up(struct log *, int code);

/* Deleted bytes leave the ring as well (manual compaction). */
int log_scrub(struct log *);

/* The door's log object, to announce versions with. */
struct env_log *log_door(const struct log *);

/* The current segment and its end. */
struct log_end log_where(const struct log *);
uint64_t log_syncs(const struct log *);		/* syncs done, counted */
uint64_t log_bytes(const struct log *);		/* bytes appended, counted */

#endif
