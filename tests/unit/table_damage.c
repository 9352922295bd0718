/*
 * table_damage.c - no damaged byte becomes an answer.
 *
 * A small table with several levels, of each codec: every byte is changed in
 * turn, the file is cut at every length, blocks change places. Each must be
 * told, or be a byte that no answer needs.
 */
#include <stdlib.h>

#include "support/scale.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/footer.h"

/* Sequences too far apart for one leaf, so every entry has its own; long keys
 * with little in common, so inner nodes have few. */
static void
damage_model(struct model *m, size_t key_size)
{
	static uint8_t key[LSM_KEY_MAX], value[100];

	for (int i = 0; i < 7; i++) {
		memset(key, 'a' + i / 2, key_size - 1);
		key[key_size - 1] = (uint8_t)('a' + i);
		model_add(m, i == 2 ? KIND_DELETE : KIND_PUT,
		    1 + ((uint64_t)(i % 2) << 40), bytes(key, key_size),
		    bytes(value, i == 2 ? 0 : 10 * (size_t)i));
	}
	model_sort(m);
}

/* Everything that can be asked. */
static int
ask_all(struct tkit *k, const struct model *m)
{
	int rc = tkit_open(k);

	if (rc == LSM_OK)
		rc = tkit_check_gets(k, m);
	if (rc == LSM_OK)
		rc = tkit_check_walks(k, m, 0);
	tkit_close(k);
	return rc;
}

static int
verify(struct tkit *k)
{
	int rc = tkit_open(k);

	if (rc == LSM_OK)
		rc = table_verify(k->table);
	tkit_close(k);
	return rc;
}

static void
flip_every_byte(int codec, const struct model *m, unsigned height)
{
	struct tkit k;
	struct buffer *file;

	tkit_init(&k, codec);
	CHECK_OK(tkit_build(&k, m));
	CHECK_OK(tkit_open(&k));
	CHECK_EQ(table_footer(k.table)->height, height);
	CHECK_EQ(table_footer(k.table)->ranges, m->ranges_n);
	tkit_close(&k);
	file = tkit_file(&k);
	CHECK_OK(ask_all(&k, m));
	for (size_t i = SCALE_FIRST; i < file->n; i += SCALE_STEP) {
		int rc;

		file->p[i] ^= (uint8_t)(1u << (i % 8));
		rc = ask_all(&k, m);
		CHECK(rc == LSM_OK || rc == LSM_CORRUPT ||
		    rc == LSM_UNSUPPORTED);
		rc = verify(&k);
		if (rc != LSM_CORRUPT && rc != LSM_UNSUPPORTED)
			test_fail(__FILE__, __LINE__,
			    "codec %d: byte %zu is not missed", codec, i);
		file->p[i] ^= (uint8_t)(1u << (i % 8));
	}
	CHECK_OK(verify(&k));
	tkit_release(&k);
}

TEST_SOLO("every changed byte is told by a verification, none becomes an "
    "answer")
{
	struct model flat = { 0 }, high = { 0 };
	const struct range ranges[] = { { text("A"), text("Z"), 1 },
		{ text("x"), bound_end(), 9 } };
	int codecs[4], n = tkit_codecs(codecs);

	damage_model(&flat, 100);
	damage_model(&high, 3900);
	flat.ranges = high.ranges = ranges;
	flat.ranges_n = high.ranges_n = 2;
	flip_every_byte(LSM_CODEC_NONE, &high, 3);
	for (int i = 1; i < n; i++)
		flip_every_byte(codecs[i], &flat, 1);
	model_free(&flat);
	model_free(&high);
}

TEST_SOLO("a file cut short, or grown, is refused at open")
{
	struct model m = { 0 };
	struct table_meta meta;
	struct buffer *file;
	struct table *t;
	struct tkit k;
	size_t size;

	damage_model(&m, 100);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	file = tkit_file(&k);
	size = file->n;
	meta = k.meta;
	for (file->n = 0; file->n <= size + 8; file->n++) {
		if (file->n == size)
			continue;
		CHECK_CODE(table_open(&k.source, &meta, &t), LSM_CORRUPT);
		/* A manifest of the same mind does not help. */
		k.meta.size = file->n;
		CHECK_CODE(table_open(&k.source, &k.meta, &t), LSM_CORRUPT);
	}
	tkit_release(&k);
	model_free(&m);
}

static void
swap(uint8_t *a, uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

TEST("blocks that changed places are told")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k;
	uint8_t *p;

	model_fill(&m, MODEL_DECIMAL, 400, 100, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	p = tkit_file(&k)->p;
	for (size_t at = 4096; at + 2 * 4096 < k.meta.size; at += 4096) {
		swap(p + at, p + at + 4096, 4096);
		CHECK_CODE(ask_all(&k, &m), LSM_CORRUPT);
		CHECK_CODE(verify(&k), LSM_CORRUPT);
		swap(p + at, p + at + 4096, 4096);
	}
	tkit_release(&k);
	model_free(&m);
}

TEST("blocks of another table, or of another database, are told")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	struct tkit k, other;

	model_fill(&m, MODEL_DECIMAL, 400, 100, &r);
	tkit_init(&k, LSM_CODEC_NONE);
	CHECK_OK(tkit_build(&k, &m));
	for (int what = 0; what < 3; what++) {
		tkit_init(&other, LSM_CODEC_NONE);
		other.opt.id.number += what == 0;
		other.opt.id.branch[0] ^= what == 1;
		other.opt.id.database[0] ^= what == 2;
		file_name(other.name, FILE_TABLE, other.opt.id.number);
		CHECK_OK(tkit_build(&other, &m));
		CHECK_EQ(other.meta.size, k.meta.size);
		for (size_t at = 0; at < k.meta.size; at += 4096) {
			swap(tkit_file(&k)->p + at, tkit_file(&other)->p + at,
			    4096);
			CHECK_CODE(ask_all(&k, &m), LSM_CORRUPT);
			swap(tkit_file(&k)->p + at, tkit_file(&other)->p + at,
			    4096);
		}
		tkit_release(&other);
	}
	tkit_release(&k);
	model_free(&m);
}
