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

/* A line as the history keeps it: that of put without its value, and none that
 * may hold one, unless `values` are wanted. Its options are in `line`, its
 * other words in `words`. Returns NULL when there is none; to be freed. */
char *prompt_history(const char *text, const struct words *words,
    const struct settings *line, bool values);

#endif
