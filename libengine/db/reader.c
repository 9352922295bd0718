/*
 * reader.c - a handle that only reads, beside a writer in any process.
 *
 * With a pin (pin.h) everything that was read of CURRENT and the manifest
 * afterwards stays, so tables open when they are needed. Without LOCK every
 * file is opened at once, and an answer counts only when the manifest did not
 * move meanwhile; the same look decides whether a failed check is damage.
 *
 * A refresh compares the words of LOCK; when they say that something is new
 * it reads the records that are new, of the manifest and of the log, and
 * everything anew when they do not continue what it has. It is the one writer
 * of the handle's memtables and holds write_mu.
 */
#include "db/reader.h"

void
reading_release(struct reading *r)
{
	load_release(&r->load);
	log_replay_out_release(&r->out);
	state_release(&r->state);
	pin_drop(r->pin);
	*r = (struct reading){ 0 };
}

/* Hold every file that the version names: a writer may delete it later. */
static int
tables_open(struct lsm_db *db, const struct version *v)
{
	struct table *t;
	int rc;

	for (size_t i = 0; i < v->tables; i++) {
		rc = table_cache_get(db->tables, &v->list[i]->meta, &t);
		if (rc != LSM_OK)
			return rc;
		table_cache_release(db->tables, t);
	}
	return LSM_OK;
}

static int
read_manifest(struct lsm_db *db, struct reading *r)
{
	uint64_t edit = r->words.head >> ENV_HEAD_SHIFT;

	if (r->pin != NULL && r->words.head != 0)
		return manifest_read_pinned(db->dir, &r->current, edit,
		    table_gone, db, &r->state);
	return manifest_read(db->dir, table_gone, db, &r->state);
}

static int
read_current(struct lsm_db *db, struct reading *r)
{
	int rc = current_read(db->dir, &r->current);

	if (rc == LSM_OK && memcmp(r->current.database, db->id, ID_SIZE) != 0)
		rc = status_set(LSM_CORRUPT, "CURRENT: is of another database");
	return rc;
}

/* What was read of CURRENT before the pin holds when it names the manifest
 * that the pinned version is announced to be in. */
static bool
named(const struct current *c, uint64_t head)
{
	return head == env_head(head >> ENV_HEAD_SHIFT, c->manifest);
}

static int
read_pin(struct lsm_db *db, struct reading *r)
{
	int rc = r->current.manifest != 0 ? LSM_OK : read_current(db, r);

	if (rc == LSM_OK)
		rc = pin_take(&db->pins, r->current.edit, &r->pin, &r->words);
	if (rc == LSM_OK && r->words.head != 0 &&
	    !named(&r->current, r->words.head))
		rc = read_current(db, r);
	return rc;
}

int
reading_begin(struct lsm_db *db, struct reading *r, bool plain)
{
	int rc = LSM_OK;

	*r = (struct reading){ .load.db = db, .current = r->current };
	if (!plain)
		rc = read_pin(db, r);
	return rc == LSM_OK ? read_manifest(db, r) : rc;
}

static int
read_all(struct lsm_db *db, struct reading *r, bool plain)
{
	int rc;

	if ((rc = reading_begin(db, r, plain)) != LSM_OK ||
	    (rc = stored_read(&r->state, &db->stored)) != LSM_OK)
		return rc;
	r->load.sequence = r->state.flushed;
	if ((rc = load_logs(&r->load, &r->state, NULL, &r->out)) != LSM_OK ||
	    (rc = load_activate(&r->load, r->out.last.number)) != LSM_OK)
		return rc;
	return r->pin == NULL ? tables_open(db, r->state.version) : LSM_OK;
}

bool
reading_stands(struct lsm_db *db, const struct reading *r)
{
	struct state now = { 0 };
	bool same = manifest_read(db->dir, table_gone, db, &now) == LSM_OK &&
	    now.edit == r->state.edit &&
	    now.current.manifest == r->state.current.manifest;

	state_release(&now);
	return same;
}

/* The next look may find what this one did not, and nobody would know that a
 * file went that was pinned: so it is counted. */
static void
pin_judge(struct lsm_db *db, const struct reading *r, int rc)
{
	if (rc != LSM_OK && rc != LSM_BUSY && rc != LSM_NO_MEMORY &&
	    r->pin != NULL && !pin_ended(r->pin))
		db->recovery.pins_failed++;
}

