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
#include "table/table_impl.h"

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

static void
check_again(struct tkit *k, const struct model *m)
{
	CHECK_OK(tkit_open(k));
	CHECK_OK(tkit_check_gets(k, m));
	CHECK_OK(tkit_check_walks(k, m, 0));
	tkit_close(k);
}

/* The same through every way to the pages: mapped, strict with and without a
 * cache, and a door that cannot map. */
static void
check_ways(struct tkit *k, const struct model *m)
{
	struct cache *cache;

	CHECK_OK(cache_new(64 << 10, &cache));
	k->source.cache = cache;
	check_all(k, m);
	k->source.reads = LSM_READS_STRICT;
	check_again(k, m);
	k->source.cache = NULL;
	check_again(k, m);
	k->source.reads = LSM_READS_MAPPED;
	check_again(k, m);
	memenv_set_map(k->env, false);
	check_again(k, m);
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

TEST_SOLO("a table answers as the sorted list it was made from, decimal keys")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_DECIMAL, 300, 120, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST_SOLO("a table answers as its list, random keys and large values")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_RANDOM, 200, 3000, &r);
	build_every_codec(&m);
	model_free(&m);
}

TEST_SOLO("a table answers as its list, paths")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_PATHS, 400, 40, &r);
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

TEST_SOLO("a table answers as its list, keys up to the longest")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_LONG, 60, 300, &r);
	build_every_codec(&m);
	model_free(&m);
}

/* One entry with a key of k bytes and a value of v, beside two others. */
static void
check_sizes(int codec, size_t k, size_t v)
{
	struct model m = { 0 };
	uint8_t *key = malloc(k + 1), *value = malloc(v + 1);

	CHECK(key != NULL && value != NULL);
	memset(key, 'k', k);
	memset(value, 'v', v);
	model_add(&m, KIND_PUT, 5, text("a"), text("first"));
	model_add(&m, KIND_PUT, 6, bytes(key, k), bytes(value, v));
	model_add(&m, KIND_DELETE, 7, text("z"), bytes(NULL, 0));
	model_sort(&m);
	build_and_check(&m, codec, 4096);
	model_free(&m);
	free(key);
	free(value);
}

TEST("an entry is just small enough for a page with others, just not, or more")
{
	int codecs[4], n = tkit_codecs(codecs);

	for (int i = 0; i < n; i++) {
		check_sizes(codecs[i], 16, PAGE_OWN - 16 - 1);
		check_sizes(codecs[i], 16, PAGE_OWN - 16);
		check_sizes(codecs[i], 16, PAGE_OWN - 16 + 1);
		check_sizes(codecs[i], LSM_KEY_MAX, PAGE_OWN - LSM_KEY_MAX);
		check_sizes(codecs[i], LSM_KEY_MAX, PAGE_OWN - LSM_KEY_MAX + 1);
		check_sizes(codecs[i], 0, PAGE_OWN);
		check_sizes(codecs[i], 0, PAGE_OWN + 1);
	}
}

TEST_SOLO("values of nothing, of 64 KiB, of 5 MiB")
{
	int codecs[4], n = tkit_codecs(codecs);

	for (int i = 0; i < n; i++) {
		check_sizes(codecs[i], 1, 0);
		check_sizes(codecs[i], 4095, 64 << 10);
		check_sizes(codecs[i], 16, 5 << 20);
	}
}

TEST("a table may hold nothing, the empty key, a delete, one entry")
{
	int codecs[4], n = tkit_codecs(codecs);

	for (int i = 0; i < n; i++) {
		struct model m = { 0 };

		build_and_check(&m, codecs[i], 4096);
		model_add(&m, KIND_PUT, 1, bytes(NULL, 0), bytes(NULL, 0));
		build_and_check(&m, codecs[i], 4096);
		model_free(&m);
		model_add(&m, KIND_DELETE, 1, text("gone"), bytes(NULL, 0));
		build_and_check(&m, codecs[i], 4096);
		model_free(&m);
	}
}

