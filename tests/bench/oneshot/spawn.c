/*
 * spawn.c - whole processes, one after the other, side by side.
 *
 *	spawn ROUNDS -- COMMAND [ARG]... [-- COMMAND [ARG]...]...
 *
 * Every round runs each command, so that a slow moment of the machine hits all
 * of them: twice, first behind another command, which may have left nothing of
 * it in the processor's caches, and then behind itself, as in a loop. Prints a
 * row for each: the tenth and the fiftieth percentile of its wall time in a
 * loop, the median of its processor time there, all in microseconds, how far
 * the median is from that of the first command, as a difference and as a
 * ratio, and the median behind another. A command that fails ends the run.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

enum { COMMANDS_MAX = 32 };

extern char **environ;

struct command {
	char **argv;
	/* Microseconds, one a round. */
	double *behind;			/* another: wall time */
	double *wall, *cpu;		/* in a loop */
};

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
time_us(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static int
run(const struct command *c, const posix_spawn_file_actions_t *quiet,
    double *wall, double *cpu)
{
	struct rusage used;
	double begin = now_us();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, c->argv[0], quiet, NULL, c->argv, environ) ||
	    wait4(pid, &status, 0, &used) != pid || status != 0) {
		fprintf(stderr, "spawn: %s: failed\n", c->argv[0]);
		return 1;
	}
	*wall = now_us() - begin;
	*cpu = time_us(used.ru_utime) + time_us(used.ru_stime);
	return 0;
}

static int
run_twice(const struct command *c, size_t round,
    const posix_spawn_file_actions_t *quiet)
{
	return run(c, quiet, &c->behind[round], &c->cpu[round]) ||
	    run(c, quiet, &c->wall[round], &c->cpu[round]);
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The command line, without directories. */
static void
print_command(char **argv)
{
	for (; *argv != NULL; argv++) {
		const char *slash = strrchr(*argv, '/');

		printf(" %s", slash && slash[1] ? slash + 1 : *argv);
	}
	putchar('\n');
}

static void
report(const struct command *c, size_t rounds, double *first)
{
	double median;

	qsort(c->behind, rounds, sizeof *c->behind, order);
	qsort(c->wall, rounds, sizeof *c->wall, order);
	qsort(c->cpu, rounds, sizeof *c->cpu, order);
	median = c->wall[rounds / 2];
	if (*first <= 0)
		*first = median;
	printf("%8.0f %8.0f %8.0f %+8.0f %7.2f %8.0f ", c->wall[rounds / 10],
	    median, c->cpu[rounds / 2], median - *first, median / *first,
	    c->behind[rounds / 2]);
	print_command(c->argv);
}

/* Cut the arguments at each "--"; returns how many commands there are. */
static size_t
commands_read(char **argv, size_t rounds, struct command *c)
{
	size_t n = 0;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "--") != 0)
			continue;
		*argv = NULL;
		if (n == COMMANDS_MAX || argv[1] == NULL)
			return 0;
		c[n].argv = argv + 1;
		c[n].behind = calloc(3 * rounds, sizeof *c[n].behind);
		if (c[n].behind == NULL)
			return 0;
		c[n].wall = c[n].behind + rounds;
		c[n].cpu = c[n].wall + rounds;
		n++;
	}
	return n;
}

int
main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	posix_spawn_file_actions_t quiet;
	size_t rounds, n = 0;
	double first = 0;

	rounds = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
	if (rounds > 0)
		n = commands_read(argv + 2, rounds, commands);
	if (n == 0) {
		fprintf(stderr, "usage: spawn ROUNDS -- COMMAND [ARG]...\n");
		return 64;
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	for (size_t round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (run_twice(&commands[i], round, &quiet))
				return 1;
	printf("     p10      p50      cpu  to first   ratio   behind\n");
	for (size_t i = 0; i < n; i++)
		report(&commands[i], rounds, &first);
	return 0;
}
