/*
 * sweep.h - the range deletes of several sources as one ascending list.
 *
 * Where several cover a key the highest sequence holds; what it covers in one
 * piece is one range, however the sources had it cut.
 *
 * For this floor only.
 */
#ifndef COMPACT_SWEEP_H
#define COMPACT_SWEEP_H

#include "kv/cover.h"

struct sweep {
	bool valid;			/* there is a range: */
	struct range range;
	/* Its own: */
	struct cover **covers;
	size_t count;
	struct bytes at;		/* where the next one is looked for */
	bool ended;
	uint8_t from[BOUND_MAX], to[BOUND_MAX], place[BOUND_MAX];
};

/* Room for so many covers. Begin with {0}, end with sweep_release, after a
 * failure too. Then fill `covers` and `count`. */
int sweep_init(struct sweep *, size_t room);
void sweep_release(struct sweep *);

/* Do the first `count` covers alone cover all from one key to another, both
 * included, with higher sequences than this? Not behind sweep_next. */
int sweep_covers(struct sweep *, size_t count, struct bytes from,
    struct bytes last, uint64_t sequence, bool *all);

/* The next range, the first at first; not valid: there is none. */
int sweep_next(struct sweep *);

#endif
