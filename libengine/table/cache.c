/*
 * cache.c - inflated leaves, kept while they are asked for.
 *
 * A page belongs to one shard, by a hash of file and position. A shard is a
 * hash table of chains and a ring that the hand of the CLOCK goes round. A new
 * page has no mark, so one that only a scan wanted goes at the hand's first
 * visit; each time a page is asked for again it gets a mark, up to MARKS_MAX,
 * and the hand takes one away as it passes.
 *
 * Threads: everything in a shard is guarded by its mutex; the bytes of a page
 * never change once it is published. No lock is held while another is taken.
 */
#include "table/cache.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/status.h"
#include "base/sync.h"

enum {
	SHARDS_MAX = 16,
	MARKS_MAX = 2,
	CHAINS_MIN = 64
};
#define SHARD_SIZE_MIN ((size_t)256 << 10)
#define PAGE_TYPICAL ((size_t)4096)

struct cache_page {
	struct cache_page *chain;		/* next of its hash */
	struct cache_page *before, *behind;	/* in the ring */
	uint64_t file, position;
	size_t size;
	uint32_t pins;
	uint8_t marks;
	bool kept;				/* findable; else freed */
	_Alignas(16) uint8_t data[];
};

struct shard {
	_Alignas(64) struct mutex mu;
	struct cache_page *hand;
	size_t bytes, limit;
	struct cache_stats stats;
	size_t chains_mask;
	struct cache_page **chains;
};

struct cache {
	uint32_t shards_mask;
	struct shard shards[];
};

static uint64_t
page_hash(uint64_t file, uint64_t position)
{
	uint64_t h = (position / 8 ^ file << 32 ^ file >> 32) *
	    0x9e3779b97f4a7c15u;

	return h ^ h >> 29;
}

static size_t
page_bytes(const struct cache_page *page)
{
	return sizeof *page + page->size;
}

static struct shard *
shard_of(struct cache *c, uint64_t hash)
{
	return &c->shards[(hash >> 40) & c->shards_mask];
}

static int
shard_init(struct shard *s, size_t limit)
{
	size_t chains = CHAINS_MIN;

	while (chains < limit / PAGE_TYPICAL)
		chains *= 2;
	s->chains = mem_zalloc(chains * sizeof *s->chains);
	if (s->chains == NULL)
		return mem_exhausted(chains * sizeof *s->chains);
	mutex_init(&s->mu);
	s->limit = limit;
	s->chains_mask = chains - 1;
	return LSM_OK;
}

int
cache_new(size_t bytes, struct cache **out)
{
	struct cache *c;
	uint32_t shards = 1;
	size_t size;
	int rc = LSM_OK;

	*out = NULL;
	while (shards < SHARDS_MAX && bytes / (2 * shards) >= SHARD_SIZE_MIN)
		shards *= 2;
	size = sizeof *c + shards * sizeof c->shards[0];
	if ((c = mem_aligned(64, size)) == NULL)
		return mem_exhausted(size);
	memset(c, 0, size);
	c->shards_mask = shards - 1;
	for (uint32_t i = 0; i < shards && rc == LSM_OK; i++)
		rc = shard_init(&c->shards[i], bytes / shards);
	if (rc == LSM_OK)
		*out = c;
	else
		cache_free(c);
	return rc;
}

static struct cache_page **
chain_of(struct shard *s, uint64_t hash)
{
	return &s->chains[hash & s->chains_mask];
}

static struct cache_page *
shard_find_locked(struct shard *s, uint64_t hash, uint64_t file,
    uint64_t position)
{
	struct cache_page *page = *chain_of(s, hash);

	mutex_assert_held(&s->mu);
	while (page != NULL &&
	    (page->position != position || page->file != file))
		page = page->chain;
	return page;
}

/* Into the ring right behind the hand, which has just been there. */
static void
shard_insert_locked(struct shard *s, struct cache_page *page, uint64_t hash)
{
	struct cache_page **chain = chain_of(s, hash);

	mutex_assert_held(&s->mu);
	page->kept = true;
	page->chain = *chain;
	*chain = page;
	if (s->hand == NULL) {
		s->hand = page->before = page->behind = page;
	} else {
		page->behind = s->hand;
		page->before = s->hand->before;
		page->before->behind = page;
		page->behind->before = page;
	}
	s->bytes += page_bytes(page);
	s->stats.pages++;
}

/* Out of chain and ring; freed now, or by the one who holds it last. */
static void
shard_remove_locked(struct shard *s, struct cache_page *page)
{
	struct cache_page **chain =
	    chain_of(s, page_hash(page->file, page->position));

	mutex_assert_held(&s->mu);
	while (*chain != page)
		chain = &(*chain)->chain;
	*chain = page->chain;
	page->before->behind = page->behind;
	page->behind->before = page->before;
	if (s->hand == page)
		s->hand = page->behind == page ? NULL : page->behind;
	s->bytes -= page_bytes(page);
	s->stats.pages--;
	page->kept = false;
	if (page->pins == 0)
		mem_free(page);
}

