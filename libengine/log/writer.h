/*
 * writer.h - the write-ahead log from inside, for the files of its writer.
 *
 * One thread appends; any thread syncs; one thread at a time prepares.
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include "log/fence.h"
#include "log/group_commit.h"
#include "log/log.h"

enum {
	MARK_PAYLOAD = 8,	/* bytes of a close mark or a leave mark */
	/* So much behind each record stays free for the marks that end a
	 * segment: of its space, and of the 32 bits of an offset. */
	MARKS_ROOM = 4096
};

struct log {
	/* Set when made. */
	struct env_dir *dir;
	struct env_log *env_log;
	struct file_id id;
	uint64_t segment_size;
	/* The preparer's, until `prepared` is released. */
	uint64_t prepared_space;
	/* The appender's own. */
	struct log_end where;
	uint64_t seed;			/* of the current file */
	uint64_t marked;		/* the last watermark written */
	uint64_t watermark;		/* of the record begun */
	uint8_t *record;		/* begun, not appended; or NULL */
	uint32_t payload;
	uint8_t kind;
	bool closed;			/* went on behind a close mark */
	bool left;			/* the last record is a leave mark */
	/* Atomic. */
	_Atomic uint64_t prepared;
	_Atomic uint64_t bytes;
	_Atomic uint64_t space;		/* position: below it there is some */
	struct fence fence;
	struct group_commit group;
};

static inline const struct env_ops *
log_ops(const struct log *log)
{
	return log->env_log->env->ops;
}

/* log_space.c: space for a segment that is made; so much is known to be there
 * for the current one; some up to offset `end` of it, now (the appender's). */
uint64_t log_space_first(uint64_t segment);
void log_space_known(struct log *, uint64_t number, uint64_t size);
int log_space_take(struct log *, uint64_t end);

#endif
