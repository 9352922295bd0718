/*
 * skiplist.c - the skip list with one thread: every walk against a sorted set.
 *
 * Nodes of few slots split all the time; what is wrong shows itself there.
 */
#include "mem/skip_node.h"

#include "base/alloc.h"
#include "support/keyset.h"
#include "support/test.h"

enum { ARENA = 4 << 20 };

enum order { RANDOMLY, ASCENDING, DESCENDING, FROM_THE_MIDDLE, ORDERS };

static const uint32_t slots_tried[] = { SKIPLIST_SLOTS_MIN, 5, SKIPLIST_SLOTS };
enum { SLOTS_TRIED = sizeof slots_tried / sizeof *slots_tried };

static void
put(struct skiplist *l, struct bytes key, uint32_t sequence)
{
	uint8_t value[4];

	put32(value, sequence);
	skiplist_put(l, 0, key, bytes(value, sizeof value), sequence);
}

static void
order_make(uint32_t *order, size_t n, enum order how, struct random *r)
{
	shuffle(order, n, r);
	for (size_t i = 0; i < n && how != RANDOMLY; i++)
		order[i] = (uint32_t)(how == ASCENDING ? i :
		    how == DESCENDING ? n - 1 - i :
		    i < n - n / 2 ? n / 2 + i : n - 1 - i);
}

/* Every second key goes in, the others are asked for in vain. */
static void
fill(struct skiplist *l, const struct keyset *k, enum order how,
    struct random *r)
{
	size_t n = (k->count + 1) / 2;
	uint32_t *order = mem_alloc(n * sizeof *order);

	CHECK(order != NULL);
	order_make(order, n, how, r);
	for (size_t i = 0; i < n; i++)
		put(l, k->keys[2 * order[i]], order[i] + 1);
	mem_free(order);
}

static bool
at(const struct skip_cursor *c, struct bytes key)
{
	return c->entry != NULL && bytes_equal(skip_entry_key(c->entry), key);
}

/* Does the cursor stand on stored key number i (or nowhere, out of range)? */
static bool
stands(const struct skip_cursor *c, const struct keyset *k, long i)
{
	if (i < 0 || 2 * (size_t)i >= k->count)
		return c->entry == NULL;
	return at(c, k->keys[2 * (size_t)i]);
}

static void
check_walks(const struct skiplist *l, const struct keyset *k)
{
	long n = (long)(k->count + 1) / 2, i = 0;
	struct skip_cursor c;

	skip_cursor_init(&c, l);
	for (skip_cursor_first(&c); c.entry != NULL; skip_cursor_next(&c))
		CHECK(stands(&c, k, i++));
	CHECK_EQ(i, n);
	for (skip_cursor_last(&c); c.entry != NULL; skip_cursor_prev(&c))
		CHECK(stands(&c, k, --i));
	CHECK_EQ(i, 0);
}

/* Seek every key there is and is not, and one step to each side of it. */
static void
check_seeks(const struct skiplist *l, const struct keyset *k)
{
	struct skip_cursor c;

	skip_cursor_init(&c, l);
	for (size_t i = 0; i < k->count; i++) {
		long first = (long)(i + 1) / 2, before = (long)(i + 1) / 2 - 1;

		skip_cursor_seek(&c, k->keys[i]);
		CHECK(stands(&c, k, first));
		if (c.entry != NULL) {
			skip_cursor_prev(&c);
			CHECK(stands(&c, k, first - 1));
		}
		skip_cursor_seek_before(&c, k->keys[i]);
		CHECK(stands(&c, k, before));
		if (c.entry != NULL) {
			skip_cursor_next(&c);
			CHECK(stands(&c, k, before + 1));
		}
	}
}

static void
check_gets(const struct skiplist *l, const struct keyset *k)
{
	for (size_t i = 0; i < k->count; i++) {
		const struct skip_entry *e = skiplist_get(l, k->keys[i]);

		CHECK((e != NULL) == (i % 2 == 0));
		if (e != NULL)
			CHECK_EQ(get32(skip_entry_value(e).p), i / 2 + 1);
	}
}

