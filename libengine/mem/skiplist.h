/*
 * skiplist.h - a blocked skip list: sorted entries that readers walk freely.
 *
 * A skip list whose nodes hold a sorted run of slots and whose towers stand
 * on nodes. A full node splits; the right half becomes a new node, which
 * joins the level above when a coin says so, and which is reachable through
 * its left neighbour's link in any case.
 *
 * One writer at a time; any number of readers, who take no lock, never write
 * and never wait. Everything lies in an arena that does not move: entries at
 * its low end, nodes at its high end. Nothing is ever removed.
 *
 * A put becomes visible somewhere inside its call. A reader who must see it
 * needs a release of the writer's, after the put, and an acquire of its own.
 */
#ifndef MEM_SKIPLIST_H
#define MEM_SKIPLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/random.h"
#include "base/sync.h"

enum {
	SKIPLIST_SLOTS = 29,		/* a node of four cache lines */
	SKIPLIST_SLOTS_MIN = 4,
	SKIPLIST_LEVELS = 24
};

/* References are ARENA_UNITs in 32 bits, and one of them is none. */
#define SKIPLIST_SIZE_MAX ((uint64_t)ARENA_UNIT * (UINT32_MAX - 1))

/* A version of a key. Never changes once it is in the list. */
struct skip_entry {
	uint32_t older;		/* the version before; 0: there is none */
	uint32_t sequence;
	uint32_t value_size;
	uint16_t key_size;
	uint16_t kind;
	uint8_t bytes[];	/* key, value */
};

struct skiplist {
	/* Set at init. */
	uint8_t *base;
	uint32_t slots;		/* in a node */
	/* Set by the first put, before its release of `root`. */
	uint32_t first;		/* leftmost leaf */
	uint32_t reference;	/* the first entry; stands in for a minimum */
	/* Leftmost node of the top level; 0: empty. */
	_Atomic uint32_t root;

	/* The writer's own. */
	_Alignas(64) struct arena arena;
	struct random coin;
	uint32_t path[SKIPLIST_LEVELS];	/* nodes of the last descent */
	uint32_t edge[SKIPLIST_LEVELS];	/* rightmost node of each level */
	uint32_t nodes[SKIPLIST_LEVELS];
};

/* `slots` is SKIPLIST_SLOTS; tests take fewer, to see more splits. */
int skiplist_init(struct skiplist *, size_t size, uint32_t slots);
/* In an empty arena that is at hand, and that is the list's from now on. */
void skiplist_init_in(struct skiplist *, struct arena, uint32_t slots);
void skiplist_release(struct skiplist *);

/*
 * Bytes of arena that `ops` more puts of `data` bytes of keys and values take
 * at most, whatever the keys and the coin are.
 */
uint64_t skiplist_need(const struct skiplist *, uint64_t ops, uint64_t data);

/* The writer only, and only with room. Of one key, sequences ascend. */
void skiplist_put(struct skiplist *, uint16_t kind, struct bytes key,
    struct bytes value, uint32_t sequence);

/* The newest version of the key; NULL: there is none. */
const struct skip_entry *skiplist_get(const struct skiplist *,
    struct bytes key);

static inline struct bytes
skip_entry_key(const struct skip_entry *e)
{
	return bytes(e->bytes, e->key_size);
}

static inline struct bytes
skip_entry_value(const struct skip_entry *e)
{
	return bytes(e->bytes + e->key_size, e->value_size);
}

/* The newest version, from this one back, that is not above `sequence`. */
static inline const struct skip_entry *
skip_entry_at(const struct skiplist *l, const struct skip_entry *e,
    uint32_t sequence)
{
	while (e != NULL && e->sequence > sequence)
		e = e->older == 0 ? NULL : (const void *)(l->base +
		    (size_t)e->older * ARENA_UNIT);
	return e;
}

/*
 * A place in the list. `entry` is the newest version there was when it was
 * found; NULL: nowhere. It sees every key that was visible when it moved, and
 * perhaps some that came later, always in order. next and prev need a place.
 */
struct skip_cursor {
	const struct skiplist *list;
	const struct skip_entry *entry;
	const struct skip_node *node;
	uint32_t at;		/* slot in the node */
	uint64_t word;		/* that was there */
};

void skip_cursor_init(struct skip_cursor *, const struct skiplist *);
void skip_cursor_first(struct skip_cursor *);
void skip_cursor_last(struct skip_cursor *);
void skip_cursor_seek(struct skip_cursor *, struct bytes key);	/* >= key */
void skip_cursor_seek_before(struct skip_cursor *, struct bytes key); /* < */
void skip_cursor_next(struct skip_cursor *);
void skip_cursor_prev(struct skip_cursor *);

/* Some of the keys, ascending, at most so many: all when they are few, else the
 * first ones of the nodes of a level, so spread evenly, more or less. For a
 * list that is not put to. */
size_t skiplist_sample(const struct skiplist *, struct bytes *keys,
    size_t most);

/* Ways in which the protocol has been wrong; a test puts them back. */
#ifdef LSM_SCHED
enum skip_defect {
	SKIP_SOUND,
	SKIP_CUT_BEFORE_LINK,
	SKIP_SHIFT_LEFT_TO_RIGHT,
	SKIP_NO_SECOND_LOOK,
	SKIP_NEXT_BLIND,
	SKIP_PREV_BLIND
};
extern enum skip_defect skip_defect;
#define SKIP_HAS(defect) (skip_defect == (defect))
#else
#define SKIP_HAS(defect) false
#endif

#endif
