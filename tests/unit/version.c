#include "version/version.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/status.h"
#include "support/test.h"
#include "support/tree.h"

static struct version *
small_tree(void)
{
	struct edit e = { .number = 1 };

	tree_put(&e, 0, 5, 12, "k", "p");
	tree_put(&e, 0, 6, 13, "c", "m");
	tree_put(&e, 7, 1, 11, "n", "z");
	tree_put(&e, 7, 1, 10, "a", "m");
	return tree_after(NULL, &e);
}

TEST("levels hold runs newest first, runs hold tables by key")
{
	struct version *v = small_tree();

	CHECK_STR(tree_text(v), "0: 6[13] 5[12]; 7: 1[10 11]");
	CHECK_EQ(v->runs, 3);
	CHECK_EQ(v->tables, 4);
	CHECK_EQ(v->levels[7].bytes, 2 * 8192);
	CHECK_EQ(v->edit, 1);
	version_unref(v);
}

TEST("an edit drops, joins a run and begins one")
{
	struct version *v = small_tree();
	struct edit e = { .number = 2 };

	CHECK_OK(edit_drop_table(&e, 12));
	CHECK_OK(edit_drop_table(&e, 10));
	tree_put(&e, 7, 1, 20, "b", "c");
	tree_put(&e, 7, 2, 21, "b", "c");
	v = tree_after(v, &e);
	CHECK_STR(tree_text(v), "0: 6[13]; 7: 2[21] 1[20 11]");
	version_unref(v);
}

TEST("tables of a run that touch are refused")
{
	struct version *v = small_tree();
	struct edit e = { 0 };

	tree_put(&e, 7, 1, 20, "m", "mm");
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "edit: level 7: run 1: tables 10 and 20 overlap");
	tree_put(&e, 7, 1, 20, "ma", "mz");
	v = tree_after(v, &e);
	CHECK_STR(tree_text(v), "0: 6[13] 5[12]; 7: 1[10 20 11]");
	version_unref(v);
}

TEST("new tables of one run that overlap are refused")
{
	struct version *v = small_tree();
	struct edit e = { 0 };

	tree_put(&e, 1, 9, 20, "a", "c");
	tree_put(&e, 1, 9, 21, "b", "d");
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	version_unref(v);
}

TEST("a drop must name a table, once")
{
	struct version *v = small_tree();
	struct edit e = { 0 };

	CHECK_OK(edit_drop_table(&e, 99));
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	CHECK_OK(edit_drop_table(&e, 10));
	CHECK_OK(edit_drop_table(&e, 10));
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	version_unref(v);
}

TEST("a table number is used once, and moved only as it is")
{
	struct version *v = small_tree();
	struct edit e = { 0 };

	tree_put(&e, 1, 9, 12, "a", "b");
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	CHECK_OK(edit_drop_table(&e, 12));
	tree_put(&e, 1, 9, 12, "a", "b");
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	tree_put(&e, 1, 9, 30, "a", "b");
	tree_put(&e, 1, 10, 30, "a", "b");
	CHECK_CODE(tree_refused(v, &e), LSM_CORRUPT);
	version_unref(v);
}

static int
add_refused(void (*spoil)(struct edit_add *))
{
	struct version *empty;
	struct edit e = { 0 };
	int rc;

	CHECK_OK(version_new(&empty));
	tree_put(&e, 1, 9, 20, "b", "c");
	spoil(&e.adds[0]);
	rc = tree_refused(empty, &e);
	version_unref(empty);
	return rc;
}

static void
spoil_level(struct edit_add *a)
{
	a->level = LEVELS_MAX;
}

static void
spoil_run(struct edit_add *a)
{
	a->run = 0;
}

static void
spoil_number(struct edit_add *a)
{
	a->meta.number = 0;
}

static void
spoil_keys(struct edit_add *a)
{
	a->meta.largest = text("a");
}

static void
spoil_key_size(struct edit_add *a)
{
	a->meta.largest.n = LSM_KEY_MAX + 1;
}

static void
spoil_sequences(struct edit_add *a)
{
	a->meta.sequence_min = a->meta.sequence_max + 1;
}

static void
spoil_deletes(struct edit_add *a)
{
	a->meta.deletes = a->meta.entries + 1;
}

