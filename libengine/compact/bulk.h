/*
 * bulk.h - tables from entries that come in order, for an ingestion.
 *
 * One thread. The entries have no sequence yet: it is given with their place,
 * when all of them are durable. Until an edit has them the files mean nothing.
 */
#ifndef COMPACT_BULK_H
#define COMPACT_BULK_H

#include "compact/compact.h"

struct bulk;

/* Level and run of the options are what the footers say. Tables are cut at
 * the options' size at first; where there are many it doubles, up to `most`. */
int bulk_new(const struct compact_options *, uint64_t most, struct bulk **);

/* Unlinks the files, unless an edit has them; takes NULL. */
void bulk_free(struct bulk *);

/* Keys ascend strictly. After a failure there is only bulk_free. */
int bulk_add(struct bulk *, struct bytes key, struct bytes value);
int bulk_cut(struct bulk *);		/* the next key begins a table */
int bulk_finish(struct bulk *);		/* all that was added is durable */

uint64_t bulk_bytes(const struct bulk *);	/* written so far */
uint64_t bulk_begun(const struct bulk *);	/* of the table begun */

/* The tables that are finished: after bulk_finish, all. */
size_t bulk_count(const struct bulk *);
const struct table_meta *bulk_table(const struct bulk *, size_t);

/* Where each of them goes. */
struct bulk_place {
	int level;
	uint64_t run;
};

/* After bulk_finish: add the tables to the edit, which they then belong to.
 * After a failure (LSM_NO_MEMORY) they do not. */
int bulk_result(struct bulk *, const struct bulk_place *, uint64_t sequence,
    struct edit *);

#endif
