/*
 * event.c - a queue of events, told without locks.
 */
#include "db/event.h"

#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "db/db.h"

enum { EVENTS_WAITING = 64 };

static const char *const names[] = {
	[LSM_EVENT_FLUSH_BEGIN] = "flush_begin",
	[LSM_EVENT_FLUSH_END] = "flush_end",
	[LSM_EVENT_FLUSH_FAILED] = "flush_failed",
	[LSM_EVENT_MERGE_BEGIN] = "merge_begin",
	[LSM_EVENT_MERGE_END] = "merge_end",
	[LSM_EVENT_MERGE_FAILED] = "merge_failed",
	[LSM_EVENT_MOVE] = "move",
	[LSM_EVENT_DROP] = "drop",
	[LSM_EVENT_STALL_BEGIN] = "stall_begin",
	[LSM_EVENT_STALL_END] = "stall_end",
	[LSM_EVENT_MANIFEST] = "manifest",
	[LSM_EVENT_DAMAGE] = "damage",
	[LSM_EVENT_FENCE] = "fence",
};

int
events_init(struct events *e, const lsm_options *o)
{
	size_t size = EVENTS_WAITING * sizeof *e->slots;

	mutex_init(&e->mu);
	if (o->event == NULL)
		return LSM_OK;
	if ((e->slots = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	return LSM_OK;
}

void
events_release(struct events *e)
{
	mem_free(e->slots);
	mutex_release(&e->mu);
}

static void
slot_fill(struct event_slot *slot, const lsm_event *event, uint64_t now_us)
{
	slot->event = *event;
	slot->event.name = names[event->kind];
	slot->event.at_us = now_us;
	snprintf(slot->message, sizeof slot->message, "%s",
	    event->code != LSM_OK ? status_story() : "");
}

void
event_add(struct lsm_db *db, const lsm_event *event)
{
	struct events *e = &db->events;
	size_t count;
	uint64_t now;

	if (e->slots == NULL || db->process != process_generation())
		return;
	now = db->env->ops->now_us(db->env);
	mutex_lock(&e->mu);
	count = load_relaxed(&e->count);
	if (count < EVENTS_WAITING) {
		slot_fill(&e->slots[(e->first + count) % EVENTS_WAITING],
		    event, now);
		store_relaxed(&e->count, count + 1);
	} else {
		atomic_fetch_add(&e->lost, 1);
	}
	mutex_unlock(&e->mu);
}

static bool
take_locked(struct events *e, struct event_slot *slot)
{
	size_t count = load_relaxed(&e->count);

	mutex_assert_held(&e->mu);
	if (count == 0)
		return false;
	*slot = e->slots[e->first];
	slot->event.message = slot->message;
	e->first = (e->first + 1) % EVENTS_WAITING;
	store_relaxed(&e->count, count - 1);
	return true;
}

/* Whoever adds an event comes by here later, so one that was added when the
 * teller had just seen none is not forgotten. */
void
events_tell(struct lsm_db *db)
{
	struct events *e = &db->events;
	struct event_slot slot;

	if (e->slots == NULL || load_relaxed(&e->count) == 0 ||
	    db->process != process_generation())
		return;
	mutex_lock(&e->mu);
	if (!e->telling) {
		e->telling = true;
		while (take_locked(e, &slot)) {
			mutex_unlock(&e->mu);
			db->opt.event(db->opt.event_arg, &slot.event);
			mutex_lock(&e->mu);
		}
		e->telling = false;
	}
	mutex_unlock(&e->mu);
}

int
event_damage(struct lsm_db *db, int code)
{
	if (code == LSM_CORRUPT)
		event_add(db, &(lsm_event){ .kind = LSM_EVENT_DAMAGE,
			.from = -1, .level = -1, .code = code });
	return code;
}
