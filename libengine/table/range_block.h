/*
 * range_block.h - the range deletes of a table.
 *
 * lsm-format(5), RANGE DELETES. Both directions of the format stand here. The
 * block is small and is kept in memory while its table is open.
 */
#ifndef TABLE_RANGE_BLOCK_H
#define TABLE_RANGE_BLOCK_H

#include "env/env.h"
#include "kv/range.h"
#include "table/block_writer.h"
#include "table/footer.h"

/* One that is read: in key order, without overlap; bounds point into `raw`. */
struct range_block {
	struct range *list;
	size_t count;
	uint8_t *raw;
};

/* The block at [f->ranges_at, f->position) of a file whose footer is checked:
 * read, proven and checked. Begin with {0}, end with range_block_release,
 * after a failure too. LSM_CORRUPT with a story. */
int range_block_load(struct env_file *, const char *name,
    const struct table_footer *f, struct range_block *);
void range_block_release(struct range_block *);

/* One that is made: begin with {0}. */
struct range_rows {
	struct buffer rows;
	struct buffer to;		/* of the last one */
	uint64_t count;
};

/* *fault tells why it was not added: it does not lie behind those before it,
 * or the block holds no more; NULL otherwise. */
int range_rows_add(struct range_rows *, const struct range *,
    const char **fault);
uint64_t range_rows_size(const struct range_rows *);	/* of the block */
int range_rows_write(const struct range_rows *, struct block_writer *);
void range_rows_release(struct range_rows *);

#endif
