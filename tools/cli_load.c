/*
 * cli_load.c - load: put the records of a tsv file.
 *
 *   line := key TAB value LF      escaped as scan prints them
 *
 * Bytes other than TAB, LF and the backslash may stand for themselves; the
 * last LF may be missing. Records are committed in batches, in their order.
 * A line that is no record ends the load: what was before it is committed,
 * and a message says how many records that are. Nothing is skipped.
 */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "escape.h"
#include "input.h"
#include "progress.h"

/* A batch is committed at this size even if it has few records. */
enum { BATCH_BYTES_MAX = 4 << 20 };
#define TEXT_MAX(bytes) ((uint64_t)(bytes) * ESCAPE_MAX)

struct key {
	size_t size;
	char bytes[LSM_KEY_MAX];
};

struct load {
	const struct settings *settings;
	lsm_db *db;
	lsm_batch *batch;
	unsigned flags;
	struct input in;
	struct progress progress;
	struct key key;		/* of the line read last */
	struct key batched;	/* of the record put into the batch last */
	struct key last;	/* of the record committed last */
	uint64_t committed;	/* records */
	bool broken;		/* a commit failed: no more of them */
};

static void
key_copy(struct key *to, const char *bytes, size_t size)
{
	memcpy(to->bytes, bytes, size);
	to->size = size;
}

static int
bad_line(const struct load *l, const char *what, const char *reason)
{
	int status;

	cli_place(l->in.name, l->in.line);
	status = cli_fail(EXIT_DATA, "%s%s", what, reason);
	cli_place(NULL, 0);
	return status;
}

/* Read the key of the next line; *more is false when there is none. */
static int
read_key(struct load *l, bool *more)
{
	struct word w;
	const char *reason;
	int stopped, status;

	*more = false;
	status = input_field(&l->in, '\t', TEXT_MAX(LSM_KEY_MAX), &w,
	    &stopped);
	if (status != 0 || (w.size == 0 && stopped == INPUT_END))
		return status;
	if (stopped != '\t')
		return bad_line(l, "", "no TAB between key and value");
	reason = settings_key(l->settings->keys == KEYS_DEFAULT ?
	    KEYS_ESCAPED : l->settings->keys, &w);
	if (reason != NULL)
		return bad_line(l, "key: ", reason);
	if (w.size > LSM_KEY_MAX)
		return bad_line(l, "key: ", "too long");
	/* Reading the value moves the buffer that the key is in. */
	key_copy(&l->key, w.text, w.size);
	*more = true;
	return 0;
}

static int
read_value(struct load *l, struct word *value)
{
	const char *reason;
	int stopped, status;

	status = input_field(&l->in, '\n', TEXT_MAX(LSM_VALUE_MAX), value,
	    &stopped);
	if (status != 0)
		return status;
	if (memchr(value->text, '\t', value->size) != NULL)
		return bad_line(l, "value: ", "a second TAB; \\t is its text");
	if ((reason = escape_decode(value->text, &value->size)) != NULL)
		return bad_line(l, "value: ", reason);
	return 0;
}

static int
load_record(struct load *l, bool *more)
{
	struct word value;
	int rc, status = read_key(l, more);

	if (status != 0 || !*more)
		return status;
	if ((status = read_value(l, &value)) != 0)
		return status;
	rc = lsm_batch_put(l->batch, lsm_bytes(l->key.bytes, l->key.size),
	    lsm_bytes(value.text, value.size));
	if (rc == LSM_TOO_LARGE)
		return bad_line(l, "", lsm_message());
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	key_copy(&l->batched, l->key.bytes, l->key.size);
	return 0;
}

static void
show_progress(struct load *l)
{
	uint64_t us = progress_elapsed_us(&l->progress) + 1;

	progress_print(&l->progress, "lsm-cli: load: %" PRIu64 " records "
	    "committed, %" PRIu64 " MB read, %" PRIu64 " records/s",
	    l->committed, l->in.bytes / 1000000,
	    (uint64_t)((double)l->committed * 1e6 / (double)us));
}

static int
load_commit(struct load *l)
{
	int rc;

	if (lsm_batch_count(l->batch) == 0)
		return 0;
	if ((rc = lsm_write(l->db, l->batch, l->flags)) != LSM_OK) {
		l->broken = true;
		return cli_fail_code(rc);
	}
	l->committed += lsm_batch_count(l->batch);
	key_copy(&l->last, l->batched.bytes, l->batched.size);
	lsm_batch_clear(l->batch);
	if (progress_due(&l->progress))
		show_progress(l);
	return 0;
}

static bool
batch_full(const struct load *l)
{
	return lsm_batch_count(l->batch) >= l->settings->batch_size ||
	    lsm_batch_size(l->batch) >= BATCH_BYTES_MAX;
}

static int
load_lines(struct load *l)
{
	bool more = true;
	int status = 0;

	while (status == 0 && more) {
		status = load_record(l, &more);
		if (status == 0 && batch_full(l))
			status = load_commit(l);
	}
	return status;
}

/* What was read before the input ended, well or badly, is committed. */
static int
load_rest(struct load *l)
{
	int rc, status = l->broken ? 0 : load_commit(l);

	if (status != 0 || l->broken || l->settings->sync != SYNC_END)
		return status;
	rc = lsm_sync(l->db);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

/* After a failure the user must know where to go on. */
static void
say_committed(const struct load *l)
{
	char room[CLI_KEY_ROOM];

	if (l->committed == 0)
		cli_note("%s: records committed: 0", l->in.name);
	else
		cli_note("%s: records committed: %" PRIu64 ", last key: %s",
		    l->in.name, l->committed,
		    cli_key(l->last.bytes, l->last.size, room));
}

static int
load_all(struct load *l)
{
	int status;

	progress_start(&l->progress, l->settings->progress,
	    l->settings->quiet);
	status = load_lines(l);
	status = cli_worst(status, load_rest(l));
	show_progress(l);
	progress_end(&l->progress);
	if (status != 0)
		say_committed(l);
	else if (l->settings->verbose)
		cli_note("%s: records committed: %" PRIu64, l->in.name,
		    l->committed);
	return status;
}

static unsigned
load_flags(enum sync_mode mode)
{
	return mode == SYNC_END || mode == SYNC_OFF ? LSM_NO_SYNC : LSM_SYNC;
}

int
command_load(struct request *r)
{
	struct load l = { .settings = r->settings, .in = { .fd = -1 },
		.flags = load_flags(r->settings->sync) };
	const char *path = r->count == 0 ? "-" : r->operands[0].text;
	int rc, status;

	if (strcmp(path, "-") == 0 && r->session->script)
		return cli_fail(EXIT_USAGE, "stdin holds the script: load "
		    "needs FILE");
	if (strlen(path) != (r->count == 0 ? 1 : r->operands[0].size))
		return cli_fail(EXIT_USAGE, "a name of a file has no NUL");
	/* A file that cannot be read creates no database. */
	if ((status = input_open(&l.in, path)) != 0 ||
	    (status = session_writer(r->session, true, &l.db)) != 0)
		goto done;
	if ((rc = lsm_batch_new(&l.batch)) != LSM_OK)
		status = cli_fail_code(rc);
	else
		status = load_all(&l);
done:
	lsm_batch_free(l.batch);
	input_close(&l.in);
	return status;
}
