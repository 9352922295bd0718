#include "log/record.h"

#include <stdio.h>

#include "support/test.h"

enum { SEED = 77, AT = 4096 };

static uint64_t
seal(uint8_t *room, const char *payload, const uint64_t *watermark)
{
	memcpy(room + record_offset(watermark != NULL), payload,
	    strlen(payload));
	return record_seal(room, RECORD_PUT, (uint32_t)strlen(payload), 9, 5,
	    watermark, SEED, AT);
}

TEST("a record reads back as it was sealed")
{
	uint8_t room[64];
	struct record r;
	uint64_t want;

	CHECK(seal(room, "hello", NULL) != 0);
	CHECK(record_read(room, sizeof room, SEED, AT, &r, &want));
	CHECK_EQ(r.size, 32);
	CHECK_EQ(r.kind, RECORD_PUT);
	CHECK_EQ(r.sequence, 9);
	CHECK_EQ(r.previous, 5);
	CHECK(!r.has_watermark);
	CHECK_BYTES(r.payload, "hello");
}

TEST("a watermark stands between header and payload")
{
	uint64_t watermark = UINT64_C(3) << 32 | 4096, want;
	uint8_t room[64];
	struct record r;

	seal(room, "hello", &watermark);
	CHECK(record_read(room, sizeof room, SEED, AT, &r, &want));
	CHECK_EQ(r.size, 40);
	CHECK(r.has_watermark);
	CHECK(r.watermark == watermark);
	CHECK_BYTES(r.payload, "hello");
}

TEST("payloads around the alignment keep their length")
{
	static const char bytes_[] = "0123456789abcdefg";
	uint8_t room[64];
	struct record r;
	uint64_t want;
	char part[20];

	for (size_t n = 0; n < sizeof bytes_; n++) {
		snprintf(part, sizeof part, "%.*s", (int)n, bytes_);
		seal(room, part, NULL);
		CHECK(record_read(room, record_size(n, false), SEED, AT, &r,
		    &want));
		CHECK_BYTES(r.payload, part);
		CHECK_EQ(r.size % RECORD_ALIGN, 0);
	}
}

TEST("any changed byte, padding too, breaks a record")
{
	uint8_t room[40];
	struct record r;
	uint64_t want, watermark = 1;

	seal(room, "hello", &watermark);
	for (size_t i = 0; i < sizeof room * 8; i++) {
		room[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK(!record_read(room, sizeof room, SEED, AT, &r, &want));
		room[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK(record_read(room, sizeof room, SEED, AT, &r, &want));
}

TEST("a record proves its file and its place")
{
	uint8_t room[64];
	struct record r;
	uint64_t want;

	seal(room, "hello", NULL);
	CHECK(!record_read(room, sizeof room, SEED + 1, AT, &r, &want));
	CHECK(!record_read(room, sizeof room, SEED, AT + 8, &r, &want));
}

TEST("a short read tells how much it wants, a wrong frame nothing")
{
	uint8_t room[64] = { 0 };
	struct record r;
	uint64_t want;

	CHECK(!record_read(room, sizeof room, SEED, AT, &r, &want));
	CHECK_EQ(want, 0);
	seal(room, "hello", NULL);
	CHECK(!record_read(room, RECORD_HEADER - 1, SEED, AT, &r, &want));
	CHECK_EQ(want, RECORD_HEADER);
	CHECK(!record_read(room, RECORD_HEADER, SEED, AT, &r, &want));
	CHECK_EQ(want, 32);
	put32(room + 8, UINT32_MAX);
	CHECK(!record_read(room, sizeof room, SEED, AT, &r, &want));
	CHECK(want == record_size(UINT32_MAX, false));
	CHECK(want > UINT32_MAX);
}

TEST("a record counts its sequences")
{
	static const uint8_t three[] = { 3 };
	uint64_t n;

	CHECK(record_sequences(RECORD_PUT, bytes(NULL, 0), &n));
	CHECK_EQ(n, 1);
	CHECK(record_sequences(RECORD_BATCH, bytes(three, 1), &n));
	CHECK_EQ(n, 3);
	CHECK(record_sequences(RECORD_CLOSE, bytes(NULL, 0), &n));
	CHECK_EQ(n, 0);
	CHECK(!record_sequences(RECORD_BATCH, bytes(NULL, 0), &n));
}
