/*
 * page.c - pages give back their entries, and crafted ones are refused.
 */
#include "table/page.h"

#include <stdlib.h>

#include "base/random.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/page_builder.h"

static const struct page_limits leaf_limits;
static const struct page_limits inner_limits = { .height = 1,
	.child_unit = 8, .child_first = 4096, .child_end = 1 << 20 };

/* A finished page with its slack, at the end of its memory. */
struct made {
	uint8_t *p;
	size_t size;
	struct page page;
};

static struct made
made_of(struct page_builder *b, const struct page_limits *limits)
{
	struct made m = { .p = calloc(1, page_builder_size(b) + PAGE_SLACK) };
	const char *fault;

	CHECK(m.p != NULL);
	m.size = page_builder_finish(b, m.p);
	fault = page_fault(m.p, m.size, limits);
	if (fault != NULL)
		test_fail(__FILE__, __LINE__, "%s", fault);
	page_open(&m.page, m.p, m.size);
	return m;
}

static struct entry
put(const char *key, const char *value, uint64_t sequence)
{
	return (struct entry){ text(key), text(value), sequence, KIND_PUT };
}

static void
add(struct page_builder *b, const char *key, const char *value,
    uint64_t sequence)
{
	struct entry e = put(key, value, sequence);

	CHECK(page_builder_add(b, &e));
}

static void
check_entry(const struct made *m, uint32_t i, const struct entry *wanted)
{
	uint8_t key[PAGE_KEY_ROOM];
	struct entry e, v;

	page_put_prefix(&m->page, key);
	page_entry(&m->page, i, key, &e);
	page_value(&m->page, i, &v);
	CHECK(bytes_equal(e.key, wanted->key));
	CHECK(bytes_equal(e.value, wanted->value));
	CHECK(bytes_equal(v.value, wanted->value));
	CHECK_EQ(e.sequence, wanted->sequence);
	CHECK_EQ(v.sequence, wanted->sequence);
	CHECK_EQ(e.kind, wanted->kind);
}

static void
check_find(const struct made *m, struct bytes key, uint32_t wanted,
    bool is_there)
{
	bool equal;

	CHECK_EQ(page_find(&m->page, key, &equal), wanted);
	CHECK_EQ(equal, is_there);
}

/* Entries [from, from + n) of the model, all ways. */
static void
check_page(const struct made *m, const struct model *model, size_t from)
{
	uint8_t key[LSM_KEY_MAX + 1];

	for (uint32_t i = 0; i < m->page.n; i++) {
		const struct entry *e = &model->e[from + i];
		const struct entry *next = e + 1;

		check_entry(m, i, e);
		check_find(m, e->key, i, true);
		if (e->key.n)
			memcpy(key, e->key.p, e->key.n);
		key[e->key.n] = 0;
		if (i + 1 == m->page.n || !bytes_equal(next->key,
		    bytes(key, e->key.n + 1)))
			check_find(m, bytes(key, e->key.n + 1), i + 1, false);
	}
}

static void
pack_model(const struct model *model, uint32_t target)
{
	struct page_builder *b;
	size_t from = 0;

	CHECK_OK(page_builder_new(target, &b));
	for (size_t i = 0; i <= model->n; i++) {
		struct made m;

		if (i < model->n && page_builder_add(b, &model->e[i]))
			continue;
		m = made_of(b, &leaf_limits);
		CHECK_EQ(m.page.n, i - from);
		CHECK(m.size <= PAGE_MAX);
		check_page(&m, model, from);
		free(m.p);
		from = i;
		if (i < model->n)
			CHECK(page_builder_add(b, &model->e[i]));
	}
	page_builder_free(b);
}

TEST("pages give back what was packed into them, whatever the keys")
{
	struct random r = { test_seed() };

	for (int kind = 0; kind < MODEL_KINDS; kind++) {
		struct model model = { 0 };

		model_fill(&model, (enum model_keys)kind,
		    kind == MODEL_LONG ? 60 : 1500, 100, &r);
		pack_model(&model, 4096);
		pack_model(&model, 16384);
		model_free(&model);
	}
}

TEST("a page of one entry holds the empty key")
{
	struct page_builder *b;
	struct entry e = put("", "", 9);
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	add(b, "", "", 9);
	m = made_of(b, &leaf_limits);
	check_entry(&m, 0, &e);
	check_find(&m, text(""), 0, true);
	check_find(&m, text("a"), 1, false);
	free(m.p);
	page_builder_free(b);
}

