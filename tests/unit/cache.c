/*
 * cache.c - the leaf cache keeps what is asked for again.
 */
#include "table/cache.h"

#include "base/alloc.h"
#include "base/random.h"
#include "base/sync.h"
#include "support/test.h"

enum { PAGE = 4096, OVERHEAD = 128 };

static uint8_t
stamp(uint64_t file, uint64_t position)
{
	return (uint8_t)(file * 31 + position / 8 * 7 + 1);
}

/* Ask, and on a miss put it there, as a reader does. */
static void
want(struct cache *c, uint64_t file, uint64_t position)
{
	size_t size;
	struct cache_page *page = cache_get(c, file, position, &size);

	if (page == NULL) {
		page = cache_room(c, PAGE);
		CHECK(page != NULL);
		memset(cache_data(page), stamp(file, position), PAGE);
		page = cache_publish(c, page, file, position);
	} else {
		CHECK_EQ(size, PAGE);
	}
	CHECK_EQ(cache_size(page), PAGE);
	CHECK_EQ(cache_data(page)[0], stamp(file, position));
	CHECK_EQ(cache_data(page)[PAGE - 1], stamp(file, position));
	cache_release(c, page);
}

static bool
has(struct cache *c, uint64_t file, uint64_t position)
{
	size_t size;
	struct cache_page *page = cache_get(c, file, position, &size);

	cache_release(c, page);
	return page != NULL;
}

TEST("a page that was put in is found, by file and position")
{
	struct cache_stats s;
	struct cache *c;

	CHECK_OK(cache_new(1 << 20, &c));
	want(c, 7, 4096);
	want(c, 7, 4096);
	CHECK(has(c, 7, 4096));
	CHECK(!has(c, 8, 4096));
	CHECK(!has(c, 7, 4104));
	cache_stats(c, &s);
	CHECK_EQ(s.pages, 1);
	CHECK_EQ(s.hits, 2);
	CHECK_EQ(s.misses, 3);
	cache_free(c);
}

TEST("the cache stays within its bytes")
{
	struct cache_stats s;
	struct cache *c;

	CHECK_OK(cache_new(200 << 10, &c));
	for (uint64_t i = 0; i < 500; i++) {
		want(c, 1, i * 8);
		cache_stats(c, &s);
		CHECK(s.bytes <= 200 << 10);
	}
	CHECK(s.pages > 30);
	CHECK_EQ(s.evicted + s.pages, 500);
	cache_free(c);
}

TEST("what is asked for again outlives a scan")
{
	struct cache *c;
	unsigned kept = 0;

	CHECK_OK(cache_new(200 << 10, &c));
	for (int round = 0; round < 3; round++)
		for (uint64_t i = 0; i < 20; i++)
			want(c, 1, i * 8);
	for (uint64_t i = 0; i < 60; i++)
		want(c, 2, i * 8);
	for (uint64_t i = 0; i < 20; i++)
		kept += has(c, 1, i * 8);
	CHECK_EQ(kept, 20);
	cache_free(c);
}

TEST("more pages than there are slots for push each other out")
{
	enum { SMALL = 16, MANY = 3000 };
	struct cache_stats s;
	struct cache *c;
	size_t size;

	CHECK_OK(cache_new(128 << 10, &c));
	for (uint64_t i = 0; i < MANY; i++) {
		struct cache_page *page = cache_room(c, SMALL);

		memset(cache_data(page), stamp(i % 7, i), SMALL);
		cache_release(c, cache_publish(c, page, i % 7, i));
		for (uint64_t j = i < 20 ? 0 : i - 20; j <= i; j++) {
			page = cache_get(c, j % 7, j, &size);
			if (page == NULL)
				continue;
			CHECK_EQ(size, SMALL);
			CHECK_EQ(cache_data(page)[0], stamp(j % 7, j));
			cache_release(c, page);
		}
	}
	cache_stats(c, &s);
	CHECK(s.pages >= 40 && s.pages < 64);
	CHECK_EQ(s.evicted + s.pages, MANY);
	cache_free(c);
}

TEST("a pinned page keeps its bytes whatever happens to the cache")
{
	struct cache_page *page;
	struct cache *c;
	size_t size;

	CHECK_OK(cache_new(100 << 10, &c));
	want(c, 1, 8);
	page = cache_get(c, 1, 8, &size);
	CHECK(page != NULL);
	for (uint64_t i = 0; i < 300; i++)
		want(c, 2, i * 8);
	CHECK(has(c, 1, 8));
	cache_forget(c, 1);
	CHECK(!has(c, 1, 8));
	CHECK_EQ(cache_data(page)[PAGE - 1], stamp(1, 8));
	cache_release(c, page);
	cache_free(c);
}

