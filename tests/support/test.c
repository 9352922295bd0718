/*
 * test.c - runs the registered tests and counts.
 */
#define _GNU_SOURCE
#include "support/test.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

enum { TESTS_MAX = 4096, PATHS = 4 };

static struct test {
	const char *name, *file;
	void (*run)(void);
} tests[TESTS_MAX];
static size_t count;
static jmp_buf out;
static uint64_t seed = 1;
static char directory[256];

void
test_add(const char *name, const char *file, void (*run)(void))
{
	if (count == TESTS_MAX)
		abort();
	tests[count++] = (struct test){ name, file, run };
}

_Noreturn void
test_fail(const char *file, int line, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, " (seed %llu)\n", (unsigned long long)seed);
	longjmp(out, 1);
}

uint64_t
test_seed(void)
{
	return seed;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
directory_remove(void)
{
	if (directory[0])
		nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	directory[0] = '\0';
}

const char *
test_dir(void)
{
	const char *base = getenv("TMPDIR");

	if (directory[0])
		return directory;
	snprintf(directory, sizeof directory, "%s/lsm-test-XXXXXX",
	    base ? base : "/tmp");
	if (mkdtemp(directory) == NULL) {
		perror(directory);
		abort();
	}
	return directory;
}

const char *
test_path(const char *name)
{
	static char paths[PATHS][512];
	static unsigned turn;
	char *to = paths[turn++ % PATHS];

	snprintf(to, sizeof paths[0], "%s/%s", test_dir(), name);
	return to;
}

const char *
test_data(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "tests/data/%s", name);
	return path;
}

__attribute__((noinline)) static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static uint64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static bool
run_one(const struct test *t)
{
	uint64_t live = mem_live();
	int open = descriptors();
	volatile bool ok = false;	/* lives across longjmp */

	if (setjmp(out) == 0) {
		t->run();
		if (mem_live() != live)
			test_fail(t->file, 0, "%lld allocations left behind",
			    (long long)(mem_live() - live));
		if (descriptors() != open)
			test_fail(t->file, 0, "%d descriptors left behind",
			    descriptors() - open);
		ok = true;
	}
	mem_fail_at(0, false);
	directory_remove();
	if (!ok)
		fprintf(stderr, "FAILED: %s: %s\n", t->file, t->name);
	return ok;
}

static bool
wanted(const struct test *t, char **words, int n)
{
	for (int i = 0; i < n; i++)
		if (strstr(t->name, words[i]) || strstr(t->file, words[i]))
			return true;
	return n == 0;
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	bool list = false, times = false;
	int c;

	while ((c = getopt(argc, argv, "ls:t")) != -1) {
		if (c == 'l')
			list = true;
		else if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 't')
			times = true;
		else
			return 64;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < count; i++) {
		uint64_t begin = clock_ms();

		if (!wanted(&tests[i], argv + optind, argc - optind))
			continue;
		if (list)
			printf("%s: %s\n", tests[i].file, tests[i].name);
		else if (run_one(&tests[i]))
			passed++;
		else
			failed++;
		if (times)
			printf("%6llu ms  %s: %s\n", (unsigned long long)
			    (clock_ms() - begin), tests[i].file,
			    tests[i].name);
	}
	if (!list)
		printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
