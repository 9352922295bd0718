#include "mem/memtable.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "mem/mem_filter.h"
#include "support/keyset.h"
#include "support/test.h"

enum { LIMIT = 1 << 20, BASE = 1000 };

static struct memtable *
table(void)
{
	struct memtable *m;

	CHECK_OK(memtable_new(LIMIT, 0, 0, BASE, &m));
	return m;
}

static void
put(struct memtable *m, const char *key, const char *value, uint64_t sequence)
{
	memtable_put(m, KIND_PUT, text(key), text(value), sequence);
}

static bool
get(const struct memtable *m, const char *key, uint64_t sequence,
    struct entry *e)
{
	return memtable_get(m, text(key), hash64(text(key)), sequence, e);
}

static struct iter *
iter(struct memtable *m, uint64_t sequence)
{
	struct iter *it;

	CHECK_OK(memtable_iter_new(m, sequence, &it));
	CHECK(!it->valid);
	return it;
}

TEST("a get sees the newest version of its sequence")
{
	struct memtable *m = table();
	struct entry e;

	put(m, "k", "one", BASE + 1);
	put(m, "k", "two", BASE + 5);
	memtable_put(m, KIND_DELETE, text("k"), text(""), BASE + 7);
	CHECK(!get(m, "k", BASE, &e));
	CHECK(get(m, "k", BASE + 1, &e));
	CHECK_BYTES(e.value, "one");
	CHECK(get(m, "k", BASE + 4, &e));
	CHECK_BYTES(e.value, "one");
	CHECK_EQ(e.sequence, BASE + 1);
	CHECK(get(m, "k", BASE + 6, &e));
	CHECK_BYTES(e.value, "two");
	CHECK(get(m, "k", UINT64_MAX, &e));
	CHECK_EQ(e.kind, KIND_DELETE);
	CHECK_EQ(e.sequence, BASE + 7);
	CHECK(!get(m, "other", UINT64_MAX, &e));
	memtable_unref(m);
}

TEST("entries that were expected are put like others, in any order")
{
	struct memtable *m = table();
	struct entry e[3] = {
		{ text("b"), text("two"), BASE + 1, KIND_PUT },
		{ text("a"), text("one"), BASE + 2, KIND_PUT },
		{ text("b"), text(""), BASE + 3, KIND_DELETE },
	}, got;
	uint64_t hash[3];

	for (int i = 0; i < 3; i++)
		hash[i] = memtable_expect(m, e[i].key);
	CHECK(!get(m, "a", UINT64_MAX, &got));
	for (int i = 0; i < 3; i++)
		memtable_put_expected(m, &e[i], hash[i]);
	CHECK(get(m, "a", UINT64_MAX, &got));
	CHECK_BYTES(got.value, "one");
	CHECK(get(m, "b", BASE + 2, &got));
	CHECK_BYTES(got.value, "two");
	CHECK(get(m, "b", UINT64_MAX, &got));
	CHECK_EQ(got.kind, KIND_DELETE);
	CHECK_EQ(memtable_entries(m), 3);
	memtable_unref(m);
}

TEST("nothing is seen from before the memtable's base")
{
	struct memtable *m = table();
	struct entry e;
	struct iter *it;

	put(m, "k", "v", BASE);
	CHECK(!get(m, "k", BASE - 1, &e));
	CHECK(get(m, "k", BASE, &e));
	it = iter(m, BASE - 1);
	CHECK_OK(iter_first(it));
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	CHECK(!it->valid);
	iter_free(it);
	memtable_unref(m);
}

TEST("an iterator shows the newest visible version, deletes included")
{
	struct memtable *m = table();
	struct iter *it;

	put(m, "a", "1", BASE + 1);
	put(m, "b", "1", BASE + 2);
	put(m, "a", "2", BASE + 3);
	memtable_put(m, KIND_DELETE, text("b"), text(""), BASE + 4);
	put(m, "c", "late", BASE + 9);
	it = iter(m, BASE + 4);
	CHECK_OK(iter_first(it));
	CHECK_BYTES(it->entry.key, "a");
	CHECK_BYTES(it->entry.value, "2");
	CHECK_OK(iter_next(it));
	CHECK_BYTES(it->entry.key, "b");
	CHECK_EQ(it->entry.kind, KIND_DELETE);
	CHECK_EQ(it->entry.sequence, BASE + 4);
	CHECK_OK(iter_next(it));
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	CHECK_BYTES(it->entry.key, "b");
	iter_free(it);
	memtable_unref(m);
}

