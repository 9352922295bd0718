/*
 * load.h - the logs' operations, put into memtables again.
 */
#ifndef DB_LOAD_H
#define DB_LOAD_H

#include "db/db.h"

struct load {
	struct lsm_db *db;
	struct generation *generations;	/* oldest first */
	size_t count, room;
	uint64_t sequence;		/* of the last operation */
	struct range *ranges;		/* deleted by the record told now */
	size_t ranges_count, ranges_room;
};

/* For log_replay; `arg` is the struct load. */
int load_begin(void *arg, uint64_t first, uint64_t count, size_t data,
    uint64_t log);
int load_entry(void *arg, const struct entry *, uint64_t log);
int load_end(void *arg);

/* Go on in a memtable that is there already. */
int load_adopt(struct load *, const struct generation *);

/* All that was loaded is frozen, and an empty generation follows. */
int load_freeze(struct load *);

/* There is an active generation: the last one, or a new one. */
int load_activate(struct load *, uint64_t log);
void load_release(struct load *);

#endif
