/*
 * cli_stats.c - stats: what the database counts, once or again and again.
 *
 * Numbers are printed in full and names carry their units, so that programs
 * need no guess. With --interval each line is of a handle of its own, because
 * one that reads stays at the moment of its opening.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "cli_command.h"
#include "json.h"
#include "out.h"
#include "signals.h"

enum { STAT_NAME = 48, STATS_MAX = 256 };

struct stat {
	char name[STAT_NAME];
	uint64_t value;
	bool printed;
};

struct stats {
	struct stat at[STATS_MAX];
	size_t count;
};

static void
stat_take(void *arg, const char *name, uint64_t value)
{
	struct stats *s = arg;

	if (s->count == STATS_MAX)
		return;
	snprintf(s->at[s->count].name, STAT_NAME, "%s", name);
	s->at[s->count].value = value;
	s->at[s->count++].printed = false;
}

static uint64_t
stat_of(const struct stats *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (strcmp(s->at[i].name, name) == 0)
			return s->at[i].value;
	}
	return 0;
}

static int
stats_take(struct session *session, struct stats *s)
{
	lsm_db *db;
	int rc, status = session_reader(session, &db);

	s->count = 0;
	if (status != 0)
		return status;
	rc = lsm_stats(db, stat_take, s);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static void
print_json(const struct stats *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		json_number(i == 0 ? "{" : ",", s->at[i].name, s->at[i].value);
	out_text(s->count == 0 ? "{}\n" : "}\n");
}

/* "level.3.bytes" is metric lsm_level_bytes of level 3. */
static bool
prom_name(const char *name, char metric[STAT_NAME + 16], int *level)
{
	char rest[STAT_NAME];
	char *p;

	*level = -1;
	if (sscanf(name, "level.%d.%47s", level, rest) == 2)
		snprintf(metric, STAT_NAME + 16, "lsm_level_%s", rest);
	else
		snprintf(metric, STAT_NAME + 16, "lsm_%s", name);
	for (p = metric; *p != '\0'; p++)
		*p = *p == '.' ? '_' : *p;
	return *level >= 0;
}

/* What describes the database as it is goes down as well as up. */
static bool
is_gauge(const char *name)
{
	return strncmp(name, "db.", 3) == 0 ||
	    strncmp(name, "level.", 6) == 0 ||
	    strncmp(name, "tables.", 7) == 0 ||
	    strncmp(name, "recovery.", 9) == 0 ||
	    strcmp(name, "cache.pages") == 0 ||
	    strcmp(name, "cache.bytes") == 0;
}

/* All samples of one metric stand together. */
static void
print_metric(struct stats *s, size_t first)
{
	char metric[STAT_NAME + 16], other[STAT_NAME + 16];
	size_t i;
	int level;

	prom_name(s->at[first].name, metric, &level);
	out_format("# TYPE %s %s\n", metric,
	    is_gauge(s->at[first].name) ? "gauge" : "counter");
	for (i = first; i < s->count; i++) {
		prom_name(s->at[i].name, other, &level);
		if (strcmp(metric, other) != 0)
			continue;
		s->at[i].printed = true;
		if (level >= 0)
			out_format("%s{level=\"%d\"} %" PRIu64 "\n", metric,
			    level, s->at[i].value);
		else
			out_format("%s %" PRIu64 "\n", metric,
			    s->at[i].value);
	}
}

static void
stats_print(enum record_format format, struct stats *s)
{
	size_t i;

	if (format == FORMAT_JSON) {
		print_json(s);
		return;
	}
	for (i = 0; i < s->count; i++) {
		if (format == FORMAT_PROM && !s->at[i].printed)
			print_metric(s, i);
		else if (format == FORMAT_TSV)
			out_format("%s\t%" PRIu64 "\n", s->at[i].name,
			    s->at[i].value);
		else if (format != FORMAT_PROM)
			out_format("%-32s %20" PRIu64 "\n", s->at[i].name,
			    s->at[i].value);
	}
}

static const char *const columns[] = { "db.sequence", "db.tables", "db.bytes",
	"db.memtable_bytes" };
enum { COLUMNS = sizeof columns / sizeof *columns };

static void
sample_print(enum record_format format, const struct stats *s,
    uint64_t sequence_before)
{
	uint64_t grown = stat_of(s, columns[0]) - sequence_before;
	size_t i;

	if (format == FORMAT_JSON) {
		json_number("{", "grown", grown);
		for (i = 0; i < COLUMNS; i++)
			json_number(",", columns[i], stat_of(s, columns[i]));
		out_text("}\n");
	} else {
		out_format("%" PRIu64, grown);
		for (i = 0; i < COLUMNS; i++)
			out_format("\t%" PRIu64, stat_of(s, columns[i]));
		out_char('\n');
	}
	out_flush();
}

static int
stats_again(struct request *r, struct stats *s)
{
	const struct settings *set = r->settings;
	uint64_t before = 0, n;
	int status = 0;

	if (set->style.format != FORMAT_JSON)
		out_text("grown\tsequence\ttables\tbytes\tmemtable_bytes\n");
	for (n = 0; status == 0 && out_ok() && signals_pending() == 0; ) {
		if ((status = stats_take(r->session, s)) != 0)
			break;
		if (n == 0)
			before = stat_of(s, columns[0]);
		sample_print(set->style.format, s, before);
		before = stat_of(s, columns[0]);
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

	if (set->samples != 0 && set->interval_us == 0)
		return cli_fail(EXIT_USAGE, "--samples needs --interval");
	if (set->interval_us != 0 && set->style.format == FORMAT_PROM)
		return cli_fail(EXIT_USAGE, "--interval is not for prom");
	if (set->interval_us != 0 && r->session->snapshot == NULL &&
	    r->session->iter == NULL)
		return stats_again(r, &s);
	status = stats_take(r->session, &s);
	if (status == 0)
		stats_print(set->style.format, &s);
	return status;
}
