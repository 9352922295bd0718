/*
 * out_file.c - what stdout would get goes to a file, whole or not at all.
 */
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "out.h"
#include "signals.h"

static int
create_failed(const char *path, int error)
{
	return cli_fail(error == EACCES || error == EPERM || error == EROFS ?
	    EXIT_DENIED : EXIT_CREATE, "%s: %s", path, strerror(error));
}

int
out_file_start(struct out_file *f, const char *path, bool force)
{
	struct stat there;
	int n;

	*f = (struct out_file){ .path = NULL, .force = force };
	if (!force && lstat(path, &there) == 0)
		return cli_fail(EXIT_CREATE, "%s: it is there; --force "
		    "replaces it", path);
	n = snprintf(f->temporary, sizeof f->temporary, "%s.%ld.new", path,
	    (long)getpid());
	if (n < 0 || (size_t)n >= sizeof f->temporary)
		return create_failed(path, ENAMETOOLONG);
	f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0666);
	if (f->fd == -1)
		return create_failed(path, errno);
	f->path = path;
	out_flush();
	out_redirect(f->fd);
	return 0;
}

/* Without --force a file that came meanwhile is not replaced either. */
static int
put_in_place(const struct out_file *f)
{
	if (f->force)
		return rename(f->temporary, f->path);
	if (link(f->temporary, f->path) != 0)
		return -1;
	return unlink(f->temporary);
}

/* The name is durable when its directory is. */
static int
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[OUT_NAME_MAX] = ".";
	int fd, failed;

	if (slash != NULL)
		snprintf(name, sizeof name, "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	failed = fsync(fd);
	close(fd);
	return failed;
}

int
out_file_end(struct out_file *f, int status)
{
	int error;

	if (f->path == NULL)
		return status;
	error = out_restore();
	if (error == 0 && fsync(f->fd) != 0)
		error = errno;
	if (close(f->fd) != 0 && error == 0)
		error = errno;
	if (error != 0)
		status = cli_worst(status, cli_fail(EXIT_IO, "%s: %s", f->path,
		    strerror(error)));
	if (status == 0 && signals_pending() == 0) {
		if (put_in_place(f) == 0 && sync_directory(f->path) == 0)
			return 0;
		status = create_failed(f->path, errno);
	}
	unlink(f->temporary);
	return status;
}
