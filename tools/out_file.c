/*
 * out_file.c - what stdout would get goes to a file, whole or not at all.
 *
 * Only a file can be replaced. What is none is written to: a device, a FIFO,
 * and a descriptor that has a name in /proc, whatever it is of. A symbolic link
 * stays what it is: the file that it leads to is replaced, or made, where that
 * is.
 */
#include "out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "number.h"
#include "out.h"
#include "signals.h"

/* Where links lead: as many as Linux follows. */
enum { LINKS_MAX = 40 };
static const char descriptors[] = "/proc/self/fd";

static int
create_failed(const char *path, int error)
{
	return cli_fail(error == EACCES || error == EPERM || error == EROFS ?
	    EXIT_DENIED : EXIT_CREATE, "%s: %s", path, strerror(error));
}

/* What stands before the name, with its slash; 0: nothing. */
static size_t
folder_size(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Put what the link `name` holds in its place. Returns an errno. */
static int
link_follow(char name[OUT_NAME_MAX])
{
	size_t folder;
	char held[OUT_NAME_MAX];
	ssize_t n = readlink(name, held, sizeof held);

	if (n == -1)
		return errno;
	folder = n > 0 && held[0] == '/' ? 0 : folder_size(name);
	if (folder + (size_t)n >= OUT_NAME_MAX)
		return ENAMETOOLONG;
	memcpy(name + folder, held, (size_t)n);
	name[folder + (size_t)n] = '\0';
	return 0;
}

/* Whether descriptor `fd` of this process is of what has the name. */
static bool
is_own(const char *path, int fd)
{
	struct stat there, own;

	return stat(path, &there) == 0 && fstat(fd, &own) == 0 &&
	    there.st_dev == own.st_dev && there.st_ino == own.st_ino;
}

/* A link of /proc is a descriptor, whatever its text says. */
static bool
is_descriptor(const struct stat *link)
{
	struct stat folder;

	return stat(descriptors, &folder) == 0 &&
	    folder.st_dev == link->st_dev;
}

/* Go on with a descriptor where it is; another one of the same file would begin
 * at its start. Those that are ours, and not our caller's, are of the database:
 * they are closed when a program is executed. */
static int
descriptor_take(struct out_file *f)
{
	uint64_t n;
	int flags;

	f->through = true;
	if (!number_count(f->target + folder_size(f->target), INT_MAX, &n) ||
	    !is_own(f->target, (int)n) ||
	    (flags = fcntl((int)n, F_GETFD)) == -1 || (flags & FD_CLOEXEC) != 0)
		return EBADF;
	f->fd = fcntl((int)n, F_DUPFD_CLOEXEC, 0);
	return f->fd == -1 ? errno : 0;
}

/* Follow links to the file that they are of, which need not be there yet. */
static int
target_find(struct out_file *f)
{
	struct stat there;
	int links, error = 0;

	for (links = 0; error == 0; links++) {
		if (lstat(f->target, &there) != 0)
			return errno == ENOENT ? 0 : errno;
		if (!S_ISLNK(there.st_mode)) {
			f->through = !S_ISREG(there.st_mode);
			return 0;
		}
		if (is_descriptor(&there))
			return descriptor_take(f);
		error = links == LINKS_MAX ? ELOOP : link_follow(f->target);
	}
	return error;
}

static int
through_open(struct out_file *f)
{
	f->fd = open(f->target, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	return f->fd == -1 ? errno : 0;
}

static int
temporary_open(struct out_file *f)
{
	int n = snprintf(f->temporary, sizeof f->temporary, "%s.%ld.new",
	    f->target, (long)getpid());

	if (n < 0 || (size_t)n >= sizeof f->temporary)
		return ENAMETOOLONG;
	f->fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0666);
	return f->fd == -1 ? errno : 0;
}

int
out_file_start(struct out_file *f, const char *path, bool force)
{
	struct stat there;
	int error = 0;

	*f = (struct out_file){ .path = NULL, .force = force, .fd = -1 };
	if (!force && lstat(path, &there) == 0)
		return cli_fail(EXIT_CREATE, "%s: it is there; --force "
		    "replaces it", path);
	if (strlen(path) >= sizeof f->target)
		return create_failed(path, ENAMETOOLONG);
	memcpy(f->target, path, strlen(path) + 1);
	if (force)
		error = target_find(f);
	if (error == 0 && f->fd == -1)
		error = f->through ? through_open(f) : temporary_open(f);
	/* Nobody came to read the FIFO. */
	if (error == EINTR && signals_pending() != 0)
		return EXIT_RETRY;
	if (error != 0)
		return create_failed(path, error);
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
		return rename(f->temporary, f->target);
	if (link(f->temporary, f->target) != 0)
		return -1;
	return unlink(f->temporary);
}

/* The name is durable when its directory is. */
static int
sync_directory(const char *path)
{
	size_t folder = folder_size(path);
	char name[OUT_NAME_MAX] = ".";
	int fd, failed;

	if (folder > 0)
		snprintf(name, sizeof name, "%.*s", (int)folder, path);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	failed = fsync(fd);
	close(fd);
	return failed;
}

/* What is no file may have nothing to sync. */
static int
sync_file(const struct out_file *f)
{
	if (fsync(f->fd) == 0 || (f->through && errno == EINVAL))
		return 0;
	return errno;
}

int
out_file_end(struct out_file *f, int status)
{
	int error;

	if (f->path == NULL)
		return status;
	error = out_restore();
	if (error == 0)
		error = sync_file(f);
	if (close(f->fd) != 0 && error == 0)
		error = errno;
	/* A FIFO whose reader has gone: the tool dies of that, silently. */
	if (error != 0 && error != EPIPE)
		status = cli_worst(status, cli_fail(EXIT_IO, "%s: %s", f->path,
		    strerror(error)));
	if (f->through)
		return status;
	if (status == 0 && signals_pending() == 0) {
		if (put_in_place(f) == 0 && sync_directory(f->target) == 0)
			return 0;
		status = create_failed(f->path, errno);
	}
	unlink(f->temporary);
	return status;
}
