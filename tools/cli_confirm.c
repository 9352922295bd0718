/*
 * cli_confirm.c - a question before what cannot be undone.
 *
 * It is asked of a person: what is no terminal is not read, as it holds
 * something else.
 */
#include "cli_confirm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "signals.h"

/* One byte, or 0 at the end or when a signal came first. */
static char
byte_read(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals_fd(), .events = POLLIN },
	};
	char c;
	ssize_t n;

	do {
		poll(fds, 2, -1);
		if (signals_pending() != 0)
			return 0;
		n = read(STDIN_FILENO, &c, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1 ? c : 0;
}

/* The first letter of the line that is typed. */
static char
answer_read(void)
{
	char first = byte_read(), c = first;

	while (c != 0 && c != '\n')
		c = byte_read();
	return first;
}

int
confirm(const char *question, const char *option, bool *yes)
{
	char text[256];
	int size;

	*yes = false;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1)
		return cli_fail(EXIT_USAGE, "%s nobody is there to answer: "
		    "say --%s", question, option);
	size = snprintf(text, sizeof text, "%s [y/N] ", question);
	if (write(STDERR_FILENO, text, (size_t)size) < 0)
		return 0;
	*yes = answer_read() == 'y';
	return 0;
}
