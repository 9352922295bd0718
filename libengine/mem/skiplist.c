/*
 * skiplist.c - the writer's side of the skip list: entries, splits, room.
 *
 * The protocol, whose reader's half is in skip_node.h: slots are shifted from
 * right to left, each with a release store; a node that splits links the new
 * node before it cuts its own upper half; an overwrite replaces one word.
 */
#include "mem/skip_node.h"

#include <assert.h>

#include "base/alloc.h"

/* Any constant: the same puts make the same list. */
#define COIN_SEED UINT64_C(0x6c736d2d6d656d00)

void
skiplist_init_in(struct skiplist *l, struct arena arena, uint32_t slots)
{
	assert(slots >= SKIPLIST_SLOTS_MIN && slots <= SKIPLIST_SLOTS);
	assert(arena.size <= SKIPLIST_SIZE_MAX);
	*l = (struct skiplist){
		.base = arena.base,
		.slots = slots,
		.arena = arena,
		.coin = { COIN_SEED },
	};
	arena_low(&l->arena, ARENA_UNIT);	/* reference 0 is none */
}

int
skiplist_init(struct skiplist *l, size_t size, uint32_t slots)
{
	struct arena arena;
	int rc;

	*l = (struct skiplist){ 0 };
	if (size > SKIPLIST_SIZE_MAX - ARENA_LINE)
		return mem_exhausted(size);
	if ((rc = arena_init(&arena, size)) == LSM_OK)
		skiplist_init_in(l, arena, slots);
	return rc;
}

void
skiplist_release(struct skiplist *l)
{
	arena_release(&l->arena);
}

/*
 * How many nodes of a level that has `nodes` can split for `puts` words.
 *
 * A word splits one node at most. A node is made with a little over half its
 * slots in use, or fewer, so it splits after `fill` words at the earliest,
 * unless it was there before; and being filled up at its end allows one split
 * more, the ascending one.
 */
static uint64_t
splits_max(uint64_t nodes, uint64_t puts, uint32_t slots)
{
	uint64_t fill = slots / 2 - 1;
	uint64_t splits = 2 * (nodes + puts / fill);

	return splits < puts ? splits : puts;
}

uint64_t
skiplist_need(const struct skiplist *l, uint64_t ops, uint64_t data)
{
	uint64_t entry = sizeof(struct skip_entry) + ARENA_UNIT - 1;
	uint64_t nodes = 0, words = ops;

	for (int i = 0; i < SKIPLIST_LEVELS && words > 0; i++) {
		if (l->nodes[i] == 0) {	/* the first word makes the level */
			nodes++;
			words--;
		}
		words = splits_max(l->nodes[i], words, l->slots);
		nodes += words;
	}
	return ops * entry + data + nodes * SKIP_NODE_SIZE;
}

static struct skip_entry *
entry_new(struct skiplist *l, uint16_t kind, struct bytes key,
    struct bytes value, uint32_t sequence)
{
	struct skip_entry *e = arena_low(&l->arena,
	    sizeof *e + key.n + value.n);

	*e = (struct skip_entry){
		.sequence = sequence,
		.value_size = (uint32_t)value.n,
		.key_size = (uint16_t)key.n,
		.kind = kind,
	};
	if (key.n)
		memcpy(e->bytes, key.p, key.n);
	if (value.n)
		memcpy(e->bytes + key.n, value.p, value.n);
	return e;
}

static struct skip_node *
node_new(struct skiplist *l, uint32_t min, uint32_t level, uint32_t prefix)
{
	struct skip_node *node = arena_high(&l->arena, SKIP_NODE_SIZE);

	node->min = min;
	node->level = (uint8_t)level;
	/* Keys that differ in zeros at the end only share no certain length. */
	node->prefix = prefix == KEY_COMMON_ALL ? 0 : (uint16_t)prefix;
	node->count = node->last = 0;
	store_relaxed(&node->link, SKIP_EMPTY);
	for (uint32_t i = 0; i < SKIPLIST_SLOTS; i++)
		store_relaxed(&node->slot[i], SKIP_EMPTY);
	l->nodes[level]++;
	return node;
}

/* Stand a search for the key of entry `min` on a node that may hold it. */
static void
search_on(struct skip_search *s, const struct skiplist *l,
    struct skip_node *node, uint32_t min)
{
	uint32_t common = 0;

	*s = (struct skip_search){ .list = l, .key = skip_key_of(l, min) };
	if (node->min == 0)
		s->reference_order = skip_key_compare(s->key,
		    skip_key_of(l, l->reference), &s->reference_common);
	else
		skip_key_compare(s->key, skip_key_of(l, node->min), &common);
	skip_search_enter(s, node, common);
}