/* Versions drawn at random; a model that remembers all of them. */
struct model {
	struct keyset keys;
	uint32_t *key_of;	/* by put */
	uint32_t puts;
};

static long
model_version(const struct model *d, size_t k, uint32_t seen)
{
	for (long i = (long)seen - 1; i >= 0; i--)
		if (d->key_of[i] == k)
			return i;
	return -1;
}

static void
check_snapshot(struct memtable *m, const struct model *d, uint32_t seen)
{
	struct iter *it = iter(m, BASE + seen - 1);
	struct entry e;

	CHECK_OK(iter_first(it));
	for (size_t k = 0; k < d->keys.count; k++) {
		long v = model_version(d, k, seen);
		struct bytes key = d->keys.keys[k];

		CHECK(memtable_get(m, key, hash64(key), BASE + seen - 1,
		    &e) == (v >= 0));
		if (v < 0)
			continue;
		CHECK_EQ(e.sequence, BASE + v);
		CHECK(it->valid && bytes_equal(it->entry.key, key));
		CHECK_EQ(it->entry.sequence, BASE + v);
		CHECK_EQ(it->entry.kind, v % 5 == 0);
		CHECK_OK(iter_next(it));
	}
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	for (size_t k = d->keys.count; k-- > 0;) {
		if (model_version(d, k, seen) < 0)
			continue;
		CHECK(it->valid && bytes_equal(it->entry.key,
		    d->keys.keys[k]));
		CHECK_OK(iter_prev(it));
	}
	CHECK(!it->valid);
	iter_free(it);
}

TEST("every snapshot stays what it was")
{
	struct random r = { test_seed() };
	struct model d = { .puts = 300 };
	struct memtable *m = table();

	keyset_init(&d.keys, KEYS_RANDOM, 60, random_next(&r));
	d.key_of = mem_alloc(d.puts * sizeof *d.key_of);
	CHECK(d.key_of != NULL);
	for (uint32_t i = 0; i < d.puts; i++) {
		struct bytes key = d.keys.keys[d.key_of[i] =
		    (uint32_t)random_below(&r, d.keys.count)];

		memtable_put(m, i % 5 == 0 ? KIND_DELETE : KIND_PUT, key,
		    i % 5 == 0 ? bytes(NULL, 0) : key, BASE + i);
	}
	for (uint32_t seen = 1; seen <= d.puts; seen += 7)
		check_snapshot(m, &d, seen);
	keyset_release(&d.keys);
	mem_free(d.key_of);
	memtable_unref(m);
}

TEST("seeks pass over keys that are not visible, to both sides")
{
	struct memtable *m = table();
	struct iter *it;

	put(m, "b", "", BASE + 1);
	put(m, "f", "", BASE + 2);
	put(m, "a", "", BASE + 10);
	put(m, "c", "", BASE + 11);
	put(m, "e", "", BASE + 12);
	it = iter(m, BASE + 5);
	CHECK_OK(iter_seek(it, text("c")));
	CHECK_BYTES(it->entry.key, "f");
	CHECK_OK(iter_prev(it));
	CHECK_BYTES(it->entry.key, "b");
	CHECK_OK(iter_prev(it));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, text("f")));
	CHECK_BYTES(it->entry.key, "b");
	CHECK_OK(iter_next(it));
	CHECK_BYTES(it->entry.key, "f");
	CHECK_OK(iter_seek(it, text("g")));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, text("b")));
	CHECK(!it->valid);
	iter_free(it);
	memtable_unref(m);
}

