/*
 * cache.c - inflated leaves, kept while they are asked for.
 *
 * A page belongs to one shard, by a hash of file and position. A shard is an
 * open hash table of slots and a ring that the hand of the CLOCK goes round. A
 * slot has all that a hit looks at: it costs one cache line, and the page's own
 * line may still be on its way. A new page has no mark, so one that only a scan
 * wanted goes at the hand's first visit; each time a page is asked for again it
 * gets a mark, up to MARKS_MAX, and the hand takes one away as it passes.
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
	SLOTS_MIN = 64
};
#define SHARD_SIZE_MIN ((size_t)256 << 10)
#define PAGE_TYPICAL ((size_t)4096)

struct cache_page {
	struct cache_page *before, *behind;	/* in the ring */
	uint64_t file, position;
	size_t size;
	uint32_t pins;				/* of a page without slot */
	bool kept;				/* has a slot */
	_Alignas(16) uint8_t data[];
};

/* Linear probing: a slot of a page is not behind an empty one, seen from
 * where the page's hash points. Slots move when others go. */
struct slot {
	uint64_t file, position;
	struct cache_page *page;		/* NULL: empty */
	uint32_t size;				/* of the page */
	unsigned pins : 24, marks : 8;
};
_Static_assert(sizeof(struct slot) == 32, "two slots are a cache line");

