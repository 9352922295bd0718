#include "version/manifest.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/mkit.h"
#include "support/test.h"
#include "support/tree.h"

TEST("a new manifest holds the state")
{
	struct mkit k;

	mkit_init(&k);
	CHECK_EQ(k.state.edit, 1);
	CHECK_EQ(k.state.current.edit, 1);
	mkit_check_read(k.sim, "edit 1 reserved 64 flushed 0 ingested 0 log 1 "
	    "run 1\ncreated lsm 0.1 branch b0\n\n", false);
	mkit_release(&k);
}

TEST("edits add up, in memory and on disk")
{
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	mkit_check_words(&k.state, mkit_history_words);
	mkit_check_read(k.sim, mkit_history_words, false);
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
	CHECK_OK(mkit_read_code(k.sim));
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
	CHECK_OK(manifest_create(k.dir, &k.state, 200, &fatal, &next));
	manifest_free(k.manifest);
	k.manifest = next;
	CHECK_EQ(k.state.current.manifest, 200);
	CHECK_EQ(k.state.current.edit, k.state.edit);
	CHECK_EQ(k.state.reserved, 201);
	CHECK(!manifest_wants_restart(k.manifest));
	mkit_unlink(&k, FILE_MANIFEST, MKIT_MANIFEST);
	CHECK_OK(mkit_read_code(k.sim));
	mkit_release(&k);
}

TEST("a manifest is long when its edits are many and one of them is new")
{
	struct mkit k;
	struct state s;
	struct manifest *again, *next;
	bool fatal;

	mkit_init(&k);
	for (int i = 0; !manifest_is_long(k.manifest); i++) {
		struct edit e = { .reserved = 256 };

		CHECK(i < 200);
		CHECK_OK(mkit_append(&k, &e, &fatal));
	}
	CHECK(k.state.manifest_size - k.state.manifest_first > 2048);
	CHECK(!manifest_wants_restart(k.manifest));
	CHECK_OK(manifest_read(k.dir, NULL, NULL, &s));
	CHECK_OK(manifest_continue(k.dir, &s, &again));
	CHECK(!manifest_is_long(again));
	state_release(&s);
	manifest_free(again);
	CHECK_OK(manifest_create(k.dir, &k.state, 200, &fatal, &next));
	CHECK(!manifest_is_long(next));
	manifest_free(next);
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
	CHECK_OK(mkit_read_code(k.sim));
	CHECK_OK(manifest_create(k.dir, &k.state, 50, &fatal, &next));
	CHECK_EQ(k.state.current.branch[0], 0xb1);
	CHECK_OK(mkit_read_code(k.sim));
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
law_ingested(struct edit *e)
{
	e->ingested = 29;
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
	tree_put(e, 1, 4, 128, "a", "b");
}

static void
law_sequence(struct edit *e)
{
	tree_put(e, 1, 4, 100, "a", "b");
	e->adds[0].meta.sequence_max = 31;
}

static void
law_overlap(struct edit *e)
{
	tree_put(e, 7, 4, 100, "c", "x");
}

static void
law_drop(struct edit *e)
{
	CHECK_OK(edit_drop_table(e, 10));
}

static void
law_number_twice(struct edit *e)
{
	tree_put(e, 1, 4, 14, "a", "b");
}

static void (*const laws[])(struct edit *) = { law_reserved, law_flushed,
	law_ingested, law_log, law_run, law_database, law_end,
	law_number_reserved, law_sequence, law_overlap, law_drop,
	law_number_twice };

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
	mkit_check_words(&k.state, mkit_history_words);
	mkit_check_read(k.sim, mkit_history_words, false);
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
	rc = mkit_read_code(k.sim);
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
	tree_put(e, 1, 5, 100, "a", "b");
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

	CHECK_CODE(mkit_read_code(sim), LSM_NO_DATABASE);
	CHECK_OK(sim_env(sim)->ops->dir_open(sim_env(sim), MKIT_DIR, true,
	    &dir, &created));
	CHECK_CODE(mkit_read_code(sim), LSM_NO_DATABASE);
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
		CHECK_CODE(mkit_read_code(k.sim), LSM_NO_DATABASE);
		mkit_file(&k, kinds[i], 9, 0, BLOCK_UNIT);
		CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
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
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "CURRENT: names MANIFEST-000002, which is not there"
	    FILES_MADE_WHOLE);
	mkit_release(&k);
}

TEST("a table or the oldest log that is missing is told at once")
{
	struct mkit k;

	mkit_init(&k);
	mkit_history(&k);
	mkit_unlink(&k, FILE_TABLE, 13);
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "MANIFEST-000002: names 000013.sst, which is not there"
	    FILES_MADE_WHOLE);
	mkit_file(&k, FILE_TABLE, 13, 0, 8192);
	mkit_unlink(&k, FILE_LOG, 20);
	CHECK_CODE(mkit_read_code(k.sim), LSM_CORRUPT);
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
	mkit_check_read(k.sim, mkit_history_words, false);
	buffer_free(&now);
	buffer_free(&kept);
	mkit_release(&k);
}
