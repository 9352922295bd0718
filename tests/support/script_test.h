/*
 * script_test.h - the main of a program that does one thing to each script:
 *
 *	NAME [--long] [--seed S] [--seeds N] [--script NAME]
 */
#ifndef SUPPORT_SCRIPT_TEST_H
#define SUPPORT_SCRIPT_TEST_H

#include "support/scripts.h"

struct script_test {
	/* False: something is wrong, and wrong.h has the words. */
	bool (*run)(const struct script *, uint64_t seed, bool thorough);
	void (*sum)(void);		/* prints what was done in all */
	uint64_t seeds, seeds_long;	/* for each script, unless told */
	bool each_call;			/* a run for each: no large scripts */
};

/* Each script and seed is a case. The exit status of the program. */
int script_test_main(int argc, char **argv, const struct script_test *);

#endif
