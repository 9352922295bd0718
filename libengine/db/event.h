/*
 * event.h - what happened in the background, for whoever wants to be told.
 *
 * Events arise under the engine's locks, and who is told may ask the engine
 * something: so an event waits in a short queue until a thread that holds no
 * lock comes by. One thread tells at a time, so their order stays.
 *
 * The queue's lock is the innermost of all but that of a fence.
 */
#ifndef DB_EVENT_H
#define DB_EVENT_H

#include "base/status.h"
#include "base/sync.h"

struct lsm_db;

/* An event, and the place of its story. */
struct event_slot {
	lsm_event event;
	char message[STATUS_STORY_MAX];
};

struct events {
	/* Set at open. */
	struct event_slot *slots;	/* a ring; NULL: nobody listens */
	/* Guarded by mu. */
	struct mutex mu;
	size_t first;
	bool telling;
	/* Atomic. */
	_Atomic size_t count;		/* that wait; mu sets it */
	_Atomic uint64_t lost;
	_Atomic bool fence_told;
};

int events_init(struct events *, const lsm_options *);
void events_release(struct events *);

/* Without a listener, and in a forked child, nothing happens. The kind decides
 * the name; at_us is set here, and where there is a code, the story of now. */
void event_add(struct lsm_db *, const lsm_event *);

/* No lock is held: tell what waits. */
void events_tell(struct lsm_db *);

/* A read or a merge ended with this code. Returns it. */
int event_damage(struct lsm_db *, int code);

#endif
