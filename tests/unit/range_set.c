#include "mem/range_set.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "mem/memtable.h"
#include "support/need.h"
#include "support/test.h"

enum { KEYS = 40, COMMITS = 60, EACH_MAX = 4 };

static struct range
range(const char *from, const char *to, uint64_t sequence)
{
	return (struct range){ bytes(from, strlen(from)),
		bytes(to, strlen(to)), sequence };
}

/* Publish the range deletes of one commit. */
static struct range_set *
add(struct range_set *newest, const struct range *list, size_t n)
{
	struct range_set *made, *last;

	CHECK_OK(range_set_new(newest, list, n, &made));
	for (last = made; last->owned != NULL; last = last->owned)
		;
	last->owned = newest;
	return made;
}

TEST("a set answers for each sequence what was deleted by then")
{
	struct range a = range("b", "m", 10), b = range("f", "z", 20);
	struct range_set *s = add(add(NULL, &a, 1), &b, 1);

	CHECK_EQ(range_set_cover(s, bytes("a", 1), UINT64_MAX), 0);
	CHECK_EQ(range_set_cover(s, bytes("b", 1), UINT64_MAX), 10);
	CHECK_EQ(range_set_cover(s, bytes("f", 1), UINT64_MAX), 20);
	CHECK_EQ(range_set_cover(s, bytes("f", 1), 20), 20);
	CHECK_EQ(range_set_cover(s, bytes("f", 1), 19), 10);
	CHECK_EQ(range_set_cover(s, bytes("f", 1), 9), 0);
	CHECK_EQ(range_set_cover(s, bytes("m", 1), 19), 0);
	CHECK_EQ(range_set_cover(s, bytes("z", 1), UINT64_MAX), 0);
	range_set_free(s);
}

TEST("of one commit only the newest counts, in as few pieces as there can be")
{
	struct range list[] = { range("c", "e", 1), range("a", "z", 2),
		range("f", "g", 3) };
	struct range_set *s = add(NULL, list, 3);

	CHECK_EQ(s->count, 3);
	CHECK_BYTES(s->fragments[0].from, "a");
	CHECK_BYTES(s->fragments[0].to, "f");
	CHECK_EQ(s->fragments[0].count, 1);
	CHECK_EQ(s->fragments[1].sequences[0], 3);
	CHECK_BYTES(s->fragments[2].to, "z");
	range_set_free(s);
}

TEST("bounds are copied")
{
	char from[] = "b", to[] = "d";
	struct range r = range(from, to, 7);
	struct range_set *s = add(NULL, &r, 1);

	from[0] = to[0] = 'x';
	CHECK_EQ(range_set_cover(s, bytes("c", 1), 7), 7);
	range_set_free(s);
}

TEST("there are never more sets to ask than a logarithm")
{
	struct range_set *s = NULL;
	char from[16], to[16];
	size_t depth = 0;

	for (uint64_t i = 1; i <= 1000; i++) {
		struct range r;

		snprintf(from, sizeof from, "%05u", (unsigned)(i * 7 % 1000));
		snprintf(to, sizeof to, "%05ux", (unsigned)(i * 7 % 1000));
		r = range(from, to, i);
		s = add(s, &r, 1);
	}
	for (const struct range_set *p = s; p != NULL; p = p->older)
		depth++;
	CHECK(depth <= 10);
	CHECK_EQ(range_set_cover(s, bytes("00007", 5), UINT64_MAX), 1);
	range_set_free(s);
}

/* Of the first n, as a list says. */
static uint64_t
expected(const struct range *all, size_t n, struct bytes key,
    uint64_t sequence)
{
	uint64_t cover = 0;

	for (size_t i = 0; i < n; i++)
		if (all[i].sequence <= sequence && range_has(&all[i], key))
			cover = all[i].sequence;
	return cover;
}

static void
check_key(const struct range_set *s, const struct range *all, size_t n,
    uint64_t sequence, uint8_t k)
{
	struct bytes key = bytes(&k, 1);
	uint64_t want = expected(all, n, key, sequence);
	struct range span;

	CHECK_EQ(range_set_cover(s, key, sequence), want);
	range_set_find(s, key, sequence, &span);
	CHECK(range_has(&span, key));
	CHECK_EQ(span.sequence, want);
	for (uint8_t other = 0; other < KEYS; other++)
		if (range_has(&span, bytes(&other, 1)))
			CHECK_EQ(expected(all, n, bytes(&other, 1), sequence),
			    want);
}

TEST("sets answer as a list of all range deletes does")
{
	static const uint8_t keys[KEYS + 1] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
		26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40 };
	struct random r = { test_seed() };
	struct range all[COMMITS * EACH_MAX];
	uint64_t ends[COMMITS];		/* sequences that commits end at */
	struct range_set *s = NULL;
	size_t n = 0;

	for (size_t c = 0; c < COMMITS; c++) {
		size_t each = 1 + random_next(&r) % EACH_MAX;

		for (size_t i = 0; i < each; i++) {
			size_t a = random_next(&r) % KEYS;
			size_t b = a + 1 + random_next(&r) % (KEYS - a);

			all[n + i] = (struct range){ bytes(&keys[a], 1),
				bytes(&keys[b], 1), n + i + 1 };
		}
		s = add(s, all + n, each);
		n += each;
		ends[c] = n;
		for (uint8_t k = 0; k < KEYS; k++)
			check_key(s, all, n, ends[random_next(&r) % (c + 1)],
			    k);
	}
	range_set_free(s);
}

TEST("a set for which there is no memory is not made, and leaves nothing")
{
	struct range a = range("a", "k", 1), list[] = { range("b", "m", 2),
		range("c", "d", 3), range("x", "z", 4) };
	struct range_set *s = add(NULL, &a, 1), *made;
	uint64_t live = mem_live();
	int rc;

	for (uint64_t n = 1;; n++) {
		mem_fail_at(n, false);
		rc = range_set_new(s, list, 3, &made);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_NO_MEMORY);
		CHECK(made == NULL);
		CHECK_EQ(mem_live(), live);
	}
	range_set_free(made);
	range_set_free(s);
}

TEST("range deletes of a memtable count as memory of it")
{
	struct range r = range("a", "k", 1);
	struct range_set *made;
	struct memtable *m;
	size_t before;

	CHECK_OK(memtable_new(4096, 1, 0, 1, &m));
	CHECK(memtable_empty(m));
	before = memtable_used(m);
	for (; !memtable_full(m); r.sequence++) {
		CHECK_OK(memtable_ranges_new(m, &r, 1, &made));
		memtable_ranges_put(m, made, 1);
	}
	CHECK(memtable_used(m) > before);
	CHECK(!memtable_empty(m));
	CHECK_EQ(memtable_ranges(m), r.sequence - 1);
	CHECK_EQ(memtable_covered(m, bytes("b", 1), 5), 5);
	CHECK_EQ(memtable_covered(m, bytes("k", 1), 5), 0);
	memtable_unref(m);
}
