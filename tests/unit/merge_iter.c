#include "kv/merge_iter.h"

#include "base/alloc.h"
#include "support/keyset.h"
#include "support/test.h"

enum { INPUTS_MAX = 12 };

/* An input: some keys of a set, of one age. Every movement invalidates the
 * key before, as a table's would; and one of them may fail. */
struct list_iter {
	struct iter iter;
	const struct keyset *keys;
	const uint8_t *has;	/* by key; a bit for each input */
	unsigned input;
	long at;
	uint8_t key[96];
	uint64_t *moves;	/* of all inputs together */
	uint64_t fail_at;
};

static int
list_settle(struct list_iter *l, long at, int way)
{
	long n = (long)l->keys->count;

	memset(l->key, 0xdb, sizeof l->key);
	l->iter.valid = false;
	if (++*l->moves == l->fail_at)
		return LSM_IO;
	while (at >= 0 && at < n && !(l->has[2 * at + l->input / 8] >>
	    l->input % 8 & 1))
		at += way;
	l->at = at;
	if (at < 0 || at >= n)
		return LSM_OK;
	if (l->keys->keys[at].n > 0)
		memcpy(l->key, l->keys->keys[at].p, l->keys->keys[at].n);
	l->iter.entry = (struct entry){ .sequence = l->input,
		.key = bytes(l->key, l->keys->keys[at].n) };
	l->iter.valid = true;
	return LSM_OK;
}

static struct list_iter *
list_of(struct iter *it)
{
	return (struct list_iter *)it;
}

static void
list_free(struct iter *it)
{
	mem_free(it);
}

static int
list_first(struct iter *it)
{
	return list_settle(list_of(it), 0, 1);
}

static int
list_last(struct iter *it)
{
	return list_settle(list_of(it), (long)list_of(it)->keys->count - 1,
	    -1);
}

static int
list_seek(struct iter *it, struct bytes key)
{
	return list_settle(list_of(it),
	    (long)keyset_find(list_of(it)->keys, key), 1);
}

static int
list_seek_before(struct iter *it, struct bytes key)
{
	return list_settle(list_of(it),
	    (long)keyset_find(list_of(it)->keys, key) - 1, -1);
}

static int
list_next(struct iter *it)
{
	CHECK(it->valid);
	return list_settle(list_of(it), list_of(it)->at + 1, 1);
}

static int
list_prev(struct iter *it)
{
	CHECK(it->valid);
	return list_settle(list_of(it), list_of(it)->at - 1, -1);
}

static const struct iter_ops list_ops = {
	list_free, list_first, list_last, list_seek, list_seek_before,
	list_next, list_prev,
};

/* A merge and what it must show: by key, the first input that has it. */
struct merge {
	struct keyset keys;
	uint8_t *has;		/* two bytes a key */
	struct iter *iter;
	uint64_t moves;
	size_t shown, entries;
};

static struct iter *
list_new(struct merge *m, unsigned input, uint64_t fail_at)
{
	struct list_iter *l = mem_zalloc(sizeof *l);

	CHECK(l != NULL);
	l->iter.ops = &list_ops;
	l->keys = &m->keys;
	l->has = m->has;
	l->input = input;
	l->moves = &m->moves;
	l->fail_at = fail_at;
	return &l->iter;
}

/* Which inputs have the key: one in `rarity`; the first nearly all keys. */
static uint16_t
draw(struct random *r, unsigned inputs, unsigned rarity, bool dominant)
{
	uint16_t has = 0;

	for (unsigned i = 0; i < inputs; i++)
		if (random_below(r, rarity) == 0)
			has |= (uint16_t)(1u << i);
	if (dominant && random_below(r, 20) != 0)
		has |= 1;
	return has;
}

static void
merge_init(struct merge *m, enum keyset_kind kind, unsigned inputs,
    struct random *r, uint64_t fail_at)
{
	struct iter *list[INPUTS_MAX];
	unsigned rarity = 1 + (unsigned)random_below(r, 2 * inputs + 1);
	bool dominant = random_below(r, 3) == 0;

