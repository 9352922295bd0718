/*
 * table_crafted.c - tables whose sums are right and whose content is not.
 */
#include "base/checksum.h"
#include "support/test.h"
#include "support/tkit.h"
#include "table/footer.h"
#include "table/page.h"

struct craft {
	struct tkit k;
	struct model m;
	struct table_footer f;
	uint8_t *p;
};

static void
craft_init(struct craft *c, int codec)
{
	struct random r = { test_seed() };

	c->m = (struct model){ 0 };
	model_fill(&c->m, MODEL_DECIMAL, 400, 100, &r);
	tkit_init(&c->k, codec);
	CHECK_OK(tkit_build(&c->k, &c->m));
	CHECK_OK(tkit_open(&c->k));
	c->f = *table_footer(c->k.table);
	tkit_close(&c->k);
	c->p = tkit_file(&c->k)->p;
	CHECK_EQ(c->f.height, 1);
	CHECK(c->f.leaves > 5);
}

static void
craft_release(struct craft *c)
{
	tkit_release(&c->k);
	model_free(&c->m);
}

/* Make the sum of the block at `at` right again. */
static void
seal(struct craft *c, uint64_t at)
{
	struct block_header h;

	block_header_read(c->p + at, &h);
	put64(c->p + at, checksum64(c->p + at + 8,
	    (size_t)block_size(&h) - 8, file_seed(&c->k.opt.id) + at));
}

static int
ask(struct craft *c)
{
	int rc = tkit_open(&c->k);

	if (rc == LSM_OK)
		rc = tkit_check_gets(&c->k, &c->m);
	if (rc == LSM_OK)
		rc = tkit_check_walks(&c->k, &c->m, 0);
	tkit_close(&c->k);
	return rc;
}

static int
verify(struct craft *c)
{
	int rc = tkit_open(&c->k);

	if (rc == LSM_OK)
		rc = table_verify(c->k.table);
	tkit_close(&c->k);
	return rc;
}

static void
says(const char *reason)
{
	if (strstr(lsm_message(), reason) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"",
		    lsm_message(), reason);
}

/* Where the inner node's children lie. */
static uint8_t *
children(struct craft *c)
{
	struct page page;

	page_open(&page, c->p + c->f.root, 4096);
	return (uint8_t *)(uintptr_t)page.children;
}

TEST("a child that is the node itself, or a filter page, is refused")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_NONE);
	put32(children(&c) + 4 * (c.f.leaves - 1), (uint32_t)(c.f.root / 8));
	seal(&c, c.f.root);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	put32(children(&c) + 4 * (c.f.leaves - 1), (uint32_t)(c.f.filter / 8));
	seal(&c, c.f.root);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	says("position of a child");
	craft_release(&c);
}

TEST("leaves in another order than their keys are told by a walk")
{
	struct craft c;
	struct block_header h;

	craft_init(&c, LSM_CODEC_NONE);
	memcpy(c.p + 3 * 4096, c.p + 2 * 4096, 4096);
	block_header_read(c.p + 2 * 4096, &h);
	h.position = 3 * 4096;
	block_seal(c.p + 3 * 4096, &h, file_seed(&c.k.opt.id));
	CHECK_OK(tkit_open(&c.k));
	CHECK_CODE(table_verify(c.k.table), LSM_CORRUPT);
	for (int flags = 0; flags <= TABLE_SCAN; flags++) {
		struct iter *it;
		int rc, steps = 0;

		CHECK_OK(table_iter_new(c.k.table, (unsigned)flags, &it));
		for (rc = iter_first(it); rc == LSM_OK && it->valid; steps++)
			rc = iter_next(it);
		CHECK_CODE(rc, LSM_CORRUPT);
		CHECK(steps > 10);
		for (rc = iter_last(it); rc == LSM_OK && it->valid;)
			rc = iter_prev(it);
		CHECK_CODE(rc, LSM_CORRUPT);
		iter_free(it);
	}
	craft_release(&c);
}

TEST("a filter that denies a key is told by a verification")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_NONE);
	memset(c.p + c.f.filter + 64, 0, 4096 - 64);
	seal(&c, c.f.filter);
	CHECK_CODE(verify(&c), LSM_CORRUPT);
	craft_release(&c);
}

TEST("blocks exchanged with right sums break the whole-file sum")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_NONE);
	c.p[c.f.filter + 42] ^= 1;	/* bits per key, told only */
	seal(&c, c.f.filter);
	CHECK_OK(ask(&c));
	CHECK_CODE(verify(&c), LSM_CORRUPT);
	says("footer: whole-file sum");
	craft_release(&c);
}

