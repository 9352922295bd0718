/*
 * cli_script.h - commands from stdin, one a line.
 *
 * A script stops at the first line that fails; an answer of "no" is no
 * failure. Its status is the worst of all lines. At a terminal there is a
 * prompt, which goes on behind failures and ends with 0.
 */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include <stdbool.h>

#include "cli_session.h"

/* Run what stdin holds. Returns an exit status. */
int script_run(struct session *, bool prompt);

/* For a command line and for a script's line alike: answer --help and
 * --version. Sets *answered if one was there. Returns an exit status.
 * `words` are the operands, the command first. */
int script_answer(const struct settings *, const struct words *,
    bool *answered);

#endif
