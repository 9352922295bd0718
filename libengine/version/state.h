/*
 * state.h - how an edit changes the state: in two halves.
 *
 * What may fail is prepared while nothing has changed; the rest cannot fail,
 * so it may follow the sync that made the edit durable. For this floor only.
 */
#ifndef VERSION_STATE_H
#define VERSION_STATE_H

#include "version/manifest.h"

struct state_change {
	const struct edit *edit;
	struct version *version;	/* after it */
	struct edit held;		/* ends, options and `created` after
					 * it, where has_... says so */
	bool has_ends, has_options;
};

/* Check the edit against the state's laws (LSM_CORRUPT, with `story` before
 * the reason) and prepare what comes after it. */
int state_prepare(const struct state *, const struct edit *,
    const char *story, void (*gone)(void *, struct version_table *),
    void *arg, struct state_change *);
/* The same without the version: tables are gathered elsewhere (builder.h),
 * and the state's version stays what it is. */
int state_prepare_rest(const struct state *, const struct edit *,
    const char *story, struct state_change *);
void state_commit(struct state *, struct state_change *);
void state_abandon(struct state_change *);

/* A second one, which shares the version. */
int state_copy(const struct state *, struct state *copy);

/* The whole state as one edit. */
int state_snapshot(const struct state *, struct edit *);

#endif
