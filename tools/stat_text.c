/*
 * stat_text.c - statistics for people: groups, units, tables.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "stat.h"

enum { HEADING = 18 };

struct unit {
	const char *name;
	double of;		/* the first one, in the statistic's unit */
};

/* Three digits, and the largest unit that leaves one before the point. */
static void
scaled(double value, const struct unit *u, char room[STAT_TEXT_ROOM])
{
	while (u[1].name != NULL && value >= u[1].of)
		u++;
	value /= u->of;
	snprintf(room, STAT_TEXT_ROOM, "%.*f %s", u->of == 1 || value >= 100 ?
	    0 : value >= 10 ? 1 : 2, value, u->name);
}

static void
quantity(uint64_t value, const char *unit, char room[STAT_TEXT_ROOM])
{
	static const struct unit bytes[] = { { "B", 1 }, { "kB", 1e3 },
		{ "MB", 1e6 }, { "GB", 1e9 }, { "TB", 1e12 }, { NULL, 0 } };
	static const struct unit times[] = { { "ns", 1 }, { "us", 1e3 },
		{ "ms", 1e6 }, { "s", 1e9 }, { NULL, 0 } };

	if (strcmp(unit, "bytes") == 0)
		scaled((double)value, bytes, room);
	else if (strcmp(unit, "ns") == 0)
		scaled((double)value, times, room);
	else if (strcmp(unit, "us") == 0)
		scaled(1e3 * (double)value, times, room);
	else
		snprintf(room, STAT_TEXT_ROOM, "%" PRIu64, value);
}

static const char *
stat_shown(const struct stat *s, char room[STAT_TEXT_ROOM])
{
	if (strcmp(s->told.unit, "ratio") == 0)
		return stat_number(s, room);
	quantity(s->told.value, s->told.unit, room);
	return room;
}

/* The unit is with the number: "stall_us" is shown as "stall_time". */
static void
rest_shown(const struct stat *s, char room[STAT_TEXT_ROOM])
{
	const char *rest = stat_rest(s), *unit = s->told.unit;
	size_t n = strlen(rest), u = strlen(unit);

	if (strcmp(unit, "us") == 0 && n >= u &&
	    strcmp(rest + n - u, unit) == 0)
		snprintf(room, STAT_TEXT_ROOM, "%.*stime", (int)(n - u), rest);
	else
		snprintf(room, STAT_TEXT_ROOM, "%s", rest);
}

static void
plain_print(const struct stat *group, size_t count)
{
	char room[STAT_TEXT_ROOM], rest[STAT_TEXT_ROOM];
	size_t i;

	out_char('\n');
	for (i = 0; i < count; i++) {
		rest_shown(&group[i], rest);
		out_format("  %-24s%14s\n", rest, stat_shown(&group[i],
		    room));
	}
}

/* A column for each that the label tells apart, a line for each metric. */
static void
table_print(const struct stat *group, size_t count)
{
	char room[STAT_TEXT_ROOM], rest[STAT_TEXT_ROOM];
	size_t i, columns = 0;

	while (columns < count && group[columns].told.metric ==
	    group->told.metric)
		out_format("%11s", group[columns++].of);
	for (i = 0; i < count; i++) {
		if (i % columns == 0) {
			rest_shown(&group[i], rest);
			out_format("\n  %-16s", rest);
		}
		out_format("%11s", stat_shown(&group[i], room));
	}
	out_char('\n');
}

/* A line for each that has samples. */
static void
histograms_print(const struct stat *group, size_t count)
{
	char room[STAT_TEXT_ROOM];
	size_t i, k;

	out_format("%12s%10s%10s%10s%10s%10s\n", "samples", "p50", "p90",
	    "p99", "p99.9", "max");
	for (i = 0; i < count; i++) {
		const lsm_histogram *h = group[i].told.histogram;
		const uint64_t shown[] = { h->p50, h->p90, h->p99, h->p999,
			h->max };

		if (h->count == 0)
			continue;
		out_format("  %-12s%16" PRIu64, group[i].of, h->count);
		for (k = 0; k < sizeof shown / sizeof *shown; k++) {
			quantity(shown[k], group[i].told.unit, room);
			out_format("%10s", room);
		}
		out_char('\n');
	}
}

static void
group_print(const struct stat *group, size_t count)
{
	const lsm_stat *first = &group->told;

	out_format("%-*.*s", first->label != NULL ? HEADING : 0,
	    (int)strcspn(first->metric, "."), first->metric);
	if (first->histogram != NULL)
		histograms_print(group, count);
	else if (first->label != NULL)
		table_print(group, count);
	else
		plain_print(group, count);
}

void
stats_text(const struct stats *s)
{
	size_t i, n;

	for (i = 0; i < s->count; i += n) {
		n = stats_group(s, i);
		group_print(&s->at[i], n);
	}
}
