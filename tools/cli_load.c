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
 * import is a load that demands the mark of the end. batch reads operations,
 * and the input says where a batch ends.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_condition.h"
#include "key_marks.h"
#include "progress.h"
#include "rate.h"
#include "record.h"

/* A batch is committed at this size even if it has few records. */
enum { BATCH_BYTES_MAX = 4 << 20 };

struct kept_key {
	size_t size;
	char bytes[LSM_KEY_MAX];
};

struct load {
	const struct settings *settings;
	lsm_db *db;
	lsm_batch *batch;
	lsm_ingest *ingest;	/* with --sorted, instead of the batch */
	unsigned flags;
	bool groups;		/* the input says where a batch ends */
	struct condition condition;
	lsm_batch *question;	/* to ask it */
	struct key_marks batched_keys;
	bool asks;		/* the batch has conditions */
	struct record_reader reader;
	struct progress progress;
	struct rate rate;
	uint64_t paced;		/* bytes read that the rate knows of */
	struct kept_key batched; /* of the record put into the batch last */
	struct kept_key last;	/* of the record committed last */
	uint64_t committed;	/* records */
	uint64_t bad;		/* records passed over */
	uint64_t unmet;		/* likewise, for their condition */
	bool refused;		/* a condition was not met */
	bool broken;		/* a commit failed: no more of them */
};

static void
keep_key(struct load *l, const struct record *r)
{
	memcpy(l->batched.bytes, r->key.data, r->key.size);
	l->batched.size = r->key.size;
}

static int
operation_apply(struct load *l, const struct record *r)
{
	int rc;

	if (r->kind == RECORD_DELRANGE)
		rc = lsm_batch_delete_range(l->batch, r->key, r->value);
	else if (r->kind == RECORD_DELETE)
		rc = lsm_batch_delete(l->batch, r->key);
	else
		rc = lsm_batch_put(l->batch, r->key, r->value);
	if (rc == LSM_TOO_LARGE)
		return cli_fail(EXIT_DATA, "%s: record %" PRIu64 ": %s",
		    l->reader.in.name, l->reader.count, lsm_message());
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	keep_key(l, r);
	return 0;
}

/* ", N %, N s left", where the input's size is known. */
static const char *
left_text(const struct input *in, uint64_t us, char *room, size_t size)
{
	double done = (double)in->bytes / (double)in->total;

	*room = '\0';
	if (in->total >= in->bytes && in->bytes > 0)
		snprintf(room, size, ", %.0f %%, %.0f s left", 100 * done,
		    (1 - done) / done * (double)us / 1e6);
	return room;
}

static void
show_progress(struct load *l)
{
	const struct input *in = &l->reader.in;
	uint64_t us = progress_elapsed_us(&l->progress) + 1;
	uint64_t n = l->ingest ? lsm_ingest_count(l->ingest) : l->committed;
	uint64_t rate = (uint64_t)((double)n * 1e6 / (double)us);
	char left[48];

	if (l->settings->progress_json)
		progress_print(&l->progress, "{\"records\":%" PRIu64
		    ",\"bytes_read\":%" PRIu64 ",\"bytes_total\":%" PRIu64
		    ",\"elapsed_us\":%" PRIu64 "}", n, in->bytes, in->total,
		    us);
	else
		progress_print(&l->progress, "lsm-cli: load: %" PRIu64
		    " records %s, %" PRIu64 " MB read, %" PRIu64
		    " records/s%s", n, n > l->committed ? "taken" : "committed",
		    in->bytes / 1000000, rate,
		    left_text(in, us, left, sizeof left));
}

static void
pace(struct load *l)
{
	rate_add(&l->rate, l->reader.in.bytes - l->paced);
	l->paced = l->reader.in.bytes;
	if (progress_due(&l->progress))
		show_progress(l);
}

