/*
 * input.h - what a job reads: a memtable, or tables of a version, merged.
 *
 * For this floor only.
 */
#ifndef COMPACT_INPUT_H
#define COMPACT_INPUT_H

#include "compact/compact.h"
#include "compact/sweep.h"

struct input {
	struct iter *iter;		/* of everything, newest entries */
	struct sweep sweep;		/* of all range deletes */
	uint64_t bytes, entries;	/* of the files; versions of keys */
	uint64_t covered;		/* entries that need not be read */
	struct version *version;	/* of a merge: held */
	struct table_cache *cache;
	struct version_table **tables;
	size_t count;
	struct version_table **read;	/* those that are read */
	struct run *runs;		/* slices of these, newest first */
	size_t runs_count;
	uint64_t *damaged;		/* as in compact_options */
};

/* Begin with {0}; end with input_release, after a failure too. Tables are only
 * noted, and opened afterwards: but for those that a newer run's range deletes
 * cover wholly. */
int input_memtable(struct input *, struct memtable *);
int input_tables(struct input *, struct version *,
    struct version_table *const *tables, size_t count,
    const struct compact_options *);
int input_start(struct input *);

/* Tell which table it was, when the code says that it is damaged. */
int input_told(const struct input *, int rc, const struct version_table *);
void input_release(struct input *);

/* Versions of keys that the iterator has passed over as shadowed. */
uint64_t input_shadowed(const struct input *, uint64_t shown);

#endif
