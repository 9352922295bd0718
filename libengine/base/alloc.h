/*
 * alloc.h - the only way to the heap, so that a test can make any one fail.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As malloc(3) and friends. NULL: the caller answers mem_exhausted(). */
void *mem_alloc(size_t);
void *mem_zalloc(size_t);
void *mem_realloc(void *, size_t);
void mem_free(void *);

/* A list that doubles: the same or a larger one, with room for one more
 * element of `size` bytes behind `count`. NULL, with the story set: the list
 * stays as it is. */
void *mem_room(void *list, size_t count, size_t *room, size_t size);

/* Aligned to a power of two; ends with mem_free as well. */
void *mem_aligned(size_t align, size_t size);

/* Set the story "out of memory: N bytes" and return LSM_NO_MEMORY. */
int mem_exhausted(size_t size);

/* For tests, process-wide. The n-th allocation from now (1 = the next) fails,
 * and, with `for_ever`, all after it; n = 0 ends it. */
void mem_fail_at(uint64_t n, bool for_ever);
uint64_t mem_calls(void);	/* allocations asked for so far */
uint64_t mem_live(void);	/* allocations not yet freed */

#endif
