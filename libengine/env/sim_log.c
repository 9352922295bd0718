/*
 * sim_log.c - a simulated disk: the log object, over the same ring.
 *
 * What goes into the ring and what its words become is noted in the operation
 * log, bytes before the words that announce them, so that any prefix of the
 * log is a state that a killed process could have left.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "env/sim.h"

enum { PROCESS = 1 };

struct sim_log {
	struct ring ring;
	struct sim_dir *dir;
	struct sim_ring *shared;	/* NULL: no LOCK to note */
	bool alone;			/* this writer has no ring */
};

struct sim_segment {
	struct ring_segment base;
	struct sim_log *log;
	uint32_t inode;
	char name[SIM_NAME_MAX];
};

/* What the words are after a call of the door; passes on its code. */
static int
note(struct env_log *base, int rc)
{
	struct sim_log *log = (struct sim_log *)base;
	struct sim *sim = sim_of(base->env);

	mutex_lock(&sim->mu);
	sim_ring_note_locked(sim, log->shared);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
segment_write(struct ring_segment *base, uint64_t at, const void *from,
    size_t n)
{
	struct sim_segment *s = (struct sim_segment *)base;
	struct sim *sim = sim_of(s->log->ring.base.env);
	int rc;

	mutex_lock(&sim->mu);
	sim_ring_note_locked(sim, s->log->shared);
	rc = sim_write_locked(sim, s->inode, s->name, at, from, n);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
segment_sync(struct ring_segment *base)
{
	struct sim_segment *s = (struct sim_segment *)base;
	struct sim *sim = sim_of(s->log->ring.base.env);
	int rc;

	mutex_lock(&sim->mu);
	sim_ring_note_locked(sim, s->log->shared);
	rc = sim_sync_locked(sim, s->inode, s->name);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
segment_write_through(struct ring_segment *base, uint64_t at, const void *from,
    size_t n)
{
	struct sim_segment *s = (struct sim_segment *)base;
	struct sim *sim = sim_of(s->log->ring.base.env);
	int rc;

	mutex_lock(&sim->mu);
	sim_ring_note_locked(sim, s->log->shared);
	rc = sim_write_through_locked(sim, s->inode, s->name, at, from, n);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
segment_space(struct ring_segment *base, uint64_t size)
{
	struct sim_segment *s = (struct sim_segment *)base;
	struct sim *sim = sim_of(s->log->ring.base.env);
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_extend_locked(sim, s->inode, s->name, size);
	mutex_unlock(&sim->mu);
	return rc;
}

static void
segment_close(struct ring_segment *base)
{
	struct sim_segment *s = (struct sim_segment *)base;
	struct sim *sim = sim_of(s->log->ring.base.env);

	mutex_lock(&sim->mu);
	sim_close_locked(sim, s->inode);
	mutex_unlock(&sim->mu);
	mem_free(s);
}

static const struct ring_segment_ops segment_ops = {
	.write = segment_write,
	.sync = segment_sync,
	.write_through = segment_write_through,
	.space = segment_space,
	.close = segment_close,
};

static int
segment_find_locked(struct sim *sim, struct sim_segment *s)
{
	int rc = sim_enter_locked(sim, s->name, "open");

	if (rc == LSM_OK)
		rc = sim_find_locked(sim, s->log->dir->inode, s->name,
		    &s->inode);
	if (rc != LSM_OK)
		return rc;
	s->base.space = sim->now.inodes[s->inode].size;
	sim_open_locked(sim, s->inode);
	return LSM_OK;
}

static int
segment_open(struct sim_log *log, const char *name, uint64_t number,
    struct ring_segment **out)
{
	struct sim *sim = sim_of(log->ring.base.env);
	struct sim_segment *s = mem_zalloc(sizeof *s);
	int rc;

	*out = NULL;
	if (s == NULL)
		return mem_exhausted(sizeof *s);
	s->base.ops = &segment_ops;
	s->base.number = number;
	s->log = log;
	snprintf(s->name, sizeof s->name, "%s", name);
	mutex_lock(&sim->mu);
	rc = segment_find_locked(sim, s);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK)
		*out = &s->base;
	else
		mem_free(s);
	return rc;
}

static int
sim_log_open(struct env_dir *dir, struct env_lock *lock_base,
    const uint8_t id[16], struct env_log **out, struct env_tail *tail)
{
	struct sim *sim = sim_of(dir->env);
	struct sim_lock *lock = (struct sim_lock *)lock_base;
	struct ring_memory memory = { 0 };
	struct ring_identity identity;
	struct sim_log *log = mem_zalloc(sizeof *log);
	int rc;

	*out = NULL;
	*tail = (struct env_tail){ 0 };
	if (log == NULL)
		return mem_exhausted(sizeof *log);
	sim_ring_identity(sim, lock->inode, id, &identity);
	log->dir = (struct sim_dir *)dir;
	mutex_lock(&sim->mu);
	if ((rc = sim_enter_locked(sim, "LOCK", "map")) == LSM_OK)
		log->shared = sim_ring_get_locked(sim, lock->inode);
	mutex_unlock(&sim->mu);
	if (rc != LSM_OK) {
		mem_free(log);
		return rc;
	}
	if (log->shared != NULL)
		memory = log->shared->memory;
	log->alone = sim->alone && log->shared != NULL;
	ring_init(&log->ring, dir->env, log->alone ? (struct ring_memory){ 0 } :
	    memory, &identity, PROCESS);
	ring_look(memory, &identity, tail);
	tail->foreign = ring_foreign(memory, &identity);
	log->ring.suspect = tail->syncing;
	*out = &log->ring.base;
	return LSM_OK;
}

/* As posix_log.c: before its first byte there are no words but these. */
static int
be_alone(struct sim_log *log)
{
	struct sim *sim = sim_of(log->ring.base.env);
	int rc;

	if (!log->alone || log->ring.entered)
		return LSM_OK;
	mutex_lock(&sim->mu);
	if ((rc = sim_enter_locked(sim, "LOCK", "write")) == LSM_OK)
		ring_page_alone(log->shared->memory.control,
		    &log->ring.identity, PROCESS);
	mutex_unlock(&sim->mu);
	return note(&log->ring.base, rc);
}

static void
sim_log_close(struct env_log *base)
{
	struct sim_log *log = (struct sim_log *)base;

	if (log == NULL)
		return;
	if (log->alone && log->ring.entered && !ring_failed(&log->ring))
		store_release(&log->shared->memory.control->syncing, 0);
	ring_release(&log->ring, false);
	(void)note(base, LSM_OK);
	mem_free(log);
}

/* The ring of a LOCK that is read; NULL: it has none. */
static int
ring_seen(struct env_lock *base, struct sim_ring **out)
{
	struct sim *sim = sim_of(base->env);
	int rc;

	*out = NULL;
	mutex_lock(&sim->mu);
	if ((rc = sim_enter_locked(sim, "LOCK", "read")) == LSM_OK)
		*out = sim_ring_get_locked(sim,
		    ((struct sim_lock *)base)->inode);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_log_tail(struct env_dir *dir, struct env_lock *base, const uint8_t id[16],
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *tail)
{
	struct sim *sim = sim_of(base->env);
	struct sim_lock *lock = (struct sim_lock *)base;
	struct ring_identity identity;
	struct sim_ring *r;
	int rc;

	(void)dir;
	*tail = (struct env_tail){ 0 };
	sim_ring_identity(sim, lock->inode, id, &identity);
	if ((rc = ring_seen(base, &r)) != LSM_OK || r == NULL)
		return rc;
	return ring_copy(r->memory, &identity, number, from, out, tail);
}

static int
sim_log_ring(struct env_lock *base, uint64_t from, struct buffer *out)
{
	struct sim_ring *r;
	struct ring_copied *c;
	int rc;

	if ((rc = ring_seen(base, &r)) != LSM_OK || r == NULL)
		return rc;
	if ((c = mem_zalloc(sizeof *c)) == NULL)
		return mem_exhausted(sizeof *c);
	memcpy(c->bytes, r->memory.bytes, RING_SIZE);
	rc = ring_copied_bytes(c, from, out);
	mem_free(c);
	return rc;
}

static int
prepare_locked(struct sim *sim, uint32_t dir, const char *name,
    const char *recycle, uint64_t size, struct bytes head)
{
	uint32_t inode;
	int rc = LSM_OK;

	if (recycle != NULL &&
	    sim_find_locked(sim, dir, recycle, &inode) != LSM_OK)
		recycle = NULL;
	/* One with other names is theirs as well. */
	if (recycle != NULL && sim->now.inodes[inode].links > 1) {
		rc = sim_unlink_locked(sim, dir, recycle);
		recycle = NULL;
	}
	if (rc == LSM_OK && recycle != NULL)
		rc = sim_rename_locked(sim, dir, recycle, dir, name);
	else if (rc == LSM_OK)
		rc = sim_create_locked(sim, dir, name, &inode);
	if (rc == LSM_OK && size > 0)
		rc = sim_extend_locked(sim, inode, name, size);
	if (rc == LSM_OK)
		rc = sim_write_locked(sim, inode, name, 0, head.p, head.n);
	if (rc == LSM_OK)
		rc = sim_sync_locked(sim, inode, name);
	if (rc == LSM_OK)
		rc = sim_dir_sync_locked(sim, dir);
	return rc;
}

static int
sim_log_prepare(struct env_dir *base, const char *name, const char *recycle,
    uint64_t size, struct bytes head)
{
	struct sim *sim = sim_of(base->env);
	uint32_t dir = ((struct sim_dir *)base)->inode;
	int rc;

	mutex_lock(&sim->mu);
	rc = prepare_locked(sim, dir, name, recycle, size, head);
	/* A file that was there before under this name stays. */
	if (rc != LSM_OK && rc != LSM_EXISTS)
		(void)sim_unlink_locked(sim, dir, name);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_log_attach(struct env_log *base, const char *name, uint64_t number,
    uint64_t at, struct bytes missing)
{
	struct sim_log *log = (struct sim_log *)base;
	struct ring_segment *s;
	int rc;

	if ((rc = be_alone(log)) != LSM_OK ||
	    (rc = segment_open(log, name, number, &s)) != LSM_OK)
		return rc;
	return note(base, ring_attach(&log->ring, s, at, missing));
}

static int
sim_log_ready(struct env_log *base, const char *name, uint64_t number)
{
	struct sim_log *log = (struct sim_log *)base;

	return log->ring.ready != NULL ? LSM_OK :
	    segment_open(log, name, number, &log->ring.ready);
}

static int
sim_log_switch(struct env_log *base, const char *name, uint64_t number,
    uint64_t at, struct bytes first)
{
	struct sim_log *log = (struct sim_log *)base;
	struct ring_segment *s;
	int rc;

	if ((rc = be_alone(log)) != LSM_OK)
		return rc;
	if ((s = ring_take_ready(&log->ring, number)) == NULL &&
	    (rc = segment_open(log, name, number, &s)) != LSM_OK)
		return rc;
	return note(base, ring_switch(&log->ring, s, at, first));
}

static int
sim_log_reserve(struct env_log *base, size_t n, uint8_t **out)
{
	struct sim *sim = sim_of(base->env);
	int rc;

	*out = NULL;
	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, "log", "reserve");
	mutex_unlock(&sim->mu);
	return rc == LSM_OK ? note(base, ring_reserve(base, n, out)) : rc;
}

static int
sim_log_space(struct env_log *base, uint64_t position)
{
	return note(base, ring_space(base, position));
}

/* The record is in the ring, but nobody knows of it yet. */
static void
note_record(struct sim_log *log, size_t n)
{
	struct ring *r = &log->ring;
	struct sim *sim = sim_of(r->base.env);
	struct sim_op op = { .kind = SIM_RING, .at = r->next, .name = "LOCK" };

	if (r->direct)
		return;
	op.inode = log->shared->inode;
	op.data = sim_data_new(r->bytes + (r->next & RING_MASK), n);
	mutex_lock(&sim->mu);
	sim_do_locked(sim, &op);
	mutex_unlock(&sim->mu);
}

static int
sim_log_commit(struct env_log *base, size_t n)
{
	note_record((struct sim_log *)base, n);
	return note(base, ring_commit(base, n));
}

static int
sim_log_flush(struct env_log *base)
{
	return note(base, ring_flush(base));
}

static int
sim_log_sync(struct env_log *base, uint64_t *durable)
{
	return note(base, ring_sync(base, durable));
}

static int
sim_log_sync_start(struct env_log *base, uint64_t number)
{
	return note(base, ring_sync_start(base, number));
}

static void
sim_log_forget(struct env_log *base, uint64_t number, uint64_t *durable)
{
	ring_forget(base, number, durable);
	(void)note(base, LSM_OK);
}

static int
sim_log_scrub(struct env_log *base)
{
	struct sim_log *log = (struct sim_log *)base;
	struct sim *sim = sim_of(base->env);
	static const uint8_t zeros[RING_SIZE];
	struct sim_op op = { .kind = SIM_RING, .name = "LOCK" };
	int rc = note(base, ring_scrub(base));

	if (rc != LSM_OK || log->shared == NULL || log->alone)
		return rc;
	op.inode = log->shared->inode;
	op.data = sim_data_new(zeros, sizeof zeros);
	mutex_lock(&sim->mu);
	sim_do_locked(sim, &op);
	mutex_unlock(&sim->mu);
	return LSM_OK;
}

static void
sim_log_head(struct env_log *base, uint64_t head)
{
	ring_head(base, head);
	(void)note(base, LSM_OK);
}

static void
sim_log_oldest(struct env_log *base, uint64_t edit)
{
	ring_oldest(base, edit);
	(void)note(base, LSM_OK);
}

static void
sim_log_ended(struct env_log *base, uint64_t edit)
{
	ring_ended(base, edit);
	(void)note(base, LSM_OK);
}

static void
sim_log_trust(struct env_log *base)
{
	ring_trust(base);
	(void)note(base, LSM_OK);
}

static void
sim_log_give_up(struct env_log *base)
{
	ring_give_up(base);
	(void)be_alone((struct sim_log *)base);
	(void)note(base, LSM_OK);
}

static void
sim_lock_words(struct env_lock *base, const uint8_t id[16],
    struct env_words *words)
{
	struct sim *sim = sim_of(base->env);
	struct sim_lock *lock = (struct sim_lock *)base;
	static const uint8_t none[RING_ID];
	struct ring_identity identity;
	struct sim_ring *r;

	*words = (struct env_words){ 0 };
	sim_ring_identity(sim, lock->inode, id ? id : none, &identity);
	mutex_lock(&sim->mu);
	r = sim_ring_get_locked(sim, lock->inode);
	mutex_unlock(&sim->mu);
	if (r != NULL)
		ring_words(r->memory, &identity, words);
}

void
sim_log_ops(struct env_ops *ops)
{
	ops->lock_words = sim_lock_words;
	ops->log_head = sim_log_head;
	ops->log_oldest = sim_log_oldest;
	ops->log_ended = sim_log_ended;
	ops->log_open = sim_log_open;
	ops->log_close = sim_log_close;
	ops->log_tail = sim_log_tail;
	ops->log_ring = sim_log_ring;
	ops->log_prepare = sim_log_prepare;
	ops->log_attach = sim_log_attach;
	ops->log_ready = sim_log_ready;
	ops->log_switch = sim_log_switch;
	ops->log_reserve = sim_log_reserve;
	ops->log_commit = sim_log_commit;
	ops->log_space = sim_log_space;
	ops->log_committed = ring_committed;
	ops->log_flush = sim_log_flush;
	ops->log_sync = sim_log_sync;
	ops->log_sync_start = sim_log_sync_start;
	ops->log_forget = sim_log_forget;
	ops->log_scrub = sim_log_scrub;
	ops->log_trust = sim_log_trust;
	ops->log_give_up = sim_log_give_up;
}
