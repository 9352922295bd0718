/*
 * walls.h - keys behind which every output ends: around damaged tables.
 *
 * What is newer than a damaged table and overlaps it cannot be merged with it.
 * A table that reaches over its bounds would take its neighbours' keys into
 * that as well; cut at walls, what piles up stays where the damage is.
 *
 * For this floor and the database's.
 */
#ifndef COMPACT_WALLS_H
#define COMPACT_WALLS_H

#include "version/version.h"

struct walls {
	struct bytes *list;		/* ascending */
	size_t count;
	uint8_t *room;			/* for those that no table has */
};

/* Around the tables of these numbers that the version has, which must live as
 * long. LSM_NO_MEMORY leaves none. */
int walls_init(struct walls *, const struct version *,
    const uint64_t *damaged, size_t count);
void walls_release(struct walls *);

/* Does the table lie on both sides of such a wall? */
bool walls_straddled(const struct version *, const uint64_t *damaged,
    size_t count, const struct version_table *);

#endif
