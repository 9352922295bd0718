#include "version/manifest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "support/mkit.h"
#include "support/test.h"
#include "support/tree.h"

static const char history[] =
    "edit 4 reserved 128 flushed 20 log 20 run 5\n"
    "created lsm 0.1 branch b0\n"
    "codec=zlib\n"
    "filter_bits=10\n"
    "end 20 4200 77 31\n"
    "0: 3[12 13]; 7: 4[14]\n";

static void
check_words(const struct state *s, const char *want)
{
	struct buffer words = { 0 };

	mkit_words(s, &words);
	CHECK_BYTES(buffer_bytes(&words), want);
	buffer_free(&words);
}

static void
check_read(struct sim *sim, const char *want, bool want_torn)
{
	struct buffer words = { 0 };
	bool torn;

	CHECK_OK(mkit_read(sim, &words, &torn));
	CHECK_BYTES(buffer_bytes(&words), want);
	CHECK_EQ(torn, want_torn);
	buffer_free(&words);
}

static int
read_code(struct sim *sim)
{
	struct buffer words = { 0 };
	bool torn;
	int rc = mkit_read(sim, &words, &torn);

	buffer_free(&words);
	return rc;
}

TEST("a new manifest holds the state")
{
	struct mkit k;

	mkit_init(&k);
	CHECK_EQ(k.state.edit, 1);
	CHECK_EQ(k.state.current.edit, 1);
	check_read(k.sim, "edit 1 reserved 64 flushed 0 log 1 run 1\n"
	    "created lsm 0.1 branch b0\n\n", false);
	mkit_release(&k);
}

TEST("edits add up, in memory and on disk")
{
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	check_words(&k.state, history);
	check_read(k.sim, history, false);
	CHECK_EQ(manifest_bytes(k.manifest), k.state.manifest_size);
	mkit_release(&k);
}

TEST("a manifest goes on where it was read")
{
	struct edit e = { .reserved = 256 };
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	manifest_free(k.manifest);
	state_release(&k.state);
	CHECK_OK(manifest_read(k.dir, NULL, NULL, &k.state));
	CHECK_OK(manifest_continue(k.dir, &k.state, &k.manifest));
	CHECK_OK(mkit_append(&k, &e, &fatal));
	CHECK_EQ(k.state.edit, 5);
	CHECK_STR(tree_text(k.state.version), "0: 3[12 13]; 7: 4[14]");
	CHECK_OK(read_code(k.sim));
	mkit_release(&k);
}

TEST("a manifest that grew since it was read is not gone on in")
{
	struct state s;
	struct manifest *m;
	struct edit e = { .reserved = 256 };
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	CHECK_OK(manifest_read(k.dir, NULL, NULL, &s));
	CHECK_OK(mkit_append(&k, &e, &fatal));
	CHECK_CODE(manifest_continue(k.dir, &s, &m), LSM_CORRUPT);
	state_release(&s);
	mkit_release(&k);
}

TEST("a new manifest takes the place of one that has grown")
{
	struct mkit k;
	struct manifest *next;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	CHECK(!manifest_wants_restart(k.manifest));
	for (int i = 0; !manifest_wants_restart(k.manifest); i++) {
		struct edit e = { 0 };
		char text[128];

		CHECK(i < 2000);
		snprintf(text, sizeof text, "%0100d", i);
		CHECK_OK(edit_set_option(&e, "padding", text));
		CHECK_OK(mkit_append(&k, &e, &fatal));
	}
	CHECK_OK(manifest_create(k.dir, &k.state, 200, &next));
	manifest_free(k.manifest);
	k.manifest = next;
	CHECK_EQ(k.state.current.manifest, 200);
	CHECK_EQ(k.state.current.edit, k.state.edit);
	CHECK_EQ(k.state.reserved, 201);
	CHECK(!manifest_wants_restart(k.manifest));
	mkit_unlink(&k, FILE_MANIFEST, MKIT_MANIFEST);
	CHECK_OK(read_code(k.sim));
	mkit_release(&k);
}

