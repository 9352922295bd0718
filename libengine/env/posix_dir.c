/*
 * posix_dir.c - directories: made, listed, changed, durable.
 *
 * A new name is durable once the directory it stands in was synced, and a new
 * directory once its parent was.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/posix.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

static bool
is_component(const char *name)
{
	return name[0] != '\0' && strchr(name, '/') == NULL;
}

/* A file system that cannot sync a directory says EINVAL: it has no more. */
int
posix_sync_dir(int fd, const char *name)
{
	if (fsync(fd) == 0 || errno == EINVAL)
		return LSM_OK;
	return status_system(errno, "%s: sync", name);
}

/* `path` becomes the directory that it stands in. */
static void
parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		memcpy(path, ".", 2);
	else
		slash[slash == path] = '\0';
}

/* A parent that may not be read is none that this user ever made: it is
 * passed over where the directory in it was there before. */
static int
sync_parent(const char *path, bool created)
{
	char parent[PATH_MAX];
	int fd, rc;

	memcpy(parent, path, strlen(path) + 1);
	parent_of(parent);
	fd = open(parent, DIR_FLAGS);
	if (fd < 0)
		return errno == EACCES && !created ? LSM_OK :
		    status_system(errno, "%s: open", parent);
	rc = posix_sync_dir(fd, parent);
	close(fd);
	return rc;
}

/* Where the component that begins at `at` ends; 0: there is none. */
static size_t
path_part(const char *path, size_t at)
{
	at += strspn(path + at, "/");
	if (path[at] == '\0')
		return 0;
	return at + strcspn(path + at, "/");
}

/* One that exists may have been made by a process that was killed before it
 * could sync. Whatever else is wrong with it, opening it tells. */
static int
make_one(const char *path, bool *created)
{
	int error;

	*created = mkdir(path, POSIX_DIR_MODE) == 0;
	error = errno;
	if (*created || error == EEXIST)
		return sync_parent(path, *created);
	if (error == ENOTDIR || access(path, F_OK) == 0)
		return LSM_OK;
	return status_system(error, "%s: mkdir", path);
}

/* Make what is missing, from the top. */
static int
make_path(const char *path, bool *created)
{
	char part[PATH_MAX];
	int rc = LSM_OK;

	if (strlen(path) >= sizeof part)
		return status_system(ENAMETOOLONG, "%s: mkdir", path);
	for (size_t at = 0; rc == LSM_OK && (at = path_part(path, at)) != 0;) {
		memcpy(part, path, at);
		part[at] = '\0';
		rc = make_one(part, created);
	}
	return rc;
}

static int
path_copy(const char *path, char **out)
{
	size_t n = strlen(path) + 1;

	if ((*out = mem_alloc(n)) == NULL)
		return mem_exhausted(n);
	memcpy(*out, path, n);
	return LSM_OK;
}

/* Of a path that cannot be resolved nothing is remembered. */
int
posix_dir_remember(struct posix_dir *dir)
{
	char whole[PATH_MAX];

	if (dir->path != NULL || dir->given == NULL ||
	    realpath(dir->given, whole) == NULL)
		return LSM_OK;
	return path_copy(whole, &dir->path);
}

/* Takes the descriptor, after a failure as well. */
static int
dir_new(lsm_env *env, int fd, const char *path, struct env_dir **out)
{
	struct posix_dir *dir = mem_zalloc(sizeof *dir);
	int rc;

	if (dir == NULL) {
		rc = mem_exhausted(sizeof *dir);
		goto failed;
	}
	if (path != NULL && (rc = path_copy(path, &dir->given)) != LSM_OK)
		goto failed;
	dir->base.env = env;
	dir->fd = fd;
	*out = &dir->base;
	return LSM_OK;
failed:
	mem_free(dir);
	close(fd);
	return rc;
}

