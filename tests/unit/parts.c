/*
 * Where flushes are cut, and that they are cut there again.
 */
#include "compact/parts.h"

#include <stdio.h>

#include "base/alloc.h"
#include "support/test.h"
#include "support/tree.h"

static const struct shape_options options = {
	.compaction = COMPACTION_HYBRID,
	.l0_trigger = 4,
	.flush_size = 1 << 20,
	.part_least = 1024,
	.ratio = 8,
	.tier_from = 1 << 30,
	.table_size = 8192,
};

static const struct bytes letters[] = { { (const uint8_t *)"b", 1 },
	{ (const uint8_t *)"f", 1 }, { (const uint8_t *)"j", 1 },
	{ (const uint8_t *)"n", 1 }, { (const uint8_t *)"r", 1 },
	{ (const uint8_t *)"u", 1 }, { (const uint8_t *)"w", 1 },
	{ (const uint8_t *)"y", 1 } };
enum { LETTERS = sizeof letters / sizeof *letters };

static const struct parts_of large = { 1 << 20, letters, LETTERS };

static void
plan(struct parts *p, const struct shape_options *o, const char *drawn,
    const struct parts_of *of)
{
	struct version *v = tree_of(drawn);
	struct shape s;
	size_t walls;

	shape_of(v, o, &s);
	CHECK_OK(parts_plan(p, v, &s, of, &walls));
	CHECK(walls == p->count || of->bytes / (p->count + 1) < o->part_least);
	CHECK(walls == 0 || of->bytes / (p->count + 1) >= o->part_least);
	version_unref(v);
}

/* "d m": parts end with these keys; "" when there is one. */
static void
check_walls(const struct parts *p, const char *expected)
{
	char drawn[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += (size_t)snprintf(drawn + n, sizeof drawn - n, "%s%.*s",
		    i ? " " : "", (int)p->walls[i].n,
		    (const char *)p->walls[i].p);
	CHECK_STR(drawn, expected);
}

static void
check_plan(const struct shape_options *o, const char *drawn,
    const struct parts_of *of, const char *expected)
{
	struct parts p = { 0 };

	plan(&p, o, drawn, of);
	check_walls(&p, expected);
	parts_release(&p);
}

static const char eight[] = "0: 20[20 a-z]; 7: 4[1 a-b, 2 c-d, 3 e-f, 4 g-h, "
	"5 i-j, 6 k-l, 7 m-n, 8 o-p]";

TEST("parts end where tables of the level below do")
{
	check_plan(&options, eight, &large, "d h l");
}

TEST("parts end at keys of the flush where there is no table to end at")
{
	check_plan(&options, "0: 22[22 a-z] 21[21 a-z] 20[20 a-z]; 7: 4[1 a-z]",
	    &large, "r");
	check_plan(&options, "0: 27[27 a-z] 26[26 a-z] 25[25 a-z] 24[24 a-z] "
	    "23[23 a-z] 22[22 a-z] 21[21 a-z] 20[20 a-z]", &large, "j r w");
}

TEST("a flush is one part where little is to be merged, or little flushed")
{
	struct shape_options o = options;
	struct parts_of small = large;

	check_plan(&options, "", &large, "");
	check_plan(&options, "0: 20[20 a-z]; 7: 4[1 a-f, 2 g-p]", &large, "");
	small.bytes = 4096;
	check_plan(&options, eight, &small, "h");
	small.bytes = 4095;
	check_plan(&options, eight, &small, "");
	o.part_least = 1 << 19;
	check_plan(&o, eight, &large, "h");
	o.part_least++;
	check_plan(&o, eight, &large, "");
}

TEST("a small flush is not cut, and leaves the cuts as they are")
{
	struct parts_of small = large;
	struct parts p = { 0 };

	plan(&p, &options, eight, &large);
	small.bytes = 4095;
	plan(&p, &options, eight, &small);
	check_walls(&p, "d h l");
	parts_release(&p);
}

TEST("what goes to a tier is not cut")
{
	struct shape_options o = options;

	o.compaction = COMPACTION_TIERED;
	check_plan(&o, eight, &large, "");
}

TEST("cuts stay while level 0 has what was cut there, and more come between")
{
	struct parts p = { 0 };

	plan(&p, &options, eight, &large);
	check_walls(&p, "d h l");
	plan(&p, &options, "0: 20[20 a-z]; 7: 4[1 a-c, 2 d-e, 3 f-g, 4 h-i, "
	    "5 j-k, 6 l-m, 7 n-o, 8 p-q]", &large);
	check_walls(&p, "d h l");
	plan(&p, &options, "0: 20[20 a-z]; 7: 4[1 a-b, 2 c-d, 3 e-f, 4 g-h, "
	    "5 i-j, 6 k-l, 7 m-n, 8 o-p, 9 q-q, 10 r-r, 11 s-s, 12 t-t, "
	    "13 u-u, 14 v-v, 15 w-w]", &large);
	check_walls(&p, "b d f h j l s");
	plan(&p, &options, "0: 20[20 a-z]; 7: 4[1 a-c]", &large);
	check_walls(&p, "b d f h j l s");
	parts_release(&p);
}

TEST("cuts are chosen anew when level 0 is empty")
{
	struct parts p = { 0 };

	plan(&p, &options, eight, &large);
	plan(&p, &options, "7: 4[1 a-c, 2 d-e, 3 f-g, 4 h-i]", &large);
	check_walls(&p, "e");
	parts_release(&p);
}

TEST("cuts are chosen anew when one part has become much larger than others")
{
	struct parts p = { 0 };

	plan(&p, &options, eight, &large);
	plan(&p, &options, "0: 20[20 a-z]; 7: 4[1 a-b, 2 ma-mb, 3 mc-md, "
	    "4 me-mf, 5 mg-mh, 6 mi-mj, 7 mk-ml, 8 mm-mn, 9 mo-mp]", &large);
	check_walls(&p, "md mh ml");
	parts_release(&p);
}

TEST("without memory for parts they stay what they were")
{
	struct version *v = tree_of(eight);
	struct parts p = { 0 };
	struct shape s;
	size_t walls;

	shape_of(v, &options, &s);
	mem_fail_at(1, false);
	CHECK_CODE(parts_plan(&p, v, &s, &large, &walls), LSM_NO_MEMORY);
	CHECK_EQ(p.count, 0);
	CHECK_OK(parts_plan(&p, v, &s, &large, &walls));
	CHECK_EQ(p.count, 3);
	parts_release(&p);
	version_unref(v);
}