	memset(m, 0, sizeof *m);
	keyset_init(&m->keys, kind, 200, random_next(r));
	m->has = mem_zalloc(2 * m->keys.count);
	CHECK(m->has != NULL);
	for (size_t k = 0; k < m->keys.count; k++) {
		uint16_t has = draw(r, inputs, rarity, dominant);

		put16(m->has + 2 * k, has);
		m->shown += has != 0;
		m->entries += (size_t)__builtin_popcount(has);
	}
	for (unsigned i = 0; i < inputs; i++)
		list[i] = list_new(m, i, fail_at);
	CHECK_OK(merge_iter_new(list, inputs, &m->iter));
}

static void
merge_release(struct merge *m)
{
	iter_free(m->iter);
	keyset_release(&m->keys);
	mem_free(m->has);
}

/* From key k on, one way, the next that any input has. */
static long
model_settle(const struct merge *m, long k, int way)
{
	while (k >= 0 && k < (long)m->keys.count &&
	    get16(m->has + 2 * k) == 0)
		k += way;
	return k;
}

static void
check_stands(const struct merge *m, long k)
{
	const struct iter *it = m->iter;

	if (k < 0 || k >= (long)m->keys.count) {
		CHECK(!it->valid);
		return;
	}
	CHECK(it->valid);
	CHECK(bytes_equal(it->entry.key, m->keys.keys[k]));
	CHECK_EQ(it->entry.sequence, __builtin_ctz(get16(m->has + 2 * k)));
}

static void
check_walks(struct merge *m)
{
	size_t shown = 0;
	long k = model_settle(m, 0, 1);

	CHECK_OK(iter_first(m->iter));
	for (check_stands(m, k); m->iter->valid; check_stands(m, k)) {
		shown++;
		CHECK_OK(iter_next(m->iter));
		k = model_settle(m, k + 1, 1);
	}
	CHECK_EQ(shown, m->shown);
	CHECK_EQ(merge_iter_shadowed(m->iter), m->iter->ops == &list_ops ?
	    0 : m->entries - m->shown);
	k = model_settle(m, (long)m->keys.count - 1, -1);
	CHECK_OK(iter_last(m->iter));
	for (check_stands(m, k); m->iter->valid; check_stands(m, k)) {
		CHECK_OK(iter_prev(m->iter));
		k = model_settle(m, k - 1, -1);
	}
}

static void
check_at_random(struct merge *m, struct random *r)
{
	for (int round = 0; round < 40; round++) {
		size_t at = (size_t)random_below(r, m->keys.count);
		bool before = random_below(r, 2);
		long k = model_settle(m, before ? (long)at - 1 : (long)at,
		    before ? -1 : 1);

		CHECK_OK(before ?
		    iter_seek_before(m->iter, m->keys.keys[at]) :
		    iter_seek(m->iter, m->keys.keys[at]));
		for (int i = 0; i < 30; i++) {
			int way = random_below(r, 3) ? 1 : -1;

			check_stands(m, k);
			if (!m->iter->valid)
				break;
			CHECK_OK(way > 0 ? iter_next(m->iter) :
			    iter_prev(m->iter));
			k = model_settle(m, k + way, way);
		}
	}
}

static void
try_keyset(enum keyset_kind kind)
{
	struct random r = { test_seed() };

	for (unsigned inputs = 1; inputs <= INPUTS_MAX; inputs++) {
		struct merge m;

		merge_init(&m, kind, inputs, &r, 0);
		check_walks(&m);
		check_at_random(&m, &r);
		merge_release(&m);
	}
}

TEST("merged decimal keys are shown in order, the newest of each")
{
	try_keyset(KEYS_DECIMAL);
}

TEST("merged keys that differ in zeros at their end")
{
	try_keyset(KEYS_ZEROS);
}

