/*
 * replay.h - reading logs, and what proves their end.
 *
 * log_reader reads the records of one segment (or manifest) as long as they
 * verify and chain. log_replay walks all live segments in order and judges
 * their ends by the table in lsm-format(5): What proves the end of a log.
 */
#ifndef LOG_REPLAY_H
#define LOG_REPLAY_H

#include "env/env.h"
#include "kv/block.h"
#include "kv/iter.h"
#include "log/log.h"
#include "log/record.h"

enum log_stop {
	LOG_STOP_CLOSED,	/* close mark */
	LOG_STOP_LEFT,		/* leave mark was the last record */
	LOG_STOP_END,		/* the file ends, or zeros or what a recycled
				 * file held before follow (logs only) */
	LOG_STOP_BAD		/* something there that does not verify */
};

struct log_reader;

/*
 * Read file `name`; its header must be that of `id` (branch taken from it;
 * NULL: of anything).
 * `tail` are bytes that belong at offset tail_at and may not be in the file
 * (the ring's; empty: none); it must outlive the reader. Memory is bounded by
 * the file's size. LSM_NOTFOUND: no such file.
 */
int log_reader_open(struct env_dir *, const char *name,
    const struct file_id *id, struct bytes tail, uint64_t tail_at,
    struct log_reader **);
/* The same for a file whose header was read before: `id`, branch included, is
 * its own, and the chain goes on at `offset`, behind a record with this sum.
 * Nothing before it is read. */
int log_reader_open_at(struct env_dir *, const char *name,
    const struct file_id *id, uint64_t offset, uint64_t sum,
    struct log_reader **);
void log_reader_free(struct log_reader *);
const struct file_header *log_reader_header(const struct log_reader *);

/* The next record; *record lives until the next call. LSM_NOTFOUND: there is
 * no further one, ask log_reader_stop. Other codes: the read failed. */
int log_reader_next(struct log_reader *, struct record *);
/* Read from the first record on again. */
void log_reader_rewind(struct log_reader *);
/* The chain goes on at `offset`, behind a record with this sum. */
void log_reader_resume(struct log_reader *, uint64_t offset, uint64_t sum);
uint64_t log_reader_offset(const struct log_reader *); /* behind the last */
uint64_t log_reader_sum(const struct log_reader *);	/* of the last */
uint64_t log_reader_size(const struct log_reader *);	/* of the file */

/* Why it ended; *reason is static text. The rest of the file is searched for
 * records that verify: `beyond` (may be NULL) gets their number and their
 * highest watermark. LSM_CORRUPT: it was made to be searched for ever. */
struct log_beyond {
	uint64_t records;
	uint64_t watermark;
};
int log_reader_stop(struct log_reader *, enum log_stop *, const char **reason,
    struct log_beyond *beyond);

/* What recovery knows before it reads the logs. */
struct log_replay_in {
	struct env_dir *dir;
	struct env_lock *lock;		/* to ask for the ring; may be NULL */
	bool taking_over;		/* by the next writer */
	struct file_id id;		/* database, branch for new files */
	uint64_t first;			/* oldest log needed; 0: none yet */
	uint64_t flushed;		/* tables hold sequences up to here */
	uint64_t edit;			/* the manifest was read up to here */
	/* NULL, or where an earlier replay ended, not behind a close mark:
	 * only what came later is read. Its log is one of those needed. */
	const struct log_end *from;
	uint8_t from_branch[ID_SIZE];	/* of its log, as `out` told */
	const struct log_end *ends;	/* known from manifest edits */
	size_t ends_count;
	/* A record begins: `count` operations from sequence `first` on, of at
	 * most `data` bytes of keys and values. May be NULL. */
	int (*begin)(void *arg, uint64_t first, uint64_t count, size_t data,
	    uint64_t log);
	/* All operations of a record were told, and their bytes still live. May
	 * be NULL. */
	int (*record_end)(void *arg);
	/* A log of the chain was read to this end. May be NULL. */
	int (*ended)(void *arg, const struct log_end *);
};

struct log_replay_out {
	struct log_end last;		/* newest log that counts; number 0:
					 * there is none */
	uint8_t branch[ID_SIZE];	/* of that one's file */
	bool clean;			/* close or leave mark, or known end */
	bool same_boot;			/* the ring vouches for the end: go on
					 * in this file with `missing` */
	bool closed;			/* the last one is a close mark; with
					 * same_boot: continue, then start */
	uint64_t named;			/* closed: the log that it names */
	bool syncing;			/* the last writer died inside a sync */
	struct buffer missing;		/* up to the end, not in the file yet:
					 * it goes there before anything else,
					 * without same_boot too */
	uint64_t records, bytes;	/* counted */
	uint64_t interrupted_log;	/* an interrupted write: where, or 0 */
	uint64_t interrupted_at;
	uint64_t *aside;		/* logs to be set aside, ascending, when
					 * the next log has begun, durably */
	size_t aside_count;
};

/*
 * Call `each` for every operation with a sequence above `flushed`, in order;
 * a range delete has `from` for its key and `to` for its value; a code other
 * than LSM_OK from a callback ends the walk. LSM_CORRUPT: damage, with
 * log, offset and evidence in the story; *out is then empty.
 */
int log_replay(const struct log_replay_in *,
    int (*each)(void *, const struct entry *, uint64_t log), void *arg,
    struct log_replay_out *out);
void log_replay_out_release(struct log_replay_out *);

#endif
