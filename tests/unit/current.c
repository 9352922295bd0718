#include <stdio.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "support/test.h"
#include "version/manifest.h"

static struct current
sample(void)
{
	struct current c = { .manifest = 7, .edit = 41 };

	for (uint8_t i = 0; i < ID_SIZE; i++) {
		c.database[i] = (uint8_t)(i * 17);
		c.branch[i] = (uint8_t)(255 - i);
	}
	return c;
}

static void
check_equal(const struct current *a, const struct current *b)
{
	CHECK(memcmp(a->database, b->database, ID_SIZE) == 0);
	CHECK(memcmp(a->branch, b->branch, ID_SIZE) == 0);
	CHECK(a->manifest == b->manifest);
	CHECK(a->edit == b->edit);
}

TEST("CURRENT is this line of text and no other")
{
	struct current c = sample(), got;
	struct buffer b = { 0 };

	CHECK_OK(current_encode(&c, &b));
	CHECK_BYTES(buffer_bytes(&b),
	    "LSM 0.3 00112233445566778899aabbccddeeff "
	    "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0 MANIFEST-000007 41 "
	    "7c6181ff9c668cb6\n");
	CHECK_OK(current_decode(buffer_bytes(&b), &got));
	check_equal(&c, &got);
	buffer_free(&b);
}

TEST("the largest numbers of CURRENT read back")
{
	struct current c = sample(), got;
	struct buffer b = { 0 };

	c.manifest = c.edit = UINT64_MAX;
	CHECK_OK(current_encode(&c, &b));
	CHECK_OK(current_decode(buffer_bytes(&b), &got));
	check_equal(&c, &got);
	buffer_free(&b);
}

TEST("every byte of CURRENT counts")
{
	struct current c = sample(), got;
	struct buffer b = { 0 };

	CHECK_OK(current_encode(&c, &b));
	for (size_t i = 0; i < b.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (uint8_t)(1 << bit);
			CHECK_CODE(current_decode(buffer_bytes(&b), &got),
			    LSM_CORRUPT);
			CHECK_EQ(got.manifest, 0);
			b.p[i] ^= (uint8_t)(1 << bit);
		}
	buffer_free(&b);
}

TEST("CURRENT cut anywhere, or with more behind it, is refused")
{
	struct current c = sample(), got;
	struct buffer b = { 0 };
	size_t n;

	CHECK_OK(current_encode(&c, &b));
	for (n = 0; n < b.n; n++)
		CHECK_CODE(current_decode(bytes(b.p, n), &got), LSM_CORRUPT);
	CHECK_OK(buffer_add8(&b, '\n'));
	CHECK_CODE(current_decode(buffer_bytes(&b), &got), LSM_CORRUPT);
	while (b.n < 400)
		CHECK_OK(buffer_add8(&b, 'x'));
	CHECK_CODE(current_decode(buffer_bytes(&b), &got), LSM_CORRUPT);
	buffer_free(&b);
}

/* Replace `from` by `to` in a right CURRENT and put the right sum behind. */
static int
resummed(const char *from, const char *to)
{
	struct file_id id = { .kind = FILE_CURRENT };
	struct current c = sample(), got;
	struct buffer b = { 0 };
	char line[512], rest[512], *at;
	int n, rc;

	CHECK_OK(current_encode(&c, &b));
	snprintf(line, sizeof line, "%.*s", (int)b.n - 17, (char *)b.p);
	buffer_free(&b);
	CHECK((at = strstr(line, from)) != NULL);
	snprintf(rest, sizeof rest, "%s", at + strlen(from));
	n = (int)(at - line);
	n += snprintf(at, sizeof line - (size_t)n, "%s%s", to, rest);
	memcpy(id.database, c.database, ID_SIZE);
	memcpy(id.branch, c.branch, ID_SIZE);
	n += snprintf(line + n, sizeof line - (size_t)n, "%016llx\n",
	    (unsigned long long)checksum64(line, (size_t)n, file_seed(&id)));
	rc = current_decode(bytes(line, (size_t)n), &got);
	return rc;
}

TEST("a CURRENT that verifies is refused unless it has its one form")
{
	CHECK_CODE(resummed("LSM", "LSM"), LSM_OK);
	CHECK_CODE(resummed("LSM", "lsm"), LSM_CORRUPT);
	CHECK_CODE(resummed(" 41 ", " 041 "), LSM_CORRUPT);
	CHECK_CODE(resummed(" 41 ", " +41 "), LSM_CORRUPT);
	CHECK_CODE(resummed(" 41 ", " 99999999999999999999 "), LSM_CORRUPT);
	CHECK_CODE(resummed(" 41 ", "  41 "), LSM_CORRUPT);
	CHECK_CODE(resummed("ccddeeff", "ccddeef"), LSM_CORRUPT);
	CHECK_CODE(resummed("MANIFEST-000007", "MANIFEST-7"), LSM_CORRUPT);
	CHECK_CODE(resummed("MANIFEST-000007", "../../etc/passwd"),
	    LSM_CORRUPT);
	CHECK_CODE(resummed("MANIFEST-000007", "000007.sst"), LSM_CORRUPT);
}

TEST("a CURRENT of another format is refused by name")
{
	CHECK_CODE(resummed("0.3", "0.1"), LSM_UNSUPPORTED);
	CHECK_STR(lsm_message(),
	    "CURRENT: format 0.1; this build reads 0.3");
	CHECK_CODE(resummed("0.3", "0.10"), LSM_UNSUPPORTED);
	CHECK_CODE(resummed("0.3", "1.0"), LSM_UNSUPPORTED);
}

TEST("out of memory while CURRENT is written or read is only that")
{
	struct current c = sample(), got;
	struct buffer b = { 0 };

	mem_fail_at(1, false);
	CHECK_CODE(current_encode(&c, &b), LSM_NO_MEMORY);
	CHECK_OK(current_encode(&c, &b));
	mem_fail_at(1, false);
	CHECK_CODE(current_decode(buffer_bytes(&b), &got), LSM_NO_MEMORY);
	buffer_free(&b);
}
