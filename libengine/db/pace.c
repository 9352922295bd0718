/*
 * pace.c - writers wait a little all the time rather than long at times.
 *
 * Runs of level 0 vanish only when a merge ends. So the rule looks ahead: the
 * merge that empties level 0 must end before the room that is left there is
 * used up. From measured times it follows how long a byte has to wait:
 *
 *   time = bytes still to be merged x time for a byte
 *   wait = 1.1 x time / room + time to flush a byte - the writers' own time
 *
 * No wait is longer than the rate's bound makes it, whatever was measured.
 * Short waits are saved up until they are worth a system call.
 */
#include "db/db.h"

enum {
	WAIT_NS = 1000000,		/* saved up */
	WAIT_NS_MAX = 10 * WAIT_NS,
	NS_PER_KIB_MAX = 250000,	/* 1 ms for 4 KiB */
	ROOM_PARTS = 20			/* of a memtable: never less room */
};
#define MARGIN 1.1
#define KEEP (31.0 / 32)		/* of an average, by a new sample */

void
pace_init(struct pace *p)
{
	cond_init(&p->pause);
	p->widening = 2;
}

void
pace_release(struct pace *p)
{
	cond_release(&p->pause);
}

static void
average(double *of, double sample)
{
	*of = *of == 0 ? sample : *of * KEEP + sample * (1 - KEEP);
}

void
pace_flushed(struct lsm_db *db, uint64_t us, uint64_t bytes)
{
	if (bytes > 0)
		average(&db->pace.flush_ns,
		    1000 * (double)us / (double)bytes);
}

void
pace_merged(struct lsm_db *db, uint64_t us, uint64_t bytes)
{
	if (bytes > 0)
		average(&db->pace.merge_ns,
		    1000 * (double)us / (double)bytes);
}

void
pace_begin(struct lsm_db *db, uint64_t bytes, uint64_t first_level_bytes)
{
	if (first_level_bytes > 0)
		average(&db->pace.widening,
		    (double)bytes / (double)first_level_bytes);
}

/* What writers need by themselves, measured over about a memtable. */
static void
own_measure(struct lsm_db *db)
{
	struct pace *p = &db->pace;
	uint64_t bytes = load_relaxed(&db->count.bytes_user);
	uint64_t waited = load_relaxed(&p->waited_us), now;

	if (bytes - p->since_bytes < db->opt.memtable_size)
		return;
	now = db->env->ops->now_us(db->env);
	if (p->since_us != 0 && now - p->since_us > waited - p->since_waited)
		p->own_ns = 1000 * (double)(now - p->since_us -
		    (waited - p->since_waited)) /
		    (double)(bytes - p->since_bytes);
	p->since_us = now;
	p->since_bytes = bytes;
	p->since_waited = waited;
}

/* Bytes that may be written until level 0 is full. */
static double
room(struct lsm_db *db, size_t runs)
{
	double memtable = (double)db->opt.memtable_size;
	double left = ((double)db->stored.l0_stop - (double)runs) * memtable;

	return left < memtable / ROOM_PARTS ? memtable / ROOM_PARTS : left;
}

void
pace_set(struct lsm_db *db, uint64_t bytes_left)
{
	struct pace *p = &db->pace;
	double left = (double)bytes_left, wait;
	size_t runs;

	mutex_assert_held(&db->work_mu);
	own_measure(db);
	mutex_lock(&db->mu);
	runs = db->view->version->levels[0].count;
	/* Another merge has the worker: level 0 comes after it. */
	if (db->merge == NULL || db->merge_place.from > 0)
		left += (double)db->view->version->levels[0].bytes *
		    p->widening;
	runs += db->view->count - 1;
	mutex_unlock(&db->mu);
	wait = MARGIN * left * p->merge_ns / room(db, runs) + p->flush_ns -
	    p->own_ns;
	if (runs < db->stored.l0_trigger || wait < 0)
		wait = 0;
	wait *= 1024;
	store_relaxed(&p->ns_per_kib, wait > NS_PER_KIB_MAX ?
	    NS_PER_KIB_MAX : (uint64_t)wait);
}

static void
pause_for(struct lsm_db *db, uint64_t ns)
{
	uint64_t begin = db->env->ops->now_us(db->env);

	mutex_lock(&db->mu);
	(void)cond_wait_for(&db->pace.pause, &db->mu, ns / 1000);
	mutex_unlock(&db->mu);
	atomic_fetch_add_explicit(&db->pace.waited_us,
	    db->env->ops->now_us(db->env) - begin, memory_order_relaxed);
}

void
pace_wait(struct lsm_db *db, size_t bytes)
{
	struct pace *p = &db->pace;
	uint64_t rate = load_relaxed(&p->ns_per_kib);

	mutex_assert_held(&db->write_mu);
	if (rate == 0)
		return;
	p->debt_ns += rate * bytes / 1024;
	if (p->debt_ns < WAIT_NS)
		return;
	pause_for(db, p->debt_ns < WAIT_NS_MAX ? p->debt_ns : WAIT_NS_MAX);
	p->debt_ns = 0;
}
