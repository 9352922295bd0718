/*
 * ring_copied.c - the shared log ring: LOCK where it is not mapped, or not
 * believed.
 *
 * The page is read, then the ring, then the page again. What was committed by
 * the first look and is not yet written by the second was in the ring all the
 * time between. Bytes of a ring that nobody vouches for are given as they
 * are: a record has the sum of its bytes, of its place and of its log, and
 * goes on where the one before it ended.
 */
#include "env/ring_page.h"

static uint64_t
word(const _Atomic uint64_t *w)
{
	return load_relaxed((_Atomic uint64_t *)w);
}

bool
ring_copied_steady(const struct ring_copied *c)
{
	const struct ring_control *a = &c->before, *b = &c->after;

	return word(&a->magic) == word(&b->magic) &&
	    word(&a->written) == word(&b->written) &&
	    word(&a->committed) == word(&b->committed) &&
	    memcmp(a->boot, b->boot, sizeof a->boot) == 0 &&
	    memcmp(a->database, b->database, sizeof a->database) == 0 &&
	    a->device == b->device && a->inode == b->inode;
}

int
ring_copied_tail(struct ring_copied *c, const struct ring_identity *id,
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *tail)
{
	uint64_t committed = load_relaxed(&c->before.committed);

	*tail = (struct env_tail){ 0 };
	if (!page_trusted(&c->before, id))
		return LSM_OK;
	memcpy(c->bytes + RING_SIZE, c->bytes, RING_SIZE);
	store_relaxed(&c->after.committed, committed);
	return ring_copy((struct ring_memory){ &c->after, c->bytes }, id,
	    number, from, out, tail);
}

int
ring_copied_bytes(const struct ring_copied *c, uint64_t from,
    struct buffer *out)
{
	size_t first = (size_t)(from & RING_MASK);
	int rc = buffer_add(out, c->bytes + first, RING_SIZE - first);

	return rc == LSM_OK ? buffer_add(out, c->bytes, first) : rc;
}

void
ring_page_alone(struct ring_control *c, const struct ring_identity *id,
    uint64_t pid)
{
	memset(c, 0, sizeof *c);
	page_begin(c, id);
	store_release(&c->syncing, 1);
	store_release(&c->pid, pid);
	store_release(&c->magic, page_magic());
}
