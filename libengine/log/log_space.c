/*
 * log_space.c - the write-ahead log has space on the disk before it grows.
 *
 * What is appended stands in the ring at first and is written out later, when
 * a full disk would end the handle. So a record has its space before its first
 * byte, and so have the marks that may have to stand behind it: a log can be
 * ended, and the next one begun, on a full disk.
 *
 * A segment is made with a part of the space that it is expected to need. The
 * other parts come ahead of the appender, by another thread. Where that came
 * too late, or there is none, and beyond what was expected, the appender takes
 * a little at a time.
 */
#include "log/writer.h"

#include "env/files.h"

enum {
	PARTS = 4,			/* of a large segment */
	PART_MIN = 1 << 20,
	FIRST_MIN = 4 * BLOCK_UNIT	/* header, start record, marks */
};

static uint64_t
part_of(uint64_t segment)
{
	uint64_t part = segment / PARTS;

	return part > PART_MIN ? part : PART_MIN;
}

uint64_t
log_space_first(uint64_t segment)
{
	uint64_t part = part_of(segment);

	if (part > segment)
		part = segment;
	return part > FIRST_MIN ? part : FIRST_MIN;
}

void
log_space_known(struct log *log, uint64_t number, uint64_t size)
{
	if (size > UINT32_MAX)
		size = UINT32_MAX;
	store_relaxed(&log->space, log_position(number, size));
}

uint64_t
log_space_next(const struct log *log, uint64_t segment)
{
	uint64_t now = load_relaxed(&((struct log *)log)->space);
	uint64_t has = (uint32_t)now, part = part_of(segment);

	if (has >= segment || has >= log->where.size + part / 2)
		return 0;
	return now + (part < segment - has ? part : segment - has);
}

/* One of an older segment is below, and changes nothing. */
static void
raise(struct log *log, uint64_t position)
{
	uint64_t now = load_relaxed(&log->space);

	while (now < position &&
	    !atomic_compare_exchange_weak(&log->space, &now, position))
		;
}

int
log_space(struct log *log, uint64_t position)
{
	int rc = log_ops(log)->log_space == NULL ? LSM_OK :
	    log_ops(log)->log_space(log->env_log, position);

	if (rc == LSM_OK)
		raise(log, position);
	return rc;
}

int
log_space_take(struct log *log, uint64_t end)
{
	uint64_t more = end / PARTS;

	if (log_position(log->where.number, end) <= load_relaxed(&log->space))
		return LSM_OK;
	end += more < PART_MIN ? more : PART_MIN;
	end += BLOCK_UNIT - end % BLOCK_UNIT;
	if (end > UINT32_MAX)
		end = UINT32_MAX;
	return log_space(log, log_position(log->where.number, end));
}
