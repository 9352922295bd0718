/*
 * table.c - a table, open for reading: opened, asked, closed.
 *
 * Open reads the footer, found from the file's last bytes; everything else,
 * the header too, is read when it is first wanted. A get asks one page of the
 * filter, then goes from the root to one leaf.
 */
#include "table/table.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/tally.h"
#include "table/bloom.h"
#include "table/compress.h"
#include "table/table_impl.h"

static int
meta_bad(const char *name, const char *what)
{
	return status_set(LSM_CORRUPT,
	    "%s: the manifest knows another %s of this table", name, what);
}

/* The block goes, what its slices hold stays. */
static int
footer_keep(struct table *t)
{
	struct table_footer *f = &t->footer;
	struct bytes *parts[] = { &f->smallest, &f->largest, &f->inputs,
		&f->properties };
	size_t n = 0, count = sizeof parts / sizeof *parts;
	uint8_t *p;

	for (size_t i = 0; i < count; i++)
		n += parts[i]->n;
	if ((p = t->texts = mem_alloc(n)) == NULL)
		return mem_exhausted(n);
	for (size_t i = 0; i < count; p += parts[i++]->n) {
		if (parts[i]->n)
			memcpy(p, parts[i]->p, parts[i]->n);
		parts[i]->p = p;
	}
	return LSM_OK;
}

static int
read_footer_at(struct table *t, struct env_file *file, const char *name,
    const struct file_id *id, uint64_t at)
{
	size_t n = (size_t)(file->size - at);
	uint8_t *block;
	int rc;

	if ((block = mem_alloc(n)) == NULL)
		return mem_exhausted(n);
	if ((rc = env_read_exactly(file, name, at, block, n)) == LSM_OK &&
	    (rc = footer_read(block, n, at, id, name, &t->footer)) == LSM_OK)
		rc = footer_keep(t);
	mem_free(block);
	return rc;
}

/* Nearly always it is one unit, which has the trailer too: one read. */
static int
read_footer(struct table *t, struct env_file *file, const char *name,
    const struct file_id *id)
{
	uint64_t at, guess = file->size - BLOCK_UNIT;
	uint8_t unit[BLOCK_UNIT];
	int rc;

	rc = env_read_exactly(file, name, guess, unit, sizeof unit);
	if (rc != LSM_OK || (rc = footer_find(unit + sizeof unit -
	    FOOTER_TRAILER, file->size, name, &at)) != LSM_OK)
		return rc;
	if (at != guess)
		return read_footer_at(t, file, name, id, at);
	rc = footer_read(unit, sizeof unit, at, id, name, &t->footer);
	return rc == LSM_OK ? footer_keep(t) : rc;
}

static int
check_meta(const struct table_footer *f, const char *name,
    const struct table_meta *meta)
{
	if (f->sum != meta->sum)
		return meta_bad(name, "sum");
	if (f->entries != meta->entries || f->deletes != meta->deletes ||
	    f->ranges != meta->ranges || f->data != meta->data)
		return meta_bad(name, "count");
	if (f->sequence_max == 0 ? meta->sequence_min != meta->sequence_max :
	    f->sequence_min != meta->sequence_min ||
	    f->sequence_max != meta->sequence_max)
		return meta_bad(name, "sequence");
	if (!bytes_equal(f->smallest, meta->smallest) ||
	    !bytes_equal(f->largest, meta->largest))
		return meta_bad(name, "bound");
	return codec_require(f->codec, name);
}

/* A table that the manifest names and that is not there is damage: "not
 * found" is an answer about keys. */
static int
open_file(struct env_dir *dir, const char *name, uint64_t wanted,
    struct env_file **out)
{
	int rc = dir->env->ops->file_open(dir, name, ENV_READ, out);
	uint64_t size;

	if (rc == LSM_NOTFOUND)
		return status_set(LSM_CORRUPT, "%s: the table is missing"
		    FILES_MADE_WHOLE, name);
	if (rc != LSM_OK)
		return rc;
	size = (*out)->size;
	if (size == wanted && size >= 2 * BLOCK_UNIT)
		return LSM_OK;
	return status_set(LSM_CORRUPT,
	    "%s: offset %llu: the file ends here; %llu bytes were written",
	    name, (unsigned long long)size, (unsigned long long)wanted);
}

static int
table_load(struct table *t, const struct table_source *source,
    const struct table_meta *meta, const struct file_id *id)
{
	char name[FILE_NAME_MAX];
	struct env_file *file = NULL;
	int rc;

	file_name(name, FILE_TABLE, meta->number);
	if ((rc = open_file(source->dir, name, meta->size, &file)) != LSM_OK ||
	    (rc = read_footer(t, file, name, id)) != LSM_OK ||
	    (rc = check_meta(&t->footer, name, meta)) != LSM_OK ||
	    (t->footer.ranges > 0 && (rc = range_block_load(file, name,
	    &t->footer, &t->ranges)) != LSM_OK)) {
		env_file_close(file);
		return rc;
	}
	t->sequence = t->footer.sequence_max == 0 ? meta->sequence_max : 0;
	page_source_open(&t->source, source, file, &t->footer);
	return LSM_OK;
}