static int
open_path(const char *path, int *fd)
{
	*fd = open(path, DIR_FLAGS);
	if (*fd >= 0)
		return LSM_OK;
	if (errno == ENOENT || errno == ENOTDIR)
		return status_set(LSM_NO_DATABASE, "%s: %s", path,
		    errno == ENOENT ? "no such directory" : "not a directory");
	return status_system(errno, "%s: open", path);
}

int
posix_dir_open(lsm_env *env, const char *path, bool create,
    struct env_dir **out, bool *created)
{
	int fd, rc = LSM_OK;

	*out = NULL;
	*created = false;
	if ((create && (rc = make_path(path, created)) != LSM_OK) ||
	    (rc = open_path(path, &fd)) != LSM_OK ||
	    (rc = dir_new(env, fd, path, out)) != LSM_OK)
		if (*created)
			(void)rmdir(path);
	return rc;
}

void
posix_dir_close(struct env_dir *base)
{
	struct posix_dir *dir = (struct posix_dir *)base;

	if (dir == NULL)
		return;
	close(dir->fd);
	mem_free(dir->given);
	mem_free(dir->path);
	mem_free(dir);
}

/* Is the directory still where it was opened? */
static bool
is_at(const struct posix_dir *dir, const char *path)
{
	struct stat there, here;

	return stat(path, &there) == 0 && fstat(dir->fd, &here) == 0 &&
	    there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

int
posix_dir_remove(struct env_dir *base)
{
	const struct posix_dir *dir = (struct posix_dir *)base;

	if (dir->given == NULL || !is_at(dir, dir->given))
		return status_set(LSM_EXISTS, "directory: not where it was");
	if (rmdir(dir->given) == 0)
		return LSM_OK;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return status_set(LSM_EXISTS, "%s: is not empty", dir->given);
	return status_system(errno, "%s: rmdir", dir->given);
}

int
posix_dir_sync(struct env_dir *base)
{
	return posix_sync_dir(((struct posix_dir *)base)->fd, "directory");
}

static int
list_into(DIR *stream, struct env_names *names)
{
	struct dirent *entry;
	int rc;

	while (errno = 0, (entry = readdir(stream)) != NULL) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		rc = buffer_add(&names->text, name, strlen(name) + 1);
		if (rc != LSM_OK)
			return rc;
		names->count++;
	}
	return errno == 0 ? LSM_OK : status_system(errno, "directory: read");
}

int
posix_dir_list(struct env_dir *base, struct env_names *names)
{
	/* A descriptor of its own: the position in a directory is shared. */
	int fd = openat(((struct posix_dir *)base)->fd, ".", DIR_FLAGS);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	int rc;

	*names = (struct env_names){ 0 };
	if (stream == NULL) {
		rc = status_system(errno, "directory: open");
		if (fd >= 0)
			close(fd);
		return rc;
	}
	if ((rc = list_into(stream, names)) != LSM_OK)
		env_names_free(names);
	closedir(stream);
	return rc;
}

static int
entry_failed(int error, const char *name, const char *what)
{
	if (error == ENOENT)
		return status_set(LSM_NOTFOUND, "%s: %s: no such file", name,
		    what);
	return status_system(error, "%s: %s", name, what);
}

int
posix_dir_unlink(struct env_dir *base, const char *name)
{
	assert(is_component(name));
	if (unlinkat(((struct posix_dir *)base)->fd, name, 0) == 0)
		return LSM_OK;
	return entry_failed(errno, name, "unlink");
}

int
posix_dir_rename(struct env_dir *base, const char *from, const char *to)
{
	return posix_dir_move(base, from, base, to);
}

int
posix_dir_move(struct env_dir *base, const char *name, struct env_dir *to,
    const char *to_name)
{
	assert(is_component(name) && is_component(to_name));
	if (renameat(((struct posix_dir *)base)->fd, name,
	    ((struct posix_dir *)to)->fd, to_name) == 0)
		return LSM_OK;
	return entry_failed(errno, name, "rename");
}