/* The batch was written, or refused, and the next one begins. */
static void
batch_end(struct load *l, bool written)
{
	size_t count = lsm_batch_count(l->batch);

	if (!written) {
		l->refused = true;
		l->unmet += count;
	} else if (count > 0) {
		l->committed += count;
		memcpy(l->last.bytes, l->batched.bytes, l->batched.size);
		l->last.size = l->batched.size;
	}
	lsm_batch_clear(l->batch);
	key_marks_clear(&l->batched_keys);
	l->asks = false;
	pace(l);
}

static int
ingest_commit(struct load *l)
{
	int rc;

	if ((rc = lsm_ingest_commit(l->ingest)) != LSM_OK) {
		l->broken = true;
		return cli_fail_code(rc);
	}
	l->committed = lsm_ingest_count(l->ingest);
	l->last = l->batched;
	return 0;
}

static int
load_commit(struct load *l)
{
	int rc;

	if (l->ingest)
		return ingest_commit(l);
	if (lsm_batch_count(l->batch) == 0 && !l->asks)
		return 0;
	rc = lsm_write(l->db, l->batch, l->flags);
	if (rc != LSM_OK && rc != LSM_UNMET) {
		l->broken = true;
		return cli_fail_code(rc);
	}
	if (rc == LSM_UNMET && l->settings->verbose)
		cli_note("%s: line %" PRIu64 ": %s", l->reader.in.name,
		    l->reader.in.line, lsm_message());
	batch_end(l, rc == LSM_OK);
	return 0;
}

/* All that is written is written at the ends of what the input, or the user,
 * holds together: then conditions belong to the batch. */
static bool
load_whole(const struct load *l)
{
	return l->groups || l->settings->atomic || l->ingest;
}

/* Does the condition hold for a record by itself? Records before it count,
 * so those of its key are committed first. */
static int
record_asked(struct load *l, const struct record *r, bool *wanted)
{
	int status = 0;

	if (key_marks_add(&l->batched_keys, r->key)) {
		status = load_commit(l);
		(void)key_marks_add(&l->batched_keys, r->key);
	}
	if (status == 0)
		status = condition_ask(&l->condition, l->db, l->question,
		    r->key, wanted);
	if (status == 0 && !*wanted) {
		l->unmet++;
		l->refused = true;
	}
	return status;
}

/* A line of ops that is a condition. */
static int
record_demand(struct load *l, const struct record *r)
{
	struct condition c = { .kind = r->kind == RECORD_IF_ABSENT ?
	    IF_ABSENT : r->kind == RECORD_IF_PRESENT ? IF_PRESENT :
	    IF_EQUALS };

	c.value.bytes = r->value;
	l->asks = true;
	return condition_add(&c, l->batch, r->key);
}

static int
record_ingest(struct load *l, const struct record *r)
{
	int rc = lsm_ingest_add(l->ingest, r->key, r->value), status;

	if (l->paced != l->reader.in.bytes)
		pace(l);
	if (rc == LSM_OK) {
		keep_key(l, r);
		return 0;
	}
	if (rc != LSM_INVALID && rc != LSM_TOO_LARGE)
		return cli_fail_code(rc);
	status = record_refuse(&l->reader, rc == LSM_INVALID ?
	    "not sorted: the key is not above the one before" :
	    lsm_message());
	if (l->bad == l->settings->bad_max)
		return status;
	l->bad++;
	return 0;
}

static int
record_apply(struct load *l, const struct record *r)
{
	bool wanted = true;
	int status = 0;

	if (l->ingest)
		return record_ingest(l, r);
	if (r->kind >= RECORD_IF_ABSENT)
		return record_demand(l, r);
	if (r->kind == RECORD_DELRANGE && l->condition.kind != IF_NOTHING)
		return cli_fail(EXIT_USAGE, "conditions are of keys, not of a "
		    "range");
	if (l->condition.kind != IF_NOTHING && load_whole(l)) {
		l->asks = true;
		status = condition_add(&l->condition, l->batch, r->key);
	} else if (l->condition.kind != IF_NOTHING) {
		status = record_asked(l, r, &wanted);
	}
	return status == 0 && wanted ? operation_apply(l, r) : status;
}

