/*
 * stat.h - the statistics of a handle, taken at once, and their forms.
 *
 * Names, kinds, units and words of help are the library's; nothing here knows
 * a statistic by itself but for the columns of --interval.
 */
#ifndef STAT_H
#define STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lsm.h"

enum {
	STAT_NAME_ROOM = 64, STAT_OF_ROOM = 24, STAT_TEXT_ROOM = 32,
	STATS_MAX = 384, STAT_HISTOGRAMS_MAX = 16, STAT_BUCKETS_MAX = 48
};

struct stat_histogram {
	lsm_histogram told;	/* limits and counts point below */
	uint64_t limits[STAT_BUCKETS_MAX], counts[STAT_BUCKETS_MAX];
};

struct stat {
	lsm_stat told;		/* name, of and histogram point below */
	char name[STAT_NAME_ROOM], of[STAT_OF_ROOM];
};

struct stats {
	struct stat at[STATS_MAX];
	size_t count;
	struct stat_histogram histograms[STAT_HISTOGRAMS_MAX];
	size_t histograms_count;
};

/* Returns an exit status. */
int stats_take(lsm_db *, struct stats *);

/* By its name; NULL when there is none. */
const struct stat *stats_find(const struct stats *, const char *name);

/* How many of them from `first` on begin with the same word: "write". */
size_t stats_group(const struct stats *, size_t first);

/* What is behind this word in the metric's name: "puts"; "" when nothing. */
const char *stat_rest(const struct stat *);

/* The value in full, a ratio with its three decimals. */
const char *stat_number(const struct stat *, char room[STAT_TEXT_ROOM]);

/* On stdout, for people, for Prometheus, for programs. */
void stats_text(const struct stats *);
void stats_prom(const struct stats *);
void stats_json(const struct stats *);
void stats_tsv(const struct stats *);

#endif
