/*
 * sum.h - XXH3-64 of bytes that come in pieces.
 */
#ifndef SUM_H
#define SUM_H

#include <stddef.h>
#include <stdint.h>

struct sum;

/* NULL when out of memory. */
struct sum *sum_new(void);
void sum_free(struct sum *);

void sum_add(struct sum *, const void *, size_t);
uint64_t sum_value(const struct sum *);

/* Of one piece, with a seed. */
uint64_t sum_once(const void *, size_t, uint64_t seed);

#endif
