/*
 * story.h - a script told once on the simulated disk, and what each moment of
 * it promises.
 *
 * Every step of the script is marked with the operations that the disk saw
 * while it ran, so for any prefix of them it is known which prefixes of the
 * commits a crash there may leave.
 */
#ifndef SUPPORT_STORY_H
#define SUPPORT_STORY_H

#include "env/env_sim.h"
#include "support/scripts.h"

/* What is known of the time in which the disk saw [begin, end). */
struct mark {
	size_t begin, end;
	size_t commits;			/* at the end, failed ones too */
	size_t acked, acked_sync;
};

struct story {
	const struct script *script;
	struct sim *sim;
	struct session session;
	struct op_list ops;
	struct mark *marks;
	size_t marks_count, marks_room;
};

/* Prefixes of the commits that may be there. */
struct bounds {
	size_t low, high;
	size_t synced;			/* low, if power fails from here on */
};

/* False: the script itself found something wrong. To be released always. */
bool story_tell(struct story *, const struct script *, uint64_t seed);
void story_release(struct story *);

/* What must and what may be there after the first `upto` operations, if the
 * power failed then, or only the process died. */
struct bounds story_bounds(const struct story *, size_t upto, bool power);

/* Open the database on a disk with the script's options and hash all that it
 * holds. *rc is what failed; false is a lie of something that did not. */
bool story_open(const struct story *, struct sim *, lsm_db **, uint64_t *hash,
    int *rc);

/* One more write, durable; `*hash` is its part in the hash of all. */
int story_write(lsm_db *, uint64_t seed, uint64_t *hash);

#endif
