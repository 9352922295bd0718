/*
 * ring.c - the shared log ring: the writer's side.
 *
 * The byte at offset o of a log stands at o mod RING_SIZE, and because the
 * ring is mapped twice in a row neither a record nor a piece ever splits. A
 * piece may be written to the file while records go on behind it: it stays
 * valid until `written` moves, and the appender cannot come around to it
 * before that.
 */
#include "env/ring.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "env/ring_impl.h"
#include "env/ring_page.h"

#ifdef LSM_SCHED
enum ring_bug ring_bug;
#endif

enum {
	RECORD_KEPT = 1 << 20	/* a larger buffer is given back after use */
};

void
ring_init(struct ring *r, lsm_env *env, struct ring_memory memory,
    const struct ring_identity *identity, uint64_t pid)
{
	memset(r, 0, sizeof *r);
	r->base.env = env;
	r->control = memory.control ? memory.control : &r->own;
	r->bytes = memory.control ? memory.bytes : NULL;
	r->identity = *identity;
	r->pid = pid;
	mutex_init(&r->io);
	mutex_init(&r->sync_mu);
}

/*
 * Errors. The code is LSM_IO whatever the reason was: LSM_NO_SPACE would tell
 * the caller that it may go on, and after a failed write of a piece or a
 * failed sync nobody knows what the file holds.
 */
int
ring_refuse(struct ring *r)
{
	return status_set(LSM_IO, "%s", r->story);
}

int
ring_fail_locked(struct ring *r)
{
	mutex_assert_held(&r->io);
	if (!load_acquire(&r->failed)) {
		snprintf(r->story, sizeof r->story, "%s", status_story());
		store_release(&r->failed, true);
	}
	return ring_refuse(r);
}

/* [written, to) of the current segment goes to its file. */
int
ring_flush_locked(struct ring *r, uint64_t to)
{
	uint64_t from = position_offset(load_acquire(&r->control->written));
	uint64_t end = log_position(r->current->number, to);
	struct ring_segment *s = r->current;

	mutex_assert_held(&r->io);
	if (load_acquire(&r->failed))
		return ring_refuse(r);
	if (from >= to)
		return LSM_OK;
	assert(r->bytes != NULL && to - from <= RING_SIZE);
	if (RING_BUG(WRITTEN_EARLY))
		store_release(&r->control->written, end);
	if (s->ops->write(s, from, r->bytes + (from & RING_MASK),
	    (size_t)(to - from)) != LSM_OK)
		return ring_fail_locked(r);
	store_release(&r->control->written, end);
	return LSM_OK;
}

static int
flush_all_locked(struct ring *r)
{
	return ring_flush_locked(r,
	    position_offset(load_acquire(&r->control->committed)));
}

int
ring_flush(struct env_log *log)
{
	struct ring *r = (struct ring *)log;
	int rc = LSM_OK;

	mutex_lock(&r->io);
	if (r->current != NULL)
		rc = flush_all_locked(r);
	mutex_unlock(&r->io);
	return rc;
}

uint64_t
ring_committed(struct env_log *log)
{
	struct ring *r = (struct ring *)log;

	return r->entered ? load_acquire(&r->control->committed) : 0;
}

/* A record of n bytes that does not go through the ring. */
static int
reserve_direct(struct ring *r, size_t n)
{
	r->record.n = 0;
	return buffer_reserve(&r->record, n);
}

static int
reserve_ring(struct ring *r, size_t n)
{
	uint64_t written = load_acquire(&r->control->written);
	int rc;

	/* Afterwards the whole ring is free: nothing is pending. */
	if (r->next + n - position_offset(written) > RING_SIZE &&
	    (rc = ring_flush(&r->base)) != LSM_OK)
		return rc;
	/* A reader that sees one of the new bytes must see the value of
	 * `written` that gave them free. */
	ring_fence_release();
	if (RING_BUG(COMMITTED_EARLY))
		store_release(&r->control->committed,
		    log_position(r->current->number, r->next + n));
	return LSM_OK;
}

int
ring_reserve(struct env_log *log, size_t n, uint8_t **out)
{
	struct ring *r = (struct ring *)log;
	int rc;

	*out = NULL;
	assert(r->current != NULL && n > 0);
	if (load_acquire(&r->failed))
		return ring_refuse(r);
	if (n > UINT32_MAX - r->next)
		return status_set(LSM_TOO_LARGE,
		    "log %" PRIu64 ": offset %" PRIu64 ": no room for %zu "
		    "bytes", r->current->number, r->next, n);
	r->direct = r->bytes == NULL || n > RING_RECORD_MAX;
	rc = r->direct ? reserve_direct(r, n) : reserve_ring(r, n);
	if (rc != LSM_OK)
		return rc;
	r->reserved = n;
	*out = r->direct ? r->record.p : r->bytes + (r->next & RING_MASK);
	return LSM_OK;
}

