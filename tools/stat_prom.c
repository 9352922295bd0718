/*
 * stat_prom.c - statistics in the text format of Prometheus, version 0.0.4.
 *
 * As its conventions want it: times in seconds, counters end in _total, and
 * a metric's unit ends its name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "out.h"
#include "stat.h"

enum { METRIC_ROOM = STAT_NAME_ROOM + 32 };

static const char *const kinds[] = {
	[LSM_COUNTER] = "counter", [LSM_GAUGE] = "gauge",
	[LSM_HISTOGRAM] = "histogram",
};

/* Of a second: 0 when it is no time. */
static uint64_t
parts_of(const char *unit)
{
	return strcmp(unit, "us") == 0 ? 1000000 :
	    strcmp(unit, "ns") == 0 ? 1000000000 : 0;
}

/* "write.stall_us" is lsm_write_stall_seconds_total. */
static void
metric_name(const lsm_stat *s, char name[METRIC_ROOM])
{
	size_t n = strlen(s->metric), unit = strlen(s->unit);
	bool time = parts_of(s->unit) != 0;
	char *p;

	if (time && n > unit && strcmp(s->metric + n - unit, s->unit) == 0)
		n -= unit + 1;
	snprintf(name, METRIC_ROOM, "lsm_%.*s%s%s", (int)n, s->metric,
	    time ? "_seconds" : "",
	    s->kind == LSM_COUNTER ? "_total" : "");
	for (p = name; *p != '\0'; p++)
		*p = *p == '.' ? '_' : *p;
}

/* A number of `parts` as a decimal of one, 0: as it is. */
static void
decimal_print(uint64_t value, uint64_t parts)
{
	if (parts == 0)
		out_format("%" PRIu64, value);
	else
		out_format("%" PRIu64 ".%0*" PRIu64, value / parts,
		    parts == 1000 ? 3 : parts == 1000000 ? 6 : 9,
		    value % parts);
}

/* NAME_SUFFIX{label="of",le="..."} */
static void
sample_begin(const char *name, const char *suffix, const lsm_stat *s)
{
	out_format("%s%s{%s=\"%s\"", name, suffix, s->label, s->of);
}

static void
buckets_print(const char *name, const lsm_stat *s)
{
	const lsm_histogram *h = s->histogram;
	uint64_t parts = parts_of(s->unit);
	size_t i;

	for (i = 0; i < h->buckets; i++) {
		sample_begin(name, "_bucket", s);
		out_text(",le=\"");
		decimal_print(h->limits[i], parts);
		out_format("\"} %" PRIu64 "\n", h->counts[i]);
	}
	sample_begin(name, "_bucket", s);
	out_format(",le=\"+Inf\"} %" PRIu64 "\n", h->count);
	sample_begin(name, "_sum", s);
	out_text("} ");
	decimal_print(h->sum, parts);
	out_char('\n');
	sample_begin(name, "_count", s);
	out_format("} %" PRIu64 "\n", h->count);
}

static void
sample_print(const char *name, const lsm_stat *s)
{
	if (s->histogram != NULL) {
		buckets_print(name, s);
		return;
	}
	if (s->label != NULL) {
		sample_begin(name, "", s);
		out_text("} ");
	} else {
		out_format("%s ", name);
	}
	decimal_print(s->value, strcmp(s->unit, "ratio") == 0 ? 1000 :
	    parts_of(s->unit));
	out_char('\n');
}

void
stats_prom(const struct stats *s)
{
	const char *metric = "";
	char name[METRIC_ROOM];
	size_t i;

	for (i = 0; i < s->count; i++) {
		const lsm_stat *told = &s->at[i].told;

		metric_name(told, name);
		if (strcmp(metric, told->metric) != 0) {
			out_format("# HELP %s %s\n", name, told->help);
			out_format("# TYPE %s %s\n", name, kinds[told->kind]);
		}
		metric = told->metric;
		sample_print(name, told);
	}
}
