/*
 * footer.h - the last block of a table: what the table is.
 *
 * lsm-format(5), FOOTER. Both directions of the format stand here.
 */
#ifndef TABLE_FOOTER_H
#define TABLE_FOOTER_H

#include "kv/block.h"

enum {
	FOOTER_TRAILER = 16,		/* its position and the end mark */
	FOOTER_HEIGHT_MAX = 31		/* inner nodes have two children */
};
#define FOOTER_SIZE_MAX ((uint64_t)1 << 20)
#define RANGES_SIZE_MAX ((uint64_t)1 << 20)	/* of the block of them */

struct table_footer {
	struct file_id id;
	uint64_t size;			/* of the file */
	uint64_t root;			/* position; 0: no leaves */
	unsigned height;		/* of the root */
	int codec;
	uint32_t filter_pages;
	uint64_t filter;		/* position; 0: none */
	uint64_t ranges_at;		/* position of their block; 0: none */
	uint64_t entries, deletes, ranges, leaves, data;
	uint64_t sequence_min, sequence_max;
	uint64_t edit, run;
	uint64_t sum;			/* of the whole file */
	uint32_t level;
	struct bytes smallest, largest;
	struct bytes inputs;		/* varints, and how many */
	uint64_t inputs_count;
	struct bytes properties;	/* bytes name, bytes value; how many */
	uint64_t properties_count;
	uint64_t position;		/* of this block */
};

/* Where the nodes end: filter, range deletes or this block begin. */
static inline uint64_t
footer_nodes_end(const struct table_footer *f)
{
	if (f->filter_pages > 0)
		return f->filter;
	return f->ranges > 0 ? f->ranges_at : f->position;
}

/* The block of a footer at f->position, sealed, appended to *out. Its size is
 * f->size - f->position, which footer_size tells beforehand. LSM_TOO_LARGE:
 * over FOOTER_SIZE_MAX. */
uint64_t footer_size(const struct table_footer *);
int footer_write(const struct table_footer *, uint64_t seed,
    struct buffer *out);

/* Where does the footer begin? From the last bytes of a file of `size`. */
int footer_find(const uint8_t trailer[FOOTER_TRAILER], uint64_t size,
    const char *name, uint64_t *position);

/*
 * Read and check a footer block of n bytes at `position`. *id is whose it
 * must be. Slices point into `block`. Beside its sum everything is checked
 * that can be without the rest of the file: LSM_CORRUPT with a story.
 */
int footer_read(const uint8_t *block, size_t n, uint64_t position,
    const struct file_id *id, const char *name, struct table_footer *);

#endif
