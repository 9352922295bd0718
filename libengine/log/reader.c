/*
 * reader.c - the records of one log or manifest, in order.
 *
 * Nothing is believed before it verified: a length that runs over the end, or
 * that stands in a header out of the chain, costs no memory.
 */
#include "log/reader.h"

#include "base/alloc.h"
#include "base/status.h"

enum {
	CHUNK_FIRST = 8 << 10,		/* a short log is read at once */
	CHUNK_MAX = 256 << 10
};

static int
window_reserve(struct log_reader *r, size_t n)
{
	uint8_t *p;

	if (n <= r->capacity)
		return LSM_OK;
	r->window_size = 0;
	if ((p = mem_alloc(n)) == NULL)
		return mem_exhausted(n);
	mem_free(r->window);
	r->window = p;
	r->capacity = n;
	return LSM_OK;
}

/* Lay the part of the tail that belongs into [at, at + n) over it. */
static void
overlay(const struct log_reader *r, uint64_t at, size_t n)
{
	uint64_t from = r->tail_at > at ? r->tail_at : at;
	uint64_t to = r->tail_at + r->tail.n;

	if (to > at + n)
		to = at + n;
	if (from < to)
		memcpy(r->window + (from - at), r->tail.p +
		    (from - r->tail_at), (size_t)(to - from));
}

static int
window_load(struct log_reader *r, uint64_t at, size_t n)
{
	size_t got;
	int rc;

	if (r->chunk < CHUNK_MAX && at > r->window_at &&
	    at <= r->window_at + r->window_size)
		r->chunk *= 2;
	if (n < r->chunk)
		n = r->chunk;
	/* Windows of one size: the next reader takes the memory over. */
	if ((rc = window_reserve(r, n)) != LSM_OK)
		return rc;
	if (n > r->limit - at)
		n = (size_t)(r->limit - at);
	r->window_size = 0;
	rc = r->file->env->ops->file_read(r->file, at, r->window, n, &got);
	if (rc != LSM_OK)
		return rc;
	memset(r->window + got, 0, n - got);
	overlay(r, at, n);
	r->window_at = at;
	r->window_size = n;
	return LSM_OK;
}

int
log_reader_fill(struct log_reader *r, uint64_t at, size_t n,
    const uint8_t **p, size_t *available)
{
	int rc;

	*p = NULL;
	*available = 0;
	if (at >= r->limit)
		return LSM_OK;
	if (n > r->limit - at)
		n = (size_t)(r->limit - at);
	if ((at < r->window_at || at + n > r->window_at + r->window_size) &&
	    (rc = window_load(r, at, n)) != LSM_OK)
		return rc;
	*p = r->window + (at - r->window_at);
	*available = (size_t)(r->window_at + r->window_size - at);
	return LSM_OK;
}

static void
reader_extent(struct log_reader *r, struct bytes tail, uint64_t tail_at,
    uint64_t size)
{
	r->tail = tail;
	r->tail_at = tail_at;
	r->limit = tail.n ? tail_at + tail.n : size;
	r->window_size = 0;
}

int
log_reader_again(struct log_reader *r, struct bytes tail, uint64_t tail_at)
{
	uint64_t size;
	int rc;

	if ((rc = r->file->env->ops->file_size(r->file, &size)) != LSM_OK)
		return rc;
	reader_extent(r, tail, tail_at, size);
	return LSM_OK;
}

int
log_reader_limit(struct log_reader *r, uint64_t limit)
{
	if (limit > r->limit)
		return status_set(LSM_CORRUPT, "%s: offset %llu: file ends, "
		    "but its known end is %llu", r->name,
		    (unsigned long long)r->limit, (unsigned long long)limit);
	r->limit = limit;
	r->window_size = 0;
	return LSM_OK;
}

static int
header_check(struct log_reader *r, const struct file_id *id)
{
	const uint8_t *page;
	size_t n;
	int rc;

	if ((rc = log_reader_fill(r, 0, BLOCK_UNIT, &page, &n)) != LSM_OK)
		return rc;
	if (n < BLOCK_UNIT)
		return status_set(LSM_CORRUPT, "%s: offset %zu: file ends "
		    "inside its header", r->name, n);
	return file_header_read(page, id, r->name, &r->header);
}

