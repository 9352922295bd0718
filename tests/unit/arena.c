#include "base/arena.h"

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
