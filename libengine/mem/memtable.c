/*
 * memtable.c - the newest entries, sorted, in memory.
 *
 * Sequences are kept as distances from the memtable's base, in 32 bits.
 */
#include "mem/memtable.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "mem/mem_filter.h"
#include "mem/skiplist.h"

/* What the arena has beyond the limit, so that the table is full before it
 * has no room; memory that is not touched costs nothing. */
enum { SLACK_SHARE = 8, SLACK_MIN = 16 << 10 };

struct memtable {
	/* Set at creation. */
	struct arena_pool *pool;	/* held; NULL: none */
	struct mem_filter filter;
	size_t limit;
	uint64_t base_sequence;

	_Atomic uint32_t refs;

	/* Written by the writer, relaxed: others only show them. */
	_Alignas(64) _Atomic uint64_t used;
	_Atomic uint64_t entries;
	_Atomic uint64_t ranges;
	size_t ranges_size;		/* bytes of all sets */

	/* Released when a set is complete: who acquires it may read it. */
	_Atomic(struct range_set *) newest;

	struct skiplist list;
};

/* A memtable of some odd size would spoil the pool for those to come. */
static size_t
usual_size(size_t limit)
{
	return limit + limit / SLACK_SHARE + SLACK_MIN;
}

static void
memtable_free(struct memtable *m)
{
	if (m->pool != NULL && m->list.arena.size <= 2 * usual_size(m->limit))
		arena_pool_give(m->pool, &m->list.arena);
	range_set_free(load_relaxed(&m->newest));
	skiplist_release(&m->list);
	mem_filter_release(&m->filter);
	arena_pool_unref(m->pool);
	mem_free(m);
}

/* Bytes of arena; 0 when there cannot be so many. */
static size_t
arena_size(size_t limit, size_t ops, size_t data)
{
	static const struct skiplist empty = { .slots = SKIPLIST_SLOTS };
	uint64_t size = usual_size(limit), need;

	if (ops > UINT32_MAX || data > SKIPLIST_SIZE_MAX)
		return 0;
	/* The first unit is not used, the last line may be cut. */
	need = skiplist_need(&empty, ops, data) + 2 * ARENA_LINE;
	if (need > size)
		size = need;
	return size > SKIPLIST_SIZE_MAX - ARENA_LINE || size > SIZE_MAX ? 0 :
	    (size_t)size;
}

int
memtable_new_in(struct arena_pool *pool, size_t limit, size_t ops, size_t data,
    uint64_t base_sequence, struct memtable **out)
{
	size_t size = arena_size(limit, ops, data);
	struct arena arena = { 0 };
	struct memtable *m;
	int rc;

	assert(limit >= MEMTABLE_LIMIT_MIN && limit <= MEMTABLE_LIMIT_MAX);
	*out = NULL;
	if (size == 0)
		return mem_exhausted(data);
	if ((m = mem_aligned(64, sizeof *m)) == NULL)
		return mem_exhausted(sizeof *m);
	memset(m, 0, sizeof *m);
	m->limit = limit;
	m->base_sequence = base_sequence;
	m->refs = 1;
	if ((rc = mem_filter_init(&m->filter, limit > data ? limit : data)) !=
	    LSM_OK)
		goto done;
	rc = pool != NULL ? arena_pool_take(pool, size, &arena) :
	    arena_init(&arena, size);
	if (rc != LSM_OK)
		goto done;
	skiplist_init_in(&m->list, arena, SKIPLIST_SLOTS);
	if ((m->pool = pool) != NULL)
		arena_pool_ref(pool);
	*out = m;
	m = NULL;
done:
	if (m != NULL)
		memtable_free(m);
	return rc;
}

int
memtable_new(size_t limit, size_t ops, size_t data, uint64_t base_sequence,
    struct memtable **out)
{
	return memtable_new_in(NULL, limit, ops, data, base_sequence, out);
}

void
memtable_ref(struct memtable *m)
{
	uint32_t before = atomic_fetch_add_explicit(&m->refs, 1,
	    memory_order_relaxed);

	assert(before > 0);
	(void)before;
}

void
memtable_unref(struct memtable *m)
{
	uint32_t before;

	if (m == NULL)
		return;
	/* Acquire and release: all other holders are done before the end. */
	before = atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel);
	assert(before > 0);
	if (before == 1)
		memtable_free(m);
}

bool
memtable_has_room(const struct memtable *m, size_t ops, size_t data,
    uint64_t last_sequence)
{
	size_t room = arena_room(&m->list.arena);

	assert(last_sequence >= m->base_sequence);
	if (last_sequence - m->base_sequence > UINT32_MAX)
		return false;
	if (ops > UINT32_MAX || data > room)
		return false;
	return skiplist_need(&m->list, ops, data) <= room;
}

