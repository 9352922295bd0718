/*
 * logenv.c - a door with a log object and files in memory.
 *
 * Its own memory comes from malloc(3): the failures that tests ask for are
 * those of the engine.
 */
#include "support/logenv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"

enum { PIECE = ENV_PIECE, RING = 2 * PIECE };

struct logenv_file {
	struct env_file file;
	struct logfile *of;
};

struct logenv_log {
	struct env_log log;
	struct logenv *env;
	struct logfile *of;
	uint8_t *image;			/* of the segment */
	uint64_t number, written, committed;	/* offsets */
};

static struct logenv *
from_env(lsm_env *env)
{
	return (struct logenv *)env;
}

static int
failing(int *code, const char *what, bool for_ever)
{
	int rc = *code;

	if (!for_ever)
		*code = LSM_OK;
	return rc == LSM_OK ? LSM_OK : status_set(rc, "%s: made to fail",
	    what);
}

struct logfile *
logenv_file(struct logenv *e, const char *name)
{
	for (int i = 0; i < LOGENV_FILES; i++)
		if (strcmp(e->files[i].name, name) == 0)
			return &e->files[i];
	return NULL;
}

struct logfile *
logenv_add(struct logenv *e, const char *name)
{
	struct logfile *f = logenv_file(e, "");

	if (f == NULL)
		abort();
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

void
logenv_resize(struct logfile *f, size_t n)
{
	if (n > f->capacity) {
		f->p = realloc(f->p, 2 * n);
		f->capacity = 2 * n;
		if (f->p == NULL)
			abort();
	}
	if (n > f->n)
		memset(f->p + f->n, 0, n - f->n);
	f->n = n;
}

static void
write_at(struct logfile *f, uint64_t at, const void *p, size_t n)
{
	if (at + n > f->n)
		logenv_resize(f, at + n);
	if (n)
		memcpy(f->p + at, p, n);
}

static int
dir_list(struct env_dir *dir, struct env_names *names)
{
	struct logenv *e = from_env(dir->env);
	int rc = LSM_OK;

	*names = (struct env_names){ 0 };
	for (int i = 0; i < LOGENV_FILES && rc == LSM_OK; i++) {
		const char *name = e->files[i].name;

		if (name[0] == '\0')
			continue;
		rc = buffer_add(&names->text, name, strlen(name) + 1);
		names->count++;
	}
	if (rc != LSM_OK)
		env_names_free(names);
	return rc;
}

static int
file_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **out)
{
	struct logfile *of = logenv_file(from_env(dir->env), name);
	struct logenv_file *f;

	*out = NULL;
	(void)how;
	if (of == NULL)
		return status_set(LSM_NOTFOUND, "%s: no such file", name);
	if ((f = malloc(sizeof *f)) == NULL)
		abort();
	*f = (struct logenv_file){ .file = { dir->env, of->n }, .of = of };
	*out = &f->file;
	return LSM_OK;
}

static int
file_read(struct env_file *file, uint64_t at, void *to, size_t n, size_t *got)
{
	struct logfile *of = ((struct logenv_file *)file)->of;
	struct logenv *e = from_env(file->env);

	*got = 0;
	if (e->fail_read)
		return failing(&e->fail_read, of->name, e->for_ever);
	if (at < of->n)
		*got = n < of->n - at ? n : of->n - (size_t)at;
	if (*got)
		memcpy(to, of->p + at, *got);
	return LSM_OK;
}

static int
file_size(struct env_file *file, uint64_t *size)
{
	*size = ((struct logenv_file *)file)->of->n;
	return LSM_OK;
}

static int
file_close(struct env_file *file)
{
	free(file);
	return LSM_OK;
}

static struct logenv_log *
from_log(struct env_log *log)
{
	return (struct logenv_log *)log;
}

static int
tail_keep(struct logenv_log *l)
{
	struct logenv *e = l->env;

	e->trusted = true;
	e->written = log_position(l->number, l->written);
	e->committed = log_position(l->number, l->committed);
	return LSM_OK;
}

static void
log_close(struct env_log *log)
{
	struct logenv_log *l = from_log(log);

	l->env->tail.n = 0;
	if (l->of != NULL)
		(void)buffer_add(&l->env->tail, l->image + l->written,
		    (size_t)(l->committed - l->written));
	free(l->image);
	free(l);
}

static int
log_tail(struct env_dir *dir, struct env_lock *lock, const uint8_t id[16],
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *tail)
{
	struct logenv *e = from_env(dir->env);
	uint64_t skip = 0, end;

	(void)lock;
	(void)id;
	*tail = (struct env_tail){ .trusted = e->trusted };
	if (!e->trusted)
		return LSM_OK;
	tail->syncing = e->syncing;
	tail->written = e->written;
	tail->committed = e->committed;
	if (e->tail.n == 0 || e->committed >> 32 != number ||
	    e->written >= e->committed || from >= (uint32_t)e->committed)
		return LSM_OK;
	if (from > (uint32_t)e->written)
		skip = from - (uint32_t)e->written;
	/* There may be more than was announced. */
	end = (uint32_t)(e->committed - e->written);
	return buffer_add(out, e->tail.p + skip, (size_t)(end - skip));
}

/* Void words void no bytes: the tail is where it was, noise around it. */
static int
log_ring(struct env_lock *lock, uint64_t from, struct buffer *out)
{
	struct logenv *e = from_env(lock->env);
	uint64_t at = (uint32_t)e->written;
	int rc = buffer_reserve(out, RING);

	if (rc != LSM_OK || e->tail.n == 0)
		return rc;
	for (uint64_t i = from; i < from + RING; i++)
		out->p[out->n++] = i >= at && i - at < e->tail.n ?
		    e->tail.p[i - at] : 0x5a;
	return LSM_OK;
}

