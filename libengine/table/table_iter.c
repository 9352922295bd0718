/*
 * table_iter.c - walks the leaves of a table, in both directions.
 *
 * A frame for each level holds a page and the place in it; frame 0 is the
 * leaf. To leave a leaf the iterator climbs until a page has a further child,
 * and comes down on its near side. Each leaf must continue where the one
 * before it ended: a crafted tree shall not make keys go back. Of a page the
 * iterator takes no more children than may hold keys of its range.
 */
#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "table/read_ahead.h"
#include "table/table_impl.h"

struct frame {
	struct page_hold hold;
	struct page page;
	uint32_t i;
	uint32_t first, end;		/* children to go on to */
};

struct table_iter {
	struct iter base;
	struct table *table;
	const struct range *within;	/* or NULL: everything */
	bool scan;			/* TABLE_SCAN: keep nothing */
	uint32_t walked;		/* leaves in a row, without a seek */
	struct read_ahead *ahead;	/* once it walks; else NULL */
	void (*done)(void *, struct table *);
	void *done_arg;
	uint64_t leaf;			/* position of the one in frame 0 */
	unsigned height;
	uint8_t key[PAGE_KEY_ROOM];
	struct frame frames[];
};

enum side { FIRST, LAST };

/* Who walked through so many leaves is likely to go on. */
enum { WALK = 3 };

static const struct iter_ops table_iter_ops;

static void
iter_free_all(struct iter *base)
{
	struct table_iter *it = (struct table_iter *)base;

	for (unsigned h = 0; h <= it->height; h++)
		page_release(&it->table->source, &it->frames[h].hold);
	read_ahead_free(it->ahead);
	if (it->done != NULL)
		it->done(it->done_arg, it->table);
	mem_free(it);
}

int
table_iter_new(struct table *t, unsigned flags, struct iter **out)
{
	size_t frames = t->footer.height + 1u;
	struct table_iter *it;
	size_t size = sizeof *it + frames * sizeof it->frames[0];
	int rc;

	*out = NULL;
	if ((it = mem_zalloc(size)) == NULL)
		return mem_exhausted(size);
	it->base.ops = &table_iter_ops;
	it->table = t;
	it->height = t->footer.height;
	it->scan = flags & TABLE_SCAN;
	if (it->scan && ((rc = page_source_introduce(&t->source)) != LSM_OK ||
	    (rc = read_ahead_new(&t->source, &it->ahead)) != LSM_OK)) {
		mem_free(it);
		return rc;
	}
	*out = &it->base;
	return LSM_OK;
}

void
table_iter_on_free(struct iter *base, void (*done)(void *, struct table *),
    void *arg)
{
	struct table_iter *it = (struct table_iter *)base;

	it->done = done;
	it->done_arg = arg;
}

void
table_iter_within(struct iter *base, const struct range *within)
{
	struct table_iter *it = (struct table_iter *)base;

	it->within = within;
}

uint64_t
table_iter_leaf(const struct iter *base, const struct page_hold **leaf)
{
	const struct table_iter *it = (const struct table_iter *)base;

	*leaf = &it->frames[0].hold;
	return it->leaf;
}

/* Leaves that lie in the map need no reading ahead. */
static bool
walks(struct table_iter *it)
{
	struct page_source *s = &it->table->source;

	if (it->walked < WALK || (s->codec == 0 && page_source_maps(s)))
		return false;
	return it->ahead != NULL || read_ahead_new(s, &it->ahead) == LSM_OK;
}

/* A walk takes what is cached, but leaves no trace in the cache. */
static int
page_get(struct table_iter *it, const struct page_where *w,
    struct page_hold *hold)
{
	struct page_source *s = &it->table->source;

	if (it->scan)
		return read_ahead_get(it->ahead, w, hold);
	if (w->tag == BLOCK_LEAF && walks(it))
		return page_source_cached(s, w, hold) ? LSM_OK :
		    read_ahead_get(it->ahead, w, hold);
	return page_source_get(s, w, hold);
}

/* Which children may hold keys of the range: a child's begin at its
 * separator, and end below the next one's. */
static void
frame_narrow(struct frame *f, const struct range *within)
{
	bool equal;

	f->first = 0;
	f->end = f->page.n;
	if (within == NULL)
		return;
	f->first = page_child_index(&f->page, within->from);
	f->end = page_find(&f->page, within->to, &equal);
}

/* Put the page at `position` into frame h. */
static int
frame_load(struct table_iter *it, unsigned h, uint64_t position)
{
	struct page_where w = page_node(position, h);
	struct frame *f = &it->frames[h];
	int rc;

	page_release(&it->table->source, &f->hold);
	rc = page_get(it, &w, &f->hold);
	if (rc != LSM_OK)
		return rc;
	table_page(it->table, &f->page, &f->hold);
	if (h == 0)
		it->leaf = position;
	else
		frame_narrow(f, it->within);
	return LSM_OK;
}

/* From the place in frame h down to a leaf, on that side. */
static int
go_down(struct table_iter *it, unsigned h, enum side side)
{
	int rc;

	for (; h > 0; h--) {
		struct frame *f = &it->frames[h], *child = f - 1;

		rc = frame_load(it, h - 1, page_child(&f->page, f->i));
		if (rc != LSM_OK)
			return rc;
		child->i = side == FIRST ? 0 : child->page.n - 1;
	}
	return LSM_OK;
}

