/*
 * kit.h - a database on a simulated disk of its own, and how its process may
 * end.
 *
 * Every call checks. One thread at a time; the handle is for any.
 */
#ifndef SUPPORT_KIT_H
#define SUPPORT_KIT_H

#include "support/dbkit.h"

struct kit {
	struct sim *sim;
	lsm_options o;
	lsm_db *db;
};

/* A disk, and options to be changed before kit_start opens "db" with them. */
void kit_init(struct kit *);
/* Tables of a few pages, not compressed, and merges of two runs. */
void kit_init_small(struct kit *);
void kit_start(struct kit *);
/* Both, the options as they are. */
void kit_open(struct kit *);
void kit_close(struct kit *);
void kit_reopen(struct kit *);

/* The process dies here; the next one opens what it left. */
void kit_kill(struct kit *);
/* The power fails; only what was made durable is there. */
void kit_crash(struct kit *);

#endif
