/*
 * fault.c - every call of the door fails, once or for ever.
 *
 *	fault [--long] [--seed S] [--seeds N] [--script NAME]
 *
 * Each script runs again and again, and in each run another call fails. What
 * succeeds must be right; after LSM_IO no write may work; without faults the
 * database opens, holds a prefix with all that was synced, takes a write, and
 * still holds it when the power fails: a sync that failed lied from then on,
 * so whoever trusts a later one is caught.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "env/env_sim.h"
#include "support/scale.h"
#include "support/script_test.h"
#include "support/wrong.h"

enum { KINDS = 12, KINDS_SHORT = 1 };

struct fault {
	uint64_t at;			/* 0: none */
	int code;
	bool for_ever, partial;
};

static uint64_t runs, fired, fences;

static struct fault
fault_of(uint64_t at, unsigned kind)
{
	static const int codes[] = { LSM_IO, LSM_NO_SPACE, LSM_SYSTEM };

	return (struct fault){ at, codes[kind % 3], kind / 3 % 2, kind / 6 };
}

/* The script to its end, whatever fails. */
static bool
run_with_faults(struct session *s, const struct op_list *ops)
{
	bool ok = session_open(s);

	for (size_t i = 0; i < ops->count && ok; i++) {
		ok = session_run(s, &ops->ops[i]);
		if (ok && s->db != NULL && i % 3 == 0)
			ok = session_scan(s, NULL, SIZE_MAX);
	}
	return ok && session_close(s);
}

/* Nothing fails any more: all synced commits are there, and it goes on. */
static bool
run_afterwards(struct session *s)
{
	static const struct op put = { OP_PUT, 77, 30, LSM_SYNC, 4711 };
	static const struct op reopen = { .kind = OP_REOPEN };

	s->faults = false;
	return session_open(s) && session_run(s, &put) &&
	    session_scan(s, NULL, SIZE_MAX) && session_run(s, &reopen) &&
	    session_close(s);
}

static bool
run_after_power_loss(struct session *s, struct sim *sim, enum sim_loss how,
    uint64_t seed)
{
	struct sim *after = sim_crash(sim, sim_operations(sim), how, seed);
	lsm_env *env = s->options.env;
	bool ok;

	s->options.env = sim_env(after);
	ok = session_open(s) && session_close(s);
	if (!ok)
		wrong("(after a power loss)");
	s->options.env = env;
	sim_free(after);
	return ok;
}

static bool
run_once(const struct script *script, const struct fault *f, uint64_t seed,
    uint64_t *calls)
{
	struct sim *sim = sim_new(seed);
	uint64_t live = mem_live(), before;
	struct op_list ops = { 0 };
	struct session s;
	bool ok;

	ok = script_start(script, sim, &s, &ops);
	s.faults = s.lossy = true;
	before = sim_calls(sim);
	sim_fail_at(sim, f->at, f->code, f->for_ever, f->partial);
	ok = ok && run_with_faults(&s, &ops);
	*calls = sim_calls(sim) - before;
	fired += sim_failed(sim);
	fences += s.fence != LSM_OK;
	sim_fail_at(sim, 0, 0, false, false);
	ok = ok && run_afterwards(&s);
	/* Without the shared page nobody can tell the next writer. */
	if (script->ring)
		ok = ok && run_after_power_loss(&s, sim, SIM_DROP, seed) &&
		    run_after_power_loss(&s, sim, SIM_RANDOM, seed);
	session_release(&s);
	op_list_free(&ops);
	sim_free(sim);
	runs++;
	return ok && (mem_live() == live || wrong("%" PRIu64 " allocations "
	    "left behind", mem_live() - live));
}

static bool
script_kind(const struct script *script, uint64_t at, unsigned kind,
    uint64_t seed)
{
	struct fault f = fault_of(at, kind);
	uint64_t calls;

	if (run_once(script, &f, seed, &calls))
		return true;
	fprintf(stderr, "script \"%s\": call %" PRIu64 " fails %s with \"%s\""
	    "%s: %s\n", script->name, at, f.for_ever ? "for ever" : "once",
	    lsm_strerror(f.code), f.partial ? ", half written" : "",
	    wrong_words());
	return false;
}

static bool
script_faults(const struct script *script, uint64_t seed, bool thorough)
{
	struct random r = { seed };
	struct fault none = { 0 };
	uint64_t calls, before = runs;
	bool ok = run_once(script, &none, seed, &calls);

	for (uint64_t at = 1; at <= calls && ok;
	    at += thorough ? 1 : SCALE_STEP) {
		unsigned first = (unsigned)random_below(&r, KINDS);

		/* The plain error in any case, and some or all others. */
		ok = script_kind(script, at, 0, seed) &&
		    script_kind(script, at, 3, seed);
		for (unsigned k = 0; ok && k < (thorough ? KINDS :
		    KINDS_SHORT); k++)
			ok = script_kind(script, at, (first + k) % KINDS,
			    seed);
	}
	printf("%s: %" PRIu64 " calls, %" PRIu64 " runs\n", script->name,
	    calls, runs - before);
	return ok;
}

static void
sum(void)
{
	printf("%" PRIu64 " runs, a call failed in %" PRIu64 ", a handle was "
	    "fenced in %" PRIu64 "\n", runs, fired, fences);
}

int
main(int argc, char **argv)
{
	static const struct script_test test = { .run = script_faults,
		.sum = sum,
		.seeds = 1,
		.seeds_long = 1,
		.each_call = true };

	return script_test_main(argc, argv, &test);
}
