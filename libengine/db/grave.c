/*
 * grave.c - dead files, kept until nobody can need them.
 *
 * A file that died at edit D is unlinked, or used again, when no reader in any
 * process pins a version below D. Until then it waits here. Who pins is asked
 * with each edit, and while there is none by a worker at rest, or by the steps
 * of a handle without workers: nobody tells that a pin has gone, or is too
 * old. What still waits at close is an orphan, and the next open asks the same
 * question.
 *
 * Threads: any; the list is guarded by its own lock, which is the innermost.
 */
#include "base/alloc.h"
#include "db/db.h"
#include "env/files.h"

void
graves_release(struct graves *g)
{
	mem_free(g->list);
	mutex_release(&g->mu);
}

static void
add(struct lsm_db *db, struct grave grave)
{
	struct graves *g = &db->graves;
	struct grave *list;

	if (db->opt.max_pin_age != 0)
		grave.since = db->env->ops->now_us(db->env);
	mutex_lock(&g->mu);
	list = mem_room(g->list, g->count, &g->room, sizeof *list);
	/* Without memory for it the file stays: the next open finds it. */
	if (list != NULL) {
		g->list = list;
		list[g->count++] = grave;
	}
	mutex_unlock(&g->mu);
}

void
grave_add(struct lsm_db *db, enum file_kind kind, uint64_t number,
    uint64_t died)
{
	add(db, (struct grave){ kind, number, died, .since = 0 });
}

void
grave_add_log(struct lsm_db *db, uint64_t number, uint64_t died, bool again)
{
	add(db, (struct grave){ FILE_LOG, number, died, .again = again });
}

/* Pins below the edit end, if that can be told: a reader who does not hear of
 * it would take the files that go for lost, and the database for damaged. */
static bool
pins_end_locked(struct lsm_db *db, uint64_t edit)
{
	const struct env_ops *ops = db->env->ops;
	struct env_words words;

	mutex_assert_held(&db->graves.mu);
	if (edit <= db->graves.ended)
		return true;
	ops->log_ended(log_door(db->log), edit);
	ops->lock_words(db->lock, db->id, &words);
	if (words.ended < edit)
		return false;
	db->graves.ended = edit;
	return true;
}

/* Pins that are too old end here: announced before their files go. */
static bool
aged_locked(struct lsm_db *db, const struct grave *g)
{
	mutex_assert_held(&db->graves.mu);
	return db->opt.max_pin_age != 0 && db->env->ops->now_us(db->env) -
	    g->since >= db->opt.max_pin_age && pins_end_locked(db, g->died);
}

/* Is it time for this one? *again: its file may be used again. */
static bool
ripe_locked(struct lsm_db *db, const struct grave *g, enum sweep how,
    uint64_t lowest, bool *again)
{
	*again = false;
	if (g->kind == FILE_LOG && how == SWEEP_QUICK)
		return false;
	if (g->died > load_acquire(&db->head) ||
	    (db->graves.holds > 0 && g->died > db->graves.held))
		return false;
	*again = g->again && g->died <= lowest && how == SWEEP_WORK &&
	    g->died > db->graves.ended && !load_acquire(&db->scrubbing);
	return g->died <= lowest || aged_locked(db, g);
}

static bool
take_locked(struct lsm_db *db, enum sweep how, uint64_t lowest,
    struct grave *out, bool *again)
{
	struct graves *g = &db->graves;

	for (size_t i = 0; i < g->count; i++) {
		if (!ripe_locked(db, &g->list[i], how, lowest, again))
			continue;
		*out = g->list[i];
		g->list[i] = g->list[--g->count];
		return true;
	}
	return false;
}

static void
bury(struct lsm_db *db, const struct grave *g, bool again)
{
	char name[FILE_NAME_MAX];

	if (g->kind == FILE_LOG && again && log_prepared(db->log) == 0 &&
	    db_prepare_log(db, g->number) == LSM_OK) {
		COUNT(db, logs_reused, 1);
		return;
	}
	/* One that stays is an orphan: the next open removes it. */
	(void)db->env->ops->dir_unlink(db->dir, file_name(name, g->kind,
	    g->number));
}

/* Who was fenced, or forked, may not be the one who knows. */
static bool
may_sweep(struct lsm_db *db)
{
	return !db->read_only && db->log != NULL &&
	    load_acquire(&db->fence.code) == LSM_OK &&
	    db->process == process_generation();
}

bool
graves_any(struct lsm_db *db)
{
	bool any;

	mutex_lock(&db->graves.mu);
	any = db->graves.count > 0;
	mutex_unlock(&db->graves.mu);
	return any;
}

static bool
lowest_find(struct lsm_db *db, uint64_t *lowest)
{
	bool any;

	mutex_lock(&db->graves.mu);
	any = db->graves.count > 0 && pin_lowest(db->lock, log_door(db->log),
	    load_acquire(&db->head), lowest) == LSM_OK;
	mutex_unlock(&db->graves.mu);
	return any;
}

void
graves_sweep(struct lsm_db *db, enum sweep how)
{
	struct grave g;
	uint64_t lowest;
	bool more, again;

	if (!may_sweep(db) || !lowest_find(db, &lowest))
		return;
	do {
		mutex_lock(&db->graves.mu);
		more = take_locked(db, how, lowest, &g, &again);
		mutex_unlock(&db->graves.mu);
		if (more)
			bury(db, &g, again);
	} while (more);
	if (db->working && graves_any(db))
		work_watch(db);
}

/* A later hold shares the first one's edit, and keeps a little more. */
uint64_t
graves_hold(struct lsm_db *db)
{
	struct graves *g = &db->graves;
	uint64_t edit;

	mutex_lock(&g->mu);
	if (g->holds++ == 0)
		g->held = load_acquire(&db->head);
	edit = g->held;
	mutex_unlock(&g->mu);
	return edit;
}

void
graves_let_go(struct lsm_db *db)
{
	mutex_lock(&db->graves.mu);
	db->graves.holds--;
	mutex_unlock(&db->graves.mu);
	graves_sweep(db, SWEEP_WORK);
}

/* The last version that named a table has gone, and with it the table. */
void
table_gone(void *arg, struct version_table *t)
{
	struct lsm_db *db = arg;

	table_cache_forget(db->tables, t->meta.number);
	if (db->read_only)
		return;
	grave_add(db, FILE_TABLE, t->meta.number, t->died);
	graves_sweep(db, SWEEP_QUICK);
}
