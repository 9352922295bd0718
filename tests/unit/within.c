/*
 * What is walked within a range: all that is in it, and nothing is read that
 * lies wholly outside. So damage there harms nobody.
 */
#include "kv/range.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "support/ckit.h"
#include "support/kit.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/table_impl.h"

/* ---- leaves of a table --------------------------------------------------- */

enum { ENTRIES = 20000, LEAVES_MAX = 4000 };

struct leaves {
	struct model m;
	struct tkit k;
	size_t first[LEAVES_MAX];	/* entry of each leaf, */
	size_t count;			/* and behind the last one */
};

/* A table of three levels that keeps no leaf: each is inflated anew. */
static void
leaves_init(struct leaves *l)
{
	struct random r = { test_seed() };
	const struct page_hold *hold;
	uint64_t at, last = 0;
	struct iter *it;

	*l = (struct leaves){ 0 };
	model_fill(&l->m, MODEL_PATHS, ENTRIES, 100, &r);
	tkit_init(&l->k, LSM_CODEC_ZLIB);
	CHECK_OK(tkit_build(&l->k, &l->m));
	CHECK_OK(tkit_open(&l->k));
	CHECK(table_footer(l->k.table)->height >= 2);
	CHECK_OK(table_iter_new(l->k.table, 0, &it));
	CHECK_OK(iter_first(it));
	for (size_t i = 0; it->valid; i++) {
		if ((at = table_iter_leaf(it, &hold)) != last)
			l->first[l->count++] = i;
		last = at;
		CHECK(l->count < LEAVES_MAX);
		CHECK_OK(iter_next(it));
	}
	iter_free(it);
	l->first[l->count] = l->m.n;
}

static void
leaves_release(struct leaves *l)
{
	tkit_release(&l->k);
	model_free(&l->m);
}

/* From one end of the range to the other: every entry of it is shown. Returns
 * how many leaves were read. */
static uint64_t
leaves_walk(struct leaves *l, const struct range *range, bool backward)
{
	size_t from = model_find(&l->m, range->from);
	size_t n = model_find(&l->m, range->to) - from;
	uint64_t before = l->k.stats.inflated;
	struct iter *it;

	CHECK_OK(table_iter_new(l->k.table, 0, &it));
	table_iter_within(it, range);
	CHECK_OK(backward ? iter_seek_before(it, range->to) :
	    iter_seek(it, range->from));
	for (size_t i = 0; i < n; i++) {
		size_t at = from + (backward ? n - 1 - i : i);

		CHECK(it->valid);
		CHECK(bytes_equal(it->entry.key, l->m.e[at].key));
		CHECK_OK(backward ? iter_prev(it) : iter_next(it));
	}
	while (it->valid)
		CHECK_OK(backward ? iter_prev(it) : iter_next(it));
	iter_free(it);
	return l->k.stats.inflated - before;
}

/* From the first key of a leaf to the last one of another, where the
 * separators leave no doubt. */
TEST("within a range no leaf of a table is read that lies outside")
{
	struct random r = { test_seed() };
	static struct leaves l;

	leaves_init(&l);
	for (int i = 0; i < 100; i++) {
		size_t a = random_below(&r, (uint32_t)l.count - 9);
		size_t b = a + random_below(&r, 9);
		struct range range = { .from = l.m.e[l.first[a]].key,
			.to = l.m.e[l.first[b + 1] - 1].key };

		CHECK_EQ(leaves_walk(&l, &range, false), b - a + 1);
		CHECK_EQ(leaves_walk(&l, &range, true), b - a + 1);
	}
	leaves_release(&l);
}

TEST("within any range of a table all of its entries are shown")
{
	struct random r = { test_seed() };
	static struct leaves l;

	leaves_init(&l);
	for (int i = 0; i < 100; i++) {
		size_t a = random_below(&r, (uint32_t)l.m.n - 200);
		size_t b = a + random_below(&r, 200);
		struct range range = { .from = l.m.e[a].key,
			.to = l.m.e[b].key };

		(void)leaves_walk(&l, &range, false);
		(void)leaves_walk(&l, &range, true);
	}
	leaves_release(&l);
}

/* ---- tables of a run ----------------------------------------------------- */

enum { MIDDLE = 1, STRIDE = 3 };

/* A run of several tables, all damaged but one; none is open. */
static const struct run *
run_hurt(struct ckit *k, bool ranges)
{
	const struct run *run;

	ckit_init(k);
	k->table_size = 16 << 10;
	for (size_t i = 0; i < CKIT_KEYS; i += STRIDE)
		ckit_put(k, i);
	for (size_t i = 1; ranges && i < CKIT_KEYS - 1; i += STRIDE)
		ckit_delete_range(k, i, i + 1);
	ckit_flush(k, 3);
	CHECK_EQ(k->version->runs, 1);
	run = k->version->run_list;
	CHECK(run->count > MIDDLE + 2);
	CHECK_EQ(run->covering, ranges ? run->count : 0);
	for (size_t i = 0; i < run->count; i++)
		if (i != MIDDLE)
			CHECK(sim_poke(k->sim, "db", ckit_name(run->tables[i]),
			    run->tables[i]->meta.size - 64, "damage", 6));
	return run;
}

