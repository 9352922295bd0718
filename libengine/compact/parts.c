/*
 * parts.c - where a flush to level 0 is cut, so that it is merged in parts.
 *
 * Parts are divided in two when there is twice as much, where a table ends in
 * the level below, if one does in the middle, else at the middle key of the
 * flush. Cuts that there are stay what they are: a table that reaches over the
 * cut of another makes one part of two. They are chosen anew when level 0 is
 * empty, or when one part has become much larger than the others.
 */
#include "compact/parts.h"

#include "base/alloc.h"
#include "base/status.h"

enum {
	FLUSH_TABLES = 4,	/* a flush of a table's size makes so many
				 * parts at most, */
	PART_TABLES = 2,	/* and a part has so many tables' bytes */
	SKEWED = 3		/* times the average */
};

/* A part, or all: keys above `from`, if that is not NULL, up to `to`, if that
 * is not. */
struct span {
	const struct bytes *from, *to;
};

void
parts_release(struct parts *p)
{
	mem_free(p->room);
	*p = (struct parts){ 0 };
}

static bool
within(const struct span *s, struct bytes key)
{
	return (s->from == NULL || bytes_compare(*s->from, key) < 0) &&
	    (s->to == NULL || bytes_compare(key, *s->to) <= 0);
}

static struct span
part_of(const struct parts *p, size_t i)
{
	return (struct span){ i > 0 ? &p->walls[i - 1] : NULL,
		i < p->count ? &p->walls[i] : NULL };
}

/* Of the tables that end there. */
static uint64_t
span_bytes(const struct level *l, const struct span *s)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < l->count; i++)
		for (size_t j = 0; j < l->runs[i].count; j++) {
			const struct table_meta *m =
			    &l->runs[i].tables[j]->meta;

			if (within(s, m->largest))
				bytes += m->size;
		}
	return bytes;
}

/* Where a table ends in the middle of the span, more or less. */
static bool
middle_table(const struct level *l, const struct span *s, struct bytes *key)
{
	uint64_t all = span_bytes(l, s), left = 0;
	const struct run *run = l->count > 0 ? &l->runs[l->count - 1] : NULL;

	for (size_t i = 0; run != NULL && i < run->count; i++) {
		const struct table_meta *m = &run->tables[i]->meta;

		if (!within(s, m->largest))
			continue;
		left += m->size;
		*key = m->largest;
		if (left >= all / 2)
			return left <= all / 4 * 3;
	}
	return false;
}

static bool
middle_key(const struct parts_of *of, const struct span *s, struct bytes *key)
{
	size_t first = 0, n = 0;

	while (first < of->keys_count && !within(s, of->keys[first]))
		first++;
	while (first + n < of->keys_count && within(s, of->keys[first + n]))
		n++;
	if (n > 0)
		*key = of->keys[first + n / 2];
	return n > 0;
}

/* Each key has a place of its own in the room; *i goes past it. */
static void
wall_add(struct parts *p, size_t *i, struct bytes key)
{
	uint8_t *room = p->room + p->count * (size_t)LSM_KEY_MAX;

	if (key.n)
		memcpy(room, key.p, key.n);
	memmove(&p->walls[*i + 1], &p->walls[*i],
	    (p->count - *i) * sizeof *p->walls);
	p->walls[(*i)++] = bytes(room, key.n);
	p->count++;
}

/* Each part in two, where it has a middle. */
static void
divide(struct parts *p, const struct level *below, const struct parts_of *of)
{
	for (size_t i = 0; i <= p->count && p->count < PARTS_MAX - 1; i++) {
		struct span s = part_of(p, i);
		struct bytes key;

		if ((middle_table(below, &s, &key) ||
		    middle_key(of, &s, &key)) &&
		    (s.to == NULL || bytes_compare(key, *s.to) < 0))
			wall_add(p, &i, key);
	}
}

/* A power of two, as each part is divided. */
static size_t
parts_count(const struct shape_options *o, uint64_t flush, uint64_t bytes)
{
	uint64_t least = o->table_size / FLUSH_TABLES;
	size_t n = 1;

	if (least < o->part_least)
		least = o->part_least;
	while (n < PARTS_MAX && flush / (2 * n) >= least &&
	    bytes / (2 * n) >= PART_TABLES * o->table_size)
		n *= 2;
	return n;
}

/* A level that is as large as the parts are to be, most of it in one. */
static bool
skewed(const struct parts *p, const struct shape_options *o,
    const struct level *below)
{
	if (p->count == 0 ||
	    parts_count(o, UINT64_MAX, below->bytes) <= p->count)
		return false;
	for (size_t i = 0; i <= p->count; i++) {
		struct span s = part_of(p, i);

		if (span_bytes(below, &s) / SKEWED >
		    below->bytes / (p->count + 1))
			return true;
	}
	return false;
}

int
parts_plan(struct parts *p, const struct version *v, const struct shape *s,
    const struct parts_of *of, size_t *walls)
{
	int to = shape_destination(s, v, 0);
	const struct level *below = &v->levels[to];
	size_t room = (PARTS_MAX - 1) * (size_t)LSM_KEY_MAX, n;

	*walls = 0;
	n = shape_tier(s, to) ? 1 : parts_count(s->options, of->bytes,
	    v->levels[0].bytes + below->bytes);
	if (p->room == NULL && n > 1 && (p->room = mem_alloc(room)) == NULL)
		return mem_exhausted(room);
	if (v->levels[0].count == 0 || shape_tier(s, to) ||
	    skewed(p, s->options, below))
		p->count = 0;
	for (size_t parts = 1; parts < n; parts *= 2)
		if (p->count + 1 <= parts)
			divide(p, below, of);
	if (of->bytes / (p->count + 1) >= s->options->part_least)
		*walls = p->count;
	return LSM_OK;
}
