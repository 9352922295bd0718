/*
 * veil_iter.h - hides the entries of a source that range deletes cover.
 *
 * Where a newer source covers a stretch of keys, everything of this one in it
 * is deleted, and is passed over by one seek. Range deletes of the source
 * itself cover what is older than they are; that is passed over step by step.
 */
#ifndef KV_VEIL_ITER_H
#define KV_VEIL_ITER_H

#include "kv/cover.h"
#include "kv/iter.h"

/*
 * Takes the entries and the covers (also on failure: they are freed); the
 * array stays the caller's. With `own` the last cover is that of the source
 * itself, the others are of newer ones. No covers: the entries are returned as
 * they are.
 */
int veil_iter_new(struct iter *entries, struct cover *const *covers,
    size_t count, bool own, struct iter **out);

#endif
