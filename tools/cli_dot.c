/*
 * cli_dot.c - the words of scripts and of the prompt that begin with a dot: a
 * snapshot, a batch and an iterator that live from line to line.
 *
 * What an open batch takes is not read before its .commit. An iterator shows
 * the moment of the .seek, .first or .last that placed it.
 */
#include "cli_dot.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_condition.h"
#include "number.h"
#include "out.h"
#include "record.h"
#include "signals.h"

struct dot {
	const char *name, *operands, *help;
	size_t least, most;		/* operands */
	int (*run)(struct session *, struct word *operands, size_t count);
};

static int
snapshot_take(struct session *s, struct word *operands, size_t count)
{
	lsm_snapshot *taken;
	int rc, status = session_snapshot_end(s);
	lsm_db *db;

	(void)operands;
	(void)count;
	if (status != 0 || (status = session_reader(s, &db)) != 0)
		return status;
	if ((rc = lsm_snapshot_new(db, &taken)) != LSM_OK)
		return cli_fail_code(rc);
	s->snapshot = taken;
	s->snapshot_db = db;
	return 0;
}

static int
snapshot_release(struct session *s, struct word *operands, size_t count)
{
	(void)operands;
	(void)count;
	return session_snapshot_end(s);
}

static int
timing_set(struct session *s, struct word *operands, size_t count)
{
	(void)count;
	s->timing = strcmp(operands[0].text, "on") == 0;
	if (!s->timing && strcmp(operands[0].text, "off") != 0)
		return cli_fail(EXIT_USAGE, "usage: .timing on|off");
	return 0;
}

