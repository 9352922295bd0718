#include "base/alloc.h"
#include "support/mkit.h"
#include "support/test.h"
#include "support/tree.h"

/* The end of the manifest, and where its last record begins. */
static void
last_record(struct mkit *k, uint64_t *begin, uint64_t *end)
{
	struct edit e = { .reserved = 192 };
	bool fatal;

	*begin = k->state.manifest_size;
	CHECK_OK(mkit_append(k, &e, &fatal));
	*end = k->state.manifest_size;
}

static void
cut(struct mkit *k, uint64_t size)
{
	CHECK(sim_resize(k->sim, MKIT_DIR, mkit_manifest_name(k), size));
}

TEST("a last record that is not whole is left out")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	for (uint64_t size = end - 1; size > begin; size--) {
		cut(&k, size);
		mkit_check_read(k.sim, mkit_history_words, true);
	}
	cut(&k, begin);
	mkit_check_read(k.sim, mkit_history_words, false);
	mkit_release(&k);
}

TEST("zeros in place of the last record are an interrupted write")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	cut(&k, begin);
	cut(&k, end);
	mkit_check_read(k.sim, mkit_history_words, true);
	mkit_release(&k);
}

TEST("a torn end is not believed when a table has another size")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	CHECK(sim_resize(k.sim, MKIT_DIR, "000012.sst", 4096));
	CHECK_OK(mkit_read_code(k.sim));
	cut(&k, end - 1);
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
	mkit_release(&k);
}

TEST("a torn end is not believed when a file was made after a later edit")
{
	const enum file_kind kinds[] = { FILE_LOG, FILE_TABLE };
	uint64_t begin, end;
	struct mkit k;

	for (size_t i = 0; i < 2; i++) {
		mkit_init(&k);
		mkit_history(&k);
		last_record(&k, &begin, &end);
		mkit_file(&k, kinds[i], 40, k.state.edit, 8192);
		CHECK_OK(mkit_read_code(k.sim));
		cut(&k, end - 1);
		CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
		mkit_release(&k);
	}
}

TEST("the newest log tells that a whole record is missing")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	mkit_file(&k, FILE_LOG, 41, k.state.edit, BLOCK_UNIT);
	cut(&k, begin);
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
	mkit_release(&k);
}

TEST("a header that does not verify testifies to nothing")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	mkit_file(&k, FILE_LOG, 41, k.state.edit, BLOCK_UNIT);
	CHECK(sim_poke(k.sim, MKIT_DIR, "000041.log", 200, "x", 1));
	cut(&k, end - 1);
	mkit_check_read(k.sim, mkit_history_words, true);
	mkit_release(&k);
}

TEST("a bad record with a good one behind it is damage")
{
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	last_record(&k, &end, &end);
	CHECK(sim_poke(k.sim, MKIT_DIR, mkit_manifest_name(&k), begin + 30,
	    "x", 1));
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
	mkit_release(&k);
}

/* Damage may cost the last record at most, and then says so. */
static void
check_damaged(struct mkit *k, uint64_t at, uint64_t begin,
    struct buffer *words)
{
	bool torn;
	int rc = mkit_read(k->sim, words, &torn);

	if (rc == LSM_OK) {
		CHECK(torn && at >= begin);
		CHECK_BYTES(buffer_bytes(words), mkit_history_words);
	} else {
		CHECK(rc == LSM_CORRUPT || rc == LSM_UNSUPPORTED);
	}
}

