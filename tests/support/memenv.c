/*
 * memenv.c - files in memory, for tests that damage them byte by byte.
 *
 * It takes its memory from malloc(3), not from base/alloc.h: where allocations
 * are made to fail, those of the engine are meant.
 */
#include "support/memenv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"

enum { FILES_MAX = 64, NAME_ROOM = 64, SLACK = 16 };

struct memfile {
	char name[NAME_ROOM];	/* "": free */
	struct buffer data;
};

struct memenv {
	lsm_env env;
	struct env_ops ops;
	struct env_dir dir;
	struct memfile files[FILES_MAX];
	_Atomic uint64_t calls, reads;
	uint64_t fail_at;
};

struct memhandle {
	struct env_file file;
	struct memfile *data;
};

static struct memenv *
memenv_of(lsm_env *env)
{
	return (struct memenv *)env;
}

/* A call that may be made to fail. */
static int
call(lsm_env *env, const char *what)
{
	struct memenv *m = memenv_of(env);
	uint64_t n = atomic_fetch_add(&m->calls, 1) + 1;

	if (n == m->fail_at)
		return status_set(LSM_IO, "%s: made to fail", what);
	return LSM_OK;
}

static struct memfile *
find(struct memenv *m, const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (strcmp(m->files[i].name, name) == 0)
			return &m->files[i];
	return NULL;
}

static int
mem_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **out)
{
	struct memenv *m = memenv_of(dir->env);
	struct memfile *f = find(m, name);
	struct memhandle *h;

	*out = NULL;
	if (how == ENV_READ && f == NULL)
		return status_set(LSM_NOTFOUND, "%s: no such file", name);
	if (how == ENV_CREATE) {
		if (f != NULL)
			return status_set(LSM_EXISTS, "%s: exists", name);
		memenv_put(m, name, bytes(NULL, 0));
		f = find(m, name);
	}
	if ((h = malloc(sizeof *h)) == NULL)
		abort();
	h->file = (struct env_file){ dir->env, f->data.n };
	h->data = f;
	*out = &h->file;
	return LSM_OK;
}

static int
mem_read(struct env_file *file, uint64_t at, void *to, size_t n, size_t *got)
{
	struct buffer *b = &((struct memhandle *)file)->data->data;
	int rc = call(file->env, "read");

	*got = 0;
	atomic_fetch_add(&memenv_of(file->env)->reads, 1);
	if (rc != LSM_OK || at >= b->n)
		return rc;
	*got = b->n - at < n ? (size_t)(b->n - at) : n;
	memcpy(to, b->p + at, *got);
	return LSM_OK;
}

static void
append(struct buffer *b, const void *p, size_t n)
{
	if (b->n + n + SLACK > b->cap) {
		b->cap = (b->n + n + SLACK) * 2;
		if ((b->p = realloc(b->p, b->cap)) == NULL)
			abort();
	}
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static int
mem_append(struct env_file *file, const void *p, size_t n)
{
	int rc = call(file->env, "append");

	if (rc == LSM_OK)
		append(&((struct memhandle *)file)->data->data, p, n);
	return rc;
}

static int
mem_size(struct env_file *file, uint64_t *size)
{
	*size = ((struct memhandle *)file)->data->data.n;
	return LSM_OK;
}

static int
mem_sync(struct env_file *file)
{
	return call(file->env, "sync");
}

static int
mem_close(struct env_file *file)
{
	int rc = call(file->env, "close");

	free(file);
	return rc;
}

static int
mem_map(struct env_file *file, uint64_t size, const uint8_t **out)
{
	*out = ((struct memhandle *)file)->data->data.p;
	return size ? LSM_OK : LSM_INVALID;
}

static void
mem_unmap(lsm_env *env, const uint8_t *p, uint64_t size)
{
	(void)env;
	(void)p;
	(void)size;
}

static int
mem_unlink(struct env_dir *dir, const char *name)
{
	struct memfile *f = find(memenv_of(dir->env), name);

	if (f == NULL)
		return status_set(LSM_NOTFOUND, "%s: no such file", name);
	free(f->data.p);
	memset(f, 0, sizeof *f);
	return LSM_OK;
}

static uint64_t
mem_date(lsm_env *env)
{
	(void)env;
	return 1;
}

struct memenv *
memenv_new(void)
{
	struct memenv *m = calloc(1, sizeof *m);

	if (m == NULL)
		abort();
	m->ops = (struct env_ops){
		.dir_unlink = mem_unlink,
		.file_open = mem_open,
		.file_read = mem_read,
		.file_append = mem_append,
		.file_size = mem_size,
		.file_sync = mem_sync,
		.file_close = mem_close,
		.file_map = mem_map,
		.file_unmap = mem_unmap,
		.date_us = mem_date,
	};
	m->env.ops = &m->ops;
	m->dir.env = &m->env;
	return m;
}

void
memenv_free(struct memenv *m)
{
	for (int i = 0; i < FILES_MAX; i++)
		free(m->files[i].data.p);
	free(m);
}

struct env_dir *
memenv_dir(struct memenv *m)
{
	return &m->dir;
}

struct buffer *
memenv_file(struct memenv *m, const char *name)
{
	struct memfile *f = find(m, name);

	return f ? &f->data : NULL;
}

void
memenv_put(struct memenv *m, const char *name, struct bytes content)
{
	struct memfile *f = find(m, name);

	if (f == NULL && (f = find(m, "")) == NULL)
		abort();
	snprintf(f->name, sizeof f->name, "%s", name);
	f->data.n = 0;
	append(&f->data, content.p, content.n);
}

void
memenv_set_map(struct memenv *m, bool can)
{
	m->ops.file_map = can ? mem_map : NULL;
}

void
memenv_fail_at(struct memenv *m, uint64_t n)
{
	m->fail_at = n ? m->calls + n : 0;
}

uint64_t
memenv_reads(const struct memenv *m)
{
	return m->reads;
}
