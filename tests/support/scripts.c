/*
 * scripts.c - short stories of a database, each for one way to go wrong.
 *
 * Few operations and tiny memtables: every prefix of what the disk saw is
 * tried, so length costs squared.
 */
#include "support/scripts.h"

#include <inttypes.h>
#include <stdio.h>

#include "db/options.h"
#include "env/env_sim.h"
#include "support/wrong.h"

/* Level 1 holds one table, each level below twice as many. */
#define SMALL_LEVELS "level_sizes=fixed base_size=4096 ratio=2 "

const struct script scripts[] = {
	{ .name = "create", .ops = "scan", .memtable_size = 65536,
		.ring = true, .maps = true },
	{ .name = "synced puts", .memtable_size = 65536, .ring = true,
		.maps = true,
		.ops = "put 1 20 1; put 2 0 1; put 1 300 1; delete 2 0 1;"
		    "batch 3 40 1; put 9 5000 1" },
	{ .name = "unsynced puts", .memtable_size = 65536, .no_sync = true,
		.ring = true, .maps = true,
		.ops = "put 1 20; put 2 0; batch 3 40; delete 1; put 4 900;"
		    "sync; put 5 20; batch 6 20; delete 4" },
	{ .name = "unsynced puts without a ring", .memtable_size = 65536,
		.no_sync = true,
		.ops = "put 1 20; put 2 700; batch 3 40; delete 1; sync;"
		    "put 4 900; put 5 20; delete 2" },
	{ .name = "a sync in the middle", .memtable_size = 65536,
		.no_sync = true, .ring = true, .maps = true,
		.keys = KEYS_BINARY,
		.ops = "put 0 10; put 1 10 1; put 2 10; put 0 10; delete 1;"
		    "batch 2 30 1; put 3 10; put 4 10" },
	{ .name = "memtables turn", .memtable_size = 512, .no_sync = true,
		.ring = true, .maps = true,
		.ops = "put 1 300; put 2 300; put 3 300; put 4 300 1;"
		    "put 5 300; delete 1; put 6 300; put 2 300; put 7 300" },
	{ .name = "memtables turn, synced, no ring", .memtable_size = 512,
		.ops = "put 1 300; put 2 300; put 3 300; delete 1; put 4 300;"
		    "put 2 200; put 5 300" },
	{ .name = "flushes", .memtable_size = 4096, .no_sync = true,
		.ring = true, .maps = true,
		.ops = "put 1 50; put 2 50; flush; delete 1; put 3 50; flush;"
		    "put 1 60 1; put 4 50" },
	{ .name = "a merge of everything", .memtable_size = 4096,
		.no_sync = true, .ring = true, .maps = true,
		.ops = "put 1 50; put 2 50; flush; put 1 60; delete 2; flush;"
		    "put 3 10; compact; put 5 10; delete 1; sync; compact;"
		    "put 6 10" },
	{ .name = "a merge by itself", .memtable_size = 512, .no_sync = true,
		.table_size = 4096, .codec = LSM_CODEC_ZLIB, .ring = true,
		.ops = "put 1 400; put 2 400; put 1 400; delete 2; put 2 400;"
		    "put 1 400; put 3 400; put 1 400; put 2 400; put 1 400;"
		    "put 4 400; put 1 400; delete 1; put 5 400; step 40;"
		    "put 1 10" },
	{ .name = "several tables from one merge", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true,
		.ops = "put 1 3000; put 2 3000; put 3 3000; put 4 3000; flush;"
		    "put 2 3000; delete 3; flush; compact; put 1 20" },
	{ .name = "closed and opened", .memtable_size = 4096, .ring = true,
		.maps = true, .no_sync = true,
		.ops = "put 1 30; reopen; put 2 30; delete 1; reopen; reopen;"
		    "put 3 30 1; flush; reopen; put 1 40; reopen" },
	{ .name = "writers that do not look", .memtable_size = 4096,
		.ring = true, .maps = true, .no_sync = true,
		.ops = "put 1 30; turn; put 2 30; turn; put 3 30 1; turn;"
		    "delete 1; batch 4 40; turn; turn; get 1; put 5 30; turn;"
		    "put 1 40; flush; turn; put 2 20; sync; turn; put 6 10" },
	{ .name = "synced writers that do not look", .memtable_size = 65536,
		.ring = true, .maps = true,
		.ops = "put 1 30; turn; put 2 30 2; turn; put 3 30; turn;"
		    "delete 1 0 2; put 1 70000; turn; put 2 20" },
	{ .name = "closed and opened without a ring", .memtable_size = 4096,
		.ops = "put 1 30; reopen; put 2 30 2; reopen; put 3 30 2;"
		    "flush; reopen; put 1 40 2" },
	{ .name = "values beyond the ring", .memtable_size = 65536,
		.no_sync = true, .ring = true, .maps = true,
		.ops = "put 1 20; put 2 40000; put 3 20; put 4 100000; sync;"
		    "put 2 70000; delete 4; flush; put 5 17000" },
	{ .name = "long keys", .memtable_size = 16384, .keys = KEYS_LONG,
		.no_sync = true, .ring = true, .maps = true,
		.ops = "put 1 20; put 5 0; batch 2 20; flush; delete 5;"
		    "put 10 100 1; put 11 0; compact; delete 1" },
	{ .name = "ingestions", .memtable_size = 65536, .ring = true,
		.no_sync = true, .maps = true,
		.ops = "ingest 1 20 0 1; put 3 30; ingest 1 20 0 3; put 2 9;"
		    "delete 4; ingest 60 900 0 5; ingest 2 40 0 8; put 9 30;"
		    "reopen; ingest 5 10 0 9; flush; put 6 10" },
	{ .name = "ingestions without a ring", .memtable_size = 4096,
		.no_sync = true, .table_size = 4096, .codec = LSM_CODEC_ZLIB,
		.ops = "put 3 30; ingest 1 150 0 11; put 2 9; ingest 30 90 0"
		    " 13; delete 3; put 6 10" },
	{ .name = "range deletes", .memtable_size = 4096, .no_sync = true,
		.ring = true, .maps = true,
		.ops = "put 1 50; put 2 50; put 3 50; delrange 1 0 0 12;"
		    "put 2 10; flush; delrange 2 0 1 7; put 4 20; flush;"
		    "delrange 1; flush; batch 1 30; delrange 0 0 0 12;"
		    "compact; put 1 20; delrange 1" },
	{ .name = "range deletes over several tables", .memtable_size = 16384,
		.table_size = 4096, .ring = true,
		.ops = "put 1 3000; put 2 3000; put 3 3000; put 9 3000; flush;"
		    "put 2 3000; delrange 1 0 0 12; put 1 3000; flush;"
		    "step 9; reopen; delrange 3; put 3 100; compact" },
	{ .name = "batches under conditions", .memtable_size = 4096,
		.no_sync = true, .ring = true, .maps = true,
		.ops = "put 1 50; if 1 40; if 0 40 1; delete 2; flush;"
		    "if 2 30; if 1 30 1; flush; if 1 20; if 0 20; compact;"
		    "if 3 10 1; if 0 10; put 6 10" },
	{ .name = "batches over many pieces", .memtable_size = 8192,
		.no_sync = true, .ring = true, .maps = true,
		.ops = "batch 1 900; batch 4 900; batch 7 900 1; batch 2 900;"
		    "flush; batch 1 900; batch 9 900" },
	{ .name = "a table moves into a gap", .memtable_size = 8192,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = "l0_trigger=1",
		.ops = "put 5 900; flush; put 1 3000; put 9 3000; put 5 3000;"
		    "put 7 3000; step 1; put 8 3000; put 7 3000; put 20 3000;"
		    "snapshot 1; step 60; put 3 10; delete 7; flush;"
		    "look 1 0 0 8; release 1; reopen",
		.least = { .tables_moved = 1, .merges = 1, .partial = 1 } },
	{ .name = "tables sink through small levels", .memtable_size = 8192,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = SMALL_LEVELS "l0_trigger=1",
		.ops = "put 1 900; put 9 900; flush; put 1 900; put 9 900;"
		    "flush; put 1 900; put 9 900; flush; put 1 900; put 9 900;"
		    "flush; put 1 900; put 9 900; flush; put 2 900; put 8 900;"
		    "flush; put 3 900; delete 9; flush; put 1 900; put 8 900;"
		    "flush; delete 1; put 4 900; flush",
		.least = { .merges = 2, .deep = 1, .partial = 2 } },
	{ .name = "level 0 in parts", .memtable_size = 32768,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .part_least = 1, .large = true,
		.ops = "put 1 900; put 2 900; put 3 900; put 4 900; put 5 900;"
		    "put 6 900; put 7 900; put 8 900; put 9 900; flush;"
		    "put 1 900; put 4 900; put 6 900; put 9 900; flush;"
		    "put 2 900; put 3 900; put 7 900; put 8 900; flush;"
		    "put 1 900; put 4 900; delete 6; put 9 900; flush;"
		    "put 2 900; put 3 900; put 7 900; put 8 900; flush;"
		    "put 1 900; put 5 900; put 6 900; put 9 900; flush;"
		    "step 60; put 4 50; flush; step 60",
		.least = { .merges = 2, .partial = 2 } },
	{ .name = "ranges by hand", .memtable_size = 8192,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = SMALL_LEVELS "compaction=tiered",
		.ops = "put 1 900; put 5 900; put 9 900; flush; put 2 900;"
		    "delete 5; flush; put 1 900; put 6 900; flush; range 5 3;"
		    "put 9 50; delete 6; range 6; put 1 10",
		.least = { .merges = 2, .partial = 2, .deletes_dropped = 1 } },
	{ .name = "runs pile up in tiers", .memtable_size = 8192,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = "compaction=tiered l0_trigger=2 l0_stop=8",
		.ops = "put 1 900; put 9 900; flush; put 1 900; put 9 900;"
		    "flush; step 60; put 1 900; delete 9; flush; put 1 900;"
		    "put 8 900; flush; step 60; put 2 900; put 7 900; flush",
		.least = { .merges = 2 } },
	{ .name = "a tier above sorted levels", .memtable_size = 8192,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .tier_from = 1,
		.set = "compaction=hybrid l0_trigger=1 l0_stop=8",
		.ops = "put 1 900; put 9 900; flush; put 1 900; put 9 900;"
		    "flush; put 1 900; delete 9; flush; put 2 900; put 8 900;"
		    "flush; put 1 900; put 7 900; flush; step 60; put 3 10",
		.least = { .tables_moved = 3, .merges = 1 } },
	{ .name = "flushes go deep", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .large = true,
		.ops = "put 1 3000; put 2 3000; flush; put 3 3000; delete 4;"
		    "put 5 900; flush; delete 3; put 6 20; flush; put 7 900;"
		    "put 8 900 1; flush; delrange 9; put 20 3000; flush;"
		    "delete 8; reopen; put 21 900; flush",
		.least = { .flushed_deep = 4 } },
	{ .name = "a merge into the last level is cut", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = "l0_trigger=2", .large = true,
		.ops = "put 1 3000; put 2 3000; put 3 3000; flush; put 4 3000;"
		    "put 5 3000; put 6 3000; flush; put 2 3000; delete 3;"
		    "put 4 3000; flush; delete 5; put 2 900; put 9 3000;"
		    "flush; delrange 6 0 0 4; step 60; put 5 20; reopen",
		.least = { .merges = 1, .cut_deep = 1, .deletes_dropped = 1 } },
	{ .name = "several tables move at once", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .large = true, .set = "level_sizes=fixed "
		    "base_size=16384 ratio=2 l0_trigger=1",
		.ops = "put 1; flush; put 1; flush; put 1; flush; put 1; flush;"
		    "put 1; flush; put 1; flush; put 1; flush; put 1 20;"
		    "put 3 4200; put 4 4200; put 5 4200; flush; step 60;"
		    "delete 4; flush; step 60; put 3 20",
		.least = { .moved_together = 2, .cut_deep = 1 } },
	{ .name = "covered tables are dropped", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .large = true,
		.ops = "put 1 3000; put 2 3000; put 3 3000; put 9 3000; flush;"
		    "snapshot 1; delrange 1 0 0 12; put 2 900; delete 9;"
		    "flush; step 20; look 1 0 0 8; put 3 20; flush; release 1;"
		    "delrange 1 0 0 12; flush; step 20; put 1 10; reopen",
		.least = { .tables_dropped = 3 } },
	{ .name = "an ingestion across what is there", .memtable_size = 16384,
		.table_size = 4096, .no_sync = true, .ring = true,
		.maps = true, .set = "l0_trigger=2", .large = true,
		.ops = "put 1 3000; put 2 3000; put 50 3000; put 51 3000;"
		    "flush; delete 51; put 60 20; ingest 0 900 0 1; delete 2;"
		    "put 70 20; flush; step 60; put 1 10",
		.least = { .ingested_deep = 2, .ingested_high = 1,
			.merges = 1 } },
	{ .name = "readers stay", .memtable_size = 4096, .no_sync = true,
		.ring = true, .maps = true, .set = "l0_trigger=2",
		.ops = "put 1 50; put 2 50; flush; beside 1; peek 1 0 0 8;"
		    "put 1 60; delete 2; flush; step 20; peek 1 0 0 15;"
		    "refresh 1; peek 1 0 0 9; compact; peek 1 0 0 2;"
		    "peek 1 0 0 13; put 3 20 1; reopen; refresh 1;"
		    "peek 1 0 0 5; beside 2; put 1 9; compact; peek 2 0 0 7;"
		    "leave 1; step 1; put 4 10",
		.least = { .merges = 2 } },
	{ .name = "compactions clear what is used again",
		.memtable_size = 512, .ring = true, .maps = true,
		.large = true,
		.ops = "put 1 300; put 2 300; delete 1; put 3 300; put 4 300;"
		    "put 2 300; put 5 300; step 60; compact; put 1 300;"
		    "delete 2; compact; put 6 10",
		.least = { .merges = 2, .logs_again = 1,
			.deletes_dropped = 1 } },
};
const size_t scripts_count = sizeof scripts / sizeof *scripts;

