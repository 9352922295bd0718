/*
 * ring_sync.c - the shared log ring: what makes a log durable.
 *
 * A sync takes all segments from the oldest one that is not durable on. A
 * segment leaves that list when it was synced, or when nobody needs it any
 * more: what was flushed into tables before it reached the disk as a log never
 * needs to. Then only the first record of the segment behind it must be there,
 * and is written through alone.
 */
#include "env/ring.h"

#include <inttypes.h>

#include "env/ring_impl.h"
#include "env/ring_page.h"

/*
 * A segment leaves the list only here, so it cannot be closed under a sync.
 * Appending to the list does not disturb: nobody looks behind `last`.
 */
static void
forget_before(struct ring *r, struct ring_segment *last)
{
	struct ring_segment *s, *next;

	mutex_assert_held(&r->sync_mu);
	for (s = r->oldest; s != last; s = next) {
		next = s->next;
		s->ops->close(s);
	}
	mutex_lock(&r->io);
	r->oldest = last;
	mutex_unlock(&r->io);
}

/* Older segments first: a record of the newer one promises them. */
static int
sync_segments(struct ring *r, struct ring_segment *first,
    struct ring_segment *last)
{
	struct ring_segment *s;
	int rc;

	mutex_assert_held(&r->sync_mu);
	for (s = first; (rc = s->ops->sync(s)) == LSM_OK && s != last;)
		s = s->next;
	if (rc == LSM_OK)
		return LSM_OK;
	mutex_lock(&r->io);
	rc = ring_fail_locked(r);
	mutex_unlock(&r->io);
	return rc;
}

/*
 * `syncing` stands from before the first sync until success. A process that
 * dies in between may have seen a sync fail, or not lived to see it, and then
 * pages are clean that never reached the disk; the next writer must know.
 */
static int
sync_locked(struct ring *r, struct ring_segment *first,
    struct ring_segment *last, uint64_t position)
{
	int rc;

	mutex_assert_held(&r->sync_mu);
	if (!RING_BUG(NOT_SYNCING))
		store_release(&r->control->syncing, 1);
	if ((rc = sync_segments(r, first, last)) != LSM_OK)
		return rc;
	forget_before(r, last);
	store_release(&r->control->syncing, r->suspect);
	store_release(&r->control->durable, position);
	r->durable = position;
	return LSM_OK;
}

int
ring_sync(struct env_log *log, uint64_t *durable)
{
	struct ring *r = (struct ring *)log;
	struct ring_segment *first, *last;
	uint64_t position = 0;
	int rc = LSM_OK;

	*durable = 0;
	mutex_lock(&r->sync_mu);
	mutex_lock(&r->io);
	first = r->oldest;
	last = r->current;
	if (last != NULL) {
		position = load_acquire(&r->control->committed);
		rc = ring_flush_locked(r, position_offset(position));
	}
	mutex_unlock(&r->io);
	if (rc == LSM_OK && load_acquire(&r->failed))
		rc = ring_refuse(r);
	if (rc == LSM_OK && position > r->durable)
		rc = sync_locked(r, first, last, position);
	if (rc == LSM_OK)
		*durable = r->durable;
	mutex_unlock(&r->sync_mu);
	return rc;
}

static struct ring_segment *
segment_find(struct ring *r, uint64_t number)
{
	struct ring_segment *s;

	mutex_assert_held(&r->sync_mu);
	mutex_lock(&r->io);
	for (s = r->oldest; s != NULL && s->number != number;)
		s = s->next;
	mutex_unlock(&r->io);
	return s;
}

/* `syncing` as in a sync of all: what the system says of an older failure, it
 * says once, and it may be here. */
static int
start_locked(struct ring *r, struct ring_segment *s)
{
	int rc;

	mutex_assert_held(&r->sync_mu);
	if (load_acquire(&r->failed))
		return ring_refuse(r);
	store_release(&r->control->syncing, 1);
	rc = s->ops->write_through(s, s->at, s->first, s->first_size);
	if (rc == LSM_OK) {
		s->started = true;
		store_release(&r->control->syncing, r->suspect);
		return LSM_OK;
	}
	mutex_lock(&r->io);
	rc = ring_fail_locked(r);
	mutex_unlock(&r->io);
	return rc;
}

int
ring_sync_start(struct env_log *log, uint64_t number)
{
	struct ring *r = (struct ring *)log;
	struct ring_segment *s;
	int rc = LSM_OK;

	mutex_lock(&r->sync_mu);
	s = segment_find(r, number);
	if (s == NULL || s->first_size == 0 || s->ops->write_through == NULL)
		rc = status_set(LSM_UNSUPPORTED, "log %" PRIu64 ": its start "
		    "cannot be synced alone", number);
	else if (!s->started)
		rc = start_locked(r, s);
	mutex_unlock(&r->sync_mu);
	return rc;
}

/* Under sync_mu: a sync that began with an older segment ends before. */
void
ring_forget(struct env_log *log, uint64_t number, uint64_t *durable)
{
	struct ring *r = (struct ring *)log;
	struct ring_segment *s;
	uint64_t position;

	mutex_lock(&r->sync_mu);
	s = segment_find(r, number);
	if (s != NULL && s->started && !load_acquire(&r->failed)) {
		forget_before(r, s);
		position = log_position(number, s->at + s->first_size);
		if (position > r->durable) {
			store_release(&r->control->durable, position);
			r->durable = position;
		}
	}
	*durable = r->durable;
	mutex_unlock(&r->sync_mu);
}

void
ring_trust(struct env_log *log)
{
	struct ring *r = (struct ring *)log;

	mutex_lock(&r->sync_mu);
	r->suspect = false;
	if (!load_acquire(&r->failed))
		store_release(&r->control->syncing, 0);
	mutex_unlock(&r->sync_mu);
}

bool
ring_failed(struct ring *r)
{
	return load_acquire(&r->failed) ||
	    load_acquire(&r->control->syncing) != 0;
}
