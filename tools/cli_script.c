/*
 * cli_script.c - commands from stdin, one a line.
 *
 * stdout is flushed before a wait for the next line, so that a program at
 * both ends of the pipes can talk with lsm-cli, and only then.
 */
#include "cli_script.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_completion.h"
#include "cli_dot.h"
#include "cli_prompt.h"
#include "color.h"
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
	struct {
		char *text;
		size_t size, capacity;
	} joined;		/* lines of one command */
	uint64_t line;		/* where the command begins */
	char *typed;		/* the line, before it is split */
	bool prompt;
	int depth;		/* of .read in .read */
	int status;		/* the worst so far */
};

enum { DEPTH_MAX = 8, PROMPT_ROOM = 32 };
static const char prompt_first[] = "lsm> ", prompt_more[] = "...> ";

static int script_read(struct script *, const struct words *);

int
script_answer(const struct settings *set, const struct words *words,
    bool *answered)
{
	*answered = set->help || set->version || set->completion != NULL;
	if (set->help_all)
		command_help_all();
	else if (set->help)
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

	if (word_is(first, ".read"))
		return script_read(s, &s->words);
	if (first.size > 0 && first.text[0] == '.')
		return dot_run(s->session, &s->words);
	status = command_run(s->session, set, &s->words);
	if (s->session->timing)
		cli_note("%" PRIu64 " us", clock_us() - start);
	return status;
}

/* The history holds no values unless asked, and lines only. */
static void
line_keep(struct script *s, const struct settings *line)
{
	bool values = s->session->opening->history_values;
	char *kept;

	if (s->edit == NULL || s->typed == NULL)
		return;
	kept = prompt_history(s->typed, &s->words, line, values);
	if (kept != NULL && strchr(kept, '\n') == NULL)
		line_edit_remember(s->edit, kept);
	free(kept);
}

static int
line_run(struct script *s, struct word line)
{
	struct settings set = *s->session->opening;
	bool answered, empty;
	int status;

	free(s->typed);
	s->typed = s->edit == NULL ? NULL : strdup(line.text);
	if ((status = words_split(&s->words, line.text, line.size)) != 0)
		return status;
	empty = s->words.count == 0;
	if ((status = settings_parse(&set, &s->words)) != 0)
		return status;
	line_keep(s, &set);
	if ((status = settings_check_line(&set)) != 0 ||
	    (status = script_answer(&set, &s->words, &answered)) != 0)
		return status;
	if (answered || empty)
		return 0;
	if (s->words.count > 0)
		return words_run(s, &set);
	return cli_fail(EXIT_USAGE, "options without a command");
}

static void
prompt_print(struct script *s, const char *prompt)
{
	char text[PROMPT_ROOM];
	int n = sprintf(text, color_on(STDERR_FILENO) ?
	    COLOR_PROMPT "%s" COLOR_END : "%s", prompt);

	if (s->prompt && write(STDERR_FILENO, text, (size_t)n) < 0)
		s->prompt = false;
}

/* The next line; *more is false at the end of the input. */
static int
line_read(struct script *s, const char *prompt, struct word *line, bool *more)
{
	int stopped, status;

	if (s->prompt || !input_ready(&s->in))
		out_flush();
	if (s->edit != NULL)
		return line_edit_read(s->edit, prompt, line, more) ? 0 :
		    EXIT_RETRY;
	prompt_print(s, prompt);
	*more = false;
	status = input_field(&s->in, '\n', LINE_LIMIT, line, &stopped);
	*more = status == 0 && (line->size > 0 || stopped != INPUT_END);
	return status;
}

/* Keep a line, a newline and room for a NUL. */
static int
join(struct script *s, struct word line)
{
	size_t need = s->joined.size + line.size + 2;
	char *grown;

	if (need > LINE_LIMIT)
		return cli_fail(EXIT_DATA, "longer than %" PRIu64 " bytes",
		    LINE_LIMIT);
	if (need > s->joined.capacity) {
		grown = realloc(s->joined.text, 2 * need);
		if (grown == NULL)
			return cli_fail_memory();
		s->joined.text = grown;
		s->joined.capacity = 2 * need;
	}
	memcpy(s->joined.text + s->joined.size, line.text, line.size);
	s->joined.size += line.size + 1;
	s->joined.text[s->joined.size - 1] = '\n';
	s->joined.text[s->joined.size] = '\0';
	return 0;
}

/* A line, and those behind it while a quote is open. */
static int
lines_read(struct script *s, struct word *line, bool *more)
{
	int status = line_read(s, prompt_first, line, more);
	bool next = true;
	char quote;

	s->line = s->in.line;
	s->joined.size = 0;
	if (status != 0 || !*more)
		return status;
	quote = words_quote('\0', line->text, line->size);
	if (quote == '\0')
		return 0;
	while ((status = join(s, *line)) == 0 && quote != '\0') {
		status = line_read(s, prompt_more, line, &next);
		if (status != 0 || !next)
			break;
		quote = words_quote(quote, line->text, line->size);
	}
	*line = (struct word){ s->joined.text, s->joined.size - 1 };
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
		status = lines_read(s, &line, &more);
		if (status != 0 && cancelled(s)) {
			more = true;
			continue;
		}
		if (status == 0 && more) {
			if (!s->prompt)
				cli_place(s->in.name, s->line);
			status = line_run(s, line);
			over = line_ends_script(s, status);
		}
		s->status = cli_worst(s->status, status);
		cli_place(NULL, 0);
	}
}

static void
script_release(struct script *s)
{
	line_edit_free(s->edit);
	free(s->typed);
	free(s->joined.text);
	words_release(&s->words);
	input_close(&s->in);
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
	script_release(&s);
	return status;
}

/* A script that ends within a batch has lost its end. */
static int
batch_check(const struct session *session, int status)
{
	if (session->batch == NULL || status > EXIT_NO)
		return status;
	return cli_fail(EXIT_USAGE, ".begin without .commit");
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
		s.edit = line_edit_new(prompt_complete, session);
	if (status == 0) {
		script_lines(&s);
		status = prompt ? 0 : batch_check(session, s.status);
	}
	session_batch_drop(session);
	script_release(&s);
	return status;
}
