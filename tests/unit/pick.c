/*
 * What is compacted next, and where a flush goes: trees drawn in the words of
 * tree.h, and the plans for them.
 */
#include "compact/pick.h"

#include <stdio.h>

#include "base/alloc.h"
#include "support/test.h"
#include "support/tree.h"

/* `runs` runs in level 0 over [c, m], newest last; below them, in the last
 * level, one of two tables. */
static struct version *
tall_tree(uint64_t runs)
{
	struct edit e = { .number = 1 };

	for (uint64_t i = 10; i < 10 + runs; i++)
		tree_put(&e, 0, i, i, "c", "m");
	tree_draw(&e, "7: 2[1 a-d, 2 p-z]");
	return tree_after(NULL, &e);
}

static const struct pick_options hybrid = {
	.shape = {
		.compaction = COMPACTION_HYBRID,
		.l0_trigger = 4,
		.flush_size = 8192,
		.ratio = 8,
		.tier_from = 1 << 30,
		.table_size = 8192,
	},
};

/* "11 10 2 > 7" - inputs, and the level they go to; "-" for no plan. */
static const char *
plan_text(struct version *v, const struct pick_options *o)
{
	static char drawn[512];
	struct plan p;
	size_t n = 0;
	bool any;

	CHECK_OK(pick_compaction(v, o, &any, &p));
	if (!any)
		return "-";
	for (size_t i = 0; i < p.count; i++)
		n += (size_t)snprintf(drawn + n, sizeof drawn - n, "%d ",
		    (int)p.inputs[i]->meta.number);
	snprintf(drawn + n, sizeof drawn - n, "%s %d:%d", p.move ? "=>" : ">",
	    p.level, (int)p.run);
	plan_release(&p);
	return drawn;
}

static void
check_plan(struct version *v, const struct pick_options *o, const char *plan)
{
	CHECK_STR(plan_text(v, o), plan);
	version_unref(v);
}

TEST("a merge is due when level 0 has its runs, not before")
{
	check_plan(tall_tree(3), &hybrid, "-");
	check_plan(tall_tree(4), &hybrid, "13 12 11 10 1 > 7:2");
}

TEST("when nobody writes two runs are enough")
{
	struct pick_options o = hybrid;

	o.idle = true;
	check_plan(tall_tree(1), &o, "-");
	check_plan(tall_tree(2), &o, "11 10 1 > 7:2");
}

TEST("one run alone is never merged with itself")
{
	struct pick_options o = hybrid;

	o.shape.l0_trigger = 1;
	check_plan(tall_tree(0), &o, "-");
}

/* `runs` runs in level 0 of two tables each, [c, e] and [k, m], of which the
 * first hide so many entries and the second none; below them ten times as many
 * bytes, and one and a half times as many entries. */
static struct version *
halves_tree(unsigned runs, uint64_t hides)
{
	struct edit e = { .number = 1 };
	struct version *v;

	for (unsigned i = 0; i < runs; i++) {
		tree_put(&e, 0, 20 + i, 20 + i, "c", "e");
		e.adds[e.adds_count - 1].hides = hides;
		tree_put(&e, 0, 20 + i, 40 + i, "k", "m");
	}
	tree_draw(&e, "7: 2[1 a-f, 2 g-z]");
	for (int i = 1; i <= 2; i++) {
		e.adds[e.adds_count - (size_t)i].meta.size *= 10 * runs;
		e.adds[e.adds_count - (size_t)i].meta.entries = 15 * runs;
	}
	v = tree_after(NULL, &e);
	CHECK_EQ(v->levels[0].count, runs);
	return v;
}

static struct pick_options
patient(size_t runs)
{
	struct pick_options o = hybrid;

	o.shape.flush_size = 1 << 20;
	o.shape.l0_patience = runs;
	return o;
}

TEST("level 0 has patience while little comes down for much below")
{
	struct pick_options o = patient(6);

	check_plan(halves_tree(5, 0), &o, "-");
	check_plan(halves_tree(6, 0), &o, "25 24 23 22 21 20 1 > 7:2");
	o.idle = true;
	check_plan(halves_tree(2, 0), &o, "21 20 1 > 7:2");
	o.idle = false;
	o.shape.tree_runs = 8;
	check_plan(halves_tree(6, 10), &o, "-");
}

