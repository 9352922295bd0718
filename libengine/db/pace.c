/*
 * pace.c - writers wait a little all the time rather than long at times.
 *
 * Room comes at once, when a job ends: a memtable's when it is flushed, that
 * of level 0 when a merge has emptied it. So the rule looks ahead: the job
 * must end before the room that is left is used up. From measured times it
 * follows how long a byte has to wait:
 *
 *   wait = 1.1 x time until the job ends / room - the writers' own time
 *
 * for the flush, with room in memtables, and for the merges, with room in level
 * 0 and in each tier, where flushing what is written takes its time too; the
 * longest one holds.
 * Short waits are saved up until they are worth a system call. Whatever was
 * measured, a write of up to 4 KiB waits WAIT_NS_MAX at most and a larger one
 * in proportion, never more than LARGE_NS_MAX; what is beyond that is not
 * owed. Writers that are too fast even so fill all room, and then stand still.
 *
 * Pauses come one behind the other, whoever owes them: as if writers stood in
 * a line. But nobody holds a lock meanwhile, and a small write leaves the line
 * after its own bound, however long the pauses of large ones before it are.
 */
#include "db/db.h"

enum {
	WAIT_NS = 250000,		/* saved up */
	WAIT_NS_MAX = 16 * WAIT_NS,	/* of a small write */
	LARGE_NS_PER_KIB = 1000000,	/* of a large one, if that is more, */
	LARGE_NS_MAX = 1000000000,	/* and not more than that */
	NS_PER_KIB_MAX = WAIT_NS_MAX,	/* wished for */
	AHEAD_NS_MAX = 64 * WAIT_NS_MAX,	/* paid */
	FRESH_PARTS = 64,		/* of a memtable: then a new look */
	ROOM_PARTS = 20,		/* of a memtable: never less room */
	LATE_PARTS = 4			/* of a flush: never less time left */
};
#ifdef LSM_SCHED
enum pace_bug pace_bug;
#define PACE_BUG(name) (pace_bug == PACE_BUG_##name)
#else
#define PACE_BUG(name) false
#endif
#define MARGIN 1.1
#define KEEP_STEPS (31.0 / 32)	/* of an average, by a new sample */
#define KEEP_JOBS (3.0 / 4)

void
pace_init(struct pace *p)
{
	p->widening = 2;
}

static void
average(double *of, double sample, double keep)
{
	*of = *of == 0 ? sample : *of * keep + sample * (1 - keep);
}

static double
at_least(double value, double least)
{
	return value < least ? least : value;
}

static int64_t
at_most(int64_t value, int64_t most)
{
	return value > most ? most : value;
}

/* ---- who works ---------------------------------------------------------- */

void
pace_flush_begin(struct lsm_db *db, uint64_t bytes)
{
	struct pace *p = &db->pace;

	p->flushing = bytes;
	p->flush_us = 0;
	store_relaxed(&p->flush_since, db->env->ops->now_us(db->env));
}

/* Its last step syncs and installs, and takes as long as many others: only
 * a whole flush is a sample. Until there is one, what the steps of the first
 * took is better than nothing. */
void
pace_flushed(struct lsm_db *db, uint64_t us, double part, bool ended)
{
	struct pace *p = &db->pace;

	p->flush_us += us;
	if (p->flushing == 0)
		return;
	if (!ended && p->flush_ns == 0 && part > 0)
		store_relaxed(&p->flush_ps, (uint64_t)(1000000 *
		    (double)p->flush_us / (part * (double)p->flushing)));
	if (!ended)
		return;
	mutex_lock(&db->mu);
	average(&p->flush_ns, 1000 * (double)p->flush_us /
	    (double)p->flushing, KEEP_JOBS);
	mutex_unlock(&db->mu);
	store_relaxed(&p->flush_ps, (uint64_t)(1000 * p->flush_ns));
	p->flushing = p->flush_us = 0;
	store_relaxed(&p->flush_since, 0);
}

