/*
 * table_builder.c - writes a table from entries in key order.
 *
 * Leaves go out as they fill. What stands behind them needs all of them: of
 * each leaf a separator is kept for the inner levels, of each key its hash for
 * the filter.
 */
#include "table/table_builder.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/status.h"
#include "table/block_writer.h"
#include "table/compress.h"
#include "table/filter.h"
#include "table/footer.h"
#include "table/page_builder.h"
#include "table/range_block.h"
#include "table/tree.h"

struct table_builder {
	struct table_options opt;
	struct block_writer writer;
	struct compressor *compressor;	/* NULL: no codec */
	struct page_builder *page;
	struct table_footer footer;	/* counts, as they grow */
	struct buffer smallest;
	struct buffer from;		/* of the first range delete */
	struct range_rows ranges;
	struct buffer inputs;
	struct tree tree;
	struct filter filter;
	size_t first_n, last_n;
	uint8_t first[LSM_KEY_MAX];	/* separator before the open page */
	uint8_t last[LSM_KEY_MAX];	/* key added last */
	uint8_t node[PAGE_MAX];		/* before compression */
};

static int
write_header(struct table_builder *b)
{
	lsm_env *env = b->opt.dir->env;
	struct file_header header = {
		.id = b->opt.id,
		.created_us = b->opt.created_us ? b->opt.created_us :
		    env->ops->date_us(env),
		.edit = b->opt.edit,
	};
	uint8_t *block;
	int rc;

	if ((block = mem_alloc(BLOCK_UNIT)) == NULL)
		return mem_exhausted(BLOCK_UNIT);
	file_header_write(block, &header);
	rc = block_writer_add(&b->writer, block, BLOCK_UNIT);
	mem_free(block);
	return rc;
}

static int
keep_inputs(struct table_builder *b, const struct table_options *o)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < o->inputs_count && rc == LSM_OK; i++)
		rc = buffer_add_varint(&b->inputs, o->inputs[i]);
	b->opt.inputs = NULL;
	return rc;
}

static int
builder_open(struct table_builder *b, const struct table_options *o)
{
	int rc;

	/* The next merge writes what level 0 has anew. */
	if (o->codec != LSM_CODEC_NONE && (rc = compressor_new(o->codec,
	    o->level == 0, &b->compressor)) != LSM_OK)
		return rc;
	if ((rc = page_builder_new(o->page_size, &b->page)) != LSM_OK ||
	    (rc = keep_inputs(b, o)) != LSM_OK ||
	    (rc = block_writer_open(&b->writer, o->dir, &o->id)) != LSM_OK)
		return rc;
	return write_header(b);
}

int
table_builder_new(const struct table_options *o, struct table_builder **out)
{
	struct table_builder *b;
	int rc;

	assert(o->id.kind == FILE_TABLE);
	*out = NULL;
	if ((b = mem_zalloc(sizeof *b)) == NULL)
		return mem_exhausted(sizeof *b);
	b->opt = *o;
	b->footer.sequence_min = UINT64_MAX;
	if ((rc = builder_open(b, o)) == LSM_OK)
		*out = b;
	else
		table_builder_free(b);
	return rc;
}

void
table_builder_free(struct table_builder *b)
{
	if (b == NULL)
		return;
	block_writer_release(&b->writer, false);
	compressor_free(b->compressor);
	page_builder_free(b->page);
	tree_release(&b->tree);
	filter_release(&b->filter);
	range_rows_release(&b->ranges);
	buffer_free(&b->from);
	buffer_free(&b->smallest);
	buffer_free(&b->inputs);
	mem_free(b);
}

uint64_t
table_builder_size(const struct table_builder *b)
{
	return block_writer_position(&b->writer) +
	    page_builder_size(b->page) + range_rows_size(&b->ranges);
}

uint64_t
table_builder_stored(const struct table_builder *b)
{
	return b->writer.at;
}

uint64_t
table_builder_entries(const struct table_builder *b)
{
	return b->footer.entries;
}

/* A leaf of `size` bytes goes out packed: compressed if that saves an eighth,
 * else as it is. */
static int
write_packed(struct table_builder *b, const uint8_t *node, size_t size,
    uint64_t *position)
{
	struct bytes raw = bytes(node + BLOCK_HEADER, size - BLOCK_HEADER);
	struct block_header h = { .tag = BLOCK_LEAF, .flags = BLOCK_PACKED,
		.codec = (uint8_t)b->opt.codec, .raw = (uint32_t)raw.n };
	size_t packed;
	uint8_t *block;
	int rc;

	if ((rc = block_writer_room(&b->writer, size, &block)) != LSM_OK)
		return rc;
	rc = compressor_run(b->compressor, raw, block + BLOCK_HEADER,
	    raw.n - (raw.n + 7) / 8, &packed);
	if (rc != LSM_OK)
		return rc;
	if (packed == 0) {
		memcpy(block + BLOCK_HEADER, raw.p, raw.n);
		h.codec = LSM_CODEC_NONE;
		packed = raw.n;
	}
	h.stored = (uint32_t)packed;
	*position = block_writer_seal(&b->writer, &h);
	return LSM_OK;
}

