/*
 * data.c - the benchmark's keys and values.
 */
#include "bench/data.h"

#include <stdlib.h>
#include <string.h>

enum {
	POOL_SIZE = 4 << 20,
	ROUNDS = 4		/* of the permutation */
};

static uint64_t
mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void
pool_fill(struct data *d)
{
	size_t half = d->value_size - d->value_size / 2;
	uint64_t seed = 0;

	for (uint64_t i = 0; i < d->pieces; i++) {
		char *piece = d->pool + i * d->value_size;

		for (size_t j = 0; j < half; j++)
			piece[j] = (char)mix(seed++);
		memcpy(piece + half, piece, d->value_size - half);
	}
}

int
data_init(struct data *d, uint64_t count, size_t value_size)
{
	d->count = count;
	d->value_size = value_size;
	d->pieces = POOL_SIZE / (value_size ? value_size : 1);
	d->pool = malloc(POOL_SIZE);
	if (d->pool == NULL)
		return engine_failed("bench", "pool", "no memory");
	pool_fill(d);
	for (d->half_bits = 1; UINT64_C(1) << 2 * d->half_bits < count;)
		d->half_bits++;
	return 0;
}

void
data_release(struct data *d)
{
	free(d->pool);
}

/* A Feistel network permutes a power of four; what falls beyond the count is
 * sent through again until it falls below. */
uint64_t
data_permute(const struct data *d, uint64_t i)
{
	uint64_t mask = (UINT64_C(1) << d->half_bits) - 1;

	do {
		uint64_t left = i >> d->half_bits, right = i & mask;

		for (unsigned round = 0; round < ROUNDS; round++) {
			uint64_t swap = left ^
			    (mix(right * ROUNDS + round) & mask);

			left = right;
			right = swap;
		}
		i = left << d->half_bits | right;
	} while (i >= d->count);
	return i;
}

static struct span
digits(uint64_t number, char room[KEY_SIZE])
{
	for (int at = KEY_SIZE; at-- > 0; number /= 10)
		room[at] = (char)('0' + number % 10);
	return (struct span){ room, KEY_SIZE };
}

struct span
data_key(uint64_t i, char room[KEY_SIZE])
{
	return digits(2 * i, room);
}

struct span
data_absent(uint64_t i, char room[KEY_SIZE])
{
	return digits(2 * i + 1, room);
}

struct span
data_value(const struct data *d, uint64_t i, unsigned generation)
{
	uint64_t piece = (mix(i) + generation) % d->pieces;

	return (struct span){ d->pool + piece * d->value_size, d->value_size };
}

static bool
equal(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

bool
data_right(const struct data *d, uint64_t i, struct span value)
{
	return equal(value, data_value(d, i, 0)) ||
	    equal(value, data_value(d, i, 1));
}
