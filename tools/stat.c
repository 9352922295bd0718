/*
 * stat.c - the statistics of a handle, taken at once.
 */
#include "stat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const lsm_histogram *
histogram_take(struct stats *s, const lsm_histogram *h)
{
	struct stat_histogram *to;
	size_t n;

	if (h == NULL || s->histograms_count == STAT_HISTOGRAMS_MAX)
		return NULL;
	to = &s->histograms[s->histograms_count++];
	n = h->buckets < STAT_BUCKETS_MAX ? h->buckets : STAT_BUCKETS_MAX;
	memcpy(to->limits, h->limits, n * sizeof *to->limits);
	memcpy(to->counts, h->counts, n * sizeof *to->counts);
	to->told = *h;
	to->told.buckets = n;
	to->told.limits = to->limits;
	to->told.counts = to->counts;
	return &to->told;
}

static void
stat_take(void *arg, const lsm_stat *told)
{
	struct stats *s = arg;
	struct stat *to;

	if (s->count == STATS_MAX)
		return;
	to = &s->at[s->count++];
	to->told = *told;
	snprintf(to->name, sizeof to->name, "%s", told->name);
	to->told.name = to->name;
	if (told->of != NULL) {
		snprintf(to->of, sizeof to->of, "%s", told->of);
		to->told.of = to->of;
	}
	to->told.histogram = histogram_take(s, told->histogram);
}

int
stats_take(lsm_db *db, struct stats *s)
{
	int rc;

	s->count = s->histograms_count = 0;
	rc = lsm_stats(db, stat_take, s);
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

const struct stat *
stats_find(const struct stats *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (strcmp(s->at[i].name, name) == 0)
			return &s->at[i];
	}
	return NULL;
}

size_t
stats_group(const struct stats *s, size_t first)
{
	const char *metric = s->at[first].told.metric;
	size_t i, n = strcspn(metric, ".");

	for (i = first + 1; i < s->count; i++) {
		const char *other = s->at[i].told.metric;

		if (strcspn(other, ".") != n || memcmp(other, metric, n) != 0)
			break;
	}
	return i - first;
}

const char *
stat_rest(const struct stat *s)
{
	const char *rest = strchr(s->told.metric, '.');

	return rest != NULL ? rest + 1 : "";
}

const char *
stat_number(const struct stat *s, char room[STAT_TEXT_ROOM])
{
	uint64_t v = s->told.value;

	if (strcmp(s->told.unit, "ratio") == 0)
		snprintf(room, STAT_TEXT_ROOM, "%" PRIu64 ".%03" PRIu64,
		    v / 1000, v % 1000);
	else
		snprintf(room, STAT_TEXT_ROOM, "%" PRIu64, v);
	return room;
}
