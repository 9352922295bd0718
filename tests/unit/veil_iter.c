#include "kv/veil_iter.h"

#include "base/alloc.h"
#include "base/random.h"
#include "support/test.h"

enum { KEYS = 60, RANGES = 6, COVERS = 3 };

/* Keys are single bytes, odd ones; their sequences are in `sequence`. */
struct list_iter {
	struct iter iter;
	const uint64_t *sequence;
	uint8_t key;
	unsigned *seeks;
};

static int
list_show(struct iter *it, int i)
{
	struct list_iter *l = (struct list_iter *)it;

	it->valid = i >= 0 && i < KEYS;
	if (it->valid) {
		l->key = (uint8_t)(2 * i + 1);
		it->entry = (struct entry){ .key = bytes(&l->key, 1),
			.sequence = l->sequence[i] };
	}
	return LSM_OK;
}

static int
list_at(const struct iter *it)
{
	return (((const struct list_iter *)it)->key - 1) / 2;
}

static int
list_first(struct iter *it)
{
	return list_show(it, 0);
}

static int
list_last(struct iter *it)
{
	return list_show(it, KEYS - 1);
}

static int
list_next(struct iter *it)
{
	return list_show(it, list_at(it) + 1);
}

static int
list_prev(struct iter *it)
{
	return list_show(it, list_at(it) - 1);
}

static int
first_at(struct bytes key)
{
	int i = 0;

	for (; i < KEYS; i++) {
		uint8_t k = (uint8_t)(2 * i + 1);

		if (bytes_compare(bytes(&k, 1), key) >= 0)
			break;
	}
	return i;
}

static int
list_seek(struct iter *it, struct bytes key)
{
	++*((struct list_iter *)it)->seeks;
	return list_show(it, first_at(key));
}

static int
list_seek_before(struct iter *it, struct bytes key)
{
	++*((struct list_iter *)it)->seeks;
	return list_show(it, first_at(key) - 1);
}

static void
list_free(struct iter *it)
{
	mem_free(it);
}

static const struct iter_ops list_ops = {
	.free = list_free,
	.first = list_first,
	.last = list_last,
	.seek = list_seek,
	.seek_before = list_seek_before,
	.next = list_next,
	.prev = list_prev,
};

/* Range deletes in a list. */
struct list_cover {
	struct cover cover;
	const struct range *ranges;
	size_t count;
};

static int
list_cover_find(struct cover *c, struct bytes key, struct range *span)
{
	const struct list_cover *l = (const struct list_cover *)c;

	ranges_find(l->ranges, l->count, key, span);
	return LSM_OK;
}

static void
list_cover_free(struct cover *c)
{
	mem_free(c);
}

static const struct cover_ops cover_ops = {
	.free = list_cover_free,
	.find = list_cover_find,
};

struct veil {
	uint64_t sequence[KEYS];
	uint8_t bounds[COVERS][2 * RANGES];
	struct range ranges[COVERS][RANGES];
	size_t counts[COVERS];
	unsigned seeks;
	struct iter *it;
};

static void
veil_make(struct veil *v, size_t covers, bool own)
{
	struct list_iter *l = mem_zalloc(sizeof *l);
	struct cover *list[COVERS];

	l->iter.ops = &list_ops;
	l->sequence = v->sequence;
	l->seeks = &v->seeks;
	for (size_t i = 0; i < covers; i++) {
		struct list_cover *c = mem_zalloc(sizeof *c);

		c->cover.ops = &cover_ops;
		c->ranges = v->ranges[i];
		c->count = v->counts[i];
		list[i] = &c->cover;
	}
	CHECK_OK(veil_iter_new(&l->iter, list, covers, own, &v->it));
}

/* The last cover is the source's own: its sequences mix with the entries',
 * those of the others are higher. */
