/*
 * model.c - random operations against an oracle, under many options.
 *
 *	model [--ops N] [--seed S] [--seeds N] [--script FILE]
 *
 * Each seed chooses options, keys and a list of operations; every answer of
 * the engine is compared. A list that fails is shrunk and printed; it runs
 * again with --seed S --script FILE. At the end the program says what its
 * lists led to, and fails when some part of the engine was never reached.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "env/env_sim.h"
#include "support/need.h"
#include "support/session.h"
#include "support/setup.h"
#include "support/tmp.h"
#include "support/wrong.h"

enum { SEEDS = 100, RARE_SHARE = 20, SHRINK_TRIES = 400, SCRIPT_MAX = 1 << 20 };
/* Of one kind of disk a share: the real one's syncs take real time, and the
 * simulated one has no workers, whom ThreadSanitizer watches. */
#if defined(__SANITIZE_THREAD__)
enum { OPS = 40000, RARE_SIMULATED = true };
#elif defined(__SANITIZE_ADDRESS__)
enum { OPS = 200000, RARE_SIMULATED = false };
#else
enum { OPS = 1800000, RARE_SIMULATED = false };	/* 2 million with asan's */
#endif

struct run {
	uint64_t seed;
	struct setup setup;
	struct reached reached;
	size_t failed_at;
};

static bool
run_ops(struct session *s, const struct op_list *l, size_t *at)
{
	*at = 0;
	if (!session_open(s))
		return false;
	for (; *at < l->count; ++*at)
		if (!session_run(s, &l->ops[*at]))
			return false;
	return session_scan(s, NULL, SIZE_MAX) && session_close(s) &&
	    session_open(s) && session_close(s);
}

static bool
run_list(struct run *run, const struct op_list *l)
{
	struct setup *setup = &run->setup;
	char *path = setup->simulated ? NULL : tmp_new();
	struct sim *sim = setup->simulated ? sim_new(run->seed) : NULL;
	uint64_t live = mem_live();
	struct session s;
	bool ok;

	if (sim != NULL) {
		sim_capabilities(sim, setup->ring, setup->maps);
		setup->options.env = sim_env(sim);
	}
	setup_apply(setup);
	session_init(&s, path ? path : "/model", &setup->options);
	s.keys = setup->keys;
	s.key_count = setup->key_count;
	ok = run_ops(&s, l, &run->failed_at);
	run->reached = s.reached;
	session_release(&s);
	if (mem_live() != live)
		ok = wrong("%" PRIu64 " allocations left behind",
		    mem_live() - live);
	sim_free(sim);
	tmp_remove(path);
	return ok;
}

static bool
still_fails(void *arg, const struct op_list *l)
{
	struct run *run = arg;
	bool ok;

	wrong_clear();
	ok = run_list(run, l);
	wrong_clear();
	return !ok;
}

static void
tell(struct run *run, struct op_list *l)
{
	fprintf(stderr, "seed %" PRIu64 ", operation %zu of %zu: %s\n",
	    run->seed, run->failed_at, l->count, wrong_words());
	if (run->failed_at < l->count)
		l->count = run->failed_at + 1;
	op_list_shrink(l, still_fails, run, SHRINK_TRIES);
	(void)run_list(run, l);
	fprintf(stderr, "# --seed %" PRIu64 " --script FILE: %s\n", run->seed,
	    wrong_words());
	setup_print(&run->setup, stderr);
	for (size_t i = 0; i < l->count; i++)
		op_print(&l->ops[i], stderr);
	wrong_clear();
}

static bool
run_seed(uint64_t seed, uint64_t *left, uint64_t seeds, const char *script,
    struct reached *sum)
{
	struct run run = { .seed = seed };
	struct op_list l = { 0 };
	size_t ops = *left / seeds;
	bool ok;

	setup_random(&run.setup, seed);
	if (run.setup.simulated == RARE_SIMULATED)
		ops = ops / RARE_SHARE + 1;
	*left -= ops;
	if (script == NULL)
		setup_ops(&run.setup, seed, ops, &l);
	ok = (script == NULL || op_list_parse(&l, script)) &&
	    run_list(&run, &l);
	reached_sum(sum, &run.reached);
	if (!ok)
		tell(&run, &l);
	op_list_free(&l);
	return ok;
}

struct aim {
	const char *what;
	uint64_t count;
};

/* Every aim must have been reached at least once. */
static bool
reached_tell(const struct reached *r)
{
	const struct aim aims[] = {
		{ "opens", r->opens }, { "readers", r->readers },
		{ "unmet", r->unmet },
		{ "met", r->ops[OP_IF] - r->unmet },
		{ "flushes", r->flushes }, { "merges", r->merges },
		{ "partial", r->partial }, { "moved", r->tables_moved },
		{ "deep", r->deep }, { "last_level", r->last_level },
		{ "shadowed", r->shadowed },
		{ "deletes_dropped", r->deletes_dropped },
		{ "covered", r->covered },
		{ "ranges_dropped", r->ranges_dropped },
		{ "tables_dropped", r->tables_dropped },
		{ "ingested_deep", r->ingested_deep },
		{ "ingested_high", r->ingested_high },
		{ "gets", r->gets }, { "gets_memory", r->gets_memory },
		{ "tables_asked", r->tables_asked },
		{ "filter_useful", r->filter_useful },
		{ "inflated", r->inflated }, { "evicted", r->evicted },
		{ "moves", r->moves }, { "turns", r->turns },
		{ "ends", r->empty_walks },
	};
	bool all = true;

	for (int k = 0; k < OP_KINDS; k++) {
		printf("%s %" PRIu64 " ", op_word((enum op_kind)k), r->ops[k]);
		all &= r->ops[k] > 0;
	}
	putchar('\n');
	for (size_t i = 0; i < sizeof aims / sizeof *aims; i++) {
		printf("%s %" PRIu64 " ", aims[i].what, aims[i].count);
		all &= aims[i].count > 0;
	}
	/* Real time may be too short for it. */
	printf("too_old %" PRIu64 "\n", r->too_old);
	all &= r->too_old > 0 || RARE_SIMULATED;
	return all || wrong("something was never reached");
}

static char *
script_read(const char *path)
{
	char *text = need(SCRIPT_MAX);
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		exit(64);
	}
	text[fread(text, 1, SCRIPT_MAX - 1, f)] = '\0';
	fclose(f);
	return text;
}

static uint64_t
argument(int argc, char **argv, const char *name, uint64_t otherwise)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return strtoull(argv[i + 1], NULL, 0);
	return otherwise;
}

static char *
script_argument(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "--script") == 0)
			return script_read(argv[i + 1]);
	return NULL;
}

int
main(int argc, char **argv)
{
	char *script = script_argument(argc, argv);
	uint64_t first = argument(argc, argv, "--seed", 1);
	uint64_t seeds = argument(argc, argv, "--seeds", script ? 1 : SEEDS);
	uint64_t ops = argument(argc, argv, "--ops", OPS);
	struct reached reached = { 0 };
	struct tally tally = { 0 };

	for (uint64_t i = 0; i < seeds && tally.failed == 0; i++)
		tally_case(&tally, run_seed(first + i, &ops, seeds - i,
		    script, &reached), "seed %" PRIu64, first + i);
	if (tally.failed == 0 && seeds >= SEEDS)
		tally_case(&tally, reached_tell(&reached), "reach");
	free(script);
	return tally_end(&tally);
}
