/*
 * Fuzz: whole tables.
 *
 *   input := control (1 byte), file
 *
 * control 1: the sums of all blocks are put right, and with 2 the footer's
 * whole-file sum and size; 4: strict reads; 8: a cache. The manifest believes
 * whatever the footer says. What a table that opens answers must agree with
 * itself: each key that a walk shows is found by a get.
 */
#include <stdlib.h>

#include "base/checksum.h"
#include "support/memenv.h"
#include "table/footer.h"
#include "table/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { NUMBER = 13, SEAL = 1, SUM = 2, STRICT = 4, CACHE = 8 };

static struct file_id id = { .kind = FILE_TABLE, .number = NUMBER };

/* Seal what looks like a block; returns its size, 0 when it does not. */
static uint64_t
seal(uint8_t *p, uint64_t at, uint64_t end, struct checksum_stream *sums)
{
	struct block_header h;

	block_header_read(p + at, &h);
	if ((h.tag & 0xffffff) != (BLOCK_HEAD & 0xffffff) ||
	    block_size(&h) > end - at)
		return 0;
	put32(p + at + 24, NUMBER);
	put32(p + at + 28, (uint32_t)(at / BLOCK_PACK));
	put64(p + at, checksum64(p + at + 8, (size_t)block_size(&h) - 8,
	    file_seed(&id) + at));
	checksum_stream_add(sums, p + at, 8);
	return block_size(&h);
}

static void
seal_all(uint8_t *p, uint64_t footer, struct checksum_stream *sums)
{
	uint64_t size;

	for (uint64_t at = 0; footer - at >= BLOCK_HEADER; at += size) {
		size = seal(p, at, footer, sums);
		if (size == 0 && at % BLOCK_UNIT != 0)
			size = BLOCK_UNIT - at % BLOCK_UNIT;
		if (size == 0 || size > footer - at)
			return;
	}
}

static void
put_right(uint8_t *p, size_t n, uint8_t control)
{
	struct checksum_stream *sums = checksum_stream_new(file_seed(&id));
	uint64_t footer = get64(p + n - FOOTER_TRAILER);

	if (sums == NULL)
		abort();
	if (footer % BLOCK_UNIT == 0 && footer < n && n - footer >= 256) {
		seal_all(p, footer, sums);
		if (control & SUM) {
			put64(p + footer + 72, n);
			put64(p + footer + 184, checksum_stream_sum(sums));
		}
		seal(p, footer, n, sums);
	}
	checksum_stream_free(sums);
}

/* A filter may lie, and a separator: then a key is not found. But where a walk
 * has shown that keys ascend, no other entry may be; but perhaps a range delete
 * that covers it. */
static void
check_get(struct table *t, const struct entry *e, struct buffer *value)
{
	uint64_t sequence;
	struct range span;
	enum kind kind;
	int rc = table_get(t, e->key, hash64(e->key), &kind, &sequence, value);

	table_cover(t, e->key, &span);
	if (!range_has(&span, e->key))
		abort();
	if (rc == LSM_OK && span.sequence > 0 && kind == KIND_DELETE &&
	    sequence == span.sequence)
		return;
	if (rc == LSM_OK && span.sequence > e->sequence)
		abort();
	if (rc == LSM_OK && (sequence != e->sequence || kind != e->kind ||
	    !bytes_equal(buffer_bytes(value), e->value)))
		abort();
}

static void
walk(struct table *t, unsigned flags, struct buffer *value)
{
	struct iter *it;
	int rc;

	/* Who scans looks at the header, which nobody has seen yet. */
	if ((rc = table_iter_new(t, flags, &it)) != LSM_OK) {
		if (flags == 0 || rc == LSM_NO_MEMORY)
			abort();
		return;
	}
	for (rc = iter_last(it); rc == LSM_OK && it->valid;)
		rc = iter_prev(it);
	(void)iter_seek(it, bytes("m", 1));
	(void)iter_seek_before(it, bytes("m", 1));
	for (rc = iter_first(it); rc == LSM_OK && it->valid;)
		rc = iter_next(it);
	if (rc == LSM_OK)
		for (rc = iter_first(it); rc == LSM_OK && it->valid;
		    rc = iter_next(it))
			check_get(t, &it->entry, value);
	iter_free(it);
}

static void
ask(const struct table_source *source, const struct table_footer *f)
{
	struct table_meta meta = { .number = NUMBER, .size = f->size,
		.sum = f->sum, .entries = f->entries, .deletes = f->deletes,
		.ranges = f->ranges, .data = f->data,
		.sequence_min = f->sequence_min,
		.sequence_max = f->sequence_max, .smallest = f->smallest,
		.largest = f->largest };
	struct buffer value = { 0 };
	struct table *t;

	if (f->sequence_max == 0)
		meta.sequence_min = meta.sequence_max = NUMBER;
	if (table_open(source, &meta, &t) != LSM_OK)
		return;
	walk(t, 0, &value);
	walk(t, TABLE_SCAN, &value);
	(void)table_verify(t);
	table_free(t);
	buffer_free(&value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct memenv *env;
	struct table_stats stats = { 0 };
	struct table_source source = { .stats = &stats };
	struct table_footer f;
	struct buffer *file;
	uint64_t at;

	if (n < 1 + 2 * BLOCK_UNIT)
		return 0;
	env = memenv_new();
	memenv_put(env, "000013.sst", bytes(data + 1, n - 1));
	file = memenv_file(env, "000013.sst");
	if (data[0] & SEAL)
		put_right(file->p, file->n, data[0]);
	source.dir = memenv_dir(env);
	source.reads = data[0] & STRICT ? LSM_READS_STRICT : LSM_READS_MAPPED;
	if (data[0] & CACHE && cache_new(1 << 20, &source.cache) != LSM_OK)
		abort();
	if (footer_find(file->p + file->n - FOOTER_TRAILER, file->n, "f",
	    &at) == LSM_OK && footer_read(file->p + at,
	    (size_t)(file->n - at), at, &id, "f", &f) == LSM_OK)
		ask(&source, &f);
	cache_free(source.cache);
	memenv_free(env);
	return 0;
}