/* Both words name `position`. `written` first: between the two stores the
 * tail must not seem to hold what never was in the ring. */
static void
announce_locked(struct ring *r, uint64_t position, bool wrong_order)
{
	mutex_assert_held(&r->io);
	if (wrong_order)
		store_release(&r->control->committed, position);
	store_release(&r->control->written, position);
	store_release(&r->control->committed, position);
}

static int
commit_direct_locked(struct ring *r, size_t n)
{
	struct ring_segment *s = r->current;
	int rc;

	if ((rc = ring_flush_locked(r, r->next)) != LSM_OK)
		return rc;
	if (s->ops->write(s, r->next, r->record.p, n) != LSM_OK)
		return ring_fail_locked(r);
	r->next += n;
	announce_locked(r, log_position(s->number, r->next),
	    RING_BUG(RECORD_ORDER));
	return LSM_OK;
}

static int
commit_direct(struct ring *r, size_t n)
{
	int rc;

	mutex_lock(&r->io);
	rc = commit_direct_locked(r, n);
	mutex_unlock(&r->io);
	if (r->record.cap > RECORD_KEPT)
		buffer_free(&r->record);
	return rc;
}

/* Busy: somebody is writing out more than this piece; the ring has room. */
static int
write_piece(struct ring *r)
{
	int rc;

	if (!mutex_trylock(&r->io))
		return LSM_OK;
	rc = ring_flush_locked(r, r->next & ~(uint64_t)(RING_PIECE - 1));
	mutex_unlock(&r->io);
	return rc;
}

static int
commit_ring(struct ring *r, size_t n)
{
	uint64_t written;

	r->next += n;
	store_release(&r->control->committed,
	    log_position(r->current->number, r->next));
	written = load_acquire(&r->control->written);
	if (r->next - position_offset(written) < RING_PIECE)
		return LSM_OK;
	return write_piece(r);
}

int
ring_commit(struct env_log *log, size_t n)
{
	struct ring *r = (struct ring *)log;

	assert(n > 0 && n <= r->reserved);
	r->reserved = 0;
	return r->direct ? commit_direct(r, n) : commit_ring(r, n);
}

static int
space_locked(struct ring *r, uint64_t size)
{
	struct ring_segment *s = r->current;
	int rc;

	mutex_assert_held(&r->io);
	if (load_acquire(&r->failed))
		return ring_refuse(r);
	if (size <= s->space || s->ops->space == NULL)
		return LSM_OK;
	if ((rc = s->ops->space(s, size)) == LSM_OK)
		s->space = size;
	return rc;
}

/* Under io the segment can neither be switched from, and so not be closed, nor
 * written to: the system would make a write wait as well, but here the ring
 * takes what is appended meanwhile. */
int
ring_space(struct env_log *log, uint64_t position)
{
	struct ring *r = (struct ring *)log;
	int rc = LSM_OK;

	mutex_lock(&r->io);
	if (r->current != NULL &&
	    (uint32_t)r->current->number == position_log(position))
		rc = space_locked(r, position_offset(position));
	mutex_unlock(&r->io);
	return rc;
}

/*
 * The first words of this writer. A page that names another boot, database or
 * file, or a later position, is made anew: not valid while it changes, so
 * that nobody combines old words with new ones.
 */
static void
enter_locked(struct ring *r, uint64_t position)
{
	struct ring_control *c = r->control;
	bool anew = !page_trusted(c, &r->identity) ||
	    load_acquire(&c->committed) > position;

	mutex_assert_held(&r->io);
	if (anew)
		page_begin(c, &r->identity);
	r->suspect = r->suspect || load_acquire(&c->syncing) != 0;
	store_release(&c->syncing, r->suspect);
	store_release(&c->leave, 0);
	store_release(&c->pid, r->pid);
	announce_locked(r, position, RING_BUG(SWITCH_ORDER));
	if (anew)
		store_release(&c->magic, page_magic());
	r->entered = true;
}

