/*
 * progress.h - a line on stderr that says how far a long job is.
 *
 * Shown when stderr is a terminal or when it was asked for; on a terminal a
 * line replaces the one before.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on, terminal, printed;
	bool asked;		/* by SIGUSR1, for one line */
	uint64_t start_us, next_us, period_us;
};

void progress_start(struct progress *, bool wanted, bool quiet);

/* A line each `period_us`, on lines of their own even on a terminal. */
void progress_every(struct progress *, uint64_t period_us);

/* Whether it is time for a line; cheap enough for each batch of records. */
bool progress_due(struct progress *);

/* Print one, short. */
void progress_print(struct progress *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Leave the line, so that what follows begins its own. */
void progress_end(struct progress *);

uint64_t progress_elapsed_us(const struct progress *);

/* Monotonic time. */
uint64_t clock_us(void);

#endif
