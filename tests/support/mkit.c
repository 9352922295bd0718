/*
 * mkit.c - a database of names only, for tests of the manifest.
 */
#include "support/mkit.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "support/test.h"
#include "support/tree.h"

const char mkit_history_words[] =
    "edit 4 reserved 128 flushed 20 ingested 30 log 20 run 5\n"
    "created lsm 0.1 branch b0\n"
    "codec=zlib\n"
    "filter_bits=10\n"
    "end 20 4200 77 31\n"
    "0: 3[12 13]; 7: 4[14]\n";

static const struct env_ops *
ops(const struct mkit *k)
{
	return k->dir->env->ops;
}

static void
ids_set(uint8_t database[ID_SIZE], uint8_t branch[ID_SIZE])
{
	memset(database, 0xd0, ID_SIZE);
	memset(branch, 0xb0, ID_SIZE);
}

void
mkit_file(struct mkit *k, enum file_kind kind, uint64_t number, uint64_t edit,
    uint64_t size)
{
	struct file_header h = { .id = { .kind = kind, .number = number },
	    .edit = edit };
	struct buffer content = { 0 };
	char name[FILE_NAME_MAX];
	struct env_file *file;

	ids_set(h.id.database, h.id.branch);
	CHECK(size >= BLOCK_UNIT);
	CHECK_OK(buffer_reserve(&content, size));
	memset(content.p, 0, size);
	file_header_write(content.p, &h);
	file_name(name, kind, number);
	CHECK_OK(ops(k)->file_open(k->dir, name, ENV_CREATE, &file));
	CHECK_OK(ops(k)->file_append(file, content.p, size));
	CHECK_OK(ops(k)->file_sync(file));
	CHECK_OK(ops(k)->file_close(file));
	CHECK_OK(ops(k)->dir_sync(k->dir));
	buffer_free(&content);
}

void
mkit_unlink(struct mkit *k, enum file_kind kind, uint64_t number)
{
	char name[FILE_NAME_MAX];

	file_name(name, kind, number);
	CHECK_OK(ops(k)->dir_unlink(k->dir, name));
	CHECK_OK(ops(k)->dir_sync(k->dir));
}

void
mkit_gone(void *arg, struct version_table *t)
{
	struct mkit *k = arg;

	k->buried[k->buried_count++] = t->meta.number;
}

void
mkit_init(struct mkit *k)
{
	struct state *s = &k->state;
	bool created, fatal;

	*k = (struct mkit){ 0 };
	k->sim = sim_new(test_seed());
	CHECK(k->sim != NULL);
	CHECK_OK(sim_env(k->sim)->ops->dir_open(sim_env(k->sim), MKIT_DIR,
	    true, &k->dir, &created));
	mkit_file(k, FILE_LOG, MKIT_LOG, 0, BLOCK_UNIT);
	ids_set(s->current.database, s->branch);
	s->log = MKIT_LOG;
	s->next_run = 1;
	s->reserved = 64;
	CHECK((s->created = mem_alloc(8)) != NULL);
	memcpy(s->created, "lsm 0.1", 8);
	CHECK_OK(version_new(&s->version));
	CHECK_OK(manifest_create(k->dir, s, MKIT_MANIFEST, &fatal,
	    &k->manifest));
}

void
mkit_release(struct mkit *k)
{
	manifest_free(k->manifest);
	state_release(&k->state);
	ops(k)->dir_close(k->dir);
	sim_free(k->sim);
}

int
mkit_append(struct mkit *k, struct edit *e, bool *fatal)
{
	int rc = manifest_append(k->manifest, &k->state, e, mkit_gone, k,
	    fatal);

	edit_release(e);
	return rc;
}

static void
flush_edit(struct mkit *k)
{
	struct edit e = { .flushed = 20 };
	bool fatal;

	for (uint64_t number = 10; number < 14; number++)
		mkit_file(k, FILE_TABLE, number, k->state.edit, 8192);
	tree_put(&e, 0, 1, 10, "a", "c");
	tree_put(&e, 0, 2, 11, "b", "d");
	tree_put(&e, 0, 3, 12, "x", "x");
	tree_put(&e, 0, 3, 13, "y", "z");
	CHECK_OK(edit_set_option(&e, "codec", "lz4"));
	CHECK_OK(edit_set_option(&e, "filter_bits", "10"));
	CHECK_OK(mkit_append(k, &e, &fatal));
}

static void
log_edit(struct mkit *k)
{
	struct log_end end = { .number = 20, .size = 4200, .sum = 77,
	    .sequence = 31 };
	struct edit e = { .log = 20, .reserved = 128 };
	bool fatal;

	mkit_file(k, FILE_LOG, 20, k->state.edit, BLOCK_UNIT);
	CHECK_OK(edit_add_end(&e, &end));
	CHECK_OK(edit_set_option(&e, "codec", "zlib"));
	CHECK_OK(mkit_append(k, &e, &fatal));
	mkit_unlink(k, FILE_LOG, MKIT_LOG);
}

