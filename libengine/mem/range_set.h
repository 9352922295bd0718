/*
 * range_set.h - the range deletes of a memtable, in sets that never change.
 *
 * A set is a sorted array of fragments that do not overlap, each with the
 * sequences of all range deletes that cover it: so a reader at any sequence
 * finds what had been deleted by then. Newer sets link to older ones. A commit
 * makes one set, and takes into it the sets before it that are no larger:
 * there are never more than a logarithm of them, and each range delete is
 * copied as often.
 *
 * Sets are made by one writer and read by anybody. Those that were taken into
 * others stay, as somebody may be reading them, until all go together.
 */
#ifndef MEM_RANGE_SET_H
#define MEM_RANGE_SET_H

#include "kv/range.h"

struct fragment {
	struct bytes from, to;
	const uint64_t *sequences;	/* newest first */
	size_t count;
};

struct range_set {
	const struct range_set *older;	/* the next to ask */
	struct range_set *owned;	/* the next to free */
	size_t count;			/* of fragments */
	size_t weight;			/* of their sequences */
	size_t bytes;			/* of memory */
	struct fragment *fragments;
};

/*
 * The set to be published after `newest` (may be NULL) for the range deletes
 * of one commit: copies their bounds. What it takes in memory, `older` not
 * counted, is made->bytes and that of its `owned`. LSM_NO_MEMORY.
 */
int range_set_new(const struct range_set *newest, const struct range *,
    size_t count, struct range_set **made);

/* This one and all that it owns. Takes NULL. */
void range_set_free(struct range_set *);

/* Move the two apart until nothing of this set and the older ones lies outside
 * of them, both included. With *any false there are none yet. */
void range_set_bounds(const struct range_set *, bool *any,
    struct bytes *smallest, struct bytes *largest);

/* What covers the key at a sequence, in this set and the older ones. */
uint64_t range_set_cover(const struct range_set *, struct bytes key,
    uint64_t sequence);
void range_set_find(const struct range_set *, struct bytes key,
    uint64_t sequence, struct range *span);

#endif