TEST("the branch for new files changes with an edit, the manifest's with the "
    "next one")
{
	struct edit e = { .has_identity = true };
	struct manifest *next;
	struct mkit k;
	bool fatal;

	mkit_init(&k);
	memset(e.database, 0xd0, ID_SIZE);
	memset(e.branch, 0xb1, ID_SIZE);
	CHECK_OK(mkit_append(&k, &e, &fatal));
	CHECK_EQ(k.state.branch[0], 0xb1);
	CHECK_EQ(k.state.current.branch[0], 0xb0);
	CHECK_OK(read_code(k.sim));
	CHECK_OK(manifest_create(k.dir, &k.state, 50, &next));
	CHECK_EQ(k.state.current.branch[0], 0xb1);
	CHECK_OK(read_code(k.sim));
	manifest_free(next);
	mkit_release(&k);
}

/* Each of these edits breaks one law. */
static void
law_reserved(struct edit *e)
{
	e->reserved = 127;
}

static void
law_flushed(struct edit *e)
{
	e->flushed = 19;
}

static void
law_log(struct edit *e)
{
	e->log = 19;
}

static void
law_run(struct edit *e)
{
	e->next_run = 4;
}

static void
law_database(struct edit *e)
{
	e->has_identity = true;
	memset(e->database, 0xdd, ID_SIZE);
}

static void
law_end(struct edit *e)
{
	struct log_end end = { .number = 20, .size = 4208 };

	CHECK_OK(edit_add_end(e, &end));
}

static void
law_number_reserved(struct edit *e)
{
	tree_add(e, 1, 4, 128, "a", "b");
}

static void
law_sequence(struct edit *e)
{
	tree_add(e, 1, 4, 100, "a", "b");
	e->adds[0].meta.sequence_max = 21;
}

static void
law_overlap(struct edit *e)
{
	tree_add(e, 7, 4, 100, "c", "x");
}

static void
law_drop(struct edit *e)
{
	CHECK_OK(edit_drop_table(e, 10));
}

static void
law_number_twice(struct edit *e)
{
	tree_add(e, 1, 4, 14, "a", "b");
}

static void (*const laws[])(struct edit *) = { law_reserved, law_flushed,
	law_log, law_run, law_database, law_end, law_number_reserved,
	law_sequence, law_overlap, law_drop, law_number_twice };

TEST("an edit that breaks a law never reaches the disk")
{
	struct mkit k;
	uint64_t size;
	bool fatal;

	mkit_init(&k);
	mkit_history(&k);
	size = k.state.manifest_size;
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
		struct edit e = { 0 };

		laws[i](&e);
		CHECK_CODE(mkit_append(&k, &e, &fatal), LSM_CORRUPT);
		CHECK(!fatal);
		CHECK_EQ(manifest_bytes(k.manifest), size);
	}
	check_words(&k.state, history);
	check_read(k.sim, history, false);
	mkit_release(&k);
}

/* What reading says to this edit behind a right history. */
static int
read_behind(uint8_t kind, uint64_t number, uint64_t sequence,
    void (*change)(struct edit *))
{
	struct edit e = { .number = number };
	struct buffer payload = { 0 };
	struct mkit k;
	int rc;

	mkit_init(&k);
	mkit_history(&k);
	if (change != NULL)
		change(&e);
	CHECK_OK(edit_encode(&e, &payload));
	edit_release(&e);
	mkit_raw(&k, kind, sequence, buffer_bytes(&payload));
	rc = read_code(k.sim);
	buffer_free(&payload);
	mkit_release(&k);
	return rc;
}

TEST("an edit on disk that breaks a law is damage")
{
	CHECK_OK(read_behind(RECORD_EDIT, 5, 5, NULL));
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
		CHECK_CODE(read_behind(RECORD_EDIT, 5, 5, laws[i]),
		    LSM_CORRUPT);
}

static void
next_run_short(struct edit *e)
{
	tree_add(e, 1, 5, 100, "a", "b");
}