/* What no statistic counts. */
static void
hear(void *arg, const lsm_event *e)
{
	struct reached *r = arg;

	if (e->kind == LSM_EVENT_FLUSH_END)
		r->flushed_deep += e->level > 0;
	else if (e->kind == LSM_EVENT_MERGE_END)
		r->cut_deep += e->level > 0 && e->tables_out > 1;
	else if (e->kind == LSM_EVENT_MOVE)
		r->moved_together += e->tables_in > 1;
}

/* Each NAME=VALUE of the text. */
static bool
options_set(lsm_options *o, const char *text)
{
	char name[32], value[32];
	int n;

	while (text != NULL && sscanf(text, " %31[^=]=%31s%n", name, value,
	    &n) == 2) {
		if (lsm_options_set(o, name, value) != LSM_OK)
			return wrong("script: %s", lsm_message());
		text += n;
	}
	return true;
}

bool
script_start(const struct script *c, struct sim *sim, struct session *s,
    struct op_list *l)
{
	static uint64_t default_from, default_least;
	lsm_options o;

	sim_capabilities(sim, c->ring, c->maps);
	lsm_options_init(&o);
	o.env = sim_env(sim);
	o.workers = 0;
	o.memtable_size = c->memtable_size;
	o.no_sync = c->no_sync;
	o.l0_trigger = 4;	/* a short story has few flushes */
	o.l0_stop = 16;
	o.codec = c->codec;
	if (c->table_size)
		o.table_size = c->table_size;
	if (!options_set(&o, c->set))
		return false;
	if (default_from == 0) {
		default_from = hybrid_tier_from;
		default_least = flush_part_least;
	}
	hybrid_tier_from = c->tier_from ? c->tier_from : default_from;
	flush_part_least = c->part_least ? c->part_least : default_least;
	o.event = hear;
	o.event_arg = &s->reached;
	session_init(s, "/db", &o);
	s->keys = c->keys;
	return op_list_parse(l, c->ops);
}

bool
script_reached(const struct script *c, const struct reached *r)
{
	const uint64_t *least = (const uint64_t *)&c->least;
	const uint64_t *got = (const uint64_t *)r;

	for (size_t i = 0; i < sizeof *r / sizeof *got; i++)
		if (got[i] < least[i])
			return wrong("count %zu of what it reached is %" PRIu64
			    ", below %" PRIu64, i, got[i], least[i]);
	return true;
}
