/*
 * options.h - options of a handle, checked, and those kept in the database.
 */
#ifndef DB_OPTIONS_H
#define DB_OPTIONS_H

#include "base/status.h"
#include "lsm.h"
#include "version/manifest.h"

/* What the manifest keeps, as numbers. */
struct stored {
	int codec;
	uint32_t page_size;
	uint32_t filter_bits;
	uint64_t table_size;
};

/* LSM_INVALID names the option. A copy with defaults filled in. */
int options_check(const lsm_options *, lsm_options *);

/* The options of a new database, as fields of its first edit. */
int stored_edit(const lsm_options *, struct edit *);
int stored_read(const struct state *, struct stored *);

#endif
