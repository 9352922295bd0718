/*
 * parts.h - where a flush to level 0 is cut, so that it is merged in parts.
 *
 * Tables of level 0 that span all keys could only be merged with all that lies
 * below: until such a merge ends there is room needed for all of it once more,
 * and nothing is freed. Cut at the same keys from flush to flush, a part of
 * level 0 goes down with that part of the level below.
 *
 * For this floor and the database's.
 */
#ifndef COMPACT_PARTS_H
#define COMPACT_PARTS_H

#include "compact/shape.h"

enum { PARTS_MAX = 8 };

/* Begin with {0}, end with parts_release. One thread at a time. */
struct parts {
	struct bytes walls[PARTS_MAX - 1];	/* a part ends with each of
						 * these keys; ascending */
	size_t count;			/* of them */
	uint8_t *room;			/* that they lie in */
};

void parts_release(struct parts *);

/* What is flushed: bytes of memory, and some keys, ascending, evenly spread. */
struct parts_of {
	uint64_t bytes;
	const struct bytes *keys;
	size_t keys_count;
};

/* What they are to be for this flush: as they were if that will do. There is
 * one when the level that level 0 goes to is a tier, or small. *walls: so many
 * of them hold for this flush, all, or none when it is small. LSM_NO_MEMORY
 * leaves parts as they were. */
int parts_plan(struct parts *, const struct version *, const struct shape *,
    const struct parts_of *, size_t *walls);

#endif
