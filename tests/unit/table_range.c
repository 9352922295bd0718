/*
 * table_range.c - tables that hold range deletes.
 */
#include <stdio.h>

#include "base/checksum.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/footer.h"

static struct range
range(const char *from, const char *to, uint64_t sequence)
{
	return (struct range){ text(from), text(to), sequence };
}

static void
build(struct tkit *k, struct model *m, const struct range *ranges, size_t n)
{
	m->ranges = ranges;
	m->ranges_n = n;
	model_sort(m);
	tkit_init(k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(k, m));
	CHECK_OK(tkit_open(k));
	CHECK_OK(table_verify(k->table));
}

static void
release(struct tkit *k, struct model *m)
{
	tkit_release(k);
	model_free(m);
}

/* What a get says: "-", or kind and sequence. */
static const char *
asked(struct tkit *k, const char *key)
{
	static char answer[32];
	uint64_t sequence;
	enum kind kind;
	int rc = table_get(k->table, text(key), hash64(text(key)), &kind,
	    &sequence, NULL);

	if (rc == LSM_NOTFOUND)
		return "-";
	CHECK_OK(rc);
	snprintf(answer, sizeof answer, "%s %u", kind == KIND_PUT ? "put" :
	    "delete", (unsigned)sequence);
	return answer;
}

TEST("inside a table the higher sequence decides")
{
	const struct range ranges[] = { range("b", "f", 20),
		range("f", "h", 30) };
	struct model m = { 0 };
	struct tkit k;

	model_add(&m, KIND_PUT, 10, text("a"), text("x"));
	model_add(&m, KIND_PUT, 25, text("c"), text("x"));
	model_add(&m, KIND_PUT, 19, text("d"), text("x"));
	build(&k, &m, ranges, 2);
	CHECK_STR(asked(&k, "a"), "put 10");
	CHECK_STR(asked(&k, "b"), "delete 20");
	CHECK_STR(asked(&k, "c"), "put 25");
	CHECK_STR(asked(&k, "d"), "delete 20");
	CHECK_STR(asked(&k, "f"), "delete 30");
	CHECK_STR(asked(&k, "h"), "-");
	CHECK_STR(asked(&k, "A"), "-");
	release(&k, &m);
}

TEST("bounds and sequences include the range deletes")
{
	const struct range ranges[] = { range("b", "c", 3),
		range("k", "p", 90) };
	struct model m = { 0 };
	struct tkit k;

	model_add(&m, KIND_PUT, 10, text("e"), text("x"));
	build(&k, &m, ranges, 2);
	CHECK_BYTES(k.meta.smallest, "b");
	CHECK_BYTES(k.meta.largest, "p");
	CHECK_EQ(k.meta.sequence_min, 3);
	CHECK_EQ(k.meta.sequence_max, 90);
	CHECK_EQ(k.meta.ranges, 2);
	CHECK_EQ(k.meta.entries, 1);
	release(&k, &m);
}

TEST("a range delete that ends right behind a key ends with that key")
{
	struct range r = { text("a"), bytes("m", 2), 7 };
	struct model m = { 0 };
	struct tkit k;

	build(&k, &m, &r, 1);
	CHECK_BYTES(k.meta.largest, "m");
	CHECK_STR(asked(&k, "m"), "delete 7");
	release(&k, &m);
}

TEST("a table may hold range deletes only, up to the end of all keys")
{
	struct range r = { text(""), bound_end(), 7 };
	struct model m = { 0 };
	struct iter *it;
	struct tkit k;

	build(&k, &m, &r, 1);
	CHECK_EQ(table_footer(k.table)->leaves, 0);
	CHECK_EQ(k.meta.smallest.n, 0);
	CHECK_EQ(k.meta.largest.n, LSM_KEY_MAX);
	CHECK_STR(asked(&k, ""), "delete 7");
	CHECK_STR(asked(&k, "\xff\xff"), "delete 7");
	CHECK_OK(table_iter_new(k.table, 0, &it));
	CHECK_OK(iter_first(it));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, text("x")));
	CHECK(!it->valid);
	iter_free(it);
	release(&k, &m);
}

TEST("range deletes that do not ascend, or are too many, are our bug")
{
	static uint8_t from[LSM_KEY_MAX], to[LSM_KEY_MAX];
	struct range r[] = { range("b", "d", 2), range("c", "e", 1) };
	struct table_builder *b;
	struct tkit k;
	int rc = LSM_OK;

	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(table_builder_new(&k.opt, &b));
	CHECK_OK(table_builder_add_range(b, &r[0]));
	CHECK_CODE(table_builder_add_range(b, &r[1]), LSM_BUG);
	table_builder_free(b);
	CHECK_OK(table_builder_new(&k.opt, &b));
	for (uint32_t i = 0; rc == LSM_OK && i < 10000; i++) {
		r[0] = (struct range){ bytes(from, sizeof from),
			bytes(to, sizeof to), i + 1 };
		from[0] = to[0] = (uint8_t)(i >> 8);
		from[1] = to[1] = (uint8_t)i;
		to[2] = 1;
		CHECK(table_builder_ranges_size(b) <= RANGES_SIZE_MAX);
		rc = table_builder_add_range(b, &r[0]);
	}
	CHECK_CODE(rc, LSM_BUG);
	table_builder_free(b);
	tkit_release(&k);
}

/* Change bytes of the block of range deletes and make its sum right again. */
static int
crafted(struct tkit *k, uint64_t offset, const void *raw, size_t n)
{
	uint64_t at = k->meta.size - (uint64_t)2 * BLOCK_UNIT;
	uint8_t *p = tkit_file(k)->p + at, kept[BLOCK_UNIT];
	struct table *t;
	int rc;

	tkit_close(k);
	memcpy(kept, p, sizeof kept);
	memcpy(p + offset, raw, n);
	put64(p, checksum64(p + 8, BLOCK_UNIT - 8, file_seed(&k->opt.id) +
	    at));
	rc = table_open(&k->source, &k->meta, &t);
	table_free(t);
	memcpy(p, kept, sizeof kept);
	return rc;
}

TEST("a crafted block of range deletes is refused")
{
	const struct range ranges[] = { range("b", "f", 20),
		range("f", "h", 30) };
	struct model m = { 0 };
	struct tkit k;

	build(&k, &m, ranges, 2);
	CHECK_OK(crafted(&k, 40, "\1b\1f\24\1f\1h\36", 10));
	CHECK_CODE(crafted(&k, 32, "\1", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 32, "\3", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 36, "\1", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 41, "f", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 46, "e", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 44, "\23", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 49, "\37", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 49, "\236", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 13, "\1", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 14, "\1", 1), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 16, "\23\0\0\0\23", 5), LSM_CORRUPT);
	CHECK_CODE(crafted(&k, 16, "\4\0\0\0\4", 5), LSM_CORRUPT);
	release(&k, &m);
}
