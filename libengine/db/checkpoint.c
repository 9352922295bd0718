/*
 * checkpoint.c - a copy of the database as it is now, beside whoever writes.
 *
 * What a version names is held (by a pin, or the writer's own hold) while its
 * tables get one more name in the new directory and its logs are copied, as
 * far as they are committed. Then a manifest of the copy's own says so, under
 * a branch of its own: no new file of the copy has the seeds of one of the
 * original. Tables are shared and never change; logs are not, as they grow.
 */
#include <assert.h>

#include "base/alloc.h"
#include "db/copy.h"
#include "db/fresh.h"
#include "db/reader.h"

struct checkpoint {
	struct lsm_db *db;
	struct env_dir *to;
	struct reading r;
	struct log_end *logs;		/* of the chain, to their ends */
	size_t count;
	bool linking;			/* tables are shared, as far as known */
	bool verify;			/* they are read all the same */
	bool stopped;			/* by `progress` */
	struct copy copy;
	uint64_t linked, all;		/* bytes */
	int (*progress)(void *, uint64_t done, uint64_t all);
	void *arg;
};

static int
step(void *arg, uint64_t copied)
{
	struct checkpoint *c = arg;

	if (c->progress == NULL ||
	    c->progress(c->arg, c->linked + copied, c->all) == 0)
		return LSM_OK;
	c->stopped = true;
	return status_set(LSM_BUSY, "checkpoint: stopped");
}

static int
vanished(const char *name)
{
	return status_set(LSM_CORRUPT, "%s: needed, but not there", name);
}

/* ---- what there is ------------------------------------------------------- */

static int
end_add(struct log_end **list, size_t *count, const struct log_end *end)
{
	size_t size = (*count + 1) * sizeof **list;
	struct log_end *more = mem_realloc(*list, size);

	if (more == NULL)
		return mem_exhausted(size);
	*list = more;
	more[(*count)++] = *end;
	return LSM_OK;
}

static int
log_ended(void *arg, const struct log_end *end)
{
	struct checkpoint *c = arg;

	c->all += end->size;
	return end_add(&c->logs, &c->count, end);
}

static int
operation_passed(void *arg, const struct entry *e, uint64_t log)
{
	(void)arg;
	(void)e;
	(void)log;
	return LSM_OK;
}

/* Read the logs in `dir` to their end, for what they prove. */
static int
logs_read(struct checkpoint *c, struct env_dir *dir, struct env_lock *lock,
    int (*ended)(void *, const struct log_end *), struct log_replay_out *out)
{
	const struct state *s = &c->r.state;
	struct log_replay_in in = {
		.dir = dir,
		.lock = lock,
		.id = { .kind = FILE_LOG },
		.first = s->log,
		.flushed = s->flushed,
		.edit = s->edit,
		.ends = s->ends,
		.ends_count = s->ends_count,
		.ended = ended,
	};

	memcpy(in.id.database, s->current.database, ID_SIZE);
	memcpy(in.id.branch, s->branch, ID_SIZE);
	return log_replay(&in, operation_passed, c, out);
}

/* The last log goes on: from now on its end, for this state, is here. */
static int
end_know(struct checkpoint *c, const struct log_end *end)
{
	struct state *s = &c->r.state;

	for (size_t i = 0; i < s->ends_count; i++)
		if (s->ends[i].number == end->number)
			return LSM_OK;
	return end_add(&s->ends, &s->ends_count, end);
}

/* The writer's version is alive anyhow: nobody needs to be told. */
static void
nothing_gone(void *arg, struct version_table *t)
{
	(void)arg;
	(void)t;
}

/* All that was committed by now is in files. */
static int
writer_end_locked(struct lsm_db *db, struct log_end *end)
{
	int rc;

	mutex_assert_held(&db->write_mu);
	if ((rc = fence_check(&db->fence)) == LSM_OK) {
		rc = db->env->ops->log_flush(log_door(db->log));
		if (rc != LSM_OK)
			rc = db_fence(db, rc);
	}
	*end = log_where(db->log);
	return rc;
}

static int
writer_read(struct checkpoint *c, uint64_t held)
{
	struct lsm_db *db = c->db;
	struct current current;
	struct log_end end;
	int rc;

	if ((rc = current_read(db->dir, &current)) != LSM_OK)
		return rc;
	/* No ingestion in between: its record would name an edit unknown. */
	mutex_lock(&db->write_mu);
	rc = manifest_read_pinned(db->dir, &current, held, nothing_gone, NULL,
	    &c->r.state);
	if (rc == LSM_OK)
		rc = writer_end_locked(db, &end);
	mutex_unlock(&db->write_mu);
	if (rc != LSM_OK || (rc = end_know(c, &end)) != LSM_OK)
		return rc;
	return logs_read(c, db->dir, NULL, log_ended, &c->r.out);
}

