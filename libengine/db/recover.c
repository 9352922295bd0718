/*
 * recover.c - from files to a handle.
 *
 * Read first, all of it: manifest, then logs. Only when nothing was refused
 * does a writer change anything, and then in this order: logs that were read
 * are made durable; the manifest says where an unproven log ends; a new log
 * begins; what is left over goes. Each step may be the last one before a
 * crash, and the next open does the same again.
 */
#include "db/db.h"

#include "db/ingest.h"
#include "db/recover.h"
#include "env/files.h"

int
recover_replay(struct lsm_db *db, struct recovering *r)
{
	int rc;

	r->load = (struct load){ .db = db, .sequence = db->state.flushed };
	rc = load_logs(&r->load, &db->state, NULL, &r->out);
	if (rc == LSM_OK)
		load_count(db, &r->out);
	return rc;
}

void
recovering_release(struct recovering *r)
{
	load_release(&r->load);
	log_replay_out_release(&r->out);
}

/* The first view. */
static int
show(struct lsm_db *db, struct load *l)
{
	int rc;

	if ((rc = view_alloc(l->count, &db->view)) != LSM_OK)
		return rc;
	view_fill(db->view, db->state.version, l->generations, l->count);
	db->active = view_active(db->view)->mem;
	db->sequence = l->sequence;
	db->visible = l->sequence;
	return LSM_OK;
}

/* Of a directory and its copy both may go on: new files of the two never
 * share a seed. */
static int
branch_draw(struct lsm_db *db)
{
	int rc = db->env->ops->random(db->env, db->state.branch, ID_SIZE);

	if (rc == LSM_OK)
		log_branch(db->log, db->state.branch);
	return rc;
}

/*
 * What was read of names and manifest may be in the page cache only: that is
 * so when the last writer of this boot did not leave in order. Where a sync
 * of it failed, no further sync helps, and a new manifest is begun; so it is
 * where another directory may have the same one.
 */
static int
manifest_open(struct lsm_db *db, const struct env_tail *tail)
{
	bool durable = tail->trusted && tail->left;
	bool ours = !tail->foreign && db_one_name(db, FILE_MANIFEST,
	    db->state.current.manifest);
	bool fatal;
	int rc = ours ? LSM_OK : branch_draw(db);

	if (rc == LSM_OK && !durable)
		rc = db->env->ops->dir_sync(db->dir);
	if (rc == LSM_OK && ours && !db->state.torn && !tail->syncing)
		rc = manifest_continue(db->dir, &db->state, &db->manifest);
	if (rc == LSM_OK && db->manifest != NULL && !durable)
		rc = manifest_sync(db->manifest);
	if (rc != LSM_OK || db->manifest != NULL)
		return rc;
	db->state.reserved = db->next_number + NUMBERS_RESERVED;
	rc = manifest_create(db->dir, &db->state, db->next_number, &fatal,
	    &db->manifest);
	db->next_number++;
	return rc;
}

/* Above every number reserved and every name that is there. */
int
recover_numbers(struct lsm_db *db)
{
	struct env_names names = { 0 };
	const char *name = NULL;
	uint64_t number;
	int rc;

	db->next_number = db->state.reserved;
	db->next_run = db->state.next_run;
	if ((rc = db->env->ops->dir_list(db->dir, &names)) != LSM_OK)
		return rc;
	while ((name = env_names_next(&names, name)) != NULL) {
		if (file_parse(name, &number) != FILE_OTHER &&
		    number >= db->next_number)
			db->next_number = number + 1;
	}
	env_names_free(&names);
	return LSM_OK;
}

static int
log_file_sync(struct lsm_db *db, uint64_t number)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	int rc;

	file_name(name, FILE_LOG, number);
	rc = db->env->ops->file_open(db->dir, name, ENV_APPEND, &file);
	if (rc != LSM_OK)
		return rc;
	rc = db->env->ops->file_sync(file);
	env_file_close(file);
	return rc;
}

/* What was read may be in the page cache only. Newest last. */
static int
logs_sync(struct lsm_db *db, uint64_t end)
{
	struct env_names names = { 0 };
	const char *name = NULL;
	uint64_t number;
	int rc;

	if ((rc = db->env->ops->dir_list(db->dir, &names)) != LSM_OK)
		return rc;
	while (rc == LSM_OK && (name = env_names_next(&names, name)) != NULL)
		if (file_parse(name, &number) == FILE_LOG &&
		    number >= db->state.log && number < end)
			rc = log_file_sync(db, number);
	env_names_free(&names);
	return rc;
}

static bool
end_known(const struct state *s, uint64_t log)
{
	for (size_t i = 0; i < s->ends_count; i++)
		if (s->ends[i].number == log)
			return true;
	return false;
}

/* From now on nobody appends to this log or reads beyond its end. */
static int
end_record(struct lsm_db *db, const struct log_end *end)
{
	struct edit e = { 0 };
	bool fatal;
	int rc;

	if (end_known(&db->state, end->number))
		return LSM_OK;
	e.next_run = db->next_run;
	if ((rc = edit_add_end(&e, end)) == LSM_OK)
		rc = manifest_append(db->manifest, &db->state, &e, table_gone,
		    db, &fatal);
	edit_release(&e);
	return rc;
}

static int
log_new_segment(struct lsm_db *db, const struct log_end *before,
    uint64_t sequence)
{
	uint64_t number;
	int rc;

	if ((rc = db_prepare_log(db, 0)) != LSM_OK)
		return rc;
	number = log_prepared(db->log);
	if ((rc = log_start(db->log, before, sequence + 1)) != LSM_OK)
		return rc;
	return log_sync(db->log, log_position(number, BLOCK_UNIT + 1));
}

