/*
 * read_ahead.c - the leaves of a table one after the other, read in large
 * pieces.
 *
 * A window of the file lies in memory; raw leaves are used where they stand in
 * it, packed ones are inflated beside it. Inner nodes are few and read alone.
 */
#include "table/read_ahead.h"

#include "base/alloc.h"
#include "base/status.h"

enum { WINDOW = 256 << 10 };

struct read_ahead {
	struct page_source *source;
	uint64_t at;		/* where the window begins */
	size_t n;		/* bytes in it */
	uint8_t *page;		/* inflated */
	size_t room;
	uint8_t window[WINDOW + PAGE_SLACK];
};

int
read_ahead_new(struct page_source *s, struct read_ahead **out)
{
	struct read_ahead *r = mem_alloc(sizeof *r);

	*out = r;
	if (r == NULL)
		return mem_exhausted(sizeof *r);
	r->source = s;
	r->at = 0;
	r->n = r->room = 0;
	r->page = NULL;
	memset(r->window + WINDOW, 0, PAGE_SLACK);
	return LSM_OK;
}

void
read_ahead_free(struct read_ahead *r)
{
	if (r == NULL)
		return;
	mem_free(r->page);
	mem_free(r);
}

/* Is the block wholly in the window? */
static bool
in_window(const struct read_ahead *r, uint64_t position)
{
	struct block_header h;
	size_t skip, left;

	if (position < r->at || position - r->at >= r->n)
		return false;
	skip = (size_t)(position - r->at);
	left = r->n - skip;
	if (left < BLOCK_HEADER)
		return false;
	block_header_read(r->window + skip, &h);
	return block_size(&h) <= left;
}

/* Read from the position on, or around it when the walk goes backwards. */
static int
window_move(struct read_ahead *r, uint64_t position)
{
	struct page_source *s = r->source;
	uint64_t from = position, n;
	int rc;

	if (r->n > 0 && position < r->at)
		from = position > WINDOW / 2 ? position - WINDOW / 2 : 0;
	n = s->size - from < WINDOW ? s->size - from : WINDOW;
	r->n = 0;
	rc = env_read_exactly(s->file, s->name, from, r->window, (size_t)n);
	if (rc != LSM_OK)
		return rc;
	r->at = from;
	r->n = (size_t)n;
	return LSM_OK;
}

static int
page_room(struct read_ahead *r, size_t size)
{
	if (size <= r->room)
		return LSM_OK;
	mem_free(r->page);
	r->room = 0;
	if ((r->page = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	r->room = size;
	return LSM_OK;
}

static int
window_page(struct read_ahead *r, const struct page_where *w,
    struct page_hold *hold)
{
	const uint8_t *block = r->window + (w->position - r->at);
	struct block_header h;
	size_t size;
	int rc = page_source_prove(r->source, block,
	    r->n - (size_t)(w->position - r->at), w, &h);

	if (rc != LSM_OK)
		return rc;
	size = BLOCK_HEADER + (size_t)h.raw;
	if (h.codec != LSM_CODEC_NONE) {
		if ((rc = page_room(r, size + PAGE_SLACK)) != LSM_OK ||
		    (rc = page_source_unpack(r->source, block, &h, r->page)) !=
		    LSM_OK)
			return rc;
		block = r->page;
	}
	if ((rc = page_source_check(r->source, block, size, w)) == LSM_OK)
		*hold = (struct page_hold){ .p = block, .size = size };
	return rc;
}

int
read_ahead_get(struct read_ahead *r, const struct page_where *w,
    struct page_hold *hold)
{
	int rc;

	*hold = (struct page_hold){ 0 };
	if (w->tag != BLOCK_LEAF)
		return page_source_read(r->source, w, hold);
	if (!in_window(r, w->position) &&
	    (rc = window_move(r, w->position)) != LSM_OK)
		return rc;
	/* A value larger than the window, or a damaged length. */
	if (!in_window(r, w->position))
		return page_source_read(r->source, w, hold);
	return window_page(r, w, hold);
}