/* The key of a slot's word, or the empty key for the leftmost. */
static struct bytes
slot_key(const struct skiplist *l, const struct skip_node *node, uint32_t i)
{
	uint32_t reference = word_reference(node->slot[i]);

	if (node->level > 0)
		reference = skip_node_of(l, reference)->min;
	return reference ? skip_key_of(l, reference) : bytes(NULL, 0);
}

static void
check_node(const struct skiplist *l, const struct skip_node *node)
{
	CHECK(node->count >= 1 && node->count <= l->slots);
	for (uint32_t i = 0; i < l->slots; i++)
		CHECK((node->slot[i] == SKIP_EMPTY) == (i >= node->count));
	for (uint32_t i = 1; i < node->count; i++) {
		CHECK(word_head(node->slot[i - 1]) <=
		    word_head(node->slot[i]));
		CHECK(bytes_compare(slot_key(l, node, i - 1),
		    slot_key(l, node, i)) < 0 || (i == 1 && node->level > 0));
	}
	if (node->min != 0)
		CHECK(bytes_equal(slot_key(l, node, 0),
		    skip_key_of(l, node->min)));
	if (node->link != SKIP_EMPTY)
		CHECK(bytes_compare(slot_key(l, node, node->count - 1),
		    skip_key_of(l, skip_node_of(l,
		    word_reference(node->link))->min)) < 0);
}

/* Every law of the structure, level by level. */
static void
check_structure(const struct skiplist *l)
{
	const struct skip_node *left = skip_node_of(l, l->root), *node;

	for (;;) {
		uint32_t nodes = 0;

		CHECK_EQ(left->min, 0);
		for (node = left;; node = skip_node_of(l,
		    word_reference(node->link))) {
			CHECK_EQ(node->level, left->level);
			check_node(l, node);
			nodes++;
			if (node->link == SKIP_EMPTY)
				break;
		}
		CHECK_EQ(nodes, l->nodes[left->level]);
		CHECK_EQ(skip_reference(l, node), l->edge[left->level]);
		if (left->level == 0)
			break;
		left = skip_node_of(l, word_reference(left->slot[0]));
	}
	CHECK_EQ(skip_reference(l, left), l->first);
}

static void
check_everything(const struct skiplist *l, const struct keyset *k)
{
	check_structure(l);
	check_walks(l, k);
	check_seeks(l, k);
	check_gets(l, k);
}

static void
try_keyset(enum keyset_kind kind)
{
	struct random r = { test_seed() };
	struct skiplist l;
	struct keyset k;

	keyset_init(&k, kind, 1500, random_next(&r));
	for (int i = 0; i < SLOTS_TRIED * ORDERS; i++) {
		CHECK_OK(skiplist_init(&l, ARENA,
		    slots_tried[i % SLOTS_TRIED]));
		fill(&l, &k, (enum order)(i / SLOTS_TRIED), &r);
		check_everything(&l, &k);
		skiplist_release(&l);
	}
	keyset_release(&k);
}

TEST("decimal keys: gets, seeks and walks agree with a sorted set")
{
	try_keyset(KEYS_DECIMAL);
}

TEST("keys that differ in zeros at their end agree with a sorted set")
{
	try_keyset(KEYS_ZEROS);
}

TEST("URLs agree with a sorted set")
{
	try_keyset(KEYS_URLS);
}

TEST("random keys, the empty one among them, agree with a sorted set")
{
	try_keyset(KEYS_RANDOM);
}

TEST("words that are prefixes of each other agree with a sorted set")
{
	try_keyset(KEYS_TWO_LETTERS);
}

TEST("an empty list has nothing anywhere")
{
	struct skip_cursor c;
	struct skiplist l;

	CHECK_OK(skiplist_init(&l, ARENA, SKIPLIST_SLOTS));
	CHECK(skiplist_get(&l, text("")) == NULL);
	skip_cursor_init(&c, &l);
	skip_cursor_first(&c);
	CHECK(c.entry == NULL);
	skip_cursor_last(&c);
	CHECK(c.entry == NULL);
	skip_cursor_seek(&c, text(""));
	CHECK(c.entry == NULL);
	skip_cursor_seek_before(&c, text("z"));
	CHECK(c.entry == NULL);
	skiplist_release(&l);
}

