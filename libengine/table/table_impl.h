/*
 * table_impl.h - a table from inside, for the files that make it up.
 */
#ifndef TABLE_TABLE_IMPL_H
#define TABLE_TABLE_IMPL_H

#include "base/tally.h"
#include "table/page_source.h"
#include "table/range_block.h"

struct table {
	struct page_source source;
	struct table_footer footer;
	uint8_t *texts;			/* the footer's slices point here */
	uint64_t sequence;		/* of an ingested table's entries: the
					 * file was written without; else 0 */
	struct range_block ranges;
};

/* Count it, with TABLE_*. */
static inline void
table_count(const struct table *t, unsigned field, uint64_t n)
{
	struct tally *gets = t->source.stats->gets;

	if (gets != NULL)
		tally_add(gets, field, n);
}

/* Look at a page of this table. */
static inline void
table_page(const struct table *t, struct page *page,
    const struct page_hold *hold)
{
	page_open(page, hold->p, hold->size);
	page->base += t->sequence;
}

static inline struct page_where
table_root(const struct table *t)
{
	return page_node(t->footer.root, t->footer.height);
}

/* The leaf where `key` is if anywhere, and its place; there are leaves. */
int table_descend(struct table *, struct bytes key, struct page_where *,
    struct page_hold *);

/* May the key be there? There is a filter, or it may. */
int table_ask_filter(struct table *, uint64_t hash, bool *perhaps);
/* The page that this asks; there is a filter. */
struct page_where table_filter_page(const struct table *, uint64_t hash);

/* What range deletes of the table make of the answer `rc`. */
int table_covered(const struct table *, struct bytes key, int rc,
    enum kind *, uint64_t *sequence, struct buffer *value);
/* The end of a get: the entry of the key in its leaf. */
int table_leaf_get(const struct table *, const struct page_hold *leaf,
    struct bytes key, enum kind *, uint64_t *sequence, struct buffer *value);

/* Call this when the iterator is freed. */
void table_iter_on_free(struct iter *, void (*done)(void *, struct table *),
    void *arg);

/* The leaf that the iterator stands in, and its place. */
uint64_t table_iter_leaf(const struct iter *, const struct page_hold **);

#endif