TEST("a table that needs a codec that is not built in says which")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;

	model_fill(&m, MODEL_DECIMAL, 100, 50, &r);
	tkit_init(&k, LSM_CODEC_ZLIB);
	CHECK_OK(tkit_build(&k, &m));
	codec_missing(LSM_CODEC_ZLIB);
	CHECK_CODE(tkit_open(&k), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(), "000013.sst: needs codec zlib (1), which is "
	    "not built in");
	codec_missing(-1);
	check_all(&k, &m);
	tkit_release(&k);
	model_free(&m);
}

TEST("who asks once reads a footer, a filter page, a header and the way down")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;
	struct bytes key = text("absent");
	uint64_t reads, sequence;
	enum kind kind;

	model_fill(&m, MODEL_DECIMAL, 2000, 100, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	reads = memenv_reads(k.env);
	CHECK_OK(tkit_open(&k));
	CHECK_EQ(memenv_reads(k.env), reads + 1);
	CHECK_CODE(table_get(k.table, key, hash64(key), &kind, &sequence,
	    NULL), LSM_NOTFOUND);
	CHECK_EQ(memenv_reads(k.env), reads + 2);
	key = m.e[1000].key;
	CHECK_OK(table_get(k.table, key, hash64(key), &kind, &sequence, NULL));
	CHECK(memenv_reads(k.env) <= reads + 2 + 2 +
	    table_footer(k.table)->height + 1);
	tkit_release(&k);
	model_free(&m);
}

TEST("a mapped page is read and verified at its first touch only")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;
	uint64_t reads, pages, bytes, sequence;
	enum kind kind;

	model_fill(&m, MODEL_DECIMAL, 2000, 100, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_EQ(k.stats.pages_read, 0);
	while (load_relaxed(&k.table->source.map) == NULL)
		CHECK_OK(table_get(k.table, m.e[0].key,
		    hash64(m.e[0].key), &kind, &sequence, NULL));
	pages = k.stats.pages_read;
	bytes = k.stats.bytes_read;
	CHECK_OK(tkit_check_gets(&k, &m));
	reads = memenv_reads(k.env);
	CHECK(k.stats.pages_read - pages <= k.meta.size / 4096 - 2);
	CHECK(k.stats.bytes_read - bytes <= k.meta.size - 2 * 4096);
	CHECK_OK(tkit_check_gets(&k, &m));
	CHECK_OK(tkit_check_walks(&k, &m, 0));
	CHECK_EQ(memenv_reads(k.env), reads);
	CHECK_OK(tkit_check_walks(&k, &m, TABLE_SCAN));
	CHECK(memenv_reads(k.env) > reads);
	tkit_release(&k);
	model_free(&m);
}

/* Without a cache each leaf is read anew, so that all are counted. */
TEST("a seek reads and inflates the leaf of its key and no other")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct iter *it;
	struct tkit k;
	uint64_t reads;

	model_fill(&m, MODEL_DECIMAL, 2000, 100, &r);
	tkit_init(&k, LSM_CODEC_ZLIB);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(table_iter_new(k.table, 0, &it));
	CHECK_OK(tkit_check_gets(&k, &m));	/* inner nodes: mapped now */
	reads = memenv_reads(k.env);
	k.stats.inflated = 0;
	for (uint32_t i = 0; i < 500; i++) {
		CHECK_OK(iter_seek(it, m.e[random_below(&r, m.n)].key));
		CHECK(it->valid);
	}
	CHECK_EQ(k.stats.inflated, 500);
	CHECK_EQ(memenv_reads(k.env), reads + 500);
	iter_free(it);
	tkit_release(&k);
	model_free(&m);
}

/* Leaves that are inflated one after the other are read in large pieces, by an
 * iterator of a user as by a merge. */
