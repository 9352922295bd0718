/*
 * range_set.c - the range deletes of a memtable, in sets that never change.
 *
 * All sets are made by merging two, walked side by side. The range deletes of
 * one commit become visible together, so of those only the newest counts.
 */
#include "mem/range_set.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"

/* Two sets, walked side by side. */
struct walk {
	const struct fragment *a, *a_end, *b, *b_end;
	struct bytes at;
};

/* A stretch of keys, and what covers it in each set; not NULL both. */
struct piece {
	struct bytes from, to;
	const struct fragment *a, *b;
};

static struct walk
walk_begin(const struct range_set *a, const struct range_set *b)
{
	return (struct walk){ a->fragments, a->fragments + a->count,
		b->fragments, b->fragments + b->count, bytes("", 0) };
}

static struct bytes
higher(struct bytes a, struct bytes b)
{
	return bytes_compare(a, b) < 0 ? b : a;
}

static struct bytes
lower(struct bytes a, struct bytes b)
{
	return bytes_compare(a, b) < 0 ? a : b;
}

/* Where the fragment begins to matter, and where that changes. */
static struct bytes
begin_of(const struct walk *w, const struct fragment *f)
{
	return f != NULL ? higher(f->from, w->at) : bound_end();
}

static struct bytes
change_of(const struct fragment *f, bool in)
{
	return in ? f->to : f != NULL ? f->from : bound_end();
}

static bool
walk_next(struct walk *w, struct piece *p)
{
	const struct fragment *a = w->a < w->a_end ? w->a : NULL;
	const struct fragment *b = w->b < w->b_end ? w->b : NULL;
	bool in_a, in_b;

	if (a == NULL && b == NULL)
		return false;
	p->from = lower(begin_of(w, a), begin_of(w, b));
	in_a = a != NULL && bytes_compare(a->from, p->from) <= 0;
	in_b = b != NULL && bytes_compare(b->from, p->from) <= 0;
	p->to = lower(change_of(a, in_a), change_of(b, in_b));
	p->a = in_a ? a : NULL;
	p->b = in_b ? b : NULL;
	w->at = p->to;
	w->a += in_a && bytes_compare(a->to, p->to) <= 0;
	w->b += in_b && bytes_compare(b->to, p->to) <= 0;
	return true;
}

/* Room for so many fragments, sequences and bytes of bounds. */
static int
set_alloc(size_t fragments, size_t sequences, size_t bounds,
    struct range_set **out, uint64_t **numbers, uint8_t **keys)
{
	size_t at = sizeof **out + fragments * sizeof(struct fragment);
	size_t size = at + sequences * sizeof(uint64_t) + bounds;
	uint8_t *p = mem_alloc(size);

	*out = (struct range_set *)p;
	*numbers = NULL;
	*keys = NULL;
	if (p == NULL)
		return mem_exhausted(size);
	**out = (struct range_set){ .bytes = size,
		.fragments = (struct fragment *)(*out + 1) };
	*numbers = (uint64_t *)(p + at);
	*keys = p + at + sequences * sizeof(uint64_t);
	return LSM_OK;
}

static void
set_push(struct range_set *s, struct bytes from, struct bytes to,
    const uint64_t *sequences, size_t count)
{
	s->fragments[s->count++] = (struct fragment){ from, to, sequences,
		count };
	s->weight += count;
}

/* Both lists in one, newest first. */
static size_t
sequences_merge(const struct piece *p, uint64_t *out)
{
	const uint64_t *a = p->a ? p->a->sequences : NULL;
	const uint64_t *b = p->b ? p->b->sequences : NULL;
	const uint64_t *a_end = p->a ? a + p->a->count : NULL;
	const uint64_t *b_end = p->b ? b + p->b->count : NULL;
	size_t n = 0;

	while (a < a_end && b < b_end)
		out[n++] = a[0] > b[0] ? *a++ : *b++;
	while (a < a_end)
		out[n++] = *a++;
	while (b < b_end)
		out[n++] = *b++;
	return n;
}

static void
walk_measure(struct walk w, size_t *pieces, size_t *sequences)
{
	struct piece p;

	*pieces = *sequences = 0;
	while (walk_next(&w, &p)) {
		++*pieces;
		*sequences += p.a ? p.a->count : 0;
		*sequences += p.b ? p.b->count : 0;
	}
}

/* Their bounds stay theirs. */
static int
set_merge(const struct range_set *a, const struct range_set *b,
    struct range_set **out)
{
	struct walk w = walk_begin(a, b);
	size_t pieces, sequences, n;
	uint64_t *to;
	uint8_t *keys;
	struct piece p;
	int rc;

	walk_measure(w, &pieces, &sequences);
	rc = set_alloc(pieces, sequences, 0, out, &to, &keys);
	if (rc != LSM_OK)
		return rc;
	while (walk_next(&w, &p)) {
		n = sequences_merge(&p, to);
		set_push(*out, p.from, p.to, to, n);
		to += n;
	}
	return LSM_OK;
}

static uint64_t
newest_of(const struct piece *p)
{
	uint64_t a = p->a ? p->a->sequences[0] : 0;
	uint64_t b = p->b ? p->b->sequences[0] : 0;

	return a > b ? a : b;
}

/* The same of one commit: only the newest counts, and what it covers in one
 * piece is one fragment. */
static int
set_merge_newest(const struct range_set *a, const struct range_set *b,
    struct range_set **out)
{
	struct walk w = walk_begin(a, b);
	size_t pieces, sequences;
	struct fragment *last = NULL;
	uint64_t *to;
	uint8_t *keys;
	struct piece p;
	int rc;

