/*
 * cli_size.c - size: how much a range holds, counted or estimated.
 *
 * The bytes on disk are an estimate always: pages are shared by ranges, and
 * a table still holds what was overwritten.
 */
#include <inttypes.h>

#include "cli.h"
#include "cli_range.h"
#include "cli_scan.h"
#include "out.h"

static int
tally_each(struct report *r, lsm_slice key, lsm_slice value)
{
	tally_add(&r->all, key, value);
	return 0;
}

/* Replace what can be counted by its count. */
static int
size_count(struct request *r, lsm_db *db, const lsm_range *range,
    lsm_estimate *e)
{
	struct report report = { .each = tally_each,
		.settings = r->settings };
	int status = scan_range(r->settings, db, r->session->snapshot, range,
	    &report);

	e->records = report.all.records;
	e->bytes = report.all.key_bytes + report.all.value_bytes;
	return status;
}

static int
size_take(struct request *r, lsm_db *db, lsm_estimate *e)
{
	struct range_room room = { .end = { 0 } };
	lsm_range range;
	int rc, status = range_read(r, &room, &range);

	*e = (lsm_estimate){ 0 };
	if (status == 0 && !range_empty(&range)) {
		rc = lsm_range_estimate(db, &range, e);
		if (rc != LSM_OK)
			status = cli_fail_code(rc);
		else if (!r->settings->approx)
			status = size_count(r, db, &range, e);
	}
	range_release(&room);
	return status;
}

int
command_size(struct request *r)
{
	lsm_estimate e;
	lsm_db *db;
	int status = session_reader(r->session, &db);

	if (status == 0)
		status = size_take(r, db, &e);
	if (status == 0)
		out_format("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "%s\n",
		    e.records, e.bytes, e.disk_bytes,
		    r->settings->approx ? "\tapprox" : "");
	return status;
}
