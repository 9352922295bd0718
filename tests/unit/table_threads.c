/*
 * table_threads.c - a table is shared by threads that touch its pages first.
 */
#include "base/sync.h"
#include "support/test.h"
#include "support/tkit.h"

enum { THREADS = 3 };

struct reader {
	struct tkit *k;
	const struct model *m;
	int rc;
};

static void
reader_run(void *arg)
{
	struct reader *r = arg;

	r->rc = tkit_check_gets(r->k, r->m);
	if (r->rc == LSM_OK)
		r->rc = tkit_check_walks(r->k, r->m, 0);
}

static void
share(int codec, int reads, const struct model *m)
{
	struct reader readers[THREADS];
	struct thread threads[THREADS];
	struct cache *cache;
	struct tkit k;

	tkit_init(&k, codec);
	CHECK_OK(cache_new(20 << 10, &cache));
	k.source.cache = cache;
	k.source.reads = reads;
	CHECK_OK(tkit_build(&k, m));
	CHECK_OK(tkit_open(&k));
	for (int i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){ &k, m, LSM_OK };
		CHECK_OK(thread_start(&threads[i], reader_run, &readers[i]));
	}
	for (int i = 0; i < THREADS; i++)
		thread_join(&threads[i]);
	for (int i = 0; i < THREADS; i++)
		CHECK_OK(readers[i].rc);
	tkit_release(&k);
	cache_free(cache);
}

TEST("threads that read one table get the answers of one thread")
{
	struct random r = { test_seed() };
	struct model m = { 0 };

	model_fill(&m, MODEL_DECIMAL, 500, 100, &r);
	share(LSM_CODEC_NONE, LSM_READS_MAPPED, &m);
	share(LSM_CODEC_NONE, LSM_READS_STRICT, &m);
	share(LSM_CODEC_ZLIB, LSM_READS_MAPPED, &m);
	model_free(&m);
}
