/*
 * setup.c - one of many ways to use the engine, chosen by a seed.
 */
#include "support/setup.h"

#include "base/random.h"
#include "db/options.h"
#include "table/compress.h"

enum { BIG_VALUE = 100 << 10, BIG_ONE_IN = 1500, PASS_US_MAX = 300 };

static uint64_t
one_of(struct random *r, const uint64_t *list, size_t n)
{
	return list[random_below(r, n)];
}
#define ONE_OF(r, ...) one_of((r), (const uint64_t[]){ __VA_ARGS__ }, \
	sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static int
codec_random(struct random *r)
{
	int codec = (int)random_below(r, 4);

	return codec_built_in(codec) ? codec : LSM_CODEC_NONE;
}

static void
options_random(lsm_options *o, struct random *r)
{
	lsm_options_init(o);
	o->memtable_size = ONE_OF(r, 512, 1024, 4096, 16384, 65536);
	o->cache_size = ONE_OF(r, 0, 4096, 65536, 8 << 20);
	o->reads = (int)random_below(r, 2);
	o->workers = (int)random_below(r, 4);
	o->max_open_tables = (int)ONE_OF(r, 1, 2, 8, 500);
	o->no_sync = random_below(r, 2) == 0;
	o->codec = codec_random(r);
	o->page_size = (uint32_t)ONE_OF(r, 4096, 8192, 16384);
	o->filter_bits = (uint32_t)ONE_OF(r, 0, 1, 10, 20);
	o->table_size = ONE_OF(r, 4096, 16384, 65536, 64 << 20);
	o->compaction = (int)random_below(r, 4);
	o->level_sizes = (int)random_below(r, 4) == 0;
	o->base_size = ONE_OF(r, 4096, 16384, 1 << 20);
	o->ratio = ONE_OF(r, 2, 4, 10);
	o->l0_trigger = ONE_OF(r, 1, 2, 4, 8);
	o->l0_stop = o->l0_trigger + ONE_OF(r, 4, 12);
	o->max_sstables = ONE_OF(r, 0, 0, 4);
}

/* Those of a list are the levels', the last one's for all deeper. */
static void
codecs_random(lsm_options *o, struct random *r)
{
	static const char *const lists[] = { "none,zlib", "zlib,none",
		"none,none,zlib", "zlib,zlib,none,zlib" };

	(void)lsm_options_set(o, "codec",
	    lists[random_below(r, sizeof lists / sizeof *lists)]);
}

void
setup_random(struct setup *s, uint64_t seed)
{
	struct random r = { seed }, shapes = { seed ^ 0x736861706573 };
	struct random parts = { seed ^ 0x7061727473 };
	struct random ages = { seed ^ 0x61676573 };

	*s = (struct setup){ .simulated = random_below(&r, 8) != 0 };
	options_random(&s->options, &r);
	s->ring = random_below(&r, 4) != 0;
	s->maps = random_below(&r, 4) != 0;
	s->keys = (enum key_set)random_below(&r, KEY_SETS);
	s->key_count = (uint32_t)ONE_OF(&r, 5, 50, 400);
	s->value_max = (uint32_t)ONE_OF(&r, 1, 30, 300, 5000);
	s->tier_from = ONE_OF(&shapes, 1, 4096, 65536, (uint64_t)2 << 30);
	s->part_least = ONE_OF(&parts, 1, 1024, 64 << 10);
	if (random_below(&shapes, 4) == 0)
		codecs_random(&s->options, &shapes);
	s->options.max_pin_age = ONE_OF(&ages, 0, 0, 0, 1, 3000, 30000);
	if (s->keys == KEYS_LONG && s->key_count > 50)
		s->key_count = 50;
	/* Real syncs are slow: there, only what asks for one waits, and not
	 * every few puts make a table. */
	if (!s->simulated) {
		s->options.no_sync = 1;
		s->options.memtable_size *= 16;
	}
}

void
setup_apply(const struct setup *s)
{
	hybrid_tier_from = s->tier_from;
	flush_part_least = s->part_least;
}