void
pace_merge_begin_locked(struct lsm_db *db, uint64_t bytes,
    uint64_t taken)
{
	mutex_assert_held(&db->mu);
	if (taken > 0)
		average(&db->pace.widening, (double)bytes / (double)taken,
		    KEEP_STEPS);
}

void
pace_merged_locked(struct lsm_db *db, uint64_t us, uint64_t bytes)
{
	mutex_assert_held(&db->mu);
	if (bytes > 0)
		average(&db->pace.merge_ns,
		    1000 * (double)us / (double)bytes, KEEP_STEPS);
}

/* Bytes that a merge of the level would read. What it meets below is measured
 * for level 0; a tier that goes to a sorted level takes all of that. */
static double
level_bytes_locked(struct lsm_db *db, const struct shape *s, int level)
{
	const struct version *v = db->view->version;
	int to = shape_destination(s, v, level);
	uint64_t bytes = v->levels[level].bytes;

	mutex_assert_held(&db->mu);
	if (level == 0)
		return (double)bytes * db->pace.widening;
	return (double)(bytes + (to == level || shape_tier(s, to) ? 0 :
	    v->levels[to].bytes));
}

/* What merges of level 0 under way have not taken, if it is to be merged; what
 * goes to a tier is not cut into parts. */
static double
rest_bytes_locked(struct lsm_db *db, const struct shape *s, int level,
    uint64_t taken)
{
	const struct version *v = db->view->version;
	uint64_t bytes = v->levels[level].bytes;

	mutex_assert_held(&db->mu);
	if (level > 0 || taken >= bytes ||
	    shape_tier(s, shape_destination(s, v, level)) ||
	    shape_score(s, v, level, false) < SCORE_DUE)
		return 0;
	return (double)(bytes - taken) * db->pace.widening;
}

/* Bytes until the level is empty: of the merges that empty it, and of what is
 * to follow if it is merged in parts. When there is none the longest of the
 * others is before it, perhaps in its way. */
static double
bytes_left_locked(struct lsm_db *db, const struct shape *s, int level)
{
	uint64_t first = 0, other = 0, taken = 0;

	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next) {
		uint64_t *most = j->place.from == level ? &first : &other;

		if (!j->merge || !j->begun)
			continue;
		if (j->place.from == level)
			taken += j->place.taken;
		if (j->left > *most)
			*most = j->left;
	}
	if (taken == 0)
		return (double)other + level_bytes_locked(db, s, level);
	return (double)first + rest_bytes_locked(db, s, level, taken);
}

/* Is the level merged, or would be if somebody had the time? A tier that has
 * few runs need not be looked at. */
static bool
level_due_locked(struct lsm_db *db, const struct shape *s, int level)
{
	const struct version *v = db->view->version;

	mutex_assert_held(&db->mu);
	for (const struct job *j = db->jobs; j != NULL; j = j->next)
		if (j->merge && j->place.from == level)
			return true;
	return v->levels[level].count >= s->runs[level] &&
	    shape_score(s, v, level, false) >= SCORE_DUE;
}

/* Bytes that may be written until writers have to stop for the level: in
 * level 0 each memtable is a run, in a tier what came there at once. */
static double
level_room_locked(struct lsm_db *db, const struct shape *s, int level)
{
	const struct level *l = &db->view->version->levels[level];
	double memtable = (double)db->opt.memtable_size;
	size_t depth;

	mutex_assert_held(&db->mu);
	if (level == 0)
		return memtable * ((double)db->stored.l0_stop -
		    (double)(l->count + db->view->count - 1));
	if ((depth = shape_depth(l)) == 0)
		return memtable * (double)shape_stop(s, level);
	return ((double)shape_stop(s, level) - (double)depth) *
	    (double)(l->bytes / depth);
}

/* Nanoseconds that a byte waits, so that the merge has emptied the level
 * before the room there is used up; a worker who is alone flushes the byte,
 * too. */
