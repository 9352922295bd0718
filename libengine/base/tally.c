/*
 * tally.c - counts that many threads add to, and that are exact.
 */
#include "base/tally.h"

#include <string.h>

#include "base/alloc.h"
#include "lsm.h"

static _Atomic unsigned threads;	/* that have a line */
_Thread_local unsigned tally_place;

int
tally_new(struct tally **out)
{
	*out = mem_aligned(_Alignof(struct tally), sizeof **out);
	if (*out == NULL)
		return mem_exhausted(sizeof **out);
	memset(*out, 0, sizeof **out);
	return LSM_OK;
}

void
tally_free(struct tally *t)
{
	mem_free(t);
}

/* Lines are not given back: a thread that takes over another's would race
 * with the end of its owner. */
unsigned
tally_take(void)
{
	unsigned n = load_relaxed(&threads);

	while (n < TALLY_LINES - 1 && !atomic_compare_exchange_weak(&threads,
	    &n, n + 1))
		;
	return tally_place = n + 1;
}

uint64_t
tally_sum(const struct tally *t, unsigned field)
{
	uint64_t sum = 0;

	for (int i = 0; i < TALLY_LINES; i++)
		sum += load_relaxed(&t->lines[i].count[field]);
	return sum;
}
