/*
 * table_cache.h - the open tables of a handle, at most so many.
 *
 * Tables are opened when first asked for and stay open while they are used;
 * beyond the limit the one not used for longest is closed.
 */
#ifndef TABLE_TABLE_CACHE_H
#define TABLE_TABLE_CACHE_H

#include "table/table.h"

struct table_cache;

int table_cache_new(const struct table_source *, size_t limit,
    struct table_cache **);
void table_cache_free(struct table_cache *);

/* Pin the table of `meta`; give it back with table_cache_release. */
int table_cache_get(struct table_cache *, const struct table_meta *,
    struct table **);
void table_cache_release(struct table_cache *, struct table *);

/* The file is gone for ever: close it when nobody uses it any more, and drop
 * its pages from the leaf cache. */
void table_cache_forget(struct table_cache *, uint64_t number);

/* As table_iter_new, holding the table. */
int table_cache_iter(struct table_cache *, const struct table_meta *,
    unsigned flags, struct iter **);

size_t table_cache_open(struct table_cache *);	/* tables open now */

#endif