static int
leaf_written(struct table_builder *b, uint64_t position)
{
	b->footer.leaves++;
	return tree_add(&b->tree, bytes(b->first, b->first_n), position);
}

/* Write the open page as a leaf. */
static int
close_leaf(struct table_builder *b)
{
	size_t size = page_builder_size(b->page);
	uint64_t position;
	uint8_t *block;
	int rc;

	if (page_builder_count(b->page) == 0)
		return LSM_OK;
	if (b->compressor != NULL) {
		page_builder_finish(b->page, b->node);
		rc = write_packed(b, b->node, size, &position);
	} else if ((rc = block_writer_room(&b->writer, size, &block)) ==
	    LSM_OK) {
		page_builder_finish(b->page, block);
		position = block_writer_seal_page(&b->writer, BLOCK_LEAF,
		    size);
	}
	return rc == LSM_OK ? leaf_written(b, position) : rc;
}

/* The open page begins with this key: note what divides it from the last. */
static void
begin_leaf(struct table_builder *b, struct bytes key)
{
	struct bytes s = b->footer.entries == 0 ? key :
	    separator(bytes(b->last, b->last_n), key);

	if (s.n)
		memcpy(b->first, s.p, s.n);
	b->first_n = s.n;
}

/* An entry too large for a page with others. */
static int
write_one(struct table_builder *b, const struct entry *e)
{
	size_t size = page_one_size(e);
	uint64_t position;
	uint8_t *block, *node;
	int rc;

	if ((rc = close_leaf(b)) != LSM_OK)
		return rc;
	begin_leaf(b, e->key);
	if (b->compressor != NULL) {
		if ((node = mem_alloc(size)) == NULL)
			return mem_exhausted(size);
		page_one_write(e, node);
		rc = write_packed(b, node, size, &position);
		mem_free(node);
	} else if ((rc = block_writer_room(&b->writer, size, &block)) ==
	    LSM_OK) {
		page_one_write(e, block);
		position = block_writer_seal_page(&b->writer, BLOCK_LEAF,
		    size);
	}
	return rc == LSM_OK ? leaf_written(b, position) : rc;
}

static int
add_to_page(struct table_builder *b, const struct entry *e)
{
	bool added;
	int rc;

	if (e->key.n + e->value.n > PAGE_OWN)
		return write_one(b, e);
	if (page_builder_count(b->page) > 0) {
		if (page_builder_add(b->page, e))
			return LSM_OK;
		if ((rc = close_leaf(b)) != LSM_OK)
			return rc;
	}
	begin_leaf(b, e->key);
	added = page_builder_add(b->page, e);
	assert(added);
	return added ? LSM_OK : LSM_BUG;
}

static int
check_entry(const struct table_builder *b, const struct entry *e)
{
	if (e->key.n > LSM_KEY_MAX || e->value.n > LSM_VALUE_MAX ||
	    e->kind > KIND_DELETE ||
	    (e->kind == KIND_DELETE && e->value.n > 0))
		return status_set(LSM_BUG, "%s: not an entry for a table",
		    b->writer.name);
	if (b->footer.entries > 0 &&
	    bytes_compare(bytes(b->last, b->last_n), e->key) >= 0)
		return status_set(LSM_BUG, "%s: keys do not ascend",
		    b->writer.name);
	return LSM_OK;
}

static void
count_sequence(struct table_footer *f, uint64_t sequence)
{
	if (sequence < f->sequence_min)
		f->sequence_min = sequence;
	if (sequence > f->sequence_max)
		f->sequence_max = sequence;
}

static void
count_entry(struct table_builder *b, const struct entry *e)
{
	struct table_footer *f = &b->footer;

	f->entries++;
	f->deletes += e->kind == KIND_DELETE;
	f->data += e->key.n + e->value.n;
	count_sequence(f, e->sequence);
	if (e->key.n)
		memcpy(b->last, e->key.p, e->key.n);
	b->last_n = e->key.n;
}

int
table_builder_add(struct table_builder *b, const struct entry *e)
{
	int rc;

	if ((rc = check_entry(b, e)) != LSM_OK)
		return rc;
	if (b->footer.entries == 0 &&
	    (rc = buffer_add(&b->smallest, e->key.p, e->key.n)) != LSM_OK)
		return rc;
	if (b->opt.filter_bits > 0 &&
	    (rc = filter_add(&b->filter, hash64(e->key))) != LSM_OK)
		return rc;
	if ((rc = add_to_page(b, e)) != LSM_OK)
		return rc;
	count_entry(b, e);
	return LSM_OK;
}

