/*
 * cli_load_tell.c - how far a load is, and how it ended.
 */
#include "cli_load.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli.h"

/* How long it will take yet, where the input's size is known. */
static bool
left_us(const struct input *in, uint64_t us, double *left)
{
	double done = (double)in->bytes / (double)in->total;

	if (in->total < in->bytes || in->bytes == 0)
		return false;
	*left = (1 - done) / done * (double)us;
	return true;
}

/* ", N %, N s left" */
static const char *
left_text(const struct input *in, uint64_t us, char *room, size_t size)
{
	double left;

	*room = '\0';
	if (left_us(in, us, &left))
		snprintf(room, size, ", %.0f %%, %.0f s left",
		    100 * (double)in->bytes / (double)in->total, left / 1e6);
	return room;
}

static const char *
left_json(const struct input *in, uint64_t us, char *room, size_t size)
{
	double left;

	if (left_us(in, us, &left))
		snprintf(room, size, "%.0f", left);
	else
		snprintf(room, size, "null");
	return room;
}

void
load_tell_progress(struct load *l)
{
	const struct input *in = &l->reader.in;
	uint64_t us = progress_elapsed_us(&l->progress) + 1;
	uint64_t n = l->ingest ? l->taken : l->committed;
	uint64_t rate = (uint64_t)((double)n * 1e6 / (double)us);
	char left[48];

	if (l->settings->progress_json)
		progress_print(&l->progress, "{\"records\":%" PRIu64
		    ",\"bytes_read\":%" PRIu64 ",\"bytes_total\":%" PRIu64
		    ",\"elapsed_us\":%" PRIu64 ",\"records_per_s\":%" PRIu64
		    ",\"left_us\":%s}", n, in->bytes, in->total, us, rate,
		    left_json(in, us, left, sizeof left));
	else
		progress_print(&l->progress, "lsm-cli: load: %" PRIu64
		    " records %s, %" PRIu64 " MB read, %" PRIu64
		    " records/s%s", n, n > l->committed ? "taken" : "committed",
		    in->bytes / 1000000, rate,
		    left_text(in, us, left, sizeof left));
}

void
load_tell_settle(struct load *l)
{
	if (l->settings->progress_json)
		load_tell_progress(l);
	else
		progress_print(&l->progress, "lsm-cli: load: %" PRIu64
		    " records committed, merging, %" PRIu64 " s",
		    l->committed, progress_elapsed_us(&l->progress) / 1000000);
}

static const char *
noun(const struct load *l)
{
	return l->groups ? "operations" : "records";
}

/* After a failure the user must know where to go on. */
static void
say_committed(const struct load *l)
{
	const char *what = noun(l);
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

void
load_tell_start(struct load *l)
{
	const struct settings *set = l->settings;

	rate_start(&l->rate, set->rate);
	progress_start(&l->progress, set->progress, set->quiet);
	if (set->progress_us != 0)
		progress_every(&l->progress, set->progress_us);
	else if (set->progress_json)
		progress_every(&l->progress, l->progress.period_us);
}

void
load_tell_end(struct load *l, int status)
{
	load_tell_progress(l);
	progress_end(&l->progress);
	if (l->refused && !l->settings->quiet)
		cli_note("%s: %s skipped, a condition was not met: %" PRIu64,
		    l->reader.in.name, noun(l), l->unmet);
	if (status != 0)
		say_committed(l);
	else if (l->settings->verbose)
		cli_note("%s: %s committed: %" PRIu64, l->reader.in.name,
		    noun(l), l->committed);
}
