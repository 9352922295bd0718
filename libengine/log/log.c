/*
 * log.c - the write-ahead log, as its writer sees it.
 *
 * Encodes records where the door's log object has room for them, chains them,
 * and strings segments together; log_continue.c goes on where another writer
 * ended. One thread appends; any thread syncs; one thread at a time prepares.
 */
#include "log/writer.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/files.h"

enum { START_PAYLOAD = 32 };

int
log_new(const struct log_options *o, struct log **out)
{
	struct log *log = mem_zalloc(sizeof *log);

	*out = NULL;
	if (log == NULL) {
		o->env_log->env->ops->log_close(o->env_log);
		return mem_exhausted(sizeof *log);
	}
	log->dir = o->dir;
	log->env_log = o->env_log;
	log->id = o->id;
	log->id.kind = FILE_LOG;
	log->segment_size = o->segment_size;
	fence_init(&log->fence);
	group_commit_init(&log->group, log->env_log, &log->fence);
	*out = log;
	return LSM_OK;
}

void
log_free(struct log *log)
{
	if (log == NULL)
		return;
	log->env_log->env->ops->log_close(log->env_log);
	group_commit_release(&log->group);
	fence_release(&log->fence);
	mem_free(log);
}

static int
segment_make(struct log *log, uint64_t number, const char *recycle,
    uint64_t segment_size, struct bytes head)
{
	char name[FILE_NAME_MAX];

	log->prepared_space = log_space_first(segment_size);
	return log_ops(log)->log_prepare(log->dir,
	    file_name(name, FILE_LOG, number), recycle, log->prepared_space,
	    head);
}

/* The first sequence of a log is not known so early: its start record has
 * it, the header has 0. Where space is short the least must do: what makes
 * space, a flush or a merge, needs a new log first. */
int
log_prepare(struct log *log, uint64_t number, const char *recycle,
    uint64_t edit)
{
	struct file_header header = { .id = log->id, .edit = edit };
	uint8_t page[BLOCK_UNIT];
	int rc;

	assert(number != 0 && log_prepared(log) == 0);
	header.id.number = number;
	header.created_us = log_ops(log)->date_us(log->env_log->env);
	file_header_write(page, &header);
	rc = segment_make(log, number, recycle, log->segment_size,
	    bytes(page, sizeof page));
	if (rc == LSM_NO_SPACE)
		rc = segment_make(log, number, NULL, 0,
		    bytes(page, sizeof page));
	if (rc == LSM_OK)
		store_release(&log->prepared, number);
	return rc;
}

void
log_branch(struct log *log, const uint8_t branch[ID_SIZE])
{
	memcpy(log->id.branch, branch, ID_SIZE);
}

void
log_segment_size(struct log *log, uint64_t size)
{
	log->segment_size = size;
}

uint64_t
log_prepared(const struct log *log)
{
	return load_acquire(&((struct log *)log)->prepared);
}

/* The watermark for the next record, or NULL: the last one still says all. */
static const uint64_t *
watermark_next(struct log *log)
{
	log->watermark = load_acquire(&log->group.durable);
	return log->watermark > log->marked ? &log->watermark : NULL;
}

/* It carries the watermark even when it is not news: each log vouches for
 * those before it, should one be cut short or lost. */
static size_t
start_record(struct log *log, const struct log_end *before,
    uint64_t first_sequence, uint64_t seed, uint8_t *record, uint64_t *sum)
{
	const uint64_t *watermark = NULL;
	uint8_t *p;

	log->watermark = log_durable(log);
	if (log->watermark != 0)
		watermark = &log->watermark;
	p = record + record_offset(watermark != NULL);
	put64(p, before ? before->number : 0);
	put64(p + 8, before ? before->size : 0);
	put64(p + 16, before ? before->sum : 0);
	put64(p + 24, first_sequence);
	*sum = record_seal(record, RECORD_START, START_PAYLOAD,
	    first_sequence, seed, watermark, seed, BLOCK_UNIT);
	return record_size(START_PAYLOAD, watermark != NULL);
}

