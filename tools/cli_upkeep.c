/*
 * cli_upkeep.c - flush and compact: move what is stored, change no record.
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

/* Called by the library; a return other than 0 stops the merge. */
static int
compact_progress(void *arg, uint64_t done, uint64_t all)
{
	struct progress *p = arg;

	if (progress_due(p))
		progress_print(p, "lsm-cli: compact: %" PRIu64 " of %" PRIu64
		    " MB read", done / 1000000, all / 1000000);
	return signals_pending() != 0;
}

int
command_compact(struct request *r)
{
	struct progress p;
	lsm_db *db;
	int rc, status = session_writer(r->session, true, &db);

	if (status != 0)
		return status;
	progress_start(&p, r->settings->progress, r->settings->quiet);
	rc = lsm_compact(db, compact_progress, &p);
	progress_end(&p);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}