TEST("a key that is a prefix of the page's prefix is below all of it")
{
	struct page_builder *b;
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	add(b, "tenant/1", "", 1);
	add(b, "tenant/2", "", 2);
	m = made_of(b, &leaf_limits);
	CHECK_EQ(m.page.prefix, 7);
	check_find(&m, text("tenant"), 0, false);
	check_find(&m, text("tenant/"), 0, false);
	check_find(&m, text("tenant/15"), 1, false);
	check_find(&m, text("tenants"), 2, false);
	check_find(&m, text("a"), 0, false);
	free(m.p);
	page_builder_free(b);
}

/* Fixed fields 48, prefix "key/" padded to 8, then 9 for each entry with
 * suffixes no longer than a head and near sequences; values fill the rest. */
static size_t
fill_to(struct page_builder *b, size_t wanted)
{
	static char value[4096];

	add(b, "key/1", "", 1);
	add(b, "key/2", "", 2);
	CHECK_EQ(page_builder_size(b), 48 + 8 + 2 * 9);
	memset(value, 'v', sizeof value);
	value[wanted - (48 + 8 + 3 * 9)] = '\0';
	add(b, "key/3", value, 3);
	return page_builder_size(b);
}

TEST("a page may be exactly full, and grows by a step for one byte more")
{
	struct page_builder *b;
	struct entry e = put("key/4", "", 4);

	CHECK_OK(page_builder_new(4096, &b));
	CHECK_EQ(fill_to(b, 4096), 4096);
	CHECK(!page_builder_add(b, &e));
	page_builder_begin(b, 0, 4096);
	CHECK_EQ(fill_to(b, 4096 - 9), 4096 - 9);
	CHECK(page_builder_add(b, &e));
	CHECK_EQ(page_builder_size(b), 4096);
	page_builder_free(b);
}

TEST("a page grows rather than waste more than a sixteenth")
{
	static char value[601];
	struct page_builder *b;
	struct entry e;

	memset(value, 'v', 600);
	e = put("key/4", value, 4);
	CHECK_OK(page_builder_new(4096, &b));
	fill_to(b, 4096 - 257);
	CHECK(page_builder_add(b, &e));
	page_builder_begin(b, 0, 4096);
	fill_to(b, 4096 - 256);
	CHECK(!page_builder_add(b, &e));
	page_builder_free(b);
}

TEST("a page closes where a sequence would not fit its four bytes")
{
	struct page_builder *b;
	struct entry over = put("d", "", 1000 + (uint64_t)UINT32_MAX + 1);
	struct entry under = put("d", "", 999);
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	add(b, "a", "", 2000);
	add(b, "b", "", 1000);
	add(b, "c", "", 1000 + (uint64_t)UINT32_MAX);
	CHECK(!page_builder_add(b, &over));
	CHECK(!page_builder_add(b, &under));
	m = made_of(b, &leaf_limits);
	over = put("c", "", 1000 + (uint64_t)UINT32_MAX);
	check_entry(&m, 2, &over);
	free(m.p);
	page_builder_free(b);
}

TEST("heads become wide after a page in which they tied, and narrow again")
{
	static const char *const keys[] = { "a", "bbbbbbb1", "bbbbbbb2",
		"bbbbbbb3" };
	struct page_builder *b;
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 4; i++)
			add(b, keys[i], "", 1);
		m = made_of(b, &leaf_limits);
		CHECK_EQ(m.page.width, round ? 8 : 4);
		check_find(&m, text("bbbbbbb2"), 2, true);
		check_find(&m, text("bbbbbbb"), 1, false);
		free(m.p);
	}
	add(b, "c", "", 1);
	add(b, "d", "", 1);
	m = made_of(b, &leaf_limits);
	CHECK_EQ(m.page.width, 8);
	free(m.p);
	add(b, "e", "", 1);
	m = made_of(b, &leaf_limits);
	CHECK_EQ(m.page.width, 4);
	free(m.p);
	page_builder_free(b);
}

