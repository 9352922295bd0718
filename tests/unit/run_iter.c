#include "version/version.h"

#include "base/alloc.h"
#include "base/random.h"
#include "support/ckit.h"
#include "support/test.h"

enum { STRIDE = 3, HELD = 300 };	/* every third key is there */

/* One run of several tables that holds the keys 0, 3, 6, ... 897. */
static const struct run *
run_make(struct ckit *k)
{
	ckit_init(k);
	k->table_size = 16 << 10;
	for (size_t i = 0; i < HELD; i++)
		ckit_put(k, i * STRIDE);
	ckit_flush(k, 3);
	CHECK(k->version->tables > 3);
	CHECK_EQ(k->version->runs, 1);
	return k->version->run_list;
}

static struct iter *
iter_make(struct ckit *k, const struct run *run)
{
	struct iter *it;

	CHECK_OK(run_iter_new(k->version, run, k->tables, 0, &it));
	CHECK(!it->valid);
	return it;
}

/* The iterator stands on the i-th held key; HELD: nowhere. */
static void
check_at(const struct iter *it, size_t i)
{
	CHECK_EQ(it->valid, i < HELD);
	if (it->valid)
		CHECK(bytes_equal(it->entry.key, ckit_key(i * STRIDE)));
}

TEST("a run is walked over its tables in both directions")
{
	struct ckit k;
	struct iter *it = iter_make(&k, run_make(&k));

	CHECK_OK(iter_first(it));
	for (size_t i = 0; i < HELD; i++) {
		check_at(it, i);
		CHECK_EQ(it->entry.sequence, i + 1);
		CHECK_OK(iter_next(it));
	}
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	for (size_t i = HELD; i-- > 0;) {
		check_at(it, i);
		CHECK_OK(iter_prev(it));
	}
	CHECK(!it->valid);
	iter_free(it);
	ckit_release(&k);
}

TEST("every seek into a run lands where it should")
{
	struct ckit k;
	struct iter *it = iter_make(&k, run_make(&k));

	for (size_t key = 0; key < CKIT_KEYS; key++) {
		size_t above = (key + STRIDE - 1) / STRIDE;

		CHECK_OK(iter_seek(it, ckit_key(key)));
		check_at(it, above < HELD ? above : HELD);
		CHECK_OK(iter_seek_before(it, ckit_key(key)));
		check_at(it, above == 0 ? HELD : above < HELD ? above - 1 :
		    HELD - 1);
	}
	CHECK_OK(iter_seek(it, text("")));
	check_at(it, 0);
	CHECK_OK(iter_seek_before(it, text("")));
	check_at(it, HELD);
	CHECK_OK(iter_seek_before(it, text("z")));
	check_at(it, HELD - 1);
	iter_free(it);
	ckit_release(&k);
}

TEST("a walk in a run may turn round anywhere")
{
	struct ckit k;
	struct iter *it = iter_make(&k, run_make(&k));
	struct random r = { test_seed() };
	size_t at = HELD / 2;

	CHECK_OK(iter_seek(it, ckit_key(at * STRIDE)));
	for (int i = 0; i < 3000; i++) {
		bool back = random_below(&r, 2) == 0;

		if (back ? at == 0 : at == HELD - 1)
			continue;
		CHECK_OK(back ? iter_prev(it) : iter_next(it));
		at += back ? (size_t)-1 : 1;
		check_at(it, at);
	}
	iter_free(it);
	ckit_release(&k);
}

TEST("a run is opened table by table, as it is walked")
{
	struct ckit k;
	const struct run *run = run_make(&k);
	struct iter *it = iter_make(&k, run);

	CHECK_EQ(table_cache_open(k.tables), 0);
	CHECK_OK(iter_seek(it, ckit_key(450)));
	CHECK_EQ(table_cache_open(k.tables), 1);
	CHECK_OK(iter_last(it));
	CHECK_EQ(table_cache_open(k.tables), 2);
	iter_free(it);
	ckit_release(&k);
}

TEST("an iterator keeps its version")
{
	struct ckit k;
	struct iter *it = iter_make(&k, run_make(&k));

	ckit_merge(&k, 7, true, NULL);
	CHECK_OK(iter_first(it));
	for (size_t i = 0; i < HELD; i++) {
		check_at(it, i);
		CHECK_OK(iter_next(it));
	}
	iter_free(it);
	CHECK_EQ(ckit_files(&k), k.version->tables);
	ckit_release(&k);
}

TEST("damage in a run ends the walk with its place, and only there")
{
	struct ckit k;
	const struct run *run = run_make(&k);
	struct iter *it = iter_make(&k, run);
	size_t seen = 0;
	int rc;

	CHECK(sim_poke(k.sim, "db", ckit_name(run->tables[1]), 4096 + 100,
	    "x", 1));
	for (rc = iter_first(it); rc == LSM_OK && it->valid; seen++)
		rc = iter_next(it);
	CHECK_CODE(rc, LSM_CORRUPT);
	CHECK(!it->valid);
	CHECK(strstr(lsm_message(), ckit_name(run->tables[1])) != NULL);
	CHECK_EQ(seen, run->tables[0]->meta.entries);
	CHECK_OK(iter_last(it));
	check_at(it, HELD - 1);
	iter_free(it);
	ckit_release(&k);
}

TEST("out of memory at any point of a walk is an error, and can be repeated")
{
	struct ckit k;
	const struct run *run = run_make(&k);
	int rc = LSM_NO_MEMORY;

	for (uint64_t n = 1; rc != LSM_OK; n++) {
		struct iter *it;

		mem_fail_at(n, false);
		rc = run_iter_new(k.version, run, k.tables, 0, &it);
		if (rc == LSM_OK)
			rc = iter_first(it);
		while (rc == LSM_OK && it->valid)
			rc = iter_next(it);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		if (it != NULL)
			CHECK_OK(iter_first(it));
		iter_free(it);
		CHECK(n < 5000);
	}
	ckit_release(&k);
}
