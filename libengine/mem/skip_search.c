/*
 * skip_search.c - from the root of the skip list to the place of a key.
 *
 * Used by the writer and by readers alike; takes no lock and changes nothing.
 * What readers may rely on, and why, stands in skip_node.h.
 */
#include "mem/skip_node.h"

#include <assert.h>

#ifdef LSM_SCHED
enum skip_defect skip_defect;
#endif

/* Where the first byte other than zero stands, from `i` on; n: nowhere. */
static uint32_t
skip_zeros(struct bytes key, uint32_t i)
{
	while (i < key.n && key.p[i] == 0)
		i++;
	return i;
}

/* One is a prefix of the other, which is longer by what follows `n`. */
static int
compare_tails(struct bytes a, struct bytes b, uint32_t n, uint32_t *common)
{
	struct bytes longer = a.n > b.n ? a : b;
	uint32_t i = skip_zeros(longer, n);

	*common = i < longer.n ? i : KEY_COMMON_ALL;
	return (a.n > b.n) - (a.n < b.n);
}

int
skip_key_compare(struct bytes a, struct bytes b, uint32_t *common)
{
	uint32_t n = (uint32_t)(a.n < b.n ? a.n : b.n), i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x = get64(a.p + i), y = get64(b.p + i);

		if (x != y) {
			i += (uint32_t)__builtin_ctzll(x ^ y) >> 3;
			*common = i;
			return a.p[i] < b.p[i] ? -1 : 1;
		}
	}
	for (; i < n; i++) {
		if (a.p[i] != b.p[i]) {
			*common = i;
			return a.p[i] < b.p[i] ? -1 : 1;
		}
	}
	return compare_tails(a, b, n, common);
}

uint32_t
skip_key_head(struct bytes key, uint32_t at)
{
	uint32_t head = 0;

	if (at + 4 <= key.n)
		return __builtin_bswap32(get32(key.p + at));
	for (uint32_t i = at; i < at + 4; i++)
		head = head << 8 | (i < key.n ? key.p[i] : 0);
	return head;
}

void
skip_search_enter(struct skip_search *s, struct skip_node *node,
    uint32_t common)
{
	skip_node_fetch(node);
	s->node = node;
	s->common = node->min ? common : s->reference_common;
	if (s->common >= node->prefix)
		s->head = skip_key_head(s->key, node->prefix);
	else
		s->head = node->min || s->reference_order > 0 ? HEAD_HIGH :
		    HEAD_LOW;
}

void
skip_search_init(struct skip_search *s, const struct skiplist *l,
    struct bytes key)
{
	uint32_t root = load_acquire(&l->root);

	assert(root != 0);
	*s = (struct skip_search){ .list = l, .key = key };
	s->reference_order = skip_key_compare(key,
	    skip_key_of(l, l->reference), &s->reference_common);
	skip_search_enter(s, skip_node_of(l, root), 0);
}

/* Whole keys: that of entry `min` against ours. */
static int
compare_whole(const struct skip_search *s, uint32_t min, uint32_t *common)
{
	int order;

	if (min == 0) {		/* the leftmost node is below everything */
		*common = 0;
		return -1;
	}
	order = -skip_key_compare(s->key, skip_key_of(s->list, min), common);
	return order == 0 && s->below ? 1 : order;
}

/*
 * The key of a word of the node against ours: below, equal, above; *common is
 * exact unless it is above. Looking for what lies below, equal is above.
 */
static inline int
compare_word(const struct skip_search *s, uint64_t word, bool leaf,
    uint32_t *common)
{
	uint32_t head = word_head(word), prefix = s->node->prefix;

	if (head != s->head &&
	    (head != HEAD_LOW || s->node->min != 0 || leaf)) {
		*common = s->common < prefix ? s->common : prefix +
		    ((uint32_t)__builtin_clz(head ^ s->head) >> 3);
		return head < s->head ? -1 : 1;
	}
	if (word == SKIP_EMPTY)
		return 1;
	return compare_whole(s, leaf ? word_reference(word) :
	    skip_node_of(s->list, word_reference(word))->min, common);
}

