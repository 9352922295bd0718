/*
 * witness.c - the other files of the directory testify about the manifest.
 *
 * One list of the directory; the names are sorted into numbers, so the cost
 * is that of the list. In the ordinary case one file is opened, the newest
 * log. A header that does not verify testifies to nothing: a crash may leave
 * one.
 */
#include "version/witness.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"

struct present {
	struct env_names names;
	uint64_t *tables, *logs;	/* ascending */
	size_t tables_count, logs_count;
	bool manifest;			/* there is at least one */
};

static int
compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void
present_release(struct present *p)
{
	env_names_free(&p->names);
	mem_free(p->tables);
	mem_free(p->logs);
}

static void
present_sort(struct present *p)
{
	const char *name = (const char *)p->names.text.p;
	uint64_t number;

	for (size_t i = 0; i < p->names.count; i++) {
		enum file_kind kind = file_parse(name, &number);

		if (kind == FILE_TABLE)
			p->tables[p->tables_count++] = number;
		else if (kind == FILE_LOG)
			p->logs[p->logs_count++] = number;
		p->manifest |= kind == FILE_MANIFEST;
		name += strlen(name) + 1;
	}
	qsort(p->tables, p->tables_count, sizeof *p->tables, compare);
	qsort(p->logs, p->logs_count, sizeof *p->logs, compare);
}

static int
present_init(struct env_dir *dir, struct present *p)
{
	size_t room;
	int rc;

	*p = (struct present){ 0 };
	if ((rc = dir->env->ops->dir_list(dir, &p->names)) != LSM_OK)
		return rc;
	room = p->names.count * sizeof *p->tables;
	if ((p->tables = mem_alloc(room)) == NULL ||
	    (p->logs = mem_alloc(room)) == NULL) {
		present_release(p);
		return mem_exhausted(room);
	}
	present_sort(p);
	return LSM_OK;
}

static bool
has(const uint64_t *numbers, size_t count, uint64_t number)
{
	return bsearch(&number, numbers, count, sizeof number, compare) !=
	    NULL;
}

static int
missing(const struct state *s, enum file_kind kind, uint64_t number)
{
	char manifest[FILE_NAME_MAX], name[FILE_NAME_MAX];

	return status_set(LSM_CORRUPT, "%s: names %s, which is not there",
	    file_name(manifest, FILE_MANIFEST, s->current.manifest),
	    file_name(name, kind, number));
}

static int
names_check(const struct present *p, const struct state *s)
{
	const struct version *v = s->version;

	for (size_t i = 0; i < v->tables; i++)
		if (!has(p->tables, p->tables_count, v->list[i]->meta.number))
			return missing(s, FILE_TABLE, v->list[i]->meta.number);
	if (s->log != 0 && !has(p->logs, p->logs_count, s->log))
		return missing(s, FILE_LOG, s->log);
	return LSM_OK;
}

static int
size_check(struct env_dir *dir, const struct table_meta *m)
{
	char name[FILE_NAME_MAX];
	struct env_file *file;
	uint64_t size = 0;
	int rc;

	file_name(name, FILE_TABLE, m->number);
	rc = dir->env->ops->file_open(dir, name, ENV_READ, &file);
	if (rc == LSM_OK)
		rc = dir->env->ops->file_size(file, &size);
	env_file_close(file);
	if (rc != LSM_OK)
		return rc == LSM_NOTFOUND ? LSM_CORRUPT : rc;
	if (size == m->size)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": file ends "
	    "here, but its size is %" PRIu64, name, size, m->size);
}

static int
sizes_check(struct env_dir *dir, const struct state *s)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < s->version->tables && rc == LSM_OK; i++)
		rc = size_check(dir, &s->version->list[i]->meta);
	return rc;
}

/* The header of a file, when it has one that verifies. */
static int
header_read(struct env_dir *dir, const struct file_id *id, const char *name,
    struct file_header *h, bool *valid)
{
	uint8_t page[BLOCK_UNIT];
	struct env_file *file;
	size_t got = 0;
	int rc;

	*valid = false;
	rc = dir->env->ops->file_open(dir, name, ENV_READ, &file);
	if (rc == LSM_OK)
		rc = dir->env->ops->file_read(file, 0, page, sizeof page,
		    &got);
	env_file_close(file);
	if (rc != LSM_OK)	/* removed meanwhile, or no file */
		return rc == LSM_NOTFOUND || rc == LSM_CORRUPT ? LSM_OK : rc;
	*valid = got == sizeof page &&
	    file_header_read(page, id, name, h) == LSM_OK;
	return LSM_OK;
}

/* Was the file made after an edit that the manifest does not have? Files of
 * another branch count the edits of another manifest. */
static int
ask(struct env_dir *dir, const struct state *s, enum file_kind kind,
    uint64_t number)
{
	char name[FILE_NAME_MAX], manifest[FILE_NAME_MAX];
	struct file_id id = { .kind = kind, .number = number };
	struct file_header h;
	bool valid;
	int rc;

	memcpy(id.database, s->current.database, ID_SIZE);
	file_name(name, kind, number);
	if ((rc = header_read(dir, &id, name, &h, &valid)) != LSM_OK)
		return rc;
	if (!valid || h.edit <= s->edit ||
	    memcmp(h.id.branch, s->branch, ID_SIZE) != 0)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": ends with "
	    "edit %" PRIu64 ", but %s was made after edit %" PRIu64,
	    file_name(manifest, FILE_MANIFEST, s->current.manifest),
	    s->manifest_size, s->edit, name, h.edit);
}

static int
ask_all(struct env_dir *dir, const struct present *p, const struct state *s)
{
	int rc = LSM_OK;

	for (size_t i = 0; i < p->logs_count && rc == LSM_OK; i++)
		rc = ask(dir, s, FILE_LOG, p->logs[i]);
	for (size_t i = 0; i < p->tables_count && rc == LSM_OK; i++)
		rc = ask(dir, s, FILE_TABLE, p->tables[i]);
	return rc;
}

int
witness_hear(struct env_dir *dir, const struct state *s)
{
	struct present p;
	int rc;

	if ((rc = present_init(dir, &p)) != LSM_OK)
		return rc;
	if ((rc = names_check(&p, s)) != LSM_OK)
		goto done;
	if (s->torn) {
		if ((rc = sizes_check(dir, s)) == LSM_OK)
			rc = ask_all(dir, &p, s);
	} else if (p.logs_count > 0) {
		rc = ask(dir, s, FILE_LOG, p.logs[p.logs_count - 1]);
	}
done:
	present_release(&p);
	return rc;
}

int
witness_without_current(struct env_dir *dir)
{
	struct present p;
	int rc;

	if ((rc = present_init(dir, &p)) != LSM_OK)
		return rc;
	if (p.manifest || p.tables_count > 0 || p.logs_count > 0)
		rc = status_set(LSM_CORRUPT, "CURRENT: is missing, though "
		    "other files of a database are there");
	else
		rc = status_set(LSM_NO_DATABASE, "CURRENT: no such file");
	present_release(&p);
	return rc;
}
