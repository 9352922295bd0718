/*
 * cache.h - inflated leaves, kept while they are asked for.
 *
 * Sharded by page, one short lock a shard, CLOCK: a page that was asked for
 * again survives the hand once more; a page seen once by a scan does not push
 * out the others. What does not fit, or when memory is short, is simply not
 * kept.
 */
#ifndef TABLE_CACHE_H
#define TABLE_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct cache;
struct cache_page;	/* pinned while held */

int cache_new(size_t bytes, struct cache **);
void cache_free(struct cache *);

/* Somebody will ask for it soon. */
void cache_prefetch(const struct cache *, uint64_t file, uint64_t position);

/* NULL when it is not there. *size is that of the page; its bytes are not
 * touched. */
struct cache_page *cache_get(struct cache *, uint64_t file, uint64_t position,
    size_t *size);

/* Room of `size` bytes for a page, pinned, not yet findable; NULL: no memory.
 * Fill it, then cache_publish (another's may win: use what it returns). */
struct cache_page *cache_room(struct cache *, size_t size);
struct cache_page *cache_publish(struct cache *, struct cache_page *,
    uint64_t file, uint64_t position);
uint8_t *cache_data(struct cache_page *);
size_t cache_size(const struct cache_page *);
void cache_release(struct cache *, struct cache_page *);

void cache_forget(struct cache *, uint64_t file);	/* the file is gone */

struct cache_stats {
	uint64_t hits, misses, pages, bytes, evicted;
};
void cache_stats(struct cache *, struct cache_stats *);

#endif
