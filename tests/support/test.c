/*
 * test.c - runs the registered tests and counts.
 */
#define _GNU_SOURCE
#include "support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

struct spent {
	long long ms, cpu_ms;
};

static long long
ms_of(struct timeval t)
{
	return t.tv_sec * 1000LL + t.tv_usec / 1000;
}

/* So far; the processor's of all threads and of children that have ended. */
static struct spent
spent_now(void)
{
	struct rusage self, children;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return (struct spent){ t.tv_sec * 1000LL + t.tv_nsec / 1000000,
		ms_of(self.ru_utime) + ms_of(self.ru_stime) +
		ms_of(children.ru_utime) + ms_of(children.ru_stime) };
}

static void
time_tell(const struct test *t, struct spent begin)
{
	struct spent now = spent_now();

	printf("%6lld ms, %6lld of a processor  %s: %s\n", now.ms - begin.ms,
	    now.cpu_ms - begin.cpu_ms, t->file, t->name);
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

/* In a child, so that whatever it leaves behind goes with it. */
bool
test_fails(void (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		if (setjmp(out) == 0) {
			run();
			_exit(0);
		}
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		test_fail(__FILE__, __LINE__, "no child");
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
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
		struct spent begin = spent_now();

		if (!wanted(&tests[i], argv + optind, argc - optind))
			continue;
		if (list)
			printf("%s: %s\n", tests[i].file, tests[i].name);
		else if (run_one(&tests[i]))
			passed++;
		else
			failed++;
		if (times)
			time_tell(&tests[i], begin);
	}
	if (!list)
		printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
