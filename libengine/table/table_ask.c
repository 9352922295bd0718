/*
 * table_ask.c - table_get in steps, for who asks for many keys in turns.
 */
#include "table/table_ask.h"

#include "table/bloom.h"
#include "table/table_impl.h"

/* Lines of a leaf that a search looks at, most likely: its header and heads.
 * Inner nodes are few, and only their beginning is seldom at hand. */
enum { LEAF_LINES = 4, INNER_LINES = 2 };

/* Where the ask stands now. */
static void
ask_ahead(const struct table_ask *a, size_t offset, unsigned lines)
{
	table_count(a->table, TABLE_AHEAD, page_source_prefetch(
	    &a->table->source, &a->where, offset, lines));
}

/* The filter comes first; a table without one begins at its root. */
void
table_ask_begin(struct table_ask *a, struct table *t, struct bytes key,
    uint64_t hash)
{
	*a = (struct table_ask){ .table = t, .key = key, .hash = hash,
		.where = table_root(t) };
	if (t->footer.filter_pages == 0)
		return;
	a->where = table_filter_page(t, hash);
	ask_ahead(a, bloom_offset(bloom_line(hash, t->footer.filter_pages)),
	    1);
}

static int
ask_filter(struct table_ask *a, bool *done)
{
	bool perhaps;
	int rc = table_ask_filter(a->table, a->hash, &perhaps);

	*done = rc != LSM_OK || !perhaps;
	a->where = table_root(a->table);
	return rc == LSM_OK && !perhaps ? LSM_NOTFOUND : rc;
}

/* From the node where the ask stands to its child. */
static void
ask_down(struct table_ask *a, const struct page *node)
{
	unsigned height = a->where.height - 1;

	a->where = page_node(page_child(node,
	    page_child_index(node, a->key)), height);
	ask_ahead(a, 0, height == 0 ? LEAF_LINES : INNER_LINES);
}

/* Where in the leaf the entry is. */
static void
ask_leaf(struct table_ask *a)
{
	struct page page;

	page_open(&page, a->leaf.p, a->leaf.size);
	page_prefetch(&page, a->key);
	a->looked = true;
}

/* Take the leaf. Only now it is known where a cached one lies. */
static void
ask_take(struct table_ask *a, const struct page_hold *leaf)
{
	a->leaf = *leaf;
	if (leaf->cached == NULL) {
		ask_leaf(a);
		return;
	}
	for (unsigned i = 0; i < LEAF_LINES; i++)
		__builtin_prefetch(leaf->p + 64 * i);
}

/* One level down. */
static int
ask_node(struct table_ask *a)
{
	struct page_source *s = &a->table->source;
	struct page_hold hold;
	struct page page;
	int rc;

	if ((rc = page_source_get(s, &a->where, &hold)) != LSM_OK)
		return rc;
	if (a->where.height == 0) {
		ask_take(a, &hold);
		return LSM_OK;
	}
	page_open(&page, hold.p, hold.size);
	ask_down(a, &page);
	page_release(s, &hold);
	return LSM_OK;
}

static int
ask_step(struct table_ask *a, bool *done, enum kind *kind, uint64_t *sequence,
    struct buffer *value)
{
	int rc;

	*done = false;
	if (value != NULL)
		value->n = 0;
	if (a->leaf.p != NULL && !a->looked) {
		ask_leaf(a);
		return LSM_OK;
	}
	if (a->looked) {
		*done = true;
		rc = table_leaf_get(a->table, &a->leaf, a->key, kind,
		    sequence, value);
		table_ask_end(a);
		return rc;
	}
	if (a->where.tag == BLOCK_FILTER)
		return ask_filter(a, done);
	rc = a->table->footer.leaves == 0 ? LSM_NOTFOUND : ask_node(a);
	*done = rc != LSM_OK;
	return rc;
}

int
table_ask_step(struct table_ask *a, bool *done, enum kind *kind,
    uint64_t *sequence, struct buffer *value)
{
	int rc = ask_step(a, done, kind, sequence, value);

	return *done && a->table->ranges.count > 0 ? table_covered(a->table,
	    a->key, rc, kind, sequence, value) : rc;
}

void
table_ask_end(struct table_ask *a)
{
	page_release(&a->table->source, &a->leaf);
}
