#include "compact/compact.h"

#include "base/alloc.h"
#include "base/random.h"
#include "support/ckit.h"
#include "support/test.h"
#include "support/tree.h"
#include "table/footer.h"

TEST("a flush writes the newest entry of each key, deletes too")
{
	struct compact_job *job;
	struct compact_options o;
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 100);
	for (size_t i = 0; i < 100; i += 2)
		ckit_put(&k, i);
	for (size_t i = 0; i < 100; i += 5)
		ckit_delete(&k, i);
	o = ckit_options(&k, 0, 1);
	CHECK_OK(compact_flush_new(&o, k.mem, &job));
	CHECK_OK(ckit_run(&k, job, &s));
	CHECK_EQ(s.entries_in, 170);
	CHECK_EQ(s.entries_out, 100);
	CHECK_EQ(s.shadowed, 70);
	CHECK_EQ(s.outputs, 1);
	CHECK_EQ(s.bytes_written, k.version->list[0]->meta.size);
	CHECK_EQ(k.version->list[0]->meta.deletes, 20);
	CHECK_EQ(ckit_check(&k), 20);
	ckit_release(&k);
}

TEST("outputs are cut near their size and do not overlap")
{
	struct ckit k;

	ckit_init(&k);
	k.table_size = 16 << 10;
	ckit_fill(&k, 0, 1000);
	ckit_flush(&k, 0);
	CHECK(k.version->tables > 5);
	CHECK_EQ(k.version->runs, 1);
	for (size_t i = 0; i < k.version->tables; i++)
		CHECK(k.version->list[i]->meta.size < 48 << 10);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

/* Three runs: 0 to 299 put, 100 to 199 put again, 150 to 249 deleted. */
static void
three_runs(struct ckit *k)
{
	ckit_init(k);
	for (size_t i = 0; i < 300; i++)
		ckit_put(k, i);
	ckit_flush(k, 7);
	for (size_t i = 100; i < 200; i++)
		ckit_put(k, i);
	ckit_flush(k, 1);
	for (size_t i = 150; i < 250; i++)
		ckit_delete(k, i);
	ckit_flush(k, 0);
}

TEST("of the runs merged, the newest entry wins and deletes stay")
{
	struct compact_stats s;
	struct ckit k;

	three_runs(&k);
	CHECK_EQ(ckit_check(&k), 100);
	ckit_merge(&k, 1, false, &s);
	CHECK_EQ(s.entries_in, 500);
	CHECK_EQ(s.entries_out, 300);
	CHECK_EQ(s.shadowed, 200);
	CHECK_EQ(s.deletes_dropped, 0);
	CHECK_EQ(ckit_check(&k), 100);
	CHECK_STR(tree_text(k.version), "1: 4[103]");
	CHECK_EQ(ckit_files(&k), 1);
	ckit_release(&k);
}

TEST("where nothing older lies below, deletes are dropped")
{
	struct compact_stats s;
	struct ckit k;

	three_runs(&k);
	ckit_merge(&k, 7, true, &s);
	CHECK_EQ(s.deletes_dropped, 100);
	CHECK_EQ(s.entries_out, 200);
	CHECK_EQ(s.entries_in, 500);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("when everything is deleted no table is left")
{
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 50);
	ckit_flush(&k, 1);
	for (size_t i = 0; i < 50; i++)
		ckit_delete(&k, i);
	ckit_flush(&k, 0);
	ckit_merge(&k, 7, true, &s);
	CHECK_EQ(s.outputs, 0);
	CHECK_EQ(k.version->tables, 0);
	CHECK_EQ(ckit_files(&k), 0);
	ckit_release(&k);
}

TEST("a merge goes on in small steps and tells how far it is")
{
	struct compact_stats s, before = { 0 };
	struct compact_job *job;
	bool done = false;
	size_t steps = 0;
	struct ckit k;

	ckit_init(&k);
	for (int run = 0; run < 3; run++) {
		ckit_fill(&k, 0, CKIT_KEYS);
		ckit_flush(&k, 0);
	}
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	for (; !done; steps++) {
		CHECK_OK(compact_step(job, &done));
		compact_stats(job, &s);
		CHECK(s.bytes_read >= before.bytes_read);
		CHECK(s.bytes_read <= compact_input_bytes(job));
		before = s;
	}
	CHECK(steps > 2);
	CHECK_EQ(s.bytes_read, compact_input_bytes(job));
	CHECK_EQ(s.shadowed, 2 * CKIT_KEYS);
	ckit_install(&k, job);
	ckit_check(&k);
	ckit_release(&k);
}

TEST("a job that is given up leaves no file")
{
	struct compact_job *job;
	bool done = false;
	struct ckit k;

	three_runs(&k);
	k.table_size = 8 << 10;
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	compact_free(job);
	CHECK_EQ(ckit_files(&k), 3);
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_OK(compact_step(job, &done));
	CHECK(ckit_files(&k) > 3);
	compact_free(job);
	CHECK_EQ(ckit_files(&k), 3);
	ckit_check(&k);
	ckit_release(&k);
}

TEST("a finished job whose result nobody took leaves no file")
{
	struct compact_job *job;
	bool done = false;
	struct ckit k;

	three_runs(&k);
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	while (!done)
		CHECK_OK(compact_step(job, &done));
	compact_free(job);
	CHECK_EQ(ckit_files(&k), 3);
	ckit_release(&k);
}

TEST("damage in an input stops a merge with its place")
{
	struct compact_job *job;
	const char *name;
	struct ckit k;

	three_runs(&k);
	name = ckit_name(k.version->list[2]);
	CHECK(sim_poke(k.sim, "db", name, 4096 * 3 + 1000, "\xa5", 1));
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_CODE(ckit_run(&k, job, NULL), LSM_CORRUPT);
	CHECK(strstr(lsm_message(), ckit_name(k.version->list[2])) != NULL);
	CHECK_EQ(ckit_files(&k), 3);
	CHECK_EQ(k.version->tables, 3);
	ckit_release(&k);
}

TEST("a newer run that holds an older sequence is damage")
{
	struct memtable *old;
	struct compact_options o;
	struct compact_job *job;
	struct ckit k;

	ckit_init(&k);
	ckit_put(&k, 1);
	ckit_put(&k, 2);
	old = k.mem;
	memtable_ref(old);
	memtable_unref(k.mem);
	CHECK_OK(memtable_new(1 << 20, 1, 2000, 3, &k.mem));
	ckit_put(&k, 2);
	ckit_put(&k, 3);
	ckit_flush(&k, 0);
	o = ckit_options(&k, 0, k.run++);
	CHECK_OK(compact_flush_new(&o, old, &job));
	CHECK_OK(ckit_run(&k, job, NULL));
	memtable_unref(old);
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_CODE(ckit_run(&k, job, NULL), LSM_CORRUPT);
	CHECK_STR(lsm_message(), "000100.sst: key \"key-00002\": sequence 3 "
	    "is not below 2 of a newer run");
	CHECK_EQ(ckit_files(&k), 2);
	ckit_release(&k);
}

TEST("a table that yields fewer entries than it was made with is damage")
{
	struct compact_job *job;
	struct ckit k;

	three_runs(&k);
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	compact_free(job);
	/* The tables are open; their lines in the manifest change. */
	k.version->list[0]->meta.entries++;
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_CODE(ckit_run(&k, job, NULL), LSM_CORRUPT);
	CHECK_EQ(ckit_files(&k), 3);
	ckit_release(&k);
}

/* The numbers in the footer of the only table. */
static void
check_lineage(struct ckit *k, const uint64_t *want, size_t count)
{
	const struct table_footer *f;
	struct table *table;
	struct bytes rest;
	uint64_t number;

	CHECK_OK(table_cache_get(k->tables, &k->version->list[0]->meta,
	    &table));
	f = table_footer(table);
	CHECK_EQ(f->inputs_count, count);
	rest = f->inputs;
	for (size_t i = 0; i < count; i++) {
		CHECK(bytes_take_varint(&rest, &number));
		CHECK_EQ(number, want[i]);
	}
	table_cache_release(k->tables, table);
}

TEST("a table names those it was merged from, and theirs still on disk")
{
	const uint64_t first[] = { 100, 101, 102 };
	const uint64_t pinned[] = { 100, 101, 102, 103 }, alone[] = { 104 };
	struct version *pin;
	struct ckit k;

	three_runs(&k);
	pin = k.version;
	version_ref(pin);
	ckit_merge(&k, 7, true, NULL);
	check_lineage(&k, first, 3);
	ckit_merge(&k, 7, true, NULL);
	check_lineage(&k, pinned, 4);
	version_unref(pin);
	ckit_merge(&k, 7, true, NULL);
	check_lineage(&k, alone, 1);
	ckit_release(&k);
}

TEST("a merge that fails at any call of the door can be done again")
{
	struct compact_job *job;
	int rc = LSM_IO;
	struct ckit k;

	three_runs(&k);
	k.table_size = 16 << 10;
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		sim_fail_at(k.sim, n, LSM_IO, false, n % 2);
		rc = ckit_merge_job(&k, 7, true, &job);
		if (rc == LSM_OK)
			rc = ckit_run(&k, job, NULL);
		sim_fail_at(k.sim, 0, 0, false, false);
		CHECK(rc == LSM_OK || rc == LSM_IO);
		CHECK(rc == LSM_OK || ckit_files(&k) == 3);
		CHECK(n < 500);
	}
	ckit_check(&k);
	ckit_release(&k);
}

