/*
 * sched.c - a seeded scheduler for tests: one seed, one interleaving.
 *
 * The scheduler is the context that called sched_run. A thread gives way by
 * swapping back into it; it picks the next at random among those not done.
 */
#ifdef LSM_SCHED
#include "base/sched.h"

#include <stdlib.h>
#include <ucontext.h>

#include "base/random.h"

enum {
	STACK_SIZE = 256 << 10,
	STUCK_AFTER = 200000	/* blocks in a row without anybody going on */
};

struct coroutine {
	ucontext_t context;
	struct sched_thread thread;
	char *stack;
	bool done;
};

static struct {
	ucontext_t home;
	struct coroutine threads[SCHED_THREADS_MAX];
	struct random random;
	uint32_t one_in;
	int count, current;
	uint64_t points, blocked;
	bool active, stopped;
} sched;

bool
sched_active(void)
{
	return sched.active;
}

uintptr_t
sched_self(void)
{
	return (uintptr_t)&sched.threads[sched.current];
}

uint64_t
sched_points(void)
{
	return sched.points;
}

static void
give_way(void)
{
	swapcontext(&sched.threads[sched.current].context, &sched.home);
}

void
sched_point(void)
{
	if (!sched.active)
		return;
	sched.points++;
	sched.blocked = 0;
	if (random_below(&sched.random, sched.one_in) == 0)
		give_way();
}

void
sched_block(void)
{
	sched.blocked++;
	give_way();
}

void
sched_stop(void)
{
	sched.stopped = true;
	give_way();
}

static void
coroutine_main(void)
{
	struct coroutine *c = &sched.threads[sched.current];

	c->thread.run(c->thread.arg);
	c->done = true;
	give_way();
}

static void
coroutine_begin(struct coroutine *c, const struct sched_thread *t)
{
	c->thread = *t;
	c->done = false;
	c->stack = malloc(STACK_SIZE);
	if (c->stack == NULL)
		abort();
	getcontext(&c->context);
	c->context.uc_stack.ss_sp = c->stack;
	c->context.uc_stack.ss_size = STACK_SIZE;
	c->context.uc_link = &sched.home;
	makecontext(&c->context, coroutine_main, 0);
}

/* One that is not done, at random; -1 when all are. */
static int
pick(void)
{
	int left = 0, at;

	for (int i = 0; i < sched.count; i++)
		left += !sched.threads[i].done;
	if (left == 0)
		return -1;
	at = (int)random_below(&sched.random, (uint64_t)left);
	for (int i = 0;; i++)
		if (!sched.threads[i].done && at-- == 0)
			return i;
}

enum sched_end
sched_run(uint64_t seed, uint32_t one_in, const struct sched_thread *threads,
    int count)
{
	enum sched_end end = SCHED_DONE;

	sched.random.state = seed;
	sched.one_in = one_in ? one_in : 1;
	sched.count = count;
	sched.points = sched.blocked = 0;
	sched.stopped = false;
	for (int i = 0; i < count; i++)
		coroutine_begin(&sched.threads[i], &threads[i]);
	while ((sched.current = pick()) >= 0) {
		sched.active = true;
		swapcontext(&sched.home,
		    &sched.threads[sched.current].context);
		sched.active = false;
		if (sched.stopped || sched.blocked > STUCK_AFTER) {
			end = sched.stopped ? SCHED_STOPPED : SCHED_STUCK;
			break;
		}
	}
	for (int i = 0; i < count; i++)
		free(sched.threads[i].stack);
	return end;
}
#else
typedef int sched_not_built;
#endif
