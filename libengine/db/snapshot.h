/*
 * snapshot.h - a view and a sequence, kept.
 */
#ifndef DB_SNAPSHOT_H
#define DB_SNAPSHOT_H

#include "db/db.h"

struct lsm_snapshot {
	struct lsm_db *db;
	struct view *view;
	uint64_t sequence;
};

#endif
