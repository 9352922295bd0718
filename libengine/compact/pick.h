/*
 * pick.h - what to compact next: a pure function, version in, plan out.
 */
#ifndef COMPACT_PICK_H
#define COMPACT_PICK_H

#include "version/version.h"

struct pick_options {
	size_t runs_max;	/* runs in the tree that trigger a merge */
};

struct plan {
	struct version_table **inputs;	/* newest run first; owned list */
	size_t count;
	int level;			/* of the output */
	bool drop_deletes;
};

/* False when nothing is to be done. LSM_NO_MEMORY only. */
int pick_compaction(const struct version *, const struct pick_options *,
    bool *any, struct plan *);
/* Everything into one run of the last level. */
int pick_everything(const struct version *, bool *any, struct plan *);
void plan_release(struct plan *);

/*
 * Where a flush of keys [smallest, largest] goes: the deepest level such that
 * neither it nor anything above overlaps, and, when no table of the deepest
 * run there overlaps, that run; else level 0 and a new run (*run = 0).
 */
int pick_flush_level(const struct version *, struct bytes smallest,
    struct bytes largest, uint64_t *run);

#endif
