/*
 * merge_iter.h - many iterators as one.
 *
 * A binary heap with replace-top over 8-byte heads, in both directions. The
 * inputs are ordered newest first: of entries with equal keys the one of the
 * first input is shown and the others are passed over. Deletes are entries
 * like others.
 */
#ifndef KV_MERGE_ITER_H
#define KV_MERGE_ITER_H

#include <stddef.h>

#include "kv/iter.h"

/* Takes the inputs (also on failure: they are freed). One input is returned
 * as it is; none gives an iterator that is never valid. */
int merge_iter_new(struct iter **inputs, size_t count, struct iter **out);

/* How many entries were passed over as shadowed, so far. */
uint64_t merge_iter_shadowed(const struct iter *);

#endif
