/*
 * Fuzz: a manifest, read in a directory where the files it should name are.
 *
 *   input := control (1 byte), content behind the file header
 *
 * control 1: sums and chain are put right; 2: edits are numbered as they come.
 */
#include "version/manifest.h"

#include <assert.h>

#include "env/env_sim.h"
#include "log/record.h"

enum { MANIFEST = 2, LOG = 20, TABLE_FIRST = 10, TABLE_END = 16 };
enum { CONTENT_MAX = 1 << 16, AT_NUMBER = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct env_dir *dir;
static struct sim *sim;

static void
must(int rc)
{
	assert(rc == LSM_OK);
}

static struct file_id
file_of(enum file_kind kind, uint64_t number)
{
	struct file_id id = { .kind = kind, .number = number };

	memset(id.database, 0xd0, ID_SIZE);
	memset(id.branch, 0xb0, ID_SIZE);
	return id;
}

static void
make(enum file_kind kind, uint64_t number, size_t size)
{
	static uint8_t content[BLOCK_UNIT + CONTENT_MAX];
	struct file_header h = { .id = file_of(kind, number) };
	char name[FILE_NAME_MAX];
	struct env_file *file;

	file_header_write(content, &h);
	must(dir->env->ops->file_open(dir, file_name(name, kind, number),
	    ENV_CREATE, &file));
	must(dir->env->ops->file_append(file, content, size));
	must(dir->env->ops->file_close(file));
}

static void
directory_make(void)
{
	struct file_id id = file_of(FILE_MANIFEST, MANIFEST);
	struct current c = { .manifest = MANIFEST, .edit = 1 };
	struct buffer text = { 0 };
	bool created;

	memcpy(c.database, id.database, ID_SIZE);
	memcpy(c.branch, id.branch, ID_SIZE);
	sim = sim_new(1);
	assert(sim != NULL);
	must(sim_env(sim)->ops->dir_open(sim_env(sim), "db", true, &dir,
	    &created));
	for (uint64_t number = TABLE_FIRST; number < TABLE_END; number++)
		make(FILE_TABLE, number, 2 * BLOCK_UNIT);
	make(FILE_LOG, 1, BLOCK_UNIT);
	make(FILE_LOG, LOG, BLOCK_UNIT);
	make(FILE_MANIFEST, MANIFEST, BLOCK_UNIT);
	must(current_encode(&c, &text));
	must(dir->env->ops->dir_replace(dir, "CURRENT", buffer_bytes(&text)));
	buffer_free(&text);
}

/* The number in front of a payload whose first field is the edit's. */
static void
number(uint8_t *record, size_t size, uint8_t edit)
{
	uint8_t *payload = record + RECORD_HEADER;

	put32(record + AT_NUMBER, edit);
	if (size >= RECORD_HEADER + 3 && payload[0] == 1 && payload[1] == 1)
		payload[2] = edit;
}

static void
put_right(uint8_t *p, size_t n, bool numbered)
{
	struct file_id id = file_of(FILE_MANIFEST, MANIFEST);
	uint64_t seed = file_seed(&id), sum = seed;
	size_t at = 0, size;

	for (uint8_t edit = 1; n - at >= RECORD_HEADER; edit++, at += size) {
		uint32_t payload = get32(p + at + 8);

		size = record_size(payload, false);
		if (size > n - at)
			return;
		if (numbered && edit < 128)
			number(p + at, size, edit);
		sum = record_seal(p + at, p[at + 12], payload,
		    get32(p + at + AT_NUMBER), sum, NULL, seed,
		    BLOCK_UNIT + at);
	}
}

/* What was read can be told again, and is the same. */
static void
check_state(struct state *s)
{
	struct manifest *m = NULL;
	struct state again;
	struct sim *old = sim;
	bool fatal;

	assert(s->edit >= s->current.edit && s->manifest_size > BLOCK_UNIT);
	for (size_t i = 0; i < s->version->tables; i++)
		assert(s->version->list[i]->meta.number < s->reserved);
	if (s->reserved >= UINT64_MAX || s->edit >= UINT64_MAX)
		return;
	must(manifest_create(dir, s, s->reserved, &fatal, &m));
	manifest_free(m);
	must(manifest_read(dir, NULL, NULL, &again));
	assert(!again.torn);
	assert(again.edit == s->edit && again.log == s->log);
	assert(again.version->tables == s->version->tables);
	assert(again.options_count == s->options_count);
	assert(again.ends_count == s->ends_count);
	state_release(&again);
	dir->env->ops->dir_close(dir);
	directory_make();
	sim_free(old);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t content[CONTENT_MAX];
	struct state s;
	bool there;

	if (n < 1 || n - 1 > CONTENT_MAX)
		return 0;
	if (sim == NULL)
		directory_make();
	memcpy(content, data + 1, --n);
	if (data[0] & 1)
		put_right(content, n, data[0] & 2);
	there = sim_resize(sim, "db", "MANIFEST-000002", BLOCK_UNIT) &&
	    sim_resize(sim, "db", "MANIFEST-000002", BLOCK_UNIT + n) &&
	    (n == 0 || sim_poke(sim, "db", "MANIFEST-000002", BLOCK_UNIT,
	    content, n));
	assert(there);
	if (manifest_read(dir, NULL, NULL, &s) == LSM_OK)
		check_state(&s);
	state_release(&s);
	return 0;
}