/* Header fields of the first leaf, or of the first filter page. */
static void
header_refused(int codec, bool filter, size_t at, uint32_t value, int width,
    const char *reason)
{
	struct craft c;
	uint64_t block;

	craft_init(&c, codec);
	block = filter ? c.f.filter : 4096;
	if (width == 1)
		c.p[block + at] = (uint8_t)value;
	else if (width == 2)
		put16(c.p + block + at, (uint16_t)value);
	else
		put32(c.p + block + at, value);
	seal(&c, block);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	says(reason);
	craft_release(&c);
}

TEST("a header that promises what its block may not is refused")
{
	header_refused(LSM_CODEC_NONE, false, 12, 2, 1, "unknown version");
	header_refused(LSM_CODEC_NONE, false, 13, 1, 1, "codec of a block");
	header_refused(LSM_CODEC_NONE, false, 14, 1, 2, "flags of a block");
	header_refused(LSM_CODEC_NONE, false, 20, 99, 4, "lengths differ");
	header_refused(LSM_CODEC_ZLIB, false, 13, 0, 1, "lengths differ");
	header_refused(LSM_CODEC_ZLIB, false, 13, 2, 1, "codec of a block");
	header_refused(LSM_CODEC_ZLIB, false, 14, 0, 2, "flags of a block");
	header_refused(LSM_CODEC_ZLIB, false, 20, 4000, 4, "another length");
	header_refused(LSM_CODEC_NONE, true, 41, 0, 1, "probes");
	header_refused(LSM_CODEC_NONE, true, 32, 1, 4, "another page");
}

TEST("a bomb is refused before there is memory for it")
{
	header_refused(LSM_CODEC_ZLIB, false, 20, UINT32_MAX, 4,
	    "length of a block");
	header_refused(LSM_CODEC_ZLIB, false, 20, 1u << 30, 4,
	    "length of a block");
}

static void
footer_refused(size_t at, uint64_t value, int width)
{
	struct craft c;
	uint8_t *p;

	craft_init(&c, LSM_CODEC_NONE);
	p = c.p + c.f.position + at;
	if (width == 1)
		*p = (uint8_t)value;
	else if (width == 4)
		put32(p, (uint32_t)value);
	else
		put64(p, value);
	seal(&c, c.f.position);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	craft_release(&c);
}

TEST("each field of a crafted footer is refused")
{
	footer_refused(32, 0, 8);
	footer_refused(48, 0, 8);
	footer_refused(64, 14, 8);
	footer_refused(72, 4096, 8);
	footer_refused(80, 0, 8);
	footer_refused(80, 4096, 8);
	footer_refused(80, 4104, 8);
	footer_refused(80, (uint64_t)1 << 40, 8);
	footer_refused(88, 0, 1);
	footer_refused(88, 2, 1);
	footer_refused(88, 200, 1);
	footer_refused(90, 1, 1);
	footer_refused(92, 0, 4);
	footer_refused(92, 2, 4);
	footer_refused(96, 4096, 8);
	footer_refused(104, 1, 8);
	footer_refused(112, UINT64_MAX, 8);
	footer_refused(120, 1, 8);
	footer_refused(128, 1, 8);
	footer_refused(136, 0, 8);
	footer_refused(136, 1, 8);
	footer_refused(152, UINT64_MAX, 8);
	footer_refused(196, 1, 4);
	footer_refused(200, 255, 1);
}

TEST("a codec that this build has not is named")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_ZLIB);
	c.p[c.f.position + 89] = 9;
	seal(&c, c.f.position);
	CHECK_CODE(ask(&c), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(),
	    "000013.sst: needs codec unknown (9), which is not built in");
	craft_release(&c);
}

TEST("a newer format is refused by its name")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_NONE);
	put16(c.p + 46, 4);
	seal(&c, 0);
	CHECK_CODE(ask(&c), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(),
	    "000013.sst: format 0.4; this build reads 0.3");
	craft_release(&c);
}

TEST("a footer that is longer than any is not read")
{
	struct craft c;

	craft_init(&c, LSM_CODEC_NONE);
	put64(c.p + c.k.meta.size - 16, 0);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	put64(c.p + c.k.meta.size - 16, c.k.meta.size);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	put64(c.p + c.k.meta.size - 16, 4095);
	CHECK_CODE(ask(&c), LSM_CORRUPT);
	craft_release(&c);
}
