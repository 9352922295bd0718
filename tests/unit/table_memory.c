/*
 * table_memory.c - every allocation may fail, and then only that call does.
 */
#include "base/alloc.h"
#include "support/test.h"
#include "support/tkit.h"

static int
everything(struct tkit *k, const struct model *m)
{
	int rc;

	if ((rc = tkit_build(k, m)) != LSM_OK ||
	    (rc = tkit_open(k)) != LSM_OK ||
	    (rc = tkit_check_gets(k, m)) != LSM_OK ||
	    (rc = tkit_check_walks(k, m, 0)) != LSM_OK ||
	    (rc = tkit_check_walks(k, m, TABLE_SCAN)) != LSM_OK ||
	    (rc = tkit_check_seeks(k, m, 0)) != LSM_OK)
		return rc;
	return table_verify(k->table);
}

/* Let the n-th allocation fail, for n = 1, 2, ... until none is left. Where
 * memory only kept something, nothing fails: then the answers are right. */
static void
fail_each(int codec, int reads, bool cached, const struct model *m)
{
	uint64_t n = 0, last;

	do {
		struct cache *cache = NULL;
		struct tkit k;
		int rc;

		tkit_init(&k, codec);
		k.source.reads = reads;
		if (cached)
			CHECK_OK(cache_new(1 << 20, &cache));
		k.source.cache = cache;
		last = mem_calls();
		mem_fail_at(++n, false);
		rc = everything(&k, m);
		mem_fail_at(0, false);
		last = mem_calls() - last;
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		tkit_release(&k);
		cache_free(cache);
	} while (n <= last);
	CHECK(n > 20);
}

TEST_SOLO("each allocation that fails is an error or costs only speed")
{
	const struct range range = { text("zzz"), text("zzzz"), 5 };
	static const uint8_t large[9000];
	struct random r = { test_seed() };
	struct model m = { 0 };
	int codecs[4], n = tkit_codecs(codecs);

	model_fill(&m, MODEL_PATHS, 90, 60, &r);
	model_add(&m, KIND_PUT, 3, text("zz"), bytes(large, sizeof large));
	m.ranges = &range;
	m.ranges_n = 1;
	for (int i = 0; i < n; i++)
		fail_each(codecs[i], LSM_READS_MAPPED, true, &m);
	fail_each(LSM_CODEC_NONE, LSM_READS_STRICT, true, &m);
	model_free(&m);
}

TEST("without any memory every call says so")
{
	struct model m = { 0 };
	struct table *t;
	struct iter *it;
	struct cache *cache;
	struct tkit k;

	model_add(&m, KIND_PUT, 1, text("a"), text("b"));
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	mem_fail_at(1, true);
	CHECK_CODE(table_open(&k.source, &k.meta, &t), LSM_NO_MEMORY);
	CHECK_CODE(table_iter_new(k.table, 0, &it), LSM_NO_MEMORY);
	CHECK_CODE(table_verify(k.table), LSM_NO_MEMORY);
	CHECK_CODE(cache_new(1 << 20, &cache), LSM_NO_MEMORY);
	CHECK(t == NULL && it == NULL && cache == NULL);
	mem_fail_at(0, false);
	tkit_release(&k);
	model_free(&m);
}
