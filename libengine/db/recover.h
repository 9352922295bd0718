/*
 * recover.h - the pieces of a writer's recovery, done at open (recover.c) or
 * when they are needed (unread.c).
 */
#ifndef DB_RECOVER_H
#define DB_RECOVER_H

#include "db/load.h"

struct recovering {
	struct load load;
	struct log_replay_out out;
};

/* The logs from the state's oldest on, into memtables. */
int recover_replay(struct lsm_db *, struct recovering *);
void recovering_release(struct recovering *);

/* db->next_number: above all that was reserved, and all that is there. */
int recover_numbers(struct lsm_db *);

/* What the state says of options, into the handle. */
int recover_options(struct lsm_db *);

/* db->log, not yet at any log. */
int recover_log_object(struct lsm_db *, struct env_tail *);

#endif
