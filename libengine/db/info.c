/*
 * info.c - what a handle can tell about itself: statistics and files.
 *
 * Everything here was counted; nothing is estimated.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "db/db.h"
#include "env/files.h"

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)

const char *
lsm_version(void)
{
	return TEXT(LSM_VERSION_MAJOR) "." TEXT(LSM_VERSION_MINOR) "."
	    TEXT(LSM_VERSION_PATCH);
}

/* Kept equal to FORMAT_MAJOR and FORMAT_MINOR by a test. */
const char *
lsm_format_version(void)
{
	return "0.1";
}

typedef void each_stat(void *, const char *, uint64_t);

struct counted {
	const char *name;
	const _Atomic uint64_t *value;
};

static void
counters_tell(lsm_db *db, each_stat *each, void *arg)
{
	const struct counters *c = &db->count;
	const struct table_stats *t = &db->table_stats;
	const struct counted list[] = {
		{ "write.puts", &c->puts },
		{ "write.deletes", &c->deletes },
		{ "write.range_deletes", &c->range_deletes },
		{ "write.batches", &c->batches },
		{ "write.unmet", &c->unmet },
		{ "write.bytes", &c->bytes_user },
		{ "write.stalls", &c->stalls },
		{ "write.stall_us", &c->stall_us },
		{ "write.paced_us", &db->pace.waited_us },
		{ "read.gets", &c->gets },
		{ "read.gets_found", &c->gets_found },
		{ "read.gets_memory", &c->gets_memory },
		{ "read.tables_asked", &c->tables_asked },
		{ "read.iterators", &c->iters },
		{ "read.seeks", &c->seeks },
		{ "read.steps", &c->steps },
		{ "read.pages", &t->pages_read },
		{ "read.bytes", &t->bytes_read },
		{ "read.pages_inflated", &t->inflated },
		{ "filter.asked", &t->filter_asked },
		{ "filter.useful", &t->filter_useful },
		{ "filter.false_positives", &t->filter_false },
		{ "flush.count", &c->flushes },
		{ "flush.bytes", &c->flush_bytes },
		{ "merge.count", &c->merges },
		{ "merge.bytes_read", &c->merge_read },
		{ "merge.bytes_written", &c->merge_bytes },
		{ "merge.partial", &c->merges_partial },
		{ "merge.moves", &c->moves },
		{ "merge.failed", &c->merges_failed },
		{ "merge.shadowed", &c->shadowed },
		{ "merge.deletes_dropped", &c->deletes_dropped },
		{ "merge.covered", &c->covered },
		{ "merge.range_deletes_dropped", &c->ranges_dropped },
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		each(arg, list[i].name, load_relaxed(list[i].value));
}

static void
cache_tell(lsm_db *db, each_stat *each, void *arg)
{
	struct cache_stats s;

	cache_stats(db->cache, &s);
	each(arg, "cache.hits", s.hits);
	each(arg, "cache.misses", s.misses);
	each(arg, "cache.evicted", s.evicted);
	each(arg, "cache.pages", s.pages);
	each(arg, "cache.bytes", s.bytes);
	each(arg, "tables.open", table_cache_open(db->tables));
}

static void
log_tell(lsm_db *db, each_stat *each, void *arg)
{
	each(arg, "log.bytes", db->log ? log_bytes(db->log) : 0);
	each(arg, "log.syncs", db->log ? log_syncs(db->log) : 0);
	each(arg, "recovery.records", db->recovery.records);
	each(arg, "recovery.bytes", db->recovery.bytes);
	each(arg, "recovery.interrupted_log", db->recovery.interrupted_log);
	each(arg, "recovery.interrupted_at", db->recovery.interrupted_at);
	each(arg, "recovery.logs_set_aside", db->recovery.set_aside);
}

struct totals {
	uint64_t tables, bytes, entries, deletes, ranges, data;
};

static void
run_add(const struct run *r, struct totals *t)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct table_meta *m = &r->tables[i]->meta;

		t->tables++;
		t->bytes += m->size;
		t->entries += m->entries;
		t->deletes += m->deletes;
		t->ranges += m->ranges;
		t->data += m->data;
	}
}

static void
totals_tell(const char *prefix, const struct totals *t, size_t runs,
    each_stat *each, void *arg)
{
	const char *const names[] = { "runs", "tables", "bytes", "entries",
		"deletes", "range_deletes", "data_bytes" };
	const uint64_t values[] = { runs, t->tables, t->bytes, t->entries,
		t->deletes, t->ranges, t->data };
	char name[64];

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		snprintf(name, sizeof name, "%s.%s", prefix, names[i]);
		each(arg, name, values[i]);
	}
}

static void
levels_tell(const struct version *v, each_stat *each, void *arg)
{
	struct totals all = { 0 };
	char prefix[32];

	for (int l = 0; l < LEVELS_MAX; l++) {
		struct totals t = { 0 };

		if (v->levels[l].count == 0)
			continue;
		for (size_t i = 0; i < v->levels[l].count; i++) {
			run_add(&v->levels[l].runs[i], &t);
			run_add(&v->levels[l].runs[i], &all);
		}
		snprintf(prefix, sizeof prefix, "level.%d", l);
		totals_tell(prefix, &t, v->levels[l].count, each, arg);
	}
	totals_tell("db", &all, v->runs, each, arg);
}