/*
 * With a pin first. When that fails, because a page is hostile or files are
 * damaged, look without: what fails on a manifest that does not move is told.
 */
static int
read_steadily(struct lsm_db *db, const struct current *current,
    struct reading *r)
{
	char story[STATUS_STORY_MAX];
	bool plain = db->lock == NULL;
	int rc = LSM_OK;

	*r = (struct reading){ 0 };
	if (current != NULL)
		r->current = *current;
	for (int i = 0; i < READING_TRIES; i++) {
		rc = read_all(db, r, plain);
		if (rc == LSM_OK && (r->pin != NULL || reading_stands(db, r)))
			return LSM_OK;
		pin_judge(db, r, rc);
		if (rc == LSM_NO_MEMORY || rc == LSM_UNSUPPORTED)
			break;
		if (rc != LSM_OK) {
			memcpy(story, status_story(), sizeof story);
			if (plain && r->state.edit != 0 &&
			    reading_stands(db, r)) {
				rc = status_set(rc, "%s", story);
				break;
			}
		}
		reading_release(r);
		plain = db->lock == NULL || !plain;
	}
	if (rc == LSM_OK)
		rc = status_set(LSM_BUSY, "%s: the writer changes files faster "
		    "than they can be read", db->path);
	reading_release(r);
	return rc;
}

/* Everything of the reading changes hands. Tables that are left out leave the
 * cache when nobody reads them any more: else their files would stay open. */
static void
show(struct lsm_db *db, struct reading *r, struct view *next)
{
	struct state before;
	struct view *old;

	view_fill(next, r->state.version, r->load.generations, r->load.count);
	next->pin = r->pin;
	r->pin = NULL;
	mutex_lock(&db->edit_mu);
	before = db->state;
	db->state = r->state;
	r->state = before;
	mutex_unlock(&db->edit_mu);
	if (before.version != NULL)
		version_retire(before.version, db->state.version);
	mutex_lock(&db->mu);
	old = view_swap_locked(db, next);
	store_release(&db->visible, r->load.sequence);
	mutex_unlock(&db->mu);
	view_unref(old);
}

/* From where the next refresh goes on. */
static void
remember(struct lsm_db *db, const struct reading *r)
{
	db->sequence = r->load.sequence;
	db->active = view_active(db->view)->mem;
	db->read_to = r->out.last;
	memset(db->read_ahead, 0, RECORD_HEADER);
	memcpy(db->read_branch, r->out.branch, ID_SIZE);
	if (r->out.closed || r->out.interrupted_log != 0)
		db->read_to.number = 0;
	load_count(db, &r->out);
}

/* *current was just read, or NULL. */
static int
read_and_show(struct lsm_db *db, const struct current *current)
{
	struct reading r;
	struct view *next;
	int rc;

	if ((rc = read_steadily(db, current, &r)) != LSM_OK)
		return rc;
	if ((rc = view_alloc(r.load.count, &next)) == LSM_OK) {
		db->seen = r.words;
		show(db, &r, next);
		remember(db, &r);
	}
	reading_release(&r);
	return rc;
}

int
reader_open(struct lsm_db *db, const struct current *current)
{
	db->pins.lock = db->lock;
	memcpy(db->pins.id, db->id, ID_SIZE);
	return read_and_show(db, current);
}

/* The version of now, pinned, and the edits that lead to it: those of the
 * manifest that was read, or it is to be read anew. */
static int
version_on(struct lsm_db *db, struct reading *r)
{
	uint64_t edit;
	int rc;

	rc = pin_take(&db->pins, db->state.edit, &r->pin, &r->words);
	if (rc != LSM_OK)
		return rc;
	edit = r->words.head >> ENV_HEAD_SHIFT;
	if (r->pin == NULL || edit < db->seen.head >> ENV_HEAD_SHIFT ||
	    !named(&db->state.current, r->words.head))
		return LSM_BUSY;
	rc = manifest_read_on(db->dir, &db->state, edit, table_gone, db,
	    &r->state);
	return rc == LSM_OK ? stored_read(&r->state, &db->stored) : rc;
}

static uint64_t
last_of(const struct lsm_db *db, const struct generation *g)
{
	return g->last != 0 ? g->last : db->sequence;
}

/*
 * Memtables of which the version has nothing go on: LSM_BUSY when it took one
 * in part, which would hide what tables hold. Their entries were read of the
 * log up to read_to, so that has to be one that still counts.
 */