TEST("a merge without a fresh number fails and leaves nothing")
{
	struct compact_job *job;
	struct ckit k;

	three_runs(&k);
	k.number_fails = LSM_NO_SPACE;
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_CODE(ckit_run(&k, job, NULL), LSM_NO_SPACE);
	CHECK_EQ(ckit_files(&k), 3);
	ckit_release(&k);
}

TEST("a full disk stops a merge and gets its room back")
{
	struct compact_job *job;
	uint64_t used;
	struct ckit k;

	three_runs(&k);
	used = sim_used(k.sim);
	sim_space(k.sim, used + 20000);
	CHECK_OK(ckit_merge_job(&k, 7, true, &job));
	CHECK_CODE(ckit_run(&k, job, NULL), LSM_NO_SPACE);
	CHECK_EQ(sim_used(k.sim), used);
	sim_space(k.sim, UINT64_MAX);
	ckit_merge(&k, 7, true, NULL);
	ckit_check(&k);
	ckit_release(&k);
}

TEST("out of memory at any point of a merge leaves what was there")
{
	struct compact_job *job;
	int rc = LSM_NO_MEMORY;
	struct ckit k;

	three_runs(&k);
	k.table_size = 16 << 10;
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		bool done = false;

		mem_fail_at(n, false);
		rc = ckit_merge_job(&k, 7, true, &job);
		while (rc == LSM_OK && !done)
			rc = compact_step(job, &done);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		compact_free(job);
		CHECK_EQ(ckit_files(&k), 3);
		CHECK(n < 5000);
	}
	ckit_merge(&k, 7, true, NULL);
	ckit_check(&k);
	ckit_release(&k);
}

