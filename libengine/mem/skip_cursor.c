/*
 * skip_cursor.c - walks the skip list in both directions while it changes.
 *
 * A cursor remembers node, slot and word. A neighbouring slot, read before
 * its own slot is seen to hold the word still, is the neighbour; in all other
 * cases the cursor searches anew from its key. Why this is enough stands in
 * skip_node.h.
 */
#include "mem/skip_node.h"

#include <assert.h>

enum { FETCH_AHEAD = 3 };	/* slots whose entries are fetched early */

void
skip_cursor_init(struct skip_cursor *c, const struct skiplist *l)
{
	*c = (struct skip_cursor){ .list = l };
}

static void
cursor_set(struct skip_cursor *c, const struct skip_node *node, uint32_t at,
    uint64_t word)
{
	c->node = node;
	c->at = at;
	c->word = word;
	c->entry = word == SKIP_EMPTY ? NULL :
	    skip_entry_of(c->list, word_reference(word));
}

/* Begin where the list has something; false: the cursor is nowhere. */
static bool
cursor_begins(struct skip_cursor *c)
{
	c->entry = NULL;
	return load_acquire(&c->list->root) != 0;
}

void
skip_cursor_first(struct skip_cursor *c)
{
	const struct skip_node *leaf;

	if (!cursor_begins(c))
		return;
	leaf = skip_node_of(c->list, c->list->first);
	cursor_set(c, leaf, 0, load_acquire(&leaf->slot[0]));
}

/* The last word of a node: from left to right, or one on the move between
 * two slots could be passed by. */
static uint64_t
node_last(const struct skip_node *node, uint32_t slots, uint32_t *at)
{
	uint64_t last = SKIP_EMPTY, word;

	for (uint32_t i = 0; i < slots; i++) {
		if ((word = load_acquire(&node->slot[i])) == SKIP_EMPTY)
			break;
		last = word;
		*at = i;
	}
	return last;
}

void
skip_cursor_last(struct skip_cursor *c)
{
	const struct skiplist *l = c->list;
	const struct skip_node *node;
	uint64_t link, word;
	uint32_t at = 0;

	if (!cursor_begins(c))
		return;
	node = skip_node_of(l, load_acquire(&l->root));
	for (;;) {
		link = load_acquire(&node->link);
		if (link != SKIP_EMPTY) {
			node = skip_node_of(l, word_reference(link));
			continue;
		}
		word = node_last(node, l->slots, &at);
		if (node->level > 0)
			node = skip_node_of(l, word_reference(word));
		else if (load_acquire(&node->link) == SKIP_EMPTY)
			break;
	}
	cursor_set(c, node, at, word);
}

/* To the word behind the one that was found. */
static void
cursor_after(struct skip_cursor *c, const struct skip_search *s)
{
	const struct skip_node *right;

	if (s->after != SKIP_EMPTY || s->link == SKIP_EMPTY) {
		cursor_set(c, s->node, (uint32_t)(s->at + 1), s->after);
		return;
	}
	right = skip_node_of(c->list, word_reference(s->link));
	cursor_set(c, right, 0, load_acquire(&right->slot[0]));
}

void
skip_cursor_seek(struct skip_cursor *c, struct bytes key)
{
	struct skip_search s;

	if (!cursor_begins(c))
		return;
	skip_search_init(&s, c->list, key);
	skip_search_leaf(&s, NULL);
	if (s.equal)
		cursor_set(c, s.node, (uint32_t)s.at, s.word);
	else
		cursor_after(c, &s);
}

/* To the first key that is greater. */
static void
cursor_seek_beyond(struct skip_cursor *c, struct bytes key)
{
	struct skip_search s;

	skip_search_init(&s, c->list, key);
	s.beyond = true;
	skip_search_leaf(&s, NULL);
	cursor_after(c, &s);
}

void
skip_cursor_seek_before(struct skip_cursor *c, struct bytes key)
{
	struct skip_search s;

	if (!cursor_begins(c))
		return;
	skip_search_init(&s, c->list, key);
	s.below = true;
	skip_search_leaf(&s, NULL);
	cursor_set(c, s.node, (uint32_t)s.at, s.word);
}

/* Fetch the entry of a slot, if there is one. */
static bool
fetch_entry(const struct skip_cursor *c, uint32_t at)
{
	uint64_t word = SKIP_EMPTY;

	if (at < c->list->slots)
		word = load_relaxed(&c->node->slot[at]);
	if (word == SKIP_EMPTY)
		return false;
	__builtin_prefetch(skip_entry_of(c->list, word_reference(word)));
	return true;
}

