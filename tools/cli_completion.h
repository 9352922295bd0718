/*
 * cli_completion.h - completions for shells, from the tables of commands and
 * options that print --help.
 */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

/* Print the script for "bash", "zsh" or "fish". Returns an exit status. */
int completion_print(const char *shell);

#endif
