/*
 * tree.c - versions drawn by hand: tables that are bounds only.
 */
#include "support/tree.h"

#include <stdio.h>

#include "support/test.h"

void
tree_put(struct edit *e, int level, uint64_t run, uint64_t number,
    const char *smallest, const char *largest)
{
	struct table_meta m = {
		.number = number,
		.size = 8192,
		.sum = 0x1111111111111111u * (number & 15),
		.entries = 10,
		.deletes = 2,
		.data = 300,
		.sequence_min = 1,
		.sequence_max = 20,
		.smallest = text(smallest),
		.largest = text(largest),
	};

	memset(m.branch, 0xbb, ID_SIZE);
	CHECK_OK(edit_add_table(e, level, run, &m));
}

/* A run as in "5[1 a-d, 2 f-k]"; what is behind it. */
static const char *
run_draw(struct edit *e, int level, const char *p)
{
	int run, number, n;
	char from[16], to[16];

	CHECK(sscanf(p, " %d[%n", &run, &n) == 1);
	do {
		p += n;
		CHECK(sscanf(p, " %d %15[a-z]-%15[a-z]%n", &number, from, to,
		    &n) == 3);
		tree_put(e, level, (uint64_t)run, (uint64_t)number, from, to);
		p += n;
		n = 1;
	} while (*p == ',');
	CHECK(*p == ']');
	return p + 1;
}

void
tree_draw(struct edit *e, const char *drawn)
{
	int level, n;

	for (const char *p = drawn; *p != '\0'; p += *p == ';') {
		CHECK(sscanf(p, " %d:%n", &level, &n) == 1);
		p += n;
		while (*p == ' ')
			p = run_draw(e, level, p);
		CHECK(*p == ';' || *p == '\0');
	}
}

struct version *
tree_after(struct version *before, struct edit *e)
{
	struct version *empty = NULL, *after;

	if (before == NULL) {
		CHECK_OK(version_new(&empty));
		before = empty;
	}
	CHECK_OK(version_apply(before, e, NULL, NULL, &after));
	edit_release(e);
	version_unref(before);
	return after;
}

struct version *
tree_of(const char *drawn)
{
	struct edit e = { .number = 1 };

	tree_draw(&e, drawn);
	return tree_after(NULL, &e);
}

int
tree_refused(const struct version *before, struct edit *e)
{
	struct version *after;
	int rc = version_apply(before, e, NULL, NULL, &after);

	CHECK(after == NULL);
	edit_release(e);
	return rc;
}

static size_t
run_text(const struct run *run, char *to, size_t room)
{
	size_t n = (size_t)snprintf(to, room, " %d[", (int)run->number);

	for (size_t i = 0; i < run->count; i++)
		n += (size_t)snprintf(to + n, room - n, i ? " %d" : "%d",
		    (int)run->tables[i]->meta.number);
	n += (size_t)snprintf(to + n, room - n, "]");
	return n;
}

const char *
tree_text(const struct version *v)
{
	static char drawn[4096];
	size_t n = 0;

	drawn[0] = '\0';
	for (int l = 0; l < LEVELS_MAX; l++) {
		if (v->levels[l].count == 0)
			continue;
		n += (size_t)snprintf(drawn + n, sizeof drawn - n,
		    n ? "; %d:" : "%d:", l);
		for (size_t i = 0; i < v->levels[l].count; i++)
			n += run_text(&v->levels[l].runs[i], drawn + n,
			    sizeof drawn - n);
	}
	return drawn;
}
