/*
 * cli_session.c - one directory, its handle, and the way lsm-cli opens it.
 */
#include "cli_session.h"

#include <stddef.h>

#include "cli.h"
#include "progress.h"
#include "signals.h"

/* A wait for the lock is cut into such slices to look at signals. */
enum { WAIT_SLICE_US = 100000 };

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
	if (set->codec != LSM_CODEC_DEFAULT)
		o->codec = set->codec;
	if (set->memtable_size != 0)
		o->memtable_size = (size_t)set->memtable_size;
}

/* The threads of the library must not take the signals, see signals.h. */
static int
open_once(const char *directory, const lsm_options *o, lsm_db **db)
{
	int rc;

	signals_hold();
	rc = lsm_open(directory, o, db);
	signals_let();
	return rc;
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
		rc = open_once(s->directory, o, &s->db);
	} while (rc == LSM_LOCKED && waited < wait && signals_pending() == 0);
	return rc;
}

static int
session_open(struct session *s, bool writes, bool workers)
{
	lsm_options o;
	int rc;

	options_fill(s, writes, workers, &o);
	rc = writes ? open_patiently(s, &o) :
	    open_once(s->directory, &o, &s->db);
	if (rc == LSM_LOCKED && signals_pending() != 0)
		return EXIT_RETRY;
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	s->writes = writes;
	return 0;
}

int
session_reader(struct session *s, lsm_db **db)
{
	int status = s->db != NULL ? 0 : session_open(s, false, false);

	*db = s->db;
	return status;
}

int
session_writer(struct session *s, bool workers, lsm_db **db)
{
	int status = 0;

	*db = NULL;
	if (!s->writes) {
		if (s->snapshot != NULL)
			return cli_fail(EXIT_RETRY, "a snapshot is held: "
			    ".release it before the first write");
		if ((status = session_close(s)) == 0)
			status = session_open(s, true, workers);
	}
	*db = s->db;
	return status;
}

int
session_close(struct session *s)
{
	int rc;

	lsm_snapshot_free(s->snapshot);
	s->snapshot = NULL;
	rc = s->db == NULL ? LSM_OK : lsm_close(s->db);
	s->db = NULL;
	s->writes = false;
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
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