TEST("of a level 0 that has patience goes what hides two entries of five")
{
	struct pick_options o = patient(20);

	check_plan(halves_tree(4, 10), &o, "23 22 21 20 1 > 7:2");
	check_plan(halves_tree(4, 9), &o, "-");
	check_plan(halves_tree(3, 10), &o, "-");
}

TEST("level 0 waits for the runs of the tree when it is told to")
{
	struct pick_options o = hybrid;

	o.shape.tree_runs = 6;
	check_plan(tall_tree(4), &o, "-");
	check_plan(tall_tree(5), &o, "14 13 12 11 10 1 > 7:2");
}

static struct pick_options
leveled(uint64_t base_size)
{
	struct pick_options o = hybrid;

	o.shape.compaction = COMPACTION_LEVELED;
	o.shape.base_size = base_size;
	return o;
}

static struct pick_options
tiered(unsigned l0_trigger)
{
	struct pick_options o = hybrid;

	o.shape.compaction = COMPACTION_TIERED;
	o.shape.l0_trigger = l0_trigger;
	return o;
}

/* The tables of level 0 that overlap, the newest first, and those of the next
 * level that they overlap; not more. */
TEST("level 0 takes its overlapping tables and those below them")
{
	struct pick_options o = leveled(1 << 20);

	o.shape.l0_trigger = 3;
	check_plan(tree_of("0: 20[20 a-g] 21[21 c-k] 22[22 m-q];"
	    "1: 5[1 a-d, 2 e-h, 3 i-l, 4 m-p, 5 r-z]"), &o,
	    "21 20 1 2 3 > 1:5");
}

/* Level 1 is too large: one table goes, with what it overlaps. */
TEST("a sorted level gives one table and those below it")
{
	struct pick_options o = leveled(2 * 8192);

	check_plan(tree_of("1: 5[1 a-e, 2 f-j, 3 k-p];"
	    "2: 4[11 a-b, 12 c-g, 13 i-i, 14 l-m, 15 r-s]"), &o,
	    "3 14 > 2:4");
}

TEST("tables that meet nothing below are moved, no more than need be")
{
	struct pick_options o = leveled(8192);

	check_plan(tree_of("1: 5[1 b-c, 2 d-e, 3 f-g, 4 h-i]; 2: 4[11 d-e]"),
	    &o, "1 3 4 => 2:4");
}

/* A table of level 1 over 30 of the last level: more than 25 times what it may
 * have itself. */
TEST("a table that overlaps too much below is rewritten, not moved")
{
	struct edit e = { .number = 1 };
	struct pick_options o = hybrid;
	char key[] = "aa";
	struct version *v;
	uint64_t run;

	o.shape.base_size = 4096;
	o.shape.compaction = COMPACTION_LEVELED;
	tree_put(&e, 1, 50, 50, "aa", "bz");
	for (int i = 0; i < 30; i++) {
		key[0] = (char)('a' + i / 26);
		key[1] = (char)('a' + i % 26);
		tree_put(&e, 7, 5, (uint64_t)(1 + i), key, key);
		e.adds[e.adds_count - 1].meta.size = 32 * 8192;
	}
	v = tree_after(NULL, &e);
	CHECK_EQ(pick_flush_level(v, &o, text("c"), text("d"), &run), 7);
	check_plan(v, &o, "50 > 2:0");
	for (int i = 0; i < 30; i++) {
		key[0] = (char)('a' + i / 26);
		key[1] = (char)('a' + i % 26);
		tree_put(&e, 7, 5, (uint64_t)(1 + i), key, key);
		e.adds[e.adds_count - 1].meta.size = 32 * 8192;
	}
	v = tree_after(NULL, &e);
	CHECK_EQ(pick_flush_level(v, &o, text("aa"), text("ad"), &run), 6);
	CHECK_EQ(pick_flush_level(v, &o, text("aa"), text("bd"), &run), 0);
	version_unref(v);
}

