/*
 * page_builder.h - packs entries into the pages of a table.
 *
 * One thread. Keys ascend strictly; the caller sees to it.
 */
#ifndef TABLE_PAGE_BUILDER_H
#define TABLE_PAGE_BUILDER_H

#include "table/page.h"

struct page_builder;

/* Pages of `target` bytes, a multiple of PAGE_STEP up to PAGE_MAX, which grow
 * where closing would waste too much. */
int page_builder_new(uint32_t target, struct page_builder **);
void page_builder_free(struct page_builder *);

/* Drop what was added and begin a page of this height. */
void page_builder_begin(struct page_builder *, unsigned height,
    uint32_t target);

uint32_t page_builder_count(const struct page_builder *);
size_t page_builder_size(const struct page_builder *);

/* False: it does not belong into this page any more; finish that first. An
 * entry of at most PAGE_OWN bytes always goes into an empty one. */
bool page_builder_add(struct page_builder *, const struct entry *);
bool page_builder_add_child(struct page_builder *, struct bytes key,
    uint64_t position);

/* Write the page into `block` (page_builder_size bytes, at most PAGE_MAX; the
 * block header is left to the caller) and begin the next. */
size_t page_builder_finish(struct page_builder *, uint8_t *block);

/* A leaf of one large entry: its size, and its bytes. */
size_t page_one_size(const struct entry *);
void page_one_write(const struct entry *, uint8_t *block);

#endif
