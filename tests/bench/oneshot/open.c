/*
 * open.c - opened to read, asked for one key, closed; again and again.
 *
 *	open DIRECTORY ROUNDS RECORDS
 *
 * Keys are those of seq -f %016.0f, up to RECORDS, drawn at random. Prints
 * percentiles of the three together and the medians of open and of get, in
 * microseconds.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lsm.h"

struct times {
	double *all, *open, *get;	/* microseconds, one a round */
};

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
ask(const char *path, uint64_t number, const struct times *t, size_t round)
{
	lsm_buffer value = { 0 };
	lsm_options o;
	double begin, opened;
	char key[32];
	lsm_db *db;
	int rc;

	lsm_options_init(&o);
	o.read_only = 1;
	snprintf(key, sizeof key, "%016llu", (unsigned long long)number);
	begin = now_us();
	if ((rc = lsm_open(path, &o, &db)) != LSM_OK)
		return rc;
	opened = now_us();
	rc = lsm_get(db, NULL, lsm_str(key), &value);
	t->open[round] = opened - begin;
	t->get[round] = now_us() - opened;
	if (lsm_close(db) != LSM_OK && rc == LSM_OK)
		rc = LSM_BUG;
	t->all[round] = now_us() - begin;
	lsm_buffer_free(&value);
	return rc;
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
report(const struct times *t, size_t rounds)
{
	qsort(t->all, rounds, sizeof *t->all, order);
	qsort(t->open, rounds, sizeof *t->open, order);
	qsort(t->get, rounds, sizeof *t->get, order);
	printf("open + get + close: p10 %.0f  p50 %.0f  p99 %.0f us  (open "
	    "%.0f, get %.0f)\n", t->all[rounds / 10], t->all[rounds / 2],
	    t->all[rounds * 99 / 100], t->open[rounds / 2],
	    t->get[rounds / 2]);
}

int
main(int argc, char **argv)
{
	uint64_t drawn = 1, records = argc == 4 ? strtoull(argv[3], NULL, 10) :
	    0;
	size_t rounds = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	struct times t = { calloc(rounds, sizeof *t.all),
		calloc(rounds, sizeof *t.open),
		calloc(rounds, sizeof *t.get) };

	if (rounds == 0 || records == 0 || !t.all || !t.open || !t.get) {
		fprintf(stderr, "usage: open DIRECTORY ROUNDS RECORDS\n");
		return 64;
	}
	for (size_t i = 0; i < rounds; i++) {
		drawn = drawn * 6364136223846793005u + 1442695040888963407u;
		if (ask(argv[1], 1 + (drawn >> 20) % records, &t, i)) {
			fprintf(stderr, "open: %s\n", lsm_message());
			return 1;
		}
	}
	report(&t, rounds);
	free(t.all);
	free(t.open);
	free(t.get);
	return 0;
}
