/*
 * table_impl.h - a table from inside, for the files that make it up.
 */
#ifndef TABLE_TABLE_IMPL_H
#define TABLE_TABLE_IMPL_H

#include "table/page_source.h"
#include "table/range_block.h"

struct table {
	struct page_source source;
	struct table_footer footer;
	uint8_t *footer_block;		/* its slices point into it */
	struct range_block ranges;
};

static inline struct page_where
table_root(const struct table *t)
{
	return page_node(t->footer.root, t->footer.height);
}

/* The leaf where `key` is if anywhere, and its place; there are leaves. */
int table_descend(struct table *, struct bytes key, struct page_where *,
    struct page_hold *);

/* May the key be there? */
int table_ask_filter(struct table *, uint64_t hash, bool *perhaps);

/* Call this when the iterator is freed. */
void table_iter_on_free(struct iter *, void (*done)(void *, struct table *),
    void *arg);

/* The leaf that the iterator stands in, and its place. */
uint64_t table_iter_leaf(const struct iter *, const struct page_hold **);

#endif
