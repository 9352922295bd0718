/*
 * range_block.c - the range deletes of a table.
 *
 *   block header | count u32 | zero u32 | row*
 *   row := bytes from, bytes to, varint sequence
 */
#include "table/range_block.h"

#include "base/alloc.h"
#include "base/status.h"

/* Where its fields lie. */
enum { AT_COUNT = 32, AT_ZERO = 36, AT_ROWS = 40 };

enum { ROW_MIN = 3 };			/* bytes that a row takes at least */

static uint64_t
block_room(uint64_t rows)
{
	return (AT_ROWS + rows + BLOCK_UNIT - 1) / BLOCK_UNIT * BLOCK_UNIT;
}

int
range_rows_add(struct range_rows *r, const struct range *range,
    const char **fault)
{
	size_t size = range_size(range->from, range->to) +
	    varint_size(range->sequence);
	uint8_t *p;
	int rc;

	*fault = NULL;
	if (r->count > 0 &&
	    bytes_compare(buffer_bytes(&r->to), range->from) > 0)
		*fault = "range deletes do not ascend";
	else if (block_room(r->rows.n + size) > RANGES_SIZE_MAX)
		*fault = "too many range deletes";
	if (*fault != NULL)
		return LSM_OK;
	if ((rc = buffer_reserve(&r->rows, size + VARINT_MAX)) != LSM_OK)
		return rc;
	r->to.n = 0;
	rc = buffer_add(&r->to, range->to.p, range->to.n);
	if (rc != LSM_OK)
		return rc;
	p = range_put(r->rows.p + r->rows.n, range->from, range->to);
	r->rows.n = (size_t)(varint_put(p, range->sequence) - r->rows.p);
	r->count++;
	return LSM_OK;
}

uint64_t
range_rows_size(const struct range_rows *r)
{
	return r->count > 0 ? block_room(r->rows.n) : 0;
}

int
range_rows_write(const struct range_rows *r, struct block_writer *w)
{
	uint8_t *block;
	int rc;

	if (r->count == 0)
		return LSM_OK;
	rc = block_writer_room(w, AT_ROWS + r->rows.n, &block);
	if (rc != LSM_OK)
		return rc;
	put32(block + AT_COUNT, (uint32_t)r->count);
	put32(block + AT_ZERO, 0);
	memcpy(block + AT_ROWS, r->rows.p, r->rows.n);
	block_writer_seal_page(w, BLOCK_RANGE, AT_ROWS + r->rows.n);
	return LSM_OK;
}

void
range_rows_release(struct range_rows *r)
{
	buffer_free(&r->rows);
	buffer_free(&r->to);
}

static const char *
rows_read(struct bytes rows, const struct table_footer *f,
    struct range_block *b)
{
	struct range *r = b->list;

	for (; b->count < f->ranges; b->count++, r++) {
		if (!range_take(&rows, &r->from, &r->to) ||
		    !bytes_take_varint(&rows, &r->sequence))
			return "malformed row";
		if (r->sequence < f->sequence_min || r->sequence == 0 ||
		    r->sequence > f->sequence_max)
			return "a sequence is not within the footer's";
		if (b->count > 0 && bytes_compare(r[-1].to, r->from) > 0)
			return "rows overlap";
	}
	return rows.n == 0 ? NULL : "bytes behind the rows";
}

/* The block is proven; is it what the footer says? */
static int
block_read(const char *name, const struct block_header *h,
    const struct table_footer *f, struct range_block *b)
{
	const char *fault = NULL;

	if (h->codec != 0 || h->flags != 0 ||
	    block_size(h) != f->position - f->ranges_at ||
	    h->stored < AT_ROWS - BLOCK_HEADER)
		fault = "header";
	else if (get32(b->raw + AT_COUNT) != f->ranges ||
	    get32(b->raw + AT_ZERO) != 0 ||
	    f->ranges > (h->stored - (AT_ROWS - BLOCK_HEADER)) / ROW_MIN)
		fault = "count";
	else if ((b->list = mem_alloc(f->ranges * sizeof *b->list)) == NULL)
		return mem_exhausted(f->ranges * sizeof *b->list);
	else
		fault = rows_read(bytes(b->raw + AT_ROWS, h->stored -
		    (AT_ROWS - BLOCK_HEADER)), f, b);
	if (fault == NULL)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %llu: range deletes: %s",
	    name, (unsigned long long)f->ranges_at, fault);
}

int
range_block_load(struct env_file *file, const char *name,
    const struct table_footer *f, struct range_block *b)
{
	size_t size = (size_t)(f->position - f->ranges_at);
	struct block_header h;
	int rc;

	if ((b->raw = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	if ((rc = env_read_exactly(file, name, f->ranges_at, b->raw, size)) !=
	    LSM_OK || (rc = block_check(b->raw, size, BLOCK_RANGE, &f->id,
	    file_seed(&f->id), f->ranges_at, name, &h)) != LSM_OK)
		return rc;
	return block_read(name, &h, f, b);
}

void
range_block_release(struct range_block *b)
{
	mem_free(b->list);
	mem_free(b->raw);
	*b = (struct range_block){ 0 };
}