static int
log_prepare_file(struct env_dir *dir, const char *name, const char *recycle,
    uint64_t size, struct bytes head)
{
	struct logenv *e = from_env(dir->env);
	struct logfile *f;

	if (recycle != NULL) {
		f = logenv_file(e, recycle);
		snprintf(f->name, sizeof f->name, "%s", name);
	} else {
		f = logenv_add(e, name);
	}
	if (f->n < size)
		logenv_resize(f, (size_t)size);
	write_at(f, 0, head.p, head.n);
	return LSM_OK;
}

static void
flush_locked(struct logenv_log *l)
{
	write_at(l->of, l->written, l->image + l->written,
	    (size_t)(l->committed - l->written));
	l->written = l->committed;
	tail_keep(l);
}

static int
log_enter(struct logenv_log *l, const char *name, uint64_t number,
    uint64_t at, struct bytes first)
{
	mutex_lock(&l->env->mu);
	l->of = logenv_file(l->env, name);
	l->number = number;
	l->written = at;
	l->committed = at + first.n;
	if (first.n)
		memcpy(l->image + at, first.p, first.n);
	flush_locked(l);
	mutex_unlock(&l->env->mu);
	return LSM_OK;
}

static int
log_attach(struct env_log *log, const char *name, uint64_t number,
    uint64_t at, struct bytes missing)
{
	return log_enter(from_log(log), name, number, at, missing);
}

static int
log_flush(struct env_log *log)
{
	struct logenv_log *l = from_log(log);

	mutex_lock(&l->env->mu);
	flush_locked(l);
	mutex_unlock(&l->env->mu);
	return LSM_OK;
}

static int
log_switch(struct env_log *log, const char *name, uint64_t number,
    uint64_t at, struct bytes first)
{
	struct logenv_log *l = from_log(log);
	int rc = failing(&l->env->fail_switch, name, l->env->for_ever);

	if (rc != LSM_OK)
		return rc;
	if (l->of != NULL)
		log_flush(log);
	return log_enter(l, name, number, at, first);
}

static int
log_reserve(struct env_log *log, size_t n, uint8_t **out)
{
	struct logenv_log *l = from_log(log);
	int rc = failing(&l->env->fail_reserve, "log", l->env->for_ever);

	*out = NULL;
	if (rc != LSM_OK)
		return rc;
	if (l->committed + n > LOGENV_SEGMENT_MAX)
		abort();
	*out = l->image + l->committed;
	return LSM_OK;
}

static int
log_commit(struct env_log *log, size_t n)
{
	struct logenv_log *l = from_log(log);
	int rc = failing(&l->env->fail_commit, "log", l->env->for_ever);

	if (rc != LSM_OK)
		return rc;
	mutex_lock(&l->env->mu);
	l->committed += n;
	tail_keep(l);
	if (!l->env->ring || l->committed - l->written >= PIECE)
		flush_locked(l);
	mutex_unlock(&l->env->mu);
	return LSM_OK;
}

static int
log_sync_all(struct env_log *log, uint64_t *durable)
{
	struct logenv_log *l = from_log(log);
	int rc;

	*durable = 0;
	mutex_lock(&l->env->mu);
	l->env->syncs++;
	if ((rc = failing(&l->env->fail_sync, "log", l->env->for_ever)) ==
	    LSM_OK) {
		flush_locked(l);
		*durable = log_position(l->number, l->committed);
	}
	mutex_unlock(&l->env->mu);
	thread_yield();		/* a disk takes its time */
	return rc;
}

static uint64_t
date_us(lsm_env *env)
{
	(void)env;
	return 1700000000000000;
}

static const struct env_ops logenv_ops = {
	.dir_list = dir_list,
	.file_open = file_open,
	.file_read = file_read,
	.file_size = file_size,
	.file_close = file_close,
	.log_close = log_close,
	.log_tail = log_tail,
	.log_ring = log_ring,
	.log_prepare = log_prepare_file,
	.log_attach = log_attach,
	.log_switch = log_switch,
	.log_reserve = log_reserve,
	.log_commit = log_commit,
	.log_flush = log_flush,
	.log_sync = log_sync_all,
	.log_scrub = log_flush,
	.date_us = date_us,
};

struct logenv *
logenv_new(void)
{
	struct logenv *e = calloc(1, sizeof *e);

	if (e == NULL)
		abort();
	e->env.ops = &logenv_ops;
	e->dir.env = &e->env;
	e->lock.env = &e->env;
	mutex_init(&e->mu);
	return e;
}

void
logenv_free(struct logenv *e)
{
	for (int i = 0; i < LOGENV_FILES; i++)
		free(e->files[i].p);
	buffer_free(&e->tail);
	mutex_release(&e->mu);
	free(e);
}

struct env_log *
logenv_open_log(struct logenv *e)
{
	struct logenv_log *l = calloc(1, sizeof *l);

	if (l == NULL || (l->image = calloc(1, LOGENV_SEGMENT_MAX)) == NULL)
		abort();
	l->log.env = &e->env;
	l->env = e;
	return &l->log;
}

void
logenv_reboot(struct logenv *e)
{
	e->trusted = false;
	e->syncing = false;
	e->tail.n = 0;
}

void
logenv_distrust(struct logenv *e)
{
	e->trusted = false;
}