TEST("every probe of a small list, after every put")
{
	static const uint8_t letters[] = { 0, 1, 0xff };
	struct random r = { test_seed() };
	struct bytes keys[40];
	uint8_t room[40][3];
	uint32_t order[40];
	struct keyset all = { .keys = keys }, in;
	struct bytes held[40];

	for (size_t n = 0, size = 1; n <= 3; n++, size *= 3)
		for (size_t v = 0; v < size; v++, all.count++) {
			for (size_t i = 0, x = v; i < n; i++, x /= 3)
				room[all.count][i] = letters[x % 3];
			keys[all.count] = bytes(room[all.count], n);
		}
	for (int round = 0; round < 40; round++) {
		struct skiplist l;

		in = (struct keyset){ .keys = held };
		CHECK_OK(skiplist_init(&l, ARENA, slots_tried[round % 2]));
		shuffle(order, all.count, &r);
		for (size_t i = 0; i < all.count; i++) {
			struct bytes key = keys[order[i]];
			size_t place = keyset_find(&in, key);
			struct skip_cursor c;

			memmove(held + place + 1, held + place,
			    (in.count++ - place) * sizeof *held);
			held[place] = key;
			put(&l, key, (uint32_t)i + 1);
			skip_cursor_init(&c, &l);
			for (size_t p = 0; p < all.count; p++) {
				size_t want = keyset_find(&in, keys[p]);

				skip_cursor_seek(&c, keys[p]);
				CHECK(want == in.count ? c.entry == NULL :
				    at(&c, held[want]));
				skip_cursor_seek_before(&c, keys[p]);
				CHECK(want == 0 ? c.entry == NULL :
				    at(&c, held[want - 1]));
				CHECK((skiplist_get(&l, keys[p]) != NULL) ==
				    (want < in.count &&
				    bytes_equal(held[want], keys[p])));
			}
		}
		check_structure(&l);
		skiplist_release(&l);
	}
}

TEST("keys and values of all lengths come back whole")
{
	static uint8_t raw[LSM_KEY_MAX + 70000];
	struct random r = { test_seed() };
	struct skiplist l;

	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (uint8_t)random_next(&r);
	CHECK_OK(skiplist_init(&l, 16 << 20, 5));
	for (size_t n = 0; n <= LSM_KEY_MAX; n += n < 70 ? 1 : 671)
		skiplist_put(&l, 0, bytes(raw, n), bytes(raw + n, n * 16), 1);
	skiplist_put(&l, 0, bytes(raw, LSM_KEY_MAX), bytes(raw, 70000), 2);
	for (size_t n = 0; n < LSM_KEY_MAX; n += n < 70 ? 1 : 671) {
		const struct skip_entry *e = skiplist_get(&l, bytes(raw, n));

		CHECK(e != NULL);
		CHECK(bytes_equal(skip_entry_value(e),
		    bytes(raw + n, n * 16)));
	}
	CHECK_EQ(skiplist_get(&l, bytes(raw, LSM_KEY_MAX))->value_size, 70000);
	check_structure(&l);
	skiplist_release(&l);
}

TEST("an overwrite keeps the older versions behind the newer")
{
	const struct skip_entry *e;
	struct keyset k;
	struct skiplist l;

	keyset_init(&k, KEYS_URLS, 200, test_seed());
	CHECK_OK(skiplist_init(&l, ARENA, 5));
	for (uint32_t s = 1; s <= 10; s++)
		for (size_t i = 0; i < k.count; i++)
			put(&l, k.keys[(i * 7) % k.count], s);
	for (size_t i = 0; i < k.count; i++) {
		e = skiplist_get(&l, k.keys[i]);
		for (uint32_t s = 12; s > 0; s--) {
			e = skip_entry_at(&l, e, s);
			CHECK_EQ(e->sequence, s > 10 ? 10 : s);
		}
		CHECK(skip_entry_at(&l, e, 0) == NULL);
	}
	skiplist_release(&l);
	keyset_release(&k);
}

