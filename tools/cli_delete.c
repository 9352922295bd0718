/*
 * cli_delete.c - delete: keys, or all keys of a range.
 *
 * A range is one write: all of its keys or none go. Somebody is asked before,
 * as one letter may be all that is between a record and a database; only then
 * the keys are counted.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_condition.h"
#include "cli_confirm.h"
#include "cli_keys.h"
#include "cli_range.h"
#include "cli_scan.h"

struct delete {
	lsm_batch *batch;	/* NULL: nothing is to go */
	struct condition condition;
	unsigned flags;
};

struct range_delete {
	struct report report;	/* first: a report is one of these */
	bool show;
	uint64_t count;
};

static int
delete_one(void *arg, lsm_slice key)
{
	struct delete *d = arg;
	int rc = lsm_batch_delete(d->batch, key);

	return rc == LSM_OK ? condition_add(&d->condition, d->batch, key) :
	    cli_fail_code(rc);
}

/* The keys into the batch that is open, or into one of their own. */
static int
delete_keys(struct request *r, struct delete *d)
{
	bool open = r->session->batch != NULL;
	lsm_db *db;
	int status = keys_each(r, delete_one, NULL, d);

	if (status != 0 && open)
		session_batch_drop(r->session);
	if (status != 0 || open)
		return status;
	if ((status = session_writer(r->session, false, &db)) != 0)
		return status;
	return condition_write(r, db, d->batch, d->flags);
}

static int
range_check(const struct request *r, const struct delete *d)
{
	const struct settings *set = r->settings;

	if (set->key_file.text != NULL || set->keys_from.text != NULL)
		return cli_fail(EXIT_USAGE, "keys and a range exclude each "
		    "other");
	if (d->condition.kind != IF_NOTHING)
		return cli_fail(EXIT_USAGE, "conditions are of keys, not of a "
		    "range");
	return 0;
}

/* Called with each record of the range. */
static int
range_one(struct report *report, lsm_slice key, lsm_slice value)
{
	struct range_delete *d = (struct range_delete *)(void *)report;

	(void)value;
	d->count++;
	return d->show ? record_write(&report->writer, &key, NULL) : 0;
}

/* Print the keys that would go. */
static int
range_show(struct request *r, struct range_delete *d, const lsm_range *range)
{
	lsm_db *db;
	int status = session_reader(r->session, &db);

	d->show = true;
	if (status == 0)
		status = record_begin(&d->report.writer, &r->settings->style,
		    true, false);
	if (status == 0)
		status = scan_range(r->settings, db, r->session->snapshot,
		    range, &d->report);
	if (status == 0)
		cli_note("%s: would delete: records: %" PRIu64,
		    r->session->directory, d->count);
	return status;
}

/* What is counted is what goes: the writer's handle sees no other's write. */
static int
range_ask(struct request *r, lsm_db *db, struct range_delete *d,
    const lsm_range *range, bool *yes)
{
	char question[80];
	int status;

	if ((*yes = r->settings->yes))
		return 0;
	status = scan_range(r->settings, db, NULL, range, &d->report);
	if (status != 0 || (*yes = d->count == 0))
		return status;
	snprintf(question, sizeof question, "delete: records: %" PRIu64 "?",
	    d->count);
	return confirm(question, "yes", yes);
}

static int
range_run(struct request *r, struct range_delete *d, struct delete *delete,
    const lsm_range *range)
{
	lsm_db *db;
	bool yes;
	int rc, status = session_writer(r->session, false, &db);

	if (status == 0)
		status = range_ask(r, db, d, range, &yes);
	if (status != 0)
		return status;
	if (!yes)
		return EXIT_NO;
	rc = lsm_batch_delete_range(delete->batch, range->from, range->to);
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	return r->session->batch != NULL ? 0 :
	    condition_write(r, db, delete->batch, delete->flags);
}

/* Operands and options give the range. */
static int
delete_range(struct request *r, struct delete *delete)
{
	struct report report = { .each = range_one, .settings = r->settings };
	struct range_delete d = { .report = report };
	struct range_room room = { .end = { 0 } };
	lsm_range range;
	int status = range_check(r, delete);

	if (status == 0)
		status = range_read(r, &room, &range);
	if (status == 0)
		status = r->settings->dry_run ? range_show(r, &d, &range) :
		    range_run(r, &d, delete, &range);
	range_release(&room);
	return status;
}

static bool
range_wanted(const struct settings *set)
{
	return set->from.text != NULL || set->to.text != NULL ||
	    set->prefix.text != NULL;
}

static int
delete_what(struct request *r, struct delete *d)
{
	const struct settings *set = r->settings;
	int status;

	if (range_wanted(set) && r->count > 0)
		return cli_fail(EXIT_USAGE, "keys and a range exclude each "
		    "other");
	if (range_wanted(set))
		return delete_range(r, d);
	if (set->dry_run || set->yes)
		return cli_fail(EXIT_USAGE, "--dry-run and --yes are for a "
		    "range: --from, --to or --prefix");
	status = keys_check(r);
	return status != 0 ? status : delete_keys(r, d);
}

static int
delrange_what(struct request *r, struct delete *d)
{
	if (r->count == 0 && !range_wanted(r->settings))
		return cli_fail(EXIT_USAGE, "an operand is missing; usage: "
		    "delrange FROM [TO]");
	return delete_range(r, d);
}

static int
delete_run(struct request *r,
    int (*what)(struct request *, struct delete *))
{
	bool own = r->session->batch == NULL && !r->settings->dry_run;
	struct delete d = { .batch = r->session->batch };
	int rc, status;

	if ((status = condition_read(r->settings, &d.condition)) != 0 ||
	    (status = session_write_flags(r->settings, &d.flags)) != 0)
		return status;
	if (own && (rc = lsm_batch_new(&d.batch)) != LSM_OK)
		return cli_fail_code(rc);
	status = what(r, &d);
	if (own)
		lsm_batch_free(d.batch);
	return status;
}

int
command_delete(struct request *r)
{
	return delete_run(r, delete_what);
}

int
command_delrange(struct request *r)
{
	return delete_run(r, delrange_what);
}

