/*
 * load.c - the logs' operations, put into memtables again.
 *
 * A generation remembers the log of its first operation; once it is a table,
 * logs before the next generation's are dead.
 */
#include "db/load.h"

#include <assert.h>

#include "base/alloc.h"
#include "db/ingest.h"

enum { LOAD_FIRST = 16 << 10, LOAD_GROWS = 8 };

static int
load_room(struct load *l)
{
	struct generation *g;

	g = mem_room(l->generations, l->count, &l->room, sizeof *g);
	if (g == NULL)
		return LSM_NO_MEMORY;
	l->generations = g;
	return LSM_OK;
}

static struct generation *
load_last(const struct load *l)
{
	return l->count ? &l->generations[l->count - 1] : NULL;
}

/* A reader begins small: most look at a short log once. */
static size_t
load_size(const struct load *l)
{
	size_t limit = l->db->opt.memtable_size, size = LOAD_FIRST;

	if (!l->db->read_only)
		return limit;
	for (size_t i = 0; i < l->count && size < limit; i++)
		size *= LOAD_GROWS;
	return size < limit ? size : limit;
}

/* The generation before it, if any, is frozen at the sequence reached. */
static int
load_next(struct load *l, size_t ops, size_t data, uint64_t first,
    uint64_t log)
{
	struct generation *before = load_last(l), g = { .log = log };
	int rc;

	if ((rc = load_room(l)) != LSM_OK)
		return rc;
	before = load_last(l);
	rc = memtable_new_in(l->db->arenas, load_size(l), ops, data, first,
	    &g.mem);
	if (rc != LSM_OK)
		return rc;
	if (before != NULL)
		before->last = l->sequence;
	l->generations[l->count++] = g;
	return LSM_OK;
}

/*
 * A writer's memtables begin with a log each. A reader's do so too, within
 * reason: when the writer flushed some, the reader lets go the same entries.
 */
static bool
load_aligned(const struct load *l, uint64_t log)
{
	struct generation *g = load_last(l);

	if (!l->db->read_only || g->log == log || l->count >= FROZEN_MAX)
		return true;
	if (memtable_entries(g->mem) > 0)
		return false;
	g->log = log;
	return true;
}

/* A commit stays whole in its memtable: the table made of that one may reach
 * the disk when the log, and the rest of the commit with it, does not. */
static int
load_begin(void *arg, uint64_t first, uint64_t count, size_t data,
    uint64_t log)
{
	struct load *l = arg;
	const struct generation *g = load_last(l);

	if (g != NULL && load_aligned(l, log) && !memtable_full(g->mem) &&
	    memtable_has_room(g->mem, count, data, first + count - 1))
		return LSM_OK;
	return load_next(l, count, data, first, log);
}

static int
load_range(struct load *l, const struct entry *e)
{
	struct range *ranges;

	ranges = mem_room(l->ranges, l->ranges_count, &l->ranges_room,
	    sizeof *ranges);
	if (ranges == NULL)
		return LSM_NO_MEMORY;
	l->ranges = ranges;
	ranges[l->ranges_count++] = (struct range){ e->key, e->value,
		e->sequence };
	return LSM_OK;
}

static int
load_entry(void *arg, const struct entry *e, uint64_t log)
{
	struct load *l = arg;
	int rc;

	(void)log;
	assert(e->sequence > l->sequence);
	if (e->kind != KIND_RANGE)
		memtable_put(load_last(l)->mem, e->kind, e->key, e->value,
		    e->sequence);
	else if ((rc = load_range(l, e)) != LSM_OK)
		return rc;
	l->sequence = e->sequence;
	return LSM_OK;
}

/* The range deletes of a commit go together, as they were written. */
static int
load_end(void *arg)
{
	struct load *l = arg;
	size_t count = l->ranges_count;
	struct range_set *made;
	struct memtable *mem;
	int rc;

	if (count == 0)
		return LSM_OK;
	mem = load_last(l)->mem;
	l->ranges_count = 0;
	rc = memtable_ranges_new(mem, l->ranges, count, &made);
	if (rc == LSM_OK)
		memtable_ranges_put(mem, made, count);
	return rc;
}

int
load_logs(struct load *l, const struct state *s, const struct log_end *from,
    struct log_replay_out *out)
{
	struct lsm_db *db = l->db;
	struct log_replay_in in = {
		.dir = db->dir,
		.lock = db->lock,
		.taking_over = !db->read_only,
		.id = { .kind = FILE_LOG },	/* the rest below */
		.first = s->log,
		.edit = s->edit,
		.flushed = l->sequence,
		.begin = load_begin,
		.record_end = load_end,
		.from = from,
		.ends = s->ends,
		.ends_count = s->ends_count,
	};
	int rc;

	memcpy(in.id.database, db->id, ID_SIZE);
	memcpy(in.id.branch, s->branch, ID_SIZE);
	memcpy(in.from_branch, db->read_branch, ID_SIZE);
	if ((rc = log_replay(&in, load_entry, l, out)) != LSM_OK)
		return rc;
	if (out->last.number == 0)
		return status_set(LSM_CORRUPT, "%s: log %llu is missing"
		    FILES_MADE_WHOLE, db->path, (unsigned long long)s->log);
	if (out->last.sequence > l->sequence)
		l->sequence = out->last.sequence;
	return ingest_reached(s, out, &l->sequence);
}

void
load_count(struct lsm_db *db, const struct log_replay_out *out)
{
	db->recovery.records += out->records;
	db->recovery.bytes += out->bytes;
	db->recovery.interrupted_log = out->interrupted_log;
	db->recovery.interrupted_at = out->interrupted_at;
	db->recovery.set_aside = out->aside_count;
}

int
load_adopt(struct load *l, const struct generation *g)
{
	int rc = load_room(l);

	if (rc != LSM_OK)
		return rc;
	l->generations[l->count++] = *g;
	memtable_ref(g->mem);
	return LSM_OK;
}

int
load_freeze(struct load *l)
{
	return load_next(l, 1, 0, l->sequence + 1, 0);
}

int
load_activate(struct load *l, uint64_t log)
{
	struct generation *g = load_last(l);

	if (g == NULL)
		return load_next(l, 1, 0, l->sequence + 1, log);
	if (g->log == 0)
		g->log = log;
	return LSM_OK;
}

void
load_release(struct load *l)
{
	for (size_t i = 0; i < l->count; i++)
		memtable_unref(l->generations[i].mem);
	mem_free(l->ranges);
	mem_free(l->generations);
	l->ranges = NULL;
	l->generations = NULL;
	l->count = l->room = 0;
	l->ranges_count = l->ranges_room = 0;
}
