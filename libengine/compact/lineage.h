/*
 * lineage.h - which files on disk a merge makes obsolete, for its footers.
 *
 * For this floor only.
 */
#ifndef COMPACT_LINEAGE_H
#define COMPACT_LINEAGE_H

#include "compact/compact.h"
#include "compact/input.h"

/* The tables read and, of the tables that those were merged from, the ones
 * that are still on the disk (a snapshot may keep them). Ascending; ended
 * with mem_free. */
int lineage_find(const struct input *, const struct compact_options *,
    uint64_t **numbers, size_t *count);

#endif