TEST("a table of deletes is rewritten where moving would keep them")
{
	struct edit alone = { .number = 1 }, above = { .number = 1 };
	struct pick_options o = leveled(4096);

	tree_draw(&alone, "1: 5[1 a-c]");
	alone.adds[0].meta.deletes = 9;
	check_plan(tree_after(NULL, &alone), &o, "1 > 2:0");
	tree_draw(&above, "1: 5[1 a-c]; 7: 4[2 b-b]");
	above.adds[0].meta.deletes = 9;
	check_plan(tree_after(NULL, &above), &o, "1 => 2:0");
}

TEST("tables that ride along for nothing do")
{
	struct pick_options o = leveled(8192);

	check_plan(tree_of("1: 5[1 b-c, 2 d-e, 3 f-z]; 2: 4[11 a-g, 12 h-z]"),
	    &o, "1 2 11 > 2:4");
}

TEST("no level that holds something is passed over")
{
	static const char drawn[] = "0: 20[20 a-g]; 3: 5[1 x-y]; 7: 4[2 a-z]";
	struct pick_options o = hybrid;

	o.shape.l0_trigger = 1;
	o.shape.base_size = 1 << 20;
	check_plan(tree_of(drawn), &o, "20 => 1:0");
	o.shape.base_size = 0;
	check_plan(tree_of(drawn), &o, "1 2 > 7:4");
}

TEST("a tier's runs become one new run of the next")
{
	struct pick_options o = tiered(4);

	check_plan(tree_of("1: 10[10 c-m] 11[11 c-m] 12[12 c-m] 13[13 c-m];"
	    "2: 3[3 a-z]"), &o, "13 12 11 10 > 2:0");
}

/* Whatever level 0 has: what it gave would come to a tier that is to give. */
TEST("tiers on the way to their stop go first, the deepest before all")
{
	struct pick_job job = { .from = 2, .level = 3, .smallest = text("x"),
		.largest = text("z") };
	struct pick_options o = tiered(1);

	check_plan(tree_of("0: 30[30 c-m] 29[29 c-m] 28[28 c-m];"
	    "1: 15[15 c-m] 14[14 c-m] 13[13 c-m] 12[12 c-m] 11[11 c-m]"),
	    &o, "30 29 28 > 1:0");
	check_plan(tree_of("0: 30[30 c-m] 29[29 c-m] 28[28 c-m];"
	    "1: 15[15 c-m] 14[14 c-m] 13[13 c-m] 12[12 c-m] 11[11 c-m]"
	    " 10[10 c-m]"), &o, "15 14 13 12 11 10 > 2:0");
	/* A merge of what is below is in the way: then nothing is added. */
	o.jobs = &job;
	o.jobs_count = 1;
	job.smallest = text("a");
	check_plan(tree_of("0: 30[30 c-m] 29[29 c-m] 28[28 c-m];"
	    "1: 15[15 c-m] 14[14 c-m] 13[13 c-m] 12[12 c-m] 11[11 c-m]"
	    " 10[10 c-m]"), &o, "-");
	check_plan(tree_of("0: 30[30 c-m] 29[29 c-m] 28[28 c-m];"
	    "1: 15[15 c-m] 14[14 c-m] 13[13 c-m] 12[12 c-m] 11[11 c-m]"),
	    &o, "30 29 28 > 1:0");
}

TEST("what is newer and what is older than an overlap stays together")
{
	struct pick_options o = tiered(2);

	check_plan(tree_of("0: 20[20 m-p] 19[19 k-n] 18[18 a-k] 17[17 a-b]"),
	    &o, "20 19 18 17 > 1:0");
}

TEST("unfinished work keeps others off what it spans")
{
	struct pick_job job = { .level = 7, .smallest = text("m"),
		.largest = text("z") };
	struct pick_options o = hybrid;
	uint64_t run;
	struct version *v;

	o.jobs = &job;
	o.jobs_count = 1;
	check_plan(tall_tree(4), &o, "-");
	job.smallest = text("n");
	check_plan(tall_tree(4), &o, "13 12 11 10 1 > 7:2");
	v = tall_tree(0);
	CHECK_EQ(pick_flush_level(v, &o, text("n"), text("o"), &run), 0);
	CHECK_EQ(pick_flush_level(v, &o, text("e"), text("f"), &run), 7);
	version_unref(v);
}

