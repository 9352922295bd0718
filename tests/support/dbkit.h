/*
 * dbkit.h - short words for tests of the whole engine through lsm.h.
 *
 * Every call here checks, so that a test says only what it is about.
 */
#ifndef SUPPORT_DBKIT_H
#define SUPPORT_DBKIT_H

#include "env/env_sim.h"
#include "support/test.h"

/* Small, and all work done by the caller: runs are the same each time. */
lsm_options dbkit_options(struct sim *);	/* NULL: this machine's files */

/* "DIR/NAME" of this test's directory, in one of a few buffers. */
const char *dbkit_path(const char *name);

lsm_db *dbkit_open(const char *path, const lsm_options *);
void dbkit_close(lsm_db *);
/* Open must fail with this code, and give no handle. */
void dbkit_refused(const char *path, const lsm_options *, int code);

void dbkit_put(lsm_db *, const char *key, const char *value);
void dbkit_delete(lsm_db *, const char *key);
/* A closed database of one table and one log, "db" of this test's directory:
 * the keys below 120. Its path, which stays until the next call. */
const char *dbkit_made(void);

/* Keys "k000007" with values "v7" + tag, [from, to). */
void dbkit_fill(lsm_db *, unsigned from, unsigned to, const char *tag);
void dbkit_check_fill(lsm_db *, unsigned from, unsigned to, const char *tag);
/* Keys below 100 and from 1000 below 1100: two tables of the last level that
 * have nothing to do with each other. */
void dbkit_two_places(lsm_db *);

/* The value, or NULL: not found. */
void dbkit_check(lsm_db *, const lsm_snapshot *, const char *key,
    const char *value);

/* All of a range as "k=v k=v"; in one of a few buffers, cut when too long. */
const char *dbkit_scan(lsm_db *, const lsm_snapshot *, const lsm_range *,
    bool backward);

uint64_t dbkit_stat(lsm_db *, const char *name);
bool dbkit_has_stat(lsm_db *, const char *name);
/* Files of a kind ("table", ...) that are present; `live`: and named. */
unsigned dbkit_files(lsm_db *, const char *kind, bool live);
/* The name of the last one of a kind. */
const char *dbkit_file(lsm_db *, const char *kind);

/* The table of the last level that begins with the key; static. */
const char *dbkit_table_of(lsm_db *, const char *first);

/* Runs all work there is. The last failure of the steps, or LSM_OK. */
int dbkit_work_off(lsm_db *);

/* The whole file; to be freed with free(3). Directory "db" of the disk. */
uint8_t *dbkit_read(lsm_env *, const char *dir, const char *name, size_t *n);
/* Where in the file these bytes begin; they must be there. */
uint64_t dbkit_find(lsm_env *, const char *dir, const char *name,
    const char *content);

/* Names, modes, sizes, times and content of all below, as one number. */
uint64_t dbkit_tree(const char *path);

#endif
