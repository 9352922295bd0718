/*
 * progress.c - a line on stderr that says how far a long job is.
 */
#include "progress.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

enum { LINE_MAX_BYTES = 256, PERIOD_US = 200000 };

uint64_t
clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
progress_start(struct progress *p, bool wanted, bool quiet)
{
	*p = (struct progress){ .terminal = isatty(STDERR_FILENO) == 1 };
	p->on = !quiet && (wanted || p->terminal);
	p->period_us = PERIOD_US;
	p->start_us = clock_us();
	p->next_us = p->start_us + PERIOD_US;
}

void
progress_every(struct progress *p, uint64_t period_us)
{
	p->terminal = false;
	p->period_us = period_us;
	p->next_us = p->start_us + period_us;
}

bool
progress_due(struct progress *p)
{
	uint64_t now;

	p->asked = signals_asked();
	if (p->asked)
		return true;
	if (!p->on)
		return false;
	now = clock_us();
	if (now < p->next_us)
		return false;
	p->next_us = now + p->period_us;
	return true;
}

static void
print(const char *line, int size)
{
	while (write(STDERR_FILENO, line, (size_t)size) == -1 &&
	    errno == EINTR)
		;
}

void
progress_print(struct progress *p, const char *format, ...)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 8];
	va_list ap;

	if (!p->on && !p->asked)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	/* ESC [ K clears what a longer line before it left. */
	print(line, snprintf(line, sizeof line, "%s%s%s",
	    p->terminal ? "\r" : "", text, p->terminal ? "\033[K" : "\n"));
	p->printed = true;
}

void
progress_end(struct progress *p)
{
	if (p->printed && p->terminal)
		print("\n", 1);
	p->printed = false;
}

uint64_t
progress_elapsed_us(const struct progress *p)
{
	return clock_us() - p->start_us;
}
