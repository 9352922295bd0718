/*
 * read_ahead.h - the leaves of a table one after the other, read in large
 * pieces.
 *
 * For compaction and checks: nothing is mapped, nothing cached, everything is
 * verified. One thread. A page it gave lives until the next one is asked for.
 */
#ifndef TABLE_READ_AHEAD_H
#define TABLE_READ_AHEAD_H

#include "table/page_source.h"

struct read_ahead;

int read_ahead_new(struct page_source *, struct read_ahead **);
void read_ahead_free(struct read_ahead *);

/* As page_source_get; the hold is given back with page_release. */
int read_ahead_get(struct read_ahead *, const struct page_where *,
    struct page_hold *);

#endif
