/*
 * ckit.c - runs of real tables on a simulated disk, and what they should
 * hold.
 */
#include "support/ckit.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/checksum.h"
#include "base/status.h"
#include "kv/merge_iter.h"
#include "kv/veil_iter.h"
#include "support/test.h"

enum { MEM_LIMIT = 1 << 20, RUNS_MAX = 64 };

static void
mem_begin(struct ckit *k)
{
	memtable_unref(k->mem);
	CHECK_OK(memtable_new(MEM_LIMIT, 1, CKIT_VALUE_MAX, k->sequence + 1,
	    &k->mem));
}

void
ckit_init(struct ckit *k)
{
	struct table_source source = { .reads = LSM_READS_STRICT };
	bool created;

	*k = (struct ckit){ .number = 100, .run = 1, .edit = 1,
	    .table_size = 1 << 20 };
	CHECK((k->sim = sim_new(test_seed())) != NULL);
	CHECK_OK(sim_env(k->sim)->ops->dir_open(sim_env(k->sim), "db", true,
	    &k->dir, &created));
	source.dir = k->dir;
	source.stats = &k->stats;
	memset(source.database, 0xd0, ID_SIZE);
	CHECK_OK(table_cache_new(&source, 100, &k->tables));
	CHECK_OK(version_new(&k->version));
	mem_begin(k);
}

void
ckit_release(struct ckit *k)
{
	memtable_unref(k->mem);
	version_unref(k->version);
	table_cache_free(k->tables);
	k->dir->env->ops->dir_close(k->dir);
	sim_free(k->sim);
}

struct bytes
ckit_key(size_t key)
{
	static char name[16];

	snprintf(name, sizeof name, "key-%05zu", key);
	return text(name);
}

/* Long values now and then, so that pages and tables fill. */
static struct bytes
value_of(uint64_t sequence)
{
	static uint8_t value[CKIT_VALUE_MAX];
	size_t n = sequence % 7 == 0 ? 0 : (size_t)(sequence * 37 % 300);

	if (sequence % 50 == 0)
		n = CKIT_VALUE_MAX;
	for (size_t i = 0; i < n; i++)
		value[i] = (uint8_t)(sequence + i / 8);
	return bytes(value, n);
}

static void
change(struct ckit *k, size_t key, enum kind kind)
{
	struct bytes value = bytes(NULL, 0);

	k->sequence++;
	if (kind == KIND_PUT)
		value = value_of(k->sequence);
	CHECK(memtable_has_room(k->mem, 1, 9 + value.n, k->sequence));
	memtable_put(k->mem, kind, ckit_key(key), value, k->sequence);
	k->holds[key] = kind == KIND_PUT ? k->sequence : 0;
}

void
ckit_put(struct ckit *k, size_t key)
{
	change(k, key, KIND_PUT);
}

void
ckit_fill(struct ckit *k, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		ckit_put(k, i);
}

void
ckit_delete(struct ckit *k, size_t key)
{
	change(k, key, KIND_DELETE);
}

void
ckit_delete_range(struct ckit *k, size_t from, size_t to)
{
	char end[16];
	struct range_set *made;
	struct range r = { .sequence = ++k->sequence };

	snprintf(end, sizeof end, "%s", (const char *)ckit_key(to).p);
	r.from = ckit_key(from);
	r.to = text(end);
	CHECK_OK(memtable_ranges_new(k->mem, &r, 1, &made));
	memtable_ranges_put(k->mem, made, 1);
	for (size_t key = from; key < to && key < CKIT_KEYS; key++)
		k->holds[key] = 0;
}

static int
number_next(void *arg, uint64_t *number)
{
	struct ckit *k = arg;
	int rc = k->number_fails;

	*number = 0;
	k->number_fails = LSM_OK;
	if (rc != LSM_OK)
		return status_set(rc, "no number");
	*number = k->number++;
	return LSM_OK;
}

struct compact_options
ckit_options(struct ckit *k, int level, uint64_t run)
{
	struct compact_options o = {
		.dir = k->dir,
		.tables = k->tables,
		.table = {
			.dir = k->dir,
			.id = { .kind = FILE_TABLE },
			.page_size = 4096,
			.filter_bits = 10,
			.level = level,
			.run = run,
			.edit = k->edit,
		},
		.table_size = k->table_size,
		.level = level,
		.run = run,
		.number = number_next,
		.number_arg = k,
	};

	memset(o.table.id.database, 0xd0, ID_SIZE);
	memset(o.table.id.branch, 0xb0, ID_SIZE);
	return o;
}

static void
gone(void *arg, struct version_table *t)
{
	struct ckit *k = arg;

	table_cache_forget(k->tables, t->meta.number);
	CHECK_OK(k->dir->env->ops->dir_unlink(k->dir, ckit_name(t)));
}

void
ckit_install(struct ckit *k, struct compact_job *job)
{
	struct edit e = { .number = ++k->edit };
	struct version *next;

	CHECK_OK(compact_result(job, &e));
	CHECK_OK(version_apply(k->version, &e, gone, k, &next));
	version_retire(k->version, next);
	edit_release(&e);
	compact_free(job);
	version_unref(k->version);
	k->version = next;
}

