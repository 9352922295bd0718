/*
 * env.c - small helpers that every door shares.
 */
#include "env/env.h"

#include <inttypes.h>

#include "base/status.h"

void
env_names_free(struct env_names *names)
{
	buffer_free(&names->text);
	names->count = 0;
}

const char *
env_names_next(const struct env_names *names, const char *name)
{
	const char *from = (const char *)names->text.p;
	const char *next = name != NULL ? name + strlen(name) + 1 : from;

	return names->count > 0 && next < from + names->text.n ? next : NULL;
}

int
env_read_exactly(struct env_file *file, const char *name, uint64_t at, void *to,
    size_t n)
{
	size_t got;
	int rc = file->env->ops->file_read(file, at, to, n, &got);

	if (rc == LSM_OK && got < n)
		return status_set(LSM_CORRUPT,
		    "%s: offset %" PRIu64 ": short: %zu bytes of %zu", name,
		    at, got, n);
	return rc;
}

void
env_file_close(struct env_file *file)
{
	if (file != NULL)
		(void)file->env->ops->file_close(file);
}
