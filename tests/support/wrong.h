/*
 * wrong.h - what a test program found wrong: one line, and false.
 *
 *	if (found != wanted)
 *		return wrong("%zu entries, not %zu", found, wanted);
 *
 * A check returns true when all is well; the first one that is not keeps its
 * words until wrong_clear(). Programs print them with what leads there (seed,
 * script, place) and end with tally_end().
 */
#ifndef SUPPORT_WRONG_H
#define SUPPORT_WRONG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Keep the words unless there are some; returns false. */
bool wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *wrong_words(void);		/* "" when all is well */
void wrong_clear(void);

/* A call that must have returned `wanted`; says the story otherwise. */
bool wrong_code(const char *call, int got, int wanted);

/* Printable form of a key, cut when long; one static buffer. */
const char *shown(struct bytes);

struct tally {
	uint64_t passed, failed;
};

/* Count one case; a wrong one is told on stderr with `where`. */
bool tally_case(struct tally *, bool ok, const char *where, ...)
    __attribute__((format(printf, 3, 4)));

/* Print "N passed, N failed"; the exit status of the program. */
int tally_end(const struct tally *);

#endif