/* From the root down to the leaf of a key. */
static int
go_to(struct table_iter *it, struct bytes key)
{
	unsigned h = it->height;
	int rc;

	it->walked = 0;
	rc = frame_load(it, h, it->table->footer.root);

	for (; rc == LSM_OK && h > 0; h--) {
		struct frame *f = &it->frames[h];

		f->i = page_child_index(&f->page, key);
		rc = frame_load(it, h - 1, page_child(&f->page, f->i));
	}
	return rc;
}

/* To the next leaf on that side; *moved is false at the end of the table, or
 * of the range. */
static int
go_on(struct table_iter *it, enum side side, bool *moved)
{
	unsigned h = 1;

	*moved = false;
	for (; h <= it->height; h++) {
		struct frame *f = &it->frames[h];

		if (side == FIRST ? f->i + 1 < f->end : f->i > f->first)
			break;
	}
	if (h > it->height)
		return LSM_OK;
	*moved = true;
	if (side == FIRST)
		it->frames[h].i++;
	else
		it->frames[h].i--;
	return go_down(it, h, side);
}

/* Show entry i of a leaf that was just entered. */
static int
show_new(struct table_iter *it, uint32_t i)
{
	struct frame *leaf = &it->frames[0];

	leaf->i = i;
	page_put_prefix(&leaf->page, it->key);
	page_entry(&leaf->page, i, it->key, &it->base.entry);
	it->base.valid = true;
	return LSM_OK;
}

/* The same leaf: the prefix stands in the key already. */
static int
show(struct table_iter *it, uint32_t i)
{
	it->frames[0].i = i;
	page_entry(&it->frames[0].page, i, it->key, &it->base.entry);
	return LSM_OK;
}

/* Enter the next leaf on that side; its keys must lie beyond the last one. */
static int
show_on(struct table_iter *it, enum side side)
{
	struct page *page = &it->frames[0].page;
	bool moved, equal;
	uint32_t i;
	int rc;

	it->base.valid = false;
	it->walked++;
	if ((rc = go_on(it, side, &moved)) != LSM_OK || !moved)
		return rc;
	i = page_find(page, it->base.entry.key, &equal);
	if (equal || i != (side == FIRST ? 0 : page->n))
		return status_set(LSM_CORRUPT, "%s: offset %llu: keys do not "
		    "ascend from leaf to leaf", it->table->source.name,
		    (unsigned long long)it->leaf);
	return show_new(it, side == FIRST ? 0 : page->n - 1);
}

/* To one end of the table. */
static int
show_end(struct table_iter *it, enum side side)
{
	struct frame *root = &it->frames[it->height];
	int rc;

	it->base.valid = false;
	it->walked = 0;
	if (it->table->footer.leaves == 0)
		return LSM_OK;
	rc = frame_load(it, it->height, it->table->footer.root);
	if (rc != LSM_OK)
		return rc;
	root->i = side == FIRST ? 0 : root->page.n - 1;
	if ((rc = go_down(it, it->height, side)) != LSM_OK)
		return rc;
	return show_new(it, it->frames[0].i);
}

static int
iter_to_first(struct iter *base)
{
	return show_end((struct table_iter *)base, FIRST);
}

static int
iter_to_last(struct iter *base)
{
	return show_end((struct table_iter *)base, LAST);
}

static int
iter_to_key(struct iter *base, struct bytes key)
{
	struct table_iter *it = (struct table_iter *)base;
	bool equal, moved;
	uint32_t i;
	int rc;

	base->valid = false;
	if (it->table->footer.leaves == 0)
		return LSM_OK;
	if ((rc = go_to(it, key)) != LSM_OK)
		return rc;
	i = page_find(&it->frames[0].page, key, &equal);
	if (i < it->frames[0].page.n)
		return show_new(it, i);
	if ((rc = go_on(it, FIRST, &moved)) != LSM_OK || !moved)
		return rc;
	return show_new(it, 0);
}

static int
iter_to_before(struct iter *base, struct bytes key)
{
	struct table_iter *it = (struct table_iter *)base;
	bool equal, moved;
	uint32_t i;
	int rc;

	base->valid = false;
	if (it->table->footer.leaves == 0)
		return LSM_OK;
	if ((rc = go_to(it, key)) != LSM_OK)
		return rc;
	i = page_find(&it->frames[0].page, key, &equal);
	if (i > 0)
		return show_new(it, i - 1);
	if ((rc = go_on(it, LAST, &moved)) != LSM_OK || !moved)
		return rc;
	return show_new(it, it->frames[0].page.n - 1);
}

static int
iter_to_next(struct iter *base)
{
	struct table_iter *it = (struct table_iter *)base;
	uint32_t i = it->frames[0].i + 1;

	assert(base->valid);
	return i < it->frames[0].page.n ? show(it, i) : show_on(it, FIRST);
}

static int
iter_to_prev(struct iter *base)
{
	struct table_iter *it = (struct table_iter *)base;
	uint32_t i = it->frames[0].i;

	assert(base->valid);
	return i > 0 ? show(it, i - 1) : show_on(it, LAST);
}

static const struct iter_ops table_iter_ops = {
	.free = iter_free_all,
	.first = iter_to_first,
	.last = iter_to_last,
	.seek = iter_to_key,
	.seek_before = iter_to_before,
	.next = iter_to_next,
	.prev = iter_to_prev,
};
