/*
 * bug.c - what lsm-cli is linked with to have a bug, or bad luck, on demand.
 *
 * $LSM_BUG is "twice": a merge or a flush gives each entry to its table two
 * times; or "stuck": a sync does not come back, and leaves a file of that name
 * in the current directory.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "table/table_builder.h"

int __real_table_builder_add(struct table_builder *, const struct entry *);
int __wrap_table_builder_add(struct table_builder *, const struct entry *);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

static bool
has(const char *bug)
{
	const char *name = getenv("LSM_BUG");

	return name != NULL && strcmp(name, bug) == 0;
}

int
__wrap_table_builder_add(struct table_builder *b, const struct entry *e)
{
	int rc = __real_table_builder_add(b, e);

	return rc == LSM_OK && has("twice") ? __real_table_builder_add(b, e) :
	    rc;
}

int
__wrap_fdatasync(int fd)
{
	if (!has("stuck"))
		return __real_fdatasync(fd);
	close(open("stuck", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	for (;;)
		pause();
}