	walk_measure(w, &pieces, &sequences);
	rc = set_alloc(pieces, pieces, 0, out, &to, &keys);
	if (rc != LSM_OK)
		return rc;
	while (walk_next(&w, &p)) {
		if (last != NULL && last->sequences[0] == newest_of(&p) &&
		    bytes_equal(last->to, p.from)) {
			last->to = p.to;
			continue;
		}
		*to = newest_of(&p);
		set_push(*out, p.from, p.to, to++, 1);
		last = &(*out)->fragments[(*out)->count - 1];
	}
	return LSM_OK;
}

static struct bytes
bytes_keep(uint8_t **room, struct bytes b)
{
	uint8_t *p = *room;

	if (b.n)
		memcpy(p, b.p, b.n);
	*room += b.n;
	return bytes(p, b.n);
}

/* The same set, with bounds of its own. */
static int
set_own(const struct range_set *s, struct range_set **out)
{
	size_t bounds = 0;
	uint64_t *to;
	uint8_t *keys;
	int rc;

	for (size_t i = 0; i < s->count; i++)
		bounds += s->fragments[i].from.n + s->fragments[i].to.n;
	rc = set_alloc(s->count, s->count, bounds, out, &to, &keys);
	for (size_t i = 0; rc == LSM_OK && i < s->count; i++) {
		const struct fragment *f = &s->fragments[i];
		struct bytes from = bytes_keep(&keys, f->from);

		assert(f->count == 1);
		*to = f->sequences[0];
		set_push(*out, from, bytes_keep(&keys, f->to), to++, 1);
	}
	return rc;
}

/* Of one commit, with the caller's bounds. */
static int
set_gather(const struct range *list, size_t count, struct range_set **out)
{
	struct range_set *a = NULL, *b = NULL;
	uint64_t *to;
	uint8_t *keys;
	int rc;

	*out = NULL;
	if (count == 1) {
		rc = set_alloc(1, 1, 0, out, &to, &keys);
		if (rc != LSM_OK)
			return rc;
		*to = list->sequence;
		set_push(*out, list->from, list->to, to, 1);
		return LSM_OK;
	}
	if ((rc = set_gather(list, count / 2, &a)) == LSM_OK &&
	    (rc = set_gather(list + count / 2, count - count / 2, &b)) ==
	    LSM_OK)
		rc = set_merge_newest(a, b, out);
	range_set_free(a);
	range_set_free(b);
	return rc;
}

/* Take in the sets that are no larger. `own` holds the bounds and stays. */
static int
set_absorb(struct range_set *own, const struct range_set *newest,
    struct range_set **out)
{
	struct range_set *s = own, *merged;
	int rc;

	while (newest != NULL && newest->weight <= s->weight) {
		if ((rc = set_merge(s, newest, &merged)) != LSM_OK) {
			if (s != own)
				mem_free(s);
			return rc;
		}
		if (s != own)
			mem_free(s);
		s = merged;
		newest = newest->older;
	}
	s->older = newest;
	if (s != own)
		s->owned = own;
	*out = s;
	return LSM_OK;
}

int
range_set_new(const struct range_set *newest, const struct range *list,
    size_t count, struct range_set **made)
{
	struct range_set *own = NULL, *s = NULL;
	int rc;

	assert(count > 0);
	*made = NULL;
	if ((rc = set_gather(list, count, &s)) == LSM_OK &&
	    (rc = set_own(s, &own)) == LSM_OK)
		rc = set_absorb(own, newest, made);
	if (rc != LSM_OK)
		mem_free(own);
	mem_free(s);
	return rc;
}

void
range_set_free(struct range_set *s)
{
	struct range_set *next;

	for (; s != NULL; s = next) {
		next = s->owned;
		mem_free(s);
	}
}

void
range_set_bounds(const struct range_set *s, bool *any, struct bytes *smallest,
    struct bytes *largest)
{
	for (; s != NULL; s = s->older, *any = true) {
		struct bytes from = s->fragments[0].from;
		struct bytes to = bound_last(s->fragments[s->count - 1].to);

		*smallest = *any ? lower(*smallest, from) : from;
		*largest = *any ? higher(*largest, to) : to;
	}
}

/* The newest that is not above `sequence`; 0: none. */
static uint64_t
fragment_at(const struct fragment *f, uint64_t sequence)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->sequences[mid] > sequence)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->count ? f->sequences[low] : 0;
}

/* The first fragment that ends above the key. */
static size_t
set_search(const struct range_set *s, struct bytes key)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (bytes_compare(s->fragments[mid].to, key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t
range_set_cover(const struct range_set *s, struct bytes key,
    uint64_t sequence)
{
	uint64_t cover = 0;

	for (; s != NULL; s = s->older) {
		size_t i = set_search(s, key);
		uint64_t here;

		if (i == s->count ||
		    bytes_compare(s->fragments[i].from, key) > 0)
			continue;
		here = fragment_at(&s->fragments[i], sequence);
		cover = here > cover ? here : cover;
	}
	return cover;
}

void
range_set_find(const struct range_set *s, struct bytes key,
    uint64_t sequence, struct range *span)
{
	*span = (struct range){ bytes("", 0), bound_end(), 0 };
	for (; s != NULL; s = s->older) {
		size_t i = set_search(s, key);
		const struct fragment *f = &s->fragments[i];
		struct range r = { bytes("", 0), bound_end(), 0 };

		if (i < s->count && bytes_compare(f->from, key) <= 0) {
			r = (struct range){ f->from, f->to,
				fragment_at(f, sequence) };
		} else {
			if (i > 0)
				r.from = f[-1].to;
			if (i < s->count)
				r.to = f->from;
		}
		range_narrow(span, &r);
	}
}
