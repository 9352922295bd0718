/*
 * cli_script.c - commands from stdin, one a line.
 *
 * stdout is flushed before a wait for the next line, so that a program at
 * both ends of the pipes can talk with lsm-cli, and only then.
 */
#include "cli_script.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_completion.h"
#include "cli_prompt.h"
#include "input.h"
#include "line_edit.h"
#include "out.h"
#include "progress.h"
#include "signals.h"

/* The longest record, each byte escaped, and room for a command. */
#define LINE_LIMIT \
	(((uint64_t)LSM_KEY_MAX + LSM_VALUE_MAX) * 4 + 4096)

struct script {
	struct session *session;
	struct input in;
	struct words words;
	struct line_edit *edit;	/* NULL: lines come as they are */
	char *typed;		/* the line, before it is split */
	bool prompt;
	int depth;		/* of .read in .read */
	int status;		/* the worst so far */
};

enum { DEPTH_MAX = 8 };
static const char prompt_text[] = "lsm> ";

static int script_read(struct script *, const struct words *);

int
script_answer(const struct settings *set, const struct words *words,
    bool *answered)
{
	*answered = set->help || set->version || set->completion != NULL;
	if (set->help)
		return command_help(words->count == 0 ? NULL : &words->at[0]);
	if (set->version)
		cli_version();
	if (set->completion != NULL)
		return completion_print(set->completion);
	return 0;
}

static int
words_run(struct script *s, struct settings *set)
{
	uint64_t start = clock_us();
	struct word first = s->words.at[0];
	int status;

	if (first.size == 5 && memcmp(first.text, ".read", 5) == 0)
		return script_read(s, &s->words);
	if (first.size > 0 && first.text[0] == '.')
		return dot_run(s->session, &s->words);
	status = command_run(s->session, set, &s->words);
	if (s->session->timing)
		cli_note("%" PRIu64 " us", clock_us() - start);
	return status;
}

/* The history never holds the value of a put. */
static void
line_keep(struct script *s)
{
	char *kept;

	if (s->edit == NULL || s->typed == NULL)
		return;
	if ((kept = prompt_history(s->typed, &s->words)) != NULL)
		line_edit_remember(s->edit, kept);
	free(kept);
}

static int
line_run(struct script *s, struct word line)
{
	struct settings set = *s->session->opening;
	bool answered;
	int status;

	free(s->typed);
	s->typed = s->edit == NULL ? NULL : strdup(line.text);
	if ((status = words_split(&s->words, line.text, line.size)) != 0 ||
	    (status = settings_parse(&set, &s->words)) != 0)
		return status;
	line_keep(s);
	if ((status = settings_check_line(&set)) != 0 ||
	    (status = script_answer(&set, &s->words, &answered)) != 0)
		return status;
	if (answered)
		return 0;
	if (s->words.count > 0)
		return words_run(s, &set);
	if (set.given != 0)
		return cli_fail(EXIT_USAGE, "options without a command");
	return 0;
}

/* The next line; *more is false at the end of the input. */
static int
line_read(struct script *s, struct word *line, bool *more)
{
	int stopped, status;

	if (s->prompt || !input_ready(&s->in))
		out_flush();
	if (s->edit != NULL)
		return line_edit_read(s->edit, line, more) ? 0 : EXIT_RETRY;
	if (s->prompt &&
	    write(STDERR_FILENO, prompt_text, sizeof prompt_text - 1) < 0)
		s->prompt = false;
	*more = false;
	status = input_field(&s->in, '\n', LINE_LIMIT, line, &stopped);
	*more = status == 0 && (line->size > 0 || stopped != INPUT_END);
	return status;
}

/* Ctrl-C at the prompt cancels a command, or the line, and no more. */
static bool
cancelled(const struct script *s)
{
	if (!s->prompt || signals_pending() != SIGINT)
		return false;
	signals_forget_interrupt();
	cli_note("interrupted");
	return true;
}

static bool
line_ends_script(struct script *s, int status)
{
	if (cancelled(s))
		return false;
	if (s->session->leave || signals_pending() != 0 || !out_ok())
		return true;
	return status > EXIT_NO && !s->prompt &&
	    !s->session->opening->keep_going;
}

static void
script_lines(struct script *s)
{
	struct word line;
	bool more = true, over = false;
	int status;

	while (more && !over) {
		status = line_read(s, &line, &more);
		if (status != 0 && cancelled(s)) {
			more = true;
			continue;
		}
		if (status == 0 && more) {
			if (!s->prompt)
				cli_place(s->in.name, s->in.line);
			status = line_run(s, line);
			over = line_ends_script(s, status);
		}
		s->status = cli_worst(s->status, status);
		cli_place(NULL, 0);
	}
}

/* .read FILE: its lines, up to the first that fails. */
static int
script_read(struct script *outer, const struct words *words)
{
	struct script s = { .session = outer->session,
		.depth = outer->depth + 1, .in = { .fd = -1 } };
	int status;

	if (words->count != 2)
		return cli_fail(EXIT_USAGE, "usage: .read FILE");
	if (s.depth > DEPTH_MAX)
		return cli_fail(EXIT_USAGE, ".read within .read too often");
	status = input_open(&s.in, words->at[1].text);
	if (status == 0) {
		script_lines(&s);
		status = s.status;
	}
	words_release(&s.words);
	input_close(&s.in);
	return status;
}

int
script_run(struct session *session, bool prompt)
{
	struct script s = { .session = session, .prompt = prompt };
	lsm_db *db;
	int status = input_open(&s.in, "-");

	session->script = true;
	/* Somebody who mistyped DIR wants to know before the first command. */
	if (status == 0 && prompt && !session->opening->create)
		status = session_reader(session, &db);
	if (status == 0 && prompt)
		s.edit = line_edit_new(prompt_text, prompt_complete, session);
	if (status == 0) {
		script_lines(&s);
		status = prompt ? 0 : s.status;
	}
	line_edit_free(s.edit);
	free(s.typed);
	words_release(&s.words);
	input_close(&s.in);
	return status;
}