static int
batch_begin(struct session *s, struct word *operands, size_t count)
{
	int rc;

	(void)operands;
	(void)count;
	if (s->batch != NULL)
		return cli_fail(EXIT_USAGE, "a batch is open: .commit or "
		    ".rollback it first");
	rc = lsm_batch_new(&s->batch);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static int
batch_none(void)
{
	return cli_fail(EXIT_USAGE, "no batch is open: .begin one first");
}

/* Whatever comes of it, the batch is over. */
static int
batch_commit(struct session *s, struct word *operands, size_t count)
{
	struct settings set = *s->opening;
	struct request r = { .session = s, .settings = &set };
	unsigned flags;
	lsm_db *db;
	int status;

	(void)operands;
	(void)count;
	if (s->batch == NULL)
		return batch_none();
	if ((status = session_write_flags(&set, &flags)) == 0 &&
	    (status = session_writer(s, false, &db)) == 0)
		status = condition_write(&r, db, s->batch, flags);
	lsm_batch_free(s->batch);
	s->batch = NULL;
	return status;
}

static int
batch_rollback(struct session *s, struct word *operands, size_t count)
{
	(void)operands;
	(void)count;
	if (s->batch == NULL)
		return batch_none();
	lsm_batch_free(s->batch);
	s->batch = NULL;
	return 0;
}

static int
iter_nowhere(const struct session *s)
{
	if (!s->opening->quiet)
		cli_note("%s: no record there", s->directory);
	return EXIT_NO;
}

/* The record where the iterator stands. */
static int
iter_show(struct session *s, int rc)
{
	struct record_writer w;
	lsm_slice key, value;
	int status;

	if (rc != LSM_OK)
		return cli_fail_code(rc);
	if (!lsm_iter_valid(s->iter))
		return iter_nowhere(s);
	key = lsm_iter_key(s->iter);
	value = lsm_iter_value(s->iter);
	status = record_begin(&w, &s->opening->style, true, true);
	return status != 0 ? status : record_write(&w, &key, &value);
}

static int
iter_renew(struct session *s)
{
	int rc, status = session_iter_end(s);
	lsm_db *db;

	if (status != 0 || (status = session_reader(s, &db)) != 0)
		return status;
	if ((rc = lsm_iter_new(db, s->snapshot, NULL, &s->iter)) != LSM_OK)
		return cli_fail_code(rc);
	s->iter_db = db;
	return 0;
}

static int
iter_first(struct session *s, struct word *operands, size_t count)
{
	int status = iter_renew(s);

	(void)operands;
	(void)count;
	return status != 0 ? status : iter_show(s, lsm_iter_first(s->iter));
}

static int
iter_last(struct session *s, struct word *operands, size_t count)
{
	int status = iter_renew(s);

	(void)operands;
	(void)count;
	return status != 0 ? status : iter_show(s, lsm_iter_last(s->iter));
}

static int
iter_seek(struct session *s, struct word *operands, size_t count)
{
	struct key key;
	int status = session_key(s->opening, &operands[0], &key);

	(void)count;
	if (status == 0)
		status = iter_renew(s);
	return status != 0 ? status :
	    iter_show(s, lsm_iter_seek(s->iter, key.bytes));
}

static int
iter_step(struct session *s, struct word *operands, size_t count,
    int (*step)(lsm_iter *))
{
	uint64_t n = 1;
	int status = 0;

	if (count > 0 && !number_count(operands[0].text, UINT32_MAX, &n))
		return cli_fail(EXIT_USAGE, "\"%s\" is not a number of steps "
		    "up to %" PRIu32, operands[0].text, UINT32_MAX);
	if (s->iter == NULL || !lsm_iter_valid(s->iter))
		return cli_fail(EXIT_USAGE, "the iterator stands nowhere: "
		    ".seek, .first or .last places it");
	for (; status == 0 && n > 0 && out_ok() && signals_pending() == 0; n--)
		status = iter_show(s, step(s->iter));
	return status;
}

static int
iter_next(struct session *s, struct word *operands, size_t count)
{
	return iter_step(s, operands, count, lsm_iter_next);
}

static int
iter_prev(struct session *s, struct word *operands, size_t count)
{
	return iter_step(s, operands, count, lsm_iter_prev);
}

static int dots_print(struct session *, struct word *, size_t);

static const struct dot dots[] = {
	{ ".begin", "", "put and delete into a batch", 0, 0, batch_begin },
	{ ".commit", "", "write the batch, all or none", 0, 0, batch_commit },
	{ ".first", "", "print the first record, and stand there", 0, 0,
	    iter_first },
	{ ".help", " [WORD]", "print this, or what WORD does", 0, 1,
	    dots_print },
	{ ".last", "", "print the last record, and stand there", 0, 0,
	    iter_last },
	{ ".next", " [N]", "step to the next records", 0, 1, iter_next },
	{ ".prev", " [N]", "step to the records before", 0, 1, iter_prev },
	{ ".read", " FILE", "run the lines of FILE", 1, 1, NULL },
	{ ".release", "", "read what is there by then again", 0, 0,
	    snapshot_release },
	{ ".rollback", "", "forget the batch", 0, 0, batch_rollback },
	{ ".seek", " KEY", "print the first record from KEY on, stand there",
	    1, 1, iter_seek },
	{ ".snapshot", "", "read what is there now, until .release", 0, 0,
	    snapshot_take },
	{ ".timing", " on|off", "say how long each command took", 1, 1,
	    timing_set },
};
enum { DOTS = sizeof dots / sizeof *dots };

void
dot_help(void)
{
	size_t i;

	for (i = 0; i < DOTS; i++)
		out_format("%s%-*s %s\n", dots[i].name,
		    15 - (int)strlen(dots[i].name), dots[i].operands,
		    dots[i].help);
}

static int
dots_print(struct session *s, struct word *operands, size_t count)
{
	(void)s;
	if (count > 0)
		return dot_help_one(operands[0]);
	dot_help();
	return 0;
}

const char *
dot_name(size_t i)
{
	return i < DOTS ? dots[i].name : NULL;
}

static const struct dot *
dot_find(struct word w)
{
	size_t i;

	for (i = 0; i < DOTS; i++)
		if (word_is(w, dots[i].name))
			return &dots[i];
	return NULL;
}

bool
dot_takes(const struct words *words)
{
	const struct dot *d = dot_find(words->at[0]);

	return d != NULL && words->count - 1 <= d->most;
}

static int
dot_unknown(struct word w)
{
	char room[CLI_KEY_ROOM];

	return cli_fail(EXIT_USAGE, "\"%s\": try .help",
	    cli_key(w.text, w.size, room));
}

int
dot_run(struct session *s, struct words *words)
{
	const struct dot *d = dot_find(words->at[0]);
	size_t count = words->count - 1;

	if (d == NULL)
		return dot_unknown(words->at[0]);
	if (count < d->least || count > d->most)
		return cli_fail(EXIT_USAGE, "usage: %s%s", d->name,
		    d->operands);
	return d->run(s, words->at + 1, count);
}

int
dot_help_one(struct word name)
{
	const struct dot *d = dot_find(name);

	if (d == NULL)
		return dot_unknown(name);
	out_format("usage: %s%s\n%s\n", d->name, d->operands, d->help);
	return 0;
}
