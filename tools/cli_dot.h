/*
 * cli_dot.h - the words of scripts and of the prompt that begin with a dot:
 * they are about what the session holds between two commands.
 */
#ifndef CLI_DOT_H
#define CLI_DOT_H

#include <stdbool.h>
#include <stddef.h>

#include "cli_session.h"
#include "words.h"

/* Run words[0], ".read" excepted, with its operands. Returns an exit
 * status. */
int dot_run(struct session *, struct words *);

/* Whether words[0] is one of them and the others are not too many for it. */
bool dot_takes(const struct words *);

/* Print them, a line each; or one of them, which returns an exit status. */
void dot_help(void);
int dot_help_one(struct word name);

/* The words; NULL is behind the last. */
const char *dot_name(size_t i);

#endif