struct shard {
	_Alignas(64) struct mutex mu;
	struct slot *_Atomic slots;	/* NULL before the first page */
	size_t slots_mask;
	struct cache_page *hand;
	size_t bytes, limit;
	struct cache_stats stats;
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

/* Half of the slots stay empty when pages are as large as most are. */
static void
shard_init(struct shard *s, size_t limit)
{
	size_t slots = SLOTS_MIN;

	while (slots < 2 * (limit / PAGE_TYPICAL))
		slots *= 2;
	mutex_init(&s->mu);
	s->limit = limit;
	s->slots_mask = slots - 1;
}

/* A handle that is opened for a key or two never fills the cache, and does not
 * pay for one. */
static bool
shard_slots_locked(struct shard *s)
{
	mutex_assert_held(&s->mu);
	if (s->slots == NULL)
		store_release(&s->slots, mem_zalloc((s->slots_mask + 1) *
		    sizeof(struct slot)));
	return s->slots != NULL;
}

int
cache_new(size_t bytes, struct cache **out)
{
	struct cache *c;
	uint32_t shards = 1;
	size_t size;

	*out = NULL;
	while (shards < SHARDS_MAX && bytes / (2 * shards) >= SHARD_SIZE_MIN)
		shards *= 2;
	size = sizeof *c + shards * sizeof c->shards[0];
	if ((c = mem_aligned(64, size)) == NULL)
		return mem_exhausted(size);
	memset(c, 0, size);
	c->shards_mask = shards - 1;
	for (uint32_t i = 0; i < shards; i++)
		shard_init(&c->shards[i], bytes / shards);
	*out = c;
	return LSM_OK;
}

/* The page's slot, or NULL. */
static struct slot *
slot_find_locked(struct shard *s, uint64_t hash, uint64_t file,
    uint64_t position)
{
	struct slot *slot;

	mutex_assert_held(&s->mu);
	if (s->slots == NULL)
		return NULL;
	for (size_t i = hash;; i++) {
		slot = &s->slots[i & s->slots_mask];
		if (slot->page == NULL)
			return NULL;
		if (slot->position == position && slot->file == file)
			return slot;
	}
}

static struct slot *
slot_of_locked(struct shard *s, const struct cache_page *page)
{
	return slot_find_locked(s, page_hash(page->file, page->position),
	    page->file, page->position);
}

/* Empty it; those behind it that would not be found any more move up. */
static void
slot_clear_locked(struct shard *s, struct slot *slot)
{
	size_t mask = s->slots_mask, hole = (size_t)(slot - s->slots);

	mutex_assert_held(&s->mu);
	for (size_t i = hole + 1;; i++) {
		struct slot *next = &s->slots[i & mask];
		size_t home;

		if (next->page == NULL)
			break;
		home = page_hash(next->file, next->position);
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		s->slots[hole & mask] = *next;
		hole = i;
	}
	s->slots[hole & mask].page = NULL;
}

/* Into the ring right behind the hand, which has just been there. */
static void
ring_insert_locked(struct shard *s, struct cache_page *page)
{
	mutex_assert_held(&s->mu);
	if (s->hand == NULL) {
		s->hand = page->before = page->behind = page;
	} else {
		page->behind = s->hand;
		page->before = s->hand->before;
		page->before->behind = page;
		page->behind->before = page;
	}
}

/* The caller's pin goes into its slot. */
static void
shard_insert_locked(struct shard *s, struct cache_page *page, uint64_t hash)
{
	struct slot *slot;
	size_t i = hash;

	while ((slot = &s->slots[i & s->slots_mask])->page != NULL)
		i++;
	*slot = (struct slot){ page->file, page->position, page,
		(uint32_t)page->size, 1, 0 };
	page->pins = 0;
	page->kept = true;
	ring_insert_locked(s, page);
	s->bytes += page_bytes(page);
	s->stats.pages++;
}

/* Out of table and ring; freed now, or by the one who holds it last. */
static void
shard_remove_locked(struct shard *s, struct slot *slot)
{
	struct cache_page *page = slot->page;

	page->pins = slot->pins;
	page->kept = false;
	slot_clear_locked(s, slot);
	page->before->behind = page->behind;
	page->behind->before = page->before;
	if (s->hand == page)
		s->hand = page->behind == page ? NULL : page->behind;
	s->bytes -= page_bytes(page);
	s->stats.pages--;
	if (page->pins == 0)
		mem_free(page);
}

static bool
shard_full(const struct shard *s, size_t need)
{
	return s->bytes + need > s->limit ||
	    s->stats.pages >= (s->slots_mask + 1) / 4 * 3;
}

/* Let the hand go on until there is room; false: everything is pinned. */
static bool
shard_make_room_locked(struct shard *s, size_t need)
{
	uint64_t visits = (s->stats.pages + 1) * (MARKS_MAX + 1);

	mutex_assert_held(&s->mu);
	if (need > s->limit)
		return false;
	while (shard_full(s, need)) {
		struct slot *slot;

		if (visits-- == 0)
			return false;
		slot = slot_of_locked(s, s->hand);
		s->hand = s->hand->behind;
		if (slot->marks > 0 && slot->pins == 0) {
			slot->marks--;
		} else if (slot->pins == 0) {
			shard_remove_locked(s, slot);
			s->stats.evicted++;
		}
	}
	return true;
}

static void
shard_release(struct shard *s)
{
	mutex_lock(&s->mu);
	while (s->hand != NULL) {
		struct slot *slot = slot_of_locked(s, s->hand);

		assert(slot->pins == 0);
		shard_remove_locked(s, slot);
	}
	mutex_unlock(&s->mu);
	mem_free(s->slots);
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
	const struct slot *slots = load_acquire(&s->slots);

	if (slots != NULL)
		__builtin_prefetch(&slots[hash & s->slots_mask]);
}

struct cache_page *
cache_get(struct cache *c, uint64_t file, uint64_t position, size_t *size)
{
	uint64_t hash = page_hash(file, position);
	struct shard *s = shard_of(c, hash);
	struct cache_page *page = NULL;
	struct slot *slot;

	*size = 0;
	mutex_lock(&s->mu);
	slot = slot_find_locked(s, hash, file, position);
	if (slot != NULL) {
		page = slot->page;
		*size = slot->size;
		slot->pins++;
		if (slot->marks < MARKS_MAX)
			slot->marks++;
		s->stats.hits++;
		__builtin_prefetch(page);	/* its release looks there */
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
	if (size > UINT32_MAX)
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
	struct cache_page *other = NULL;
	struct slot *slot;

	assert(page->pins == 1 && !page->kept);
	page->file = file;
	page->position = position;
	mutex_lock(&s->mu);
	slot = slot_find_locked(s, hash, file, position);
	if (slot != NULL) {
		other = slot->page;
		slot->pins++;
	} else if (shard_slots_locked(s) &&
	    shard_make_room_locked(s, page_bytes(page))) {
		shard_insert_locked(s, page, hash);
	}
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
	struct slot *slot;
	bool last = false;

	if (page == NULL)
		return;
	s = shard_of(c, page_hash(page->file, page->position));
	mutex_lock(&s->mu);
	if (page->kept) {
		slot = slot_of_locked(s, page);
		assert(slot->pins > 0);
		slot->pins--;
	} else {
		assert(page->pins > 0);
		last = --page->pins == 0;
	}
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
				shard_remove_locked(s,
				    slot_of_locked(s, page));
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