TEST("an iterator walks on while the writer puts around it")
{
	struct memtable *m = table();
	struct iter *it;
	char key[16];

	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "%03d", 2 * i);
		put(m, key, "old", BASE + 1);
	}
	it = iter(m, BASE + 1);
	CHECK_OK(iter_first(it));
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "%03d", 2 * i);
		CHECK_BYTES(it->entry.key, key);
		CHECK_BYTES(it->entry.value, "old");
		put(m, key, "new", BASE + 2 + (unsigned)i);
		snprintf(key, sizeof key, "%03d", 2 * i + 1);
		put(m, key, "new", BASE + 2 + (unsigned)i);
		CHECK_OK(iter_next(it));
	}
	CHECK(!it->valid);
	iter_free(it);
	memtable_unref(m);
}

TEST("an iterator keeps its memtable alive")
{
	struct memtable *m = table();
	struct iter *it;

	put(m, "k", "v", BASE);
	it = iter(m, BASE);
	memtable_ref(m);
	memtable_unref(m);
	memtable_unref(m);
	CHECK_OK(iter_first(it));
	CHECK_BYTES(it->entry.value, "v");
	iter_free(it);
	memtable_unref(NULL);
}

TEST("what is in a memtable is counted")
{
	struct memtable *m = table();

	CHECK_EQ(memtable_entries(m), 0);
	put(m, "key", "value", BASE);
	put(m, "key", "", BASE + 1);
	memtable_put(m, KIND_DELETE, text("gone"), text(""), BASE + 2);
	CHECK_EQ(memtable_entries(m), 3);
	CHECK(memtable_used(m) > 15 && memtable_used(m) < 1000);
	memtable_unref(m);
}

/* Put until it is full; it must have had room all the time. */
static void
try_limit(size_t limit, size_t value_size)
{
	static uint8_t value[5000];
	struct random r = { test_seed() };
	struct memtable *m;
	uint64_t n = 0;

	CHECK_OK(memtable_new(limit, 1, 8 + value_size, 1, &m));
	CHECK(!memtable_full(m));
	while (!memtable_full(m)) {
		uint64_t key = random_next(&r);

		CHECK(memtable_has_room(m, 1, 8 + value_size, n + 1));
		memtable_put(m, KIND_PUT, bytes(&key, 8),
		    bytes(value, value_size), ++n);
	}
	CHECK(n >= 1);
	CHECK(memtable_used(m) >= limit);
	CHECK(memtable_used(m) <= limit + value_size + 4096);
	memtable_unref(m);
}

TEST("a memtable of any limit has room until it is full")
{
	static const size_t limits[] = { MEMTABLE_LIMIT_MIN, 513, 4096, 65536,
		1 << 20 };

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		try_limit(limits[i], 0);
		try_limit(limits[i], 100);
		try_limit(limits[i], 5000);
	}
}

TEST("the largest memtable can be made and costs nothing yet")
{
	struct memtable *m;
	struct entry e;

	CHECK_OK(memtable_new(MEMTABLE_LIMIT_MAX, 0, 0, 1, &m));
	put(m, "k", "v", 1);
	CHECK(get(m, "k", 1, &e));
	memtable_unref(m);
}

TEST("a batch larger than the limit fits if it was announced")
{
	enum { OPS = 5000, VALUE = 300 };
	static uint8_t value[VALUE];
	struct memtable *m;
	struct entry e;

	CHECK_OK(memtable_new(MEMTABLE_LIMIT_MIN, OPS, OPS * (8 + VALUE), 1,
	    &m));
	CHECK(memtable_has_room(m, OPS, OPS * (8 + VALUE), OPS));
	for (uint64_t i = 0; i < OPS; i++) {
		uint64_t key = i * UINT64_C(0x9e3779b97f4a7c15);

		memtable_put(m, KIND_PUT, bytes(&key, 8),
		    bytes(value, VALUE), i + 1);
		CHECK(memtable_get(m, bytes(&key, 8), hash64(bytes(&key, 8)),
		    i + 1, &e));
	}
	CHECK(memtable_full(m));
	memtable_unref(m);
}

