/*
 * pick.h - what to compact next: pure functions, version in, plan out.
 *
 * A plan is closed (closure.h): carried out, it breaks neither the order of
 * runs nor that of keys in a run.
 */
#ifndef COMPACT_PICK_H
#define COMPACT_PICK_H

#include "compact/shape.h"

/* Work under way: its outcome is not in the version yet. */
struct pick_job {
	int from, level;	/* levels that it takes from and gives to */
	struct bytes smallest, largest;	/* of all that it reads and writes */
	uint64_t taken;		/* bytes that leave the level it takes from */
};

struct pick_options {
	struct shape_options shape;
	bool idle;			/* nobody writes: drain level 0 */
	const struct pick_job *jobs;
	size_t jobs_count;
	const uint64_t *avoid;		/* tables known to be damaged */
	size_t avoid_count;
};

struct plan {
	struct version_table **inputs;	/* newest run first; owned list */
	size_t count;
	int from, level;		/* of the inputs, of the output */
	uint64_t run;			/* of the output; 0: a new one */
	bool move;			/* the inputs go there as they are */
	bool drop;			/* they go: pick_covered.h */
	struct bytes smallest, largest;	/* of the inputs; the version's */
	uint64_t taken;			/* bytes of them in `from` */
	uint64_t table_size;		/* where outputs are cut */
	const struct run *fences;	/* at whose tables' ends they are cut
					 * rather; the version's, or NULL */
	uint64_t overlap;		/* as in compact_options */
};

/* What is most due. *any is false when nothing is, or nothing can be done.
 * LSM_NO_MEMORY only, as of all of these. */
int pick_compaction(const struct version *, const struct pick_options *,
    bool *any, struct plan *);

/* Everything into one run of the last level. */
int pick_everything(const struct version *, const struct pick_options *,
    bool *any, struct plan *);

/* A part of the way on which the keys of a range sink until they are in one
 * run and no delete is left among them: done again until *any is false. Only
 * what was there at the beginning counts. Tables to be avoided are, unless
 * they lie in the range. */
struct pick_range {
	struct bytes from, to;		/* to is exclusive; p NULL: open */
	uint64_t sequence;		/* last one given at the beginning */
	uint64_t number;		/* first table number not given */
};
int pick_range(const struct version *, const struct pick_options *,
    const struct pick_range *, bool *any, struct plan *);

void plan_release(struct plan *);

/*
 * Where a flush of keys [smallest, largest] goes: the deepest level such that
 * neither it, nor anything above, nor work there or above overlaps, nor too
 * much below, and its oldest run (0: a new one); else level 0 and a new run.
 */
int pick_flush_level(const struct version *, const struct pick_options *,
    struct bytes smallest, struct bytes largest, uint64_t *run);

/* From a key on, where the first table begins or ends: that flush level is the
 * same for each key that lies between. The version's; bound_end(): none. */
struct bytes pick_flush_edge(const struct version *, struct bytes key);

#endif
