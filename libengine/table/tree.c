/*
 * tree.c - the inner nodes over a table's leaves, written once they stand.
 *
 * Level by level: the separators of one are the entries of the next, until a
 * level has one node.
 */
#include "table/tree.h"

#include "base/alloc.h"

void
tree_release(struct tree *t)
{
	separators_release(&t->level);
	separators_release(&t->above);
}

int
tree_add(struct tree *t, struct bytes separator, uint64_t position)
{
	return separators_add(&t->level, separator, position);
}

/* Write the open node. */
static int
close_node(struct tree *t, struct page_builder *page, struct block_writer *w)
{
	size_t size = page_builder_size(page);
	uint8_t *block;
	int rc = block_writer_room(w, size, &block);

	if (rc != LSM_OK)
		return rc;
	page_builder_finish(page, block);
	return separators_add(&t->above, bytes(t->first, t->first_n),
	    block_writer_seal_page(w, BLOCK_INNER, size));
}

/* Write the nodes over those that t->level lists. */
static int
write_level(struct tree *t, struct page_builder *page, struct block_writer *w,
    struct separators_walk *walk)
{
	int rc;

	separators_clear(&t->above);
	separators_begin(&t->level, walk);
	while (separators_next(walk)) {
		struct bytes key = bytes(walk->key, walk->n);

		if (page_builder_count(page) > 0) {
			if (page_builder_add_child(page, key, walk->position))
				continue;
			if ((rc = close_node(t, page, w)) != LSM_OK)
				return rc;
		}
		memcpy(t->first, key.p, key.n);
		t->first_n = key.n;
		page_builder_add_child(page, key, walk->position);
	}
	return close_node(t, page, w);
}

int
tree_write(struct tree *t, struct page_builder *page, struct block_writer *w,
    uint64_t *root, unsigned *height)
{
	struct separators_walk *walk = mem_alloc(sizeof *walk);
	struct separators written;
	int rc = LSM_OK;

	*root = 0;
	*height = 0;
	if (walk == NULL)
		return mem_exhausted(sizeof *walk);
	while (t->level.count > 1 && rc == LSM_OK) {
		page_builder_begin(page, ++*height, PAGE_STEP);
		rc = write_level(t, page, w, walk);
		written = t->above;
		t->above = t->level;
		t->level = written;
	}
	if (rc == LSM_OK && t->level.count == 1) {
		separators_begin(&t->level, walk);
		separators_next(walk);
		*root = walk->position;
	}
	mem_free(walk);
	return rc;
}
