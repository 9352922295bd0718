/*
 * line_plain.c - a line typed at a terminal, as the terminal gives it; and the
 * way to the program that does better.
 *
 * That program is lsm-cli with line_edit.c in the place of this file. Only who
 * types waits for a line editor to be loaded: every other command runs in a
 * program that loads nothing.
 */
#include "line_edit.h"

#include <stdio.h>
#include <unistd.h>

#include "signals.h"

enum { PATH_SIZE = 4096 };

/* Beside this program where it was built, or where it is installed. */
static const char *const places[] = { "lsm-cli-prompt",
	"../libexec/lsm/lsm-cli-prompt" };
enum { PLACES = sizeof places / sizeof *places };

/* The folder of this program, with its slash; its length, 0 if not known. */
static size_t
folder_find(char path[PATH_SIZE])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_SIZE);

	while (n > 0 && path[n - 1] != '/')
		n--;
	return n > 0 ? (size_t)n : 0;
}

void
line_edit_become(char **argv)
{
	char path[PATH_SIZE];
	size_t i, folder = folder_find(path);

	for (i = 0; folder > 0 && i < PLACES; i++) {
		snprintf(path + folder, PATH_SIZE - folder, "%s", places[i]);
		if (access(path, X_OK) != 0)
			continue;
		signals_stop();
		execv(path, argv);
		signals_start();
	}
}

void
line_offer(struct line_choices *c, const char *text, size_t size)
{
	(void)c;
	(void)text;
	(void)size;
}

struct line_edit *
line_edit_new(line_complete *complete, void *arg)
{
	(void)complete;
	(void)arg;
	return NULL;
}

void
line_edit_free(struct line_edit *e)
{
	(void)e;
}

bool
line_edit_read(struct line_edit *e, const char *prompt, struct word *line,
    bool *more)
{
	(void)e;
	(void)prompt;
	(void)line;
	*more = false;
	return true;
}

void
line_edit_remember(struct line_edit *e, const char *line)
{
	(void)e;
	(void)line;
}
