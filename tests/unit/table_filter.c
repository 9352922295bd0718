/*
 * Filters of tables: asked on the way to a key, or alone.
 */
#include <stdio.h>

#include "base/checksum.h"
#include "base/tally.h"
#include "support/test.h"
#include "support/tkit.h"

static uint64_t
counted(const struct tkit *k, unsigned field)
{
	return tally_sum(k->stats.gets, field);
}

/* Of all keys, so many may be there for all that the filter knows. */
static unsigned
filters_pass(struct tkit *k, const struct model *m)
{
	unsigned n = 0;
	bool passes;

	for (size_t i = 0; i < m->n; i++) {
		CHECK_OK(table_filter_passes(k->table, hash64(m->e[i].key),
		    &passes));
		n += passes;
	}
	return n;
}

TEST("a table without a filter answers all the same")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;

	model_fill(&m, MODEL_PATHS, 300, 50, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	k.opt.filter_bits = 0;
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(tkit_check_gets(&k, &m));
	CHECK_EQ(counted(&k, TABLE_USEFUL) + counted(&k, TABLE_PASSED), 0);
	CHECK_EQ(filters_pass(&k, &m), 0);
	tkit_release(&k);
	model_free(&m);
}

TEST("the filter spares most reads of absent keys")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;

	model_fill(&m, MODEL_DECIMAL, 20000, 10, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	for (uint64_t i = 0; i < 20000; i++) {
		uint64_t sequence;
		enum kind kind;
		char key[32];

		snprintf(key, sizeof key, "absent%u", (unsigned)i);
		CHECK_CODE(table_get(k.table, text(key), hash64(text(key)),
		    &kind, &sequence, NULL), LSM_NOTFOUND);
	}
	CHECK_EQ(counted(&k, TABLE_USEFUL) + counted(&k, TABLE_PASSED),
	    20000);
	CHECK(counted(&k, TABLE_FALSE) <= 20000 * 11 / 1000);
	CHECK_EQ(counted(&k, TABLE_FALSE) + counted(&k, TABLE_USEFUL), 20000);
	tkit_release(&k);
	model_free(&m);
}

TEST("a filter that is asked alone is not counted")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;
	unsigned wrong = 0;
	char key[32];

	model_fill(&m, MODEL_DECIMAL, 2000, 10, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	CHECK_OK(tkit_open(&k));
	CHECK_EQ(filters_pass(&k, &m), m.n);
	for (unsigned i = 0; i < 2000; i++) {
		bool passes;

		snprintf(key, sizeof key, "absent%u", i);
		CHECK_OK(table_filter_passes(k.table, hash64(text(key)),
		    &passes));
		wrong += passes;
	}
	CHECK(wrong <= 2000 * 2 / 100);
	CHECK_EQ(counted(&k, TABLE_USEFUL) + counted(&k, TABLE_PASSED), 0);
	tkit_release(&k);
	model_free(&m);
}
