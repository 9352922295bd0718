/*
 * ring_read.c - the shared log ring: the page, and the readers' side.
 *
 * A reader takes no lock. It copies first and asks afterwards: `written` only
 * grows, and a byte of the ring is not used again before `written` passed it.
 * So when `written` has not passed the first byte copied, loaded after the
 * copy, all of the copy was valid. Otherwise the file has those bytes by now.
 */

#include "env/ring_page.h"

enum {
	LAYOUT = 1,
	LOOKS_MAX = 1000,	/* a failed look: a piece went by */
	COPY_STEP = 4096
};

uint64_t
page_magic(void)
{
	uint64_t magic;

	memcpy(&magic, "LSMLOCK1", sizeof magic);
	return magic;
}

bool
page_whole(struct ring_control *c)
{
	return load_acquire(&c->magic) == page_magic() && c->layout == LAYOUT &&
	    c->size == RING_SIZE;
}

static bool
boot_known(const uint8_t boot[RING_ID])
{
	static const uint8_t none[RING_ID];

	return memcmp(boot, none, sizeof none) != 0;
}

bool
page_trusted(struct ring_control *c, const struct ring_identity *id)
{
	return page_whole(c) && boot_known(id->boot) &&
	    c->device == id->device && c->inode == id->inode &&
	    memcmp(c->boot, id->boot, sizeof c->boot) == 0 &&
	    memcmp(c->database, id->database, sizeof c->database) == 0;
}

/* Who does not know the boot can rule out nothing, nor can who comes after
 * one that did not. */
static bool
page_maybe(struct ring_control *c, const struct ring_identity *id)
{
	return page_whole(c) && c->device == id->device &&
	    c->inode == id->inode &&
	    memcmp(c->database, id->database, sizeof c->database) == 0 &&
	    (!boot_known(c->boot) || !boot_known(id->boot));
}

void
page_begin(struct ring_control *c, const struct ring_identity *id)
{
	bool same = page_trusted(c, id);

	store_release(&c->magic, 0);
	ring_fence_release();
	c->layout = LAYOUT;
	c->size = RING_SIZE;
	c->device = id->device;
	c->inode = id->inode;
	memcpy(c->boot, id->boot, sizeof c->boot);
	memcpy(c->database, id->database, sizeof c->database);
	store_release(&c->head, 0);
	store_release(&c->oldest, 0);
	store_release(&c->ended, 0);
	store_release(&c->durable, 0);
	if (!same)
		store_release(&c->syncing, 0);
}

/* Words that no writer leaves: the page is somebody else's work. */
static bool
words_possible(uint64_t written, uint64_t committed)
{
	if (position_log(written) != position_log(committed))
		return written > committed;
	return written >= committed || committed - written <= RING_SIZE;
}

void
ring_look(struct ring_memory memory, const struct ring_identity *id,
    struct env_tail *tail)
{
	struct ring_control *c = memory.control;

	*tail = (struct env_tail){ 0 };
	if (c == NULL)
		return;
	if (!page_trusted(c, id)) {
		tail->syncing = page_maybe(c, id) &&
		    load_acquire(&c->syncing) != 0;
		return;
	}
	/* In this order: a `written` from later only makes the tail smaller. */
	tail->committed = load_acquire(&c->committed);
	tail->written = load_acquire(&c->written);
	tail->syncing = load_acquire(&c->syncing) != 0;
	tail->pid = load_acquire(&c->pid);
	tail->durable = load_acquire(&c->durable);
	tail->left = tail->committed != 0 &&
	    load_acquire(&c->leave) == tail->committed;
	tail->trusted = tail->committed != 0 &&
	    words_possible(tail->written, tail->committed);
	if (!tail->trusted)
		*tail = (struct env_tail){ .syncing = tail->syncing };
	if (tail->left && memory.bytes != NULL)
		memcpy(tail->end, memory.bytes + ((tail->committed -
		    sizeof tail->end) & RING_MASK), sizeof tail->end);
}

/* In steps, so that a scheduler can make a reader slow inside its copy. */
static void
copy(uint8_t *to, const uint8_t *from, size_t n)
{
	for (size_t done = 0, step; done < n; done += step) {
		step = n - done < COPY_STEP ? n - done : COPY_STEP;
		memcpy(to + done, from + done, step);
		sync_point();
	}
}

/* Are bytes copied before this call, the first at `first`, valid? */
static bool
still_there(struct ring_control *c, const struct ring_identity *id,
    uint64_t first)
{
	uint64_t written;

	if (RING_BUG(ONE_LOOK))
		return true;
	ring_fence_acquire();
	written = load_acquire(&c->written);
	return page_trusted(c, id) && written <= first &&
	    position_log(written) == position_log(first);
}

/* The first byte wanted that is not in the file. */
static uint64_t
tail_first(const struct env_tail *tail, uint64_t number, uint64_t from)
{
	uint64_t first = log_position(number, from);

	return first < tail->written ? tail->written : first;
}

bool
ring_tail_empty(const struct env_tail *tail, uint64_t number, uint64_t from)
{
	return !tail->trusted ||
	    position_log(tail->committed) != (uint32_t)number ||
	    tail_first(tail, number, from) >= tail->committed;
}

int
ring_copy(struct ring_memory memory, const struct ring_identity *id,
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *tail)
{
	int rc = LSM_OK;

	for (int looks = 0; looks < LOOKS_MAX; looks++) {
		uint64_t first;
		size_t n;

		ring_look(memory, id, tail);
		if (ring_tail_empty(tail, number, from))
			return LSM_OK;
		first = tail_first(tail, number, from);
		n = (size_t)(tail->committed - first);
		if ((rc = buffer_reserve(out, n)) != LSM_OK)
			break;
		copy(out->p + out->n,
		    memory.bytes + (first & RING_MASK), n);
		if (still_there(memory.control, id, first)) {
			out->n += n;
			return LSM_OK;
		}
	}
	if (rc == LSM_OK)
		rc = status_set(LSM_BUSY, "LOCK: the ring does not hold still");
	*tail = (struct env_tail){ 0 };
	return rc;
}