/* Bytes go to `at` of a segment that becomes, or already is, the last. */
static int
begin_locked(struct ring *r, struct ring_segment *s, uint64_t at,
    struct bytes content)
{
	uint64_t position = log_position(s->number, at + content.n);

	mutex_assert_held(&r->io);
	assert(at + content.n <= UINT32_MAX);
	if (content.n > 0 &&
	    s->ops->write(s, at, content.p, content.n) != LSM_OK)
		return ring_fail_locked(r);
	if (r->current != NULL)
		r->current->next = s;
	else
		r->oldest = s;
	r->current = s;
	r->next = at + content.n;
	if (r->entered)
		announce_locked(r, position, RING_BUG(SWITCH_ORDER));
	else
		enter_locked(r, position);
	return LSM_OK;
}

int
ring_attach(struct ring *r, struct ring_segment *s, uint64_t at,
    struct bytes missing)
{
	int rc;

	assert(r->current == NULL && s->next == NULL);
	mutex_lock(&r->io);
	rc = begin_locked(r, s, at, missing);
	mutex_unlock(&r->io);
	if (rc != LSM_OK)
		s->ops->close(s);
	return rc;
}

/* So that it can be written once more, by whoever makes it durable. */
static void
first_keep(struct ring_segment *s, uint64_t at, struct bytes first)
{
	if (first.n == 0 || first.n > sizeof s->first)
		return;
	memcpy(s->first, first.p, first.n);
	s->first_size = first.n;
	s->at = at;
}

int
ring_switch(struct ring *r, struct ring_segment *s, uint64_t at,
    struct bytes first)
{
	int rc = LSM_OK;

	assert(s->next == NULL);
	assert(r->current == NULL || r->current->number < s->number);
	first_keep(s, at, first);
	mutex_lock(&r->io);
	if (r->current != NULL)
		rc = flush_all_locked(r);
	if (rc == LSM_OK)
		rc = begin_locked(r, s, at, first);
	mutex_unlock(&r->io);
	if (rc != LSM_OK)
		s->ops->close(s);
	return rc;
}

int
ring_scrub(struct env_log *log)
{
	struct ring *r = (struct ring *)log;
	int rc = LSM_OK;

	assert(r->reserved == 0);
	mutex_lock(&r->io);
	if (r->current != NULL)
		rc = flush_all_locked(r);
	if (rc == LSM_OK && r->bytes != NULL && r->current != NULL) {
		ring_fence_release();
		memset(r->bytes, 0, RING_SIZE);
	}
	mutex_unlock(&r->io);
	return rc;
}

struct ring_segment *
ring_take_ready(struct ring *r, uint64_t number)
{
	struct ring_segment *s = r->ready;

	r->ready = NULL;
	if (s == NULL || s->number == number)
		return s;
	s->ops->close(s);
	return NULL;
}

/* A writer that fails before its first word leaves a page that says only
 * that: no position, `syncing`. */
static void
suspect_locked(struct ring *r)
{
	struct ring_control *c = r->control;

	mutex_assert_held(&r->io);
	if (!r->entered && !page_trusted(c, &r->identity)) {
		page_begin(c, &r->identity);
		store_release(&c->written, 0);
		store_release(&c->committed, 0);
		store_release(&c->magic, page_magic());
	}
	store_release(&c->leave, 0);
	store_release(&c->syncing, 1);
}

/* Under sync_mu, so that no sync in between clears the word again. */
void
ring_give_up(struct env_log *log)
{
	struct ring *r = (struct ring *)log;

	mutex_lock(&r->sync_mu);
	mutex_lock(&r->io);
	(void)ring_fail_locked(r);
	suspect_locked(r);
	mutex_unlock(&r->io);
	mutex_unlock(&r->sync_mu);
}

/* In order means that nothing waits for a sync, in no file but the last: what
 * of that is durable, the word says that the next writer reads. */
static void
leave(struct ring *r)
{
	uint64_t position = ring_committed(&r->base);

	if (r->current == NULL || ring_flush(&r->base) != LSM_OK ||
	    (r->oldest != r->current && position != r->durable))
		return;
	store_release(&r->control->leave, position);
}

void
ring_release(struct ring *r, bool forked)
{
	struct ring_segment *s, *next;

	if (!forked)
		leave(r);
	if (r->ready != NULL)
		r->ready->ops->close(r->ready);
	for (s = r->oldest; s != NULL; s = next) {
		next = s->next;
		s->ops->close(s);
	}
	buffer_free(&r->record);
	mutex_release(&r->io);
	mutex_release(&r->sync_mu);
}