bool
memtable_full(const struct memtable *m)
{
	return load_relaxed(&m->used) >= m->limit;
}

static void
count(_Atomic uint64_t *counter, uint64_t n)
{
	store_relaxed(counter, load_relaxed(counter) + n);
}

static void
count_used(struct memtable *m)
{
	store_relaxed(&m->used, arena_used(&m->list.arena) + m->ranges_size);
}

uint64_t
memtable_expect(const struct memtable *m, struct bytes key)
{
	uint64_t hash = hash64(key);

	mem_filter_fetch(&m->filter, hash);
	return hash;
}

void
memtable_put_expected(struct memtable *m, const struct entry *e, uint64_t hash)
{
	uint64_t distance = e->sequence - m->base_sequence;

	assert(e->sequence >= m->base_sequence && distance <= UINT32_MAX);
	skiplist_put(&m->list, (uint16_t)e->kind, e->key, e->value,
	    (uint32_t)distance);
	mem_filter_add(&m->filter, hash);
	count_used(m);
	count(&m->entries, 1);
}

void
memtable_put(struct memtable *m, enum kind kind, struct bytes key,
    struct bytes value, uint64_t sequence)
{
	struct entry e = { key, value, sequence, kind };

	memtable_put_expected(m, &e, memtable_expect(m, key));
}

int
memtable_ranges_new(const struct memtable *m, const struct range *ranges,
    size_t count, struct range_set **made)
{
	return range_set_new(load_relaxed(&m->newest), ranges, count, made);
}

/* Sets that others took in stay where they are: a chain to the end. */
void
memtable_ranges_put(struct memtable *m, struct range_set *made, size_t n)
{
	struct range_set *last = made;

	m->ranges_size += last->bytes;
	for (; last->owned != NULL; last = last->owned)
		m->ranges_size += last->owned->bytes;
	last->owned = load_relaxed(&m->newest);
	store_release(&m->newest, made);
	count(&m->ranges, n);
	count_used(m);
}

uint64_t
memtable_covered(const struct memtable *m, struct bytes key,
    uint64_t sequence)
{
	return range_set_cover(load_acquire(&m->newest), key, sequence);
}

struct memtable_cover {
	struct cover cover;
	const struct range_set *newest;
	uint64_t sequence;
};

static int
memtable_cover_find(struct cover *cover, struct bytes key, struct range *span)
{
	const struct memtable_cover *c = (struct memtable_cover *)cover;

	range_set_find(c->newest, key, c->sequence, span);
	return LSM_OK;
}

static void
memtable_cover_free(struct cover *cover)
{
	mem_free(cover);
}

int
memtable_cover_new(struct memtable *m, uint64_t sequence, struct cover **out)
{
	static const struct cover_ops ops = {
		.free = memtable_cover_free,
		.find = memtable_cover_find,
	};
	struct memtable_cover *c = mem_zalloc(sizeof *c);

	*out = NULL;
	if (c == NULL)
		return mem_exhausted(sizeof *c);
	c->cover.ops = &ops;
	c->newest = load_acquire(&m->newest);
	c->sequence = sequence;
	*out = &c->cover;
	return LSM_OK;
}

/* A sequence as a distance; false when it is before everything here. */
static bool
distance_of(const struct memtable *m, uint64_t sequence, uint32_t *distance)
{
	uint64_t d = sequence - m->base_sequence;

	*distance = d > UINT32_MAX ? UINT32_MAX : (uint32_t)d;
	return sequence >= m->base_sequence;
}

static void
entry_show(const struct memtable *m, const struct skip_entry *e,
    struct entry *out)
{
	out->key = skip_entry_key(e);
	out->value = skip_entry_value(e);
	out->sequence = m->base_sequence + e->sequence;
	out->kind = (enum kind)e->kind;
}

bool
memtable_get(const struct memtable *m, struct bytes key, uint64_t hash,
    uint64_t sequence, struct entry *out)
{
	const struct skip_entry *e;
	uint32_t distance;

	if (!mem_filter_maybe(&m->filter, hash) ||
	    !distance_of(m, sequence, &distance))
		return false;
	e = skip_entry_at(&m->list, skiplist_get(&m->list, key), distance);
	if (e != NULL)
		entry_show(m, e, out);
	return e != NULL;
}

struct memtable_iter {
	struct iter iter;
	struct memtable *memtable;
	struct skip_cursor cursor;
	uint32_t distance;	/* what is farther is not seen */
	bool blind;		/* nor is anything else */
};

