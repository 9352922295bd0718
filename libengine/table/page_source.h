/*
 * page_source.h - where the pages of one table come from, proven.
 *
 * Two ways behind one call. Mapped: blocks that lie on disk as they are used;
 * a block's first touch goes through file_read, is verified and checked, and
 * sets its bit; later touches use the mapping. Cached: everything else (packed
 * leaves, strict mode, doors that cannot map) is read, verified, inflated and
 * checked, and kept in the cache if there is one.
 *
 * Who asks little pays little: the first few pages are only read, the map is
 * made after them; and the file's header is read before the first node, so a
 * table that its filter excludes costs a footer and a page.
 *
 * Any number of threads. A bit is set with release after its page was proven
 * and what was learnt from it (probes) is stored.
 */
#ifndef TABLE_PAGE_SOURCE_H
#define TABLE_PAGE_SOURCE_H

#include "base/alloc.h"
#include "table/footer.h"
#include "table/page.h"
#include "table/table.h"

struct page_source {
	/* Set at open. */
	struct env_file *file;
	lsm_env *env;
	char name[FILE_NAME_MAX];
	struct file_id id;
	uint64_t seed, size;
	int codec;
	uint64_t nodes_end;		/* all nodes begin below */
	uint64_t filter;		/* position of the filter's pages */
	uint32_t filter_pages;
	size_t guess;			/* bytes that hold most leaves */
	struct cache *cache;		/* may be NULL */
	struct inflaters *inflaters;	/* likewise */
	struct table_stats *stats;
	bool maps;			/* where it can be mapped, it will */
	/* Set before `map` is released. */
	_Atomic uint64_t *verified;	/* a bit for each unit of the map */
	/* Atomic. */
	_Atomic(const uint8_t *) map;	/* NULL: not yet, or never */
	_Atomic uint32_t loads;		/* before the map was made */
	_Atomic bool introduced;	/* the header was read and is right */
	_Atomic uint32_t probes;	/* of the filter; 0: not known yet */
};

/* A page by its place, and what it must be. */
struct page_where {
	uint64_t position;
	uint32_t tag;
	unsigned height;	/* of a node; 0 for others */
};

/* A page at hand, and what to give back. Begin with {0}. */
struct page_hold {
	const uint8_t *p;
	size_t size;
	struct cache_page *cached;
	uint8_t *own;
};

/* `file` and the footer are open and checked; the file is the source's from
 * now on. */
void page_source_open(struct page_source *, const struct table_source *,
    struct env_file *file, const struct table_footer *);
void page_source_release(struct page_source *);

/* A node of a height. */
static inline struct page_where
page_node(uint64_t position, unsigned height)
{
	return (struct page_where){ position,
	    height ? BLOCK_INNER : BLOCK_LEAF, height };
}

/* A page's place in the cache: leaves, filters and inner nodes apart. */
static inline uint64_t
page_cache_key(const struct page_where *w)
{
	return w->position << 2 | (w->tag == BLOCK_LEAF ? 0 :
	    w->tag == BLOCK_FILTER ? 1 : 2);
}

/* Does what is there answer to what is asked? A crafted tree may lead to one
 * page under two names. */
static inline bool
page_answers(const uint8_t *p, const struct page_where *w)
{
	return get32(p + 8) == w->tag &&
	    (w->tag == BLOCK_FILTER || p[PAGE_AT_HEIGHT] == w->height);
}

/* Read and check the file's header, once. */
int page_source_introduce(struct page_source *);

/* Are raw pages mapped, or soon to be? */
bool page_source_maps(const struct page_source *);

/* The slow ways of page_source_get. */
int page_source_load(struct page_source *, const struct page_where *,
    struct page_hold *);

/* Only if the cache has it. */
bool page_source_cached(struct page_source *, const struct page_where *,
    struct page_hold *);

/* Read, verify and check, into memory of the hold's own: nothing is cached,
 * nothing mapped. */
int page_source_read(struct page_source *, const struct page_where *,
    struct page_hold *);

/* The page at a place. *hold was released. */
static inline int
page_source_get(struct page_source *s, const struct page_where *w,
    struct page_hold *hold)
{
	const uint8_t *map = load_acquire(&s->map), *p;
	uint64_t unit = w->position / BLOCK_UNIT;

	if (map == NULL || (w->tag == BLOCK_LEAF && s->codec != 0) ||
	    !(load_acquire(&s->verified[unit / 64]) >> (unit % 64) & 1))
		return page_source_load(s, w, hold);
	p = map + w->position;
	/* A filter's place cannot be a node's: asking its header would cost a
	 * second cache miss. */
	if (w->tag != BLOCK_FILTER && !page_answers(p, w))
		return page_source_load(s, w, hold);
	*hold = (struct page_hold){ .p = p,
		.size = w->tag == BLOCK_FILTER ? BLOCK_UNIT :
		    BLOCK_HEADER + (size_t)get32(p + 20) };
	return LSM_OK;
}

/* `lines` cache lines of a page are wanted soon, from an offset on. Mapped
 * pages only; those of the cache: where to find them. Returns how many lines
 * were asked for. */
static inline unsigned
page_source_prefetch(const struct page_source *s, const struct page_where *w,
    size_t offset, unsigned lines)
{
	if (s->map == NULL || (w->tag == BLOCK_LEAF && s->codec != 0)) {
		if (s->cache == NULL)
			return 0;
		cache_prefetch(s->cache, s->id.number, page_cache_key(w));
		return 1;
	}
	for (unsigned i = 0; i < lines; i++)
		__builtin_prefetch(s->map + w->position + offset + 64 * i);
	return lines;
}

static inline void
page_release(struct page_source *s, struct page_hold *hold)
{
	if (hold->cached != NULL)
		cache_release(s->cache, hold->cached);
	if (hold->own != NULL)		/* seldom: a call is spared */
		mem_free(hold->own);
	*hold = (struct page_hold){ 0 };
}

/* The steps of a load, for those who have read the bytes themselves: prove a
 * block of which `available` bytes are at hand; put its page, header and all,
 * into `page` (BLOCK_HEADER + h->raw + PAGE_SLACK bytes); check a page. */
int page_source_prove(struct page_source *, const uint8_t *block,
    size_t available, const struct page_where *, struct block_header *);
int page_source_unpack(struct page_source *, const uint8_t *block,
    const struct block_header *, uint8_t *page);
int page_source_check(struct page_source *, const uint8_t *page, size_t size,
    const struct page_where *);

#endif
