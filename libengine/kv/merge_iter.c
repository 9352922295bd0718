/*
 * merge_iter.c - many iterators as one.
 *
 * A binary heap of the inputs that stand somewhere, the one to be shown at
 * its top. Each has a head: the eight bytes of its key behind `prefix`, a
 * prefix that all keys shared when it was taken. Going on, a key may leave
 * the prefix; it then lies behind all keys that share it and gets the last
 * head. When the top has left it, all of them have, and the prefix is taken
 * anew. Equal heads compare whole keys, then inputs: the newer is first.
 *
 * Walking backward the order is turned round and heads are complemented, so
 * that the heap and the rule of the prefix are the same in both directions.
 *
 * Inputs with the key of the top stay where they are until the next movement
 * passes over them. One thread at a time.
 */
#include "kv/merge_iter.h"

#include <assert.h>

#include "base/alloc.h"

enum { PREFIX_MAX = 64 };	/* bytes; beyond it heads tie */

#define HEAD_LAST UINT64_MAX

struct input {
	struct iter *iter;
	uint64_t head;
	size_t age;		/* place in the list: 0 is the newest */
};

struct merge_iter {
	struct iter iter;
	bool backward;
	size_t count;		/* inputs */
	size_t live;		/* of them in the heap: they come first */
	size_t prefix;
	uint8_t prefix_bytes[PREFIX_MAX];
	uint64_t shadowed;
	struct input inputs[];
};

static struct merge_iter *
merge_of(struct iter *iter)
{
	return (struct merge_iter *)iter;
}

static struct bytes
input_key(const struct input *in)
{
	return in->iter->entry.key;
}

/* Eight bytes of the zero-extended key, as a number that sorts like them. */
static uint64_t
key_head(struct bytes key, size_t at)
{
	uint64_t head = 0;

	if (at + 8 <= key.n)
		return __builtin_bswap64(get64(key.p + at));
	for (size_t i = at; i < at + 8; i++)
		head = head << 8 | (i < key.n ? key.p[i] : 0);
	return head;
}

static void
input_set_head(const struct merge_iter *m, struct input *in)
{
	struct bytes key = input_key(in);
	uint64_t head;

	if (m->prefix > 0 && (key.n < m->prefix ||
	    memcmp(key.p, m->prefix_bytes, m->prefix) != 0)) {
		in->head = HEAD_LAST;
		return;
	}
	head = key_head(key, m->prefix);
	in->head = m->backward ? ~head : head;
}

/* Is `a` shown before `b`? */
static inline bool
input_before(const struct merge_iter *m, const struct input *a,
    const struct input *b)
{
	int order;

	if (a->head != b->head)
		return a->head < b->head;
	order = bytes_compare(input_key(a), input_key(b));
	if (order == 0)
		return a->age < b->age;
	return (order < 0) != m->backward;
}

/* Put the input at `i` into its place among those below it. */
static void
heap_sift(struct merge_iter *m, size_t i)
{
	struct input in = m->inputs[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= m->live)
			break;
		if (child + 1 < m->live && input_before(m,
		    &m->inputs[child + 1], &m->inputs[child]))
			child++;
		if (!input_before(m, &m->inputs[child], &in))
			break;
		m->inputs[i] = m->inputs[child];
		i = child;
	}
	m->inputs[i] = in;
}

/* Take the prefix of all keys as they stand, and all heads behind it. Their
 * order stays what it is. */
static void
take_prefix(struct merge_iter *m)
{
	struct bytes first = input_key(&m->inputs[0]);
	size_t common = first.n < PREFIX_MAX ? first.n : PREFIX_MAX;

	for (size_t i = 1; i < m->live; i++) {
		size_t n = bytes_common(first, input_key(&m->inputs[i]));

		if (n < common)
			common = n;
	}
	m->prefix = common;
	if (common)
		memcpy(m->prefix_bytes, first.p, common);
	for (size_t i = 0; i < m->live; i++)
		input_set_head(m, &m->inputs[i]);
}

/* Show the top. */
static int
merge_show(struct merge_iter *m)
{
	if ((m->iter.valid = m->live > 0))
		m->iter.entry = m->inputs[0].iter->entry;
	return LSM_OK;
}

static int
merge_fail(struct merge_iter *m, int rc)
{
	m->iter.valid = false;
	m->live = 0;
	return rc;
}

/* The input at `i` has moved: put it where it belongs, or out of the heap. */
static void
heap_moved(struct merge_iter *m, size_t i)
{
	struct input *in = &m->inputs[i], ended;

	if (!in->iter->valid) {
		ended = *in;
		*in = m->inputs[--m->live];
		m->inputs[m->live] = ended;
	} else if (m->live > 1) {
		input_set_head(m, in);
	}
	if (i < m->live)
		heap_sift(m, i);
}

/* All inputs have been placed: make the heap of those that stand somewhere. */
static int
merge_begin(struct merge_iter *m, bool backward)
{
	m->backward = backward;
	m->live = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct input in = m->inputs[i];

		if (!in.iter->valid)
			continue;
		m->inputs[i] = m->inputs[m->live];
		m->inputs[m->live++] = in;
	}
	if (m->live > 0)
		take_prefix(m);
	for (size_t i = m->live / 2; i-- > 0;)
		heap_sift(m, i);
	return merge_show(m);
}

