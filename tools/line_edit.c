/*
 * line_edit.c - a line typed at a terminal, with editing, history and
 * completion, by libedit.
 *
 * Signals stay the tool's own: a byte is waited for together with them, and
 * libedit installs no handler. Lines are wide characters to it (typed.h), for
 * it loses each byte that is none. The history is a file of this user only.
 */
#include "line_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "color.h"
#include "signals.h"
#include "typed.h"

enum { HISTORY_LINES = 1000, CHOICES_MAX = 100, CHOICE_MAX = 256,
	PATH_SIZE = 1024, PROMPT_ROOM = 64 };

enum { LITERAL = 1 };

struct line_choices {
	char common[CHOICE_MAX];	/* what all choices begin with */
	char list[CHOICES_MAX][CHOICE_MAX];
	size_t common_size, count;
};

struct line_edit {
	EditLine *editor;
	History *history;
	char prompt[PROMPT_ROOM];
	line_complete *complete;
	void *arg;
	char *line;
	struct typed typed;
	char path[PATH_SIZE];		/* of the history; "": none */
	struct line_choices choices;
};

/* What libedit calls is given no argument of ours; there is one terminal. */
static struct line_edit *the_one;

static char *
prompt_tell(EditLine *editor)
{
	(void)editor;
	return the_one->prompt;
}

/* libedit is told between two of LITERAL what takes no room on the line; it
 * loses such a thing at the end, where the blank stands instead. */
static void
prompt_set(struct line_edit *e, const char *prompt)
{
	size_t n = strlen(prompt);

	if (!color_on(STDERR_FILENO)) {
		snprintf(e->prompt, sizeof e->prompt, "%s", prompt);
		return;
	}
	snprintf(e->prompt, sizeof e->prompt, "%c%s%c%.*s%c%s%c%s", LITERAL,
	    COLOR_PROMPT, LITERAL, (int)n - 1, prompt, LITERAL, COLOR_END,
	    LITERAL, prompt + n - 1);
}

/* One byte, or -1 when a signal or the end came first. */
static int
byte_read(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signals_fd(), .events = POLLIN },
	};
	unsigned char c;
	ssize_t n;

	do {
		poll(fds, 2, -1);
		if (signals_pending() != 0)
			return -1;
		n = read(STDIN_FILENO, &c, 1);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n == 1 ? c : -1;
}

static int
character_read(EditLine *editor, wchar_t *wide)
{
	struct typed *t = &the_one->typed;
	bool ended = false;
	int c;

	(void)editor;
	while (!typed_take(t, ended, wide)) {
		if (ended)
			return 0;
		c = byte_read();
		if (c == -1 && signals_pending() != 0)
			return -1;
		if (c == -1)
			ended = true;
		else
			typed_add(t, (char)c);
	}
	return 1;
}

void
line_offer(struct line_choices *c, const char *text, size_t size)
{
	size_t n = 0;

	if (size >= CHOICE_MAX)
		return;
	if (c->count == 0) {
		memcpy(c->common, text, size);
		c->common_size = size;
	}
	while (n < size && n < c->common_size && text[n] == c->common[n])
		n++;
	c->common_size = n;
	/* More than are listed count for what they have in common. */
	if (c->count == CHOICES_MAX)
		return;
	memcpy(c->list[c->count], text, size);
	c->list[c->count++][size] = '\0';
}

static int
choice_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
choices_print(struct line_choices *c)
{
	size_t i;

	qsort(c->list, c->count, sizeof *c->list, choice_compare);
	fputc('\n', stderr);
	for (i = 0; i < c->count; i++)
		fprintf(stderr, "%s\n", c->list[i]);
}

/* The word that the line, which ends at the cursor, ends in. */
static struct word
last_word(struct word line)
{
	size_t from = line.size;

	while (from > 0 && line.text[from - 1] != ' ')
		from--;
	return (struct word){ line.text + from, line.size - from };
}

static unsigned char
choices_insert(EditLine *editor, struct line_choices *c, size_t typed)
{
	if (c->count == 0 || c->common_size < typed)
		return CC_REFRESH_BEEP;
	c->common[c->common_size] = '\0';
	if (c->common_size > typed)
		el_insertstr(editor, c->common + typed);
	if (c->count == 1 &&
	    strchr("=/", c->common[c->common_size - 1]) == NULL)
		el_insertstr(editor, " ");
	if (c->count > 1 && c->common_size == typed) {
		choices_print(c);
		return CC_REDISPLAY;
	}
	return CC_REFRESH;
}

