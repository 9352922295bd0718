#include "kv/batch.h"

#include "base/alloc.h"
#include "support/keyset.h"
#include "support/test.h"

/* Bytes that nobody reads: lengths are checked before content. */
static lsm_slice
long_slice(size_t n)
{
	return lsm_bytes("", n);
}

TEST("a new batch is empty")
{
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_EQ(lsm_batch_count(b), 0);
	CHECK_EQ(lsm_batch_size(b), 1);
	lsm_batch_free(b);
	lsm_batch_free(NULL);
}

TEST("operations are taken as they were added")
{
	struct entry e;
	struct bytes ops;
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("key"), lsm_str("value")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("gone")));
	CHECK_OK(lsm_batch_put(b, lsm_str(""), lsm_str("")));
	CHECK_EQ(lsm_batch_count(b), 3);
	CHECK_EQ(b->data, 3 + 5 + 4);
	CHECK_EQ(lsm_batch_size(b), 1 + b->ops.n);
	ops = buffer_bytes(&b->ops);
	CHECK(batch_take(&ops, &e));
	CHECK_EQ(e.kind, KIND_PUT);
	CHECK_BYTES(e.key, "key");
	CHECK_BYTES(e.value, "value");
	CHECK(batch_take(&ops, &e));
	CHECK_EQ(e.kind, KIND_DELETE);
	CHECK_BYTES(e.key, "gone");
	CHECK_BYTES(e.value, "");
	CHECK(batch_take(&ops, &e));
	CHECK_EQ(e.key.n + e.value.n, 0);
	CHECK(!batch_take(&ops, &e));
	lsm_batch_free(b);
}

TEST("the bytes of a batch are those of lsm-format(5)")
{
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("k"), lsm_str("vv")));
	CHECK_OK(lsm_batch_delete(b, lsm_str("d")));
	CHECK_EQ(b->ops.n, 9);
	CHECK(memcmp(b->ops.p, "\x00\x01k\x02vv\x01\x01" "d", 9) == 0);
	lsm_batch_free(b);
}

TEST("a cleared batch can be filled again")
{
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("key"), lsm_str("value")));
	lsm_batch_clear(b);
	CHECK_EQ(lsm_batch_count(b), 0);
	CHECK_EQ(lsm_batch_size(b), 1);
	CHECK_EQ(b->data, 0);
	CHECK_OK(lsm_batch_delete(b, lsm_str("k")));
	CHECK_EQ(lsm_batch_count(b), 1);
	lsm_batch_free(b);
}

TEST("a key of LSM_KEY_MAX bytes is taken, one more is not")
{
	static const uint8_t key[LSM_KEY_MAX + 1];
	struct bytes ops;
	struct entry e;
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_bytes(key, LSM_KEY_MAX), lsm_str("")));
	CHECK_CODE(lsm_batch_put(b, lsm_bytes(key, LSM_KEY_MAX + 1),
	    lsm_str("")), LSM_TOO_LARGE);
	CHECK_STR(lsm_message(),
	    "key of 4097 bytes: at most 4096 are allowed");
	CHECK_CODE(lsm_batch_delete(b, lsm_bytes(key, LSM_KEY_MAX + 1)),
	    LSM_TOO_LARGE);
	CHECK_EQ(lsm_batch_count(b), 1);
	ops = buffer_bytes(&b->ops);
	CHECK(batch_take(&ops, &e));
	CHECK_EQ(e.key.n, LSM_KEY_MAX);
	lsm_batch_free(b);
}

TEST("a value over its limit is refused before it is read")
{
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_CODE(lsm_batch_put(b, lsm_str("k"),
	    long_slice((size_t)LSM_VALUE_MAX + 1)), LSM_TOO_LARGE);
	CHECK_OK(batch_check_entry(text("k"), bytes("", LSM_VALUE_MAX)));
	CHECK_EQ(lsm_batch_count(b), 0);
	lsm_batch_free(b);
}

