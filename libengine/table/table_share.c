/*
 * table_share.c - how much of a table lies below a key, as its index tells.
 *
 * Leaves stand in key order, so the place of a key's leaf in the file says it,
 * and the key's place in the leaf says it better. Nothing but the way down to
 * three leaves is read.
 */
#include "table/table.h"

#include "table/table_impl.h"

struct place {
	uint64_t leaf;		/* its position */
	double inside;		/* 0 to 1: how much of it is below the key */
};

static int
place_find(struct table *t, struct bytes key, struct place *place)
{
	struct page_where w;
	struct page_hold leaf = { 0 };
	struct page page;
	bool equal;
	int rc = table_descend(t, key, &w, &leaf);

	if (rc != LSM_OK)
		return rc;
	page_open(&page, leaf.p, leaf.size);
	place->leaf = w.position;
	place->inside = page.n == 0 ? 0 :
	    (double)page_find(&page, key, &equal) / page.n;
	page_release(&t->source, &leaf);
	return LSM_OK;
}

int
table_share_below(struct table *t, struct bytes key, double *share)
{
	struct place first, last, at;
	double leaf = 1;
	int rc;

	*share = 0;
	if (t->footer.root == 0)
		return LSM_OK;
	if ((rc = place_find(t, t->footer.smallest, &first)) != LSM_OK ||
	    (rc = place_find(t, t->footer.largest, &last)) != LSM_OK ||
	    (rc = place_find(t, key, &at)) != LSM_OK)
		return rc;
	if (last.leaf > first.leaf && t->footer.leaves > 1)
		leaf = (double)(last.leaf - first.leaf) /
		    (double)(t->footer.leaves - 1);
	/* A crafted index need not be in order. */
	if (at.leaf < first.leaf || at.leaf > last.leaf)
		return LSM_OK;
	*share = ((double)(at.leaf - first.leaf) + at.inside * leaf) /
	    ((double)(last.leaf - first.leaf) + leaf);
	return LSM_OK;
}
