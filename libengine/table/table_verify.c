/*
 * table_verify.c - a table, checked from one end to the other.
 *
 * The leaves are walked as a scan walks them, which proves and checks each;
 * they must lie in the file as they follow in key order, and a get must find
 * its way to each by its first and by its last key. What stands behind them is
 * walked block by block. The sums of all make the sum in the footer.
 */
#include "base/alloc.h"
#include "base/checksum.h"
#include "base/status.h"
#include "table/table_impl.h"

struct walk {
	struct table *table;
	struct checksum_stream *sums;
	uint64_t at;			/* where the next block must begin */
	uint64_t leaf;			/* position of the one walked */
	uint64_t leaves, entries, deletes, data;
	uint64_t sequence_min, sequence_max;
	uint8_t key[PAGE_KEY_ROOM];
};

static int
verify_bad(const struct table *t, uint64_t at, const char *reason)
{
	return status_set(LSM_CORRUPT, "%s: offset %llu: %s", t->source.name,
	    (unsigned long long)at, reason);
}

static int
read_at(const struct table *t, uint64_t at, void *to, size_t n)
{
	return env_read_exactly(t->source.file, t->source.name, at, to, n);
}

/* A proven block: count its sum, step over it. */
static void
walk_on(struct walk *w, const uint8_t *block)
{
	struct block_header h;

	block_header_read(block, &h);
	checksum_stream_add(w->sums, block, sizeof h.sum);
	w->at += block_size(&h);
}

static int
verify_way(struct walk *w, struct bytes key)
{
	struct table *t = w->table;
	struct page_where where;
	struct page_hold hold;
	int rc = table_descend(t, key, &where, &hold);

	if (rc != LSM_OK)
		return rc;
	page_release(&t->source, &hold);
	return where.position == w->leaf ? LSM_OK :
	    verify_bad(t, w->leaf, "a get does not find this leaf");
}

static int
verify_leaf(struct walk *w, const struct page_hold *leaf)
{
	struct page page;
	struct entry e;
	int rc;

	if (w->leaf != w->at)
		return verify_bad(w->table, w->at,
		    "the next leaf in key order is elsewhere");
	walk_on(w, leaf->p);
	w->leaves++;
	table_page(w->table, &page, leaf);
	page_put_prefix(&page, w->key);
	page_entry(&page, 0, w->key, &e);
	if ((rc = verify_way(w, e.key)) != LSM_OK)
		return rc;
	page_entry(&page, page.n - 1, w->key, &e);
	return verify_way(w, e.key);
}

static void
see_sequence(struct walk *w, uint64_t sequence)
{
	if (sequence < w->sequence_min)
		w->sequence_min = sequence;
	if (sequence > w->sequence_max)
		w->sequence_max = sequence;
}

/* What the bounds must be: those of the entries, if any, and of the range
 * deletes. */
static struct bytes
lower_bound(const struct table *t, const struct bytes *first)
{
	const struct range_block *r = &t->ranges;

	if (first == NULL)
		return r->count > 0 ? r->list[0].from : t->footer.smallest;
	return r->count > 0 && bytes_compare(r->list[0].from, *first) < 0 ?
	    r->list[0].from : *first;
}

static struct bytes
upper_bound(const struct table *t, const struct bytes *last)
{
	const struct range_block *r = &t->ranges;
	struct bytes end = r->count > 0 ?
	    bound_last(r->list[r->count - 1].to) : t->footer.largest;

	if (last == NULL)
		return end;
	return r->count > 0 && bytes_compare(end, *last) > 0 ? end : *last;
}

static int
verify_entry(struct walk *w, const struct entry *e)
{
	bool perhaps;
	int rc = table_ask_filter(w->table, hash64(e->key), &perhaps);

	if (rc != LSM_OK)
		return rc;
	if (!perhaps)
		return verify_bad(w->table, w->leaf,
		    "the filter denies a key of this leaf");
	if (w->entries == 0 &&
	    !bytes_equal(lower_bound(w->table, &e->key),
	    w->table->footer.smallest))
		return verify_bad(w->table, w->leaf,
		    "the first key is not the footer's lower bound");
	w->entries++;
	w->deletes += e->kind == KIND_DELETE;
	w->data += e->key.n + e->value.n;
	see_sequence(w, e->sequence);
	return LSM_OK;
}

static int
verify_entries(struct walk *w, struct iter *it)
{
	const struct page_hold *leaf;
	int rc = iter_first(it);

	while (rc == LSM_OK && it->valid) {
		uint64_t position = table_iter_leaf(it, &leaf);

		if (position != w->leaf) {
			w->leaf = position;
			if ((rc = verify_leaf(w, leaf)) != LSM_OK)
				return rc;
		}
		if ((rc = verify_entry(w, &it->entry)) != LSM_OK)
			return rc;
		rc = iter_next(it);
	}
	return rc;
}

static int
verify_counts(const struct walk *w)
{
	const struct table_footer *f = &w->table->footer;
	uint64_t given = w->table->sequence;
	const char *fault = NULL;

	if (w->leaves != f->leaves)
		fault = "leaves";
	else if (w->entries != f->entries)
		fault = "entries";
	else if (w->deletes != f->deletes)
		fault = "deletes";
	else if (w->data != f->data)
		fault = "bytes of data";
	if (fault != NULL)
		return status_set(LSM_CORRUPT, "%s: offset %llu: footer: "
		    "another number of %s was found", w->table->source.name,
		    (unsigned long long)f->position, fault);
	if (w->entries + f->ranges > 0 &&
	    (w->sequence_min != f->sequence_min + given ||
	    w->sequence_max != f->sequence_max + given))
		return verify_bad(w->table, f->position,
		    "footer: other sequences were found");
	return LSM_OK;
}

