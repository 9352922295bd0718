/*
 * log_continue.c - the write-ahead log goes on where its last writer ended.
 *
 * After a replay the end is known, and what the ring has more than the file is
 * completed. Without one, the leave mark at the end is believed when it proves
 * itself. A file is as long as the space that it has.
 */
#include "log/writer.h"

#include <assert.h>

#include "env/files.h"

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
    uint64_t *seed, uint64_t *size)
{
	struct env_file *file;
	int rc;

	*seed = *size = 0;
	rc = log_ops(log)->file_open(log->dir, name, ENV_READ, &file);
	if (rc == LSM_OK)
		rc = header_seed(log, file, name, number, seed);
	if (rc == LSM_OK)
		*size = file->size;
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
	uint64_t seed, size;
	int rc;

	assert(end->number != 0 && end->size >= BLOCK_UNIT + missing.n);
	file_name(name, FILE_LOG, end->number);
	if ((rc = fence_check(&log->fence)) != LSM_OK ||
	    (rc = segment_seed(log, name, end->number, &seed, &size)) !=
	    LSM_OK)
		return rc;
	rc = log_ops(log)->log_attach(log->env_log, name, end->number,
	    end->size - missing.n, missing);
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = *end;
	log_space_known(log, end->number, size);
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
	uint64_t seed, links, space = 0;
	int rc;

	*end = (struct log_end){ 0 };
	*mark = 0;
	file_name(name, FILE_LOG, number);
	if ((rc = log_ops(log)->dir_links(log->dir, name, &links)) != LSM_OK ||
	    links != 1)
		return rc == LSM_OK ? LSM_NOTFOUND : rc;
	rc = log_ops(log)->file_open(log->dir, name, ENV_READ, &file);
	if (rc == LSM_OK) {
		rc = left_read(log, file, name, &found, mark, &seed);
		space = file->size;
	}
	env_file_close(file);
	if (rc != LSM_OK)
		return rc;
	rc = log_ops(log)->log_attach(log->env_log, name, number, size,
	    bytes(NULL, 0));
	if (rc != LSM_OK)
		return fence_set(&log->fence, rc);
	log->where = *end = found;
	log_space_known(log, number, space);
	log->seed = seed;
	log->left = true;
	return LSM_OK;
}
