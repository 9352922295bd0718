#include "compact/pick_covered.h"

#include "base/alloc.h"
#include "support/ckit.h"
#include "support/test.h"

/* Tables of about 16 KiB with the keys from 0 to 899, in level 7. */
static void
kit_init(struct ckit *k)
{
	ckit_init(k);
	k->table_size = 16 << 10;
	for (size_t i = 0; i < 900; i++)
		ckit_put(k, i);
	ckit_flush(k, 7);
	CHECK(k->version->tables > 10);
}

static void
pick(struct ckit *k, const struct pick_options *o, uint64_t *seen,
    struct plan *p)
{
	bool any;

	CHECK_OK(pick_covered(k->version, o, k->tables, seen, &any, p));
	CHECK_EQ(any, p->count > 0);
	CHECK(p->drop);
}

static size_t
covered(struct ckit *k, const struct pick_options *o)
{
	struct plan p;
	uint64_t seen = 0;
	size_t n;

	pick(k, o, &seen, &p);
	n = p.count;
	plan_release(&p);
	return n;
}

static void
drop(struct ckit *k, const struct plan *p)
{
	struct edit e = { .number = ++k->edit };
	struct version *next;

	for (size_t i = 0; i < p->count; i++)
		CHECK_OK(edit_drop_table(&e, p->inputs[i]->meta.number));
	CHECK_OK(version_apply(k->version, &e, NULL, NULL, &next));
	version_retire(k->version, next);
	version_unref(k->version);
	k->version = next;
	edit_release(&e);
}

static const struct pick_options free_way;

TEST("tables that a range delete takes wholly are picked, no others")
{
	uint64_t seen = 0;
	struct plan p;
	struct ckit k;
	size_t tables;

	kit_init(&k);
	tables = k.version->tables;
	CHECK_EQ(covered(&k, &free_way), 0);
	ckit_delete_range(&k, 5, 895);
	ckit_flush(&k, 0);
	pick(&k, &free_way, &seen, &p);
	CHECK_EQ(p.count, tables - 2);
	CHECK_EQ(p.from, 7);
	CHECK_EQ(p.level, 7);
	drop(&k, &p);
	plan_release(&p);
	CHECK_EQ(ckit_check(&k), 0);
	CHECK_EQ(covered(&k, &free_way), 0);
	ckit_release(&k);
}

TEST("one key that is left keeps its table")
{
	struct ckit k;

	ckit_init(&k);
	for (size_t i = 10; i < 20; i++)
		ckit_put(&k, i);
	ckit_flush(&k, 7);
	ckit_delete_range(&k, 11, 30);
	ckit_flush(&k, 1);
	CHECK_EQ(covered(&k, &free_way), 0);
	ckit_delete_range(&k, 0, 10);
	ckit_flush(&k, 1);
	CHECK_EQ(covered(&k, &free_way), 0);
	ckit_delete_range(&k, 10, 11);
	ckit_flush(&k, 0);
	CHECK_EQ(covered(&k, &free_way), 1);
	ckit_release(&k);
}

TEST("a range delete that is older takes nothing")
{
	struct ckit k;

	ckit_init(&k);
	ckit_delete_range(&k, 0, 900);
	ckit_flush(&k, 7);
	for (size_t i = 0; i < 100; i++)
		ckit_put(&k, i);
	ckit_flush(&k, 1);
	CHECK_EQ(covered(&k, &free_way), 0);
	ckit_release(&k);
}

TEST("a range delete takes older range deletes along, and what these took")
{
	struct ckit k;

	kit_init(&k);
	ckit_delete_range(&k, 100, 500);
	ckit_flush(&k, 3);
	ckit_delete_range(&k, 0, 900);
	ckit_flush(&k, 0);
	CHECK_EQ(covered(&k, &free_way), k.version->tables - 1);
	ckit_release(&k);
}

TEST("tables of unfinished work are left until it is over")
{
	struct pick_job job = { .from = 0, .level = 7 };
	struct pick_options o = { .jobs = &job, .jobs_count = 1 };
	uint64_t seen = 0;
	struct plan p;
	struct ckit k;
	size_t tables;

	kit_init(&k);
	tables = k.version->tables;
	ckit_delete_range(&k, 0, 900);
	ckit_flush(&k, 0);
	job.smallest = job.largest = k.version->list[2]->meta.smallest;
	pick(&k, &o, &seen, &p);
	CHECK_EQ(p.count, tables - 1);
	drop(&k, &p);
	plan_release(&p);
	pick(&k, &o, &seen, &p);
	CHECK_EQ(p.count, 0);
	plan_release(&p);
	job.level = 6;
	pick(&k, &o, &seen, &p);
	CHECK_EQ(p.count, 1);
	plan_release(&p);
	ckit_release(&k);
}

TEST("when all is done nothing is read again until a range delete comes")
{
	uint64_t seen = 0, pages;
	struct plan p;
	struct ckit k;

	kit_init(&k);
	ckit_delete_range(&k, 20, 25);
	ckit_flush(&k, 1);
	pick(&k, &free_way, &seen, &p);
	plan_release(&p);
	CHECK_EQ(seen, k.version->list[0]->meta.number);
	ckit_put(&k, 20);
	ckit_flush(&k, 0);
	pages = k.stats.pages_read;
	pick(&k, &free_way, &seen, &p);
	plan_release(&p);
	CHECK_EQ(k.stats.pages_read, pages);
	ckit_delete_range(&k, 0, 900);
	ckit_flush(&k, 0);
	pick(&k, &free_way, &seen, &p);
	CHECK(p.count > 10);
	plan_release(&p);
	ckit_release(&k);
}

TEST("without memory nothing is picked, and it is asked again")
{
	int rc = LSM_NO_MEMORY;
	struct ckit k;

	kit_init(&k);
	ckit_delete_range(&k, 0, 900);
	ckit_flush(&k, 0);
	for (uint64_t n = 1; rc == LSM_NO_MEMORY; n++) {
		uint64_t seen = 0;
		struct plan p;
		bool any;

		mem_fail_at(n, false);
		rc = pick_covered(k.version, &free_way, k.tables, &seen, &any,
		    &p);
		mem_fail_at(0, false);
		CHECK_EQ(any, rc == LSM_OK);
		CHECK_EQ(seen, 0);
		plan_release(&p);
		CHECK(n < 100);
	}
	CHECK_OK(rc);
	ckit_release(&k);
}