int
log_start(struct log *log, const struct log_end *before,
    uint64_t first_sequence)
{
	uint8_t record[RECORD_HEADER + RECORD_WATERMARK + START_PAYLOAD];
	struct file_id id = log->id;
	char name[FILE_NAME_MAX];
	uint64_t seed, sum;
	size_t size;
	int rc;

	id.number = log_prepared(log);
	assert(id.number > (before ? before->number : 0));
	assert(first_sequence > (before ? before->sequence : 0));
	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	seed = file_seed(&id);
	size = start_record(log, before, first_sequence, seed, record, &sum);
	rc = log_ops(log)->log_switch(log->env_log,
	    file_name(name, FILE_LOG, id.number), id.number, BLOCK_UNIT,
	    bytes(record, size));
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = (struct log_end){ id.number, BLOCK_UNIT + size, sum,
		first_sequence - 1 };
	log->seed = seed;
	log->closed = log->left = false;
	log->marked = log->watermark;
	log_space_known(log, id.number, log->prepared_space);
	store_release(&log->prepared, 0);
	store_relaxed(&log->bytes, log_bytes(log) + size);
	return LSM_OK;
}

/* A record, and room behind it for the marks, of which this may be one. */
static int
reserve(struct log *log, enum record_kind kind, size_t payload, bool marked)
{
	size_t size = record_size(payload, marked);
	uint64_t end = log->where.size + size;
	int rc;

	if (kind != RECORD_CLOSE && kind != RECORD_LEAVE)
		end += MARKS_ROOM;
	if (payload > UINT32_MAX || end > UINT32_MAX)
		return status_set(LSM_TOO_LARGE, "log %llu: no room for %zu "
		    "bytes", (unsigned long long)log->where.number, payload);
	if ((rc = log_space_take(log, end)) != LSM_OK)
		return rc;
	return log_ops(log)->log_reserve(log->env_log, size, &log->record);
}

int
log_begin(struct log *log, enum record_kind kind, size_t payload,
    uint8_t **out)
{
	bool marked;
	int rc;

	*out = NULL;
	assert(log->record == NULL && log->where.number != 0 && !log->closed);
	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	marked = watermark_next(log) != NULL;
	rc = reserve(log, kind, payload, marked);
	if (rc != LSM_OK) {
		log->record = NULL;
		return rc == LSM_NO_MEMORY || rc == LSM_NO_SPACE ||
		    rc == LSM_TOO_LARGE ? rc : fence_set(&log->fence, rc);
	}
	log->kind = (uint8_t)kind;
	log->payload = (uint32_t)payload;
	if (!marked)
		log->watermark = 0;
	*out = log->record + record_offset(marked);
	return LSM_OK;
}

/* The record is in the log: the chain and the count of sequences go on. */
static void
appended(struct log *log, size_t size, uint64_t sum, uint64_t sequences)
{
	log->where.size += size;
	log->where.sum = sum;
	log->where.sequence += sequences;
	log->left = false;
	if (log->watermark != 0)
		log->marked = log->watermark;
	store_relaxed(&log->bytes, log_bytes(log) + size);
}

int
log_append(struct log *log, uint64_t sequence, uint64_t *position)
{
	const uint64_t *watermark = log->watermark ? &log->watermark : NULL;
	size_t size = record_size(log->payload, watermark != NULL);
	uint64_t sum, sequences;
	bool whole;
	int rc;

	*position = 0;
	assert(log->record != NULL);
	assert(sequence == log->where.sequence + 1);
	whole = record_sequences(log->kind, bytes(log->record +
	    record_offset(watermark != NULL), log->payload), &sequences);
	assert(whole);
	(void)whole;
	sum = record_seal(log->record, log->kind, log->payload, sequence,
	    log->where.sum, watermark, log->seed, log->where.size);
	log->record = NULL;
	if ((rc = log_ops(log)->log_commit(log->env_log, size)) != LSM_OK)
		return fence_set(&log->fence, rc);
	appended(log, size, sum, sequences);
	*position = log_position(log->where.number, log->where.size);
	return LSM_OK;
}

