#include "base/tally.h"

#include "base/alloc.h"
#include "support/test.h"

enum { THREADS = 3 * TALLY_LINES, ADDS = 2000 };

struct adder {
	struct tally *tally;
	struct thread thread;
	bool ordered;		/* its own line told it where it was */
};

static void
add_many(void *arg)
{
	struct adder *a = arg;
	uint64_t before = 0, last = 0;

	a->ordered = true;
	for (int i = 0; i < ADDS; i++) {
		before = tally_add(a->tally, 0, 1);
		a->ordered &= i == 0 || before > last;
		last = before;
		tally_add(a->tally, 7, 3);
	}
}

TEST("a sum is exact with more threads than lines")
{
	struct adder all[THREADS];
	struct tally *t;

	CHECK_OK(tally_new(&t));
	for (int i = 0; i < THREADS; i++) {
		all[i] = (struct adder){ .tally = t };
		CHECK_OK(thread_start(&all[i].thread, add_many, &all[i]));
	}
	for (int i = 0; i < THREADS; i++)
		thread_join(&all[i].thread);
	for (int i = 0; i < THREADS; i++)
		CHECK(all[i].ordered);
	CHECK_EQ(tally_sum(t, 0), THREADS * ADDS);
	CHECK_EQ(tally_sum(t, 7), 3 * THREADS * ADDS);
	for (unsigned field = 1; field < 7; field++)
		CHECK_EQ(tally_sum(t, field), 0);
	tally_free(t);
}

TEST("a tally begins at nothing, and needs its memory")
{
	struct tally *t;

	mem_fail_at(1, false);
	CHECK_CODE(tally_new(&t), LSM_NO_MEMORY);
	mem_fail_at(0, false);
	CHECK(t == NULL);
	tally_free(t);
	CHECK_OK(tally_new(&t));
	for (unsigned field = 0; field < TALLY_FIELDS; field++)
		CHECK_EQ(tally_sum(t, field), 0);
	CHECK_EQ(tally_add(t, 3, 1), 0);
	CHECK_EQ(tally_add(t, 3, 1), 1);
	CHECK_EQ(tally_sum(t, 3), 2);
	tally_free(t);
}
