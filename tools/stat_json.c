/*
 * stat_json.c - statistics for programs: one object, or a line each.
 *
 *	{"write":{"puts":3,...},"level":{"0":{"runs":1,...},...},
 *	    "latency":{"get":{"count":2,"p50_ns":700,...}},...}
 *
 * In tsv a name leads to the same member: level.0.runs, latency.get.p50_ns.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "out.h"
#include "stat.h"

/* What is told of a histogram but its buckets; names get the unit's suffix. */
enum { FACTS = 7 };

struct facts {
	const char *name[FACTS];
	bool plain[FACTS];	/* has no unit */
	uint64_t value[FACTS];
};

static void
facts_of(const lsm_histogram *h, struct facts *f)
{
	*f = (struct facts){
		{ "count", "sum", "max", "p50", "p90", "p99", "p999" },
		{ true },
		{ h->count, h->sum, h->max, h->p50, h->p90, h->p99, h->p999 }
	};
}

/* NAME_UNIT */
static void
fact_name(const struct facts *f, int i, const char *unit)
{
	out_text(f->name[i]);
	if (!f->plain[i])
		out_format("_%s", unit);
}

/* Up to the first that has all. */
static void
buckets_print(const lsm_stat *s)
{
	const lsm_histogram *h = s->histogram;
	size_t i;

	out_format(",\"buckets_%s\":[", s->unit);
	for (i = 0; i < h->buckets; i++) {
		out_format("%s[%" PRIu64 ",%" PRIu64 "]", i == 0 ? "" : ",",
		    h->limits[i], h->counts[i]);
		if (h->counts[i] == h->count)
			break;
	}
	out_char(']');
}

static void
histogram_members(const lsm_stat *s)
{
	struct facts f;
	int i;

	facts_of(s->histogram, &f);
	for (i = 0; i < FACTS; i++) {
		out_text(i == 0 ? "\"" : ",\"");
		fact_name(&f, i, s->unit);
		out_format("\":%" PRIu64, f.value[i]);
	}
	buckets_print(s);
}

static void
member_print(const char *before, const struct stat *s)
{
	char room[STAT_TEXT_ROOM];

	out_text(before);
	if (s->told.histogram != NULL)
		histogram_members(&s->told);
	else
		out_format("\"%s\":%s", stat_rest(s), stat_number(s, room));
}

/* Of a group with labels: whether an earlier one has the same. */
static bool
seen_before(const struct stat *group, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++) {
		if (strcmp(group[k].of, group[i].of) == 0)
			return true;
	}
	return false;
}

static void
labelled_print(const struct stat *group, size_t count)
{
	const char *before = "", *inner;
	size_t i, k;

	for (i = 0; i < count; i++) {
		if (seen_before(group, i))
			continue;
		out_format("%s\"%s\":", before, group[i].of);
		before = ",";
		for (inner = "{", k = i; k < count; k++) {
			if (strcmp(group[k].of, group[i].of) != 0)
				continue;
			member_print(inner, &group[k]);
			inner = ",";
		}
		out_char('}');
	}
}

static void
group_print(const struct stat *group, size_t count)
{
	size_t i;

	out_format("\"%.*s\":{", (int)strcspn(group->told.metric, "."),
	    group->told.metric);
	if (group->told.label != NULL)
		labelled_print(group, count);
	else
		for (i = 0; i < count; i++)
			member_print(i == 0 ? "" : ",", &group[i]);
	out_char('}');
}

void
stats_json(const struct stats *s)
{
	size_t i, n;

	out_char('{');
	for (i = 0; i < s->count; i += n) {
		n = stats_group(s, i);
		if (i > 0)
			out_char(',');
		group_print(&s->at[i], n);
	}
	out_text("}\n");
}

static void
histogram_lines(const struct stat *s)
{
	struct facts f;
	int i;

	facts_of(s->told.histogram, &f);
	for (i = 0; i < FACTS; i++) {
		out_format("%s.", s->name);
		fact_name(&f, i, s->told.unit);
		out_format("\t%" PRIu64 "\n", f.value[i]);
	}
}

void
stats_tsv(const struct stats *s)
{
	char room[STAT_TEXT_ROOM];
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (s->at[i].told.histogram != NULL)
			histogram_lines(&s->at[i]);
		else
			out_format("%s\t%s\n", s->at[i].name,
			    stat_number(&s->at[i], room));
	}
}
