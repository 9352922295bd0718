/*
 * Fuzz: codecs.
 *
 *   input := codec (1 byte), length promised (2 bytes), payload
 *
 * The payload is inflated as if it were one, and deflated and inflated back.
 */
#include "table/compress.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void *
need(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		abort();
	return p;
}

static void
inflate_any(int codec, struct bytes payload, size_t promised)
{
	uint8_t *out;
	int rc;

	if (!codec_plausible(codec, payload.n, promised))
		return;
	out = need(promised);
	rc = codec_inflate(NULL, codec, payload, out, promised);
	if (rc != LSM_OK && rc != LSM_CORRUPT)
		abort();
	free(out);
}

static void
there_and_back(int codec, struct bytes raw)
{
	uint8_t *out = need(raw.n), *back = need(raw.n);
	struct compressor *c;
	size_t size;

	if (compressor_new(codec, raw.n % 2, &c) != LSM_OK ||
	    compressor_run(c, raw, out, raw.n, &size) != LSM_OK)
		abort();
	if (size > 0 && (!codec_plausible(codec, size, raw.n) ||
	    codec_inflate(NULL, codec, bytes(out, size), back, raw.n) !=
	    LSM_OK ||
	    memcmp(raw.p, back, raw.n) != 0))
		abort();
	compressor_free(c);
	free(out);
	free(back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes payload = bytes(data + 3, n - 3);
	int codec;

	if (n < 4)
		return 0;
	codec = data[0] % 4;
	if (!codec_built_in(codec))
		return 0;
	inflate_any(codec, payload, get16(data + 1));
	there_and_back(codec, payload);
	return 0;
}
