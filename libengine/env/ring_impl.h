/*
 * ring_impl.h - what ring.c and ring_sync.c share.
 */
#ifndef ENV_RING_IMPL_H
#define ENV_RING_IMPL_H

#include "env/ring.h"

/* LSM_IO with the story of the first failure. */
int ring_refuse(struct ring *);
/* This thread's story is the first, if none was before. io held. */
int ring_fail_locked(struct ring *);
/* [written, to) of the current segment goes to its file. io held. */
int ring_flush_locked(struct ring *, uint64_t to);

#endif
