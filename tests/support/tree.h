/*
 * tree.h - versions drawn by hand: tables that are bounds only.
 */
#ifndef SUPPORT_TREE_H
#define SUPPORT_TREE_H

#include "version/version.h"

/* Add a table of 10 entries to the edit. Keys are text. */
void tree_put(struct edit *, int level, uint64_t run, uint64_t number,
    const char *smallest, const char *largest);

/* Add "0: 5[1 a-d, 2 f-k] 4[3 b-m]; 7: 1[4 a-z]": levels, their runs, their
 * tables with the first and the last key. */
void tree_draw(struct edit *, const char *drawn);

/* The version after the edit, which is released. `before` may be NULL (the
 * empty one) and loses its reference. */
struct version *tree_after(struct version *before, struct edit *);

/* A version of nothing else than what is drawn. */
struct version *tree_of(const char *drawn);

/* After the edit there would be a tree that is refused: the code. */
int tree_refused(const struct version *before, struct edit *);

/* "0: 5[1 2] 4[3]; 7: 1[4 9]": levels, their runs, their tables. */
const char *tree_text(const struct version *);

#endif