int
table_builder_add_range(struct table_builder *b, const struct range *r)
{
	const char *fault;
	int rc;

	if (b->ranges.count == 0 && (rc = buffer_add(&b->from, r->from.p,
	    r->from.n)) != LSM_OK)
		return rc;
	rc = range_rows_add(&b->ranges, r, &fault);
	if (rc == LSM_OK && fault != NULL)
		rc = status_set(LSM_BUG, "%s: %s", b->writer.name, fault);
	if (rc != LSM_OK)
		return rc;
	b->footer.ranges++;
	count_sequence(&b->footer, r->sequence);
	return LSM_OK;
}

uint64_t
table_builder_ranges_size(const struct table_builder *b)
{
	return range_rows_size(&b->ranges);
}

struct bytes
table_builder_last(const struct table_builder *b)
{
	struct bytes key = bytes(b->last, b->last_n);
	struct bytes end = bound_last(buffer_bytes(&b->ranges.to));

	assert(b->footer.entries + b->footer.ranges > 0);
	if (b->footer.ranges == 0)
		return key;
	return b->footer.entries == 0 || bytes_compare(end, key) > 0 ? end :
	    key;
}

/* What stands between the leaves and the footer. */
static int
write_index(struct table_builder *b)
{
	struct table_footer *f = &b->footer;
	uint64_t at;
	int rc;

	if ((rc = block_writer_align(&b->writer)) != LSM_OK ||
	    (rc = tree_write(&b->tree, b->page, &b->writer, &f->root,
	    &f->height)) != LSM_OK)
		return rc;
	at = block_writer_position(&b->writer);
	rc = filter_write(&b->filter, b->opt.filter_bits, &b->writer,
	    &f->filter_pages);
	f->filter = f->filter_pages ? at : 0;
	if (rc != LSM_OK)
		return rc;
	at = block_writer_position(&b->writer);
	f->ranges_at = f->ranges ? at : 0;
	return range_rows_write(&b->ranges, &b->writer);
}

/* Nothing in the table lies outside of them. */
static void
set_bounds(const struct table_builder *b, struct table_footer *f)
{
	struct bytes from = buffer_bytes(&b->from);

	f->smallest = buffer_bytes(&b->smallest);
	f->largest = bytes(b->last, b->last_n);
	if (f->ranges == 0)
		return;
	if (f->entries == 0 || bytes_compare(from, f->smallest) < 0)
		f->smallest = from;
	f->largest = table_builder_last(b);
}

static int
write_footer(struct table_builder *b)
{
	struct table_footer *f = &b->footer;
	struct buffer block = { 0 };
	int rc;

	f->id = b->opt.id;
	f->codec = b->opt.codec;
	f->edit = b->opt.edit;
	f->run = b->opt.run;
	f->level = (uint32_t)b->opt.level;
	set_bounds(b, f);
	f->inputs = buffer_bytes(&b->inputs);
	f->inputs_count = b->opt.inputs_count;
	f->position = block_writer_position(&b->writer);
	f->size = f->position + footer_size(f);
	f->sum = checksum_stream_sum(b->writer.sums);
	if (f->entries + f->ranges == 0)
		f->sequence_min = 0;
	rc = footer_write(f, b->writer.seed, &block);
	if (rc == LSM_OK)
		rc = block_writer_add(&b->writer, block.p, block.n);
	buffer_free(&block);
	return rc;
}

static int
make_meta(const struct table_footer *f, struct table_meta *meta)
{
	struct table_meta m = {
		.number = f->id.number,
		.size = f->size,
		.sum = f->sum,
		.entries = f->entries,
		.deletes = f->deletes,
		.ranges = f->ranges,
		.data = f->data,
		.sequence_min = f->sequence_min,
		.sequence_max = f->sequence_max,
		.smallest = f->smallest,
		.largest = f->largest,
	};

	memcpy(m.branch, f->id.branch, ID_SIZE);
	return table_meta_copy(meta, &m);
}

int
table_builder_hand_over(struct table_builder *b, struct table_meta *meta,
    struct env_file **file)
{
	int rc;

	*file = NULL;
	memset(meta, 0, sizeof *meta);
	if ((rc = close_leaf(b)) != LSM_OK ||
	    (rc = write_index(b)) != LSM_OK ||
	    (rc = write_footer(b)) != LSM_OK ||
	    (rc = make_meta(&b->footer, meta)) != LSM_OK)
		return rc;
	if ((rc = block_writer_finish(&b->writer, file)) != LSM_OK)
		table_meta_release(meta);
	return rc;
}

int
table_file_finish(struct env_file *file)
{
	const struct env_ops *ops = file->env->ops;
	int rc = ops->file_sync(file);

	if (rc == LSM_OK)
		return ops->file_close(file);
	env_file_close(file);
	return rc;
}

int
table_builder_finish(struct table_builder *b, struct table_meta *meta)
{
	struct env_dir *dir = b->opt.dir;
	struct env_file *file;
	int rc;

	if ((rc = table_builder_hand_over(b, meta, &file)) != LSM_OK ||
	    (rc = table_file_finish(file)) == LSM_OK)
		return rc;
	(void)dir->env->ops->dir_unlink(dir, b->writer.name);
	table_meta_release(meta);
	return rc;
}
