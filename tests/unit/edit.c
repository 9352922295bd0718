#include "base/alloc.h"
#include "support/test.h"
#include "support/tree.h"

/* An edit with every field in it. */
static void
full_edit(struct edit *e)
{
	struct log_end end = { .number = 12, .size = 70000, .sum =
	    0xfedcba9876543210u, .sequence = 900 };

	*e = (struct edit){ .number = 300, .has_identity = true,
	    .reserved = 128, .flushed = 900, .ingested = 901, .log = 12,
	    .next_run = 44 };
	memset(e->database, 0xd0, ID_SIZE);
	memset(e->branch, 0xb0, ID_SIZE);
	CHECK_OK(edit_add_end(e, &end));
	end.number = 13;
	CHECK_OK(edit_add_end(e, &end));
	tree_put(e, 0, 43, 77, "", "apple");
	tree_put(e, 7, 3, 78, "apple", "zoo");
	CHECK_OK(edit_drop_table(e, 5));
	CHECK_OK(edit_drop_table(e, 6));
	CHECK_OK(edit_set_option(e, "codec", "lz4"));
	CHECK_OK(edit_set_option(e, "page_size", ""));
	CHECK((e->created = mem_alloc(8)) != NULL);
	memcpy(e->created, "lsm 0.1", 8);
}

static void
encode(const struct edit *e, struct buffer *b)
{
	b->n = 0;
	CHECK_OK(edit_encode(e, b));
}