/* Append a mark that holds one number. */
static int
mark(struct log *log, enum record_kind kind, uint64_t value,
    uint64_t *position)
{
	uint8_t *p;
	int rc;

	*position = 0;
	if ((rc = log_begin(log, kind, MARK_PAYLOAD, &p)) != LSM_OK)
		return rc;
	put64(p, value);
	return log_append(log, log->where.sequence + 1, position);
}

int
log_ready(struct log *log)
{
	char name[FILE_NAME_MAX];
	uint64_t number = log_prepared(log);

	assert(number != 0);
	if (log_ops(log)->log_ready == NULL)
		return LSM_OK;
	return log_ops(log)->log_ready(log->env_log,
	    file_name(name, FILE_LOG, number), number);
}

int
log_rotate(struct log *log, uint64_t first_sequence)
{
	struct log_end before;
	uint64_t position;
	int rc;

	assert(log_prepared(log) != 0);
	assert(first_sequence == log->where.sequence + 1);
	rc = mark(log, RECORD_CLOSE, log_prepared(log), &position);
	if (rc != LSM_OK)
		return rc;
	if ((rc = log_ops(log)->log_flush(log->env_log)) != LSM_OK)
		return fence_set(&log->fence, rc);
	before = log->where;
	return log_start(log, &before, first_sequence);
}

int
log_sync(struct log *log, uint64_t position)
{
	return group_commit_wait(&log->group, position);
}

int
log_sync_start(struct log *log, uint64_t number)
{
	uint64_t position = log_position(number, BLOCK_UNIT + 1);
	int rc;

	if (log_durable(log) >= position)
		return LSM_OK;
	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	if (log_ops(log)->log_sync_start == NULL)
		return log_sync(log, position);
	rc = log_ops(log)->log_sync_start(log->env_log, number);
	if (rc == LSM_UNSUPPORTED)
		return log_sync(log, position);
	return rc == LSM_OK ? LSM_OK : fence_set(&log->fence, rc);
}

bool
log_forget(struct log *log, uint64_t number)
{
	uint64_t durable;

	if (log_durable(log) >= log_position(number, 0))
		return true;
	if (log_ops(log)->log_forget != NULL) {
		log_ops(log)->log_forget(log->env_log, number, &durable);
		group_commit_raise(&log->group, durable);
	}
	return false;
}

uint64_t
log_durable(const struct log *log)
{
	return load_acquire(&((struct log *)log)->group.durable);
}

/* What was there before this writer came is not its to make durable. */
int
log_leave(struct log *log, uint64_t last_sequence, bool durable)
{
	uint64_t data = log_position(log->where.number, log->where.size);
	uint64_t position;
	int rc;

	assert(last_sequence == log->where.sequence);
	if (log->left)
		return LSM_OK;
	rc = mark(log, RECORD_LEAVE, last_sequence, &position);
	log->left = rc == LSM_OK;
	if (rc == LSM_OK && durable && log_durable(log) < data)
		rc = log_sync(log, position);
	return rc;
}

void
log_trust(struct log *log)
{
	if (log_ops(log)->log_trust != NULL)
		log_ops(log)->log_trust(log->env_log);
}

void
log_give_up(struct log *log, int code)
{
	(void)fence_set(&log->fence, code);
	if (log_ops(log)->log_give_up != NULL)
		log_ops(log)->log_give_up(log->env_log);
}

int
log_scrub(struct log *log)
{
	int rc;

	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	rc = log_ops(log)->log_scrub(log->env_log);
	return rc == LSM_OK ? LSM_OK : fence_set(&log->fence, rc);
}

struct env_log *
log_door(const struct log *log)
{
	return log->env_log;
}

struct log_end
log_where(const struct log *log)
{
	return log->where;
}

uint64_t
log_syncs(const struct log *log)
{
	return load_relaxed(&log->group.syncs);
}

uint64_t
log_bytes(const struct log *log)
{
	return load_relaxed(&log->bytes);
}
