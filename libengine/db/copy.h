/*
 * copy.h - bytes from file to file.
 */
#ifndef DB_COPY_H
#define DB_COPY_H

#include "env/env.h"

/* What was copied so far, by any number of calls. */
struct copy {
	uint64_t bytes;
	bool something;		/* one of them was not 0 */
	/* Called after each chunk; a code other than LSM_OK ends the copy. May
	 * be NULL. */
	int (*step)(void *arg, uint64_t bytes);
	void *arg;
};

/* Append [at, at + n) of a file to another, or what there is of it. */
int copy_bytes(struct copy *, struct env_file *from, uint64_t at, uint64_t n,
    struct env_file *to);

/* Make `name` in `to` of the first n bytes that it has in `from`, and of those
 * in `more`, durable but for its name. LSM_CORRUPT: it has less. */
int copy_file(struct copy *, struct env_dir *from, const char *name,
    uint64_t n, struct bytes more, struct env_dir *to);

#endif
