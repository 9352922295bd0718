/*
 * alloc.c - the only way to the heap, so that a test can make any one fail.
 *
 * The counters cost one relaxed addition; allocations are rare by design.
 */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/status.h"

enum { ROOM_FIRST = 8 };	/* elements of a list that begins */

static _Atomic uint64_t calls, live, fail_at;
static _Atomic bool fail_for_ever;

static bool
must_fail(void)
{
	uint64_t n = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
	uint64_t at = atomic_load_explicit(&fail_at, memory_order_relaxed);

	if (at == 0 || n + 1 < at)
		return false;
	return n + 1 == at ||
	    atomic_load_explicit(&fail_for_ever, memory_order_relaxed);
}

static void *
counted(void *p)
{
	if (p != NULL)
		atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
	return p;
}

void *
mem_alloc(size_t size)
{
	return must_fail() ? NULL : counted(malloc(size ? size : 1));
}

void *
mem_zalloc(size_t size)
{
	return must_fail() ? NULL : counted(calloc(1, size ? size : 1));
}

void *
mem_realloc(void *p, size_t size)
{
	if (p == NULL)
		return mem_alloc(size);
	return must_fail() ? NULL : realloc(p, size ? size : 1);
}

void *
mem_room(void *list, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : ROOM_FIRST;
	void *larger;

	if (count < *room)
		return list;
	if ((larger = mem_realloc(list, more * size)) == NULL) {
		(void)mem_exhausted(more * size);
		return NULL;
	}
	*room = more;
	return larger;
}

void *
mem_aligned(size_t align, size_t size)
{
	if (must_fail() || size > SIZE_MAX - align)
		return NULL;
	return counted(aligned_alloc(align, (size + align - 1) & ~(align - 1)));
}

void
mem_free(void *p)
{
	if (p != NULL)
		atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
	free(p);
}

int
mem_exhausted(size_t size)
{
	return status_set(LSM_NO_MEMORY, "out of memory: %zu bytes", size);
}

void
mem_fail_at(uint64_t n, bool for_ever)
{
	fail_for_ever = for_ever;
	fail_at = n ? calls + n : 0;
}

uint64_t
mem_calls(void)
{
	return calls;
}

uint64_t
mem_live(void)
{
	return live;
}