TEST("what unfinished work takes from a level is gone already")
{
	struct pick_job job = { .from = 1, .level = 2, .smallest = text("b"),
		.largest = text("c"), .taken = 8192 };
	struct edit e = { .number = 1 };
	struct pick_options o = hybrid;

	o.shape.base_size = 16384;
	o.shape.compaction = COMPACTION_LEVELED;
	o.jobs = &job;
	o.jobs_count = 1;
	for (int i = 0; i < 2; i++) {
		tree_put(&e, 1, 5, 1, "b", "c");
		tree_put(&e, 1, 5, 2, "d", "e");
		tree_put(&e, 1, 5, 3, "f", "z");
		check_plan(tree_after(NULL, &e), &o, i == 0 ? "-" :
		    "2 => 2:0");
		job.taken--;
	}
}

TEST("a damaged table is left alone, and what lies above goes beside it")
{
	uint64_t damaged = 1;
	struct pick_options o = hybrid;

	o.avoid = &damaged;
	o.avoid_count = 1;
	check_plan(tall_tree(4), &o, "13 12 11 10 > 7:0");
	damaged = 12;
	check_plan(tall_tree(4), &o, "11 10 1 > 7:2");
}

TEST("what lies above damage is merged to one run, and not with it")
{
	uint64_t damaged = 1;
	struct pick_options o = hybrid;

	o.avoid = &damaged;
	o.avoid_count = 1;
	check_plan(tree_of("7: 5[5 b-c] 4[4 a-d] 2[1 a-d, 2 p-z]"), &o,
	    "5 4 > 7:4");
	check_plan(tree_of("7: 5[5 b-c, 6 q-r] 2[1 a-d, 2 p-z]"), &o,
	    "6 2 > 7:2");
	check_plan(tree_of("7: 5[5 b-c] 2[1 a-d, 2 p-z]"), &o, "-");
	/* What is older than the damage stays as it is. */
	damaged = 5;
	check_plan(tree_of("7: 5[5 b-c] 4[4 a-d] 2[1 a-d]"), &o, "-");
	/* The run above takes what comes; the one below is not asked. */
	damaged = 1;
	o.idle = true;
	check_plan(tree_of("0: 9[9 c-s] 8[8 c-s]; 7: 5[5 b-c] 2[1 a-d, 2 p-z]"),
	    &o, "9 8 5 > 7:5");
}

TEST("a damaged table sinks as it is when nothing older is in its way")
{
	uint64_t damaged = 12;
	struct pick_options o = hybrid;

	o.avoid = &damaged;
	o.avoid_count = 1;
	o.shape.l0_trigger = 1;
	check_plan(tree_of("0: 13[13 c-m] 12[12 c-m]; 7: 2[1 a-d]"), &o,
	    "12 => 7:0");
	check_plan(tree_of("0: 13[13 c-m] 12[12 c-m] 11[11 a-f]; 7: 2[1 a-d]"),
	    &o, "11 1 > 7:2");
}

TEST("a table that reaches over damage is cut there rather than moved")
{
	uint64_t damaged = 1;
	struct pick_options o = hybrid;

	o.avoid = &damaged;
	o.avoid_count = 1;
	o.shape.l0_trigger = 1;
	check_plan(tree_of("0: 9[9 b-k]; 7: 2[1 a-d, 2 p-z]"), &o,
	    "9 > 7:0");
	check_plan(tree_of("0: 9[9 b-d]; 7: 2[1 a-d, 2 p-z]"), &o,
	    "9 => 7:0");
}

static bool
everything(struct version *v)
{
	struct plan p;
	bool any;

	CHECK_OK(pick_everything(v, &hybrid, &any, &p));
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

	CHECK_EQ(pick_flush_level(v, &hybrid, text(smallest), text(largest),
	    &got), level);
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
	struct version *v = tall_tree(4);
	struct plan p;
	bool any;

	for (uint64_t n = 1; n <= 2; n++) {
		mem_fail_at(n, false);
		CHECK_CODE(pick_compaction(v, &hybrid, &any, &p),
		    LSM_NO_MEMORY);
		CHECK(!any);
		CHECK(p.inputs == NULL);
	}
	version_unref(v);
}
