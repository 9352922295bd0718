/*
 * bench.c - one engine, one round: runs workloads and prints a row for each.
 *
 *	bench [--engine=NAME] [--num=N] [--value-size=N] [--round=N]
 *	    [--idle-ms=N] [--workloads=NAME,...] DIRECTORY
 *
 * NAME is an engine, or an engine with -none: no compression, or lsm with -w2:
 * two workers. run.sh calls this once for each engine and round, each in a
 * process of its own.
 */
#define _GNU_SOURCE
#include "bench/workload.h"

#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYNCS = 2000, READS = 500000, IDLE_MS = 500 };

static const struct engine *const engines[] = {
	&engine_lsm, &engine_leveldb, &engine_rocksdb, &engine_lmdb
};

int
engine_failed(const char *engine, const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s: %s\n", engine, what, why);
	return 1;
}

void
row_print(struct bench *b, const char *name, unsigned keys, double seconds,
    double drain)
{
	const struct waits *l = &b->latency;
	double ops = (double)l->count * keys;

	printf("%s\t%s\t%u\t%.0f\t%.4f\t%.1f\t%.2f\t%.2f\t%.2f\t%.1f\t%.3f"
	    "\t%.2f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%"
	    PRIu64 "\t%" PRIu64 "\t%.2f\t%" PRIu64 "\t%" PRIu64 "\n", name,
	    b->label, b->round, ops, seconds, ops / seconds, waits_us(l, 0.5),
	    waits_us(l, 0.99), waits_us(l, 0.999), (double)l->max_ns / 1e3,
	    (double)meter_cpu_ns(&b->meter) / 1e3 / ops, drain,
	    meter_write_bytes(&b->meter), b->user_bytes,
	    b->disk.last, b->live * (KEY_SIZE + b->data.value_size),
	    memory_peak(), memory_anonymous(), b->others, b->disk.peak,
	    disk_watch_mean(&b->disk));
	fflush(stdout);
}

static void
columns_print(void)
{
	puts("workload\tengine\tround\tops\tseconds\tops_per_s\tp50_us\t"
	    "p99_us\tp999_us\tmax_us\tcpu_us\tdrain_s\twritten\tuser\tdisk\t"
	    "live\tpeak_rss\tanonymous\tothers\tdisk_peak\tdisk_mean");
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
database_close(struct bench *b)
{
	void *db = b->db;

	b->db = NULL;
	return db ? b->engine->close(db) : 0;
}

/* The directory is the benchmark's own: run.sh has just made it. */
static int
database_fresh(struct bench *b)
{
	if (database_close(b))
		return 1;
	nftw(b->place.path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	b->live = b->deleted = 0;
	return b->engine->open(&b->place, &b->db);
}

static int
run_one(struct bench *b, const struct workload *w)
{
	double seconds, drain;
	int failed;

	if ((b->engine->compact == NULL && strcmp(w->name, "compact") == 0) ||
	    (b->engine->multi_get == NULL &&
	    strncmp(w->name, "multi", strlen("multi")) == 0))
		return 0;
	if (w->fresh ? database_fresh(b) : b->db == NULL)
		return engine_failed(b->label, w->name, "nothing was filled");
	b->user_bytes = 0;
	if (disk_watch_begin(&b->disk, b->place.path) != 0)
		return engine_failed(b->label, w->name, "no thread");
	meter_begin(&b->meter);
	waits_begin(&b->latency);
	failed = w->run(b);
	seconds = (double)(clock_ns() - b->meter.begin_ns) / 1e9;
	b->others = meter_others(&b->meter);
	drain = failed ? 0 : meter_quiet(b->idle_ms);
	disk_watch_end(&b->disk);
	if (failed)
		return 1;
	row_print(b, w->name, w->keys, seconds, drain);
	return 0;
}

/* Is `name` one of the names between the commas? */
static bool
listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += n)
		if ((at == list || at[-1] == ',') &&
		    (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

static int
run_all(struct bench *b, const char *list)
{
	const struct workload *w;
	int rc = 0;

	columns_print();
	for (unsigned i = 0; rc == 0 && (w = workload_at(i)) != NULL; i++)
		if (list == NULL || listed(list, w->name))
			rc = run_one(b, w);
	return database_close(b) || rc;
}

static int
engine_choose(struct bench *b, const char *name)
{
	size_t n = strcspn(name, "-");

	b->label = name;
	b->place.compress = strcmp(name + n, "-none") != 0;
	if (strncmp(name + n, "-w", 2) == 0)
		b->place.workers = atoi(name + n + 2);
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		const struct engine *e = engines[i];

		if (strlen(e->name) != n || strncmp(e->name, name, n) != 0)
			continue;
		if (e->open == NULL)
			return engine_failed(name, "left out",
			    "was not installed when this was built");
		b->engine = e;
		fprintf(stderr, "# %s: %s\n", name, e->settings);
		return 0;
	}
	return engine_failed(name, "left out", "no such engine");
}

static uint64_t
number(const char *text, uint64_t least)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < least) {
		fprintf(stderr, "bench: %s: not a good number\n", text);
		exit(64);
	}
	return value;
}

struct wishes {
	const char *engine, *workloads;
	uint64_t count, value_size, round, idle_ms;
};

static void
options_read(int argc, char **argv, struct wishes *w)
{
	static const struct option options[] = {
		{ "engine", required_argument, NULL, 'e' },
		{ "idle-ms", required_argument, NULL, 'i' },
		{ "num", required_argument, NULL, 'n' },
		{ "round", required_argument, NULL, 'r' },
		{ "value-size", required_argument, NULL, 'v' },
		{ "workloads", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'e': w->engine = optarg; break;
		case 'i': w->idle_ms = number(optarg, 0); break;
		case 'n': w->count = number(optarg, 1); break;
		case 'r': w->round = number(optarg, 0); break;
		case 'v': w->value_size = number(optarg, 1); break;
		case 'w': w->workloads = optarg; break;
		default: exit(64);
		}
	}
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct wishes w = { "lsm", NULL, 100000, 100, 1, IDLE_MS };
	int rc;

	options_read(argc, argv, &w);
	if (argc - optind != 1 || w.value_size > VALUE_SIZE_MAX) {
		fprintf(stderr, "usage: bench [OPTION]... DIRECTORY\n");
		return 64;
	}
	if (engine_choose(&b, w.engine))
		return 69;
	b.place.path = argv[optind];
	b.round = (unsigned)w.round;
	b.idle_ms = (unsigned)w.idle_ms;
	b.seed = w.round;
	b.reads = least(READS, w.count);
	b.syncs = least(SYNCS, w.count);
	if (data_init(&b.data, w.count, w.value_size))
		return 71;
	rc = run_all(&b, w.workloads);
	data_release(&b.data);
	return rc;
}