TEST("a descent goes to the last child at or below the key, or to the first")
{
	struct page_builder *b;
	uint8_t key[PAGE_KEY_ROOM];
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	page_builder_begin(b, 1, 4096);
	CHECK(page_builder_add_child(b, text("b"), 4096));
	CHECK(page_builder_add_child(b, text("d"), 8192));
	CHECK(page_builder_add_child(b, text("dddddddddd"), 12288));
	m = made_of(b, &inner_limits);
	CHECK_EQ(page_child_index(&m.page, text("")), 0);
	CHECK_EQ(page_child_index(&m.page, text("b")), 0);
	CHECK_EQ(page_child_index(&m.page, text("cz")), 0);
	CHECK_EQ(page_child_index(&m.page, text("d")), 1);
	CHECK_EQ(page_child_index(&m.page, text("ddd")), 1);
	CHECK_EQ(page_child_index(&m.page, text("z")), 2);
	CHECK_EQ(page_child(&m.page, 2), 12288);
	page_put_prefix(&m.page, key);
	CHECK_BYTES(page_separator(&m.page, 2, key), "dddddddddd");
	free(m.p);
	page_builder_free(b);
}

TEST("an inner node has room for two of the longest keys")
{
	static uint8_t one[LSM_KEY_MAX], two[LSM_KEY_MAX];
	struct page_builder *b;

	memset(one, 'a', sizeof one);
	memset(two, 'b', sizeof two);
	CHECK_OK(page_builder_new(4096, &b));
	for (size_t n = 0; n <= LSM_KEY_MAX; n += n < 3900 ? 130 : 1) {
		page_builder_begin(b, 1, 4096);
		CHECK(page_builder_add_child(b, bytes(one, n), 4096));
		CHECK(page_builder_add_child(b, bytes(two, sizeof two), 8192));
	}
	page_builder_free(b);
}

TEST("a large entry is a page of its own, its value runs to the end")
{
	static char value[PAGE_OWN + 2];
	struct entry e = put("the key", value, 77);
	struct made m;

	memset(value, 'v', PAGE_OWN);
	e.value.n = PAGE_OWN;
	m.size = page_one_size(&e);
	m.p = calloc(1, m.size + PAGE_SLACK);
	CHECK(m.p != NULL);
	page_one_write(&e, m.p);
	CHECK(page_fault(m.p, m.size, &leaf_limits) == NULL);
	page_open(&m.page, m.p, m.size);
	check_entry(&m, 0, &e);
	check_find(&m, text("the key"), 0, true);
	check_find(&m, text("the kez"), 1, false);
	free(m.p);
}

/* A page whose every field matters. */
static struct made
sample(const struct page_limits *limits)
{
	struct page_builder *b;
	struct made m;

	CHECK_OK(page_builder_new(4096, &b));
	if (limits->height) {
		page_builder_begin(b, 1, 4096);
		page_builder_add_child(b, text("pre/aaaaaa"), 4096);
		page_builder_add_child(b, text("pre/aaaabb"), 8192);
		page_builder_add_child(b, text("pre/c"), 12288);
	} else {
		struct entry gone = { text("pre/c"), bytes(NULL, 0), 7,
			KIND_DELETE };

		add(b, "pre/aaaaaa", "value one", 5);
		add(b, "pre/aaaabb", "v2", 6);
		CHECK(page_builder_add(b, &gone));
	}
	m = made_of(b, limits);
	page_builder_free(b);
	return m;
}

/* Use a page in every way; what it says does not matter. */
static void
use(const struct made *m, const struct page_limits *limits)
{
	uint8_t key[PAGE_KEY_ROOM];
	struct page page;
	struct entry e;
	bool equal;

	page_open(&page, m->p, m->size);
	page_put_prefix(&page, key);
	for (uint32_t i = 0; i < page.n; i++) {
		if (limits->height)
			e.key = page_separator(&page, i, key);
		else
			page_entry(&page, i, key, &e);
		CHECK_EQ(page_find(&page, e.key, &equal), i);
		CHECK(equal);
	}
}

static void
craft(const struct page_limits *limits)
{
	struct made m = sample(limits);

	for (size_t at = BLOCK_HEADER; at < m.size; at++) {
		uint8_t was = m.p[at];

		for (int value = 0; value < 256; value++) {
			m.p[at] = (uint8_t)value;
			if (page_fault(m.p, m.size, limits) == NULL)
				use(&m, limits);
		}
		m.p[at] = was;
	}
	free(m.p);
}

TEST("a page with any byte set to anything is refused or safe and in order")
{
	craft(&leaf_limits);
	craft(&inner_limits);
}