static int
reader_new(struct env_dir *dir, const char *name, struct log_reader **out)
{
	struct log_reader *r = mem_zalloc(sizeof *r);
	int rc;

	*out = NULL;
	if (r == NULL)
		return mem_exhausted(sizeof *r);
	file_name_copy(r->name, name);
	r->chunk = CHUNK_FIRST;
	r->offset = BLOCK_UNIT;
	rc = dir->env->ops->file_open(dir, name, ENV_READ, &r->file);
	if (rc != LSM_OK)
		mem_free(r);
	else
		*out = r;
	return rc;
}

int
log_reader_open(struct env_dir *dir, const char *name,
    const struct file_id *id, struct bytes tail, uint64_t tail_at,
    struct log_reader **out)
{
	struct log_reader *r;
	int rc;

	*out = NULL;
	if ((rc = reader_new(dir, name, &r)) != LSM_OK)
		return rc;
	reader_extent(r, tail, tail_at, r->file->size);
	if ((rc = header_check(r, id)) != LSM_OK)
		goto done;
	r->seed = r->sum = file_seed(&r->header.id);
	*out = r;
	r = NULL;
done:
	log_reader_free(r);
	return rc;
}

int
log_reader_open_blind(struct env_dir *dir, const char *name,
    const struct file_id *id, struct log_reader **out)
{
	struct log_reader *r;
	int rc;

	*out = NULL;
	if ((rc = reader_new(dir, name, &r)) != LSM_OK)
		return rc;
	reader_extent(r, bytes(NULL, 0), 0, r->file->size);
	r->header.id = *id;
	r->seed = r->sum = file_seed(id);
	*out = r;
	return LSM_OK;
}

int
log_reader_open_at(struct env_dir *dir, const char *name,
    const struct file_id *id, uint64_t offset, uint64_t sum,
    struct log_reader **out)
{
	int rc = log_reader_open_blind(dir, name, id, out);

	if (rc == LSM_OK)
		log_reader_resume(*out, offset, sum);
	return rc;
}

void
log_reader_free(struct log_reader *r)
{
	if (r == NULL)
		return;
	env_file_close(r->file);
	mem_free(r->window);
	mem_free(r);
}

const struct file_header *
log_reader_header(const struct log_reader *r)
{
	return &r->header;
}

/* The record at the end of the chain, if one is there. */
static int
record_at_end(struct log_reader *r, struct record *record)
{
	uint64_t want, size;
	const uint8_t *p;
	uint32_t previous;
	size_t n;
	int rc;

	rc = log_reader_fill(r, r->offset, RECORD_HEADER, &p, &n);
	if (rc != LSM_OK)
		return rc;
	if (n < RECORD_HEADER || !record_framed(p, &previous, &size) ||
	    previous != (uint32_t)r->sum || size > r->limit - r->offset)
		return LSM_NOTFOUND;
	rc = log_reader_fill(r, r->offset, (size_t)size, &p, &n);
	if (rc != LSM_OK)
		return rc;
	return record_read(p, n, r->seed, r->offset, record, &want) ?
	    LSM_OK : LSM_NOTFOUND;
}

int
log_reader_next(struct log_reader *r, struct record *record)
{
	int rc;

	memset(record, 0, sizeof *record);
	if (r->header.id.kind == FILE_LOG && r->last == RECORD_CLOSE)
		return LSM_NOTFOUND;
	if ((rc = record_at_end(r, record)) != LSM_OK)
		return rc;
	r->offset += record->size;
	r->sum = record->sum;
	r->last = record->kind;
	return LSM_OK;
}

void
log_reader_rewind(struct log_reader *r)
{
	r->offset = BLOCK_UNIT;
	r->sum = r->seed;
	r->last = 0;
}

void
log_reader_resume(struct log_reader *r, uint64_t offset, uint64_t sum)
{
	r->offset = offset;
	r->sum = sum;
}

uint64_t
log_reader_offset(const struct log_reader *r)
{
	return r->offset;
}

uint64_t
log_reader_sum(const struct log_reader *r)
{
	return r->sum;
}

uint64_t
log_reader_size(const struct log_reader *r)
{
	return r->file->size;
}
