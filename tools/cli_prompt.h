/*
 * cli_prompt.h - what only a person at the prompt, or a script, asks of the
 * session itself: words that begin with a dot, and completion.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "cli_session.h"
#include "line_edit.h"
#include "words.h"

/* Run ".timing", ".snapshot", ".release" or ".help". Returns an exit
 * status. */
int dot_run(struct session *, const struct words *);

/* A line_complete; `session` is its argument. */
void prompt_complete(void *session, struct word line, struct word word,
    struct line_choices *);

/* The line as the history keeps it: that of put without its value. `words`
 * are those of the line, without options. Returns NULL when there is none;
 * to be freed. */
char *prompt_history(const char *line, const struct words *);

#endif
