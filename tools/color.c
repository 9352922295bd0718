/*
 * color.c - colour at a terminal, and elsewhere only when it is asked for.
 *
 * One thread.
 */
#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum color chosen = COLOR_AUTO;

void
color_choose(enum color c)
{
	chosen = c;
}

static bool
wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && term != NULL &&
	    *term != '\0' && strcmp(term, "dumb") != 0;
}

bool
color_on(int fd)
{
	if (chosen != COLOR_AUTO)
		return chosen == COLOR_ALWAYS;
	return isatty(fd) == 1 && wanted();
}
