/*
 * lsm-cli - reads and changes a database, from the command line, from a
 * script on stdin, or at a prompt. See lsm-cli(1).
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_need.h"
#include "cli_script.h"
#include "cli_session.h"
#include "cli_settings.h"
#include "line_edit.h"

static const char usage[] =
    "usage: lsm-cli [OPTION]... DIR [COMMAND [ARG]...]; try --help";

static int
words_of(char **argv, struct words *words)
{
	int status = 0;

	while (*argv != NULL && status == 0)
		status = words_add(words, word_of(*argv++));
	return status;
}

/* What remains behind DIR. */
static struct words
behind_first(const struct words *w)
{
	return (struct words){ .at = w->at + 1, .count = w->count - 1 };
}

/* Whether --help stands before the word, which is one of argv. */
static bool
help_before(char **argv, struct word word)
{
	for (; *argv != NULL && *argv != word.text; argv++)
		if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
			return true;
	return false;
}

/* "DIR COMMAND --help" and "--help COMMAND" ask the same; "DIR --help" asks for
 * all. */
static int
answer(const struct settings *set, const struct words *operands, char **argv,
    bool *answered)
{
	struct words rest = *operands;

	if (rest.count > 1)
		rest = behind_first(&rest);
	else if (rest.count == 1 && !command_known(&rest.at[0]) &&
	    !help_before(argv, rest.at[0]))
		rest.count = 0;
	return script_answer(set, &rest, answered);
}

static int
lines_run(struct session *session, char **argv)
{
	bool prompt = isatty(STDIN_FILENO) == 1;

	if (prompt)
		line_edit_become(argv);
	return script_run(session, prompt);
}

static int
session_run(struct settings *set, const struct words *operands, char **argv)
{
	struct settings opening = *set;
	struct session session = { .directory = operands->at[0].text,
		.opening = &opening };
	struct words command = behind_first(operands);
	int status;

	if (command.count > 0)
		status = command_run(&session, set, &command);
	else if ((status = settings_check(set, ON_SCRIPT, NULL)) == 0 &&
	    (status = needs_check(set, ON_SCRIPT, 0)) == 0)
		status = lines_run(&session, argv);
	return cli_worst(status, session_close(&session));
}

int
main(int argc, char **argv)
{
	struct words words = { 0 };
	struct settings set;
	bool answered = false;
	int status;

	cli_start("lsm-cli");
	settings_init(&set);
	status = argc > 0 ? words_of(argv + 1, &words) : 0;
	if (status == 0)
		status = settings_parse(&set, &words);
	if (status == 0)
		status = answer(&set, &words, argv, &answered);
	if (status == 0 && !answered)
		status = words.count > 0 ? session_run(&set, &words, argv) :
		    cli_fail(EXIT_USAGE, "%s", usage);
	words_release(&words);
	return cli_finish(status);
}
