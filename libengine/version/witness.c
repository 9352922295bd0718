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

#include "base/numbers.h"
#include "base/status.h"

struct present {
	struct numbers tables, logs;
	bool manifest;			/* there is at least one */
};

static void
present_release(struct present *p)
{
	numbers_release(&p->tables);
	numbers_release(&p->logs);
}

static int
present_add(struct present *p, enum file_kind kind, uint64_t number)
{
	p->manifest |= kind == FILE_MANIFEST;
	return kind == FILE_TABLE ? numbers_add(&p->tables, number) :
	    kind == FILE_LOG ? numbers_add(&p->logs, number) : LSM_OK;
}

static int
present_init(struct env_dir *dir, struct present *p)
{
	struct env_names names;
	const char *name = NULL;
	enum file_kind kind;
	uint64_t number;
	int rc;

	*p = (struct present){ 0 };
	if ((rc = dir->env->ops->dir_list(dir, &names)) != LSM_OK)
		return rc;
	while (rc == LSM_OK && (name = env_names_next(&names, name)) != NULL) {
		kind = file_parse(name, &number);
		rc = present_add(p, kind, number);
	}
	env_names_free(&names);
	numbers_sort(&p->tables);
	numbers_sort(&p->logs);
	if (rc != LSM_OK)
		present_release(p);
	return rc;
}

static int
missing(const struct state *s, enum file_kind kind, uint64_t number)
{
	char manifest[FILE_NAME_MAX], name[FILE_NAME_MAX];

	return status_set(LSM_CORRUPT, "%s: names %s, which is not there"
	    FILES_MADE_WHOLE,
	    file_name(manifest, FILE_MANIFEST, s->current.manifest),
	    file_name(name, kind, number));
}

static int
names_check(const struct present *p, const struct state *s)
{
	const struct version *v = s->version;

	for (size_t i = 0; i < v->tables; i++)
		if (!numbers_have(&p->tables, v->list[i]->meta.number))
			return missing(s, FILE_TABLE, v->list[i]->meta.number);
	if (s->log != 0 && !numbers_have(&p->logs, s->log))
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

	for (size_t i = 0; i < p->logs.count && rc == LSM_OK; i++)
		rc = ask(dir, s, FILE_LOG, p->logs.list[i]);
	for (size_t i = 0; i < p->tables.count && rc == LSM_OK; i++)
		rc = ask(dir, s, FILE_TABLE, p->tables.list[i]);
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
	} else if (p.logs.count > 0) {
		rc = ask(dir, s, FILE_LOG, p.logs.list[p.logs.count - 1]);
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
	if (p.manifest || p.tables.count > 0 || p.logs.count > 0)
		rc = status_set(LSM_CORRUPT, "CURRENT: is missing, though "
		    "other files of a database are there");
	else
		rc = status_set(LSM_NO_DATABASE, "CURRENT: no such file");
	present_release(&p);
	return rc;
}
