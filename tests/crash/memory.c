/*
 * memory.c - every allocation fails, once or for ever.
 *
 *	memory [--long] [--script NAME]
 *
 * Each script runs again and again, and in each run another allocation fails.
 * A call says LSM_NO_MEMORY and has done nothing, or it works. Memory lost no
 * handle and no commit: afterwards the same handle writes, and everything
 * acknowledged is there, now and after it was opened again. Nothing leaks.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "env/env_sim.h"
#include "support/scale.h"
#include "support/script_test.h"
#include "support/wrong.h"

static uint64_t runs, errors;

/* After the script reads of all kinds, and at last a close. */
static const char reads[] =
    "get 1; get 2; get 99; gets; gets 0 0 0 7; scan; walk; walk 0 0 0 2;"
    "walk 0 0 0 3; snapshot 1; look 1 0 0 1; look 1 0 0 2; release 1; reader";

static bool
run_without_memory(struct session *s, const struct op_list *ops)
{
	return session_open(s) && session_run_all(s, ops);
}

/* The handle, if there is one, must go on as if nothing had been. */
static bool
run_afterwards(struct session *s)
{
	static const struct op put = { OP_PUT, 77, 30, LSM_SYNC, 4711 };
	static const struct op reopen = { .kind = OP_REOPEN };

	s->faults = false;
	if (s->fence != LSM_OK || s->doubt)
		return wrong("memory fenced the handle");
	if (s->db == NULL && !session_open(s))
		return false;
	return session_scan(s, NULL, SIZE_MAX) && session_run(s, &put) &&
	    session_scan(s, NULL, SIZE_MAX) && session_run(s, &reopen) &&
	    session_scan(s, NULL, SIZE_MAX) && session_close(s);
}

static bool
run_once(const struct script *script, uint64_t at, bool for_ever,
    uint64_t *calls)
{
	struct sim *sim = sim_new(1);
	uint64_t live = mem_live(), before;
	struct op_list ops = { 0 };
	struct session s;
	bool ok;

	ok = script_start(script, sim, &s, &ops) &&
	    op_list_parse(&ops, reads);
	s.faults = true;
	before = mem_calls();
	mem_fail_at(at, for_ever);
	ok = ok && run_without_memory(&s, &ops);
	mem_fail_at(0, false);
	*calls = mem_calls() - before;
	errors += s.reached.errors;
	ok = ok && run_afterwards(&s);
	session_release(&s);
	op_list_free(&ops);
	sim_free(sim);
	runs++;
	return ok && (mem_live() == live || wrong("%" PRIu64 " allocations "
	    "left behind", mem_live() - live));
}

static bool
script_memory(const struct script *script, uint64_t seed, bool thorough)
{
	uint64_t stride = thorough ? 1 : SCALE_STEP;
	uint64_t calls, unused, before = runs;
	bool ok = run_once(script, 0, false, &calls);

	for (uint64_t at = 1; at <= calls && ok; at += stride) {
		bool for_ever = (at / stride + seed) % 2;

		/* In any case in one of the two ways. */
		ok = run_once(script, at, for_ever, &unused) &&
		    (!thorough || run_once(script, at, !for_ever, &unused));
		if (!ok)
			fprintf(stderr, "script \"%s\": allocation %" PRIu64
			    " of %" PRIu64 ": %s\n", script->name, at, calls,
			    wrong_words());
	}
	printf("%s: %" PRIu64 " allocations, %" PRIu64 " runs\n", script->name,
	    calls, runs - before);
	return ok;
}

static void
sum(void)
{
	printf("%" PRIu64 " runs, %" PRIu64 " calls failed\n", runs, errors);
}

int
main(int argc, char **argv)
{
	static const struct script_test test = { .run = script_memory,
		.sum = sum,
		.seeds = 1,
		.seeds_long = 1,
		.each_call = true };

	return script_test_main(argc, argv, &test);
}
