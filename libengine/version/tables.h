/*
 * tables.h - the tables that versions share: counted, told when they go.
 *
 * For this floor only; others know tables through the version they hold.
 */
#ifndef VERSION_TABLES_H
#define VERSION_TABLES_H

#include "version/version.h"

/* One reference, the caller's. */
int version_table_new(const struct edit_add *,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version_table **);
/* The same; the keys change hands when it succeeds. */
int version_table_take(struct edit_add *,
    void (*gone)(void *, struct version_table *), void *arg,
    struct version_table **);
void version_table_ref(struct version_table *);
void version_table_unref(struct version_table *);

/* Put a version's list in order; then cut it into runs and levels, if it
 * keeps the laws: LSM_CORRUPT. */
void version_sort(struct version *);
int version_cut(struct version *);

#endif