/* Come to a node from the left: fetch its first entries and the next node. */
static void
fetch_begin(const struct skip_cursor *c)
{
	uint64_t link = load_relaxed(&c->node->link);

	for (uint32_t i = 1; i <= FETCH_AHEAD; i++)
		fetch_entry(c, i);
	if (link == SKIP_EMPTY)
		return;
	__builtin_prefetch(skip_node_of(c->list, word_reference(link)));
	skip_node_fetch(skip_node_of(c->list, word_reference(link)));
}

/* Over the end of the node; false when the neighbour took over part of it. */
static bool
cursor_cross(struct skip_cursor *c, uint64_t link)
{
	const struct skip_node *right;
	uint32_t common;
	uint64_t word;

	if (link == SKIP_EMPTY) {
		c->entry = NULL;
		return true;
	}
	right = skip_node_of(c->list, word_reference(link));
	word = load_acquire(&right->slot[0]);
	if (skip_key_compare(skip_key_of(c->list, word_reference(word)),
	    skip_entry_key(c->entry), &common) <= 0)
		return false;
	cursor_set(c, right, 0, word);
	fetch_begin(c);
	return true;
}

void
skip_cursor_next(struct skip_cursor *c)
{
	const struct skip_node *node = c->node;
	uint64_t word = SKIP_EMPTY, link = SKIP_EMPTY;
	bool still;

	assert(c->entry != NULL);
	if (c->at + 1 < c->list->slots)
		word = load_acquire(&node->slot[c->at + 1]);
	if (word == SKIP_EMPTY)
		link = load_acquire(&node->link);
	/* Our own slot last: it vouches for what was read before. */
	still = SKIP_HAS(SKIP_NEXT_BLIND) ||
	    load_acquire(&node->slot[c->at]) == c->word;
	if (still && word != c->word && word != SKIP_EMPTY) {
		cursor_set(c, node, c->at + 1, word);
		fetch_entry(c, c->at + FETCH_AHEAD);
		return;
	}
	if (still && word == SKIP_EMPTY && cursor_cross(c, link))
		return;
	cursor_seek_beyond(c, skip_entry_key(c->entry));
}

void
skip_cursor_prev(struct skip_cursor *c)
{
	const struct skip_node *node = c->node;
	uint64_t word;

	assert(c->entry != NULL);
	if (c->at > 0) {
		word = load_acquire(&node->slot[c->at - 1]);
		if (word != c->word && (SKIP_HAS(SKIP_PREV_BLIND) ||
		    load_acquire(&node->slot[c->at]) == c->word)) {
			cursor_set(c, node, c->at - 1, word);
			if (c->at >= FETCH_AHEAD)
				fetch_entry(c, c->at - FETCH_AHEAD);
			return;
		}
	}
	skip_cursor_seek_before(c, skip_entry_key(c->entry));
}

/* The leftmost node of the level, which there is. */
static const struct skip_node *
level_first(const struct skiplist *l, uint32_t level)
{
	const struct skip_node *node = skip_node_of(l, load_acquire(&l->root));

	while (node->level > level)
		node = skip_node_of(l,
		    word_reference(load_acquire(&node->slot[0])));
	return node;
}

static size_t
sample_all(const struct skiplist *l, struct bytes *keys)
{
	struct skip_cursor c;
	size_t n = 0;

	skip_cursor_init(&c, l);
	for (skip_cursor_first(&c); c.entry != NULL; skip_cursor_next(&c))
		keys[n++] = skip_entry_key(c.entry);
	return n;
}

static size_t
sample_level(const struct skiplist *l, uint32_t level, struct bytes *keys)
{
	const struct skip_node *node = level_first(l, level);
	uint64_t link;
	size_t n = 0;

	while ((link = load_acquire(&node->link)) != SKIP_EMPTY) {
		node = skip_node_of(l, word_reference(link));
		keys[n++] = skip_key_of(l, node->min);
	}
	return n;
}

size_t
skiplist_sample(const struct skiplist *l, struct bytes *keys, size_t most)
{
	uint32_t level = 0;

	if (load_acquire(&l->root) == 0)
		return 0;
	if (l->nodes[0] * (size_t)l->slots <= most)
		return sample_all(l, keys);
	while (l->nodes[level] > most)
		level++;
	return l->nodes[level] > 0 ? sample_level(l, level, keys) : 0;
}
