/*
 * log.c - the write-ahead log, as its writer sees it.
 *
 * Encodes records where the door's log object has room for them, chains them,
 * and strings segments together. One thread appends; any thread syncs; one
 * thread at a time prepares.
 */
#include "log/log.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/files.h"
#include "log/fence.h"
#include "log/group_commit.h"

enum {
	START_PAYLOAD = 32,
	MARK_PAYLOAD = 8,
	/* A position has 32 bits for the offset: so much of a segment stays
	 * free for the marks that end it. */
	MARKS_ROOM = 4096
};

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

static const struct env_ops *
ops(const struct log *log)
{
	return log->env_log->env->ops;
}

/* The first sequence of a log is not known so early: its start record has
 * it, the header has 0. */
int
log_prepare(struct log *log, uint64_t number, const char *recycle,
    uint64_t edit)
{
	struct file_header header = { .id = log->id, .edit = edit };
	char name[FILE_NAME_MAX];
	uint8_t page[BLOCK_UNIT];
	int rc;

	assert(number != 0 && log_prepared(log) == 0);
	header.id.number = number;
	header.created_us = ops(log)->date_us(log->env_log->env);
	file_header_write(page, &header);
	rc = ops(log)->log_prepare(log->dir,
	    file_name(name, FILE_LOG, number), recycle, log->segment_size,
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
	rc = ops(log)->log_switch(log->env_log,
	    file_name(name, FILE_LOG, id.number), id.number, BLOCK_UNIT,
	    bytes(record, size));
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = (struct log_end){ id.number, BLOCK_UNIT + size, sum,
		first_sequence - 1 };
	log->seed = seed;
	log->closed = log->left = false;
	log->marked = log->watermark;
	store_release(&log->prepared, 0);
	store_relaxed(&log->bytes, log_bytes(log) + size);
	return LSM_OK;
}

int
log_begin(struct log *log, enum record_kind kind, size_t payload,
    uint8_t **out)
{
	size_t size;
	bool marked;
	int rc;

	*out = NULL;
	assert(log->record == NULL && log->where.number != 0 && !log->closed);
	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	marked = watermark_next(log) != NULL;
	size = record_size(payload, marked);
	if (payload > UINT32_MAX - MARKS_ROOM ||
	    log->where.size + size > UINT32_MAX - MARKS_ROOM)
		return status_set(LSM_TOO_LARGE, "log %llu: no room for %zu "
		    "bytes", (unsigned long long)log->where.number, payload);
	rc = ops(log)->log_reserve(log->env_log, size, &log->record);
	if (rc != LSM_OK) {
		log->record = NULL;
		return rc == LSM_NO_MEMORY || rc == LSM_NO_SPACE ? rc :
		    fence_set(&log->fence, rc);
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
	if ((rc = ops(log)->log_commit(log->env_log, size)) != LSM_OK)
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
	if (ops(log)->log_ready == NULL)
		return LSM_OK;
	return ops(log)->log_ready(log->env_log,
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
	if ((rc = ops(log)->log_flush(log->env_log)) != LSM_OK)
		return fence_set(&log->fence, rc);
	before = log->where;
	return log_start(log, &before, first_sequence);
}

/* Its seed comes from its own header: the branch may be an older one. */
static int
header_seed(struct log *log, struct env_file *file, const char *name,
    uint64_t number, uint64_t *seed)
{
	struct file_id id = log->id;
	struct file_header header;
	uint8_t page[BLOCK_UNIT];
	int rc = env_read_exactly(file, name, 0, page, sizeof page);

	*seed = 0;
	id.number = number;
	if (rc == LSM_OK)
		rc = file_header_read(page, &id, name, &header);
	if (rc == LSM_OK)
		*seed = file_seed(&header.id);
	return rc;
}

static int
segment_seed(struct log *log, const char *name, uint64_t number,
    uint64_t *seed)
{
	struct env_file *file;
	int rc;

	*seed = 0;
	rc = ops(log)->file_open(log->dir, name, ENV_READ, &file);
	if (rc == LSM_OK)
		rc = header_seed(log, file, name, number, seed);
	env_file_close(file);
	return rc;
}

/* The mark of 8 bytes that ends at `size` with the `n` bytes before it at
 * hand, up to `p + n`. */
static bool
mark_read(const uint8_t *p, size_t n, uint64_t size, uint64_t seed,
    struct record *r)
{
	uint64_t want;

	for (int marked = 0; marked < 2; marked++) {
		size_t all = record_size(MARK_PAYLOAD, marked);

		if (n >= all && record_read(p + n - all, all, seed,
		    size - all, r, &want) && r->size == all)
			return true;
	}
	return false;
}

/* A rotation that died early left its close mark in the ring only: the file
 * is to be completed, and then nothing more may follow in it. */
static bool
ends_closed(const struct log_end *end, struct bytes missing, uint64_t seed)
{
	struct record r;

	return mark_read(missing.p, missing.n, end->size, seed, &r) &&
	    r.sum == end->sum && r.kind == RECORD_CLOSE;
}

int
log_continue(struct log *log, const struct log_end *end, struct bytes missing)
{
	char name[FILE_NAME_MAX];
	uint64_t seed;
	int rc;

	assert(end->number != 0 && end->size >= BLOCK_UNIT + missing.n);
	file_name(name, FILE_LOG, end->number);
	if ((rc = fence_check(&log->fence)) != LSM_OK ||
	    (rc = segment_seed(log, name, end->number, &seed)) != LSM_OK)
		return rc;
	rc = ops(log)->log_attach(log->env_log, name, end->number,
	    end->size - missing.n, missing);
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = *end;
	log->seed = seed;
	log->closed = ends_closed(end, missing, seed);
	return LSM_OK;
}

/* The leave mark that ends at end->size. */
static int
left_read(struct log *log, struct env_file *file, const char *name,
    struct log_end *end, uint64_t *mark, uint64_t *seed)
{
	uint8_t last[RECORD_HEADER + RECORD_WATERMARK + MARK_PAYLOAD];
	uint64_t at = end->size - sizeof last;
	struct record r;
	int rc;

	if (end->size < BLOCK_UNIT + sizeof last || end->size > file->size)
		return LSM_NOTFOUND;
	if ((rc = header_seed(log, file, name, end->number, seed)) != LSM_OK ||
	    (rc = env_read_exactly(file, name, at, last, sizeof last)) !=
	    LSM_OK)
		return rc;
	if (!mark_read(last, sizeof last, end->size, *seed, &r) ||
	    r.kind != RECORD_LEAVE || r.payload.n != MARK_PAYLOAD)
		return LSM_NOTFOUND;
	*mark = end->size - r.size;
	end->sum = r.sum;
	end->sequence = get64(r.payload.p);
	return r.sequence == (uint32_t)(end->sequence + 1) ? LSM_OK :
	    LSM_NOTFOUND;
}

int
log_continue_left(struct log *log, uint64_t number, uint64_t size,
    struct log_end *end, uint64_t *mark)
{
	struct log_end found = { .number = number, .size = size };
	char name[FILE_NAME_MAX];
	struct env_file *file;
	uint64_t seed, links;
	int rc;

	*end = (struct log_end){ 0 };
	*mark = 0;
	file_name(name, FILE_LOG, number);
	if ((rc = ops(log)->dir_links(log->dir, name, &links)) != LSM_OK ||
	    links != 1)
		return rc == LSM_OK ? LSM_NOTFOUND : rc;
	rc = ops(log)->file_open(log->dir, name, ENV_READ, &file);
	if (rc == LSM_OK)
		rc = left_read(log, file, name, &found, mark, &seed);
	env_file_close(file);
	if (rc != LSM_OK)
		return rc;
	rc = ops(log)->log_attach(log->env_log, name, number, size,
	    bytes(NULL, 0));
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = *end = found;
	log->seed = seed;
	log->left = true;
	return LSM_OK;
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
	if (ops(log)->log_sync_start == NULL)
		return log_sync(log, position);
	rc = ops(log)->log_sync_start(log->env_log, number);
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
	if (ops(log)->log_forget != NULL) {
		ops(log)->log_forget(log->env_log, number, &durable);
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
	if (ops(log)->log_trust != NULL)
		ops(log)->log_trust(log->env_log);
}

void
log_give_up(struct log *log, int code)
{
	(void)fence_set(&log->fence, code);
	if (ops(log)->log_give_up != NULL)
		ops(log)->log_give_up(log->env_log);
}

int
log_scrub(struct log *log)
{
	int rc;

	if ((rc = fence_check(&log->fence)) != LSM_OK)
		return rc;
	rc = ops(log)->log_scrub(log->env_log);
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
