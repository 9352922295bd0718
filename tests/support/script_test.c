/*
 * script_test.c - the main of a program that does one thing to each script.
 */
#include "support/script_test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "support/wrong.h"

enum { USAGE = 64, SEEDS_LARGE = 2 };

struct arguments {
	bool thorough;
	uint64_t seed, seeds;		/* 0 seeds: as many as usual */
	const char *script;		/* NULL: all */
};

static bool
arguments_read(int argc, char **argv, struct arguments *a)
{
	a->thorough = getenv("LSM_TEST_LONG") != NULL;
	a->seed = 1;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--long") == 0)
			a->thorough = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--seed") == 0)
			a->seed = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--seeds") == 0)
			a->seeds = strtoull(argv[++i], NULL, 0);
		else if (strcmp(argv[i], "--script") == 0)
			a->script = argv[++i];
		else
			return false;
	return true;
}

static void
run_script(const struct script_test *t, const struct script *script,
    const struct arguments *a, struct tally *tally)
{
	uint64_t few = script->large && t->seeds > SEEDS_LARGE ? SEEDS_LARGE :
	    t->seeds;
	uint64_t usual = a->thorough ? t->seeds_long : few;
	uint64_t seeds = a->seeds ? a->seeds : usual;

	for (uint64_t s = a->seed; s < a->seed + seeds; s++)
		tally_case(tally, t->run(script, s, a->thorough),
		    "%s, seed %" PRIu64, script->name, s);
}

static bool
is_meant(const struct script_test *t, const struct script *script,
    const char *name)
{
	if (name != NULL)
		return strcmp(name, script->name) == 0;
	return !t->each_call || !script->large;
}

int
script_test_main(int argc, char **argv, const struct script_test *t)
{
	struct arguments a = { 0 };
	struct tally tally = { 0 };

	if (!arguments_read(argc, argv, &a))
		return USAGE;
	for (size_t i = 0; i < scripts_count; i++)
		if (is_meant(t, &scripts[i], a.script))
			run_script(t, &scripts[i], &a, &tally);
	t->sum();
	return tally_end(&tally);
}
