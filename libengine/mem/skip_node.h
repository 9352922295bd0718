/*
 * skip_node.h - nodes of the skip list, and the search that walks them.
 *
 *   word := head u32 << 32 | reference u32
 *
 * A reference is a place in the arena in ARENA_UNITs: of an entry in a leaf's
 * slot, of a node one level down in an index node's slot, of the right
 * neighbour in a link.
 *
 * Heads. The head of a key in a node is the four bytes behind `prefix`, the
 * number of bytes that the node's keys were found to share when it was made.
 * Keys count as if zeros followed them; those that are then equal are ordered
 * by length, which together is the order of memcmp(3). A key that does not
 * share the prefix gets the highest head (in a leftmost node the lowest, when
 * it lies below). So heads never fall from slot to slot, whatever the prefix:
 * a wrong guess costs ties, and a tie compares whole keys, but never order.
 *
 * The search knows how many bytes its key shares with the node's minimum.
 * When it follows a word whose head differs from the key's, the two heads
 * tell the same number for the next node: down to the leaf no key is touched
 * unless heads tie. A leftmost node has no minimum; there the first entry
 * ever put stands in, and as a key may lie below it outside the prefix, the
 * lowest head proves nothing in an index node and is always compared.
 *
 * Why a reader does not miss a key that was published before it began:
 * The key in a slot only ever gets smaller, and a word leaves a slot only
 * after its copy is visible in the next one; therefore a scan from left to
 * right with acquire loads cannot step over it. The one exception is the cut
 * of a node's upper half, and the link to the new node is released before:
 * who sees a cut slot sees the new link when it looks again. Who read the new
 * link first and stayed has a key below the new node's and needs no cut slot.
 * A slot never holds again a word that it held before; therefore a word that
 * is still in its slot proves that nothing moved in between.
 */
#ifndef MEM_SKIP_NODE_H
#define MEM_SKIP_NODE_H

#include "mem/skiplist.h"

enum { SKIP_NODE_SIZE = 256 };

struct skip_node {
	/* Set before the node is linked. */
	uint32_t min;		/* entry with its smallest key; 0: leftmost */
	uint16_t prefix;
	uint8_t level;
	/* The writer's own. */
	uint32_t count;		/* slots in use */
	uint32_t last;		/* slot of the last insert */
	/* Shared. */
	_Atomic uint64_t link;	/* right neighbour */
	_Atomic uint64_t slot[SKIPLIST_SLOTS];
};
_Static_assert(sizeof(struct skip_node) == SKIP_NODE_SIZE,
    "a node fills its cache lines");

#define SKIP_EMPTY UINT64_MAX	/* no word: the highest head, no reference */
#define HEAD_HIGH UINT32_MAX	/* also of all keys above the prefix */
#define HEAD_LOW 0u		/* also of all keys below it */

static inline uint64_t
word_make(uint32_t head, uint32_t reference)
{
	return (uint64_t)head << 32 | reference;
}

static inline uint32_t
word_head(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static inline uint32_t
word_reference(uint64_t word)
{
	return (uint32_t)word;
}

static inline struct skip_entry *
skip_entry_of(const struct skiplist *l, uint32_t reference)
{
	return (void *)(l->base + (size_t)reference * ARENA_UNIT);
}

static inline struct skip_node *
skip_node_of(const struct skiplist *l, uint32_t reference)
{
	return (void *)(l->base + (size_t)reference * ARENA_UNIT);
}

static inline uint32_t
skip_reference(const struct skiplist *l, const void *p)
{
	return (uint32_t)((size_t)((const uint8_t *)p - l->base) / ARENA_UNIT);
}

static inline struct bytes
skip_key_of(const struct skiplist *l, uint32_t reference)
{
	return skip_entry_key(skip_entry_of(l, reference));
}

/* All lines of a node at once; its first is about to be read anyway. */
static inline void
skip_node_fetch(const struct skip_node *node)
{
	const uint8_t *p = (const uint8_t *)node;

	for (int i = ARENA_LINE; i < SKIP_NODE_SIZE; i += ARENA_LINE)
		__builtin_prefetch(p + i);
}

enum { KEY_COMMON_ALL = UINT16_MAX };	/* equal but for zeros at the end */

/* Compare; *common is where the zero-extended keys begin to differ. */
int skip_key_compare(struct bytes a, struct bytes b, uint32_t *common);

/* Four bytes of the zero-extended key, as a number that sorts like them. */
uint32_t skip_key_head(struct bytes key, uint32_t at);

struct skip_search {
	const struct skiplist *list;
	struct bytes key;
	bool below;		/* wanted is what lies below the key */
	bool beyond;		/* wanted is what lies beyond the key */
	int reference_order;	/* the key against list->reference */
	uint32_t reference_common;

	/* Where it stands, and the key as seen from there. */
	struct skip_node *node;
	uint32_t common;	/* with the node's minimum */
	uint32_t head;
	uint64_t link;		/* the node's link under which the key stays */

	/* What it found in the node: */
	int at;			/* last slot with a key <= ours (below: <) */
	uint64_t word;		/* its word; SKIP_EMPTY: none */
	uint32_t word_common;	/* with our key, when it is not above it */
	uint64_t after;		/* the word behind it; SKIP_EMPTY: none */
	bool equal;		/* its key is ours */
};

/* Begin at the root. The list is not empty. */
void skip_search_init(struct skip_search *, const struct skiplist *,
    struct bytes key);

/* Go to a node, whose minimum shares `common` bytes with the key. */
void skip_search_enter(struct skip_search *, struct skip_node *,
    uint32_t common);

/* Find the place in the node. Left to right, with acquire loads at the end. */
void skip_search_slots(struct skip_search *);

/* Down to the leaf and its place, from the node where it stands. The index
 * nodes on the way are noted in `path`, which only the writer has. */
void skip_search_leaf(struct skip_search *, uint32_t *path);

#endif
