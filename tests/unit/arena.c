#include "base/arena_pool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "support/test.h"

TEST("an arena gives units from its low end and lines from its high end")
{
	struct arena a;
	uint8_t *low, *high;

	CHECK_OK(arena_init(&a, 1000));
	CHECK_EQ(arena_room(&a), 1024);
	low = arena_low(&a, 1);
	CHECK_EQ((uint8_t *)arena_low(&a, 8) - low, 8);
	high = arena_high(&a, 128);
	CHECK_EQ((uintptr_t)high % ARENA_LINE, 0);
	CHECK_EQ(high - low, 1024 - 128);
	CHECK_EQ(arena_used(&a), 16 + 128);
	arena_release(&a);
}

TEST("an arena can be given out to its last byte")
{
	struct arena a;

	CHECK_OK(arena_init(&a, 128));
	memset(arena_low(&a, 64), 1, 64);
	memset(arena_high(&a, 64), 2, 64);
	CHECK_EQ(arena_room(&a), 0);
	CHECK_EQ(a.base[63], 1);
	arena_release(&a);
}

TEST("an arena without memory is an error")
{
	struct arena a;

	mem_fail_at(1, false);
	CHECK_CODE(arena_init(&a, 4096), LSM_NO_MEMORY);
	CHECK_CODE(arena_init(&a, SIZE_MAX), LSM_NO_MEMORY);
	arena_release(&a);
}

TEST("a pool gives back the memory that it was given")
{
	struct arena_pool *pool;
	struct arena a;
	uint8_t *base;

	CHECK_OK(arena_pool_new(&pool));
	CHECK_OK(arena_pool_take(pool, 4096, &a));
	base = a.base;
	arena_low(&a, 100);
	arena_high(&a, 64);
	arena_pool_give(pool, &a);
	CHECK(a.base == NULL);
	CHECK_OK(arena_pool_take(pool, 1000, &a));
	CHECK(a.base == base);
	CHECK_EQ(arena_room(&a), 4096);
	arena_pool_give(pool, &a);
	arena_pool_unref(pool);
}

TEST("a pool keeps the largest arena only, and it may be too small")
{
	struct arena_pool *pool;
	struct arena small, large;
	uint8_t *base;

	CHECK_OK(arena_pool_new(&pool));
	CHECK_OK(arena_pool_take(pool, 1000, &small));
	CHECK_OK(arena_pool_take(pool, 4096, &large));
	base = large.base;
	arena_pool_give(pool, &large);
	arena_pool_give(pool, &small);
	CHECK_OK(arena_pool_take(pool, 10000, &small));
	CHECK(small.base != base && small.size >= 10000);
	CHECK_OK(arena_pool_take(pool, 4096, &large));
	CHECK(large.base == base);
	arena_pool_give(pool, &large);
	arena_pool_give(pool, &small);
	arena_pool_ref(pool);
	arena_pool_unref(pool);
	arena_pool_unref(pool);
	arena_pool_unref(NULL);
}

TEST("a pool without memory is an error")
{
	struct arena_pool *pool;
	struct arena a;

	mem_fail_at(1, false);
	CHECK_CODE(arena_pool_new(&pool), LSM_NO_MEMORY);
	CHECK(pool == NULL);
	CHECK_OK(arena_pool_new(&pool));
	mem_fail_at(1, false);
	CHECK_CODE(arena_pool_take(pool, 4096, &a), LSM_NO_MEMORY);
	CHECK(a.base == NULL);
	arena_pool_unref(pool);
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* Bytes of memory that the system gave. */
static uint64_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages;

	CHECK(f != NULL);
	CHECK_EQ(fscanf(f, "%*u %lu", &pages), 1);
	CHECK_EQ(fclose(f), 0);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

TEST("a large arena that is given back goes back to the system")
{
	enum { SIZE = 27 << 20, TIMES = 4 };
	uint64_t before = resident();
	void *above[TIMES];

	for (int i = 0; i < TIMES; i++) {
		struct arena a;

		CHECK_OK(arena_init(&a, SIZE));
		memset(a.base, 1, a.size);
		CHECK((above[i] = mem_alloc(100)) != NULL);
		arena_release(&a);
	}
	CHECK(resident() < before + SIZE / 2);
	for (int i = 0; i < TIMES; i++)
		mem_free(above[i]);
}
#endif