void
setup_print(const struct setup *s, FILE *f)
{
	const lsm_options *o = &s->options;

	fprintf(f, "# %s disk%s%s, %u %s keys, values to %u, memtable %zu, "
	    "cache %zu, %s reads, %d workers, %d open tables, codec %d, "
	    "page %u, filter %u, table %llu, compaction %d from %llu, parts "
	    "from %llu, sizes %d "
	    "%llu ratio %llu, level 0 %llu %llu, sstables %llu, pins to %llu "
	    "us%s\n",
	    s->simulated ? "simulated" : "real",
	    s->simulated && !s->ring ? " without ring" : "",
	    s->simulated && !s->maps ? " without maps" : "", s->key_count,
	    key_set_word(s->keys), s->value_max, o->memtable_size,
	    o->cache_size, o->reads ? "strict" : "mapped", o->workers,
	    o->max_open_tables, o->codec, o->page_size, o->filter_bits,
	    (unsigned long long)o->table_size, o->compaction,
	    (unsigned long long)s->tier_from,
	    (unsigned long long)s->part_least, o->level_sizes,
	    (unsigned long long)o->base_size, (unsigned long long)o->ratio,
	    (unsigned long long)o->l0_trigger,
	    (unsigned long long)o->l0_stop,
	    (unsigned long long)o->max_sstables,
	    (unsigned long long)o->max_pin_age, o->no_sync ? ", no sync" : "");
}

struct share {
	enum op_kind kind;
	unsigned of_ten_thousand;
};

static enum op_kind
kind_random(struct random *r)
{
	static const struct share shares[] = {
		{ OP_PUT, 3700 }, { OP_DELETE, 1200 }, { OP_BATCH, 500 },
		{ OP_IF, 300 }, { OP_DELRANGE, 40 },
		{ OP_GET, 3130 }, { OP_GETS, 100 }, { OP_INGEST, 30 },
		{ OP_WALK, 100 }, { OP_LOOK, 100 }, { OP_MOVE, 100 },
		{ OP_STEP, 200 }, { OP_HOLD, 60 }, { OP_DROP, 40 },
		{ OP_SNAPSHOT, 60 }, { OP_RELEASE, 40 },
		{ OP_SYNC, 60 }, { OP_SCAN, 10 }, { OP_FLUSH, 15 },
		{ OP_COMPACT, 3 }, { OP_RANGE, 6 }, { OP_REOPEN, 10 },
		{ OP_TURN, 20 },
		{ OP_READER, 6 }, { OP_SECOND, 4 },
		{ OP_BESIDE, 15 }, { OP_REFRESH, 15 }, { OP_PEEK, 60 },
		{ OP_LEAVE, 40 }, { OP_PASS, 30 },
	};
	uint64_t dice = random_below(r, 10000);

	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		if (dice < shares[i].of_ten_thousand)
			return shares[i].kind;
		dice -= shares[i].of_ten_thousand;
	}
	return OP_GET;
}

static uint32_t
size_random(const struct setup *s, struct random *r)
{
	if (random_below(r, BIG_ONE_IN) == 0)
		return BIG_VALUE;
	return (uint32_t)random_below(r, s->value_max + 1);
}

static uint32_t
flags_random(const struct setup *s, struct random *r)
{
	uint64_t dice = random_below(r, 100);

	if (dice < (s->simulated ? 20u : 1u))
		return LSM_SYNC;
	return dice < 40 ? LSM_NO_SYNC : 0;
}

/* Time of this machine is dear. */
static uint32_t
pass_random(const struct setup *s, struct random *r)
{
	uint64_t age = s->options.max_pin_age;

	return (uint32_t)random_below(r, s->simulated && age > PASS_US_MAX ?
	    age : PASS_US_MAX);
}

void
setup_ops(const struct setup *s, uint64_t seed, size_t count,
    struct op_list *l)
{
	struct random r = { seed ^ 0x6f7073 };

	for (size_t i = 0; i < count; i++) {
		struct op op = { .kind = kind_random(&r),
			.key = (uint32_t)random_below(&r, s->key_count),
			.tag = random_next(&r) };

		if (op.kind == OP_PUT || op.kind == OP_BATCH ||
		    op.kind == OP_IF || op.kind == OP_INGEST)
			op.size = size_random(s, &r);
		if (op.kind == OP_RANGE)
			op.size = (uint32_t)random_below(&r, s->key_count);
		if (op.kind == OP_PASS)
			op.size = pass_random(s, &r);
		if (op.kind <= OP_IF)	/* the commits */
			op.flags = flags_random(s, &r);
		op_list_add(l, op);
	}
}
