/*
 * cli_completion.c - completions for shells, from the tables of commands and
 * options that print --help.
 *
 * The scripts only know words: which command is typed decides which options
 * are offered; values of options and the directory are files.
 */
#include "cli_completion.h"

#include <string.h>

#include "cli_command.h"
#include "out.h"

static void
options_print(uint32_t scope, const char *before)
{
	const struct option *o;

	for (o = settings_table; o->name != NULL; o++) {
		if ((o->scope & scope) == 0)
			continue;
		out_format("%s--%s%s", before, o->name,
		    o->argument != NULL && o->argument[0] != '[' ? "=" : "");
	}
}

static void
commands_print(void)
{
	const char *name;
	size_t i;

	for (i = 0; (name = command_name(i)) != NULL; i++)
		out_format("%s%s", i == 0 ? "" : " ", name);
}

/* One function for both: zsh reads completions of bash. */
static void
bash_print(void)
{
	const char *name;
	size_t i;

	out_text("_lsm_cli()\n{\n"
	    "\tlocal word=${COMP_WORDS[COMP_CWORD]} command= w options\n"
	    "\tCOMPREPLY=()\n"
	    "\tfor w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	    "\t\tcase \" $_lsm_cli_commands \" in\n"
	    "\t\t*\" $w \"*) command=$w; break ;;\n"
	    "\t\tesac\n\tdone\n\tcase $command in\n");
	for (i = 0; (name = command_name(i)) != NULL; i++) {
		out_format("\t%s) options='", name);
		options_print(command_scope(i), " ");
		out_text("' ;;\n");
	}
	out_text("\t*) options='");
	options_print(ON_ALL | ON_OPENING, " ");
	out_text("' ;;\n\tesac\n"
	    "\tif [[ $word == -* ]]; then\n"
	    "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
	    "\t\t[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace "
	    "2>/dev/null\n"
	    "\telse\n"
	    "\t\t[[ -n $command || COMP_CWORD -lt 2 ]] ||\n"
	    "\t\t\tCOMPREPLY=($(compgen -W \"$_lsm_cli_commands\" -- "
	    "\"$word\"))\n"
	    "\t\tCOMPREPLY+=($(compgen -f -- \"$word\"))\n"
	    "\tfi\n}\n_lsm_cli_commands='");
	commands_print();
	out_text("'\ncomplete -F _lsm_cli lsm-cli\n");
}

static void
zsh_print(void)
{
	out_text("#compdef lsm-cli\n"
	    "autoload -U +X bashcompinit && bashcompinit\n");
	bash_print();
}

/* `text` within single quotes. */
static void
quoted(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			out_char('\\');
		out_char(*text);
	}
}

static void
fish_option(const struct option *o, const char *name)
{
	out_text("complete -c lsm-cli");
	if (name != NULL)
		out_format(" -n '__fish_seen_subcommand_from %s'", name);
	out_format(" -l %s", o->name);
	if (o->letter != 0)
		out_format(" -s %c", o->letter);
	if (o->argument != NULL && o->argument[0] != '[')
		out_text(" -r");
	out_text(" -d '");
	quoted(o->help);
	out_text("'\n");
}

static void
fish_print(void)
{
	const struct option *o;
	const char *name;
	size_t i;

	for (i = 0; (name = command_name(i)) != NULL; i++) {
		out_format("complete -c lsm-cli -a %s -d '", name);
		quoted(command_summary(i));
		out_text("'\n");
		for (o = settings_table; o->name != NULL; o++) {
			if ((o->scope & command_scope(i)) != 0)
				fish_option(o, name);
		}
	}
	for (o = settings_table; o->name != NULL; o++) {
		if ((o->scope & ON_OPENING) != 0)
			fish_option(o, NULL);
	}
}

int
completion_print(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		bash_print();
	else if (strcmp(shell, "zsh") == 0)
		zsh_print();
	else
		fish_print();
	return 0;
}