/* Let the hand go on until there is room; false: everything is pinned. */
static bool
shard_make_room_locked(struct shard *s, size_t need)
{
	uint64_t visits = (s->stats.pages + 1) * (MARKS_MAX + 1);

	mutex_assert_held(&s->mu);
	if (need > s->limit)
		return false;
	while (s->bytes + need > s->limit) {
		struct cache_page *page = s->hand;

		if (visits-- == 0)
			return false;
		s->hand = page->behind;
		if (page->marks > 0 && page->pins == 0) {
			page->marks--;
		} else if (page->pins == 0) {
			shard_remove_locked(s, page);
			s->stats.evicted++;
		}
	}
	return true;
}

static void
shard_release(struct shard *s)
{
	if (s->chains == NULL)
		return;
	while (s->hand != NULL) {
		assert(s->hand->pins == 0);
		mutex_lock(&s->mu);
		shard_remove_locked(s, s->hand);
		mutex_unlock(&s->mu);
	}
	mem_free(s->chains);
	mutex_release(&s->mu);
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	for (uint32_t i = 0; i <= c->shards_mask; i++)
		shard_release(&c->shards[i]);
	mem_free(c);
}

void
cache_prefetch(const struct cache *c, uint64_t file, uint64_t position)
{
	uint64_t hash = page_hash(file, position);
	const struct shard *s = shard_of((struct cache *)c, hash);

	__builtin_prefetch(&s->chains[hash & s->chains_mask]);
}

struct cache_page *
cache_get(struct cache *c, uint64_t file, uint64_t position)
{
	uint64_t hash = page_hash(file, position);
	struct shard *s = shard_of(c, hash);
	struct cache_page *page;

	mutex_lock(&s->mu);
	page = shard_find_locked(s, hash, file, position);
	if (page != NULL) {
		page->pins++;
		if (page->marks < MARKS_MAX)
			page->marks++;
		s->stats.hits++;
	} else {
		s->stats.misses++;
	}
	mutex_unlock(&s->mu);
	return page;
}

struct cache_page *
cache_room(struct cache *c, size_t size)
{
	struct cache_page *page;

	(void)c;
	if (size > SIZE_MAX - sizeof *page)
		return NULL;
	page = mem_aligned(16, sizeof *page + size);
	if (page == NULL)
		return NULL;
	memset(page, 0, sizeof *page);
	page->size = size;
	page->pins = 1;
	return page;
}

struct cache_page *
cache_publish(struct cache *c, struct cache_page *page, uint64_t file,
    uint64_t position)
{
	uint64_t hash = page_hash(file, position);
	struct shard *s = shard_of(c, hash);
	struct cache_page *other;

	assert(page->pins == 1 && !page->kept);
	page->file = file;
	page->position = position;
	mutex_lock(&s->mu);
	other = shard_find_locked(s, hash, file, position);
	if (other != NULL)
		other->pins++;
	else if (shard_make_room_locked(s, page_bytes(page)))
		shard_insert_locked(s, page, hash);
	mutex_unlock(&s->mu);
	if (other == NULL)
		return page;
	mem_free(page);
	return other;
}

uint8_t *
cache_data(struct cache_page *page)
{
	return page->data;
}

size_t
cache_size(const struct cache_page *page)
{
	return page->size;
}

void
cache_release(struct cache *c, struct cache_page *page)
{
	struct shard *s;
	bool last;

	if (page == NULL)
		return;
	s = shard_of(c, page_hash(page->file, page->position));
	mutex_lock(&s->mu);
	assert(page->pins > 0);
	last = --page->pins == 0 && !page->kept;
	mutex_unlock(&s->mu);
	if (last)
		mem_free(page);
}

void
cache_forget(struct cache *c, uint64_t file)
{
	for (uint32_t i = 0; i <= c->shards_mask; i++) {
		struct shard *s = &c->shards[i];
		struct cache_page *page, *behind;

		mutex_lock(&s->mu);
		page = s->hand;
		for (uint64_t n = s->stats.pages; n > 0; n--, page = behind) {
			behind = page->behind;
			if (page->file == file)
				shard_remove_locked(s, page);
		}
		mutex_unlock(&s->mu);
	}
}

void
cache_stats(struct cache *c, struct cache_stats *sum)
{
	memset(sum, 0, sizeof *sum);
	for (uint32_t i = 0; i <= c->shards_mask; i++) {
		struct shard *s = &c->shards[i];

		mutex_lock(&s->mu);
		sum->hits += s->stats.hits;
		sum->misses += s->stats.misses;
		sum->pages += s->stats.pages;
		sum->bytes += s->bytes;
		sum->evicted += s->stats.evicted;
		mutex_unlock(&s->mu);
	}
}