TEST("a walk reads ahead: many leaves with one read")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct iter *it;
	struct tkit k;
	uint64_t reads, leaves;

	model_fill(&m, MODEL_DECIMAL, 20000, 100, &r);
	tkit_init(&k, LSM_CODEC_ZLIB);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(table_iter_new(k.table, 0, &it));
	reads = memenv_reads(k.env);
	k.stats.inflated = 0;
	CHECK_OK(iter_first(it));
	while (it->valid)
		CHECK_OK(iter_next(it));
	leaves = k.stats.inflated;
	CHECK(leaves > 40);
	CHECK(8 * (memenv_reads(k.env) - reads) < leaves);
	iter_free(it);
	tkit_release(&k);
	model_free(&m);
}

TEST("strict reads verify every time, so later damage is seen")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;

	model_fill(&m, MODEL_DECIMAL, 500, 100, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	k.source.reads = LSM_READS_STRICT;
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(tkit_check_gets(&k, &m));
	tkit_file(&k)->p[4096 + 200] ^= 1;
	CHECK_CODE(tkit_check_gets(&k, &m), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "000013.sst: offset 4096: block LSBD: wrong checksum");
	tkit_release(&k);
	model_free(&m);
}

TEST("leaves that compress badly are stored as they are")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;
	uint8_t noise[400];

	for (int i = 0; i < 50; i++) {
		for (size_t j = 0; j < sizeof noise; j++)
			noise[j] = (uint8_t)random_next(&r);
		model_add(&m, KIND_PUT, 1, bytes(noise, 8),
		    bytes(noise, sizeof noise));
	}
	model_sort(&m);
	tkit_init(&k, LSM_CODEC_ZLIB);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(tkit_check_gets(&k, &m));
	CHECK_EQ(k.stats.inflated, 0);
	tkit_release(&k);
	model_free(&m);
}

TEST("keys that do not ascend are the caller's bug")
{
	struct table_builder *b;
	struct entry e = { text("b"), text("v"), 1, KIND_PUT };
	struct tkit k;

	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(table_builder_new(&k.opt, &b));
	CHECK_OK(table_builder_add(b, &e));
	CHECK_CODE(table_builder_add(b, &e), LSM_BUG);
	e.key = text("a");
	CHECK_CODE(table_builder_add(b, &e), LSM_BUG);
	table_builder_free(b);
	CHECK(memenv_file(k.env, k.name) == NULL);
	tkit_release(&k);
}

TEST("the footer tells what the table is")
{
	static const uint64_t inputs[] = { 7, 300, 1 };
	const struct table_footer *f;
	struct model m = { 0 };
	struct tkit k;

	model_add(&m, KIND_PUT, 40, text("a"), text("xyz"));
	model_add(&m, KIND_DELETE, 20, text("b"), bytes(NULL, 0));
	model_add(&m, KIND_PUT, 30, text("c"), text("u"));
	tkit_init(&k, LSM_CODEC_ZLIB);
	k.opt.level = 3;
	k.opt.run = 9;
	k.opt.edit = 11;
	k.opt.inputs = inputs;
	k.opt.inputs_count = 3;
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	f = table_footer(k.table);
	CHECK_EQ(f->id.number, 13);
	CHECK_EQ(f->size, k.meta.size);
	CHECK_EQ(f->codec, LSM_CODEC_ZLIB);
	CHECK_EQ(f->entries, 3);
	CHECK_EQ(f->deletes, 1);
	CHECK_EQ(f->leaves, 1);
	CHECK_EQ(f->data, 7);
	CHECK_EQ(f->sequence_min, 20);
	CHECK_EQ(f->sequence_max, 40);
	CHECK_EQ(f->level, 3);
	CHECK_EQ(f->run, 9);
	CHECK_EQ(f->edit, 11);
	CHECK_EQ(f->sum, k.meta.sum);
	CHECK_BYTES(f->smallest, "a");
	CHECK_BYTES(f->largest, "c");
	CHECK_EQ(f->inputs_count, 3);
	CHECK_BYTES(f->inputs, "\x07\xac\x02\x01");
	tkit_release(&k);
	model_free(&m);
}

