#include "db/latency.h"

#include "base/alloc.h"
#include "base/sync.h"
#include "env/env.h"
#include "support/test.h"

static uint64_t
count_of(const struct latencies *l, enum latency what)
{
	struct histogram copy;

	histogram_copy(latency_of(l, what), &copy);
	return histogram_count(&copy);
}

TEST("a histogram is empty before its first sample, and takes no memory")
{
	struct latencies *l;
	uint64_t calls;

	CHECK_OK(latencies_new(env_posix(), &l));
	calls = mem_calls();
	for (int i = 0; i < LATENCIES; i++)
		CHECK_EQ(count_of(l, (enum latency)i), 0);
	CHECK_EQ(mem_calls(), calls);
	latency_add(l, LATENCY_GET, 17);
	latency_add(l, LATENCY_GET, 18);
	CHECK_EQ(mem_calls(), calls + 1);
	CHECK_EQ(count_of(l, LATENCY_GET), 2);
	CHECK_EQ(count_of(l, LATENCY_PUT), 0);
	latencies_free(l);
}

TEST("a sample that finds no memory is not counted, and the next one is")
{
	struct latencies *l;

	CHECK_OK(latencies_new(env_posix(), &l));
	mem_fail_at(1, false);
	latency_add(l, LATENCY_SYNC, 1);
	mem_fail_at(0, false);
	CHECK_EQ(count_of(l, LATENCY_SYNC), 0);
	latency_add(l, LATENCY_SYNC, 1);
	CHECK_EQ(count_of(l, LATENCY_SYNC), 1);
	latencies_free(l);
}

enum { THREADS = 2, ROUNDS = 500 };

struct together {
	struct latencies *l;
	_Atomic int there;
};

/* One sample each, at one moment. */
static void
add_one(void *arg)
{
	struct together *t = arg;

	atomic_fetch_add(&t->there, 1);
	while (load_acquire(&t->there) < THREADS)
		thread_yield();
	latency_add(t->l, LATENCY_COMMIT, 1);
}

TEST("threads that come first together share one histogram")
{
	struct thread threads[THREADS];

	for (int round = 0; round < ROUNDS; round++) {
		struct together t = { 0 };

		CHECK_OK(latencies_new(env_posix(), &t.l));
		for (int i = 0; i < THREADS; i++)
			CHECK_OK(thread_start(&threads[i], add_one, &t));
		for (int i = 0; i < THREADS; i++)
			thread_join(&threads[i]);
		CHECK_EQ(count_of(t.l, LATENCY_COMMIT), THREADS);
		latencies_free(t.l);
	}
}
