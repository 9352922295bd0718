/*
 * compress.c - codecs give back what they got, and believe no length.
 */
#include "table/compress.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "support/test.h"

enum { RAW = 20000 };

static void
fill(uint8_t *raw, size_t n, struct random *r, unsigned kinds)
{
	for (size_t i = 0; i < n; i++)
		raw[i] = (uint8_t)('a' + random_below(r, kinds));
}

/* Deflate n bytes; returns how many came out. */
static size_t
deflated(int codec, const uint8_t *raw, size_t n, uint8_t *out, size_t room)
{
	struct compressor *c;
	size_t size;

	CHECK_OK(compressor_new(codec, &c));
	CHECK_OK(compressor_run(c, bytes(raw, n), out, room, &size));
	compressor_free(c);
	return size;
}

static void
check_round(int codec, size_t n, struct random *r)
{
	static uint8_t raw[RAW], out[RAW], back[RAW];
	size_t size;

	fill(raw, n, r, 4);
	size = deflated(codec, raw, n, out, n);
	CHECK(size > 0 && size < n);
	CHECK(codec_plausible(codec, size, n));
	CHECK_OK(codec_inflate(codec, bytes(out, size), back, n));
	CHECK(memcmp(raw, back, n) == 0);
	CHECK_CODE(codec_inflate(codec, bytes(out, size), back, n - 1),
	    LSM_CORRUPT);
	CHECK_CODE(codec_inflate(codec, bytes(out, size), back, n + 1),
	    LSM_CORRUPT);
	CHECK_CODE(codec_inflate(codec, bytes(out, size - 1), back, n),
	    LSM_CORRUPT);
}

TEST("every codec gives back what it got, and nothing of another length")
{
	struct random r = { test_seed() };

	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		if (!codec_built_in(codec))
			continue;
		check_round(codec, 200, &r);
		check_round(codec, 4096, &r);
		check_round(codec, RAW - 1, &r);
	}
}

TEST("what does not fit into the room has size 0")
{
	static uint8_t raw[RAW], out[RAW];
	struct random r = { test_seed() };

	for (size_t i = 0; i < RAW; i++)
		raw[i] = (uint8_t)random_next(&r);
	for (int codec = LSM_CODEC_NONE; codec <= LSM_CODEC_ZSTD; codec++) {
		if (!codec_built_in(codec))
			continue;
		CHECK_EQ(deflated(codec, raw, RAW, out, RAW / 8 * 7), 0);
		CHECK_EQ(deflated(codec, raw, RAW, out, 0), 0);
	}
}

TEST("a compressor is used again and again")
{
	static uint8_t raw[4096], out[4096], back[4096];
	struct random r = { test_seed() };
	struct compressor *c;
	size_t size;

	CHECK_OK(compressor_new(LSM_CODEC_ZLIB, &c));
	for (int i = 0; i < 20; i++) {
		fill(raw, sizeof raw, &r, 2 + (unsigned)i);
		CHECK_OK(compressor_run(c, bytes(raw, sizeof raw), out,
		    i % 3 ? sizeof out : 100, &size));
		if (i % 3 == 0)
			CHECK_EQ(size, 0);
		else
			CHECK_OK(codec_inflate(LSM_CODEC_ZLIB,
			    bytes(out, size), back, sizeof back));
	}
	compressor_free(c);
}

TEST("damaged payloads are refused or have the right length, never more")
{
	static uint8_t raw[2000], out[2000], back[2000];
	struct random r = { test_seed() };

	fill(raw, sizeof raw, &r, 3);
	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		size_t size;

		if (!codec_built_in(codec))
			continue;
		size = deflated(codec, raw, sizeof raw, out, sizeof out);
		for (size_t i = 0; i < size; i++) {
			uint8_t *exact = malloc(size);
			int rc;

			memcpy(exact, out, size);
			exact[i] ^= (uint8_t)(1 + random_below(&r, 255));
			rc = codec_inflate(codec, bytes(exact, size), back,
			    sizeof back);
			free(exact);
			CHECK(rc == LSM_OK || rc == LSM_CORRUPT);
		}
	}
}

TEST("lengths that no codec can reach are implausible")
{
	CHECK(codec_plausible(LSM_CODEC_NONE, 100, 100));
	CHECK(!codec_plausible(LSM_CODEC_NONE, 100, 101));
	CHECK(!codec_plausible(LSM_CODEC_ZLIB, 100, 99));
	CHECK(codec_plausible(LSM_CODEC_ZLIB, 10, 10320));
	CHECK(!codec_plausible(LSM_CODEC_ZLIB, 10, 10321));
	CHECK(!codec_plausible(LSM_CODEC_ZLIB, 0, 1));
	CHECK(!codec_plausible(77, 1, 1));
}

TEST("the most compressible payload is plausible still")
{
	size_t n = (size_t)8 << 20;
	uint8_t *raw = calloc(1, n), *out = malloc(n);

	CHECK(raw != NULL && out != NULL);
	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		size_t size;

		if (!codec_built_in(codec))
			continue;
		size = deflated(codec, raw, n, out, n);
		CHECK(size > 0 && codec_plausible(codec, size, n));
	}
	free(raw);
	free(out);
}

TEST("codecs have names, and names have codecs")
{
	int codec;

	CHECK_OK(codec_parse("none", &codec));
	CHECK_EQ(codec, LSM_CODEC_NONE);
	CHECK_OK(codec_parse("zstd", &codec));
	CHECK_EQ(codec, LSM_CODEC_ZSTD);
	CHECK_CODE(codec_parse("snappy", &codec), LSM_UNSUPPORTED);
	CHECK_STR(codec_name(LSM_CODEC_LZ4), "lz4");
	CHECK_STR(codec_name(9), "unknown");
	CHECK(strncmp(lsm_codecs(), "none zlib", 9) == 0);
	CHECK(codec_built_in(codec_default()));
}

TEST("a codec that is not built in is refused by name")
{
	struct compressor *c;

	CHECK_CODE(codec_require(42, "000013.sst"), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(),
	    "000013.sst: needs codec unknown (42), which is not built in");
	CHECK_CODE(compressor_new(42, &c), LSM_UNSUPPORTED);
	CHECK(c == NULL);
}

TEST("codecs report that memory is exhausted")
{
	static uint8_t raw[4096], out[4096];

	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		if (!codec_built_in(codec))
			continue;
		for (uint64_t n = 1;; n++) {
			struct compressor *c;
			size_t size;
			int rc;

			mem_fail_at(n, true);
			rc = compressor_new(codec, &c);
			if (rc == LSM_OK)
				rc = compressor_run(c, bytes(raw, sizeof raw),
				    out, sizeof out, &size);
			mem_fail_at(0, false);
			compressor_free(c);
			if (rc == LSM_OK)
				break;
			CHECK_CODE(rc, LSM_NO_MEMORY);
			CHECK(n < 20);
		}
	}
}