static void
veil_random(struct veil *v, struct random *r)
{
	*v = (struct veil){ 0 };
	for (size_t i = 0; i < KEYS; i++)
		v->sequence[i] = 1 + random_below(r, 100);
	for (size_t c = 0; c < COVERS; c++) {
		uint8_t at = 0;

		v->counts[c] = random_below(r, RANGES + 1);
		for (size_t i = 0; i < v->counts[c]; i++) {
			uint8_t *b = &v->bounds[c][2 * i];

			b[0] = at = (uint8_t)(at + random_below(r, 20));
			b[1] = at = (uint8_t)(at + 1 + random_below(r, 20));
			v->ranges[c][i] = (struct range){ bytes(b, 1),
				bytes(b + 1, 1), 1 + random_below(r, 100) +
				(c + 1 < COVERS ? 100u : 0) };
		}
	}
	veil_make(v, COVERS, true);
}

static bool
hidden(const struct veil *v, int i)
{
	uint8_t key = (uint8_t)(2 * i + 1);

	for (size_t c = 0; c < COVERS; c++)
		for (size_t j = 0; j < v->counts[c]; j++)
			if (range_has(&v->ranges[c][j], bytes(&key, 1)) &&
			    v->ranges[c][j].sequence > v->sequence[i])
				return true;
	return false;
}

/* Stands on the first that is shown from i on, going by d. */
static int
check_stands(const struct veil *v, int i, int d)
{
	while (i >= 0 && i < KEYS && hidden(v, i))
		i += d;
	CHECK_EQ(v->it->valid, i >= 0 && i < KEYS);
	if (v->it->valid) {
		CHECK_EQ(v->it->entry.key.p[0], 2 * i + 1);
		CHECK_EQ(v->it->entry.sequence, v->sequence[i]);
	}
	return i;
}

TEST("a veiled source shows what nothing covers, wherever it is sought")
{
	struct random r = { test_seed() };
	struct veil v;

	for (int round = 0; round < 300; round++) {
		int i;

		veil_random(&v, &r);
		CHECK_OK(iter_first(v.it));
		i = check_stands(&v, 0, 1);
		while (v.it->valid) {
			CHECK_OK(iter_next(v.it));
			i = check_stands(&v, i + 1, 1);
		}
		CHECK_OK(iter_last(v.it));
		i = check_stands(&v, KEYS - 1, -1);
		while (v.it->valid) {
			CHECK_OK(iter_prev(v.it));
			i = check_stands(&v, i - 1, -1);
		}
		for (uint8_t k = 0; k < 2 * KEYS + 2; k++) {
			struct bytes key = bytes(&k, 1);

			CHECK_OK(iter_seek(v.it, key));
			i = check_stands(&v, first_at(key), 1);
			if (v.it->valid && round % 2) {
				CHECK_OK(iter_prev(v.it));
				(void)check_stands(&v, i - 1, -1);
			}
			CHECK_OK(iter_seek_before(v.it, key));
			(void)check_stands(&v, first_at(key) - 1, -1);
		}
		iter_free(v.it);
	}
}

TEST("what a newer source covers is passed over by a seek")
{
	static const uint8_t bounds[] = { 3, 111 };
	struct veil v = { .counts = { 1 } };

	for (size_t i = 0; i < KEYS; i++)
		v.sequence[i] = i + 1;
	v.ranges[0][0] = (struct range){ bytes(bounds, 1),
		bytes(bounds + 1, 1), 200 };
	veil_make(&v, 1, false);
	CHECK_OK(iter_first(v.it));
	CHECK_OK(iter_next(v.it));
	CHECK_EQ(v.it->entry.key.p[0], 111);
	CHECK_EQ(v.seeks, 1);
	CHECK_OK(iter_prev(v.it));
	CHECK_EQ(v.it->entry.key.p[0], 1);
	CHECK_EQ(v.seeks, 2);
	iter_free(v.it);
}

TEST("a source that nobody covers is not veiled")
{
	struct veil v = { .counts = { 0 } };

	veil_make(&v, 0, false);
	CHECK(v.it->ops == &list_ops);
	iter_free(v.it);
}
