/*
 * memenv.h - files in memory, for tests that damage them byte by byte.
 *
 * One flat directory. Only what tables need: files are created, appended to,
 * read, mapped and unlinked. Their bytes can be reached and changed.
 */
#ifndef SUPPORT_MEMENV_H
#define SUPPORT_MEMENV_H

#include "env/env.h"

struct memenv;

struct memenv *memenv_new(void);
void memenv_free(struct memenv *);
struct env_dir *memenv_dir(struct memenv *);

/* A file's bytes, which may be changed; NULL: no such file. */
struct buffer *memenv_file(struct memenv *, const char *name);
/* Make or replace a file. */
void memenv_put(struct memenv *, const char *name, struct bytes);

/* Can it map? (It can by default.) A map shows what the file shows. */
void memenv_set_map(struct memenv *, bool);
/* The n-th read, append, sync or close from now fails with LSM_IO; 0: none. */
void memenv_fail_at(struct memenv *, uint64_t n);
uint64_t memenv_reads(const struct memenv *);

#endif