static double
level_wait_locked(struct lsm_db *db, const struct shape *s, int level)
{
	const struct pace *p = &db->pace;
	double memtable = (double)db->opt.memtable_size;
	double ns = p->merge_ns;

	if (!level_due_locked(db, s, level))
		return 0;
	/* None was ever measured: flushes may have had all of the worker. */
	if (ns == 0)
		ns = p->flush_ns;
	return MARGIN * bytes_left_locked(db, s, level) * ns /
	    at_least(level_room_locked(db, s, level), memtable / ROOM_PARTS) +
	    (db->workers > 1 ? 0 : p->flush_ns);
}

/* The level that is nearest to its stop counts. */
static double
merge_wait_locked(struct lsm_db *db)
{
	double most = 0;
	struct shape s;

	if (PACE_BUG(MERGES_UNSEEN))
		return 0;
	shape_of(db->view->version, &db->shape, &s);
	most = level_wait_locked(db, &s, 0);
	for (int i = 1; i < LEVELS_MAX && shape_tier(&s, i); i++)
		most = at_least(most, level_wait_locked(db, &s, i));
	return most;
}

void
pace_look_locked(struct lsm_db *db)
{
	mutex_assert_held(&db->mu);
	store_relaxed(&db->pace.merge_ps,
	    (uint64_t)(1000 * merge_wait_locked(db)));
}

/* ---- who writes --------------------------------------------------------- */

/* What is in memory and has room there, in bytes. False: somebody holds the
 * lock, who may have to wait for a processor. */
static bool
memory_now(struct lsm_db *db, double *frozen, double *room)
{
	const struct memtable *active = db->active;
	size_t count;

	*frozen = 0;
	if (!mutex_trylock(&db->mu))
		return false;
	count = db->view->count - 1;
	for (size_t i = 0; i < count; i++)
		*frozen += (double)memtable_used(
		    db->view->generations[i].mem);
	mutex_unlock(&db->mu);
	*room = FROZEN_FULL * (double)db->opt.memtable_size - *frozen +
	    (double)memtable_limit(active) - (double)memtable_used(active);
	return true;
}

/* Nanoseconds that a byte waits, so that the frozen memtables are gone before
 * there is one too many. */
static double
flush_wait(struct lsm_db *db, uint64_t now, double frozen, double room)
{
	double ns = (double)load_relaxed(&db->pace.flush_ps) / 1000;
	uint64_t since = load_relaxed(&db->pace.flush_since);
	double time, gone = 0;

	if (PACE_BUG(FLUSHES_UNSEEN))
		return 0;
	if (since != 0 && since < now)
		gone = 1000 * (double)(now - since);
	time = at_least(frozen * ns - gone, frozen * ns / LATE_PARTS);
	return MARGIN * time / at_least(room, (double)db->opt.memtable_size /
	    ROOM_PARTS);
}

/* What writers need by themselves, measured over about a memtable. */
static void
own_measure(struct lsm_db *db, uint64_t now)
{
	struct pace *p = &db->pace;
	uint64_t bytes = load_relaxed(&db->count.bytes_user);
	uint64_t waited = load_relaxed(&p->lined_us) +
	    load_relaxed(&p->stalled_us);

	if (bytes - p->since_bytes < db->opt.memtable_size)
		return;
	if (p->since_us != 0 && now - p->since_us > waited - p->since_waited)
		p->own_ns = 1000 * (double)(now - p->since_us -
		    (waited - p->since_waited)) /
		    (double)(bytes - p->since_bytes);
	p->since_us = now;
	p->since_bytes = bytes;
	p->since_waited = waited;
}

