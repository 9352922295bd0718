/*
 * fuzz_main.c - runs a fuzz target without libFuzzer, with any compiler.
 *
 *	NAME [-n COUNT] [-s SEED] [FILE | DIRECTORY]...
 *
 * First the target sees each file, then COUNT inputs made from them by seeded
 * mutation: the same seed, the same inputs. The input of a run that dies is
 * kept in build/NAME.input. Every input lies in memory of its exact size, so
 * that the sanitizer sees one byte too far.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
void __sanitizer_set_death_callback(void (*)(void)) __attribute__((weak));

enum {
	INPUTS_MAX = 4096,
	INPUT_SIZE_MAX = 1 << 20,
	GROWTH_MAX = 4096,
	COUNT = 20000,
	COUNT_LONG = 200000	/* where LSM_TEST_LONG is set */
};

static struct input {
	uint8_t *p;
	size_t n;
} inputs[INPUTS_MAX];
static size_t input_count;
static struct input running;
static const char *name;

static void *
alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL) {
		fprintf(stderr, "%s: no memory\n", name);
		exit(71);
	}
	return p;
}

static void
keep_input(void)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "build/%s.input", name);
	if ((f = fopen(path, "wb")) == NULL)
		return;
	fwrite(running.p, 1, running.n, f);
	fclose(f);
	fprintf(stderr, "%s: the input is kept in %s\n", name, path);
}

static void
on_abort(int number)
{
	keep_input();
	signal(number, SIG_DFL);
	raise(number);
}

static void
run(const uint8_t *p, size_t n)
{
	running = (struct input){ alloc(n), n };
	memcpy(running.p, p, n);
	LLVMFuzzerTestOneInput(running.p, n);
	free(running.p);
	running = (struct input){ NULL, 0 };
}

static bool
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *in = &inputs[input_count];
	static uint8_t room[INPUT_SIZE_MAX];

	if (f == NULL || input_count == INPUTS_MAX) {
		fprintf(stderr, "%s: cannot read %s\n", name, path);
		return false;
	}
	in->n = fread(room, 1, sizeof room, f);
	fclose(f);
	in->p = alloc(in->n);
	memcpy(in->p, room, in->n);
	input_count++;
	return true;
}

static bool
read_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char below[1024];
	bool ok = true;

	if (d == NULL)
		return read_file(path);
	while ((e = readdir(d)) != NULL) {
		snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			ok &= read_file(below);
	}
	closedir(d);
	return ok;
}

/* Bytes and lengths that parsers tend to trip over. */
static uint8_t
odd_byte(struct random *r)
{
	static const uint8_t odd[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff };

	return random_below(r, 2) ? odd[random_below(r, sizeof odd)] :
	    (uint8_t)random_next(r);
}

static void
cut(struct random *r, struct input *in)
{
	size_t at = (size_t)random_below(r, in->n);
	size_t n = (size_t)random_below(r, in->n - at) + 1;

	memmove(in->p + at, in->p + at + n, in->n - at - n);
	in->n -= n;
}

/* Put a piece of any input, perhaps of this one, somewhere. */
static void
splice(struct random *r, struct input *in)
{
	const struct input *from = &inputs[random_below(r, input_count)];
	size_t at = (size_t)random_below(r, in->n + 1), begin, n;

	if (from->n == 0)
		return;
	begin = (size_t)random_below(r, from->n);
	n = (size_t)random_below(r, from->n - begin) + 1;
	if (n > GROWTH_MAX)
		n = GROWTH_MAX;
	memmove(in->p + at + n, in->p + at, in->n - at);
	memcpy(in->p + at, from->p + begin, n);
	in->n += n;
}

static void
mutate(struct random *r, struct input *in)
{
	size_t at = in->n ? (size_t)random_below(r, in->n) : 0;

	switch (in->n ? random_below(r, 6) : 5) {
	case 0:
		in->p[at] ^= (uint8_t)(1u << random_below(r, 8));
		break;
	case 1:
		in->p[at] = odd_byte(r);
		break;
	case 2:
		for (size_t i = at; i < in->n && i < at + 4; i++)
			in->p[i] = odd_byte(r);
		break;
	case 3:
		in->n = at;
		break;
	case 4:
		cut(r, in);
		break;
	default:
		splice(r, in);
	}
}

enum { MUTATIONS_MAX = 5 };

static void
run_mutated(struct random *r, uint8_t *room)
{
	const struct input *from = &inputs[random_below(r, input_count)];
	struct input in = { room, from->n };
	uint64_t times = 1 + random_below(r, MUTATIONS_MAX);

	memcpy(room, from->p, from->n);
	while (times-- > 0)
		mutate(r, &in);
	run(in.p, in.n);
}

static void
run_all(uint64_t count, uint64_t seed)
{
	uint8_t *room = alloc(INPUT_SIZE_MAX + MUTATIONS_MAX * GROWTH_MAX);
	struct random r = { seed };

	run(room, 0);
	for (size_t i = 0; i < input_count; i++)
		run(inputs[i].p, inputs[i].n);
	for (uint64_t i = 0; i < count; i++)
		run_mutated(&r, room);
	printf("%zu files, %llu mutations, seed %llu\n", input_count,
	    (unsigned long long)count, (unsigned long long)seed);
	for (size_t i = 0; i < input_count; i++)
		free(inputs[i].p);
	free(room);
}

int
main(int argc, char **argv)
{
	uint64_t count = getenv("LSM_TEST_LONG") ? COUNT_LONG : COUNT;
	uint64_t seed = 1;
	bool ok = true;
	int c;

	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			count = strtoull(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 64;
	}
	for (int i = optind; i < argc; i++)
		ok &= read_all(argv[i]);
	if (input_count == 0) {
		fprintf(stderr, "%s: no corpus\n", name);
		ok = false;
		count = 0;
	}
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_input);
	run_all(count, seed);
	printf("%d passed, %d failed\n", ok ? 2 : 0, ok ? 0 : 1);
	return !ok;
}
