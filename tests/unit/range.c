#include "kv/range.h"

#include "support/test.h"

static bool
taken(const char *raw, size_t n, struct bytes *from, struct bytes *to)
{
	struct bytes b = bytes(raw, n);

	return range_take(&b, from, to) && b.n == 0;
}

TEST("a range is read as it was written")
{
	struct bytes from, to;
	uint8_t raw[32];
	size_t n = (size_t)(range_put(raw, bytes("a", 1), bytes("bc", 2)) -
	    raw);

	CHECK_EQ(n, range_size(bytes("a", 1), bytes("bc", 2)));
	CHECK(taken((const char *)raw, n, &from, &to));
	CHECK_BYTES(from, "a");
	CHECK_BYTES(to, "bc");
}

TEST("the end of all keys is written as nothing")
{
	struct bytes from, to;

	CHECK_EQ(range_size(bytes("", 0), bound_end()), 2);
	CHECK(taken("\0\0", 2, &from, &to));
	CHECK_EQ(from.n, 0);
	CHECK(bytes_equal(to, bound_end()));
}

TEST("ends that are no bounds, or not in order, are refused")
{
	uint8_t raw[2 * BOUND_MAX] = { 1, 'a', 0x81, 0x20 };
	struct bytes from, to;

	CHECK(!taken("\1b\1b", 4, &from, &to));
	CHECK(!taken("\1b\1a", 4, &from, &to));
	CHECK(!taken("\1b\2c", 4, &from, &to));
	memset(raw + 4, 'b', BOUND_MAX);
	CHECK(!taken((char *)raw, 4 + BOUND_MAX, &from, &to));
	raw[4 + LSM_KEY_MAX] = 0;
	CHECK(taken((char *)raw, 4 + BOUND_MAX, &from, &to));
	memset(raw + 4, 0xff, LSM_KEY_MAX);
	CHECK(!taken((char *)raw, 4 + BOUND_MAX, &from, &to));
}

TEST("a bound that is too long divides keys as it did")
{
	static uint8_t b[LSM_KEY_MAX + 10], room[BOUND_MAX];
	struct bytes bound;

	memset(b, 'x', sizeof b);
	bound = bound_of(bytes(b, sizeof b), room);
	CHECK_EQ(bound.n, BOUND_MAX);
	CHECK(bytes_compare(bytes(b, LSM_KEY_MAX), bound) < 0);
	CHECK(bytes_equal(bound_last(bound), bytes(b, LSM_KEY_MAX)));
	bound = bound_of(bytes(b, LSM_KEY_MAX), room);
	CHECK_EQ(bound.n, LSM_KEY_MAX);
	CHECK(bytes_equal(bound_last(bound), bound));
}

TEST("every key lies below the end")
{
	static uint8_t key[LSM_KEY_MAX];

	memset(key, 0xff, sizeof key);
	CHECK(bytes_compare(bytes(key, sizeof key), bound_end()) < 0);
	CHECK(bytes_equal(bound_last(bound_end()), bytes(key, sizeof key)));
}

static struct range
range(const char *from, const char *to, uint64_t sequence)
{
	return (struct range){ bytes(from, strlen(from)),
		bytes(to, strlen(to)), sequence };
}

TEST("a key is found in its range or in its gap")
{
	struct range list[] = { range("b", "d", 5), range("d", "e", 3),
		range("g", "h", 9) }, span;

	ranges_find(list, 3, bytes("a", 1), &span);
	CHECK_EQ(span.sequence, 0);
	CHECK_EQ(span.from.n, 0);
	CHECK_BYTES(span.to, "b");
	ranges_find(list, 3, bytes("b", 1), &span);
	CHECK_EQ(span.sequence, 5);
	ranges_find(list, 3, bytes("d", 1), &span);
	CHECK_EQ(span.sequence, 3);
	ranges_find(list, 3, bytes("e", 1), &span);
	CHECK_EQ(span.sequence, 0);
	CHECK_BYTES(span.from, "e");
	CHECK_BYTES(span.to, "g");
	ranges_find(list, 3, bytes("z", 1), &span);
	CHECK_EQ(span.sequence, 0);
	CHECK_BYTES(span.from, "h");
	CHECK(bytes_equal(span.to, bound_end()));
	ranges_find(list, 0, bytes("z", 1), &span);
	CHECK_EQ(span.from.n, 0);
	CHECK(bytes_equal(span.to, bound_end()));
}