TEST("what does not fit is used but not kept")
{
	struct cache_page *page;
	struct cache *c;

	CHECK_OK(cache_new(64 << 10, &c));
	page = cache_room(c, 1 << 20);
	CHECK(page != NULL);
	page = cache_publish(c, page, 1, 8);
	memset(cache_data(page), 1, cache_size(page));
	cache_release(c, page);
	CHECK(!has(c, 1, 8));
	cache_free(c);
	CHECK_OK(cache_new(0, &c));
	want(c, 1, 8);
	CHECK(!has(c, 1, 8));
	cache_free(c);
}

TEST("a cache full of pinned pages keeps no more")
{
	struct cache_page *pages[40];
	struct cache *c;

	CHECK_OK(cache_new(64 << 10, &c));
	for (uint64_t i = 0; i < 40; i++) {
		pages[i] = cache_room(c, PAGE);
		CHECK(pages[i] != NULL);
		memset(cache_data(pages[i]), stamp(1, i * 8), PAGE);
		pages[i] = cache_publish(c, pages[i], 1, i * 8);
	}
	for (uint64_t i = 0; i < 40; i++) {
		CHECK_EQ(cache_data(pages[i])[9], stamp(1, i * 8));
		cache_release(c, pages[i]);
	}
	CHECK(has(c, 1, 0));
	CHECK(!has(c, 1, 39 * 8));
	cache_free(c);
}

TEST("who comes second uses the first one's page")
{
	struct cache_page *one, *two;
	struct cache *c;

	CHECK_OK(cache_new(1 << 20, &c));
	one = cache_room(c, PAGE);
	two = cache_room(c, PAGE);
	CHECK(one != NULL && two != NULL);
	one = cache_publish(c, one, 1, 8);
	CHECK(cache_publish(c, two, 1, 8) == one);
	cache_release(c, one);
	cache_release(c, one);
	cache_free(c);
}

TEST("a forgotten file leaves nothing behind, the others stay")
{
	struct cache_stats s;
	struct cache *c;

	CHECK_OK(cache_new(8 << 20, &c));
	for (uint64_t i = 0; i < 300; i++)
		want(c, i % 3, i * 8);
	cache_forget(c, 1);
	cache_stats(c, &s);
	CHECK_EQ(s.pages, 200);
	for (uint64_t i = 0; i < 300; i++)
		CHECK_EQ(has(c, i % 3, i * 8), i % 3 != 1);
	for (uint64_t file = 0; file < 3; file++)
		cache_forget(c, file);
	cache_stats(c, &s);
	CHECK_EQ(s.pages, 0);
	CHECK_EQ(s.bytes, 0);
	cache_free(c);
}

TEST("without memory there is no room, and no harm")
{
	struct cache *c;

	CHECK_OK(cache_new(1 << 20, &c));
	mem_fail_at(1, false);
	CHECK(cache_room(c, PAGE) == NULL);
	cache_free(c);
}

struct crowd {
	struct cache *c;
	uint64_t seed;
	bool wrong;
};

static void
crowd_run(void *arg)
{
	struct crowd *crowd = arg;
	struct random r = { crowd->seed };

	for (int i = 0; i < 3000; i++) {
		uint64_t file = random_below(&r, 3);
		uint64_t position = random_below(&r, 100) * 8;
		struct cache_page *page;
		size_t size;

		if (random_below(&r, 200) == 0)
			cache_forget(crowd->c, file);
		page = cache_get(crowd->c, file, position, &size);
		if (page == NULL && (page = cache_room(crowd->c, PAGE))) {
			memset(cache_data(page), stamp(file, position), PAGE);
			page = cache_publish(crowd->c, page, file, position);
		}
		if (page == NULL ||
		    cache_data(page)[77] != stamp(file, position))
			crowd->wrong = true;
		cache_release(crowd->c, page);
	}
}

TEST("threads that share a cache see whole pages only")
{
	struct crowd crowds[4];
	struct thread threads[4];
	struct cache *c;

	CHECK_OK(cache_new(600 << 10, &c));
	for (uint64_t i = 0; i < 4; i++) {
		crowds[i] = (struct crowd){ c, test_seed() + i, false };
		CHECK_OK(thread_start(&threads[i], crowd_run, &crowds[i]));
	}
	for (int i = 0; i < 4; i++)
		thread_join(&threads[i]);
	for (int i = 0; i < 4; i++)
		CHECK(!crowds[i].wrong);
	cache_free(c);
}
