/*
 * stall.c - why writers wait for background work, how often and how long.
 */
#include "db/db.h"

static const char *const words[STALLS] = {
	[STALL_NONE] = "none",
	[STALL_MEMTABLES] = "memtables",	/* too many are not flushed */
	[STALL_LEVEL0] = "level0",		/* has too many runs */
	[STALL_TIERS] = "tiers",		/* one below has */
};

const char *
stall_word(enum stall why)
{
	return words[why];
}

/* The first memtables are small, and their flushes slow for what they are:
 * they count by what they hold, with the next one. */
static bool
frozen_enough_locked(struct lsm_db *db)
{
	size_t frozen = db->view->count - 1, bytes = 0;

	mutex_assert_held(&db->mu);
	if (frozen < FROZEN_FULL || frozen >= FROZEN_MAX)
		return frozen >= FROZEN_MAX;
	for (size_t i = 0; i <= frozen; i++)
		bytes += memtable_limit(db->view->generations[i].mem);
	return bytes + load_relaxed(&db->memtable_size) >
	    (FROZEN_FULL + 1) * db->opt.memtable_size;
}

enum stall
stall_due_locked(struct lsm_db *db)
{
	if (frozen_enough_locked(db))
		return STALL_MEMTABLES;
	if (!merge_behind_locked(db))
		return STALL_NONE;
	return db->view->version->levels[0].count >= db->stored.l0_stop ?
	    STALL_LEVEL0 : STALL_TIERS;
}

enum stall
stall_due(struct lsm_db *db)
{
	enum stall why;

	mutex_lock(&db->mu);
	why = stall_due_locked(db);
	mutex_unlock(&db->mu);
	return why;
}

void
stall_begin(struct lsm_db *db, enum stall why)
{
	event_add(db, &(lsm_event){ .kind = LSM_EVENT_STALL_BEGIN,
		.from = -1, .level = -1, .reason = words[why] });
}

void
stall_end(struct lsm_db *db, enum stall why, uint64_t us)
{
	COUNT(db, stalls[why], 1);
	COUNT(db, stall_us[why], us);
	event_add(db, &(lsm_event){ .kind = LSM_EVENT_STALL_END, .us = us,
		.from = -1, .level = -1, .reason = words[why] });
}
