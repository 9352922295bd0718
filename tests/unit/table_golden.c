/*
 * table_golden.c - tables of the format as it is, kept in tests/data.
 *
 * LSM_REGOLD=1 writes them anew. The compressed one is compared by what it
 * holds: another zlib may find other bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"
#include "support/tkit.h"

static void
golden_model(struct model *m)
{
	char key[64], value[128];

	for (unsigned i = 0; i < 400; i++) {
		snprintf(key, sizeof key, "golden/%04u/%s", i * 7,
		    i % 3 ? "x" : "with a longer name");
		snprintf(value, sizeof value, "value %u, and %u, and %u",
		    i, i * i, i % 10);
		model_add(m, i % 11 ? KIND_PUT : KIND_DELETE, 1000 + i % 50,
		    text(key), text(i % 11 ? value : ""));
	}
	memset(value, 'v', sizeof value);
	model_add(m, KIND_PUT, 9, bytes(NULL, 0), bytes(value, 100));
	model_sort(m);
}

static void
save(const char *path, const struct buffer *b)
{
	FILE *f = fopen(path, "wb");

	CHECK(f != NULL);
	CHECK_EQ(fwrite(b->p, 1, b->n, f), b->n);
	CHECK_EQ(fclose(f), 0);
}

static struct buffer
load(const char *path)
{
	struct buffer b = { .p = malloc(1 << 20), .cap = 1 << 20 };
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		test_fail(path, 0, "cannot be opened");
	b.n = fread(b.p, 1, b.cap, f);
	fclose(f);
	return b;
}

static void
check_golden(const char *name, int codec, bool every_byte)
{
	const struct range ranges[] = { { text("a"), text("golden/"), 700 },
		{ text("golden/0000"), text("golden/1000"), 8 },
		{ text("z"), bound_end(), 1049 } };
	const char *path = test_data(name);
	struct model m = { 0 };
	struct buffer kept;
	struct tkit k;

	golden_model(&m);
	m.ranges = ranges;
	m.ranges_n = sizeof ranges / sizeof *ranges;
	tkit_init(&k, codec);
	k.opt.edit = 5;
	k.opt.run = 2;
	CHECK_OK(tkit_build(&k, &m));
	if (getenv("LSM_REGOLD") != NULL)
		save(path, tkit_file(&k));
	kept = load(path);
	if (every_byte)
		CHECK(bytes_equal(buffer_bytes(&kept),
		    buffer_bytes(tkit_file(&k))));
	k.meta.size = kept.n;
	if (!bytes_equal(buffer_bytes(&kept), buffer_bytes(tkit_file(&k))))
		k.meta.sum = get64(kept.p + kept.n - 4096 + 184);
	memenv_put(k.env, k.name, buffer_bytes(&kept));
	CHECK_OK(tkit_open(&k));
	CHECK_OK(tkit_check_gets(&k, &m));
	CHECK_OK(tkit_check_walks(&k, &m, 0));
	CHECK_OK(table_verify(k.table));
	tkit_release(&k);
	free(kept.p);
	model_free(&m);
}

TEST("the golden table is what is written today, byte for byte")
{
	check_golden("table-none.sst", LSM_CODEC_NONE, true);
}

TEST("the golden compressed table is read")
{
	check_golden("table-zlib.sst", LSM_CODEC_ZLIB, false);
}