int
ckit_steps(struct compact_job *job)
{
	bool done = false;
	int rc = LSM_OK;

	for (int i = 0; rc == LSM_OK && !done; i++) {
		CHECK(i < 10000);
		rc = compact_step(job, &done);
	}
	return rc;
}

int
ckit_run(struct ckit *k, struct compact_job *job, struct compact_stats *s)
{
	int rc = ckit_steps(job);

	if (s != NULL)
		compact_stats(job, s);
	if (rc == LSM_OK)
		ckit_install(k, job);
	else
		compact_free(job);
	return rc;
}

void
ckit_flush(struct ckit *k, int level)
{
	struct compact_options o = ckit_options(k, level, k->run++);
	struct compact_job *job;

	CHECK_OK(compact_flush_new(&o, k->mem, &job));
	CHECK_OK(ckit_run(k, job, NULL));
	mem_begin(k);
}

int
ckit_merge_job(struct ckit *k, int level, bool drop_deletes,
    struct compact_job **job)
{
	struct compact_options o = ckit_options(k, level, k->run++);

	o.drop_deletes = drop_deletes;
	return compact_merge_new(&o, k->version, k->version->list,
	    k->version->tables, job);
}

void
ckit_merge(struct ckit *k, int level, bool drop_deletes,
    struct compact_stats *s)
{
	struct compact_job *job;

	CHECK_OK(ckit_merge_job(k, level, drop_deletes, &job));
	CHECK_OK(ckit_run(k, job, s));
}

static void
entry_check(const struct ckit *k, size_t key, const struct entry *e)
{
	CHECK(bytes_equal(e->key, ckit_key(key)));
	if (e->kind == KIND_DELETE) {
		CHECK_EQ(k->holds[key], 0);
		CHECK_EQ(e->value.n, 0);
		return;
	}
	CHECK_EQ(e->sequence, k->holds[key]);
	CHECK(bytes_equal(e->value, value_of(e->sequence)));
}

static size_t
walk_check(const struct ckit *k, struct iter *it)
{
	size_t deletes = 0;

	CHECK_OK(iter_first(it));
	for (size_t key = 0; key < CKIT_KEYS; key++) {
		if (!it->valid || !bytes_equal(it->entry.key,
		    ckit_key(key))) {
			CHECK_EQ(k->holds[key], 0);
			continue;
		}
		entry_check(k, key, &it->entry);
		deletes += it->entry.kind == KIND_DELETE;
		CHECK_OK(iter_next(it));
	}
	CHECK(!it->valid);
	return deletes;
}

static void
gets_check(struct ckit *k)
{
	struct buffer value = { 0 };
	uint64_t sequence, asked = 0;
	enum kind kind;

	for (size_t key = 0; key < CKIT_KEYS; key += 7) {
		struct bytes b = ckit_key(key);
		int rc = version_get(k->version, k->tables, b, hash64(b),
		    &kind, &sequence, &value, &asked);

		if (rc == LSM_OK && kind == KIND_PUT) {
			CHECK_EQ(sequence, k->holds[key]);
			CHECK(bytes_equal(buffer_bytes(&value),
			    value_of(sequence)));
		} else {
			CHECK(rc == LSM_OK || rc == LSM_NOTFOUND);
			CHECK_EQ(k->holds[key], 0);
		}
	}
	buffer_free(&value);
}

/* A run, veiled by the range deletes of its own and of all newer ones. */
static struct iter *
veiled(struct ckit *k, size_t run)
{
	const struct run *runs = k->version->run_list;
	struct cover *covers[RUNS_MAX];
	struct iter *it;
	size_t n = 0;

	CHECK_OK(run_iter_new(k->version, &runs[run], k->tables, 0, &it));
	for (size_t i = 0; i <= run; i++)
		if (runs[i].covering > 0)
			CHECK_OK(run_cover_new(&runs[i], k->tables,
			    &covers[n++]));
	CHECK_OK(veil_iter_new(it, covers, n, runs[run].covering > 0, &it));
	return it;
}

size_t
ckit_check(struct ckit *k)
{
	struct iter *iters[RUNS_MAX], *it;
	size_t count = 0, deletes;

	CHECK(k->version->runs <= RUNS_MAX);
	for (; count < k->version->runs; count++)
		iters[count] = veiled(k, count);
	CHECK_OK(merge_iter_new(iters, count, &it));
	deletes = walk_check(k, it);
	iter_free(it);
	gets_check(k);
	return deletes;
}

size_t
ckit_files(struct ckit *k)
{
	struct env_names names = { 0 };
	const char *name = NULL;
	uint64_t number;
	size_t n = 0;

	CHECK_OK(k->dir->env->ops->dir_list(k->dir, &names));
	while ((name = env_names_next(&names, name)) != NULL)
		n += file_parse(name, &number) == FILE_TABLE;
	env_names_free(&names);
	return n;
}

const char *
ckit_name(const struct version_table *t)
{
	static char name[FILE_NAME_MAX];

	return file_name(name, FILE_TABLE, t->meta.number);
}
