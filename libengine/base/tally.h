/*
 * tally.h - counts that many threads add to, and that are exact.
 *
 * Each of the first threads of a process has a line of counts of its own and
 * adds to it without an atomic operation on the bus; later ones share the
 * last line. A sum reads all lines: what a thread did before it told others of
 * it is in the sum that they take.
 */
#ifndef BASE_TALLY_H
#define BASE_TALLY_H

#include "base/sync.h"

enum {
	TALLY_FIELDS = 8,	/* a cache line */
	TALLY_LINES = 16	/* the last is shared */
};

struct tally_line {
	_Alignas(64) _Atomic uint64_t count[TALLY_FIELDS];
};

struct tally {
	struct tally_line lines[TALLY_LINES];
};

int tally_new(struct tally **);
void tally_free(struct tally *);	/* takes NULL */

/* This thread's line + 1, 0: none yet; and give it one. */
extern _Thread_local unsigned tally_place;
unsigned tally_take(void);

uint64_t tally_sum(const struct tally *, unsigned field);

static inline struct tally_line *
tally_line(struct tally *t)
{
	return &t->lines[(tally_place != 0 ? tally_place : tally_take()) - 1];
}

/* What a line has counted: for one that is not shared, how many of its thread
 * there were. */
static inline uint64_t
tally_here(struct tally *t, unsigned field)
{
	return load_relaxed(&tally_line(t)->count[field]);
}

/* Returns what the line, this thread's, had counted before. */
static inline uint64_t
tally_line_add(struct tally *t, struct tally_line *line, unsigned field,
    uint64_t n)
{
	_Atomic uint64_t *p = &line->count[field];
	uint64_t before;

	if (line == &t->lines[TALLY_LINES - 1])
		return atomic_fetch_add_explicit(p, n, memory_order_relaxed);
	before = load_relaxed(p);
	store_relaxed(p, before + n);
	return before;
}

static inline uint64_t
tally_add(struct tally *t, unsigned field, uint64_t n)
{
	return tally_line_add(t, tally_line(t), field, n);
}

#endif