/* From the table that is sound to the one behind it. */
static struct range
middle(const struct run *run)
{
	return (struct range){ .from = run->tables[MIDDLE]->meta.smallest,
		.to = run->tables[MIDDLE + 1]->meta.smallest };
}

static size_t
walk(struct iter *it, bool backward)
{
	size_t n = 0;

	for (; it->valid; n++)
		CHECK_OK(backward ? iter_prev(it) : iter_next(it));
	return n;
}

TEST("within a range no table of a run is opened that lies outside")
{
	struct range range;
	const struct run *run;
	struct iter *it;
	struct ckit k;
	size_t n;

	run = run_hurt(&k, false);
	range = middle(run);
	n = run->tables[MIDDLE]->meta.entries;
	CHECK_OK(run_iter_new(k.version, run, k.tables, 0, &it));
	CHECK_CODE(iter_first(it), LSM_CORRUPT);
	iter_free(it);
	CHECK_OK(run_iter_new(k.version, run, k.tables, 0, &it));
	run_iter_within(it, &range);
	CHECK_OK(iter_first(it));
	CHECK_EQ(walk(it, false), n);
	CHECK_OK(iter_last(it));
	CHECK_EQ(walk(it, true), n);
	CHECK_EQ(table_cache_open(k.tables), 1);
	iter_free(it);
	ckit_release(&k);
}

/* Of what lies in the range's tables but not in the range nothing is shown by
 * a seek from there. */
TEST("seeks from outside of the range of a run come to its near end")
{
	const struct table_meta *meta;
	const struct run *run;
	struct range range;
	struct iter *it;
	char from[32];
	struct ckit k;

	run = run_hurt(&k, false);
	meta = &run->tables[MIDDLE]->meta;
	memcpy(from, meta->smallest.p, meta->smallest.n);
	from[meta->smallest.n] = 0;
	range = (struct range){ .from = bytes(from, meta->smallest.n + 1),
		.to = meta->largest };
	CHECK_OK(run_iter_new(k.version, run, k.tables, 0, &it));
	run_iter_within(it, &range);
	CHECK_OK(iter_seek(it, text("")));
	CHECK(it->valid && range_has(&range, it->entry.key));
	CHECK_OK(iter_seek(it, range.to));
	CHECK(!it->valid);
	CHECK_OK(iter_seek(it, text("z")));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, text("z")));
	CHECK(it->valid && range_has(&range, it->entry.key));
	CHECK_OK(iter_seek_before(it, range.from));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, text("")));
	CHECK(!it->valid);
	iter_free(it);
	ckit_release(&k);
}

static void
check_nothing(struct ckit *k, const struct range *range)
{
	struct iter *it;

	CHECK_OK(run_iter_new(k->version, k->version->run_list, k->tables, 0,
	    &it));
	run_iter_within(it, range);
	CHECK_OK(iter_first(it));
	CHECK(!it->valid);
	CHECK_OK(iter_last(it));
	CHECK(!it->valid);
	CHECK_OK(iter_seek(it, ckit_key(500)));
	CHECK(!it->valid);
	CHECK_OK(iter_seek_before(it, ckit_key(500)));
	CHECK(!it->valid);
	CHECK_EQ(table_cache_open(k->tables), 0);
	iter_free(it);
}

TEST("a range between two tables, beside all, or upside down opens none")
{
	const struct run *run;
	char gap[32];
	struct ckit k;
	struct bytes largest;

	run = run_hurt(&k, false);
	largest = run->tables[MIDDLE]->meta.largest;
	memcpy(gap, largest.p, largest.n);
	gap[largest.n] = 0;
	check_nothing(&k, &(struct range){ bytes(gap, largest.n + 1),
		run->tables[MIDDLE + 1]->meta.smallest, 0 });
	check_nothing(&k, &(struct range){ text(""), text("a"), 0 });
	check_nothing(&k, &(struct range){ text("x"), bound_end(), 0 });
	check_nothing(&k, &(struct range){
		run->tables[MIDDLE + 1]->meta.largest,
		run->tables[MIDDLE]->meta.smallest, 0 });
	ckit_release(&k);
}

TEST("range deletes of a run that lie outside of a range are not asked")
{
	struct range range;
	const struct run *run;
	struct cover *cover;
	struct ckit k;

	run = run_hurt(&k, true);
	range = middle(run);
	CHECK_OK(run_cover_new(run, k.tables, &cover));
	CHECK_CODE(cover_at(cover, range.to), LSM_CORRUPT);
	run_cover_within(cover, &range);
	CHECK_OK(cover_at(cover, range.to));
	CHECK_EQ(cover->span.sequence, 0);
	CHECK_OK(cover_at(cover, text("")));
	CHECK_EQ(cover->span.sequence, 0);
	CHECK_OK(cover_at(cover, range.from));
	for (int i = 0; i < 3 && cover->span.sequence == 0; i++)
		CHECK_OK(cover_at(cover, cover->span.to));
	CHECK(cover->span.sequence > 0);
	cover_free(cover);
	ckit_release(&k);
}

