/*
 * cli_upkeep.c - flush, sync, compact and checkpoint: move or copy what is
 * stored, change no record.
 */
#include <inttypes.h>

#include "cli.h"
#include "cli_command.h"
#include "progress.h"
#include "signals.h"

int
command_flush(struct request *r)
{
	lsm_db *db;
	int rc, status = session_writer(r->session, false, &db);

	if (status != 0)
		return status;
	rc = lsm_flush(db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

int
command_sync(struct request *r)
{
	lsm_db *db;
	int rc, status = session_writer(r->session, false, &db);

	if (status != 0)
		return status;
	rc = lsm_sync(db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

struct upkeep {
	struct progress progress;
	const char *command, *done;
};

/* Called by the library; a return other than 0 stops it. */
static int
upkeep_progress(void *arg, uint64_t done, uint64_t all)
{
	struct upkeep *u = arg;

	if (progress_due(&u->progress))
		progress_print(&u->progress, "lsm-cli: %s: %" PRIu64 " of %"
		    PRIu64 " MB %s", u->command, done / 1000000,
		    all / 1000000, u->done);
	return signals_pending() != 0;
}

int
command_compact(struct request *r)
{
	struct upkeep u = { .command = "compact", .done = "read" };
	lsm_db *db;
	int rc, status = session_writer(r->session, true, &db);

	if (status != 0)
		return status;
	progress_start(&u.progress, r->settings->progress, r->settings->quiet);
	rc = lsm_compact(db, upkeep_progress, &u);
	progress_end(&u.progress);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

int
command_checkpoint(struct request *r)
{
	struct upkeep u = { .command = "checkpoint", .done = "taken" };
	const struct word *to = &r->operands[0];
	lsm_db *db;
	int rc, status;

	if (to->size == 0 || !word_is_text(*to))
		return cli_fail(EXIT_USAGE, "checkpoint: wants the name of a "
		    "directory");
	if ((status = session_reader(r->session, &db)) != 0)
		return status;
	progress_start(&u.progress, r->settings->progress, r->settings->quiet);
	rc = r->settings->verify ?
	    lsm_checkpoint_verify(db, to->text, upkeep_progress, &u) :
	    lsm_checkpoint(db, to->text, upkeep_progress, &u);
	progress_end(&u.progress);
	if (rc == LSM_OK && r->settings->verbose)
		cli_note("checkpoint: done");
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}