TEST("every byte of a manifest counts")
{
	struct buffer content = { 0 }, words = { 0 };
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	mkit_content(&k, mkit_manifest_name(&k), &content);
	for (uint64_t at = 0; at < end; at++) {
		uint8_t bad = content.p[at] ^ (uint8_t)(1 << at % 8);

		/* The header is mostly padding: every 8th byte will do. */
		if (at >= 256 && at < BLOCK_UNIT && at % 8 != 0)
			continue;
		CHECK(sim_poke(k.sim, MKIT_DIR, mkit_manifest_name(&k), at,
		    &bad, 1));
		check_damaged(&k, at, begin, &words);
		CHECK(sim_poke(k.sim, MKIT_DIR, mkit_manifest_name(&k), at,
		    content.p + at, 1));
	}
	CHECK_OK(mkit_read_code(k.sim));
	buffer_free(&content);
	buffer_free(&words);
	mkit_release(&k);
}

TEST("a manifest cut anywhere before its last record is refused")
{
	struct buffer words = { 0 };
	uint64_t begin, end;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	for (uint64_t size = begin; size-- > 0;) {
		bool torn;

		if (size < BLOCK_UNIT && size % 64 != 0)
			continue;
		cut(&k, size);
		CHECK_CODE(mkit_read(k.sim, &words, &torn), LSM_CORRUPT);
	}
	buffer_free(&words);
	mkit_release(&k);
}

TEST("an append that fails at any call leaves the state before or after")
{
	struct buffer words = { 0 };
	struct mkit k;
	bool fatal = true, torn;
	int rc = LSM_IO;

	for (uint64_t n = 1; rc != LSM_OK; n++) {
		struct edit e = { .reserved = 192 };

		mkit_init(&k);
		mkit_history(&k);
		sim_fail_at(k.sim, n, LSM_IO, false, n % 2);
		rc = mkit_append(&k, &e, &fatal);
		sim_fail_at(k.sim, 0, 0, false, false);
		CHECK(rc == LSM_OK || (rc == LSM_IO && fatal));
		CHECK_EQ(k.state.edit, rc == LSM_OK ? 5 : 4);
		CHECK_OK(mkit_read(k.sim, &words, &torn));
		CHECK(words.p[5] == '4' || words.p[5] == '5');
		mkit_release(&k);
		CHECK(n < 20);
	}
	buffer_free(&words);
}

TEST("a full disk before the first byte of an edit changes nothing")
{
	struct edit e = { .reserved = 192 }, again = { .reserved = 192 };
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	sim_space(k.sim, sim_used(k.sim));
	CHECK_CODE(mkit_append(&k, &e, &fatal), LSM_NO_SPACE);
	CHECK(!fatal);
	mkit_check_words(&k.state, mkit_history_words);
	sim_space(k.sim, UINT64_MAX);
	CHECK_OK(mkit_append(&k, &again, &fatal));
	CHECK_EQ(k.state.edit, 5);
	CHECK_OK(mkit_read_code(k.sim));
	mkit_release(&k);
}

TEST("a full disk inside an edit is fatal, and the state before is read")
{
	struct edit e = { .reserved = 192 };
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	sim_space(k.sim, sim_used(k.sim) + 7);
	CHECK_CODE(mkit_append(&k, &e, &fatal), LSM_NO_SPACE);
	CHECK(fatal);
	sim_space(k.sim, UINT64_MAX);
	mkit_check_read(k.sim, mkit_history_words, true);
	mkit_release(&k);
}

TEST("after a torn end a new manifest is started, and goes on")
{
	struct edit e = { .reserved = 300 };
	uint64_t begin, end;
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	last_record(&k, &begin, &end);
	manifest_free(k.manifest);
	state_release(&k.state);
	CHECK(sim_resize(k.sim, MKIT_DIR, "MANIFEST-000002", end - 1));
	CHECK_OK(manifest_read(k.dir, NULL, NULL, &k.state));
	CHECK(k.state.torn);
	CHECK_OK(manifest_create(k.dir, &k.state, 60, &fatal, &k.manifest));
	CHECK(!k.state.torn);
	CHECK_OK(mkit_append(&k, &e, &fatal));
	CHECK_OK(mkit_read_code(k.sim));
	mkit_release(&k);
}