TEST("a batch over its limit is refused and keeps what it has")
{
	size_t n;
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("k"), lsm_str("v")));
	/* As if nearly full: what follows must not read that far. */
	n = b->ops.n;
	b->ops.n = (size_t)LSM_BATCH_MAX - 3;
	CHECK_CODE(lsm_batch_put(b, lsm_str(""), lsm_str("")), LSM_TOO_LARGE);
	CHECK_EQ(b->ops.n, (size_t)LSM_BATCH_MAX - 3);
	b->ops.n = n;
	CHECK_EQ(lsm_batch_count(b), 1);
	lsm_batch_free(b);
}

TEST("a failed addition leaves no half of an operation")
{
	static uint8_t value[100000];
	lsm_batch *b;
	size_t n;

	CHECK_OK(lsm_batch_new(&b));
	CHECK_OK(lsm_batch_put(b, lsm_str("k"), lsm_str("v")));
	n = b->ops.n;
	mem_fail_at(1, false);
	CHECK_CODE(lsm_batch_put(b, lsm_str("k"),
	    lsm_bytes(value, sizeof value)), LSM_NO_MEMORY);
	CHECK_EQ(b->ops.n, n);
	CHECK_EQ(lsm_batch_count(b), 1);
	CHECK_EQ(b->data, 2);
	lsm_batch_free(b);
	mem_fail_at(1, false);
	CHECK_CODE(lsm_batch_new(&b), LSM_NO_MEMORY);
	CHECK(b == NULL);
}

TEST("a batch cut anywhere gives its whole operations and no more")
{
	struct keyset keys;
	lsm_batch *b;

	CHECK_OK(lsm_batch_new(&b));
	keyset_init(&keys, KEYS_RANDOM, 20, test_seed());
	for (size_t i = 0; i < keys.count; i++)
		CHECK_OK(i % 3 == 0 ?
		    lsm_batch_delete(b, bytes_slice(keys.keys[i])) :
		    lsm_batch_put(b, bytes_slice(keys.keys[i]),
		    lsm_str("value")));
	for (size_t n = 0; n <= b->ops.n; n++) {
		struct bytes ops = bytes(b->ops.p, n);
		struct entry e;
		size_t i = 0;

		while (batch_take(&ops, &e)) {
			CHECK(bytes_equal(e.key, keys.keys[i]));
			i++;
		}
		CHECK(n < b->ops.n || (i == keys.count && ops.n == 0));
	}
	keyset_release(&keys);
	lsm_batch_free(b);
}

TEST("malformed operations are not taken and the bytes stay")
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{ "", 0 },
		{ "\x02\x01k", 3 },			/* reserved kind */
		{ "\xff\x01k", 3 },
		{ "\x01", 1 },				/* no key */
		{ "\x01\x02k", 3 },			/* key cut */
		{ "\x00\x01k", 3 },			/* no value */
		{ "\x00\x01k\x05v", 5 },		/* value cut */
		{ "\x01\x81\x00k", 4 },			/* longer than needed */
		{ "\x00\x01k\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13 },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct bytes ops = bytes(bad[i].bytes, bad[i].n);
		struct entry e;

		CHECK(!batch_take(&ops, &e));
		CHECK_EQ(ops.n, bad[i].n);
	}
}

TEST("a key over its limit in a log is malformed")
{
	static uint8_t raw[8192] = { KIND_DELETE };
	struct bytes ops;
	struct entry e;

	ops = bytes(raw, (size_t)(varint_put(raw + 1, LSM_KEY_MAX + 1) - raw) +
	    LSM_KEY_MAX + 1);
	CHECK(!batch_take(&ops, &e));
	ops = bytes(raw, (size_t)(varint_put(raw + 1, LSM_KEY_MAX) - raw) +
	    LSM_KEY_MAX);
	CHECK(batch_take(&ops, &e));
}
