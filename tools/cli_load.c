/*
 * cli_load.c - load, import and batch: put the records of a file.
 *
 * Records are committed in batches, in their order. What is no record ends the
 * load: what was before it is committed, and a message says how many records
 * that are. With --skip-bad such records are counted and named instead, and
 * with --atomic nothing is committed before everything was read.
 *
 * With --sorted the records go straight into tables (an ingestion), which is
 * one commit at the end, whatever their number; keys must ascend.
 *
 * With a condition a load passes over the records whose keys do not meet it, as
 * if it put one after the other; what is one commit is one question.
 *
 * import is a load that demands the mark of the end where the format has one;
 * of operations it takes the puts that export prints. batch reads operations,
 * and the input says where a batch ends.
 */
#include "cli_load.h"

#include <string.h>

#include "cli.h"
#include "cli_need.h"
#include "signals.h"

enum { SETTLE_BYTES = 16 << 20 };

/* A record that is none. Returns 0 when the load goes on behind it. */
static int
load_bad(struct load *l, int status)
{
	bool room = l->bad < l->settings->bad_max;

	if (status != EXIT_DATA || !room || !record_skip(&l->reader))
		return status;
	l->bad++;
	return 0;
}

static int
load_lines(struct load *l)
{
	struct record r;
	bool more = true;
	int status = 0;

	while (status == 0 && more) {
		status = record_next(&l->reader, &r, &more);
		if (status != 0) {
			status = load_bad(l, status);
			more = true;
			continue;
		}
		if (more && r.kind != RECORD_COMMIT)
			status = load_record(l, &r);
		if (status == 0 && more && load_full(l, &r))
			status = load_pass(l);
	}
	return status;
}

/* What was read before the input ended, well or badly, is committed, except
 * a group that did not end. */
static int
load_rest(struct load *l, bool failed)
{
	int rc, status = load_wait(l);

	if (status == 0 && !l->broken && !(failed && load_whole(l)))
		status = load_complete(l);
	if (status != 0 || l->broken || l->settings->sync != SYNC_END)
		return status;
	rc = lsm_sync(l->db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static int
load_all(struct load *l)
{
	int status;

	load_tell_start(l);
	status = load_lines(l);
	status = cli_worst(status, load_rest(l, status != 0));
	if (status == 0 && l->bad > 0)
		status = EXIT_DATA;
	load_tell_end(l, status);
	return cli_worst(status, l->refused ? EXIT_NO : 0);
}

/* Whoever reads later looks into each run that was left unmerged, process by
 * process. A small load fills no memtable. All is committed: what fails here is
 * tried again by another writer. */
static void
load_settle(struct load *l)
{
	int more = l->reader.in.bytes >= SETTLE_BYTES;

	while (more && signals_pending() == 0 &&
	    lsm_settle(l->db, &more) == LSM_OK)
		if (progress_due(&l->progress))
			load_tell_settle(l);
	progress_end(&l->progress);
}

static unsigned
load_flags(enum sync_mode mode)
{
	return mode == SYNC_END || mode == SYNC_OFF ? LSM_NO_SYNC : LSM_SYNC;
}

static int
sorted_check(const struct settings *set)
{
	if (set->sorted && set->style.dups == DUPS_LAST)
		return cli_fail(EXIT_USAGE, "--sorted can keep the first of "
		    "equal keys, not the last");
	if (set->sorted && (set->if_absent || set->if_present ||
	    set->if_equals.text != NULL))
		return cli_fail(EXIT_USAGE, "--sorted asks for no condition");
	return 0;
}

static int
path_check(const struct request *r, const char **path)
{
	*path = r->count == 0 ? "-" : r->operands[0].text;
	if (strcmp(*path, "-") == 0 && r->session->script)
		return cli_fail(EXIT_USAGE, "stdin holds the script: %s "
		    "needs FILE", r->name);
	if (r->count > 0 && !word_is_text(r->operands[0]))
		return cli_fail(EXIT_USAGE, "a name of a file has no NUL");
	return 0;
}

/* What a format of its own makes of an option is known once it is. */
static int
format_check(const struct load *l, uint32_t scope)
{
	struct settings found = *l->settings;

	found.style.format = l->reader.style.format;
	return needs_check(&found, scope, 0);
}

static int
load_run(struct request *r, const struct record_style *style, bool groups)
{
	static struct load l;
	const char *path;
	int rc, status = path_check(r, &path);

	if (status != 0)
		return status;
	l = (struct load){ .settings = r->settings, .groups = groups,
		.reader = { .in = { .fd = -1 } },
		.flags = load_flags(r->settings->sync) };
	/* A file that cannot be read creates no database. */
	if ((status = sorted_check(r->settings)) != 0 ||
	    (status = condition_read(r->settings, &l.condition)) != 0 ||
	    (status = record_open(&l.reader, style, path)) != 0 ||
	    (status = format_check(&l, r->scope)) != 0 ||
	    (status = session_writer(r->session, true, &l.db)) != 0)
		goto done;
	if ((rc = lsm_batch_new(&l.batch)) != LSM_OK ||
	    (rc = lsm_batch_new(&l.question)) != LSM_OK ||
	    (r->settings->sorted &&
	    (rc = lsm_ingest_new(l.db, &l.ingest)) != LSM_OK))
		status = cli_fail_code(rc);
	else
		status = load_all(&l);
	if (status == 0 && !r->session->script)
		load_settle(&l);
done:
	lsm_ingest_free(l.ingest);
	lsm_batch_free(l.batch);
	lsm_batch_free(l.question);
	record_close(&l.reader);
	return status;
}

int
command_load(struct request *r)
{
	return load_run(r, &r->settings->style, false);
}

int
command_import(struct request *r)
{
	struct record_style style = r->settings->style;

	style.framed |= style.format == FORMAT_DEFAULT ||
	    record_format_marked(style.format);
	return load_run(r, &style, false);
}

int
command_batch(struct request *r)
{
	struct record_style style = r->settings->style;

	style.operations = style.format != FORMAT_OPS;
	return load_run(r, &style, true);
}