/* Other file systems, those without links, files of somebody else where the
 * system protects them, a file that has all the names it may have. */
static bool
cannot_link(int error)
{
	return error == EXDEV || error == EPERM || error == EACCES ||
	    error == EMLINK || error == EOPNOTSUPP || error == ENOSYS;
}

/* A link in the place of a file would be given one more name itself. */
int
posix_dir_link(struct env_dir *base, const char *name, struct env_dir *to,
    const char *to_name)
{
	int from_fd = ((struct posix_dir *)base)->fd;
	struct stat st;

	assert(is_component(name) && is_component(to_name));
	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return entry_failed(errno, name, "link");
	if (!S_ISREG(st.st_mode))
		return status_set(LSM_CORRUPT, "%s: not a regular file",
		    posix_name(name).text);
	if (linkat(from_fd, name, ((struct posix_dir *)to)->fd, to_name,
	    0) == 0)
		return LSM_OK;
	if (errno == EEXIST)
		return status_set(LSM_EXISTS, "%s: exists",
		    posix_name(to_name).text);
	if (cannot_link(errno))
		return status_set(LSM_UNSUPPORTED, "%s: link: %s",
		    posix_name(name).text, strerror(errno));
	return entry_failed(errno, name, "link");
}

int
posix_dir_sub(struct env_dir *base, const char *name, struct env_dir **out)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	bool made;
	int fd, rc;

	*out = NULL;
	assert(is_component(name));
	made = mkdirat(dir->fd, name, POSIX_DIR_MODE) == 0;
	if (!made && errno != EEXIST)
		return status_system(errno, "%s: mkdir", name);
	if (made && (rc = posix_dir_sync(base)) != LSM_OK)
		return rc;
	fd = openat(dir->fd, name, DIR_FLAGS | O_NOFOLLOW);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return status_set(LSM_CORRUPT, "%s: not a directory", name);
	if (fd < 0)
		return status_system(errno, "%s: open", name);
	return dir_new(base->env, fd, NULL, out);
}

static int
write_whole(int dir_fd, const char *name, struct bytes content)
{
	int fd, rc, closed;

	rc = posix_openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL, &fd);
	if (rc != LSM_OK)
		return rc;
	rc = posix_write(fd, name, 0, content.p, content.n);
	if (rc == LSM_OK && fdatasync(fd) != 0)
		rc = status_system(errno, "%s: sync", name);
	closed = posix_close(fd, name);
	return rc == LSM_OK ? closed : rc;
}

int
posix_dir_replace(struct env_dir *base, const char *name, struct bytes content)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	char fresh[FILE_NAME_MAX];
	int rc;

	assert(is_component(name));
	assert(strlen(name) + sizeof ".new" <= sizeof fresh);
	snprintf(fresh, sizeof fresh, "%s.new", name);
	/* One that a crash left may be shorter or longer, or a link. */
	if (unlinkat(dir->fd, fresh, 0) != 0 && errno != ENOENT)
		return status_system(errno, "%s: unlink", fresh);
	rc = write_whole(dir->fd, fresh, content);
	if (rc == LSM_OK)
		rc = posix_dir_rename(base, fresh, name);
	if (rc == LSM_OK)
		return posix_dir_sync(base);
	(void)unlinkat(dir->fd, fresh, 0);
	return rc;
}

bool
posix_dir_same(struct env_dir *base)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	struct stat st;

	if (dir->path != NULL && !is_at(dir, dir->path))
		return false;
	if (!dir->locked)
		return true;
	return fstatat(dir->fd, "LOCK", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == dir->lock_device && st.st_ino == dir->lock_inode;
}

int
posix_dir_links(struct env_dir *base, const char *name, uint64_t *links)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	struct stat st;

	*links = 0;
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return status_system(errno, "%s: stat", posix_name(name).text);
	*links = st.st_nlink;
	return LSM_OK;
}
