/*
 * The log on the simulated disk: after a kill everything that was appended is
 * there, after a power loss a prefix, not shorter than what was synced; and
 * the same again for the recovery, and for what is written after it.
 */
#include "log/log.h"

#include <stdlib.h>

#include "base/random.h"
#include "env/env_sim.h"
#include "support/logkit.h"
#include "support/scale.h"

enum { MOMENTS = 2000 };

/* What was promised when the disk had done so many operations. */
struct moment {
	size_t operations;
	uint64_t appended, synced;
};

struct life {
	struct sim *sim;
	struct logkit k;
	struct random random;
	struct moment moments[MOMENTS];
	size_t count;
	uint64_t synced;
	uint64_t next_log;
};

static const struct env_ops *
ops(struct life *l)
{
	return sim_env(l->sim)->ops;
}

static void
remember(struct life *l)
{
	CHECK(l->count < MOMENTS);
	l->moments[l->count++] = (struct moment){ sim_operations(l->sim),
		l->k.sequence, l->synced };
}

static void
enter(struct life *l)
{
	bool created;

	CHECK_OK(ops(l)->dir_open(sim_env(l->sim), "db", true, &l->k.dir,
	    &created));
	CHECK_OK(ops(l)->lock_open(l->k.dir, true, &l->k.lock));
	CHECK_OK(ops(l)->lock_hold(l->k.lock, 0, 1, ENV_EXCLUSIVE));
	l->k.boot = true;
	l->k.first = 1;
}

static void
write_on(struct life *l)
{
	struct env_log *env_log;
	struct env_tail tail;

	CHECK_OK(ops(l)->log_open(l->k.dir, l->k.lock, logkit_database,
	    &env_log, &tail));
	logkit_writer_on(&l->k, env_log);
}

static void
leave(struct life *l)
{
	if (l->k.log != NULL)
		logkit_die(&l->k);
	ops(l)->lock_close(l->k.lock);
	ops(l)->dir_close(l->k.dir);
	sim_free(l->sim);
}

static void
do_sync(struct life *l)
{
	struct log_end at = log_where(l->k.log);

	CHECK_OK(log_sync(l->k.log, log_position(at.number, at.size)));
	l->synced = l->k.sequence;
}

static void
do_something(struct life *l)
{
	static const size_t sizes[] = { 0, 10, 100, 100, 3000, 20000 };
	uint64_t dice = random_below(&l->random, 20);

	if (dice < 12)
		logkit_put(&l->k, sizes[random_below(&l->random, 6)]);
	else if (dice < 15)
		logkit_batch(&l->k, random_below(&l->random, 6));
	else if (dice < 18)
		do_sync(l);
	else
		logkit_rotate(&l->k, l->next_log++);
}

static void
work(struct life *l, int steps)
{
	remember(l);
	for (int i = 0; i < steps; i++) {
		do_something(l);
		remember(l);
	}
}

static void
born(struct life *l, uint64_t seed)
{
	*l = (struct life){ .sim = sim_new(seed), .random = { seed } };
	enter(l);
	write_on(l);
	l->next_log = 2;
	logkit_start(&l->k, 1, NULL);
	do_sync(l);
}

/* What had been promised by then. */
static struct moment
promised(const struct life *l, size_t operations)
{
	struct moment m = { 0 };

	for (size_t i = 0; i < l->count; i++)
		if (l->moments[i].operations <= operations)
			m = l->moments[i];
	return m;
}

/* What was read may be in the page cache only. */
static void
logs_sync(struct life *l, uint64_t end)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;

	for (uint64_t i = 1; i < end; i++)
		if (ops(l)->file_open(l->k.dir, file_name(name, FILE_LOG, i),
		    ENV_APPEND, &file) == LSM_OK) {
			CHECK_OK(ops(l)->file_sync(file));
			env_file_close(file);
		}
}

/* As the engine would: in the same log or, with an edit that says where the
 * old one ends, in a new one. */
static void
go_on(struct life *l, const struct log_replay_out *out)
{
	logs_sync(l, out->last.number);
	if (out->same_boot || out->missing.n > 0)
		CHECK_OK(log_continue(l->k.log, &out->last,
		    buffer_bytes(&out->missing)));
	if (out->same_boot && !out->closed)
		return;
	logs_sync(l, out->last.number + 1);
	if (l->k.ends_count < 4)
		l->k.ends[l->k.ends_count++] = out->last;
	logkit_start(&l->k, l->next_log++, &out->last);
	do_sync(l);
}

/* Open `sim` and check what is there, then go on. */
static void
reborn(struct life *l, struct sim *sim, const struct life *before,
    struct moment promise, bool killed)
{
	uint64_t least = killed ? promise.appended : promise.synced;
	struct replayed r;

	*l = (struct life){ .sim = sim, .random = before->random,
		.next_log = before->next_log + 5 };
	enter(l);
	memcpy(l->k.ends, before->k.ends, sizeof l->k.ends);
	l->k.ends_count = before->k.ends_count;
	CHECK_OK(logkit_replay(&l->k, &r));
	if (r.to < least || r.to > before->k.sequence)
		test_fail(__FILE__, __LINE__, "last %llu of %llu, promised "
		    "%llu", (unsigned long long)r.to, (unsigned long long)
		    before->k.sequence, (unsigned long long)least);
	write_on(l);
	l->synced = promise.synced;
	l->k.sequence = r.out.last.sequence;
	go_on(l, &r.out);
	logkit_replayed_release(&r);
	remember(l);
}

/* The new life ends early as well. */
static void
again(struct life *l, uint64_t seed, bool killed)
{
	size_t from = l->moments[0].operations, at;
	struct life next;

	work(l, 8);
	at = from + random_below(&l->random, sim_operations(l->sim) - from +
	    1);
	reborn(&next, killed ? sim_kill(l->sim, at) : sim_crash(l->sim, at,
	    SIM_RANDOM, seed), l, promised(l, at), killed);
	leave(&next);
}

static void
lives(uint64_t seed, bool killed)
{
	struct life first, second;
	size_t from;

	born(&first, test_seed() * 100 + seed);
	from = sim_operations(first.sim);
	work(&first, 40);
	for (size_t i = from; i <= sim_operations(first.sim); i++) {
		if (!killed && i != from && !sim_on_disk(first.sim, i - 1))
			continue;
		reborn(&second, killed ? sim_kill(first.sim, i) :
		    sim_crash(first.sim, i, SIM_RANDOM, seed * 1000 + i),
		    &first, promised(&first, i), killed);
		again(&second, i, i % 2);
		leave(&second);
	}
	leave(&first);
}

TEST_SOLO("after a power loss a prefix is there, and all that was synced")
{
	for (uint64_t seed = 0; seed < 12; seed += SCALE_STEP)
		lives(seed, false);
}

TEST_SOLO("after a kill everything that was appended is there")
{
	for (uint64_t seed = 0; seed < 8; seed += SCALE_STEP)
		lives(seed, true);
}
