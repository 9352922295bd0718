/*
 * cli_stats.c - stats: what the database counts, once or again and again.
 *
 * With --interval each line is of a handle of its own, because one that reads
 * stays at the moment of its opening; a writer's own handle (in a script)
 * also counts what it did itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "json.h"
#include "out.h"
#include "progress.h"
#include "signals.h"
#include "stat.h"

static int
session_stats(struct session *session, struct stats *s)
{
	lsm_db *db;
	int status = session_reader(session, &db);

	return status != 0 ? status : stats_take(db, s);
}

static void
stats_print(enum record_format format, const struct stats *s)
{
	switch (format) {
	case FORMAT_JSON:
		stats_json(s);
		break;
	case FORMAT_PROM:
		stats_prom(s);
		break;
	case FORMAT_TSV:
		stats_tsv(s);
		break;
	default:
		stats_text(s);
	}
}

/* A line of --interval: how much the first grew since the line before, and a
 * second; then values as they are. */
static const char *const columns[] = { "db.sequence", "db.runs", "db.tables",
	"db.bytes", "db.memtable_bytes", "level.0.runs",
	"amplification.space" };
static const char *const titles[] = { "sequence", "runs", "tables", "bytes",
	"memtable_bytes", "level0_runs", "space" };
enum { COLUMNS = sizeof columns / sizeof *columns };

struct sample {
	uint64_t sequence, us;
};

static void
column_print(const struct stats *s, size_t column, bool json)
{
	const struct stat *found = stats_find(s, columns[column]);
	char room[STAT_TEXT_ROOM];

	if (json)
		out_format(",\"%s\":", titles[column]);
	else
		out_char('\t');
	if (found != NULL)
		out_text(stat_number(found, room));
	else if (strncmp(columns[column], "level.", 6) == 0)
		out_char('0');	/* of a level where nothing is */
	else
		out_text(json ? "null" : "-");
}

static void
sample_print(bool json, const struct stats *s, struct sample *before)
{
	struct sample now = { stats_find(s, columns[0])->told.value,
		clock_us() };
	uint64_t grown = before->us == 0 ? 0 : now.sequence -
	    before->sequence;
	uint64_t us = now.us - before->us;
	size_t i;

	out_format(json ? "{\"grown\":%" PRIu64 ",\"per_second\":%.0f" :
	    "%" PRIu64 "\t%.0f", grown, us == 0 ? 0 :
	    1e6 * (double)grown / (double)us);
	for (i = 0; i < COLUMNS; i++)
		column_print(s, i, json);
	out_text(json ? "}\n" : "\n");
	out_flush();
	*before = now;
}

static void
titles_print(void)
{
	size_t i;

	out_text("grown\tper_second");
	for (i = 0; i < COLUMNS; i++)
		out_format("\t%s", titles[i]);
	out_char('\n');
}

static int
stats_again(struct request *r, struct stats *s)
{
	const struct settings *set = r->settings;
	bool json = set->style.format == FORMAT_JSON;
	struct sample before = { 0, 0 };
	uint64_t n;
	int status = 0;

	for (n = 0; status == 0 && out_ok() && signals_pending() == 0; ) {
		if ((status = session_stats(r->session, s)) != 0)
			break;
		if (n == 0 && !json)
			titles_print();
		sample_print(json, s, &before);
		if (++n == set->samples)
			break;
		if (!r->session->writes)
			status = session_close(r->session);
		if (status == 0)
			signals_sleep(set->interval_us);
	}
	return status;
}

int
command_stats(struct request *r)
{
	static struct stats s;
	const struct settings *set = r->settings;
	int status;

	if (set->interval_us != 0 && set->style.format == FORMAT_PROM)
		return cli_fail(EXIT_USAGE, "--interval is not for prom");
	if (set->interval_us != 0 && r->session->snapshot == NULL &&
	    r->session->iter == NULL)
		return stats_again(r, &s);
	status = session_stats(r->session, &s);
	if (status == 0)
		stats_print(set->style.format, &s);
	return status;
}
