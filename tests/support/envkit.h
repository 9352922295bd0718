/*
 * envkit.h - short words for tests of the door, whatever is behind it.
 *
 * Every call checks, so that a test says only what it is about.
 */
#ifndef SUPPORT_ENVKIT_H
#define SUPPORT_ENVKIT_H

#include <sys/resource.h>

#include "env/env.h"
#include "support/test.h"

/* The directory, made when it is absent. */
struct env_dir *envkit_dir(lsm_env *, const char *path);
/* A new file with this content. */
void envkit_put(struct env_dir *, const char *name, const char *content,
    bool sync);
/* The file has these bytes and no more. */
void envkit_check(struct env_dir *, const char *name, const char *content);

/* Files of this process may not grow beyond so many bytes: a write there
 * fails, and no signal comes. What the limit was. */
rlim_t envkit_limit(rlim_t size);

/* Run something in a child; true when it answers yes. */
bool envkit_in_child(bool (*run)(void));

#endif
