/*
 * compress.c - codecs give back what they got, and believe no length.
 */
#include "table/compress.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/sync.h"
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

	CHECK_OK(compressor_new(codec, n % 2, &c));
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
	CHECK_OK(codec_inflate(NULL, codec, bytes(out, size), back, n));
	CHECK(memcmp(raw, back, n) == 0);
	CHECK_CODE(codec_inflate(NULL, codec, bytes(out, size), back, n - 1),
	    LSM_CORRUPT);
	CHECK_CODE(codec_inflate(NULL, codec, bytes(out, size), back, n + 1),
	    LSM_CORRUPT);
	CHECK_CODE(codec_inflate(NULL, codec, bytes(out, size - 1), back, n),
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

/* One page in three does not fit: what that leaves behind must not show in the
 * next one. */
static void
check_again(int codec, bool quick, struct random *r)
{
	static uint8_t raw[4096], out[4096], back[4096];
	struct compressor *c;
	size_t size;

	CHECK_OK(compressor_new(codec, quick, &c));
	for (int i = 0; i < 20; i++) {
		fill(raw, sizeof raw, r, 2 + (unsigned)i % 4);
		CHECK_OK(compressor_run(c, bytes(raw, sizeof raw), out,
		    i % 3 ? sizeof out : 100, &size));
		if (i % 3 == 0)
			CHECK_EQ(size, 0);
		else
			CHECK_OK(codec_inflate(NULL, codec, bytes(out, size),
			    back, sizeof back));
		if (i % 3 != 0)
			CHECK(memcmp(raw, back, sizeof raw) == 0);
	}
	compressor_free(c);
}

TEST("a compressor is used again and again")
{
	struct random r = { test_seed() };

	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		if (!codec_built_in(codec))
			continue;
		check_again(codec, false, &r);
		check_again(codec, true, &r);
	}
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
			rc = codec_inflate(NULL, codec, bytes(exact, size),
			    back, sizeof back);
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

	CHECK(codec_parse("none", 4, &codec));
	CHECK_EQ(codec, LSM_CODEC_NONE);
	CHECK(codec_parse("zstd,lz4", 4, &codec));
	CHECK_EQ(codec, LSM_CODEC_ZSTD);
	CHECK(!codec_parse("snappy", 6, &codec));
	CHECK(!codec_parse("zstd", 3, &codec));
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
	CHECK_CODE(compressor_new(42, false, &c), LSM_UNSUPPORTED);
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
			rc = compressor_new(codec, false, &c);
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

TEST("inflaters are used again, by other pages, and after a malformed one")
{
	static uint8_t raw[RAW], out[RAW], back[RAW];
	struct random r = { test_seed() };
	struct inflaters *f;

	CHECK_OK(inflaters_new(&f));
	for (int i = 0; i < 60; i++) {
		int codec = LSM_CODEC_ZLIB + i % 3;
		size_t n = 100 + random_below(&r, RAW - 100), size;

		if (!codec_built_in(codec))
			continue;
		fill(raw, n, &r, 4);
		size = deflated(codec, raw, n, out, n);
		if (i % 4 == 3)
			CHECK_CODE(codec_inflate(f, codec, bytes(out,
			    size / 2), back, n), LSM_CORRUPT);
		CHECK_OK(codec_inflate(f, codec, bytes(out, size), back, n));
		CHECK(memcmp(raw, back, n) == 0);
	}
	inflaters_free(f);
	inflaters_free(NULL);
}

TEST("one inflater serves page after page without more memory")
{
	static uint8_t raw[RAW], out[RAW], back[RAW];
	struct random r = { test_seed() };
	struct inflaters *f;

	for (int codec = LSM_CODEC_ZLIB; codec <= LSM_CODEC_ZSTD; codec++) {
		size_t size;

		if (!codec_built_in(codec))
			continue;
		fill(raw, RAW, &r, 4);
		size = deflated(codec, raw, RAW, out, RAW);
		mem_fail_at(1, false);
		CHECK_CODE(inflaters_new(&f), LSM_NO_MEMORY);
		CHECK_OK(inflaters_new(&f));
		if (codec != LSM_CODEC_LZ4) {	/* which needs none */
			mem_fail_at(1, true);
			CHECK_CODE(codec_inflate(f, codec, bytes(out, size),
			    back, RAW), LSM_NO_MEMORY);
			mem_fail_at(0, false);
		}
		CHECK_OK(codec_inflate(f, codec, bytes(out, size), back, RAW));
		mem_fail_at(1, true);
		for (int i = 0; i < 5; i++)
			CHECK_OK(codec_inflate(f, codec, bytes(out, size),
			    back, RAW));
		mem_fail_at(0, false);
		inflaters_free(f);
	}
}

struct reader {
	struct inflaters *inflaters;
	struct thread thread;
	struct bytes stored[LSM_CODEC_ZSTD + 1];
	const uint8_t *raw;
	unsigned wrong;
};

static void
read_all(void *arg)
{
	struct reader *reader = arg;
	uint8_t back[2000];

	for (int i = 0; i < 300; i++) {
		int codec = LSM_CODEC_ZLIB + i % 3;

		if (!codec_built_in(codec))
			continue;
		memset(back, 0, sizeof back);
		reader->wrong += codec_inflate(reader->inflaters, codec,
		    reader->stored[codec], back, sizeof back) != LSM_OK ||
		    memcmp(back, reader->raw, sizeof back) != 0;
	}
}

TEST("more threads than inflaters are kept share them")
{
	enum { THREADS = 6, N = 2000 };
	static uint8_t raw[N], out[LSM_CODEC_ZSTD + 1][N];
	struct random r = { test_seed() };
	struct reader readers[THREADS], model = { .raw = raw };

	fill(raw, N, &r, 4);
	for (int c = LSM_CODEC_ZLIB; c <= LSM_CODEC_ZSTD; c++)
		if (codec_built_in(c))
			model.stored[c] = bytes(out[c], deflated(c, raw, N,
			    out[c], N));
	CHECK_OK(inflaters_new(&model.inflaters));
	for (int i = 0; i < THREADS; i++) {
		readers[i] = model;
		CHECK_OK(thread_start(&readers[i].thread, read_all,
		    &readers[i]));
	}
	for (int i = 0; i < THREADS; i++) {
		thread_join(&readers[i].thread);
		CHECK_EQ(readers[i].wrong, 0);
	}
	inflaters_free(model.inflaters);
}