TEST("out of memory while a result is taken keeps the job's files its own")
{
	struct compact_job *job;
	int rc = LSM_NO_MEMORY;
	struct ckit k;

	three_runs(&k);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		struct edit e = { 0 };
		bool done = false;

		CHECK_OK(ckit_merge_job(&k, 7, true, &job));
		while (!done)
			CHECK_OK(compact_step(job, &done));
		mem_fail_at(n, false);
		rc = compact_result(job, &e);
		mem_fail_at(0, false);
		edit_release(&e);
		compact_free(job);
		CHECK_EQ(ckit_files(&k), rc == LSM_OK ? 4 : 3);
		CHECK(n < 50);
	}
	ckit_release(&k);
}

/* Some changes, clustered or spread, as seeds have it. */
static void
random_changes(struct ckit *k, struct random *r)
{
	size_t span = 1 + random_below(r, CKIT_KEYS);
	size_t from = random_below(r, CKIT_KEYS - span + 1);
	uint64_t deletes = random_below(r, 100);

	for (uint64_t n = 1 + random_below(r, 300); n > 0; n--) {
		size_t key = from + random_below(r, span);

		if (random_below(r, 100) < deletes)
			ckit_delete(k, key);
		else
			ckit_put(k, key);
	}
}

TEST_SOLO("random flushes and merges keep what a model holds")
{
	struct random r = { test_seed() };
	struct ckit k;

	ckit_init(&k);
	for (int round = 0; round < 60; round++) {
		bool bottom = random_below(&r, 2) == 0;

		random_changes(&k, &r);
		k.table_size = (size_t)8192 << random_below(&r, 5);
		ckit_flush(&k, 0);
		ckit_check(&k);
		if (random_below(&r, 4) != 0)
			continue;
		ckit_merge(&k, bottom ? 7 : 5, bottom, NULL);
		CHECK(ckit_check(&k) == 0 || !bottom);
		CHECK_EQ(ckit_files(&k), k.version->tables);
	}
	ckit_release(&k);
}