/* Heads tie from slot `low` on: halve the tie on whole keys. */
static uint32_t
probe_ties(const struct skip_search *s, uint32_t low)
{
	const _Atomic uint64_t *slot = s->node->slot;
	uint32_t high = low, end = s->list->slots, common;
	bool leaf = s->node->level == 0;

	while (high < end) {
		uint32_t middle = (high + end) / 2;
		uint64_t word = load_relaxed(&slot[middle]);

		if (word_head(word) > s->head || word == SKIP_EMPTY)
			end = middle;
		else
			high = middle + 1;
	}
	if (high - low <= 2)
		return low;
	while (low < high) {
		uint32_t middle = (low + high) / 2;
		uint64_t word = load_acquire(&slot[middle]);

		if (compare_word(s, word, leaf, &common) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * A slot at or near the first one that is not below the key; all before it
 * are below or equal. Only heads are used, so loads may be relaxed: an older
 * word is a greater one and the scan that follows goes on from there.
 */
static inline uint32_t
probe(const struct skip_search *s)
{
	const _Atomic uint64_t *slot = s->node->slot;
	uint64_t target = word_make(s->head, 0);
	uint32_t low = 0, n = s->list->slots;
	uint64_t word;

	while (n > 1) {
		uint32_t half = n / 2;

		low = load_relaxed(&slot[low + half - 1]) < target ?
		    low + half : low;
		n -= half;
	}
	low += load_relaxed(&slot[low]) < target;
	if (low == s->list->slots)
		return low;
	word = load_relaxed(&slot[low]);
	return word_head(word) == s->head ? probe_ties(s, low) : low;
}

void
skip_search_slots(struct skip_search *s)
{
	const struct skip_node *node = s->node;
	uint32_t i = probe(s), slots = s->list->slots, common = 0;
	bool leaf = node->level == 0;

	s->word = s->after = SKIP_EMPTY;
	s->equal = false;
	for (i = i ? i - 1 : 0; i < slots; i++) {
		uint64_t word = load_acquire(&node->slot[i]);
		int order = compare_word(s, word, leaf, &common);

		if (order > 0) {
			s->after = word;
			break;
		}
		s->word = word;
		s->word_common = common;
		s->equal = order == 0;
		if (order == 0 && !s->beyond) {
			i++;
			break;
		}
	}
	s->at = (int)i - 1;
}

void
skip_search_leaf(struct skip_search *s, uint32_t *path)
{
	const struct skiplist *l = s->list;
	uint32_t common;

	for (;;) {
		struct skip_node *node = s->node;

		s->link = load_acquire(&node->link);
		if (s->link != SKIP_EMPTY &&
		    compare_word(s, s->link, false, &common) <= 0) {
			skip_search_enter(s, skip_node_of(l,
			    word_reference(s->link)), common);
			continue;
		}
		skip_search_slots(s);
		if (node->level == 0) {
			if ((s->equal && !s->beyond) ||
			    SKIP_HAS(SKIP_NO_SECOND_LOOK) ||
			    load_acquire(&node->link) == s->link)
				return;
			continue;
		}
		if (path != NULL)
			path[node->level] = skip_reference(l, node);
		/* Nothing found: its place was cut; look at the link again. */
		if (s->word != SKIP_EMPTY)
			skip_search_enter(s, skip_node_of(l,
			    word_reference(s->word)), s->word_common);
	}
}

const struct skip_entry *
skiplist_get(const struct skiplist *l, struct bytes key)
{
	struct skip_search s;

	if (load_acquire(&l->root) == 0)
		return NULL;
	skip_search_init(&s, l, key);
	skip_search_leaf(&s, NULL);
	return s.equal ? skip_entry_of(l, word_reference(s.word)) : NULL;
}
