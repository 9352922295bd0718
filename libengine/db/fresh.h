/*
 * fresh.h - a directory in which a database is made whole or not at all.
 *
 * A file named UNFINISHED stands in it, durably, from before the first file of
 * the database until after CURRENT. Whoever finds it without CURRENT knows
 * that there is no database, and that nothing is damaged.
 */
#ifndef DB_FRESH_H
#define DB_FRESH_H

#include "env/env.h"

/* Make the directory, or take one that is empty. LSM_EXISTS: it is not, or no
 * directory. */
int fresh_open(lsm_env *, const char *path, struct env_dir **,
    bool *created);

/* Remove what was made so far; the mark stays. */
int fresh_clear(struct env_dir *);

/* CURRENT is there: the mark goes. */
int fresh_done(struct env_dir *);

/* It failed: leave the directory empty, or else marked; no directory, if it
 * was `created`. */
void fresh_undo(struct env_dir *, bool created);

#endif