/* What held until now holds for one more write when the lock is not free. */
static void
look_anew(struct lsm_db *db)
{
	struct pace *p = &db->pace;
	double frozen, room, wait;
	uint64_t now;

	if (!memory_now(db, &frozen, &room) ||
	    (PACE_BUG(NEVER_ANEW) && p->ns_per_kib > 0))
		return;
	now = db->env->ops->now_us(db->env);
	own_measure(db, now);
	wait = at_least(flush_wait(db, now, frozen, room),
	    (double)load_relaxed(&p->merge_ps) / 1000);
	wait = 1024 * at_least(wait - p->own_ns, 0);
	p->ns_per_kib = wait > NS_PER_KIB_MAX ? NS_PER_KIB_MAX :
	    (uint64_t)wait;
	p->fresh = db->opt.memtable_size / FRESH_PARTS;
}

void
pace_stalled(struct lsm_db *db, uint64_t us)
{
	atomic_fetch_add_explicit(&db->pace.stalled_us, us,
	    memory_order_relaxed);
}

static int64_t
wait_most(size_t bytes)
{
	uint64_t large = (uint64_t)bytes * LARGE_NS_PER_KIB / 1024;

	return large < WAIT_NS_MAX ? WAIT_NS_MAX :
	    at_most((int64_t)large, LARGE_NS_MAX);
}

/* What is owed takes its place in the line. After a pause much may have
 * changed. */
static uint64_t
line_up(struct lsm_db *db, size_t bytes, uint64_t *until_us)
{
	struct pace *p = &db->pace;
	uint64_t now = db->env->ops->now_us(db->env);
	uint64_t us = (uint64_t)p->debt_ns / 1000;
	uint64_t until = load_relaxed(&p->until_us);
	uint64_t most = (uint64_t)wait_most(bytes) / 1000;

	if (until < now)
		until = now;
	*until_us = until += us;
	store_relaxed(&p->until_us, until);
	atomic_fetch_add_explicit(&p->lined_us, us, memory_order_relaxed);
	p->debt_ns -= 1000 * (int64_t)us;
	p->fresh = 0;
	return until - now < most ? until - now : most;
}

/* By so much was the last pause longer than it was to be. */
static int64_t
over_take(struct pace *p)
{
	int64_t over = load_relaxed(&p->over_ns);

	if (over != 0)
		atomic_fetch_sub_explicit(&p->over_ns, over,
		    memory_order_relaxed);
	return over;
}

/* Without a worker the writer does the work, and needs no other wait. */
struct pace_bill
pace_owe(struct lsm_db *db, size_t bytes)
{
	struct pace_bill bill = { 0 };
	struct pace *p = &db->pace;

	mutex_assert_held(&db->write_mu);
	if (db->active == NULL)		/* what is little waits for nothing */
		return bill;
	if (p->fresh > bytes)
		p->fresh -= bytes;
	else if (db->working)
		look_anew(db);
	p->debt_ns -= over_take(p);
	if (p->ns_per_kib == 0) {
		p->debt_ns = 0;
		return bill;
	}
	if (p->debt_ns < -AHEAD_NS_MAX)
		p->debt_ns = -AHEAD_NS_MAX;
	p->debt_ns = at_most(p->debt_ns + (int64_t)(p->ns_per_kib * bytes /
	    1024), wait_most(bytes));
	if (p->debt_ns >= WAIT_NS)
		bill.us = line_up(db, bytes, &bill.until_us);
	return bill;
}

/* A busy machine makes a pause longer; if nobody stands behind, that is paid
 * ahead. */
void
pace_pay(struct lsm_db *db, struct pace_bill bill)
{
	const struct env_ops *ops = db->env->ops;
	struct pace *p = &db->pace;
	uint64_t begin, us;

	if (bill.us == 0)
		return;
	begin = ops->now_us(db->env);
	ops->pause_us(db->env, bill.us);
	us = ops->now_us(db->env) - begin;
	atomic_fetch_add_explicit(&p->waited_us, us, memory_order_relaxed);
	if (load_relaxed(&p->until_us) != bill.until_us)
		return;
	atomic_fetch_add_explicit(&p->lined_us, us - bill.us,
	    memory_order_relaxed);
	atomic_fetch_add_explicit(&p->over_ns,
	    1000 * ((int64_t)us - (int64_t)bill.us), memory_order_relaxed);
}