TEST("a table whose bounds make no sense is refused")
{
	void (*const spoils[])(struct edit_add *) = { spoil_level, spoil_run,
		spoil_number, spoil_keys, spoil_sequences, spoil_deletes };

	for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++)
		CHECK_CODE(add_refused(spoils[i]), LSM_CORRUPT);
}

TEST("a key over its limit is refused before anybody reads it")
{
	struct edit_add add = { .level = 1, .run = 1, .meta = { .number = 1,
	    .entries = 1, .smallest = { (const uint8_t *)"a", 1 },
	    .largest = { (const uint8_t *)"b", 1 } } };

	CHECK_OK(edit_check_add(&add));
	spoil_key_size(&add);
	CHECK_CODE(edit_check_add(&add), LSM_CORRUPT);
}

struct funeral {
	uint64_t numbers[8];
	size_t count;
};

static void
bury(void *arg, struct version_table *t)
{
	struct funeral *f = arg;

	f->numbers[f->count++] = t->meta.number;
}

TEST("a dropped table dies with the last version that has it")
{
	struct funeral f = { .count = 0 };
	struct version *empty, *first, *second;
	struct edit e = { 0 }, drop = { 0 };

	CHECK_OK(version_new(&empty));
	tree_put(&e, 0, 1, 7, "a", "b");
	tree_put(&e, 0, 2, 8, "a", "b");
	CHECK_OK(version_apply(empty, &e, bury, &f, &first));
	CHECK_OK(edit_drop_table(&drop, 7));
	CHECK_OK(version_apply(first, &drop, bury, &f, &second));
	version_retire(first, second);
	CHECK_EQ(f.count, 0);
	version_ref(first);
	version_unref(first);
	CHECK_EQ(f.count, 0);
	version_unref(first);
	CHECK_EQ(f.count, 1);
	CHECK_EQ(f.numbers[0], 7);
	version_unref(second);
	CHECK_EQ(f.count, 1);
	version_unref(empty);
	edit_release(&e);
	edit_release(&drop);
}

/* Table 7 from level 0 to 1, then to 2, then dropped. */
static struct version *
moved_twice(struct version *v, struct funeral *f)
{
	for (int level = 1; level <= 3; level++) {
		struct edit e = { 0 };
		struct version *next;

		CHECK_OK(edit_drop_table(&e, 7));
		if (level < 3)
			tree_put(&e, level, 1, 7, "a", "b");
		CHECK_OK(version_apply(v, &e, bury, f, &next));
		version_retire(v, next);
		version_unref(v);
		edit_release(&e);
		v = next;
	}
	return v;
}

TEST("a moved table lives as long as a version has it anywhere")
{
	struct funeral f = { .count = 0 };
	struct version *empty, *first, *last;
	struct edit e = { 0 };

	CHECK_OK(version_new(&empty));
	tree_put(&e, 0, 1, 7, "a", "b");
	CHECK_OK(version_apply(empty, &e, bury, &f, &first));
	version_ref(first);
	last = moved_twice(first, &f);
	CHECK_EQ(f.count, 0);
	version_unref(first);
	CHECK_EQ(f.count, 1);
	CHECK_EQ(f.numbers[0], 7);
	version_unref(last);
	version_unref(empty);
	edit_release(&e);
}

TEST("a moved table that lives on is not buried with its old places")
{
	struct funeral f = { .count = 0 };
	struct version *first, *second;
	struct edit e = { 0 };

	first = small_tree();
	CHECK_OK(edit_drop_table(&e, 13));
	tree_put(&e, 1, 6, 13, "c", "m");
	CHECK_OK(version_apply(first, &e, bury, &f, &second));
	version_retire(first, second);
	version_unref(first);
	CHECK_STR(tree_text(second), "0: 5[12]; 1: 6[13]; 7: 1[10 11]");
	version_unref(second);
	CHECK_EQ(f.count, 0);
	edit_release(&e);
}

TEST("nothing dies when the edit does not become durable")
{
	struct funeral f = { .count = 0 };
	struct version *empty, *first, *second;
	struct edit e = { 0 }, drop = { 0 };

	CHECK_OK(version_new(&empty));
	tree_put(&e, 0, 1, 7, "a", "b");
	CHECK_OK(version_apply(empty, &e, bury, &f, &first));
	CHECK_OK(edit_drop_table(&drop, 7));
	tree_put(&drop, 0, 1, 8, "a", "b");
	CHECK_OK(version_apply(first, &drop, bury, &f, &second));
	version_unref(second);
	version_unref(first);
	version_unref(empty);
	CHECK_EQ(f.count, 0);
	edit_release(&e);
	edit_release(&drop);
}

