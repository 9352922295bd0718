#include "compact/pick.h"

#include "base/alloc.h"
#include "support/test.h"
#include "support/tree.h"

/* `runs` runs in level 0 over [c, m], newest last; below them, in the last
 * level, one of two tables. */
static struct version *
tall_tree(int runs)
{
	struct edit e = { .number = 1 };

	for (int i = 0; i < runs; i++)
		tree_put(&e, 0, (uint64_t)(10 + i), (uint64_t)(10 + i), "c",
		    "m");
	tree_put(&e, LEVELS_MAX - 1, 2, 1, "a", "d");
	tree_put(&e, LEVELS_MAX - 1, 2, 2, "p", "z");
	return tree_after(NULL, &e);
}

static bool
picks(size_t runs_max, struct version *v)
{
	struct pick_options o = { .runs_max = runs_max };
	struct plan p;
	bool any;

	CHECK_OK(pick_compaction(v, &o, &any, &p));
	plan_release(&p);
	version_unref(v);
	return any;
}

TEST("a merge is due when the runs reach their limit, not before")
{
	CHECK(!picks(4, tall_tree(2)));
	CHECK(picks(4, tall_tree(3)));
	CHECK(picks(4, tall_tree(4)));
}

TEST("one run alone is never merged with itself")
{
	CHECK(!picks(0, tall_tree(0)));
	CHECK(!picks(1, tall_tree(0)));
}

TEST("a plan lists all tables newest run first, into the last level")
{
	struct pick_options o = { .runs_max = 3 };
	struct version *v = tall_tree(2);
	struct plan p;
	bool any;

	CHECK_OK(pick_compaction(v, &o, &any, &p));
	CHECK(any);
	CHECK_EQ(p.count, 4);
	CHECK_EQ(p.inputs[0]->meta.number, 11);
	CHECK_EQ(p.inputs[1]->meta.number, 10);
	CHECK_EQ(p.inputs[2]->meta.number, 1);
	CHECK_EQ(p.inputs[3]->meta.number, 2);
	CHECK_EQ(p.level, LEVELS_MAX - 1);
	CHECK(p.drop_deletes);
	plan_release(&p);
	version_unref(v);
}

static bool
everything(struct version *v)
{
	struct plan p;
	bool any;

	CHECK_OK(pick_everything(v, &any, &p));
	CHECK_EQ(p.count, any ? v->tables : 0);
	plan_release(&p);
	version_unref(v);
	return any;
}

TEST("there is nothing to compact in an empty tree")
{
	struct version *v;

	CHECK_OK(version_new(&v));
	CHECK(!everything(v));
}

TEST("one run of the last level is compact unless it holds deletes")
{
	struct edit e = { .number = 1 };

	CHECK(everything(tall_tree(0)));
	tree_put(&e, LEVELS_MAX - 1, 1, 1, "a", "b");
	e.adds[0].meta.deletes = 0;
	CHECK(!everything(tree_after(NULL, &e)));
	tree_put(&e, LEVELS_MAX - 2, 1, 1, "a", "b");
	e.adds[0].meta.deletes = 0;
	CHECK(everything(tree_after(NULL, &e)));
}

static void
check_flush(struct version *v, const char *smallest, const char *largest,
    int level, uint64_t run)
{
	uint64_t got;

	CHECK_EQ(pick_flush_level(v, text(smallest), text(largest), &got),
	    level);
	CHECK_EQ(got, run);
}

TEST("the first flush makes a run of the last level")
{
	struct version *v;

	CHECK_OK(version_new(&v));
	check_flush(v, "a", "b", LEVELS_MAX - 1, 0);
	version_unref(v);
}

TEST("a flush that overlaps nothing joins the last level's run")
{
	struct version *v = tall_tree(1);

	check_flush(v, "n", "o", LEVELS_MAX - 1, 2);
	check_flush(v, "za", "zb", LEVELS_MAX - 1, 2);
	version_unref(v);
}

TEST("a flush that overlaps level 0 is a new run there")
{
	struct version *v = tall_tree(2);

	check_flush(v, "m", "n", 0, 0);
	check_flush(v, "a", "z", 0, 0);
	version_unref(v);
}

TEST("a flush stays above what it overlaps, in the oldest run that is free")
{
	struct version *v = tall_tree(2);

	check_flush(v, "n", "q", 0, 10);
	check_flush(v, "a", "b", 0, 10);
	version_unref(v);
	v = tall_tree(0);
	check_flush(v, "n", "q", 0, 0);
	version_unref(v);
}

TEST("out of memory while picking gives no plan")
{
	struct pick_options o = { .runs_max = 2 };
	struct version *v = tall_tree(2);
	struct plan p;
	bool any;

	mem_fail_at(1, false);
	CHECK_CODE(pick_compaction(v, &o, &any, &p), LSM_NO_MEMORY);
	CHECK(!any);
	CHECK(p.inputs == NULL);
	version_unref(v);
}
