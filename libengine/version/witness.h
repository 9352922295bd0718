/*
 * witness.h - the other files of the directory testify about the manifest.
 *
 * A manifest has no close mark, so one that lost its last records looks like
 * one that never had them. But a table or log tells in its header after which
 * edit it was made, and files that only a lost edit could have removed are
 * not there. For this floor only.
 */
#ifndef VERSION_WITNESS_H
#define VERSION_WITNESS_H

#include "version/manifest.h"

/*
 * LSM_CORRUPT, with the evidence, when the directory shows that the manifest
 * had more records than the state was read from: a table of the state, or its
 * oldest log, is not there, or the newest log was made after a later edit.
 * When the state is torn, every table must also have its size and every log
 * and table is asked.
 */
int witness_hear(struct env_dir *, const struct state *);

/* What is there when CURRENT is not: LSM_NO_DATABASE, or LSM_CORRUPT. */
int witness_without_current(struct env_dir *);

#endif
