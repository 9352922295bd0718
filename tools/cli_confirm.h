/*
 * cli_confirm.h - a question before what cannot be undone.
 */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include <stdbool.h>

/* Ask at the terminal, "QUESTION [y/N] ". Where there is none it is refused,
 * EXIT_USAGE, with the option that answers beforehand. */
int confirm(const char *question, const char *option, bool *yes);

#endif
