/*
 * memtable.h - the newest entries, sorted, in memory.
 *
 * A blocked skip list (skiplist.h) in an arena that never moves, with a
 * cache-line blocked Bloom filter beside it. One writer at a time; readers
 * take no lock and never write. Entries with sequences above what a reader
 * asks for are invisible to it, so a reader needs a published sequence: the
 * writer's release of it orders everything put before.
 */
#ifndef MEM_MEMTABLE_H
#define MEM_MEMTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena_pool.h"
#include "kv/cover.h"
#include "kv/iter.h"
#include "mem/range_set.h"

struct memtable;

enum { MEMTABLE_LIMIT_MIN = 512 };
#define MEMTABLE_LIMIT_MAX ((size_t)1 << 30)

/*
 * A memtable that is full at `limit` bytes and surely has room, when empty,
 * for `ops` operations of `data` bytes of keys and values in all. Its
 * sequences are base_sequence and above, less than 2^32 of them. The caller
 * holds one reference.
 */
int memtable_new(size_t limit, size_t ops, size_t data, uint64_t base_sequence,
    struct memtable **);
/* The same, in memory of the pool, where it goes back to at the end. */
int memtable_new_in(struct arena_pool *, size_t limit, size_t ops, size_t data,
    uint64_t base_sequence, struct memtable **);
void memtable_ref(struct memtable *);
void memtable_unref(struct memtable *);	/* takes NULL */

/* May `ops` operations of `data` bytes be put now, whatever their keys are? */
bool memtable_has_room(const struct memtable *, size_t ops, size_t data,
    uint64_t last_sequence);
/* At its limit: time for the next one. */
bool memtable_full(const struct memtable *);

/* The writer only, after memtable_has_room; sequences ascend. Cannot fail. */
void memtable_put(struct memtable *, enum kind, struct bytes key,
    struct bytes value, uint64_t sequence);

/* For one of several that follow: its hash, with which it will be put. What is
 * told a few entries ahead is in the cache when it is put. */
uint64_t memtable_expect(const struct memtable *, struct bytes key);
void memtable_put_expected(struct memtable *, const struct entry *,
    uint64_t hash);

/* The newest entry of the key with a sequence of at most `sequence`, covered
 * or not; its bytes live as long as the memtable. `hash` is hash64(key). */
bool memtable_get(const struct memtable *, struct bytes key, uint64_t hash,
    uint64_t sequence, struct entry *);

/* Is there a version, of whatever sequence, of a key in [smallest, largest], or
 * may a range delete cover one? What the writer puts meanwhile may or may not
 * count. */
bool memtable_overlaps(const struct memtable *, struct bytes smallest,
    struct bytes largest);

/*
 * The range deletes of one commit, their sequences known: what may fail comes
 * before the log, putting them cannot. Only the writer; what is not put is
 * ended with range_set_free.
 */
int memtable_ranges_new(const struct memtable *, const struct range *,
    size_t count, struct range_set **);
void memtable_ranges_put(struct memtable *, struct range_set *, size_t count);

/* The newest sequence, of at most `sequence`, of a range delete that covers
 * the key; 0: none. Entries that are older are deleted. */
uint64_t memtable_covered(const struct memtable *, struct bytes key,
    uint64_t sequence);
/* The same for a walk; the memtable must live as long. What is put later is
 * not seen. */
int memtable_cover_new(struct memtable *, uint64_t sequence, struct cover **);

/* The bounds of all it holds, both included; *any is false when that is
 * nothing. They live as long as the memtable. For one that is frozen. */
int memtable_bounds(struct memtable *, bool *any, struct bytes *smallest,
    struct bytes *largest);

/* Some of its keys, ascending, spread evenly; how many. They live as long as
 * the memtable. For one that is frozen. */
enum { MEMTABLE_SAMPLE = 512 };
size_t memtable_sample(const struct memtable *,
    struct bytes keys[MEMTABLE_SAMPLE]);

/* Walks what is visible at `sequence`, while the writer goes on; range deletes
 * hide nothing here. Holds a reference. Keys and values point into the
 * memtable. */
int memtable_iter_new(struct memtable *, uint64_t sequence, struct iter **);

bool memtable_empty(const struct memtable *);
size_t memtable_limit(const struct memtable *);	/* of memory, to be full */
size_t memtable_used(const struct memtable *);		/* bytes of memory */
uint64_t memtable_entries(const struct memtable *);	/* versions counted */
uint64_t memtable_ranges(const struct memtable *);	/* range deletes */

#endif
