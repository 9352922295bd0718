/*
 * tkit.c - a table in memory and the sorted entries that it must hold.
 */
#include "support/tkit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/checksum.h"
#include "base/tally.h"
#include "support/test.h"
#include "table/compress.h"

static void *
need(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		abort();
	return p;
}

static struct bytes
copy(struct bytes b)
{
	uint8_t *p = need(b.n);

	if (b.n)
		memcpy(p, b.p, b.n);
	return bytes(p, b.n);
}

static void
entry_free(struct entry *e)
{
	free((void *)(uintptr_t)e->key.p);
	free((void *)(uintptr_t)e->value.p);
}

void
model_add(struct model *m, enum kind kind, uint64_t sequence,
    struct bytes key, struct bytes value)
{
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->e = realloc(m->e, m->room * sizeof *m->e);
		if (m->e == NULL)
			abort();
	}
	m->e[m->n++] = (struct entry){ copy(key), copy(value), sequence,
		kind };
}

static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = bytes_compare(x->key, y->key);

	return c ? c : (x->sequence < y->sequence) -
	    (x->sequence > y->sequence);
}

void
model_sort(struct model *m)
{
	size_t n = 0;

	if (m->n > 0)
		qsort(m->e, m->n, sizeof *m->e, compare);
	for (size_t i = 0; i < m->n; i++) {
		if (n > 0 && bytes_equal(m->e[n - 1].key, m->e[i].key))
			entry_free(&m->e[i]);
		else
			m->e[n++] = m->e[i];
	}
	m->n = n;
}

static size_t
random_key(uint8_t *key, enum model_keys kind, struct random *r)
{
	size_t n = 0;

	switch (kind) {
	case MODEL_DECIMAL:
		return (size_t)snprintf((char *)key, 32, "%016u",
		    (unsigned)random_below(r, 1u << 30));
	case MODEL_PATHS:
		return (size_t)snprintf((char *)key, 200,
		    "https://www.host-%02u.example/some/longer/path/%03u/%c",
		    (unsigned)random_below(r, 5), (unsigned)random_below(r,
		    400), (int)('a' + random_below(r, 26)));
	case MODEL_ZEROS:
		for (n = 0; n < random_below(r, 14); n++)
			key[n] = random_below(r, 5) ? 0 :
			    (uint8_t)(random_below(r, 2) * 255);
		return n;
	case MODEL_LONG:
		n = (size_t)random_below(r, 3) ? LSM_KEY_MAX -
		    (size_t)random_below(r, 20) :
		    (size_t)random_below(r, 5000) % LSM_KEY_MAX;
		memset(key, 'k', n);
		for (size_t i = 0; i < 4 && n > 0; i++)
			key[random_below(r, n)] = (uint8_t)random_next(r);
		return n;
	default:
		for (n = 0; n < random_below(r, 41); n++)
			key[n] = (uint8_t)random_next(r);
		return n;
	}
}

void
model_fill(struct model *m, enum model_keys kind, size_t n, size_t value_max,
    struct random *r)
{
	uint8_t key[LSM_KEY_MAX], *value = need(value_max + 8);

	for (size_t i = 0; i < n; i++) {
		size_t k = random_key(key, kind, r);
		size_t v = (size_t)random_below(r, value_max + 1);
		bool gone = random_below(r, 10) == 0;

		memset(value, (int)('a' + i % 26), v);
		for (size_t j = 0; j < v / 8; j++)
			value[random_below(r, v)] = (uint8_t)random_next(r);
		model_add(m, gone ? KIND_DELETE : KIND_PUT,
		    1 + random_below(r, 1u << 20), bytes(key, k),
		    bytes(value, gone ? 0 : v));
	}
	free(value);
	model_sort(m);
}

void
model_free(struct model *m)
{
	for (size_t i = 0; i < m->n; i++)
		entry_free(&m->e[i]);
	free(m->e);
	*m = (struct model){ 0 };
}

size_t
model_find(const struct model *m, struct bytes key)
{
	size_t i = 0, end = m->n;

	while (i < end) {
		size_t middle = (i + end) / 2;

		if (bytes_compare(m->e[middle].key, key) < 0)
			i = middle + 1;
		else
			end = middle;
	}
	return i;
}

