/*
 * compact_range.c - flushes and merges of range deletes.
 */
#include "compact/compact.h"

#include "base/alloc.h"
#include "base/random.h"
#include "compact/walls.h"
#include "support/ckit.h"
#include "support/scale.h"
#include "support/test.h"
#include "support/tree.h"
#include "table/footer.h"

TEST("a flush drops what its range deletes cover, and keeps them")
{
	struct compact_job *job;
	struct compact_options o;
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 100);
	ckit_delete_range(&k, 20, 60);
	ckit_put(&k, 30);
	o = ckit_options(&k, 0, 1);
	CHECK_OK(compact_flush_new(&o, k.mem, &job));
	CHECK_OK(ckit_run(&k, job, &s));
	CHECK_EQ(s.entries_in, 101);
	CHECK_EQ(s.entries_out, 61);
	CHECK_EQ(s.shadowed, 1);
	CHECK_EQ(s.covered, 39);
	CHECK_EQ(s.ranges_out, 1);
	CHECK_EQ(k.version->list[0]->meta.ranges, 1);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("a flush of range deletes alone makes a table without leaves")
{
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 100);
	ckit_flush(&k, 1);
	ckit_delete_range(&k, 10, 20);
	ckit_delete_range(&k, 15, 30);
	ckit_flush(&k, 0);
	CHECK_EQ(k.version->list[0]->meta.entries, 0);
	CHECK_EQ(k.version->list[0]->meta.ranges, 2);
	CHECK_BYTES(k.version->list[0]->meta.smallest, "key-00010");
	CHECK_BYTES(k.version->list[0]->meta.largest, "key-00030");
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("a merge applies range deletes and drops them where nothing is older")
{
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 100);
	ckit_flush(&k, 1);
	ckit_delete_range(&k, 50, 200);
	ckit_put(&k, 60);
	ckit_flush(&k, 0);
	ckit_merge(&k, 7, true, &s);
	CHECK_EQ(s.entries_out, 51);
	CHECK_EQ(s.covered, 49);	/* a put shadowed the other one */
	CHECK_EQ(s.ranges_dropped, 1);
	CHECK_EQ(s.ranges_out, 0);
	CHECK_EQ(k.version->list[0]->meta.ranges, 0);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("when a range delete takes everything no table is left")
{
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 0, 50);
	ckit_flush(&k, 1);
	ckit_delete_range(&k, 0, 50);
	ckit_flush(&k, 0);
	ckit_merge(&k, 7, true, &s);
	CHECK_EQ(s.covered, 50);
	CHECK_EQ(k.version->tables, 0);
	CHECK_EQ(ckit_files(&k), 0);
	ckit_release(&k);
}

/* Merge all but the tables of the deepest run. */
static void
merge_upper(struct ckit *k, int level, struct compact_stats *s)
{
	struct compact_options o = ckit_options(k, level, k->run++);
	const struct version *v = k->version;
	struct compact_job *job;

	o.drop_deletes = true;
	CHECK_OK(compact_merge_new(&o, k->version, v->list, v->tables -
	    v->run_list[v->runs - 1].count, &job));
	CHECK_OK(ckit_run(k, job, s));
}