TEST("a cursor goes to and fro at random")
{
	struct random r = { test_seed() };
	struct skip_cursor c;
	struct skiplist l;
	struct keyset k;

	keyset_init(&k, KEYS_TWO_LETTERS, 300, random_next(&r));
	CHECK_OK(skiplist_init(&l, ARENA, 5));
	fill(&l, &k, RANDOMLY, &r);
	skip_cursor_init(&c, &l);
	for (int round = 0; round < 200; round++) {
		long i = (long)random_below(&r, (k.count + 1) / 2);

		skip_cursor_seek(&c, k.keys[2 * i]);
		for (int moves = 0; c.entry != NULL && moves < 100; moves++) {
			bool next = random_below(&r, 2);

			CHECK(stands(&c, &k, i));
			if (next)
				skip_cursor_next(&c);
			else
				skip_cursor_prev(&c);
			i += next ? 1 : -1;
		}
		CHECK(stands(&c, &k, i));
	}
	skiplist_release(&l);
	keyset_release(&k);
}

/* Put in chunks and see that no chunk takes more than was foretold. */
static void
try_room(uint32_t slots, enum keyset_kind kind, enum order how, size_t chunk)
{
	struct random r = { test_seed() };
	struct keyset k;
	struct skiplist l;
	uint32_t *order;

	keyset_init(&k, kind, 3000, random_next(&r));
	order = mem_alloc(k.count * sizeof *order);
	CHECK(order != NULL);
	order_make(order, k.count, how, &r);
	CHECK_OK(skiplist_init(&l, 4 * ARENA, slots));
	for (size_t i = 0; i < k.count; i += chunk) {
		size_t end = i + chunk < k.count ? i + chunk : k.count;
		size_t used = arena_used(&l.arena), data = 0;
		uint64_t need;

		for (size_t j = i; j < end; j++)
			data += k.keys[order[j]].n + 4;
		need = skiplist_need(&l, end - i, data);
		for (size_t j = i; j < end; j++)
			put(&l, k.keys[order[j]], (uint32_t)j);
		CHECK(arena_used(&l.arena) - used <= need);
	}
	skiplist_release(&l);
	mem_free(order);
	keyset_release(&k);
}

TEST_SOLO("puts never take more room than was foretold")
{
	static const size_t chunks[] = { 1, 2, 17, 1000, 3000 };

	for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++)
		for (int how = 0; how < ORDERS; how++)
			for (int s = 0; s < SLOTS_TRIED; s++)
				try_room(slots_tried[s], how % 2 ?
				    KEYS_RANDOM : KEYS_DECIMAL,
				    (enum order)how, chunks[c]);
}

TEST("room for one small put stays small")
{
	struct skiplist l;

	CHECK_OK(skiplist_init(&l, ARENA, SKIPLIST_SLOTS));
	CHECK(skiplist_need(&l, 1, 100) <= 100 + 32 + SKIP_NODE_SIZE);
	for (uint32_t i = 0; i < 10000; i++) {
		uint8_t key[4];

		put32(key, i * 2654435761u);
		put(&l, bytes(key, 4), i);
	}
	CHECK(skiplist_need(&l, 1, 100) <= 100 + 32 + 6 * SKIP_NODE_SIZE);
	CHECK_EQ(skiplist_need(&l, 0, 0), 0);
	skiplist_release(&l);
}

TEST("trap: the same prefix length is not the same prefix")
{
	struct random r = { test_seed() };

	/* Saturated heads must not be copied at a split. */
	for (int round = 0; round < 300; round++) {
		struct skiplist l;
		struct keyset k;

		keyset_init(&k, KEYS_TWO_LETTERS, 60, random_next(&r));
		CHECK_OK(skiplist_init(&l, 1 << 16, slots_tried[round % 2]));
		fill(&l, &k, RANDOMLY, &r);
		check_everything(&l, &k);
		skiplist_release(&l);
		keyset_release(&k);
	}
}