int
table_open(const struct table_source *source, const struct table_meta *meta,
    struct table **out)
{
	struct file_id id = { .kind = FILE_TABLE, .number = meta->number };
	struct table *t;
	int rc;

	*out = NULL;
	memcpy(id.database, source->database, ID_SIZE);
	memcpy(id.branch, meta->branch, ID_SIZE);
	if ((t = mem_zalloc(sizeof *t)) == NULL)
		return mem_exhausted(sizeof *t);
	if ((rc = table_load(t, source, meta, &id)) == LSM_OK)
		*out = t;
	else
		table_free(t);
	return rc;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	page_source_release(&t->source);
	range_block_release(&t->ranges);
	mem_free(t->texts);
	mem_free(t);
}

const struct table_footer *
table_footer(const struct table *t)
{
	return &t->footer;
}

struct page_where
table_filter_page(const struct table *t, uint64_t hash)
{
	uint64_t line = bloom_line(hash, t->footer.filter_pages);

	return (struct page_where){ t->footer.filter +
	    line / BLOOM_LINES * BLOOM_PAGE, BLOCK_FILTER, 0 };
}

int
table_filter_passes(struct table *t, uint64_t hash, bool *passes)
{
	struct page_where w;
	struct page_hold hold;
	int rc;

	*passes = false;
	if (t->footer.filter_pages == 0)
		return LSM_OK;
	w = table_filter_page(t, hash);
	if ((rc = page_source_get(&t->source, &w, &hold)) != LSM_OK)
		return rc;
	*passes = bloom_test(hold.p, bloom_line(hash, t->footer.filter_pages),
	    load_relaxed(&t->source.probes), hash);
	page_release(&t->source, &hold);
	return LSM_OK;
}

int
table_ask_filter(struct table *t, uint64_t hash, bool *perhaps)
{
	int rc;

	*perhaps = true;
	if (t->footer.filter_pages == 0)
		return LSM_OK;
	if ((rc = table_filter_passes(t, hash, perhaps)) != LSM_OK)
		return rc;
	table_count(t, *perhaps ? TABLE_PASSED : TABLE_USEFUL, 1);
	return LSM_OK;
}

int
table_descend(struct table *t, struct bytes key, struct page_where *w,
    struct page_hold *hold)
{
	struct page page;
	uint64_t child;
	int rc;

	*w = table_root(t);
	while ((rc = page_source_get(&t->source, w, hold)) == LSM_OK &&
	    w->height > 0) {
		table_page(t, &page, hold);
		child = page_child(&page, page_child_index(&page, key));
		page_release(&t->source, hold);
		*w = page_node(child, w->height - 1);
	}
	return rc;
}

int
table_leaf_get(const struct table *t, const struct page_hold *leaf,
    struct bytes key, enum kind *kind, uint64_t *sequence,
    struct buffer *value)
{
	struct page page;
	struct entry e;
	bool equal;
	uint32_t i;

	table_page(t, &page, leaf);
	i = page_find(&page, key, &equal);
	if (!equal && t->footer.filter_pages)
		table_count(t, TABLE_FALSE, 1);
	if (!equal)
		return LSM_NOTFOUND;
	page_value(&page, i, &e);
	*kind = e.kind;
	*sequence = e.sequence;
	if (value == NULL || e.kind != KIND_PUT)
		return LSM_OK;
	return buffer_add(value, e.value.p, e.value.n);
}

static int
entry_get(struct table *t, struct bytes key, uint64_t hash, enum kind *kind,
    uint64_t *sequence, struct buffer *value)
{
	struct page_where w;
	struct page_hold leaf;
	bool perhaps;
	int rc;

	if (t->footer.leaves == 0)
		return LSM_NOTFOUND;
	if ((rc = table_ask_filter(t, hash, &perhaps)) != LSM_OK)
		return rc;
	if (!perhaps)
		return LSM_NOTFOUND;
	table_count(t, TABLE_WALKED, t->footer.height + 1u);
	if ((rc = table_descend(t, key, &w, &leaf)) != LSM_OK)
		return rc;
	rc = table_leaf_get(t, &leaf, key, kind, sequence, value);
	page_release(&t->source, &leaf);
	return rc;
}

void
table_cover(const struct table *t, struct bytes key, struct range *span)
{
	ranges_find(t->ranges.list, t->ranges.count, key, span);
}

int
table_covered(const struct table *t, struct bytes key, int rc, enum kind *kind,
    uint64_t *sequence, struct buffer *value)
{
	struct range cover;

	table_cover(t, key, &cover);
	if (cover.sequence == 0 || (rc != LSM_OK && rc != LSM_NOTFOUND) ||
	    (rc == LSM_OK && *sequence >= cover.sequence))
		return rc;
	if (value != NULL)
		value->n = 0;
	*kind = KIND_DELETE;
	*sequence = cover.sequence;
	return LSM_OK;
}

int
table_get(struct table *t, struct bytes key, uint64_t hash, enum kind *kind,
    uint64_t *sequence, struct buffer *value)
{
	int rc;

	if (value != NULL)
		value->n = 0;
	rc = entry_get(t, key, hash, kind, sequence, value);
	return t->ranges.count == 0 ? rc : table_covered(t, key, rc, kind,
	    sequence, value);
}
