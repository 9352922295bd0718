/*
 * options.h - options of a handle, checked, and those kept in the database.
 */
#ifndef DB_OPTIONS_H
#define DB_OPTIONS_H

#include "base/status.h"
#include "compact/shape.h"
#include "lsm.h"
#include "version/manifest.h"

enum { WORKERS_MAX = 8 };

/* What the manifest keeps, as numbers; as in lsm_options. */
struct stored {
	int codec;			/* of each level, see codecs.h */
	uint32_t page_size;
	uint32_t filter_bits;
	uint64_t table_size;
	int compaction, level_sizes;
	uint64_t base_size, ratio;
	uint64_t l0_trigger, l0_stop, max_sstables;
};

/* LSM_INVALID names the option. A copy with defaults filled in. */
int options_check(const lsm_options *, lsm_options *);

/* The options of a new database, as fields of its first edit. */
int stored_edit(const lsm_options *, struct edit *);
int stored_read(const struct state *, struct stored *);

/* What the picker wants to know of them. A hybrid tree has its tier once the
 * last level holds so many bytes, and no part of a flush has less than so many:
 * for tests to lower, before they open. */
extern uint64_t hybrid_tier_from, flush_part_least;
struct shape_options stored_shape(const struct stored *, const lsm_options *);

/* kept.c: each option kept in a database, as a row of one table */
int kept_check(const struct stored *);
void kept_of(const lsm_options *, struct stored *);
void kept_to(const struct stored *, lsm_options *);
int kept_edit(const struct stored *, struct edit *);
int kept_read(const struct state *, struct stored *);

#endif