int
recover_log_object(struct lsm_db *db, struct env_tail *tail)
{
	struct log_options lo = {
		.dir = db->dir,
		.id = { .kind = FILE_LOG },
		.segment_size = load_relaxed(&db->memtable_size),
	};
	int rc;

	memcpy(lo.id.database, db->id, ID_SIZE);
	memcpy(lo.id.branch, db->state.branch, ID_SIZE);
	rc = db->env->ops->log_open(db->dir, db->lock, db->id, &lo.env_log,
	    tail);
	return rc == LSM_OK ? log_new(&lo, &db->log) : rc;
}

/* The ring vouches for the end: go on in the same file. What can be read is
 * durable then, so a fence takes none of it back. */
static int
go_on_here(struct lsm_db *db, struct recovering *r,
    const struct env_tail *tail)
{
	struct log_end last = r->out.last;
	bool durable = tail->left && tail->durable >=
	    log_position(last.number, last.size);
	int rc;

	if (!durable && ((rc = logs_sync(db, last.number)) != LSM_OK ||
	    (rc = log_sync(db->log, log_position(last.number, last.size))) !=
	    LSM_OK))
		return rc;
	/* The writer died between an ingestion's edit and its record. */
	if (r->load.sequence > last.sequence &&
	    r->load.sequence == db->state.ingested &&
	    (rc = ingest_log(db, db->state.edit)) != LSM_OK)
		return rc;
	db->durable = r->load.sequence;
	return load_activate(&r->load, last.number);
}

static int
go_on_in_new(struct lsm_db *db, struct recovering *r)
{
	int rc;

	if ((rc = logs_sync(db, r->out.last.number + 1)) != LSM_OK ||
	    (rc = end_record(db, &r->out.last)) != LSM_OK ||
	    (rc = log_new_segment(db, &r->out.last, r->load.sequence)) !=
	    LSM_OK)
		return rc;
	db->durable = r->load.sequence;
	return load_activate(&r->load, log_where(db->log).number);
}

/* Tables hold all that was read: no log before this one counts any more. */
static int
logs_forget(struct lsm_db *db, uint64_t log)
{
	struct edit e = { .log = log, .next_run = db->next_run };
	bool fatal;
	int rc = manifest_append(db->manifest, &db->state, &e, table_gone, db,
	    &fatal);

	edit_release(&e);
	return rc;
}

/*
 * The last writer died in a sync, or after one that failed: pages may be
 * clean in the cache and not on the disk, and no further sync would tell. So
 * all that was read is written again, into tables. The old logs are dead all
 * at once, with the edit of the last table: an edit in between would begin
 * in a log that perhaps is not on the disk.
 */
static int
write_again(struct lsm_db *db, struct recovering *r)
{
	struct load *l = &r->load;
	uint64_t log;
	int rc;

	if ((rc = load_freeze(l)) != LSM_OK ||
	    (rc = log_new_segment(db, &r->out.last, l->sequence)) != LSM_OK)
		return rc;
	log = log_where(db->log).number;
	for (size_t i = 0; i + 1 < l->count; i++)
		l->generations[i].log = db->state.log;
	if (l->count == 1 && (rc = logs_forget(db, log)) != LSM_OK)
		return rc;
	return load_activate(l, log);
}

static int
recover_log(struct lsm_db *db, struct recovering *r)
{
	struct env_tail tail;
	bool here;
	int rc;

	if ((rc = recover_numbers(db)) != LSM_OK ||
	    (rc = recover_log_object(db, &tail)) != LSM_OK ||
	    (rc = manifest_open(db, &tail)) != LSM_OK)
		return rc;
	r->out.syncing |= tail.syncing;
	here = r->out.same_boot && !r->out.closed && !r->out.syncing &&
	    db_one_name(db, FILE_LOG, r->out.last.number);
	/* What only the ring holds belongs into the file in any case. */
	if (here || r->out.missing.n > 0)
		rc = log_continue(db->log, &r->out.last,
		    buffer_bytes(&r->out.missing));
	if (rc != LSM_OK)
		return rc;
	if (r->out.syncing)
		return write_again(db, r);
	return here ? go_on_here(db, r, &tail) : go_on_in_new(db, r);
}

int
recover_options(struct lsm_db *db)
{
	int rc = stored_read(&db->state, &db->stored);

	db->shape = stored_shape(&db->stored, &db->opt);
	return rc;
}

int
db_recover(struct lsm_db *db, const struct current *current)
{
	struct recovering r = { 0 };
	bool more = true;
	int rc;

	if ((rc = unread_open(db, current)) != LSM_NOTFOUND)
		return rc;
	rc = manifest_read(db->dir, table_gone, db, &db->state);
	if (rc == LSM_OK && memcmp(db->state.current.database, db->id,
	    ID_SIZE) != 0)
		rc = status_set(LSM_CORRUPT, "CURRENT: is of another database");
	if (rc == LSM_OK)
		rc = recover_options(db);
	if (rc == LSM_OK)
		rc = recover_replay(db, &r);
	if (rc != LSM_OK || (rc = recover_log(db, &r)) != LSM_OK ||
	    (rc = show(db, &r.load)) != LSM_OK)
		goto done;
	db_announce(db);
	durable_raise(db, db->state.flushed);
	while (r.out.syncing && more && rc == LSM_OK)
		rc = work_step(db, &more);
	if (rc == LSM_OK)
		rc = db_clean(db, &r.out);
	if (rc == LSM_OK && r.out.syncing)
		log_trust(db->log);
done:
	/* What of this attempt is on the disk is not known to the next one. */
	if (rc != LSM_OK && db->log != NULL)
		log_give_up(db->log, rc);
	recovering_release(&r);
	return rc;
}

