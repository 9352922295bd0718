/*
 * table_failure.c - every call to the disk may fail, and then only what made
 * it does.
 */
#include "support/test.h"
#include "support/tkit.h"

TEST("a failure of any write leaves an error and no file")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	uint64_t n = 1;
	int rc;

	model_fill(&m, MODEL_RANDOM, 3000, 100, &r);
	do {
		struct tkit k;

		tkit_init(&k, LSM_CODEC_NONE);
		memenv_fail_at(k.env, n++);
		rc = tkit_build(&k, &m);
		if (rc != LSM_OK) {
			CHECK_CODE(rc, LSM_IO);
			CHECK(memenv_file(k.env, k.name) == NULL);
		}
		tkit_release(&k);
	} while (rc != LSM_OK);
	CHECK(n > 4);
	model_free(&m);
}

TEST_SOLO("a failure of any read is an error, never an answer")
{
	struct random r = { test_seed() };
	struct model m = { 0 };
	int codecs[4], count = tkit_codecs(codecs);

	model_fill(&m, MODEL_DECIMAL, 70, 100, &r);
	for (int i = 0; i < count; i++) {
		struct tkit k;
		uint64_t n = 1;
		int rc;

		tkit_init(&k, codecs[i]);
		CHECK_OK(tkit_build(&k, &m));
		do {
			memenv_fail_at(k.env, n++);
			if ((rc = tkit_open(&k)) == LSM_OK &&
			    (rc = tkit_check_gets(&k, &m)) == LSM_OK &&
			    (rc = tkit_check_walks(&k, &m, TABLE_SCAN)) ==
			    LSM_OK)
				rc = table_verify(k.table);
			CHECK(rc == LSM_OK || rc == LSM_IO);
			memenv_fail_at(k.env, 0);
			tkit_close(&k);
		} while (rc != LSM_OK);
		tkit_release(&k);
	}
	model_free(&m);
}
