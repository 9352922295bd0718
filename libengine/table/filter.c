/*
 * filter.c - gathers the hashes of a table's keys, writes its filter.
 */
#include "table/filter.h"

#include "base/alloc.h"
#include "table/bloom.h"

void
filter_release(struct filter *f)
{
	buffer_free(&f->hashes);
}

int
filter_add(struct filter *f, uint64_t hash)
{
	return buffer_add64(&f->hashes, hash);
}

static int
write_pages(const uint8_t *filter, uint32_t pages, struct block_writer *w)
{
	uint8_t *block;
	int rc;

	for (uint32_t i = 0; i < pages; i++) {
		rc = block_writer_room(w, BLOOM_PAGE, &block);
		if (rc != LSM_OK)
			return rc;
		memcpy(block, filter + (size_t)i * BLOOM_PAGE, BLOOM_PAGE);
		block_writer_seal_page(w, BLOCK_FILTER, BLOOM_PAGE);
	}
	return LSM_OK;
}

int
filter_write(const struct filter *f, uint32_t bits, struct block_writer *w,
    uint32_t *pages)
{
	uint64_t keys = f->hashes.n / sizeof (uint64_t);
	uint32_t n = (uint32_t)bloom_pages(keys, bits);
	uint32_t probes = bloom_probes(bits);
	uint8_t *filter;
	int rc;

	*pages = n;
	if (n == 0)
		return LSM_OK;
	if ((filter = mem_zalloc((size_t)n * BLOOM_PAGE)) == NULL)
		return mem_exhausted((size_t)n * BLOOM_PAGE);
	bloom_describe(filter, n, bits, keys);
	for (uint64_t i = 0; i < keys; i++)
		bloom_add(filter, n, probes, get64(f->hashes.p + 8 * i));
	rc = write_pages(filter, n, w);
	mem_free(filter);
	return rc;
}