void
tkit_init(struct tkit *k, int codec)
{
	memset(k, 0, sizeof *k);
	k->env = memenv_new();
	k->opt = (struct table_options){
		.dir = memenv_dir(k->env),
		.id = { .kind = FILE_TABLE, .number = 13 },
		.codec = codec,
		.page_size = 4096,
		.filter_bits = 10,
		.created_us = 1577836800000000,
	};
	memset(k->opt.id.database, 0xda, ID_SIZE);
	memset(k->opt.id.branch, 0xb1, ID_SIZE);
	CHECK_OK(tally_new(&k->stats.gets));
	k->source = (struct table_source){
		.dir = k->opt.dir,
		.reads = LSM_READS_MAPPED,
		.stats = &k->stats,
	};
	memcpy(k->source.database, k->opt.id.database, ID_SIZE);
	file_name(k->name, FILE_TABLE, k->opt.id.number);
}

void
tkit_release(struct tkit *k)
{
	tkit_close(k);
	table_meta_release(&k->meta);
	tally_free(k->stats.gets);
	memenv_free(k->env);
}

int
tkit_build(struct tkit *k, const struct model *m)
{
	struct table_builder *b;
	int rc = table_builder_new(&k->opt, &b);

	if (rc != LSM_OK)
		return rc;
	for (size_t i = 0; i < m->n && rc == LSM_OK; i++)
		rc = table_builder_add(b, &m->e[i]);
	for (size_t i = 0; i < m->ranges_n && rc == LSM_OK; i++)
		rc = table_builder_add_range(b, &m->ranges[i]);
	if (rc == LSM_OK)
		rc = table_builder_finish(b, &k->meta);
	table_builder_free(b);
	return rc;
}

int
tkit_open(struct tkit *k)
{
	return table_open(&k->source, &k->meta, &k->table);
}

void
tkit_close(struct tkit *k)
{
	table_free(k->table);
	k->table = NULL;
}

struct buffer *
tkit_file(struct tkit *k)
{
	return memenv_file(k->env, k->name);
}

static void
same_entry(const struct entry *got, const struct entry *wanted)
{
	CHECK(bytes_equal(got->key, wanted->key));
	CHECK_EQ(got->kind, wanted->kind);
	CHECK_EQ(got->sequence, wanted->sequence);
	CHECK(bytes_equal(got->value, wanted->value));
}

static int
get_one(struct tkit *k, const struct entry *wanted, struct buffer *value)
{
	struct entry got = { .key = wanted->key };
	int rc = table_get(k->table, wanted->key, hash64(wanted->key),
	    &got.kind, &got.sequence, value);

	if (rc == LSM_NOTFOUND)
		test_fail(__FILE__, __LINE__, "a key is not found");
	got.value = buffer_bytes(value);
	if (rc == LSM_OK)
		same_entry(&got, wanted);
	return rc;
}

/* Beside a key: with a zero byte behind it, and without its last byte. */
static struct bytes
beside(struct bytes key, int which, uint8_t room[LSM_KEY_MAX + 1])
{
	if (key.n)
		memcpy(room, key.p, key.n);
	room[key.n] = 0;
	if (which == 0)
		return bytes(room, key.n + 1);
	return bytes(room, key.n ? key.n - 1 : 0);
}

static uint64_t
covered(const struct model *m, struct bytes key)
{
	for (size_t i = 0; i < m->ranges_n; i++)
		if (range_has(&m->ranges[i], key))
			return m->ranges[i].sequence;
	return 0;
}

static int
get_beside(struct tkit *k, const struct model *m, struct bytes key,
    int which)
{
	uint8_t room[LSM_KEY_MAX + 1];
	struct bytes other = beside(key, which, room);
	size_t i = model_find(m, other);
	uint64_t sequence;
	enum kind kind;
	int rc;

	if (i < m->n && bytes_equal(m->e[i].key, other))
		return LSM_OK;
	rc = table_get(k->table, other, hash64(other), &kind, &sequence, NULL);
	if (rc == LSM_OK && (kind != KIND_DELETE ||
	    sequence != covered(m, other)))
		test_fail(__FILE__, __LINE__, "an absent key is found");
	if (rc == LSM_NOTFOUND && covered(m, other) != 0)
		test_fail(__FILE__, __LINE__, "a range delete is not found");
	return rc == LSM_NOTFOUND ? LSM_OK : rc;
}

