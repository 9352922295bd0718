/*
 * drop.c - tables without anything that is seen go by an edit alone.
 *
 * Snapshots, iterators and other processes keep the versions that they have,
 * and these the files.
 */
#include "db/db.h"

int
plan_drop(struct lsm_db *db, const struct plan *plan)
{
	lsm_event told = { .kind = LSM_EVENT_DROP, .from = plan->from,
		.level = -1, .tables_in = plan->count };
	struct edit e = { 0 };
	uint64_t entries = 0;
	int rc = LSM_OK;

	for (size_t i = 0; i < plan->count && rc == LSM_OK; i++) {
		const struct table_meta *m = &plan->inputs[i]->meta;

		told.bytes_in += m->size;
		entries += m->entries;
		rc = edit_drop_table(&e, m->number);
	}
	if (rc == LSM_OK)
		rc = db_edit(db, &e);
	edit_release(&e);
	if (rc != LSM_OK)
		return rc;
	COUNT(db, drops, plan->count);
	COUNT(db, covered, entries);
	told.entries_in = entries;
	told.edit = e.number;
	event_add(db, &told);
	return LSM_OK;
}
