/*
 * pick_covered.h - tables that a newer run's range deletes cover wholly.
 *
 * Nothing in them is seen any more, so they go by an edit alone. Unlike the
 * other picks this one reads: the range deletes of the tables that have some.
 */
#ifndef COMPACT_PICK_COVERED_H
#define COMPACT_PICK_COVERED_H

#include "compact/pick.h"

/*
 * As those in pick.h; the plan says `drop`. *seen is 0 at first: while no
 * table with range deletes has come since all was done, nothing is read.
 * Damaged range deletes cover nothing: the merge that needs them tells.
 */
int pick_covered(const struct version *, const struct pick_options *,
    struct table_cache *, uint64_t *seen, bool *any, struct plan *);

#endif