TEST("trap: ascending keys that leave the prefix of the last leaf")
{
	static const char *const keys[] = { "aa1", "aa2", "aa3", "aa4", "aa5",
		"aa6", "ab1", "b1", "b2", "b3", "c1", "c2", "ca", "cb", "d" };
	enum { COUNT = sizeof keys / sizeof *keys };
	struct skip_cursor c;
	struct skiplist l;

	/* What follows a key outside the prefix is outside of it too. */
	CHECK_OK(skiplist_init(&l, ARENA, 5));
	for (uint32_t i = 0; i < COUNT; i++)
		put(&l, text(keys[i]), i);
	check_structure(&l);
	skip_cursor_init(&c, &l);
	for (uint32_t i = 0; i < COUNT; i++) {
		CHECK(skiplist_get(&l, text(keys[i])) != NULL);
		skip_cursor_seek(&c, text(keys[i]));
		CHECK(at(&c, text(keys[i])));
	}
	skiplist_release(&l);
}

TEST("trap: ascending decimal keys do not all tie")
{
	uint32_t ties = 0, n = 0;
	struct skiplist l;
	struct keyset k;

	keyset_init(&k, KEYS_DECIMAL, 20000, test_seed());
	CHECK_OK(skiplist_init(&l, ARENA, SKIPLIST_SLOTS));
	for (size_t i = 0; i < k.count; i++)
		put(&l, k.keys[i], 1);
	for (const struct skip_node *node = skip_node_of(&l, l.first);
	    node->link != SKIP_EMPTY;
	    node = skip_node_of(&l, word_reference(node->link)))
		for (uint32_t i = 1; i < node->count; i++, n++)
			ties += word_head(node->slot[i]) ==
			    word_head(node->slot[i - 1]);
	CHECK(n > k.count * 9 / 10);
	CHECK(ties < n / 5);
	skiplist_release(&l);
	keyset_release(&k);
}

TEST("trap: a gap behind a full leaf does not cost a node for each key")
{
	struct skiplist l;
	uint8_t key[8];

	CHECK_OK(skiplist_init(&l, ARENA, SKIPLIST_SLOTS));
	for (uint32_t i = 0; i < SKIPLIST_SLOTS; i++) {
		put64(key, __builtin_bswap64(i));
		put(&l, bytes(key, 8), i);
	}
	for (uint64_t i = 0; i < 1000; i++) {	/* falling, into the gap */
		put64(key, __builtin_bswap64(100000 - i));
		put(&l, bytes(key, 8), 100);
	}
	CHECK(l.nodes[0] < 2 * 1000 / (SKIPLIST_SLOTS / 2));
	check_structure(&l);
	skiplist_release(&l);
}

TEST("trap: two ascending loads with random puts between find short ways")
{
	struct random r = { test_seed() };
	struct skiplist l;
	uint32_t longest = 0;

	/* Separators go where the path is; a path that stays behind would
	 * leave them out of the upper levels or make chains. */
	CHECK_OK(skiplist_init(&l, ARENA, SKIPLIST_SLOTS));
	for (uint64_t i = 0; i < 20000; i++) {
		uint8_t key[8];
		uint64_t k = i % 3 == 0 ? random_next(&r) >> 1 :
		    UINT64_C(0xff) << 56 | i;

		put64(key, __builtin_bswap64(k));
		put(&l, bytes(key, 8), (uint32_t)i);
	}
	check_structure(&l);
	for (uint32_t level = 1; l.nodes[level] > 0; level++) {
		struct skip_node *node = skip_node_of(&l, l.edge[level]);
		struct skip_node *below = skip_node_of(&l, word_reference(
		    node->slot[node->count - 1]));
		uint32_t chain = 0;

		for (; below->link != SKIP_EMPTY; chain++)
			below = skip_node_of(&l, word_reference(below->link));
		if (chain > longest)
			longest = chain;
	}
	CHECK(longest < 20);
	skiplist_release(&l);
}

TEST("a list without memory is an error")
{
	struct skiplist l;

	mem_fail_at(1, false);
	CHECK_CODE(skiplist_init(&l, ARENA, SKIPLIST_SLOTS), LSM_NO_MEMORY);
	skiplist_release(&l);
	CHECK_CODE(skiplist_init(&l, SIZE_MAX / 2, SKIPLIST_SLOTS),
	    LSM_NO_MEMORY);
	skiplist_release(&l);
}