TEST("a page of any other length is refused or safe and in order")
{
	struct made m = sample(&leaf_limits);
	size_t whole = m.size;

	CHECK(page_fault(m.p, whole + 1, &leaf_limits) != NULL);
	for (m.size = 0; m.size < whole; m.size++)
		if (page_fault(m.p, m.size, &leaf_limits) == NULL)
			use(&m, &leaf_limits);
	free(m.p);
}

TEST("a page keeps no sequence when all are the same")
{
	static const uint64_t spreads[] = { 0, 1, 255, 256, 65536, 1 << 24 };
	struct page_builder *b;

	CHECK_OK(page_builder_new(4096, &b));
	for (unsigned width = 0, i = 0; i < 6; i++, width += i != 2) {
		struct made m;

		add(b, "a", "v", 7);
		add(b, "b", "v", 7 + spreads[i]);
		m = made_of(b, &leaf_limits);
		CHECK_EQ(m.p[PAGE_AT_SEQUENCE], width);
		check_entry(&m, 1, &(struct entry){ text("b"), text("v"),
		    7 + spreads[i], KIND_PUT });
		free(m.p);
	}
	page_builder_free(b);
}

static void
refused(const struct page_limits *limits, size_t at, uint32_t value, int width,
    const char *reason)
{
	struct made m = sample(limits);
	const char *fault;

	if (width == 1)
		m.p[at] = (uint8_t)value;
	else if (width == 2)
		put16(m.p + at, (uint16_t)value);
	else
		put32(m.p + at, value);
	fault = page_fault(m.p, m.size, limits);
	CHECK_STR(fault ? fault : "nothing", reason);
	free(m.p);
}

/* In sample() the prefix "pre/" is at 48, heads are at 56; of the leaf offsets
 * at 68, infos at 74, sequences of one byte at 80 and rows at 83. */
TEST("each field of a crafted page is refused for its reason")
{
	const struct page_limits *leaf = &leaf_limits, *inner = &inner_limits;

	refused(leaf, PAGE_AT_COUNT, 0, 2, "number of entries");
	refused(leaf, PAGE_AT_COUNT, 4096, 2, "number of entries");
	refused(leaf, PAGE_AT_COUNT, 400, 2, "columns run over the end");
	refused(leaf, PAGE_AT_PREFIX, 5000, 2, "length of the prefix");
	refused(leaf, PAGE_AT_PREFIX, 3, 2, "padding of the prefix");
	refused(leaf, PAGE_AT_HEIGHT, 1, 1, "height");
	refused(leaf, PAGE_AT_WIDTH, 5, 1, "width of heads");
	refused(leaf, PAGE_AT_FLAGS, 0, 1, "flag of deletes");
	refused(leaf, PAGE_AT_FLAGS, 8, 1, "flags");
	refused(leaf, PAGE_AT_FLAGS, PAGE_ONE, 1, "size");
	refused(leaf, PAGE_AT_SEQUENCE, 5, 1, "width of sequences");
	refused(leaf, 55, 1, 1, "padding of the prefix");
	refused(leaf, 68, 1, 2, "offset of a row");
	refused(leaf, 70, (uint16_t)-4, 2, "a row is too short for its key");
	refused(leaf, 70, (uint16_t)-6, 2, "offset of a row");
	refused(leaf, 72, 6, 2, "offset of a row");
	refused(leaf, 72, 4, 2, "a value where there is none");
	refused(leaf, 74, 6 << 3 | 2, 2, "kind of an entry");
	refused(leaf, 74, 6 << 3 | KIND_DELETE, 2,
	    "a value where there is none");
	refused(leaf, 74, 5000 << 3, 2, "length of a key");
	refused(leaf, 74, 16 << 3, 2, "a row is too short for its key");
	refused(leaf, 78, 0 | KIND_DELETE, 2, "padding of a head");
	refused(inner, PAGE_AT_BASE, 1, 1, "base sequence");
	refused(inner, PAGE_AT_SEQUENCE, 1, 1, "width of sequences");
	refused(inner, PAGE_AT_FLAGS, PAGE_DELETES, 1, "flags");
	refused(inner, 68, 0, 4, "position of a child");
	refused(inner, 72, 512, 4, "position of a child");
	refused(inner, 76, 1 << 20, 4, "position of a child");
}