static void
merge_edit(struct mkit *k)
{
	struct edit e = { .ingested = 30 };
	bool fatal;

	mkit_file(k, FILE_TABLE, 14, k->state.edit, 8192);
	tree_put(&e, 7, 4, 14, "a", "d");
	CHECK_OK(edit_drop_table(&e, 10));
	CHECK_OK(edit_drop_table(&e, 11));
	CHECK_OK(mkit_append(k, &e, &fatal));
	CHECK_EQ(k->buried_count, 2);
	mkit_unlink(k, FILE_TABLE, 10);
	mkit_unlink(k, FILE_TABLE, 11);
}

void
mkit_history(struct mkit *k)
{
	flush_edit(k);
	log_edit(k);
	merge_edit(k);
}

const char *
mkit_manifest_name(const struct mkit *k)
{
	static char name[FILE_NAME_MAX];

	return file_name(name, FILE_MANIFEST, k->state.current.manifest);
}

void
mkit_raw(struct mkit *k, uint8_t kind, uint64_t sequence,
    struct bytes payload)
{
	struct file_id id = { .kind = FILE_MANIFEST,
	    .number = k->state.current.manifest };
	struct buffer b = { 0 };
	struct env_file *file;

	memcpy(id.database, k->state.current.database, ID_SIZE);
	memcpy(id.branch, k->state.current.branch, ID_SIZE);
	CHECK_OK(buffer_reserve(&b, record_size(payload.n, false)));
	if (payload.n > 0)
		memcpy(b.p + RECORD_HEADER, payload.p, payload.n);
	k->state.manifest_sum = record_seal(b.p, kind, (uint32_t)payload.n,
	    sequence, k->state.manifest_sum, NULL, file_seed(&id),
	    k->state.manifest_size);
	b.n = record_size(payload.n, false);
	k->state.manifest_size += b.n;
	CHECK_OK(ops(k)->file_open(k->dir, mkit_manifest_name(k), ENV_APPEND,
	    &file));
	CHECK_OK(ops(k)->file_append(file, b.p, b.n));
	CHECK_OK(ops(k)->file_sync(file));
	CHECK_OK(ops(k)->file_close(file));
	buffer_free(&b);
}

static void
say(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct buffer *b, const char *format, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	CHECK_OK(buffer_add(b, line, strlen(line)));
}

void
mkit_words(const struct state *s, struct buffer *b)
{
	b->n = 0;
	say(b, "edit %" PRIu64 " reserved %" PRIu64 " flushed %" PRIu64
	    " ingested %" PRIu64 " log %" PRIu64 " run %" PRIu64 "\n",
	    s->edit, s->reserved, s->flushed, s->ingested, s->log,
	    s->next_run);
	say(b, "created %s branch %02x\n", s->created, s->branch[0]);
	for (size_t i = 0; i < s->options_count; i++)
		say(b, "%s=%s\n", s->options[i].name, s->options[i].value);
	for (size_t i = 0; i < s->ends_count; i++)
		say(b, "end %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		    s->ends[i].number, s->ends[i].size, s->ends[i].sum,
		    s->ends[i].sequence);
	say(b, "%s\n", tree_text(s->version));
}

int
mkit_read(struct sim *sim, struct buffer *words, bool *torn)
{
	lsm_env *env = sim_env(sim);
	struct state s = { 0 };
	struct env_dir *dir;
	bool created;
	int rc;

	words->n = 0;
	*torn = false;
	rc = env->ops->dir_open(env, MKIT_DIR, false, &dir, &created);
	if (rc != LSM_OK)
		return rc;
	rc = manifest_read(dir, NULL, NULL, &s);
	if (rc == LSM_OK) {
		*torn = s.torn;
		mkit_words(&s, words);
	} else {
		CHECK(s.version == NULL && s.edit == 0);
	}
	state_release(&s);
	env->ops->dir_close(dir);
	return rc;
}

int
mkit_read_code(struct sim *sim)
{
	struct buffer words = { 0 };
	bool torn;
	int rc = mkit_read(sim, &words, &torn);

	buffer_free(&words);
	return rc;
}

void
mkit_check_words(const struct state *s, const char *want)
{
	struct buffer words = { 0 };

	mkit_words(s, &words);
	CHECK_BYTES(buffer_bytes(&words), want);
	buffer_free(&words);
}

void
mkit_check_read(struct sim *sim, const char *want, bool want_torn)
{
	struct buffer words = { 0 };
	bool torn;

	CHECK_OK(mkit_read(sim, &words, &torn));
	CHECK_BYTES(buffer_bytes(&words), want);
	CHECK_EQ(torn, want_torn);
	buffer_free(&words);
}

void
mkit_content(struct mkit *k, const char *name, struct buffer *b)
{
	struct env_file *file;
	uint64_t size;

	b->n = 0;
	CHECK_OK(ops(k)->file_open(k->dir, name, ENV_READ, &file));
	CHECK_OK(ops(k)->file_size(file, &size));
	CHECK_OK(buffer_reserve(b, size));
	CHECK_OK(env_read_exactly(file, name, 0, b->p, size));
	b->n = size;
	CHECK_OK(ops(k)->file_close(file));
}