TEST("a restart that fails at any call leaves the old manifest or the new")
{
	struct manifest *next;
	struct mkit k;
	bool fatal;
	int rc = LSM_IO;

	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mkit_init(&k);
		mkit_history(&k);
		sim_fail_at(k.sim, n, LSM_IO, false, n % 2);
		rc = manifest_create(k.dir, &k.state, 60, &fatal, &next);
		sim_fail_at(k.sim, 0, 0, false, false);
		CHECK((next != NULL) == (rc == LSM_OK));
		CHECK_EQ(k.state.edit, rc == LSM_OK ? 5 : 4);
		CHECK_OK(mkit_read_code(k.sim));
		manifest_free(next);
		mkit_release(&k);
		CHECK(n < 30);
	}
}

static void
check_crashes(struct mkit *k, enum sim_loss loss, uint64_t rounds)
{
	struct buffer words = { 0 };
	bool torn;

	for (size_t i = 0; i <= sim_operations(k->sim); i++)
		for (uint64_t r = 0; r < rounds; r++) {
			struct sim *after = sim_crash(k->sim, i, loss,
			    test_seed() + i * rounds + r);

			CHECK_OK(mkit_read(after, &words, &torn));
			CHECK(words.p[5] >= '4' && words.p[5] <= '6');
			sim_free(after);
		}
	buffer_free(&words);
}

TEST("a power loss during a restart and an append leaves a whole state")
{
	struct edit e = { .reserved = 300 };
	struct manifest *next;
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	sim_settle(k.sim);
	CHECK_OK(manifest_create(k.dir, &k.state, 60, &fatal, &next));
	manifest_free(k.manifest);
	k.manifest = next;
	CHECK_OK(k.dir->env->ops->dir_unlink(k.dir, "MANIFEST-000002"));
	CHECK_OK(mkit_append(&k, &e, &fatal));
	check_crashes(&k, SIM_DROP, 1);
	check_crashes(&k, SIM_KEEP, 1);
	check_crashes(&k, SIM_RANDOM, 50);
	mkit_release(&k);
}

TEST("out of memory while the manifest is read tells nothing else")
{
	struct buffer words = { 0 };
	int rc = LSM_NO_MEMORY;
	struct mkit k;
	bool torn;

	mkit_init(&k);
	mkit_history(&k);
	CHECK_OK(buffer_reserve(&words, 4096));
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = mkit_read(k.sim, &words, &torn);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		CHECK(n < 1000);
	}
	CHECK_BYTES(buffer_bytes(&words), mkit_history_words);
	buffer_free(&words);
	mkit_release(&k);
}

TEST("out of memory while an edit is appended changes nothing")
{
	int rc = LSM_NO_MEMORY;
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		struct edit e = { .reserved = 192 };

		tree_put(&e, 0, 5, 150, "a", "b");
		CHECK_OK(edit_drop_table(&e, 14));
		CHECK_OK(edit_set_option(&e, "codec", "none"));
		mem_fail_at(n, false);
		rc = mkit_append(&k, &e, &fatal);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || (rc == LSM_NO_MEMORY && !fatal));
		if (rc != LSM_OK)
			mkit_check_words(&k.state, mkit_history_words);
		CHECK(n < 100);
	}
	CHECK_STR(tree_text(k.state.version), "0: 5[150] 3[12 13]");
	CHECK_EQ(k.state.next_run, 6);
	CHECK_EQ(k.buried[2], 14);
	mkit_release(&k);
}

TEST("out of memory while a manifest is started leaves the old one")
{
	struct manifest *next;
	bool fatal;
	int rc = LSM_NO_MEMORY;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = manifest_create(k.dir, &k.state, 59 + n, &fatal, &next);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		CHECK_EQ(k.state.edit, rc == LSM_OK ? 5 : 4);
		CHECK_OK(mkit_read_code(k.sim));
		CHECK(n < 200);
	}
	manifest_free(next);
	mkit_release(&k);
}
