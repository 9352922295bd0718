/*
 * page.h - a node of a table, leaf or inner, read in place.
 *
 * lsm-format(5), NODE. A page is the bytes of a block as they are after
 * inflating, block header included. It is checked once, when it is loaded; the
 * other calls believe it. PAGE_SLACK bytes behind it must be readable: short
 * keys are copied in one move, whatever their length.
 */
#ifndef TABLE_PAGE_H
#define TABLE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "kv/iter.h"

enum {
	PAGE_FIXED = 48,	/* where the prefix begins */
	PAGE_STEP = 4096,	/* pages grow by this */
	PAGE_MAX = 16384,	/* but for a leaf of one large entry */
	PAGE_OWN = 8192,	/* a larger entry has a leaf of its own */
	PAGE_ENTRIES_MAX = 4095,
	PAGE_COLUMNS = 4,	/* bytes of an entry in columns, beside its
				 * head and its child or sequence */
	PAGE_DELETES = 2,	/* flag: there are deletes */
	PAGE_ONE = 4,		/* flag: one large entry */
	PAGE_SLACK = 16,
	PAGE_KEY_ROOM = LSM_KEY_MAX + 8 + PAGE_SLACK
};

/* The largest page there can be: a leaf of one largest entry. */
#define PAGE_SIZE_MAX ((uint64_t)LSM_VALUE_MAX + PAGE_MAX)

/* Where a page's own fields lie. */
enum {
	PAGE_AT_COUNT = 32,
	PAGE_AT_PREFIX = 34,
	PAGE_AT_HEIGHT = 36,
	PAGE_AT_WIDTH = 37,
	PAGE_AT_FLAGS = 38,
	PAGE_AT_SEQUENCE = 39,
	PAGE_AT_BASE = 40
};

struct page {
	const uint8_t *p;
	const uint8_t *heads, *children, *offsets, *infos, *sequences;
	size_t size;
	uint64_t base;		/* sequence */
	uint32_t n, prefix, width;
	uint32_t sequence;	/* width of one */
	uint32_t rows, mean;	/* where they begin, their mean length */
	bool leaf;
};

/* What must hold of a page from outside of it. */
struct page_limits {
	unsigned height;
	uint64_t child_unit;	/* children stand on multiples of it, */
	uint64_t child_first;	/* not below this */
	uint64_t child_end;	/* and below that */
};

/* What is wrong with the page, or NULL. Everything is checked: counts, sizes,
 * offsets, that keys ascend. A sum does not stop a crafted file. */
const char *page_fault(const uint8_t *p, size_t size,
    const struct page_limits *);

/* Look at a page that was checked. */
void page_open(struct page *, const uint8_t *p, size_t size);

/* The first entry at or above the key, n when there is none. */
uint32_t page_find(const struct page *, struct bytes key, bool *equal);

/* Have the row on its way that page_find is about to look at. */
void page_prefetch(const struct page *, struct bytes key);

/* The child to go to for a key, and the position of a child. */
uint32_t page_child_index(const struct page *, struct bytes key);

static inline uint64_t
page_child(const struct page *page, uint32_t i)
{
	return (uint64_t)get32(page->children + 4 * (size_t)i) * 8;
}

/* All of entry i but its key; all of it, its key composed in `key` (of
 * PAGE_KEY_ROOM bytes), where the page's prefix stands already. */
void page_value(const struct page *, uint32_t i, struct entry *);
void page_entry(const struct page *, uint32_t i, uint8_t *key, struct entry *);

/* The same for the key of an inner entry. */
struct bytes page_separator(const struct page *, uint32_t i, uint8_t *key);

static inline void
page_put_prefix(const struct page *page, uint8_t *key)
{
	memcpy(key, page->p + PAGE_FIXED, page->prefix);
}

static inline uint32_t
page_pad(uint32_t prefix)
{
	return (prefix + 7) & ~7u;
}

/* The first 8 bytes of a key behind its first `skip` as a big-endian number,
 * missing bytes zero. */
uint64_t page_head(struct bytes key, size_t skip);

#endif