static unsigned char
complete_word(EditLine *editor, int letter)
{
	struct line_edit *e = the_one;
	struct line_choices *c = &e->choices;
	const LineInfoW *info = el_wline(editor);
	struct word line, word;

	(void)letter;
	line.text = typed_bytes(info->buffer,
	    (size_t)(info->cursor - info->buffer), &line.size);
	if (line.text == NULL)
		return CC_ERROR;
	word = last_word(line);
	line.size -= word.size;
	c->count = c->common_size = 0;
	e->complete(e->arg, line, word, c);
	free(line.text);
	return choices_insert(editor, c, word.size);
}

/* Make each folder on the way to the file. */
static void
folders_make(char *path)
{
	char *slash;

	for (slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static void
history_find(struct line_edit *e)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n = 0;

	if (state != NULL && state[0] == '/')
		n = snprintf(e->path, sizeof e->path, "%s/lsm-cli/history",
		    state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(e->path, sizeof e->path,
		    "%s/.local/state/lsm-cli/history", home);
	if (n <= 0 || (size_t)n >= sizeof e->path)
		e->path[0] = '\0';
}

static void
history_load(struct line_edit *e)
{
	HistEvent event;

	history_find(e);
	e->history = history_init();
	if (e->history == NULL)
		return;
	history(e->history, &event, H_SETSIZE, HISTORY_LINES);
	history(e->history, &event, H_SETUNIQUE, 1);
	if (e->path[0] != '\0')
		history(e->history, &event, H_LOAD, e->path);
	el_set(e->editor, EL_HIST, history, e->history);
}

static void
history_save(struct line_edit *e)
{
	HistEvent event;
	int fd;

	if (e->path[0] == '\0')
		return;
	folders_make(e->path);
	/* libedit would make it for everybody to read. */
	fd = open(e->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return;
	close(fd);
	history(e->history, &event, H_SAVE, e->path);
}

static bool
editor_start(struct line_edit *e)
{
	typed_locale();
	e->editor = el_init("lsm-cli", stdin, stderr, stderr);
	if (e->editor == NULL)
		return false;
	the_one = e;
	el_set(e->editor, EL_SIGNAL, 0);
	el_set(e->editor, EL_PROMPT_ESC, prompt_tell, LITERAL);
	el_set(e->editor, EL_EDITOR, "emacs");
	el_set(e->editor, EL_GETCFN, character_read);
	/* Wide, because libedit keeps its own copy of narrow ones for ever. */
	el_wset(e->editor, EL_ADDFN, L"complete", L"complete a word",
	    complete_word);
	el_set(e->editor, EL_BIND, "^I", "complete", NULL);
	history_load(e);
	return true;
}

void
line_edit_become(char **argv)
{
	(void)argv;
}

struct line_edit *
line_edit_new(line_complete *complete, void *arg)
{
	struct line_edit *e = calloc(1, sizeof *e);

	if (e == NULL)
		return NULL;
	e->complete = complete;
	e->arg = arg;
	if (editor_start(e))
		return e;
	line_edit_free(e);
	return NULL;
}

void
line_edit_free(struct line_edit *e)
{
	if (e == NULL)
		return;
	if (e->history != NULL) {
		history_save(e);
		history_end(e->history);
	}
	if (e->editor != NULL)
		el_end(e->editor);
	free(e->line);
	free(e);
}

bool
line_edit_read(struct line_edit *e, const char *prompt, struct word *line,
    bool *more)
{
	const wchar_t *wide;
	int count = 0;

	prompt_set(e, prompt);
	/* Before the prompt: what is typed at once must not meet a terminal
	 * that takes Ctrl-D for itself. */
	el_set(e->editor, EL_PREP_TERM, 1);
	wide = el_wgets(e->editor, &count);
	*more = false;
	if (wide == NULL || count <= 0) {
		el_reset(e->editor);
		e->typed.count = 0;
		fputc('\n', stderr);
		return signals_pending() == 0;
	}
	if (wide[count - 1] == L'\n')
		count--;
	free(e->line);
	e->line = typed_bytes(wide, (size_t)count, &line->size);
	line->text = e->line;
	*more = e->line != NULL;
	return true;
}

/* libedit keeps it as characters: one with a stray byte would come back as
 * another line, or bar the way to those before it. */
void
line_edit_remember(struct line_edit *e, const char *line)
{
	HistEvent event;

	if (e->history != NULL && line[0] != '\0' &&
	    mbstowcs(NULL, line, 0) != (size_t)-1)
		history(e->history, &event, H_ENTER, line);
}
