/*
 * data.h - the benchmark's keys and values.
 *
 * A key is KEY_SIZE decimal digits of an even number; the odd ones are absent.
 * Values are pieces of a pool, half random and half a repetition, so that they
 * compress by half. Key i has the piece that its number chooses, or, once
 * overwritten, the next one: whoever reads a value can tell if it is right.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include "bench/engine.h"

enum { KEY_SIZE = 16 };

struct data {
	uint64_t count;		/* of the keys that exist */
	size_t value_size;
	char *pool;
	uint64_t pieces;
	unsigned half_bits;	/* of the permutation */
};

int data_init(struct data *, uint64_t count, size_t value_size);
void data_release(struct data *);

/* 0 to count - 1 in an order that looks random, each once. */
uint64_t data_permute(const struct data *, uint64_t i);

struct span data_key(uint64_t i, char room[KEY_SIZE]);
struct span data_absent(uint64_t i, char room[KEY_SIZE]);
struct span data_value(const struct data *, uint64_t i, unsigned generation);

/* Is it the value of key i, as written first or as overwritten? */
bool data_right(const struct data *, uint64_t i, struct span value);

#endif