static int
step(const struct merge_iter *m, struct iter *it)
{
	return m->backward ? iter_prev(it) : iter_next(it);
}

/* Pass over what the top shadows. It stands right below the top. */
static int
pass_shadowed(struct merge_iter *m)
{
	size_t i = 1;
	int rc;

	while (i < m->live && i <= 2) {
		struct input *in = &m->inputs[i];

		if (in->head != m->inputs[0].head ||
		    !bytes_equal(input_key(in), input_key(&m->inputs[0]))) {
			i++;
			continue;
		}
		if ((rc = step(m, in->iter)) != LSM_OK)
			return rc;
		m->shadowed++;
		heap_moved(m, i);
	}
	return LSM_OK;
}

/* On, in the direction of the heap. */
static int
merge_step(struct merge_iter *m)
{
	int rc;

	assert(m->iter.valid);
	if ((rc = pass_shadowed(m)) != LSM_OK ||
	    (rc = step(m, m->inputs[0].iter)) != LSM_OK)
		return merge_fail(m, rc);
	heap_moved(m, 0);
	if (m->live > 1 && m->inputs[0].head == HEAD_LAST)
		take_prefix(m);
	return merge_show(m);
}

/* Turn round: the others go to the other side of the top's key, which lives
 * until the top itself moves, last. */
static int
merge_turn(struct merge_iter *m)
{
	struct bytes key = m->iter.entry.key;
	struct iter *top = m->inputs[0].iter;
	bool backward = !m->backward;
	int rc;

	assert(m->iter.valid);
	for (size_t i = 1; i < m->count; i++) {
		struct iter *it = m->inputs[i].iter;

		rc = backward ? iter_seek_before(it, key) : iter_seek(it, key);
		if (rc == LSM_OK && !backward && it->valid &&
		    bytes_equal(it->entry.key, key)) {
			rc = iter_next(it);
			m->shadowed++;
		}
		if (rc != LSM_OK)
			return merge_fail(m, rc);
	}
	rc = backward ? iter_prev(top) : iter_next(top);
	return rc == LSM_OK ? merge_begin(m, backward) : merge_fail(m, rc);
}

static int
merge_next(struct iter *iter)
{
	struct merge_iter *m = merge_of(iter);

	return m->backward ? merge_turn(m) : merge_step(m);
}

static int
merge_prev(struct iter *iter)
{
	struct merge_iter *m = merge_of(iter);

	return m->backward ? merge_step(m) : merge_turn(m);
}

static int
merge_first(struct iter *iter)
{
	struct merge_iter *m = merge_of(iter);
	int rc;

	for (size_t i = 0; i < m->count; i++)
		if ((rc = iter_first(m->inputs[i].iter)) != LSM_OK)
			return merge_fail(m, rc);
	return merge_begin(m, false);
}

static int
merge_last(struct iter *iter)
{
	struct merge_iter *m = merge_of(iter);
	int rc;

	for (size_t i = 0; i < m->count; i++)
		if ((rc = iter_last(m->inputs[i].iter)) != LSM_OK)
			return merge_fail(m, rc);
	return merge_begin(m, true);
}

static int
merge_seek(struct iter *iter, struct bytes key)
{
	struct merge_iter *m = merge_of(iter);
	int rc;

	for (size_t i = 0; i < m->count; i++)
		if ((rc = iter_seek(m->inputs[i].iter, key)) != LSM_OK)
			return merge_fail(m, rc);
	return merge_begin(m, false);
}

static int
merge_seek_before(struct iter *iter, struct bytes key)
{
	struct merge_iter *m = merge_of(iter);
	int rc;

	for (size_t i = 0; i < m->count; i++)
		if ((rc = iter_seek_before(m->inputs[i].iter, key)) != LSM_OK)
			return merge_fail(m, rc);
	return merge_begin(m, true);
}

static void
merge_free(struct iter *iter)
{
	struct merge_iter *m = merge_of(iter);

	for (size_t i = 0; i < m->count; i++)
		iter_free(m->inputs[i].iter);
	mem_free(m);
}

static const struct iter_ops merge_ops = {
	.free = merge_free,
	.first = merge_first,
	.last = merge_last,
	.seek = merge_seek,
	.seek_before = merge_seek_before,
	.next = merge_next,
	.prev = merge_prev,
};

int
merge_iter_new(struct iter **inputs, size_t count, struct iter **out)
{
	size_t size = sizeof(struct merge_iter) + count * sizeof(struct input);
	struct merge_iter *m;

	*out = NULL;
	if (count == 1) {
		*out = inputs[0];
		return LSM_OK;
	}
	if ((m = mem_zalloc(size)) == NULL) {
		for (size_t i = 0; i < count; i++)
			iter_free(inputs[i]);
		return mem_exhausted(size);
	}
	m->iter.ops = &merge_ops;
	m->count = count;
	for (size_t i = 0; i < count; i++)
		m->inputs[i] = (struct input){ .iter = inputs[i], .age = i };
	*out = &m->iter;
	return LSM_OK;
}

uint64_t
merge_iter_shadowed(const struct iter *iter)
{
	return iter->ops == &merge_ops ?
	    ((const struct merge_iter *)iter)->shadowed : 0;
}