TEST("a table is found by the largest key")
{
	struct version *v = small_tree();
	const struct run *run = &v->levels[7].runs[0];

	CHECK_EQ(run_find(run, text("")), 0);
	CHECK_EQ(run_find(run, text("m")), 0);
	CHECK_EQ(run_find(run, text("m\x01")), 1);
	CHECK_EQ(run_find(run, text("z")), 1);
	CHECK_EQ(run_find(run, text("za")), 2);
	version_unref(v);
}

TEST("bounds overlap when they share a key")
{
	struct version *v = small_tree();
	const struct run *run = &v->levels[7].runs[0];

	CHECK(run_overlaps(run, text(""), text("a")));
	CHECK(!run_overlaps(run, text(""), text("")));
	CHECK(!run_overlaps(run, text("ma"), text("mz")));
	CHECK(run_overlaps(run, text("ma"), text("n")));
	CHECK(run_overlaps(run, text("m"), text("ma")));
	CHECK(run_overlaps(run, text("z"), text("zz")));
	CHECK(!run_overlaps(run, text("za"), text("zz")));
	version_unref(v);
}

TEST("out of memory while a version is made leaves the one before")
{
	struct version *v = small_tree(), *after;
	struct edit e = { 0 };
	int rc = LSM_NO_MEMORY;

	CHECK_OK(edit_drop_table(&e, 12));
	tree_put(&e, 1, 9, 20, "a", "c");
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = version_apply(v, &e, NULL, NULL, &after);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		CHECK((after != NULL) == (rc == LSM_OK));
		CHECK(n < 100);
	}
	CHECK_STR(tree_text(v), "0: 6[13] 5[12]; 7: 1[10 11]");
	version_unref(after);
	version_unref(v);
	edit_release(&e);
}

/* A model: which table numbers live, and where. */
struct place {
	int level;
	uint64_t run;
	char smallest[8], largest[8];
	bool lives;
};

enum { PLACES = 400 };

static void
random_add(struct random *r, struct edit *e, struct place *places, size_t i)
{
	struct place *p = &places[i];

	p->level = (int)random_below(r, LEVELS_MAX);
	p->run = 1 + random_below(r, 3);
	snprintf(p->smallest, sizeof p->smallest, "%03dc", (int)i);
	snprintf(p->largest, sizeof p->largest, "%03dx", (int)i);
	p->lives = true;
	tree_put(e, p->level, p->run, i + 1, p->smallest, p->largest);
}

static void
model_check(const struct version *v, const struct place *places)
{
	size_t lives = 0, seen = 0;

	for (size_t i = 0; i < PLACES; i++)
		lives += places[i].lives;
	for (int l = 0; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < v->levels[l].count; i++) {
			const struct run *run = &v->levels[l].runs[i];

			CHECK(i == 0 || run->number <
			    v->levels[l].runs[i - 1].number);
			for (size_t j = 0; j < run->count; j++) {
				const struct place *p = &places[
				    run->tables[j]->meta.number - 1];

				CHECK(p->lives && p->level == l &&
				    p->run == run->number);
				CHECK(j == 0 || run->tables[j]->meta.number >
				    run->tables[j - 1]->meta.number);
				seen++;
			}
		}
	CHECK_EQ(seen, lives);
	CHECK_EQ(v->tables, lives);
}

TEST("random edits add up to what a model says")
{
	static struct place places[PLACES];
	struct random r = { test_seed() };
	struct version *v = NULL;
	size_t made = 0;

	memset(places, 0, sizeof places);
	while (made < PLACES) {
		struct edit e = { .number = made + 1 };

		for (size_t i = 0; i < made; i++)
			if (places[i].lives && random_below(&r, 8) == 0) {
				CHECK_OK(edit_drop_table(&e, i + 1));
				places[i].lives = false;
			}
		for (size_t n = random_below(&r, 9); n-- && made < PLACES;)
			random_add(&r, &e, places, made++);
		v = tree_after(v, &e);
		model_check(v, places);
	}
	version_unref(v);
}
