/*
 * place.h - a directory whose logs hold records that prove themselves
 * (ring_case.h): its writer, or one who only looks.
 *
 * Every call checks, but place_put. One thread at a time.
 */
#ifndef SUPPORT_PLACE_H
#define SUPPORT_PLACE_H

#include "env/env.h"
#include "support/ring_case.h"

enum { PLACE_SEGMENT = 256 << 10 };	/* bytes prepared for each log */

extern const uint8_t place_id[16];	/* of the database */

struct place {
	const struct env_ops *ops;
	struct env_dir *dir;
	struct env_lock *lock;
	struct env_log *log;		/* of the writer */
	struct env_tail tail;		/* what the writer found */
	struct case_cursor at;		/* where the next record goes */
};

/* The test's own directory. A writer has no log yet: place_switch begins one,
 * place_attach goes on with one. */
void place_open(struct place *, lsm_env *, bool writer);
void place_close(struct place *);
/* A writer who began the first log. */
void place_start(struct place *, lsm_env *);

/* Begin a log in a new segment, or in that of the log `recycled`; 0: none. */
void place_switch(struct place *, struct case_cursor next, uint64_t recycled);
/* Go on with a log whose bytes at `from` are not in its file yet. */
void place_attach(struct place *, uint64_t number, uint64_t from,
    struct bytes missing);

int place_put(struct place *, uint32_t size, uint32_t kind);

/* The bytes of a log as its file has them, zeros behind them. How many the
 * file has; 0: there is no such log. */
size_t place_file(struct place *, uint64_t number, uint8_t *to, size_t n);
/* The same with what the ring adds to them; false: there is no such log. */
bool place_image(struct place *, uint64_t number, uint8_t *to, size_t n,
    struct env_tail *);
/* File and ring together have whole records from *c to `committed`, or to the
 * end of a log that was closed. *c goes there. */
bool place_follow(struct place *, struct case_cursor *, struct env_tail *);

#endif