static int
reader_read(struct checkpoint *c, bool plain)
{
	int rc;

	if ((rc = reading_begin(c->db, &c->r, plain)) != LSM_OK)
		return rc;
	return logs_read(c, c->db->dir, c->db->lock, log_ended, &c->r.out);
}

/* ---- tables -------------------------------------------------------------- */

static int
table_sync(struct checkpoint *c, const char *name)
{
	const struct env_ops *ops = c->to->env->ops;
	struct env_file *file;
	int rc;

	if ((rc = ops->file_open(c->to, name, ENV_READ, &file)) != LSM_OK)
		return rc;
	rc = ops->file_sync(file);
	env_file_close(file);
	return rc;
}

/* Damage is never copied: a copy is read again, every block of it. */
static int
table_check(struct checkpoint *c, const struct table_meta *meta)
{
	struct table_stats stats = { 0 };
	struct table_source source = {
		.dir = c->to,
		.reads = LSM_READS_STRICT,
		.stats = &stats,
	};
	struct table *table;
	int rc;

	memcpy(source.database, c->db->id, ID_SIZE);
	if ((rc = table_open(&source, meta, &table)) != LSM_OK)
		return rc;
	rc = table_verify(table);
	table_free(table);
	return rc;
}

static int
table_link(struct checkpoint *c, const char *name)
{
	const struct env_ops *ops = c->db->env->ops;

	if (!c->linking || ops->dir_link == NULL)
		return LSM_UNSUPPORTED;
	return ops->dir_link(c->db->dir, name, c->to, name);
}

static int
table_take(struct checkpoint *c, const struct table_meta *meta)
{
	char name[FILE_NAME_MAX];
	int rc;

	file_name(name, FILE_TABLE, meta->number);
	rc = table_link(c, name);
	if (rc == LSM_OK) {
		c->linked += meta->size;
		if ((rc = table_sync(c, name)) == LSM_OK && c->verify)
			rc = table_check(c, meta);
		if (rc == LSM_OK)
			rc = step(c, c->copy.bytes);
	} else if (rc == LSM_UNSUPPORTED) {
		c->linking = false;
		rc = copy_file(&c->copy, c->db->dir, name, meta->size,
		    bytes(NULL, 0), c->to);
		if (rc == LSM_OK)
			rc = table_check(c, meta);
	}
	return rc == LSM_NOTFOUND ? vanished(name) : rc;
}

static int
tables_take(struct checkpoint *c)
{
	const struct version *v = c->r.state.version;
	int rc = LSM_OK;

	for (size_t i = 0; i < v->tables; i++)
		c->all += v->list[i]->meta.size;
	for (size_t i = 0; i < v->tables && rc == LSM_OK; i++)
		rc = table_take(c, &v->list[i]->meta);
	return rc;
}

/* ---- logs ---------------------------------------------------------------- */

static int
log_take(struct checkpoint *c, uint64_t number, uint64_t size,
    struct bytes more)
{
	char name[FILE_NAME_MAX];
	int rc;

	file_name(name, FILE_LOG, number);
	rc = copy_file(&c->copy, c->db->dir, name, size - more.n, more, c->to);
	return rc == LSM_NOTFOUND ? vanished(name) : rc;
}

/* What a close mark names must be there, begun or not. */
static int
logs_take(struct checkpoint *c)
{
	const struct log_replay_out *out = &c->r.out;
	struct bytes none = bytes(NULL, 0);
	int rc = LSM_OK;

	for (size_t i = 0; i < c->count && rc == LSM_OK; i++)
		rc = log_take(c, c->logs[i].number, c->logs[i].size,
		    i + 1 < c->count ? none : buffer_bytes(&out->missing));
	if (rc == LSM_OK && out->closed)
		rc = log_take(c, out->named, BLOCK_UNIT, none);
	return rc;
}

/* What was copied must read as what was read. */
static int
logs_check(struct checkpoint *c)
{
	const struct log_end *last = &c->r.out.last;
	struct log_replay_out out;
	int rc;

	if ((rc = logs_read(c, c->to, NULL, NULL, &out)) != LSM_OK)
		return rc;
	if (out.last.number != last->number || out.last.size != last->size ||
	    out.last.sum != last->sum)
		rc = status_set(LSM_BUG, "checkpoint: a log was copied wrong");
	log_replay_out_release(&out);
	return rc;
}

/* ---- the whole ----------------------------------------------------------- */

static int
take(struct checkpoint *c)
{
	struct state *s = &c->r.state;
	int rc;

	if (c->count == 0)
		return status_set(LSM_CORRUPT, "%s: log %llu is missing",
		    c->db->path, (unsigned long long)s->log);
	s->log = c->logs[0].number;
	if ((rc = end_know(c, &c->r.out.last)) != LSM_OK ||
	    (rc = tables_take(c)) != LSM_OK || (rc = logs_take(c)) != LSM_OK)
		return rc;
	return logs_check(c);
}