TEST("a range delete stays while anything older lies in its span")
{
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	ckit_fill(&k, 300, 400);
	ckit_flush(&k, 6);
	ckit_fill(&k, 0, 100);
	ckit_flush(&k, 1);
	ckit_delete_range(&k, 50, 80);
	ckit_delete_range(&k, 90, 301);
	ckit_delete_range(&k, 400, 500);
	ckit_flush(&k, 0);
	merge_upper(&k, 2, &s);
	CHECK_EQ(s.ranges_out, 1);
	CHECK_EQ(s.ranges_dropped, 2);
	CHECK_EQ(s.covered, 40);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

/* Tables of a run must not meet, bounds included; version_apply would refuse,
 * but here it is also about what divides them. */
static void
check_cuts(const struct ckit *k)
{
	const struct run *run = k->version->run_list;

	CHECK_EQ(k->version->runs, 1);
	for (size_t i = 1; i < run->count; i++)
		CHECK(bytes_compare(run->tables[i - 1]->meta.largest,
		    run->tables[i]->meta.smallest) < 0);
}

TEST("a range delete is divided where tables are cut, and put together again")
{
	struct compact_stats s;
	struct ckit k;

	ckit_init(&k);
	k.table_size = 16 << 10;
	ckit_fill(&k, 0, 500);
	ckit_flush(&k, 7);
	ckit_delete_range(&k, 10, 900);
	for (size_t i = 0; i < 500; i += 2)
		ckit_put(&k, i);
	ckit_flush(&k, 0);
	CHECK(k.version->run_list[0].count > 3);
	CHECK(k.version->run_list[0].covering > 3);
	CHECK_EQ(ckit_check(&k), 0);
	k.table_size = 1 << 20;
	merge_upper(&k, 1, &s);
	CHECK_EQ(s.ranges_out, 1);
	CHECK_EQ(k.version->run_list[0].count, 1);
	CHECK_EQ(k.version->list[0]->meta.ranges, 1);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

/* Merge all but the last run, cut for it: so many tables are one's share. */
static void
merge_fenced(struct ckit *k, int level, uint64_t tables)
{
	struct compact_options o = ckit_options(k, level, k->run++);
	const struct version *v = k->version;
	const struct run *below = &v->run_list[v->runs - 1];
	struct compact_job *job;

	o.drop_deletes = true;
	o.fences = below;
	o.overlap = tables * k->table_size;
	CHECK_OK(compact_merge_new(&o, k->version, v->list, v->tables -
	    below->count, &job));
	CHECK_OK(ckit_run(k, job, NULL));
}

/* No table of the first run overlaps more than this of the last. */
static void
check_overlap(const struct ckit *k, uint64_t most)
{
	const struct version *v = k->version;
	const struct run *below = &v->run_list[v->runs - 1];

	for (size_t i = 0; i < v->run_list[0].count; i++) {
		const struct table_meta *m = &v->run_list[0].tables[i]->meta;
		size_t n = 0;
		uint64_t bytes = 0;

		for (size_t at = run_find(below, m->smallest);
		    at < below->count && bytes_compare(
		    below->tables[at]->meta.smallest, m->largest) <= 0; at++) {
			bytes += below->tables[at]->meta.size;
			n++;
		}
		CHECK(n <= 1 || bytes <= most);
	}
}

TEST("a range delete is divided where it would overlap too much below")
{
	struct ckit k;
	size_t tables;

	ckit_init(&k);
	k.table_size = 16 << 10;
	for (size_t i = 0; i < 900; i++)
		ckit_put(&k, i);
	ckit_flush(&k, 7);
	tables = k.version->tables;
	CHECK(tables > 10);
	ckit_delete_range(&k, 5, 895);
	ckit_flush(&k, 0);
	merge_fenced(&k, 5, 3);
	CHECK(k.version->run_list[0].count >= tables / 3);
	CHECK_EQ(k.version->run_list[0].covering,
	    k.version->run_list[0].count);
	check_overlap(&k, 4 * k.table_size);
	CHECK_EQ(ckit_check(&k), 0);
	/* One entry far into it: what is before the entry is divided, too. */
	ckit_put(&k, 700);
	ckit_delete_range(&k, 0, 10);
	ckit_flush(&k, 0);
	merge_fenced(&k, 5, 3);
	check_overlap(&k, 4 * k.table_size);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

/* Merge all but the last run, around its table of this index. */
static void
merge_around(struct ckit *k, size_t damaged)
{
	struct compact_options o = ckit_options(k, 5, k->run++);
	const struct version *v = k->version;
	const struct run *below = &v->run_list[v->runs - 1];
	struct compact_job *job;
	struct walls walls;

	CHECK_OK(walls_init(&walls, v, &below->tables[damaged]->meta.number,
	    1));
	CHECK_EQ(walls.count, 2);
	o.walls = walls.list;
	o.walls_count = walls.count;
	CHECK_OK(compact_merge_new(&o, k->version, v->list, v->tables -
	    below->count, &job));
	CHECK_OK(ckit_run(k, job, NULL));
	walls_release(&walls);
}

/* Returns how many tables there are above the run. */
static size_t
check_around(const struct ckit *k, size_t damaged)
{
	const struct version *v = k->version;
	const struct run *above = &v->run_list[0];
	const struct version_table *d =
	    v->run_list[v->runs - 1].tables[damaged];

	for (size_t i = 0; i < above->count; i++)
		CHECK(!walls_straddled(v, &d->meta.number, 1,
		    above->tables[i]));
	return above->count;
}

TEST("tables are cut around damage, and so are range deletes")
{
	struct ckit k;

	ckit_init(&k);
	k.table_size = 16 << 10;
	for (size_t i = 0; i < 900; i++)
		ckit_put(&k, i);
	ckit_flush(&k, 7);
	CHECK(k.version->tables > 10);
	k.table_size = 1 << 20;
	ckit_fill(&k, 0, 900);
	ckit_flush(&k, 0);
	merge_around(&k, 2);
	CHECK_EQ(check_around(&k, 2), 3);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_delete_range(&k, 5, 895);
	ckit_flush(&k, 0);
	CHECK_EQ(k.version->run_list[0].count, 1);
	merge_around(&k, 2);
	CHECK_EQ(check_around(&k, 2), 3);
	CHECK_EQ(k.version->run_list[0].covering, 3);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("walls stand right before and behind a damaged table")
{
	const uint64_t damaged[] = { 3, 9, 1 };
	struct version *v = tree_of("7: 5[1 a-d, 2 f-k, 3 m-m]");
	struct walls w;

	CHECK_OK(walls_init(&w, v, damaged, 3));
	CHECK_EQ(w.count, 4);
	CHECK(bytes_compare(w.list[0], text("a")) < 0);
	CHECK(bytes_compare(w.list[0], text("`zzz")) > 0);
	CHECK(bytes_equal(w.list[1], text("d")));
	CHECK(bytes_compare(w.list[2], text("lzzz")) > 0);
	CHECK(bytes_equal(w.list[3], text("m")));
	walls_release(&w);
	for (uint64_t n = 1; n <= 2; n++) {
		mem_fail_at(n, false);
		CHECK_CODE(walls_init(&w, v, damaged, 3), LSM_NO_MEMORY);
		CHECK_EQ(w.count, 0);
	}
	version_unref(v);
}

TEST("what is wholly deleted is not read")
{
	struct compact_stats s;
	struct ckit k;
	uint64_t pages;

	ckit_init(&k);
	k.table_size = 16 << 10;
	ckit_fill(&k, 0, 900);
	ckit_flush(&k, 7);
	CHECK(k.version->tables > 10);
	ckit_delete_range(&k, 5, 895);
	ckit_flush(&k, 1);
	ckit_delete_range(&k, 500, 600);
	ckit_put(&k, 550);
	ckit_flush(&k, 0);
	pages = k.stats.pages_read;
	ckit_merge(&k, 7, true, &s);
	CHECK_EQ(s.entries_in, 901);
	CHECK_EQ(s.entries_out, 11);
	CHECK_EQ(s.covered, 890);
	CHECK(k.stats.pages_read - pages < 30);
	CHECK(s.bytes_read < 150 << 10);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

TEST("very many range deletes are cut into tables that do not meet")
{
	static uint8_t keys[4][LSM_KEY_MAX];
	struct ckit k;

	ckit_init(&k);
	k.table_size = 1 << 30;
	memtable_unref(k.mem);
	CHECK_OK(memtable_new(64 << 20, 1, 0, 1, &k.mem));
	for (unsigned i = 0; i < 300; i++) {
		struct range r = { bytes(keys[0], LSM_KEY_MAX),
			bytes(keys[1], LSM_KEY_MAX), ++k.sequence };
		struct range_set *made;

		/* Each begins where the one before ends. */
		memset(keys[0], 'a', LSM_KEY_MAX);
		memset(keys[1], 'a', LSM_KEY_MAX);
		keys[0][0] = (uint8_t)(i >> 8);
		keys[0][1] = (uint8_t)i;
		keys[1][0] = (uint8_t)((i + 1) >> 8);
		keys[1][1] = (uint8_t)(i + 1);
		CHECK_OK(memtable_ranges_new(k.mem, &r, 1, &made));
		memtable_ranges_put(k.mem, made, 1);
	}
	ckit_flush(&k, 0);
	CHECK(k.version->tables > 2);
	check_cuts(&k);
	CHECK_EQ(ckit_check(&k), 0);
	ckit_release(&k);
}

static void
change_random(struct ckit *k, struct random *r)
{
	size_t key = random_below(r, CKIT_KEYS), n;

	switch (random_below(r, 20)) {
	case 0:
		n = 1 + random_below(r, random_below(r, 4) == 0 ? 400 : 5);
		ckit_delete_range(k, key, key + n);
		break;
	case 1:
	case 2:
	case 3:
		ckit_delete(k, key);
		break;
	default:
		ckit_put(k, key);
	}
}

TEST_SOLO("whatever is flushed and merged, what is deleted stays deleted")
{
	struct random r = { test_seed() };
	struct ckit k;

	for (int round = 0; round < 6; round++) {
		ckit_init(&k);
		k.table_size = round % 2 ? 6 << 10 : 64 << 10;
		for (int run = 0; run < 8; run++) {
			for (int i = 0; i < 120; i++)
				change_random(&k, &r);
			ckit_flush(&k, 0);
			(void)ckit_check(&k);
			if (run == 3)
				ckit_merge(&k, 6, false, NULL);
			(void)ckit_check(&k);
		}
		if (round % 3 == 0)
			merge_upper(&k, 3, NULL);
		else
			merge_fenced(&k, 3, 1 + random_below(&r, 3));
		(void)ckit_check(&k);
		ckit_merge(&k, 7, true, NULL);
		CHECK_EQ(ckit_check(&k), 0);
		for (size_t i = 0; i < k.version->tables; i++)
			CHECK_EQ(k.version->list[i]->meta.ranges, 0);
		ckit_release(&k);
	}
}

TEST_SOLO("a merge of range deletes without memory leaves nothing behind")
{
	int rc = LSM_NO_MEMORY;

	for (uint64_t n = 1 + SCALE_FIRST; rc == LSM_NO_MEMORY;
	    n += SCALE_STEP) {
		struct compact_job *job;
		struct ckit k;

		ckit_init(&k);
		k.table_size = 4096;
		ckit_fill(&k, 0, 60);
		ckit_flush(&k, 1);
		ckit_delete_range(&k, 10, 40);
		ckit_flush(&k, 0);
		mem_fail_at(n, false);
		rc = ckit_merge_job(&k, 2, false, &job);
		if (rc == LSM_OK)
			rc = ckit_steps(job);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			ckit_install(&k, job);
		else
			compact_free(job);
		CHECK_EQ(ckit_check(&k), 0);
		ckit_release(&k);
	}
	CHECK_OK(rc);
}