static int
verify_leaves(struct walk *w)
{
	struct table *t = w->table;
	struct iter *it;
	int rc;

	for (size_t i = 0; i < t->ranges.count; i++)
		see_sequence(w, t->ranges.list[i].sequence);
	if ((rc = table_iter_new(t, TABLE_SCAN, &it)) != LSM_OK)
		return rc;
	if ((rc = verify_entries(w, it)) == LSM_OK &&
	    (rc = verify_counts(w)) == LSM_OK &&
	    (rc = iter_last(it)) == LSM_OK &&
	    !bytes_equal(upper_bound(t, it->valid ? &it->entry.key : NULL),
	    t->footer.largest))
		rc = verify_bad(t, w->leaf,
		    "the last key is not the footer's upper bound");
	if (rc == LSM_OK && !it->valid &&
	    !bytes_equal(lower_bound(t, NULL), t->footer.smallest))
		rc = verify_bad(t, t->footer.ranges_at,
		    "the first range delete is not the footer's lower bound");
	iter_free(it);
	return rc;
}

/* The first block behind packed leaves begins on a unit. */
static int
verify_gap(struct walk *w)
{
	uint8_t gap[BLOCK_UNIT];
	size_t n = (size_t)(-w->at % BLOCK_UNIT);
	int rc = read_at(w->table, w->at, gap, n);

	if (rc != LSM_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (gap[i] != 0)
			return verify_bad(w->table, w->at + i,
			    "bytes between leaves and inner nodes");
	w->at += n;
	return LSM_OK;
}

/* The inner node at w->at; levels follow one another upwards. */
static int
verify_inner(struct walk *w, unsigned *height)
{
	struct page_where where = page_node(w->at, 1);
	uint8_t fields[PAGE_FIXED];
	struct page_hold hold;
	int rc = read_at(w->table, w->at, fields, sizeof fields);

	if (rc != LSM_OK)
		return rc;
	where.height = fields[PAGE_AT_HEIGHT];
	if ((rc = page_source_read(&w->table->source, &where, &hold)) != LSM_OK)
		return rc;
	if (where.height < *height || where.height > *height + 1)
		rc = verify_bad(w->table, w->at, "height out of order");
	*height = where.height;
	walk_on(w, hold.p);
	page_release(&w->table->source, &hold);
	return rc;
}

static int
verify_filter_page(struct walk *w)
{
	struct page_where where = { w->at, BLOCK_FILTER, 0 };
	struct page_hold hold;
	int rc = page_source_read(&w->table->source, &where, &hold);

	if (rc != LSM_OK)
		return rc;
	walk_on(w, hold.p);
	page_release(&w->table->source, &hold);
	return LSM_OK;
}

/* As it is in the file now: the table holds what it read at its opening. */
static int
verify_ranges(struct walk *w)
{
	const struct table *t = w->table;
	struct range_block b = { 0 };
	int rc = range_block_load(t->source.file, t->source.name, &t->footer,
	    &b);

	if (rc == LSM_OK)
		walk_on(w, b.raw);
	range_block_release(&b);
	return rc;
}

/* What stands between the leaves and the footer. */
static int
verify_rest(struct walk *w)
{
	struct page_source *s = &w->table->source;
	const struct table_footer *f = &w->table->footer;
	unsigned height = 0;
	int rc = verify_gap(w);

	while (rc == LSM_OK && w->at < s->nodes_end)
		rc = verify_inner(w, &height);
	if (rc == LSM_OK && (w->at != s->nodes_end ||
	    height != f->height))
		rc = verify_bad(w->table, s->nodes_end, "end of the tree");
	while (rc == LSM_OK && w->at < (f->ranges ? f->ranges_at :
	    f->position))
		rc = verify_filter_page(w);
	if (rc == LSM_OK && f->ranges > 0)
		rc = verify_ranges(w);
	if (rc == LSM_OK && checksum_stream_sum(w->sums) != f->sum)
		rc = verify_bad(w->table, f->position,
		    "footer: whole-file sum");
	return rc;
}

static int
verify_header(struct walk *w)
{
	struct page_source *s = &w->table->source;
	uint8_t block[BLOCK_UNIT];
	struct block_header h;
	int rc = read_at(w->table, 0, block, sizeof block);

	if (rc == LSM_OK)
		rc = block_check(block, sizeof block, BLOCK_HEAD, &s->id,
		    s->seed, 0, s->name, &h);
	if (rc == LSM_OK)
		walk_on(w, block);
	return rc;
}

int
table_verify(struct table *t)
{
	struct walk *w = mem_zalloc(sizeof *w);
	int rc;

	if (w == NULL)
		return mem_exhausted(sizeof *w);
	w->table = t;
	w->sequence_min = UINT64_MAX;
	if ((w->sums = checksum_stream_new(t->source.seed)) == NULL)
		rc = mem_exhausted(sizeof *w);
	else if ((rc = verify_header(w)) == LSM_OK &&
	    (rc = verify_leaves(w)) == LSM_OK)
		rc = verify_rest(w);
	checksum_stream_free(w->sums);
	mem_free(w);
	return rc;
}
