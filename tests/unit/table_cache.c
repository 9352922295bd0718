/*
 * table_cache.c - tables are open while they are used, and not too many.
 */
#include "table/table_cache.h"

#include "base/alloc.h"
#include "base/checksum.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/footer.h"

enum { TABLES = 6 };

struct fleet {
	struct tkit kit;		/* its door holds all tables */
	struct table_meta metas[TABLES];
	struct table_cache *tables;
};

static void
fleet_init(struct fleet *f, size_t limit, struct cache *leaves)
{
	tkit_init(&f->kit, LSM_CODEC_ZLIB);
	f->kit.source.cache = leaves;
	for (unsigned i = 0; i < TABLES; i++) {
		struct model m = { 0 };
		uint8_t key = (uint8_t)('a' + i);

		model_add(&m, KIND_PUT, 1, bytes(&key, 1), text("value"));
		f->kit.opt.id.number = 20 + i;
		CHECK_OK(tkit_build(&f->kit, &m));
		f->metas[i] = f->kit.meta;
		f->kit.meta = (struct table_meta){ 0 };
		model_free(&m);
	}
	CHECK_OK(table_cache_new(&f->kit.source, limit, &f->tables));
}

static void
fleet_release(struct fleet *f)
{
	table_cache_free(f->tables);
	for (int i = 0; i < TABLES; i++)
		table_meta_release(&f->metas[i]);
	tkit_release(&f->kit);
}

static int
ask(struct fleet *f, unsigned i)
{
	uint8_t key = (uint8_t)('a' + i);
	struct bytes k = bytes(&key, 1);
	uint64_t sequence;
	struct table *t;
	enum kind kind;
	int rc = table_cache_get(f->tables, &f->metas[i], &t);

	if (rc != LSM_OK)
		return rc;
	rc = table_get(t, k, hash64(k), &kind, &sequence, NULL);
	table_cache_release(f->tables, t);
	return rc;
}

TEST("a table is opened once and stays open")
{
	struct fleet f;
	uint64_t reads;

	fleet_init(&f, 10, NULL);
	CHECK_EQ(table_cache_open(f.tables), 0);
	for (int i = 0; i < 10; i++)
		CHECK_OK(ask(&f, 0));
	CHECK_EQ(table_cache_open(f.tables), 1);
	reads = memenv_reads(f.kit.env);
	CHECK_OK(ask(&f, 0));
	CHECK_EQ(memenv_reads(f.kit.env), reads + 1);	/* the leaf */
	fleet_release(&f);
}

TEST("beyond the limit the one not used for longest is closed")
{
	struct table *t, *again;
	struct fleet f;

	fleet_init(&f, 3, NULL);
	for (unsigned i = 0; i < 3; i++)
		CHECK_OK(ask(&f, i));
	CHECK_OK(table_cache_get(f.tables, &f.metas[0], &t));
	table_cache_release(f.tables, t);
	CHECK_OK(ask(&f, 3));
	CHECK_EQ(table_cache_open(f.tables), 3);
	CHECK_OK(table_cache_get(f.tables, &f.metas[0], &again));
	CHECK(again == t);
	table_cache_release(f.tables, again);
	for (unsigned i = 0; i < TABLES; i++)
		CHECK_OK(ask(&f, i));
	CHECK_EQ(table_cache_open(f.tables), 3);
	fleet_release(&f);
}

TEST("pinned tables may exceed the limit and are closed when they are let go")
{
	struct table *t[TABLES];
	struct fleet f;

	fleet_init(&f, 2, NULL);
	for (int i = 0; i < TABLES; i++)
		CHECK_OK(table_cache_get(f.tables, &f.metas[i], &t[i]));
	CHECK_EQ(table_cache_open(f.tables), TABLES);
	for (int i = 0; i < TABLES; i++)
		table_cache_release(f.tables, t[i]);
	CHECK_EQ(table_cache_open(f.tables), 2);
	fleet_release(&f);
}

TEST("a forgotten table is closed, at the latest when it is let go")
{
	struct cache_stats stats;
	struct cache *leaves;
	struct iter *it;
	struct fleet f;

	CHECK_OK(cache_new(1 << 20, &leaves));
	fleet_init(&f, 10, leaves);
	CHECK_OK(ask(&f, 0));
	table_cache_forget(f.tables, 20);
	table_cache_forget(f.tables, 99);
	CHECK_EQ(table_cache_open(f.tables), 0);
	CHECK_OK(table_cache_iter(f.tables, &f.metas[1], 0, &it));
	table_cache_forget(f.tables, 21);
	CHECK_EQ(table_cache_open(f.tables), 1);
	CHECK_OK(iter_first(it));
	CHECK_BYTES(it->entry.key, "b");
	iter_free(it);
	CHECK_EQ(table_cache_open(f.tables), 0);
	cache_stats(leaves, &stats);
	CHECK_EQ(stats.pages, 0);
	fleet_release(&f);
	cache_free(leaves);
}

TEST("a table that cannot be opened is not kept")
{
	struct buffer *file;
	struct iter *it;
	struct fleet f;

	fleet_init(&f, 10, NULL);
	file = memenv_file(f.kit.env, "000022.sst");
	file->p[file->n - 1] ^= 1;
	CHECK_CODE(ask(&f, 2), LSM_CORRUPT);
	CHECK_CODE(table_cache_iter(f.tables, &f.metas[2], 0, &it),
	    LSM_CORRUPT);
	CHECK(it == NULL);
	file->p[file->n - 1] ^= 1;
	CHECK_OK(ask(&f, 2));
	fleet_release(&f);
}

TEST("opening a table may run out of memory at any point")
{
	struct fleet f;
	uint64_t n = 0;
	int rc;

	fleet_init(&f, 10, NULL);
	do {
		struct iter *it;

		mem_fail_at(++n, false);
		rc = table_cache_iter(f.tables, &f.metas[0], 0, &it);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		iter_free(it);
	} while (rc != LSM_OK);
	CHECK(n > 4);
	fleet_release(&f);
}

struct crowd {
	struct fleet *fleet;
	uint64_t seed;
	int rc;
};

static void
crowd_run(void *arg)
{
	struct crowd *crowd = arg;
	struct random r = { crowd->seed };

	for (int i = 0; i < 300 && crowd->rc == LSM_OK; i++)
		crowd->rc = ask(crowd->fleet,
		    (unsigned)random_below(&r, TABLES));
}

TEST("threads share tables that come and go")
{
	struct crowd crowds[3];
	struct thread threads[3];
	struct fleet f;

	fleet_init(&f, 2, NULL);
	for (uint64_t i = 0; i < 3; i++) {
		crowds[i] = (struct crowd){ &f, test_seed() + i, LSM_OK };
		CHECK_OK(thread_start(&threads[i], crowd_run, &crowds[i]));
	}
	for (int i = 0; i < 3; i++)
		thread_join(&threads[i]);
	for (int i = 0; i < 3; i++)
		CHECK_OK(crowds[i].rc);
	CHECK_EQ(table_cache_open(f.tables), 2);
	fleet_release(&f);
}