/* The file is written with 0; readers see what the manifest names. */
static void
check_ingested(int codec)
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;

	model_fill(&m, MODEL_RANDOM, 3000, 300, &r);
	model_sort(&m);
	for (size_t i = 0; i < m.n; i++)
		m.e[i].sequence = 0;
	tkit_init(&k, codec);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_EQ(k.meta.sequence_max, 0);
	k.meta.sequence_min = k.meta.sequence_max = UINT64_C(1) << 40;
	for (size_t i = 0; i < m.n; i++)
		m.e[i].sequence = UINT64_C(1) << 40;
	CHECK_OK(tkit_open(&k));
	CHECK_OK(tkit_check_gets(&k, &m));
	CHECK_OK(tkit_check_walks(&k, &m, 0));
	CHECK_OK(tkit_check_walks(&k, &m, TABLE_SCAN));
	CHECK_OK(tkit_check_seeks(&k, &m, 0));
	CHECK_OK(table_verify(k.table));
	tkit_release(&k);
	model_free(&m);
}

TEST_SOLO("a table written without sequences has the one of the manifest")
{
	check_ingested(LSM_CODEC_NONE);
	check_ingested(LSM_CODEC_ZLIB);
}

static void
meta_refused(struct tkit *k, struct table_meta meta)
{
	struct table *t;

	CHECK_CODE(table_open(&k->source, &meta, &t), LSM_CORRUPT);
	CHECK(t == NULL);
}

TEST("a table that is not the one the manifest means is refused")
{
	struct model m = { 0 };
	struct table_meta meta;
	struct tkit k;

	model_add(&m, KIND_PUT, 4, text("a"), text("b"));
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	meta = k.meta, meta.size += 4096, meta_refused(&k, meta);
	meta = k.meta, meta.size -= 4096, meta_refused(&k, meta);
	meta = k.meta, meta.sum ^= 1, meta_refused(&k, meta);
	meta = k.meta, meta.entries++, meta_refused(&k, meta);
	meta = k.meta, meta.deletes++, meta_refused(&k, meta);
	meta = k.meta, meta.data++, meta_refused(&k, meta);
	meta = k.meta, meta.sequence_max++, meta_refused(&k, meta);
	meta = k.meta, meta.largest = text("c"), meta_refused(&k, meta);
	meta = k.meta, meta.branch[3] ^= 1, meta_refused(&k, meta);
	k.source.database[5] ^= 1;
	meta_refused(&k, k.meta);
	k.source.database[5] ^= 1;
	memenv_put(k.env, "000014.sst", buffer_bytes(tkit_file(&k)));
	meta = k.meta, meta.number = 14, meta_refused(&k, meta);
	meta.number = 15, meta_refused(&k, meta);
	CHECK_STR(lsm_message(), "000015.sst: the table is missing"
	    FILES_MADE_WHOLE);
	tkit_release(&k);
	model_free(&m);
}

TEST("all entries of a table written without sequences have one")
{
	struct model m = { 0 };
	struct tkit k;

	model_add(&m, KIND_PUT, 0, text("a"), text("b"));
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	k.meta.sequence_max = 5;
	meta_refused(&k, k.meta);
	k.meta.sequence_min = 5;
	CHECK_OK(tkit_open(&k));
	tkit_release(&k);
	model_free(&m);
}

TEST("a meta is copied with its keys")
{
	struct table_meta from = { .number = 3, .smallest = text("a"),
		.largest = text("") }, to;

	CHECK_OK(table_meta_copy(&to, &from));
	CHECK_EQ(to.number, 3);
	CHECK_BYTES(to.smallest, "a");
	CHECK_BYTES(to.largest, "");
	table_meta_release(&to);
	table_meta_release(&to);
}