static int
memory_on(struct lsm_db *db, struct reading *r)
{
	const struct view *v = db->view;
	uint64_t flushed = r->state.flushed;
	size_t i = 0;
	int rc = LSM_OK;

	if (db->read_to.number == 0 || db->read_to.number < r->state.log)
		return LSM_BUSY;
	while (i < v->count && last_of(db, &v->generations[i]) <= flushed)
		i++;
	if (flushed != db->state.flushed && i < v->count && (i == 0 ||
	    v->generations[i - 1].last != flushed))
		return LSM_BUSY;
	for (; i < v->count && rc == LSM_OK; i++)
		rc = load_adopt(&r->load, &v->generations[i]);
	r->load.sequence = db->sequence > flushed ? db->sequence : flushed;
	return rc;
}

/* Neither the log's end has moved since it was read, nor is it told anew. */
static bool
log_stands(const struct lsm_db *db, const struct reading *r)
{
	return r->words.committed == db->seen.committed &&
	    r->state.ends_count == db->state.ends_count &&
	    r->state.ingested == db->state.ingested;
}

/* What is new of the log, behind the memtables that go on; or all of it. */
static int
log_on(struct lsm_db *db, struct reading *r)
{
	const struct log_end *from = &db->read_to;
	int rc = memory_on(db, r);

	if (rc == LSM_BUSY) {
		from = NULL;
		r->load.sequence = r->state.flushed;
	} else if (rc != LSM_OK) {
		return rc;
	}
	if (from != NULL && log_stands(db, r)) {
		r->out.last = *from;
		memcpy(r->out.branch, db->read_branch, ID_SIZE);
	} else if ((rc = load_logs(&r->load, &r->state, from,
	    &r->out)) != LSM_OK) {
		return rc;
	}
	return load_activate(&r->load, r->out.last.number);
}

static int
refresh_on(struct lsm_db *db, const struct env_words *now)
{
	struct reading r = { .load.db = db, .words = *now };
	bool same = now->head == db->seen.head;
	struct view *next;
	int rc = LSM_OK;

	if (same) {
		pin_ref(r.pin = db->view->pin);
		r.state = db->state;		/* lent */
	} else {
		rc = version_on(db, &r);
	}
	if (rc == LSM_OK && (rc = log_on(db, &r)) == LSM_OK &&
	    (rc = view_alloc(r.load.count, &next)) == LSM_OK) {
		db->seen = r.words;
		show(db, &r, next);
		remember(db, &r);
	} else {
		pin_judge(db, &r, rc);
		/* What went into the memtable is there, though nobody sees
		 * it; half a record may be: it is not gone on in. */
		db->read_to.number = 0;
	}
	if (same)
		r.state = (struct state){ 0 };
	reading_release(&r);
	return rc;
}

/* Without announcements. What stood behind the log's end before a reading that
 * ends there again is no record: the next look knows it. */
static int
refresh_unannounced(struct lsm_db *db)
{
	struct log_end end = db->read_to;
	uint8_t ahead[RECORD_HEADER];
	bool known = reader_ahead(db, ahead);
	int rc;

	if (known && reader_still(db, ahead))
		return LSM_OK;
	rc = read_and_show(db, NULL);
	if (rc == LSM_OK && known && db->read_to.number == end.number &&
	    db->read_to.size == end.size && db->read_to.sum == end.sum)
		memcpy(db->read_ahead, ahead, RECORD_HEADER);
	return rc;
}

static int
refresh_locked(struct lsm_db *db)
{
	struct env_words now = { 0 };

	mutex_assert_held(&db->write_mu);
	if (db->lock != NULL) {
		mutex_lock(&db->pins.mu);
		db->env->ops->lock_words(db->lock, db->id, &now);
		mutex_unlock(&db->pins.mu);
	}
	if (now.head == 0 && db->seen.head == 0)
		return refresh_unannounced(db);
	if (now.head == 0 || db->view->pin == NULL)
		return read_and_show(db, NULL);
	if (now.head == db->seen.head && now.committed == db->seen.committed)
		return LSM_OK;
	if (refresh_on(db, &now) == LSM_OK)
		return LSM_OK;
	return read_and_show(db, NULL);
}

int
lsm_refresh(lsm_db *db)
{
	int rc = db_usable(db);

	if (rc != LSM_OK || !db->read_only)
		return rc;
	mutex_lock(&db->write_mu);
	rc = refresh_locked(db);
	mutex_unlock(&db->write_mu);
	return rc;
}