static void
forget(struct checkpoint *c)
{
	reading_release(&c->r);
	mem_free(c->logs);
	c->logs = NULL;
	c->count = 0;
	c->copy.bytes = c->linked = c->all = 0;
}

/* The holder of a pin that was ended learns of it by what is missing. */
static int
pin_judge(const struct checkpoint *c, int rc)
{
	if (rc != LSM_CORRUPT || !pin_ended(c->r.pin))
		return rc;
	return status_set(LSM_TOO_OLD, "checkpoint: took longer than the "
	    "writer keeps files for it");
}

/* Would another look at files that move tell something else? */
static bool
may_race(const struct checkpoint *c, int rc)
{
	return rc == LSM_OK ? c->r.pin == NULL : rc == LSM_CORRUPT ||
	    (rc == LSM_BUSY && !c->stopped);
}

/* The result stands, when the manifest stood still meanwhile. */
static bool
stood(struct checkpoint *c, int rc)
{
	char story[STATUS_STORY_MAX];
	bool stands;

	memcpy(story, status_story(), sizeof story);
	stands = c->r.state.edit != 0 && reading_stands(c->db, &c->r);
	if (rc != LSM_OK)
		(void)status_set(rc, "%s", story);
	return stands;
}

/* As reader.c reads: with a pin; without one, until nothing moves. */
static int
reader_take(struct checkpoint *c)
{
	bool plain = c->db->lock == NULL;
	int rc;

	for (int i = 0; i < READING_TRIES; i++) {
		if ((rc = reader_read(c, plain)) == LSM_OK)
			rc = pin_judge(c, take(c));
		if (!may_race(c, rc) || (plain && stood(c, rc)))
			return rc;
		forget(c);
		if ((rc = fresh_clear(c->to)) != LSM_OK)
			return rc;
		plain = c->db->lock == NULL || !plain;
	}
	return status_set(LSM_BUSY, "%s: the writer changes files faster than "
	    "they can be copied", c->db->path);
}

static int
writer_take(struct checkpoint *c)
{
	uint64_t held = graves_hold(c->db);
	int rc;

	if ((rc = writer_read(c, held)) == LSM_OK)
		rc = take(c);
	graves_let_go(c->db);
	return rc;
}

/* All files are durable; now their names, the manifest, and CURRENT. */
static int
finish(struct checkpoint *c)
{
	struct state *s = &c->r.state;
	const struct env_ops *ops = c->to->env->ops;
	struct manifest *manifest;
	uint64_t number = s->reserved;
	bool fatal;
	int rc;

	if (number <= c->r.out.last.number)
		number = c->r.out.last.number + 1;
	if (number <= c->r.out.named)
		number = c->r.out.named + 1;
	if ((rc = ops->random(c->to->env, s->branch, ID_SIZE)) != LSM_OK ||
	    (rc = manifest_create(c->to, s, number, &fatal, &manifest)) !=
	    LSM_OK)
		return rc;
	manifest_free(manifest);
	return fresh_done(c->to);
}

static int
checkpoint_make(struct checkpoint *c, const char *path)
{
	struct lsm_db *db = c->db;
	char story[STATUS_STORY_MAX];
	bool created;
	int rc;

	if ((rc = fresh_open(db->env, path, &c->to, &created)) != LSM_OK)
		return rc;
	rc = db->read_only ? reader_take(c) : writer_take(c);
	if (rc == LSM_OK)
		rc = finish(c);
	forget(c);
	if (rc != LSM_OK) {
		memcpy(story, status_story(), sizeof story);
		fresh_undo(c->to, created);
		(void)status_set(rc, "%s", story);
	}
	db->env->ops->dir_close(c->to);
	return rc;
}

static int
checkpoint(lsm_db *db, const char *path, bool verify,
    int (*progress)(void *, uint64_t done, uint64_t all), void *arg)
{
	struct checkpoint c = { .db = db, .linking = true, .verify = verify,
		.progress = progress, .arg = arg };
	int rc = db->read_only ? LSM_OK : db_writable(db);

	if (rc != LSM_OK || (rc = db_readable(db)) != LSM_OK)
		return rc;
	c.copy.step = step;
	c.copy.arg = &c;
	/* The handle cannot be closed meanwhile. */
	atomic_fetch_add(&db->open_handles, 1);
	rc = checkpoint_make(&c, path);
	atomic_fetch_sub(&db->open_handles, 1);
	return rc;
}

int
lsm_checkpoint(lsm_db *db, const char *path,
    int (*progress)(void *, uint64_t done, uint64_t all), void *arg)
{
	return checkpoint(db, path, false, progress, arg);
}

int
lsm_checkpoint_verify(lsm_db *db, const char *path,
    int (*progress)(void *, uint64_t done, uint64_t all), void *arg)
{
	return checkpoint(db, path, true, progress, arg);
}