/* The head of the key of entry `min` in the node. */
static uint32_t
head_in(const struct skiplist *l, struct skip_node *node, uint32_t min)
{
	struct skip_search s;

	search_on(&s, l, node, min);
	return s.head;
}

/* The entry that holds the key of a slot's word. */
static uint32_t
word_min(const struct skiplist *l, const struct skip_node *node, uint64_t word)
{
	uint32_t reference = word_reference(word);

	return node->level == 0 ? reference : skip_node_of(l, reference)->min;
}

/* Put a word into a node that has room. */
static void
node_add(struct skip_node *node, uint32_t at, uint64_t word)
{
	uint32_t count = node->count;

#ifdef LSM_SCHED
	if (SKIP_HAS(SKIP_SHIFT_LEFT_TO_RIGHT)) {
		for (uint32_t i = at; i < count; i++) {
			uint64_t moved = load_relaxed(&node->slot[i]);

			store_release(&node->slot[i], word);
			word = moved;
		}
		at = count;
	}
#endif
	/* A word leaves a slot only when its copy is in the next one. */
	for (uint32_t i = count; i > at; i--)
		store_release(&node->slot[i],
		    load_relaxed(&node->slot[i - 1]));
	store_release(&node->slot[at], word);
	node->count = count + 1;
	node->last = at;
}

/*
 * The length that the keys of a new node share, as far as known: it ends
 * before its right neighbour's minimum. At the right end of a level the last
 * key there is must do, and for an ascending load, which has none yet, what
 * the node before shares with this one.
 */
static uint32_t
prefix_right(const struct skiplist *l, const struct skip_node *node,
    uint32_t min, bool ascending)
{
	uint64_t link = load_relaxed(&node->link);
	uint32_t bound, common;

	if (link != SKIP_EMPTY)
		bound = skip_node_of(l, word_reference(link))->min;
	else if (ascending)
		bound = node->min ? node->min : l->reference;
	else
		bound = word_min(l, node,
		    load_relaxed(&node->slot[l->slots - 1]));
	skip_key_compare(skip_key_of(l, min), skip_key_of(l, bound), &common);
	return common;
}

/*
 * Copy the upper half. Heads stay what they are only when the new prefix is
 * the old one, not when it is merely as long: a key outside the old prefix
 * has the highest or lowest head and does not share it.
 */
static void
copy_upper(const struct skiplist *l, const struct skip_node *node,
    uint32_t middle, struct skip_node *right)
{
	uint32_t head = word_head(load_relaxed(&node->slot[middle]));
	bool same = node->prefix == right->prefix && head != HEAD_HIGH &&
	    (head != HEAD_LOW || node->min != 0);

	for (uint32_t i = middle; i < l->slots && !same; i++)
		__builtin_prefetch(skip_entry_of(l, word_min(l, node,
		    load_relaxed(&node->slot[i]))));
	for (uint32_t i = middle; i < l->slots; i++) {
		uint64_t word = load_relaxed(&node->slot[i]);

		if (!same)
			word = word_make(head_in(l, right,
			    word_min(l, node, word)), word_reference(word));
		store_relaxed(&right->slot[i - middle], word);
	}
	right->count = l->slots - middle;
}

/* Make the node readable, then take away what it holds now. */
static void
link_and_cut(struct skiplist *l, struct skip_node *node, uint32_t middle,
    struct skip_node *right)
{
	uint64_t old = load_relaxed(&node->link);
	uint64_t link = word_make(head_in(l, node, right->min),
	    skip_reference(l, right));

	if (old == SKIP_EMPTY)
		l->edge[node->level] = skip_reference(l, right);
	else
		store_relaxed(&right->link, word_make(head_in(l, right,
		    skip_node_of(l, word_reference(old))->min),
		    word_reference(old)));
	if (!SKIP_HAS(SKIP_CUT_BEFORE_LINK))
		store_release(&node->link, link);
	for (uint32_t i = l->slots; i-- > middle;)
		store_release(&node->slot[i], SKIP_EMPTY);
	if (SKIP_HAS(SKIP_CUT_BEFORE_LINK))
		store_release(&node->link, link);
	node->count = middle;
}

/* A word on its way into a level. */
struct item {
	uint32_t min;		/* the entry with its key */
	uint32_t reference;
};

/* Split a full node and put the item, whose place was `at`, where it now
 * belongs. Returns the new right half. */
static struct skip_node *
split(struct skiplist *l, struct skip_node *node, uint32_t at, uint32_t head,
    struct item item)
{
	/* Ascending: the full node stays full and the new one begins empty. */
	bool ascending = at == l->slots && node->last == l->slots - 1;
	uint32_t middle = ascending ? l->slots : l->slots / 2;
	uint32_t min = ascending ? item.min : word_min(l, node,
	    load_relaxed(&node->slot[middle]));
	struct skip_node *right = node_new(l, min, node->level,
	    prefix_right(l, node, min, ascending));

