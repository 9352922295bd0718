/*
 * tree.h - the inner nodes over a table's leaves, written once they stand.
 *
 * Begin with {0}, end with tree_release. One thread.
 */
#ifndef TABLE_TREE_H
#define TABLE_TREE_H

#include "table/block_writer.h"
#include "table/page_builder.h"
#include "table/separators.h"

struct tree {
	struct separators level;	/* of the nodes written last */
	struct separators above;	/* of those that are being written */
	size_t first_n;
	uint8_t first[LSM_KEY_MAX];	/* separator before the open node */
};

void tree_release(struct tree *);

/* The next leaf, behind this separator. */
int tree_add(struct tree *, struct bytes separator, uint64_t position);

/* Write all levels. *root is the position of the last node, or of the only
 * leaf, 0 when there is none. */
int tree_write(struct tree *, struct page_builder *, struct block_writer *,
    uint64_t *root, unsigned *height);

#endif
