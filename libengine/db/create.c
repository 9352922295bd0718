/*
 * create.c - a new database, made so that a crash leaves one or none.
 *
 * The log comes first, then the manifest, then CURRENT: only with CURRENT is
 * there a database. What a crash leaves before that holds nothing, and the
 * next creation removes it. A creation that fails removes all itself.
 */

#include "base/alloc.h"
#include "db/db.h"
#include "db/fresh.h"
#include "env/files.h"

enum { FIRST_LOG = 1, FIRST_MANIFEST = 2, FIRST_FREE = 3 };

/* Does a log hold anything that somebody wrote? An unreadable one may: only
 * where no manifest came after it can it be a file that was never finished. */
static int
log_holds_data(struct env_dir *dir, const char *name, bool *holds)
{
	struct log_reader *reader;
	struct record r;
	int rc;

	*holds = false;
	rc = log_reader_open(dir, name, NULL, bytes(NULL, 0), 0, &reader);
	if (rc != LSM_OK)
		return rc;
	while ((rc = log_reader_next(reader, &r)) == LSM_OK)
		if (r.kind != RECORD_START && r.kind != RECORD_LEAVE)
			*holds = true;
	log_reader_free(reader);
	return rc == LSM_NOTFOUND ? LSM_OK : rc;
}

struct leftovers {
	size_t current, tables, manifests, unfinished;
	size_t unreadable, holding;	/* logs */
};

static void
leftovers_count(const struct env_names *names, struct leftovers *l)
{
	const char *name = NULL;
	uint64_t number;

	while ((name = env_names_next(names, name)) != NULL) {
		enum file_kind kind = file_parse(name, &number);

		l->current += kind == FILE_CURRENT;
		l->tables += kind == FILE_TABLE;
		l->manifests += kind == FILE_MANIFEST;
		l->unfinished += kind == FILE_UNFINISHED;
	}
}

static int
logs_look(struct env_dir *dir, const struct env_names *names,
    struct leftovers *l)
{
	const char *name = NULL;
	uint64_t number;
	bool holds;
	int rc;

	while ((name = env_names_next(names, name)) != NULL) {
		if (file_parse(name, &number) != FILE_LOG)
			continue;
		rc = log_holds_data(dir, name, &holds);
		if (rc != LSM_OK && rc != LSM_CORRUPT)
			return rc;
		l->unreadable += rc != LSM_OK;
		l->holding += rc == LSM_OK && holds;
	}
	return LSM_OK;
}

/*
 * LSM_OK when there is a database, as far as CURRENT tells; LSM_NO_DATABASE
 * when there is none, or one whose making was interrupted: *vacant says
 * whether one may be made here, as it may not beside a checkpoint, which
 * perhaps is being made right now; LSM_CORRUPT, among others, when files of a
 * database are there and CURRENT is not.
 */
int
db_absent(struct env_dir *dir, const char *path, struct current *current,
    bool *vacant)
{
	struct leftovers l = { 0 };
	struct env_names names = { 0 };
	int rc;

	*vacant = false;
	if ((rc = current_read(dir, current)) != LSM_NOTFOUND)
		return rc;
	if ((rc = dir->env->ops->dir_list(dir, &names)) != LSM_OK)
		return rc;
	leftovers_count(&names, &l);
	if (l.current == 0 && l.unfinished == 0)
		rc = logs_look(dir, &names, &l);
	env_names_free(&names);
	if (rc == LSM_OK && l.current > 0)	/* made meanwhile */
		return current_read(dir, current);
	if (rc != LSM_OK)
		return rc;
	if (l.unfinished > 0)
		return status_set(LSM_NO_DATABASE,
		    "%s: a checkpoint that was not finished", path);
	if (l.tables > 0 || l.holding > 0 ||
	    (l.unreadable > 0 && l.manifests > 0))
		return status_set(LSM_CORRUPT,
		    "%s: CURRENT is missing, other files are not", path);
	*vacant = true;
	return status_set(LSM_NO_DATABASE, "%s: no database here", path);
}

/* They are surely gone before files of the same names are made: an old
 * manifest beside a half-written new log would look like damage. */