TEST("merged URLs, with prefixes that come and go")
{
	try_keyset(KEYS_URLS);
}

TEST("merged random keys, the empty one among them")
{
	try_keyset(KEYS_RANDOM);
}

TEST("merged words that are prefixes of each other")
{
	try_keyset(KEYS_TWO_LETTERS);
}

TEST("a merge of nothing is never valid")
{
	struct iter *it;

	CHECK_OK(merge_iter_new(NULL, 0, &it));
	CHECK_OK(iter_first(it));
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	CHECK_OK(iter_seek(it, text("k")));
	CHECK_OK(iter_seek_before(it, text("k")));
	CHECK(!it->valid);
	CHECK_EQ(merge_iter_shadowed(it), 0);
	iter_free(it);
}

TEST("one input is its own merge")
{
	struct keyset none = { 0 };
	struct merge m = { .keys = none };
	struct iter *input = list_new(&m, 0, 0), *it;

	CHECK_OK(merge_iter_new(&input, 1, &it));
	CHECK(it == input);
	CHECK_EQ(merge_iter_shadowed(it), 0);
	iter_free(it);
}

TEST("a merge without memory frees its inputs")
{
	struct keyset none = { 0 };
	struct merge m = { .keys = none };
	struct iter *list[2] = { list_new(&m, 0, 0), list_new(&m, 1, 0) };
	struct iter *it;

	mem_fail_at(1, false);
	CHECK_CODE(merge_iter_new(list, 2, &it), LSM_NO_MEMORY);
	CHECK(it == NULL);
}

/* Some walk over a merge whose inputs fail; the first code that is not OK. */
static int
walk(struct iter *it)
{
	int rc = iter_first(it), moves = 0;

	while (rc == LSM_OK && it->valid)
		rc = moves++ % 5 == 4 ? iter_prev(it) : iter_next(it);
	if (rc == LSM_OK)
		rc = iter_seek_before(it, text("~"));
	if (rc == LSM_OK)
		rc = iter_last(it);
	while (rc == LSM_OK && it->valid)
		rc = iter_prev(it);
	return rc;
}

TEST("an error of an input surfaces once, and a new seek starts afresh")
{
	uint64_t fail_at = 0;
	int rc;

	do {
		struct random r = { test_seed() };
		struct merge m;

		fail_at++;
		merge_init(&m, KEYS_DECIMAL, 4, &r, fail_at);
		rc = walk(m.iter);
		CHECK(rc == LSM_OK || rc == LSM_IO);
		CHECK(!m.iter->valid);
		if (rc != LSM_OK) {
			long k = model_settle(&m, 0, 1);

			CHECK_OK(iter_first(m.iter));
			for (; m.iter->valid; k = model_settle(&m, k + 1, 1)) {
				check_stands(&m, k);
				CHECK_OK(iter_next(m.iter));
			}
			CHECK_EQ(k, m.keys.count);
		}
		merge_release(&m);
	} while (rc != LSM_OK);
	CHECK(fail_at > 200);
}

TEST("trap: an exhausted input is not shown again")
{
	struct random r = { test_seed() };

	/* Totals tell: inputs that end early, in every order. */
	for (int round = 0; round < 100; round++) {
		struct merge m;
		size_t n = 0;

		merge_init(&m, KEYS_ZEROS, 2 + (unsigned)round % 11, &r, 0);
		for (size_t k = 0; k < m.keys.count; k++) {
			uint16_t has = (uint16_t)(get16(m.has + 2 * k) &
			    (0xffffu << k * 13 / m.keys.count));

			m.shown -= has == 0 && get16(m.has + 2 * k) != 0;
			put16(m.has + 2 * k, has);
		}
		CHECK_OK(iter_first(m.iter));
		for (; m.iter->valid; n++)
			CHECK_OK(iter_next(m.iter));
		CHECK_EQ(n, m.shown);
		merge_release(&m);
	}
}