static bool
batch_full(const struct load *l, const struct record *r)
{
	if (l->settings->atomic || l->ingest)
		return false;
	if (l->groups)
		return r->kind == RECORD_COMMIT;
	return lsm_batch_count(l->batch) >= l->settings->batch_size ||
	    lsm_batch_size(l->batch) >= BATCH_BYTES_MAX;
}

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
			status = record_apply(l, &r);
		if (status == 0 && more && batch_full(l, &r))
			status = load_commit(l);
	}
	return status;
}

/* What was read before the input ended, well or badly, is committed, except
 * a group that did not end. */
static int
load_rest(struct load *l, bool failed)
{
	bool drop = l->broken || (failed && load_whole(l));
	int rc, status = drop ? 0 : load_commit(l);

	if (status != 0 || l->broken || l->settings->sync != SYNC_END)
		return status;
	rc = lsm_sync(l->db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static const char *
load_noun(const struct load *l)
{
	return l->groups ? "operations" : "records";
}

/* After a failure the user must know where to go on. */
static void
say_committed(const struct load *l)
{
	const char *what = load_noun(l);
	char room[CLI_KEY_ROOM];

	if (l->bad > 0)
		cli_note("%s: records skipped: %" PRIu64, l->reader.in.name,
		    l->bad);
	if (l->committed == 0)
		cli_note("%s: %s committed: 0", l->reader.in.name, what);
	else
		cli_note("%s: %s committed: %" PRIu64 ", last key: %s",
		    l->reader.in.name, what, l->committed,
		    cli_key(l->last.bytes, l->last.size, room));
}

static void
load_start(struct load *l)
{
	const struct settings *set = l->settings;

	rate_start(&l->rate, set->rate);
	progress_start(&l->progress, set->progress, set->quiet);
	if (set->progress_us != 0)
		progress_every(&l->progress, set->progress_us);
	else if (set->progress_json)
		progress_every(&l->progress, l->progress.period_us);
}

static int
load_all(struct load *l)
{
	int status;

	load_start(l);
	status = load_lines(l);
	status = cli_worst(status, load_rest(l, status != 0));
	show_progress(l);
	progress_end(&l->progress);
	if (status == 0 && l->bad > 0)
		status = EXIT_DATA;
	if (l->refused && !l->settings->quiet)
		cli_note("%s: %s skipped, a condition was not met: %" PRIu64,
		    l->reader.in.name, load_noun(l), l->unmet);
	if (status != 0)
		say_committed(l);
	else if (l->settings->verbose)
		cli_note("%s: %s committed: %" PRIu64, l->reader.in.name,
		    load_noun(l), l->committed);
	return cli_worst(status, l->refused ? EXIT_NO : 0);
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
		return cli_fail(EXIT_USAGE, "stdin holds the script: load "
		    "needs FILE");
	if (strlen(*path) != (r->count == 0 ? 1 : r->operands[0].size))
		return cli_fail(EXIT_USAGE, "a name of a file has no NUL");
	return 0;
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
	    (status = session_writer(r->session, true, &l.db)) != 0)
		goto done;
	if ((rc = lsm_batch_new(&l.batch)) != LSM_OK ||
	    (rc = lsm_batch_new(&l.question)) != LSM_OK ||
	    (r->settings->sorted &&
	    (rc = lsm_ingest_new(l.db, &l.ingest)) != LSM_OK))
		status = cli_fail_code(rc);
	else
		status = load_all(&l);
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

	style.framed = true;
	return load_run(r, &style, false);
}

int
command_batch(struct request *r)
{
	struct record_style style = r->settings->style;

	style.operations = style.format == FORMAT_JSON;
	if (style.format == FORMAT_DEFAULT)
		style.format = FORMAT_OPS;
	return load_run(r, &style, true);
}
