/*
 * sources.h - all that a view holds, merged for a walk.
 */
#ifndef DB_SOURCES_H
#define DB_SOURCES_H

#include "db/db.h"

/* One entry a key, the newest visible at `sequence`, deletes too; what range
 * deletes cover is hidden. `within` NULL: everything; else no table is opened
 * that lies wholly outside of it, and no entry outside is to be believed. View
 * and range must live as long. */
int sources_merge(struct lsm_db *, struct view *, uint64_t sequence,
    const struct range *within, struct iter **);

#endif
