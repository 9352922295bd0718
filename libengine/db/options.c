/*
 * options.c - options of a handle, checked, and those kept in the database.
 */
#include "db/options.h"

#include "mem/memtable.h"
#include "table/compress.h"

enum {
	PAGE_SIZE_MIN = 4096,
	PATIENT_FROM = 4,	/* runs */
	FLUSH_SIZE_MIN = 64 << 10 /* tiny tables are mostly headers */
};

uint64_t hybrid_tier_from = (uint64_t)2 << 30;
uint64_t flush_part_least = FLUSH_SIZE_MIN;

void
lsm_options_init(lsm_options *o)
{
	*o = (lsm_options){
		.struct_size = sizeof *o,
		.memtable_size = (size_t)24 << 20,
		.cache_size = (size_t)8 << 20,
		.reads = LSM_READS_MAPPED,
		.workers = 1,
		.max_open_tables = 500,
		.codec = LSM_CODEC_DEFAULT,
		.page_size = PAGE_SIZE_MIN,
		.filter_bits = 10,
		.table_size = (uint64_t)8 << 20,
		.compaction = LSM_COMPACTION_HYBRID,
		.base_size = (uint64_t)40 << 20,
		.ratio = 8,
		.l0_trigger = 8,
		.l0_stop = 40,
	};
}

static int
option_bad(const char *name, const char *reason)
{
	return status_set(LSM_INVALID, "option %s: %s", name, reason);
}

static int
handle_check(const lsm_options *o)
{
	if (o->memtable_size < MEMTABLE_LIMIT_MIN ||
	    o->memtable_size > MEMTABLE_LIMIT_MAX)
		return option_bad("memtable_size", "not in 512 bytes to 1 GiB");
	if (o->reads != LSM_READS_MAPPED && o->reads != LSM_READS_STRICT)
		return option_bad("reads", "neither mapped nor strict");
	if (o->workers < 0 || o->workers > WORKERS_MAX)
		return option_bad("workers", "not in 0 to 8");
	if (o->max_open_tables < 1)
		return option_bad("max_open_tables", "below 1");
	if (o->read_only && (o->create || o->exclusive))
		return option_bad("create", "contradicts read_only");
	if (o->exclusive && !o->create)
		return option_bad("exclusive", "needs create");
	return LSM_OK;
}

int
options_check(const lsm_options *given, lsm_options *o)
{
	struct stored s;
	int rc;

	lsm_options_init(o);
	if (given == NULL)
		return LSM_OK;
	if (given->struct_size == 0 || given->struct_size > sizeof *o)
		return option_bad("struct_size", "call lsm_options_init first");
	memcpy(o, given, given->struct_size);
	o->struct_size = sizeof *o;
	if (o->codec == LSM_CODEC_DEFAULT)
		o->codec = codec_default();
	kept_of(o, &s);
	if ((rc = kept_check(&s)) != LSM_OK)
		return rc;
	return handle_check(o);
}

int
stored_edit(const lsm_options *o, struct edit *e)
{
	struct stored s;

	kept_of(o, &s);
	return kept_edit(&s, e);
}

int
stored_read(const struct state *state, struct stored *s)
{
	lsm_options o;

	lsm_options_init(&o);
	o.codec = LSM_CODEC_NONE;
	kept_of(&o, s);
	return kept_read(state, s);
}

/* Three times the trigger, if that leaves room for runs that come meanwhile;
 * but who sets a small one wants few runs. */
static uint64_t
patience(const struct stored *s)
{
	uint64_t most = (s->l0_trigger + s->l0_stop) / 2;

	if (s->l0_trigger < PATIENT_FROM)
		return s->l0_trigger;
	return 3 * s->l0_trigger < most ? 3 * s->l0_trigger : most;
}

struct shape_options
stored_shape(const struct stored *s, const lsm_options *o)
{
	bool fixed = s->level_sizes == LSM_LEVELS_FIXED;

	return (struct shape_options){
		.compaction = (enum compaction)s->compaction,
		.l0_trigger = (size_t)s->l0_trigger,
		.l0_patience = (size_t)patience(s),
		.flush_size = o->memtable_size > FLUSH_SIZE_MIN ?
		    o->memtable_size : FLUSH_SIZE_MIN,
		.part_least = flush_part_least,
		.ratio = s->ratio,
		.base_size = fixed ? s->base_size : 0,
		.tier_from = hybrid_tier_from,
		.table_size = s->table_size,
		.tree_runs = (size_t)s->max_sstables,
	};
}
