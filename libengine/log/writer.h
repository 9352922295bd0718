/*
 * writer.h - the write-ahead log from inside, for the two files of its writer.
 *
 * One thread appends; any thread syncs; one thread at a time prepares.
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include "log/fence.h"
#include "log/group_commit.h"
#include "log/log.h"

enum { MARK_PAYLOAD = 8 };	/* bytes of a close mark or a leave mark */

struct log {
	/* Set when made. */
	struct env_dir *dir;
	struct env_log *env_log;
	struct file_id id;
	uint64_t segment_size;
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
	struct fence fence;
	struct group_commit group;
};

static inline const struct env_ops *
log_ops(const struct log *log)
{
	return log->env_log->env->ops;
}

#endif