/* Go on, one way, to the first key with a version to be seen. */
static int
iter_settle(struct memtable_iter *it, void (*move)(struct skip_cursor *))
{
	struct skip_cursor *c = &it->cursor;
	const struct skip_entry *e = NULL;

	while (c->entry != NULL && !it->blind) {
		e = skip_entry_at(c->list, c->entry, it->distance);
		if (e != NULL)
			break;
		move(c);
	}
	it->iter.valid = e != NULL;
	if (e != NULL)
		entry_show(it->memtable, e, &it->iter.entry);
	return LSM_OK;
}

static int
memtable_iter_first(struct iter *iter)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	skip_cursor_first(&it->cursor);
	return iter_settle(it, skip_cursor_next);
}

static int
memtable_iter_last(struct iter *iter)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	skip_cursor_last(&it->cursor);
	return iter_settle(it, skip_cursor_prev);
}

static int
memtable_iter_seek(struct iter *iter, struct bytes key)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	skip_cursor_seek(&it->cursor, key);
	return iter_settle(it, skip_cursor_next);
}

static int
memtable_iter_seek_before(struct iter *iter, struct bytes key)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	skip_cursor_seek_before(&it->cursor, key);
	return iter_settle(it, skip_cursor_prev);
}

static int
memtable_iter_next(struct iter *iter)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	assert(iter->valid);
	skip_cursor_next(&it->cursor);
	return iter_settle(it, skip_cursor_next);
}

static int
memtable_iter_prev(struct iter *iter)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	assert(iter->valid);
	skip_cursor_prev(&it->cursor);
	return iter_settle(it, skip_cursor_prev);
}

static void
memtable_iter_free(struct iter *iter)
{
	struct memtable_iter *it = (struct memtable_iter *)iter;

	memtable_unref(it->memtable);
	mem_free(it);
}

static const struct iter_ops memtable_iter_ops = {
	.free = memtable_iter_free,
	.first = memtable_iter_first,
	.last = memtable_iter_last,
	.seek = memtable_iter_seek,
	.seek_before = memtable_iter_seek_before,
	.next = memtable_iter_next,
	.prev = memtable_iter_prev,
};

int
memtable_iter_new(struct memtable *m, uint64_t sequence, struct iter **out)
{
	struct memtable_iter *it = mem_zalloc(sizeof *it);

	*out = NULL;
	if (it == NULL)
		return mem_exhausted(sizeof *it);
	memtable_ref(m);
	it->iter.ops = &memtable_iter_ops;
	it->memtable = m;
	it->blind = !distance_of(m, sequence, &it->distance);
	skip_cursor_init(&it->cursor, &m->list);
	*out = &it->iter;
	return LSM_OK;
}

bool
memtable_overlaps(const struct memtable *m, struct bytes smallest,
    struct bytes largest)
{
	struct bytes low, high;
	struct skip_cursor c;
	bool ranges = false;

	range_set_bounds(load_acquire(&m->newest), &ranges, &low, &high);
	if (ranges && bytes_compare(low, largest) <= 0 &&
	    bytes_compare(smallest, high) <= 0)
		return true;
	skip_cursor_init(&c, &m->list);
	skip_cursor_seek(&c, smallest);
	return c.entry != NULL &&
	    bytes_compare(skip_entry_key(c.entry), largest) <= 0;
}

int
memtable_bounds(struct memtable *m, bool *any, struct bytes *smallest,
    struct bytes *largest)
{
	struct iter *it;
	int rc;

	*smallest = *largest = bytes(NULL, 0);
	*any = false;
	if ((rc = memtable_iter_new(m, UINT64_MAX, &it)) != LSM_OK)
		return rc;
	if ((rc = iter_first(it)) == LSM_OK && it->valid) {
		*smallest = it->entry.key;
		rc = iter_last(it);
		*largest = it->entry.key;
		*any = true;
	}
	iter_free(it);
	range_set_bounds(load_acquire(&m->newest), any, smallest, largest);
	return rc;
}

size_t
memtable_sample(const struct memtable *m, struct bytes keys[MEMTABLE_SAMPLE])
{
	return skiplist_sample(&m->list, keys, MEMTABLE_SAMPLE);
}

bool
memtable_empty(const struct memtable *m)
{
	return load_relaxed(&m->entries) == 0 && load_relaxed(&m->ranges) == 0;
}

uint64_t
memtable_ranges(const struct memtable *m)
{
	return load_relaxed(&m->ranges);
}

size_t
memtable_limit(const struct memtable *m)
{
	return m->limit;
}

size_t
memtable_used(const struct memtable *m)
{
	return (size_t)load_relaxed(&m->used);
}

uint64_t
memtable_entries(const struct memtable *m)
{
	return load_relaxed(&m->entries);
}
