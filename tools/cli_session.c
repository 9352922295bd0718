/*
 * cli_session.c - one directory, its handle, and the way lsm-cli opens it.
 */
#include "cli_session.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "cli_event.h"
#include "cli_kept.h"
#include "progress.h"
#include "signals.h"

/* A wait for the lock is cut into such slices to look at signals. */
enum { WAIT_SLICE_US = 100000, PATH_SIZE = 4096 };

/* What was given of how the handle works. */
static void
handle_fill(const struct settings *set, bool writes, lsm_options *o)
{
	if (set->memtable_size != 0)
		o->memtable_size = (size_t)set->memtable_size;
	if (set->cache_size != NOT_GIVEN)
		o->cache_size = (size_t)set->cache_size;
	if (set->max_open_tables != 0)
		o->max_open_tables = (int)set->max_open_tables;
	if (set->workers != NOT_GIVEN)
		o->workers = writes ? (int)set->workers : 0;
}

static void
options_fill(const struct session *s, bool writes, bool workers,
    lsm_options *o)
{
	const struct settings *set = s->opening;

	*o = set->kept;
	o->create = writes && set->create;
	o->read_only = !writes;
	o->no_sync = set->sync == SYNC_OFF;
	o->workers = writes && (workers || s->script);
	o->reads = set->strict ? LSM_READS_STRICT : LSM_READS_MAPPED;
	o->max_pin_age = set->max_pin_age_us;
	if (set->codec != LSM_CODEC_DEFAULT)
		o->codec = set->codec;
	handle_fill(set, writes, o);
	if (set->events)
		o->event = event_print;
}

static int
open_patiently(struct session *s, lsm_options *o)
{
	uint64_t waited, wait = s->opening->wait_us, start = clock_us();
	int rc;

	do {
		waited = clock_us() - start;
		o->wait_us = waited >= wait ? 0 :
		    wait - waited < WAIT_SLICE_US ? wait - waited :
		    WAIT_SLICE_US;
		rc = lsm_open(s->directory, o, &s->db);
	} while (rc == LSM_LOCKED && waited < wait && signals_pending() == 0);
	return rc;
}

static bool
is_database(const char *directory)
{
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof path, "%s/CURRENT", directory);

	return n < PATH_SIZE && access(path, F_OK) == 0;
}

/* A database that was to be made, and the place or its medium took none. */
static bool
is_not_made(const struct session *s, const lsm_options *o, int code)
{
	return o->create && (code == LSM_NO_DATABASE || code == LSM_NO_SPACE ||
	    code == LSM_IO) && !is_database(s->directory);
}

static int
handle_close(lsm_db *db)
{
	int rc = db == NULL ? LSM_OK : lsm_close(db);

	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* Options of a new database, and it was no new one. */
static int
made_or_agrees(struct session *s)
{
	int status = kept_agree(s->db, s->opening, s->directory);

	if (status == 0)
		return 0;
	status = cli_worst(status, handle_close(s->db));
	s->db = NULL;
	s->writes = false;
	return status;
}

static int
session_open(struct session *s, bool writes, bool workers)
{
	lsm_options o;
	int rc;

	options_fill(s, writes, workers, &o);
	rc = writes ? open_patiently(s, &o) :
	    lsm_open(s->directory, &o, &s->db);
	if (rc == LSM_LOCKED && signals_pending() != 0)
		return EXIT_RETRY;
	if (is_not_made(s, &o, rc))
		return cli_fail(EXIT_CREATE, "%s", lsm_message());
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	s->writes = writes;
	return writes && o.create ? made_or_agrees(s) : 0;
}

/* What others wrote since the last command; a snapshot keeps what it saw. */
static int
reader_refresh(struct session *s)
{
	int rc = LSM_OK;

	if (!s->writes && s->snapshot == NULL)
		rc = lsm_refresh(s->db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

int
session_reader(struct session *s, lsm_db **db)
{
	int status = s->db == NULL ? session_open(s, false, false) :
	    reader_refresh(s);

	*db = s->snapshot != NULL ? s->snapshot_db : s->db;
	return status;
}

/* Nobody else can have taken a snapshot or made an iterator. */
static int
held_release(struct session *s)
{
	lsm_db *held = s->held;

	if (s->snapshot_db == held || s->iter_db == held)
		return 0;
	s->held = NULL;
	return handle_close(held);
}

int
session_snapshot_end(struct session *s)
{
	lsm_snapshot_free(s->snapshot);
	s->snapshot = NULL;
	s->snapshot_db = NULL;
	return held_release(s);
}

int
session_iter_end(struct session *s)
{
	lsm_iter_free(s->iter);
	s->iter = NULL;
	s->iter_db = NULL;
	return held_release(s);
}

void
session_batch_drop(struct session *s)
{
	if (s->batch == NULL)
		return;
	cli_note("the batch is dropped: operations: %zu",
	    lsm_batch_count(s->batch));
	lsm_batch_free(s->batch);
	s->batch = NULL;
}

/* In place of a reader, which stays when something is held of it. */
static int
writer_open(struct session *s, bool workers)
{
	bool held = s->snapshot != NULL || s->iter != NULL;
	lsm_db *reader = s->db;
	int status = held ? 0 : handle_close(reader);

	s->db = NULL;
	if (status == 0)
		status = session_open(s, true, workers);
	if (status != 0)
		s->db = held ? reader : NULL;
	else
		s->held = held ? reader : NULL;
	return status;
}

int
session_writer(struct session *s, bool workers, lsm_db **db)
{
	int status = s->writes ? 0 : writer_open(s, workers);

	*db = s->db;
	return status;
}

int
session_close(struct session *s)
{
	int status = session_snapshot_end(s);

	status = cli_worst(status, session_iter_end(s));
	status = cli_worst(status, handle_close(s->db));
	s->db = NULL;
	s->writes = false;
	return status;
}

struct record_style
session_style(const struct settings *set, lsm_db *db)
{
	struct record_style style = set->style;
	uint8_t id[16];

	lsm_id(db, id);
	memcpy(&style.redact_seed, id, sizeof style.redact_seed);
	return style;
}

int
session_write_flags(const struct settings *set, unsigned *flags)
{
	*flags = set->sync == SYNC_OFF ? LSM_NO_SYNC : LSM_SYNC;
	if (set->sync == SYNC_BATCH || set->sync == SYNC_END)
		return cli_fail(EXIT_USAGE, "--sync=%s is for load",
		    set->sync == SYNC_BATCH ? "batch" : "end");
	return 0;
}

static int
operand_decode(enum key_format format, struct word *operand, struct key *key,
    const char *what)
{
	char room[CLI_KEY_ROOM];
	const char *reason = key_decode(format, operand, key->room);

	/* The decoder has been there: the operand is shown as far as it is. */
	if (reason != NULL)
		return cli_fail(EXIT_USAGE, "%s \"%s\": %s", what,
		    cli_key(operand->text, operand->size, room), reason);
	key->bytes = lsm_bytes(operand->text, operand->size);
	return 0;
}

int
session_key(const struct settings *set, struct word *operand, struct key *key)
{
	return operand_decode(set->style.keys, operand, key, "key");
}

int
session_value(const struct settings *set, struct word *operand,
    struct key *value)
{
	return operand_decode(set->style.values, operand, value, "value");
}
