/*
 * line_edit.h - a line typed at a terminal, with editing, history and
 * completion where libedit is there.
 *
 * Two files answer to this header: line_edit.c, with libedit, and line_plain.c,
 * which knows nothing but where a program with the former is. So a program of
 * the latter has nothing to load, and becomes the other when a line is wanted.
 */
#ifndef LINE_EDIT_H
#define LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "words.h"

struct line_edit;
struct line_choices;

/* Offers what the word at the end of `line` may become. */
typedef void line_complete(void *arg, struct word line, struct word word,
    struct line_choices *);

/* For the function above: one of the choices, which is copied. */
void line_offer(struct line_choices *, const char *text, size_t size);

/* Become the program that edits lines, with these arguments. Returns where
 * this is the one, and where there is none. To be called before anything is
 * opened or printed. */
void line_edit_become(char **argv);

/* NULL when it cannot be had: then lines are read as they come. */
struct line_edit *line_edit_new(line_complete *, void *arg);
void line_edit_free(struct line_edit *);

/* Read a line; *more is false at the end of the input. It may be changed and
 * lives until the next call. False when a signal ended the wait. */
bool line_edit_read(struct line_edit *, const char *prompt,
    struct word *line, bool *more);

/* Put a line into the history. */
void line_edit_remember(struct line_edit *, const char *line);

#endif
