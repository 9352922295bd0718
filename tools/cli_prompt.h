/*
 * cli_prompt.h - what helps a person who types: completion, and a history that
 * holds no values.
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "cli_session.h"
#include "line_edit.h"
#include "words.h"

/* A line_complete; `session` is its argument. */
void prompt_complete(void *session, struct word line, struct word word,
    struct line_choices *);

/* The line as the history keeps it: that of put without its value, unless
 * `values` are wanted. `words`
 * are those of the line, without options. Returns NULL when there is none;
 * to be freed. */
char *prompt_history(const char *line, const struct words *, bool values);

#endif