TEST("a run on disk must be below the next one")
{
	CHECK_CODE(read_behind(RECORD_EDIT, 5, 5, next_run_short),
	    LSM_CORRUPT);
}

TEST("edits are numbered without gaps, in the record too")
{
	CHECK_CODE(read_behind(RECORD_EDIT, 4, 4, NULL), LSM_CORRUPT);
	CHECK_CODE(read_behind(RECORD_EDIT, 6, 6, NULL), LSM_CORRUPT);
	CHECK_CODE(read_behind(RECORD_EDIT, 5, 6, NULL), LSM_CORRUPT);
}

TEST("a record of an unknown kind is refused, or passed over if it may be")
{
	CHECK_CODE(read_behind(18, 5, 5, NULL), LSM_UNSUPPORTED);
	CHECK_CODE(read_behind(RECORD_PUT, 5, 5, NULL), LSM_UNSUPPORTED);
	CHECK_OK(read_behind(18 | RECORD_IGNORABLE, 5, 5, NULL));
}

TEST("a second snapshot is damage")
{
	CHECK_CODE(read_behind(RECORD_SNAPSHOT, 5, 5, NULL), LSM_CORRUPT);
}

TEST("a directory without files of ours is no database")
{
	struct sim *sim = sim_new(test_seed());
	struct env_dir *dir;
	bool created;

	CHECK_CODE(read_code(sim), LSM_NO_DATABASE);
	CHECK_OK(sim_env(sim)->ops->dir_open(sim_env(sim), MKIT_DIR, true,
	    &dir, &created));
	CHECK_CODE(read_code(sim), LSM_NO_DATABASE);
	sim_env(sim)->ops->dir_close(dir);
	sim_free(sim);
}

TEST("files without CURRENT are damage, whatever they are")
{
	const enum file_kind kinds[] = { FILE_MANIFEST, FILE_TABLE, FILE_LOG };
	struct mkit k;

	for (size_t i = 0; i < 3; i++) {
		mkit_init(&k);
		mkit_unlink(&k, FILE_CURRENT, 0);
		mkit_unlink(&k, FILE_LOG, MKIT_LOG);
		mkit_unlink(&k, FILE_MANIFEST, MKIT_MANIFEST);
		CHECK_CODE(read_code(k.sim), LSM_NO_DATABASE);
		mkit_file(&k, kinds[i], 9, 0, BLOCK_UNIT);
		CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
		CHECK_STR(lsm_message(), "CURRENT: is missing, though other "
		    "files of a database are there");
		mkit_release(&k);
	}
}

TEST("a manifest that CURRENT names must be there")
{
	struct mkit k;

	mkit_init(&k);
	mkit_unlink(&k, FILE_MANIFEST, MKIT_MANIFEST);
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "CURRENT: names MANIFEST-000002, which is not there");
	mkit_release(&k);
}

TEST("a table or the oldest log that is missing is told at once")
{
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	mkit_unlink(&k, FILE_TABLE, 13);
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "MANIFEST-000002: names 000013.sst, which is not there");
	mkit_file(&k, FILE_TABLE, 13, 0, 8192);
	mkit_unlink(&k, FILE_LOG, 20);
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
	mkit_release(&k);
}

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
		check_read(k.sim, history, true);
	}
	cut(&k, begin);
	check_read(k.sim, history, false);
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
	check_read(k.sim, history, true);
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
	CHECK_OK(read_code(k.sim));
	cut(&k, end - 1);
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
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
		CHECK_OK(read_code(k.sim));
		cut(&k, end - 1);
		CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
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
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
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
	check_read(k.sim, history, true);
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
	CHECK_CODE(read_code(k.sim), LSM_CORRUPT);
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
		CHECK_BYTES(buffer_bytes(words), history);
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
	CHECK_OK(read_code(k.sim));
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
	check_words(&k.state, history);
	sim_space(k.sim, UINT64_MAX);
	CHECK_OK(mkit_append(&k, &again, &fatal));
	CHECK_EQ(k.state.edit, 5);
	CHECK_OK(read_code(k.sim));
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
	check_read(k.sim, history, true);
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
	CHECK_OK(manifest_create(k.dir, &k.state, 60, &k.manifest));
	CHECK(!k.state.torn);
	CHECK_OK(mkit_append(&k, &e, &fatal));
	CHECK_OK(read_code(k.sim));
	mkit_release(&k);
}

