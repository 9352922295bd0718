/*
 * table.c - tables are built, opened, asked and walked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/checksum.h"
#include "support/tkit.h"
#include "support/test.h"
#include "table/compress.h"
#include "table/footer.h"
#include "table/page.h"

static void
check_all(struct tkit *k, const struct model *m)
{
	CHECK_OK(tkit_open(k));
	CHECK_OK(tkit_check_gets(k, m));
	CHECK_OK(tkit_check_walks(k, m, 0));
	CHECK_OK(tkit_check_walks(k, m, TABLE_SCAN));
	CHECK_OK(tkit_check_seeks(k, m, 0));
	CHECK_OK(tkit_check_seeks(k, m, TABLE_SCAN));
	CHECK_OK(table_verify(k->table));
	tkit_close(k);
}

/* The same through every way to the pages: mapped, strict with and without a
 * cache, and a door that cannot map. */
static void
check_ways(struct tkit *k, const struct model *m)
{
	struct cache *cache;

	check_all(k, m);
	CHECK_OK(cache_new(64 << 10, &cache));
	k->source.cache = cache;
	check_all(k, m);
	k->source.reads = LSM_READS_STRICT;
	check_all(k, m);
	k->source.cache = NULL;
	check_all(k, m);
	k->source.reads = LSM_READS_MAPPED;
	memenv_set_map(k->env, false);
	check_all(k, m);
	memenv_set_map(k->env, true);
	cache_free(cache);
}

static void
build_and_check(const struct model *m, int codec, uint32_t page_size)
{
	struct tkit k;

	tkit_init(&k, codec);
	k.opt.page_size = page_size;
	CHECK_OK(tkit_build(&k, m));
	CHECK_EQ(k.meta.entries, m->n);
	CHECK_EQ(k.meta.size, tkit_file(&k)->n);
	check_ways(&k, m);
	tkit_release(&k);
}

static void
build_every_codec(const struct model *m)
{
	int codecs[4], n = tkit_codecs(codecs);

	for (int i = 0; i < n; i++) {
		build_and_check(m, codecs[i], 4096);
		build_and_check(m, codecs[i], 16384);
	}
}

TEST("a table answers as the sorted list it was made from, decimal keys")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_DECIMAL, 700, 120, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST("a table answers as its list, random keys and large values")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_RANDOM, 200, 3000, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST("a table answers as its list, paths")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_PATHS, 700, 40, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST("a table answers as its list, keys that differ in zeros only")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_ZEROS, 700, 20, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST("a table answers as its list, keys up to the longest")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_LONG, 60, 300, &r);
	build_every_codec(&m);
	model_free(&m);
}
