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

/*
 * Read what a state's logs have and its tables do not; `sequence` is that of
 * its tables, and then that of all that was read. `from`: only what is behind
 * the end that a reader came to (read_to), else NULL.
 */
int load_logs(struct load *, const struct state *, const struct log_end *from,
    struct log_replay_out *);
/* Count what was read so, for statistics. */
void load_count(struct lsm_db *, const struct log_replay_out *);

/* Go on in a memtable that is there already. */
int load_adopt(struct load *, const struct generation *);

/* All that was loaded is frozen, and an empty generation follows. */
int load_freeze(struct load *);

/* There is an active generation: the last one, or a new one. */
int load_activate(struct load *, uint64_t log);
void load_release(struct load *);

#endif