	if (ascending) {
		store_relaxed(&right->slot[0], word_make(head_in(l, right,
		    min), item.reference));
		right->count = 1;
		/* Not once more, or keys falling into the gap before `right`
		 * would get a node each. */
		node->last = 0;
	} else {
		copy_upper(l, node, middle, right);
	}
	link_and_cut(l, node, middle, right);
	if (!ascending && at > middle)
		node_add(right, at - middle, word_make(head_in(l, right,
		    item.min), item.reference));
	else if (!ascending)
		node_add(node, at, word_make(head, item.reference));
	return right;
}

/* A new top level: the old root, which is leftmost, and the node beside it. */
static void
raise_root(struct skiplist *l, const struct skip_node *right)
{
	uint32_t old = load_relaxed(&l->root), common;
	struct skip_node *top;

	skip_key_compare(skip_key_of(l, l->reference),
	    skip_key_of(l, right->min), &common);
	top = node_new(l, 0, right->level + 1u, common);
	store_relaxed(&top->slot[0], word_make(HEAD_LOW, old));
	store_relaxed(&top->slot[1], word_make(head_in(l, top, right->min),
	    skip_reference(l, right)));
	top->count = 2;
	l->edge[top->level] = skip_reference(l, top);
	store_release(&l->root, skip_reference(l, top));
}

/*
 * Put an item into a node, and, while nodes split and the coin says so, the
 * new ones into the level above. `path` names the nodes above that cover the
 * key; they cover the new node's minimum too, as it lies in the same node of
 * the level below as the key.
 */
static void
insert(struct skiplist *l, const uint32_t *path, struct skip_node *node,
    uint32_t at, uint32_t head, struct item item)
{
	struct skip_search s;

	while (node->count == l->slots) {
		struct skip_node *right = split(l, node, at, head, item);
		uint32_t level = right->level + 1u;

		if (level == SKIPLIST_LEVELS || random_next(&l->coin) >> 63)
			return;
		if (skip_node_of(l, load_relaxed(&l->root))->level < level) {
			raise_root(l, right);
			return;
		}
		item = (struct item){ right->min, skip_reference(l, right) };
		node = skip_node_of(l, path[level]);
		search_on(&s, l, node, item.min);
		skip_search_slots(&s);
		at = (uint32_t)(s.at + 1);
		head = s.head;
	}
	node_add(node, at, word_make(head, item.reference));
}

static void
put_first(struct skiplist *l, uint32_t entry)
{
	struct skip_node *leaf = node_new(l, 0, 0, 0);

	l->reference = entry;
	l->first = l->edge[0] = skip_reference(l, leaf);
	store_relaxed(&leaf->slot[0], word_make(skip_key_head(
	    skip_key_of(l, entry), 0), entry));
	leaf->count = 1;
	store_release(&l->root, l->first);
}

/* Behind all others there is nothing to search. False: it is not. */
static bool
put_last(struct skiplist *l, uint32_t entry)
{
	struct skip_node *leaf = skip_node_of(l, l->edge[0]);
	uint64_t last = load_relaxed(&leaf->slot[leaf->count - 1]);
	struct bytes key = skip_key_of(l, entry);
	uint32_t common, head = HEAD_HIGH;

	if (skip_key_compare(key, skip_key_of(l, word_reference(last)),
	    &common) <= 0)
		return false;
	/* What lies behind a key outside the prefix is outside of it too. */
	if (word_head(last) != HEAD_HIGH && common >= leaf->prefix)
		head = skip_key_head(key, leaf->prefix);
	insert(l, l->edge, leaf, leaf->count, head,
	    (struct item){ entry, entry });
	return true;
}

void
skiplist_put(struct skiplist *l, uint16_t kind, struct bytes key,
    struct bytes value, uint32_t sequence)
{
	struct skip_entry *e = entry_new(l, kind, key, value, sequence);
	uint32_t entry = skip_reference(l, e);
	struct skip_search s;

	assert(key.n <= LSM_KEY_MAX && value.n <= LSM_VALUE_MAX);
	if (load_relaxed(&l->root) == 0) {
		put_first(l, entry);
		return;
	}
	if (put_last(l, entry))
		return;
	skip_search_init(&s, l, key);
	skip_search_leaf(&s, l->path);
	if (!s.equal) {
		insert(l, l->path, s.node, (uint32_t)(s.at + 1), s.head,
		    (struct item){ entry, entry });
		return;
	}
	e->older = word_reference(s.word);
	store_release(&s.node->slot[s.at], word_make(word_head(s.word),
	    entry));
}
