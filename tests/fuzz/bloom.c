/*
 * Fuzz: filters.
 *
 *   input := bits per key (1 byte), page behind its block header
 *
 * The bytes are asked as a page, and taken as hashes that a filter made of
 * them must not deny.
 */
#include "table/bloom.h"

#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static volatile bool sink;	/* so that reads are made */

static void
ask_page(struct bytes b)
{
	uint8_t *page = calloc(1, BLOOM_PAGE);
	size_t n = b.n < BLOOM_PAYLOAD ? b.n : BLOOM_PAYLOAD;

	if (page == NULL)
		abort();
	memcpy(page + 32, b.p, n);
	if (bloom_fault(page, get32(page + 32), get32(page + 36)) == NULL)
		for (size_t i = 0; i + 8 <= n; i++)
			sink ^= bloom_test(page, bloom_line(get64(b.p + i),
			    get32(page + 36)), bloom_page_probes(page),
			    get64(b.p + i));
	free(page);
}

static void
never_denied(struct bytes b, uint32_t bits)
{
	uint64_t keys = b.n / 8;
	uint32_t pages = (uint32_t)bloom_pages(keys, bits);
	uint8_t *filter = calloc(pages ? pages : 1, BLOOM_PAGE);

	if (filter == NULL)
		abort();
	bloom_describe(filter, pages, bits, keys);
	for (uint64_t i = 0; pages > 0 && i < keys; i++)
		bloom_add(filter, pages, bloom_probes(bits),
		    get64(b.p + 8 * i));
	for (uint64_t i = 0; pages > 0 && i < keys; i++) {
		uint64_t hash = get64(b.p + 8 * i);
		uint64_t line = bloom_line(hash, pages);

		if (!bloom_test(filter + line / BLOOM_LINES * BLOOM_PAGE, line,
		    bloom_probes(bits), hash))
			abort();
	}
	free(filter);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 1)
		return 0;
	ask_page(bytes(data + 1, n - 1));
	never_denied(bytes(data + 1, n - 1), data[0] % 21);
	return 0;
}
