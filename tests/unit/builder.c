/*
 * builder.c - many edits gathered make the version that they make one by one.
 */
#include "version/builder.h"

#include <stdio.h>

#include "base/random.h"
#include "support/test.h"
#include "support/tree.h"

enum { EDITS = 60, RUNS = 40 };

static void
random_put(struct edit *e, struct random *r, uint64_t number)
{
	char from[16], to[16];
	unsigned at = (unsigned)random_below(r, 100);

	snprintf(from, sizeof from, "k%03u", at);
	snprintf(to, sizeof to, "k%03u", at + (unsigned)random_below(r, 20));
	tree_put(e, (int)random_below(r, 3), number, number, from, to);
}

/* Adds, and drops or moves some of what is there. */
static void
random_edit(struct edit *e, struct random *r, const struct version *v,
    uint64_t *number)
{
	*e = (struct edit){ .number = v->edit + 1 };
	for (size_t i = 0; i < v->tables; i++) {
		const struct version_table *t = v->list[i];

		if (random_below(r, 8) != 0)
			continue;
		CHECK_OK(edit_drop_table(e, t->meta.number));
		if (random_below(r, 3) == 0)
			CHECK_OK(edit_add_table(e, 3, ++*number, &t->meta));
	}
	for (uint64_t n = random_below(r, 4); n > 0; n--)
		random_put(e, r, ++*number);
}

TEST("edits gathered make the version that they make one by one")
{
	struct random r = { test_seed() };

	for (int run = 0; run < RUNS; run++) {
		struct builder b = { 0 };
		struct version *v, *next, *built;
		uint64_t number = 1;
		struct edit e;

		CHECK_OK(version_new(&v));
		for (int i = 0; i < EDITS; i++) {
			random_edit(&e, &r, v, &number);
			CHECK_OK(version_apply(v, &e, NULL, NULL, &next));
			CHECK_OK(builder_apply(&b, &e));
			version_unref(v);
			v = next;
			edit_release(&e);
		}
		CHECK_OK(builder_finish(&b, v->edit, &built));
		CHECK_STR(tree_text(built), tree_text(v));
		CHECK_EQ(built->runs, v->runs);
		CHECK_EQ(built->edit, v->edit);
		version_unref(built);
		version_unref(v);
		builder_release(&b);
	}
}

static void
refused(void (*spoil)(struct edit *))
{
	struct edit first = { .number = 1 }, e = { .number = 2 };
	struct builder b = { 0 };

	tree_put(&first, 1, 5, 12, "a", "c");
	CHECK_OK(builder_apply(&b, &first));
	spoil(&e);
	CHECK_CODE(builder_apply(&b, &e), LSM_CORRUPT);
	edit_release(&first);
	edit_release(&e);
	builder_release(&b);
}

static void
drop_unknown(struct edit *e)
{
	CHECK_OK(edit_drop_table(e, 99));
}

static void
drop_twice(struct edit *e)
{
	CHECK_OK(edit_drop_table(e, 12));
	CHECK_OK(edit_drop_table(e, 12));
}

static void
add_again(struct edit *e)
{
	tree_put(e, 1, 9, 12, "a", "c");
}

static void
add_twice(struct edit *e)
{
	tree_put(e, 1, 9, 13, "d", "e");
	tree_put(e, 1, 10, 13, "d", "e");
}

static void
move_changed(struct edit *e)
{
	CHECK_OK(edit_drop_table(e, 12));
	tree_put(e, 1, 9, 12, "a", "d");
}

TEST("what one edit alone may not do is refused among many")
{
	refused(drop_unknown);
	refused(drop_twice);
	refused(add_again);
	refused(add_twice);
	refused(move_changed);
}

TEST("runs whose tables touch are refused in the end")
{
	struct edit e = { .number = 1 };
	struct builder b = { 0 };
	struct version *v;

	tree_put(&e, 1, 5, 12, "a", "c");
	tree_put(&e, 1, 5, 13, "c", "d");
	CHECK_OK(builder_apply(&b, &e));
	CHECK_CODE(builder_finish(&b, 1, &v), LSM_CORRUPT);
	CHECK(v == NULL);
	edit_release(&e);
	builder_release(&b);
}