TEST("a restart that fails at any call leaves the old manifest or the new")
{
	struct manifest *next;
	struct mkit k;
	int rc = LSM_IO;

	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mkit_init(&k);
		mkit_history(&k);
		sim_fail_at(k.sim, n, LSM_IO, false, n % 2);
		rc = manifest_create(k.dir, &k.state, 60, &next);
		sim_fail_at(k.sim, 0, 0, false, false);
		CHECK((next != NULL) == (rc == LSM_OK));
		CHECK_EQ(k.state.edit, rc == LSM_OK ? 5 : 4);
		CHECK_OK(read_code(k.sim));
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
	CHECK_OK(manifest_create(k.dir, &k.state, 60, &next));
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
	CHECK_BYTES(buffer_bytes(&words), history);
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

		tree_add(&e, 0, 5, 150, "a", "b");
		CHECK_OK(edit_drop_table(&e, 14));
		CHECK_OK(edit_set_option(&e, "codec", "none"));
		mem_fail_at(n, false);
		rc = mkit_append(&k, &e, &fatal);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || (rc == LSM_NO_MEMORY && !fatal));
		if (rc != LSM_OK)
			check_words(&k.state, history);
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
	int rc = LSM_NO_MEMORY;
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	for (uint64_t n = 1; rc != LSM_OK; n++) {
		mem_fail_at(n, false);
		rc = manifest_create(k.dir, &k.state, 59 + n, &next);
		mem_fail_at(0, false);
		CHECK(rc == LSM_OK || rc == LSM_NO_MEMORY);
		CHECK_EQ(k.state.edit, rc == LSM_OK ? 5 : 4);
		CHECK_OK(read_code(k.sim));
		CHECK(n < 200);
	}
	manifest_free(next);
	mkit_release(&k);
}

/* Bytes of tests/data/NAME; with LSM_REGOLD=1 they are written first. */
static void
golden(const char *name, struct bytes now, struct buffer *b)
{
	const char *again = getenv("LSM_REGOLD");
	uint8_t part[512];
	size_t n;
	FILE *f;

	if (again != NULL && *again == '1') {
		CHECK((f = fopen(test_data(name), "wb")) != NULL);
		CHECK_EQ(fwrite(now.p, 1, now.n, f), now.n);
		CHECK_EQ(fclose(f), 0);
	}
	CHECK((f = fopen(test_data(name), "rb")) != NULL);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		CHECK_OK(buffer_add(b, part, n));
	fclose(f);
}

TEST("the golden MANIFEST and CURRENT are what is written today")
{
	struct buffer now = { 0 }, kept = { 0 };
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	mkit_content(&k, "CURRENT", &now);
	golden("CURRENT", buffer_bytes(&now), &kept);
	CHECK(bytes_equal(buffer_bytes(&now), buffer_bytes(&kept)));
	kept.n = 0;
	mkit_content(&k, "MANIFEST-000002", &now);
	golden("MANIFEST-000002", buffer_bytes(&now), &kept);
	CHECK_EQ(kept.n, now.n);
	/* The header tells the date; behind it every byte is the same. */
	CHECK(memcmp(now.p + BLOCK_UNIT, kept.p + BLOCK_UNIT,
	    now.n - BLOCK_UNIT) == 0);
	CHECK(sim_poke(k.sim, MKIT_DIR, "MANIFEST-000002", 0, kept.p, kept.n));
	check_read(k.sim, history, false);
	buffer_free(&now);
	buffer_free(&kept);
	mkit_release(&k);
}
