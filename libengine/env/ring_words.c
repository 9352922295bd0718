/*
 * ring_words.c - the words of LOCK about versions.
 *
 * A reader loads `head`, locks the byte of that edit and looks at `oldest`;
 * the writer stores `oldest` and asks which bytes are locked. One of the two
 * sees the other, because both have a full fence between their two steps: the
 * kernel may look at an empty list of locks without taking its own lock.
 *
 * A page that is made anew has 0 in all of them for a moment; 0 says nothing,
 * and who finds it looks again.
 */
#include "env/ring_page.h"

void
ring_head(struct env_log *log, uint64_t head)
{
	struct ring *r = (struct ring *)log;

	if (r->entered)
		store_release(&r->control->head, head);
}

void
ring_oldest(struct env_log *log, uint64_t edit)
{
	struct ring *r = (struct ring *)log;

	if (r->entered)
		store_release(&r->control->oldest, edit);
	ring_fence_full();
}

void
ring_ended(struct env_log *log, uint64_t edit)
{
	struct ring *r = (struct ring *)log;

	if (r->entered)
		store_release(&r->control->ended, edit);
	ring_fence_full();
}

void
ring_words(struct ring_memory memory, const struct ring_identity *id,
    struct env_words *words)
{
	struct ring_control *c = memory.control;

	*words = (struct env_words){ 0 };
	ring_fence_full();
	if (c == NULL || !page_trusted(c, id))
		return;
	words->head = load_acquire(&c->head);
	words->oldest = load_acquire(&c->oldest);
	words->ended = load_acquire(&c->ended);
	words->committed = load_acquire(&c->committed);
	words->pid = load_acquire(&c->pid);
	ring_fence_acquire();
	words->trusted = page_trusted(c, id);
	if (!words->trusted)
		*words = (struct env_words){ 0 };
}

bool
ring_foreign(struct ring_memory memory, const struct ring_identity *id)
{
	struct ring_control *c = memory.control;

	return c != NULL && (!page_whole(c) || c->device != id->device ||
	    c->inode != id->inode ||
	    memcmp(c->database, id->database, RING_ID) != 0);
}

bool
ring_identity_of(struct ring_memory memory, const uint8_t database[RING_ID],
    struct ring_identity *id)
{
	struct ring_control *c = memory.control;

	if (c == NULL || !page_whole(c))
		return false;
	id->device = c->device;
	id->inode = c->inode;
	memcpy(id->boot, c->boot, sizeof id->boot);
	memcpy(id->database, database ? database : c->database,
	    sizeof id->database);
	return true;
}