static int
leftovers_remove(struct lsm_db *db)
{
	const struct env_ops *ops = db->env->ops;
	struct env_names names = { 0 };
	bool any = false;
	const char *name = NULL;
	uint64_t number;
	int rc;

	if ((rc = ops->dir_list(db->dir, &names)) != LSM_OK)
		return rc;
	while ((name = env_names_next(&names, name)) != NULL) {
		enum file_kind kind = file_parse(name, &number);

		if (kind != FILE_LOG && kind != FILE_MANIFEST)
			continue;
		if ((rc = ops->dir_unlink(db->dir, name)) != LSM_OK)
			break;
		any = true;
	}
	env_names_free(&names);
	return rc == LSM_OK && any ? ops->dir_sync(db->dir) : rc;
}

/* The first log, with its start record, on the disk. *out is to be closed
 * when all is done: until then this writer has not left in order. */
static int
first_log(struct lsm_db *db, const struct file_id *id, struct log **out)
{
	struct log_options lo = {
		.dir = db->dir,
		.id = *id,
		.segment_size = db->memtable_size,
	};
	struct env_tail tail;
	int rc;

	lo.id.kind = FILE_LOG;
	rc = db->env->ops->log_open(db->dir, db->lock, id->database,
	    &lo.env_log, &tail);
	if (rc != LSM_OK)
		return rc;
	if ((rc = log_new(&lo, out)) != LSM_OK ||
	    (rc = log_prepare(*out, FIRST_LOG, NULL, 0)) != LSM_OK ||
	    (rc = log_start(*out, NULL, 1)) != LSM_OK)
		return rc;
	return log_sync(*out, log_position(FIRST_LOG, BLOCK_UNIT + 1));
}

static int
first_state(struct lsm_db *db, const struct file_id *id, struct state *s)
{
	static const char by[] = "liblsm ";
	struct edit e = { 0 };
	size_t n = sizeof by + strlen(lsm_version());
	int rc;

	memcpy(s->current.database, id->database, ID_SIZE);
	memcpy(s->current.branch, id->branch, ID_SIZE);
	memcpy(s->branch, id->branch, ID_SIZE);
	s->reserved = FIRST_FREE + NUMBERS_RESERVED;
	s->log = FIRST_LOG;
	s->next_run = 1;
	if ((s->created = mem_alloc(n)) == NULL)
		return mem_exhausted(n);
	strcpy(s->created, by);
	strcat(s->created, lsm_version());
	if ((rc = version_new(&s->version)) != LSM_OK)
		return rc;
	rc = stored_edit(&db->opt, &e);
	if (rc == LSM_OK) {	/* the options change hands */
		s->options = e.options;
		s->options_count = e.options_count;
		e.options = NULL;
		e.options_count = 0;
	}
	edit_release(&e);
	return rc;
}

int
db_create(struct lsm_db *db)
{
	const struct env_ops *ops = db->env->ops;
	struct file_id id = { .kind = FILE_LOG };
	struct manifest *manifest = NULL;
	struct log *log = NULL;
	struct state s = { 0 };
	bool fatal;
	int rc;

	if ((rc = leftovers_remove(db)) != LSM_OK ||
	    (rc = ops->random(db->env, id.database, ID_SIZE)) != LSM_OK ||
	    (rc = ops->random(db->env, id.branch, ID_SIZE)) != LSM_OK ||
	    (rc = first_log(db, &id, &log)) != LSM_OK ||
	    (rc = first_state(db, &id, &s)) != LSM_OK)
		goto done;
	rc = manifest_create(db->dir, &s, FIRST_MANIFEST, &fatal, &manifest);
done:
	if (rc != LSM_OK && log != NULL)
		log_give_up(log, rc);
	log_free(log);
	manifest_free(manifest);
	state_release(&s);
	return rc;
}

/*
 * LOCK goes last: until then nobody else makes anything here. Who waits for
 * this very LOCK, or opened it before it went, sees when he has it that it is
 * not the directory's any more (dir_same), and begins again.
 */
void
db_create_undo(struct lsm_db *db)
{
	if (fresh_clear(db->dir) == LSM_OK)
		(void)db->env->ops->dir_unlink(db->dir, "LOCK");
}
