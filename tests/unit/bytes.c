#include "base/bytes.h"

#include "base/alloc.h"
#include "support/test.h"

TEST("a varint of each length reads back")
{
	uint8_t raw[VARINT_MAX];

	for (int bit = 0; bit < 64; bit++) {
		uint64_t v = UINT64_C(1) << bit, got;
		struct bytes b = bytes(raw, (size_t)(varint_put(raw, v) - raw));

		CHECK_EQ(b.n, varint_size(v));
		CHECK(bytes_take_varint(&b, &got));
		CHECK(got == v);
		CHECK_EQ(b.n, 0);
	}
}

TEST("a varint that is cut, too long or not the shortest is refused")
{
	static const uint8_t cut[] = { 0x80 }, padded[] = { 0x81, 0x00 };
	static const uint8_t over[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0x02 };
	struct bytes b;
	uint64_t v;

	b = bytes(cut, sizeof cut);
	CHECK(!bytes_take_varint(&b, &v));
	CHECK_EQ(b.n, sizeof cut);
	b = bytes(padded, sizeof padded);
	CHECK(!bytes_take_varint(&b, &v));
	b = bytes(over, sizeof over);
	CHECK(!bytes_take_varint(&b, &v));
}

TEST("keys are ordered as unsigned bytes, shorter first")
{
	CHECK(bytes_compare(text("a"), text("a\x80")) < 0);
	CHECK(bytes_compare(text("a\x7f"), text("a\x80")) < 0);
	CHECK(bytes_compare(text(""), text("a")) < 0);
	CHECK_EQ(bytes_compare(text(""), text("")), 0);
}

TEST("a failed growth leaves the buffer as it was")
{
	struct buffer b = { 0 };

	CHECK_OK(buffer_add(&b, "abc", 3));
	mem_fail_at(1, false);
	CHECK_CODE(buffer_reserve(&b, 1 << 20), LSM_NO_MEMORY);
	CHECK_BYTES(buffer_bytes(&b), "abc");
	buffer_free(&b);
}

TEST("bytes with a length beyond the end are not taken")
{
	static const uint8_t raw[] = { 5, 'a', 'b' };
	struct bytes b = bytes(raw, sizeof raw), got;

	CHECK(!bytes_take_bytes(&b, &got));
	CHECK_EQ(b.n, sizeof raw);
}

static void
check_decimal(uint64_t v, size_t digits_min, const char *want)
{
	char text[DECIMAL_MAX + 2];
	char *end;

	memset(text, '#', sizeof text);
	end = decimal_put(text, v, digits_min);
	CHECK_EQ(*end, '#');
	*end = '\0';
	CHECK_STR(text, want);
}

TEST("a number as text has as many digits as it needs, or is to have")
{
	check_decimal(0, 1, "0");
	check_decimal(9, 1, "9");
	check_decimal(10, 1, "10");
	check_decimal(7, 6, "000007");
	check_decimal(1234567, 6, "1234567");
	check_decimal(UINT64_MAX, 6, "18446744073709551615");
}
