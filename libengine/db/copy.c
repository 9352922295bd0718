/*
 * copy.c - bytes from file to file.
 */
#include "db/copy.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"

enum { CHUNK = 256 << 10 };

static bool
all_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static int
chunk_copy(struct copy *c, struct env_file *from, uint64_t at,
    struct env_file *to, uint8_t *chunk, size_t n, size_t *got)
{
	const struct env_ops *ops = from->env->ops;
	int rc;

	if ((rc = ops->file_read(from, at, chunk, n, got)) != LSM_OK ||
	    *got == 0 || (rc = ops->file_append(to, chunk, *got)) != LSM_OK)
		return rc;
	c->something = c->something || !all_zero(chunk, *got);
	c->bytes += *got;
	return c->step != NULL ? c->step(c->arg, c->bytes) : LSM_OK;
}

int
copy_bytes(struct copy *c, struct env_file *from, uint64_t at, uint64_t n,
    struct env_file *to)
{
	uint8_t *chunk = mem_alloc(CHUNK);
	size_t want, got = 1;
	int rc = LSM_OK;

	if (chunk == NULL)
		return mem_exhausted(CHUNK);
	for (; rc == LSM_OK && n > 0 && got > 0; at += got, n -= got) {
		want = n < CHUNK ? (size_t)n : CHUNK;
		rc = chunk_copy(c, from, at, to, chunk, want, &got);
	}
	mem_free(chunk);
	return rc;
}

static int
fill(struct copy *c, struct env_file *from, const char *name, uint64_t n,
    struct bytes more, struct env_file *to)
{
	const struct env_ops *ops = from->env->ops;
	uint64_t before = c->bytes;
	int rc;

	if ((rc = copy_bytes(c, from, 0, n, to)) != LSM_OK)
		return rc;
	if (c->bytes - before != n)
		return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": file "
		    "ends here, but its size is %" PRIu64, name,
		    c->bytes - before, n);
	if (more.n > 0 && (rc = ops->file_append(to, more.p, more.n)) !=
	    LSM_OK)
		return rc;
	return ops->file_sync(to);
}

int
copy_file(struct copy *c, struct env_dir *from, const char *name, uint64_t n,
    struct bytes more, struct env_dir *to)
{
	const struct env_ops *ops = from->env->ops;
	struct env_file *source = NULL, *target = NULL;
	int rc, closed;

	if ((rc = ops->file_open(from, name, ENV_READ, &source)) != LSM_OK)
		return rc;
	rc = ops->file_open(to, name, ENV_CREATE, &target);
	if (rc == LSM_OK)
		rc = fill(c, source, name, n, more, target);
	env_file_close(source);
	closed = target != NULL ? ops->file_close(target) : LSM_OK;
	return rc == LSM_OK ? closed : rc;
}
