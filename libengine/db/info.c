/*
 * info.c - what a handle can tell about itself: versions and files.
 */
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
	return "0.3";
}

static bool
name_present(const struct env_names *names, const char *wanted)
{
	const char *name = NULL;

	while ((name = env_names_next(names, name)) != NULL)
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
	const char *name = NULL;
	size_t size = (names->count + 1) * sizeof **sorted, n = 0;

	if ((*sorted = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	while ((name = env_names_next(names, name)) != NULL)
		(*sorted)[n++] = name;
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

		if (kind == FILE_TABLE && version_table_find(v, number) != NULL)
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

	if ((rc = db_readable(db)) != LSM_OK ||
	    (rc = db->env->ops->dir_list(db->dir, &names)) != LSM_OK ||
	    (rc = names_sort(&names, &sorted)) != LSM_OK)
		goto done;
	v = view_now(db, &sequence);
	for (size_t i = 0; i < v->version->tables; i++)
		table_tell(v->version->list[i], &names, each, arg);
	mutex_lock(&db->edit_mu);
	others_tell(db, v->version, sorted, names.count, each, arg);
	mutex_unlock(&db->edit_mu);
	view_unref(v);
done:
	mem_free(sorted);
	env_names_free(&names);
	return rc;
}