/* ---- a database ---------------------------------------------------------- */

/* Of its two tables, with keys of 0 and of 1000 on, the one of that key. */
static void
kit_hurt(struct kit *k, const char *first)
{
	kit_init_small(k);
	kit_start(k);
	dbkit_two_places(k->db);
	CHECK(sim_poke(k->sim, "db", dbkit_table_of(k->db, first), 4096 + 100,
	    "damage", 6));
}

static void
check_sound(struct kit *k, const char *from, const char *to, size_t n)
{
	lsm_range range = { .from = lsm_str(from), .to = lsm_str(to) };
	size_t forward = 0, backward = 0;
	lsm_iter *it;

	CHECK_OK(lsm_iter_new(k->db, NULL, &range, &it));
	CHECK_OK(lsm_iter_first(it));
	for (; lsm_iter_valid(it); forward++)
		CHECK_OK(lsm_iter_next(it));
	CHECK_OK(lsm_iter_last(it));
	for (; lsm_iter_valid(it); backward++)
		CHECK_OK(lsm_iter_prev(it));
	CHECK_OK(lsm_iter_seek(it, lsm_str(to)));
	CHECK(!lsm_iter_valid(it));
	CHECK_OK(lsm_iter_seek_for_prev(it, lsm_str("")));
	CHECK(!lsm_iter_valid(it));
	lsm_iter_free(it);
	CHECK_EQ(forward, n);
	CHECK_EQ(backward, n);
}

TEST("a range that ends where damage begins is as sound as it is")
{
	const lsm_range over = { lsm_str("k000050"), lsm_str("k001001") };
	lsm_iter *it;
	struct kit k;

	kit_hurt(&k, "k001000");
	check_sound(&k, "", "k001000", 100);
	check_sound(&k, "k000050", "k000500", 50);
	CHECK_OK(lsm_iter_new(k.db, NULL, &over, &it));
	CHECK_CODE(lsm_iter_last(it), LSM_CORRUPT);
	lsm_iter_free(it);
	kit_close(&k);
	kit_hurt(&k, "k000000");
	check_sound(&k, "k000100", "k0011", 100);
	check_sound(&k, "k001000", "k001050", 50);
	kit_close(&k);
}

static void
level0_see(void *arg, const lsm_file_info *f)
{
	if (f->level == 0)
		snprintf(arg, 64, "%s", f->name);
}

/* The damaged table is alone in its run, above sound ones that have keys on
 * both sides of it. */
TEST("a damaged run beside the range is not asked either")
{
	char name[64] = "";
	struct kit k;

	kit_init_small(&k);
	k.o.l0_trigger = 4;
	kit_start(&k);
	dbkit_fill(k.db, 0, 300, "");
	CHECK_OK(lsm_flush(k.db));
	dbkit_fill(k.db, 100, 200, "new");
	CHECK_OK(lsm_delete_range(k.db, lsm_str("k000120"), lsm_str("k000130"),
	    0));
	CHECK_OK(lsm_flush(k.db));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 2);
	CHECK_OK(lsm_files(k.db, level0_see, name));
	CHECK(sim_poke(k.sim, "db", name, 4096 + 100, "damage", 6));
	check_sound(&k, "", "k000100", 100);
	check_sound(&k, "k000200", "k000300", 100);
	kit_close(&k);
}

struct pair {
	size_t count;			/* of tables in level 0 */
	char second[64];		/* in the order of keys */
	char smallest[64];
	uint64_t size;
};

static void
pair_see(void *arg, const lsm_file_info *f)
{
	struct pair *p = arg;

	if (f->level != 0 || ++p->count != 2)
		return;
	p->size = f->size;
	snprintf(p->second, sizeof p->second, "%s", f->name);
	snprintf(p->smallest, sizeof p->smallest, "%.*s",
	    (int)f->smallest.size, (const char *)f->smallest.data);
}

/* Old entries are shown up to the end of their leaf; range deletes of the
 * newer run must not be looked for there. */
TEST("a damaged table of range deletes beside the range is not asked")
{
	struct pair p = { 0 };
	char from[16], to[16];
	uint64_t n;
	struct kit k;

	kit_init_small(&k);
	k.o.l0_trigger = 4;
	kit_start(&k);
	dbkit_fill(k.db, 0, 3000, "");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	for (unsigned i = 0; i < 3000; i += 2) {
		snprintf(from, sizeof from, "k%06u", i);
		snprintf(to, sizeof to, "k%06u", i + 1);
		CHECK_OK(lsm_delete_range(k.db, lsm_str(from), lsm_str(to),
		    0));
	}
	CHECK_OK(lsm_flush(k.db));
	kit_reopen(&k);
	CHECK_OK(lsm_files(k.db, pair_see, &p));
	CHECK(p.count > 2);
	CHECK(sim_poke(k.sim, "db", p.second, p.size - 64, "damage", 6));
	n = strtoull(p.smallest + 1, NULL, 10);
	CHECK(n % 2 == 0);
	check_sound(&k, "", p.smallest, (size_t)n / 2);
	kit_close(&k);
}
