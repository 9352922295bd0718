/*
 * filter.h - gathers the hashes of a table's keys, writes its filter.
 *
 * How large it must be is known only when all keys are: 8 bytes are kept for
 * each until then. Begin with {0}, end with filter_release. One thread.
 */
#ifndef TABLE_FILTER_H
#define TABLE_FILTER_H

#include "table/block_writer.h"

struct filter {
	struct buffer hashes;		/* u64 each */
};

void filter_release(struct filter *);
int filter_add(struct filter *, uint64_t hash);

/* Write its pages, none when there are no keys. */
int filter_write(const struct filter *, uint32_t bits, struct block_writer *,
    uint32_t *pages);

#endif
