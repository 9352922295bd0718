/*
 * cli_script.c - commands from stdin, one a line.
 *
 * stdout is flushed before a wait for the next line, so that a program at
 * both ends of the pipes can talk with lsm-cli, and only then.
 */
#include "cli_script.h"

#include <signal.h>
#include <unistd.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_completion.h"
#include "input.h"
#include "out.h"
#include "signals.h"

/* The longest record, each byte escaped, and room for a command. */
#define LINE_LIMIT \
	(((uint64_t)LSM_KEY_MAX + LSM_VALUE_MAX) * 4 + 4096)

struct script {
	struct session *session;
	struct input in;
	struct words words;
	bool prompt;
	int status;		/* the worst so far */
};

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
line_run(struct script *s, struct word line)
{
	struct settings set = *s->session->opening;
	bool answered;
	int status;

	if ((status = words_split(&s->words, line.text, line.size)) != 0 ||
	    (status = settings_parse(&set, &s->words)) != 0 ||
	    (status = settings_check_line(&set)) != 0 ||
	    (status = script_answer(&set, &s->words, &answered)) != 0)
		return status;
	if (answered)
		return 0;
	if (s->words.count > 0)
		return command_run(s->session, &set, &s->words);
	if (set.given != 0)
		return cli_fail(EXIT_USAGE, "options without a command");
	return 0;
}

/*
 * The next line of stdin; *more is false at its end. Whoever brings line
 * editing puts it here, for the prompt.
 */
static int
line_read(struct script *s, struct word *line, bool *more)
{
	static const char prompt[] = "lsm> ";
	int stopped, status;

	if (s->prompt || !input_ready(&s->in))
		out_flush();
	if (s->prompt && write(STDERR_FILENO, prompt, sizeof prompt - 1) < 0)
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
	if (status == 0) {
		script_lines(&s);
		status = prompt ? 0 : s.status;
	}
	words_release(&s.words);
	input_close(&s.in);
	return status;
}