TEST("an edit with every field reads back")
{
	struct buffer first = { 0 }, second = { 0 };
	struct edit e, got;

	full_edit(&e);
	encode(&e, &first);
	CHECK_OK(edit_decode(buffer_bytes(&first), "here", &got));
	encode(&got, &second);
	CHECK(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	CHECK(got.number == 300 && got.reserved == 128 && got.flushed == 900);
	CHECK_EQ(got.ingested, 901);
	CHECK(got.log == 12 && got.next_run == 44 && got.has_identity);
	CHECK_EQ(got.ends_count, 2);
	CHECK(got.ends[1].sum == 0xfedcba9876543210u);
	CHECK_EQ(got.adds_count, 2);
	CHECK_EQ(got.adds[0].meta.smallest.n, 0);
	CHECK_BYTES(got.adds[1].meta.largest, "zoo");
	CHECK_EQ(got.drops[1], 6);
	CHECK_STR(got.options[0].value, "lz4");
	CHECK_STR(got.options[1].value, "");
	CHECK_STR(got.created, "lsm 0.1");
	edit_release(&e);
	edit_release(&got);
	buffer_free(&first);
	buffer_free(&second);
}

TEST("an edit lies in these bytes")
{
	static const uint8_t want[] = { 1, 1, 5, 3, 2, 0x80, 1, 5, 1, 9, 8, 1,
		4, 9, 4, 1, 'a', 1, 'b' };
	struct edit e = { .number = 5, .reserved = 128, .log = 9 };
	struct buffer b = { 0 };

	CHECK_OK(edit_drop_table(&e, 4));
	CHECK_OK(edit_set_option(&e, "a", "b"));
	encode(&e, &b);
	CHECK(bytes_equal(buffer_bytes(&b), bytes(want, sizeof want)));
	edit_release(&e);
	buffer_free(&b);
}

TEST("an edit cut inside a field is refused")
{
	struct buffer b = { 0 };
	struct edit e, got;
	size_t whole = 0;
	int rc;

	full_edit(&e);
	encode(&e, &b);
	for (size_t n = 0; n < b.n; n++) {
		rc = edit_decode(bytes(b.p, n), "here", &got);
		whole += rc == LSM_OK;
		CHECK(rc == LSM_OK || rc == LSM_CORRUPT);
		CHECK(rc == LSM_OK || got.adds == NULL);
		edit_release(&got);
	}
	CHECK_EQ(whole, 15);	/* fields before the last */
	edit_release(&e);
	buffer_free(&b);
}

static int
decoded(const char *raw, size_t n)
{
	struct edit e;
	int rc = edit_decode(bytes(raw, n), "here", &e);

	edit_release(&e);
	return rc;
}

#define DECODED(raw) decoded(raw, sizeof raw - 1)

TEST("a field that is not used up, or wants more, is malformed")
{
	CHECK_CODE(DECODED("\1\1\5"), LSM_OK);
	CHECK_CODE(DECODED("\1\2\5\0"), LSM_CORRUPT);
	CHECK_STR(lsm_message(), "here: field 1 is malformed");
	CHECK_CODE(DECODED("\1\0"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\2\205\0"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\7\1\1"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\2\3abc"), LSM_CORRUPT);
}

TEST("a single fact that stands twice is refused")
{
	CHECK_CODE(DECODED("\1\1\5\1\1\5"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\13\1x\13\1x"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\10\1\2\10\1\3"), LSM_OK);
}

TEST("a field not known is refused below 64 and passed over above")
{
	CHECK_CODE(DECODED("\1\1\5\15\0"), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(),
	    "here: field 13 is not known to this build");
	CHECK_CODE(DECODED("\1\1\5\77\1x"), LSM_UNSUPPORTED);
	CHECK_CODE(DECODED("\0\0\1\1\5"), LSM_UNSUPPORTED);
	CHECK_CODE(DECODED("\1\1\5\100\1x"), LSM_OK);
	CHECK_CODE(DECODED("\1\1\5\200\1\1x\200\1\1y"), LSM_OK);
	CHECK_CODE(DECODED("\1\1\5\100\2x"), LSM_CORRUPT);
}

TEST("an edit without a number is refused")
{
	CHECK_CODE(DECODED(""), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\0"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\3\1\5"), LSM_CORRUPT);
}

TEST("text with a NUL, or an option without a name, is refused")
{
	CHECK_CODE(DECODED("\1\1\5\11\4\1a\1b"), LSM_OK);
	CHECK_CODE(DECODED("\1\1\5\11\4\1a\1\0"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\11\3\0\1b"), LSM_CORRUPT);
	CHECK_CODE(DECODED("\1\1\5\13\2a\0"), LSM_CORRUPT);
}

TEST("an option set again has its last value")
{
	struct edit e = { 0 };

	CHECK_OK(edit_set_option(&e, "codec", "lz4"));
	CHECK_OK(edit_set_option(&e, "bits", "10"));
	CHECK_OK(edit_set_option(&e, "codec", "zlib"));
	CHECK_EQ(e.options_count, 2);
	CHECK_STR(e.options[0].value, "zlib");
	edit_release(&e);
}

TEST("out of memory leaves an edit as it was, and bytes too")
{
	struct table_meta m = { .number = 9, .entries = 1 };
	struct log_end end = { .number = 1 };
	struct edit e = { 0 };
	int rc;

	for (int call = 0; call < 5; call++) {
		rc = LSM_NO_MEMORY;
		for (uint64_t n = 1; rc != LSM_OK; n++) {
			mem_fail_at(n, false);
			rc = call == 0 ? edit_add_table(&e, 1, 1, &m) :
			    call == 1 ? edit_drop_table(&e, 4) :
			    call == 2 ? edit_add_end(&e, &end) :
			    call == 3 ? edit_set_option(&e, "a", "b") :
			    edit_set_option(&e, "a", "c");
			mem_fail_at(0, false);
			CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
			CHECK(rc == LSM_OK || e.adds_count == (call > 0));
			CHECK(n < 10);
		}
	}
	CHECK_EQ(e.drops_count, 1);
	CHECK_EQ(e.ends_count, 1);
	CHECK_STR(e.options[0].value, "c");
	edit_release(&e);
}

TEST("out of memory while an edit is written or read")
{
	struct buffer b = { 0 }, whole = { 0 };
	struct edit e, got;
	int rc = LSM_NO_MEMORY;

	full_edit(&e);
	encode(&e, &whole);
	CHECK_OK(buffer_add8(&b, 'x'));
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = edit_encode(&e, &b);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || b.n == 1);
	}
	rc = LSM_NO_MEMORY;
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = edit_decode(buffer_bytes(&whole), "here", &got);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
	}
	edit_release(&got);
	edit_release(&e);
	buffer_free(&b);
	buffer_free(&whole);
}