TEST("there is no room for what does not fit")
{
	struct memtable *m = table();

	CHECK(memtable_has_room(m, 1, 1000, BASE));
	CHECK(!memtable_has_room(m, 1, 2 * LIMIT, BASE));
	CHECK(!memtable_has_room(m, LIMIT / 8, 0, BASE));
	CHECK(!memtable_has_room(m, SIZE_MAX, 0, BASE));
	CHECK(!memtable_has_room(m, 1, SIZE_MAX, BASE));
	CHECK(memtable_has_room(m, 1, 1, BASE + UINT64_C(0xffffffff)));
	CHECK(!memtable_has_room(m, 1, 1, BASE + UINT64_C(0x100000000)));
	memtable_unref(m);
}

TEST("sequences up to the last one of 32 bits are told apart")
{
	struct memtable *m = table();
	uint64_t last = BASE + UINT64_C(0xffffffff);
	struct entry e;

	put(m, "k", "first", BASE);
	put(m, "k", "last", last);
	CHECK(get(m, "k", last - 1, &e));
	CHECK_BYTES(e.value, "first");
	CHECK(get(m, "k", last, &e));
	CHECK_EQ(e.sequence, last);
	memtable_unref(m);
}

TEST("memory may fail at every allocation")
{
	struct memtable *m = NULL;
	struct iter *it;
	uint64_t n = 0;
	int rc;

	do {
		mem_fail_at(++n, false);
		rc = memtable_new(LIMIT, 0, 0, 1, &m);
		CHECK(rc == LSM_OK || (rc == LSM_NO_MEMORY && m == NULL));
	} while (rc != LSM_OK);
	CHECK_EQ(n, 4);
	mem_fail_at(1, false);
	CHECK_CODE(memtable_iter_new(m, 1, &it), LSM_NO_MEMORY);
	CHECK(it == NULL);
	memtable_unref(m);
	CHECK_CODE(memtable_new(LIMIT, SIZE_MAX, 0, 1, &m), LSM_NO_MEMORY);
	CHECK_CODE(memtable_new(LIMIT, 1, SIZE_MAX, 1, &m), LSM_NO_MEMORY);
	CHECK(m == NULL);
}

TEST("the filter never denies a key and seldom lets an absent one pass")
{
	enum { KEYS = 31 * 256 };	/* entries of 132 bytes in 1 MiB */
	struct mem_filter f;
	int passed = 0;

	CHECK_OK(mem_filter_init(&f, 1 << 20));
	for (uint64_t i = 0; i < KEYS; i++)
		mem_filter_add(&f, hash64(bytes(&i, sizeof i)));
	for (uint64_t i = 0; i < 2 * KEYS; i++) {
		bool maybe = mem_filter_maybe(&f, hash64(bytes(&i, sizeof i)));

		CHECK(maybe || i >= KEYS);
		passed += maybe && i >= KEYS;
	}
	CHECK(passed < KEYS / 100);
	mem_filter_release(&f);
}

TEST("a memtable goes back to its pool, unless a batch made it huge")
{
	struct arena_pool *pool;
	struct memtable *m;
	uint64_t allocations;
	struct entry e;

	CHECK_OK(arena_pool_new(&pool));
	CHECK_OK(memtable_new_in(pool, LIMIT, 1, 20 * LIMIT, BASE, &m));
	memtable_unref(m);
	for (int i = 0; i < 3; i++) {
		allocations = mem_calls();
		CHECK_OK(memtable_new_in(pool, LIMIT, 0, 0, BASE, &m));
		CHECK_EQ(mem_calls() - allocations, i == 0 ? 3 : 2);
		CHECK_EQ(memtable_used(m), 0);
		CHECK(!get(m, "k", BASE, &e));
		put(m, "k", "v", BASE);
		CHECK(get(m, "k", BASE, &e));
		if (i < 2)
			memtable_unref(m);
	}
	arena_pool_unref(pool);
	CHECK(get(m, "k", BASE, &e));
	memtable_unref(m);
}