static int
get_range(struct tkit *k, const struct range *r)
{
	uint64_t sequence;
	struct range span;
	enum kind kind;

	if (r->from.n > LSM_KEY_MAX)
		return LSM_OK;
	table_cover(k->table, r->from, &span);
	CHECK(bytes_equal(span.from, r->from));
	CHECK(bytes_equal(span.to, r->to));
	CHECK_EQ(span.sequence, r->sequence);
	return table_get(k->table, r->from, hash64(r->from), &kind, &sequence,
	    NULL);
}

int
tkit_check_gets(struct tkit *k, const struct model *m)
{
	struct buffer value = { 0 };
	int rc = LSM_OK;

	for (size_t i = 0; i < m->n && rc == LSM_OK; i++) {
		rc = get_one(k, &m->e[i], &value);
		for (int which = 0; which < 2 && rc == LSM_OK; which++)
			rc = get_beside(k, m, m->e[i].key, which);
	}
	for (size_t i = 0; i < m->ranges_n && rc == LSM_OK; i++)
		rc = get_range(k, &m->ranges[i]);
	buffer_free(&value);
	return rc;
}

/* Where the iterator stands, against where it should: n is nowhere. */
static void
stands(const struct iter *it, const struct model *m, size_t i)
{
	CHECK_EQ(it->valid, i < m->n);
	if (it->valid)
		same_entry(&it->entry, &m->e[i]);
}

static int
walk_back(struct iter *it, const struct model *m)
{
	size_t i = m->n;
	int rc = iter_last(it);

	while (rc == LSM_OK && i-- > 0) {
		stands(it, m, i);
		rc = iter_prev(it);
	}
	if (rc == LSM_OK)
		CHECK(!it->valid);
	return rc;
}

static int
walk(struct iter *it, const struct model *m)
{
	size_t i = 0;
	int rc = iter_first(it);

	for (; rc == LSM_OK && i < m->n; i++) {
		stands(it, m, i);
		rc = iter_next(it);
	}
	if (rc == LSM_OK)
		CHECK(!it->valid);
	return rc == LSM_OK ? walk_back(it, m) : rc;
}

int
tkit_check_walks(struct tkit *k, const struct model *m, unsigned flags)
{
	struct iter *it;
	int rc = table_iter_new(k->table, flags, &it);

	if (rc != LSM_OK)
		return rc;
	rc = walk(it, m);
	iter_free(it);
	return rc;
}

/* Seek both ways, and step once to each side from there. */
static int
seek_one(struct iter *it, const struct model *m, struct bytes key)
{
	size_t i = model_find(m, key);
	int rc = iter_seek(it, key);

	if (rc != LSM_OK)
		return rc;
	stands(it, m, i);
	if (it->valid && (rc = iter_prev(it)) != LSM_OK)
		return rc;
	if (i < m->n)
		stands(it, m, i - 1 < m->n ? i - 1 : m->n);
	if ((rc = iter_seek_before(it, key)) != LSM_OK)
		return rc;
	stands(it, m, i > 0 ? i - 1 : m->n);
	if (it->valid && (rc = iter_next(it)) == LSM_OK)
		stands(it, m, i);
	return rc;
}

int
tkit_check_seeks(struct tkit *k, const struct model *m, unsigned flags)
{
	size_t step = flags & TABLE_SCAN ? 31 : 1; /* it reads far ahead */
	uint8_t room[LSM_KEY_MAX + 1];
	struct iter *it;
	int rc = table_iter_new(k->table, flags, &it);

	if (rc != LSM_OK)
		return rc;
	for (size_t i = 0; i < m->n && rc == LSM_OK; i += step) {
		rc = seek_one(it, m, m->e[i].key);
		for (int which = 0; which < 2 && rc == LSM_OK; which++)
			rc = seek_one(it, m, beside(m->e[i].key, which, room));
	}
	iter_free(it);
	return rc;
}

int
tkit_codecs(int list[4])
{
	int n = 0;

	for (int codec = LSM_CODEC_NONE; codec <= LSM_CODEC_ZSTD; codec++)
		if (codec_built_in(codec))
			list[n++] = codec;
	return n;
}