static void
memory_tell(const struct view *v, each_stat *each, void *arg)
{
	uint64_t used = 0, entries = 0, ranges = 0;

	for (size_t i = 0; i < v->count; i++) {
		used += memtable_used(v->generations[i].mem);
		entries += memtable_entries(v->generations[i].mem);
		ranges += memtable_ranges(v->generations[i].mem);
	}
	each(arg, "db.memtables", v->count);
	each(arg, "db.memtable_bytes", used);
	each(arg, "db.memtable_entries", entries);
	each(arg, "db.memtable_range_deletes", ranges);
}

int
lsm_stats(lsm_db *db, each_stat *each, void *arg)
{
	uint64_t sequence;
	struct view *v;
	int rc;

	if ((rc = db_usable(db)) != LSM_OK)
		return rc;
	v = view_now(db, &sequence);
	levels_tell(v->version, each, arg);
	memory_tell(v, each, arg);
	each(arg, "db.sequence", sequence);
	each(arg, "db.edit", v->version->edit);
	each(arg, "db.snapshots_and_iterators", load_relaxed(
	    &db->open_handles));
	view_unref(v);
	counters_tell(db, each, arg);
	cache_tell(db, each, arg);
	log_tell(db, each, arg);
	return LSM_OK;
}

/* A table of the version, looked up by number. */
static const struct version_table *
table_of(const struct version *v, uint64_t number)
{
	for (int l = 0; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < v->levels[l].count; i++)
			for (size_t j = 0; j < v->levels[l].runs[i].count;
			    j++)
				if (v->levels[l].runs[i].tables[j]->meta
				    .number == number)
					return v->levels[l].runs[i].tables[j];
	return NULL;
}

static bool
name_present(const struct env_names *names, const char *wanted)
{
	const char *name = (const char *)names->text.p;

	for (size_t i = 0; i < names->count; i++, name += strlen(name) + 1)
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

static void
table_tell(const struct version_table *t, const struct env_names *names,
    void (*each)(void *, const lsm_file_info *), void *arg)
{
	char name[FILE_NAME_MAX];
	lsm_file_info f = {
		.name = file_name(name, FILE_TABLE, t->meta.number),
		.kind = file_kind_word(FILE_TABLE),
		.level = t->level,
		.run = t->run,
		.size = t->meta.size,
		.entries = t->meta.entries,
		.deletes = t->meta.deletes,
		.range_deletes = t->meta.ranges,
		.sequence_min = t->meta.sequence_min,
		.sequence_max = t->meta.sequence_max,
		.smallest = bytes_slice(t->meta.smallest),
		.largest = bytes_slice(t->meta.largest),
		.live = 1,
		.present = name_present(names, name),
	};

	each(arg, &f);
}

static int
size_of(lsm_db *db, const char *name, uint64_t *size)
{
	struct env_file *file;
	int rc = db->env->ops->file_open(db->dir, name, ENV_READ, &file);

	*size = 0;
	if (rc != LSM_OK)
		return rc;
	rc = db->env->ops->file_size(file, size);
	env_file_close(file);
	return rc;
}

static bool
file_live(const lsm_db *db, enum file_kind kind, uint64_t number)
{
	switch (kind) {
	case FILE_CURRENT:
	case FILE_LOCK:
		return true;
	case FILE_LOG:
		return number >= db->state.log;
	case FILE_MANIFEST:
		return number == db->state.current.manifest;
	default:
		return false;
	}
}

static int
name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names by their bytes: a directory has them in any order. */
static int
names_sort(const struct env_names *names, const char ***sorted)
{
	const char *name = (const char *)names->text.p;
	size_t size = (names->count + 1) * sizeof **sorted;

	if ((*sorted = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	for (size_t i = 0; i < names->count; i++, name += strlen(name) + 1)
		(*sorted)[i] = name;
	qsort(*sorted, names->count, sizeof **sorted, name_order);
	return LSM_OK;
}

/* Everything but the version's tables; lost+found is a directory. */
static void
others_tell(lsm_db *db, const struct version *v, const char *const *sorted,
    size_t count, void (*each)(void *, const lsm_file_info *), void *arg)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = sorted[i];
		enum file_kind kind = file_parse(name, &number);
		lsm_file_info f = { .name = name, .level = -1, .present = 1,
			.kind = file_kind_word(kind) };

		if (kind == FILE_TABLE && table_of(v, number) != NULL)
			continue;
		f.live = file_live(db, kind, number);
		if (kind == FILE_OTHER || kind == FILE_LOST ||
		    size_of(db, name, &f.size) == LSM_OK)
			each(arg, &f);
	}
}

int
lsm_files(lsm_db *db, void (*each)(void *, const lsm_file_info *), void *arg)
{
	struct env_names names = { 0 };
	const char **sorted = NULL;
	uint64_t sequence;
	struct view *v;
	int rc;

	if ((rc = db_usable(db)) != LSM_OK ||
	    (rc = db->env->ops->dir_list(db->dir, &names)) != LSM_OK ||
	    (rc = names_sort(&names, &sorted)) != LSM_OK)
		goto done;
	v = view_now(db, &sequence);
	for (int l = 0; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < v->version->levels[l].count; i++) {
			const struct run *r = &v->version->levels[l].runs[i];

			for (size_t j = 0; j < r->count; j++)
				table_tell(r->tables[j], &names, each, arg);
		}
	mutex_lock(&db->edit_mu);
	others_tell(db, v->version, sorted, names.count, each, arg);
	mutex_unlock(&db->edit_mu);
	view_unref(v);
done:
	mem_free(sorted);
	env_names_free(&names);
	return rc;
}
