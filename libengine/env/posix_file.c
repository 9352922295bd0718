/*
 * posix_file.c - files: opened below a directory, read and appended to.
 *
 * A directory may hold what somebody else put there, so a name is never
 * followed through a link, a FIFO does not block the open, and what is not a
 * regular file is refused before a byte of it is read.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/posix.h"

struct posix_file {
	struct env_file base;
	int fd;
	uint64_t end;		/* where the next append goes */
	uint64_t begun;		/* to here, writing to the disk has begun */
	char name[FILE_NAME_MAX];
};

/* So much of a file goes to the disk before its sync is asked for. */
enum { BEGIN_BYTES = 1 << 20 };

/* One call moves at most this; Linux itself stops a page below 2 GiB. */
#define TRANSFER_MAX ((size_t)1 << 30)

struct posix_name
posix_name(const char *name)
{
	struct posix_name n;

	file_name_copy(n.text, name);
	return n;
}

static int
not_regular(const char *name)
{
	return status_set(LSM_CORRUPT, "%s: not a regular file", name);
}

static int
open_failed(int error, const char *name)
{
	switch (error) {
	case ENOENT:
		return status_set(LSM_NOTFOUND, "%s: no such file", name);
	case EEXIST:
		return status_set(LSM_EXISTS, "%s: exists", name);
	case ELOOP:		/* a link */
	case EISDIR:
	case ENXIO:		/* a FIFO without a reader, a socket */
		return not_regular(name);
	default:
		return status_system(error, "%s: open", name);
	}
}

static int
check_regular(int fd, const char *name, struct stat *st)
{
	if (fstat(fd, st) != 0)
		return status_system(errno, "%s: stat", name);
	return S_ISREG(st->st_mode) ? LSM_OK : not_regular(name);
}

int
posix_openat(int dir_fd, const char *name, int flags, int *fd)
{
	struct stat st;

	return posix_openat_stat(dir_fd, name, flags, fd, &st);
}

int
posix_openat_stat(int dir_fd, const char *name, int flags, int *fd,
    struct stat *st)
{
	int rc;

	assert(name[0] != '\0' && strchr(name, '/') == NULL);
	do {
		*fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_CLOEXEC |
		    O_NONBLOCK | O_NOCTTY, POSIX_FILE_MODE);
	} while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return open_failed(errno, name);
	if ((rc = check_regular(*fd, name, st)) == LSM_OK)
		return LSM_OK;
	close(*fd);
	*fd = -1;
	return rc;
}

int
posix_write(int fd, const char *name, uint64_t at, const void *from, size_t n)
{
	const uint8_t *p = from;

	while (n > 0) {
		size_t most = n < TRANSFER_MAX ? n : TRANSFER_MAX;
		ssize_t put = pwrite(fd, p, most, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return status_system(put < 0 ? errno : ENOSPC,
			    "%s: offset %" PRIu64 ": write", name, at);
		p += put;
		n -= (size_t)put;
		at += (uint64_t)put;
	}
	return LSM_OK;
}

/* The system, or this file system, may not know the flag; and a write may end
 * early: then all of the file is synced, which is right as well. */
int
posix_write_through(int fd, const char *name, uint64_t at, const void *from,
    size_t n)
{
	struct iovec all = {
		.iov_base = (void *)(uintptr_t)from,
		.iov_len = n,
	};
	ssize_t put = pwritev2(fd, &all, 1, (off_t)at, RWF_DSYNC);
	int rc;

	if (put == (ssize_t)n)
		return LSM_OK;
	if (put < 0 && errno != EINTR && errno != EOPNOTSUPP &&
	    errno != ENOSYS && errno != EINVAL)
		return status_system(errno, "%s: offset %" PRIu64 ": write "
		    "through", name, at);
	rc = posix_write(fd, name, at, from, n);
	if (rc == LSM_OK && fdatasync(fd) != 0)
		rc = status_system(errno, "%s: sync", name);
	return rc;
}

int
posix_read(int fd, const char *name, uint64_t at, void *to, size_t n,
    size_t *got)
{
	uint8_t *p = to;

	*got = 0;
	if (at > INT64_MAX - (uint64_t)n)
		return LSM_OK;		/* no file is so long */
	while (*got < n) {
		size_t most = n - *got < TRANSFER_MAX ? n - *got : TRANSFER_MAX;
		ssize_t had = pread(fd, p + *got, most, (off_t)(at + *got));

		if (had < 0 && errno == EINTR)
			continue;
		if (had < 0) {
			int error = errno;
			uint64_t where = at + *got;

			*got = 0;
			return status_system(error,
			    "%s: offset %" PRIu64 ": read", name, where);
		}
		if (had == 0)
			break;
		*got += (size_t)had;
	}
	return LSM_OK;
}

/* On Linux the descriptor is gone even when close(2) was interrupted. */
int
posix_close(int fd, const char *name)
{
	if (close(fd) == 0 || errno == EINTR)
		return LSM_OK;
	return status_system(errno, "%s: close", name);
}

static int
open_flags(enum env_open how)
{
	switch (how) {
	case ENV_READ:
		return O_RDONLY;
	case ENV_CREATE:
		return O_RDWR | O_CREAT | O_EXCL;
	default:
		return O_RDWR;
	}
}

int
posix_file_open(struct env_dir *base, const char *name, enum env_open how,
    struct env_file **out)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	struct posix_file *file;
	struct stat st;
	int rc;

	*out = NULL;
	file = mem_zalloc(sizeof *file);
	if (file == NULL)
		return mem_exhausted(sizeof *file);
	file->base.env = base->env;
	file_name_copy(file->name, name);
	rc = posix_openat_stat(dir->fd, name, open_flags(how), &file->fd,
	    &st);
	if (rc != LSM_OK) {
		mem_free(file);
		return rc;
	}
	file->base.size = file->end = file->begun = (uint64_t)st.st_size;
	*out = &file->base;
	return LSM_OK;
}

int
posix_file_read(struct env_file *base, uint64_t at, void *to, size_t n,
    size_t *got)
{
	struct posix_file *file = (struct posix_file *)base;

	return posix_read(file->fd, file->name, at, to, n, got);
}

/* Who appends a lot will sync it: the disk may as well work meanwhile. A
 * failure comes back from the sync, as that of any page written later. */
static void
writing_begin(struct posix_file *file)
{
	if (file->end - file->begun < BEGIN_BYTES)
		return;
	(void)sync_file_range(file->fd, (off_t)file->begun,
	    (off_t)(file->end - file->begun), SYNC_FILE_RANGE_WRITE);
	file->begun = file->end;
}

int
posix_file_append(struct env_file *base, const void *from, size_t n)
{
	struct posix_file *file = (struct posix_file *)base;
	int rc = posix_write(file->fd, file->name, file->end, from, n);

	if (rc != LSM_OK)
		return rc;
	file->end += n;
	writing_begin(file);
	return LSM_OK;
}

int
posix_file_size(struct env_file *base, uint64_t *size)
{
	struct posix_file *file = (struct posix_file *)base;
	struct stat st;

	*size = 0;
	if (fstat(file->fd, &st) != 0)
		return status_system(errno, "%s: stat", file->name);
	*size = (uint64_t)st.st_size;
	return LSM_OK;
}

/* fdatasync(2) writes the size too; what it leaves out nobody reads. */
int
posix_file_sync(struct env_file *base)
{
	struct posix_file *file = (struct posix_file *)base;

	if (fdatasync(file->fd) == 0)
		return LSM_OK;
	return status_system(errno, "%s: sync", file->name);
}

int
posix_file_close(struct env_file *base)
{
	struct posix_file *file = (struct posix_file *)base;
	int rc = posix_close(file->fd, file->name);

	mem_free(file);
	return rc;
}

/* Beyond the end of the file a map has pages that kill: check first. */
int
posix_file_map(struct env_file *base, uint64_t size, const uint8_t **out)
{
	struct posix_file *file = (struct posix_file *)base;
	uint64_t have;
	void *map;
	int rc;

	*out = NULL;
	assert(size > 0);
	if ((rc = posix_file_size(base, &have)) != LSM_OK)
		return rc;
	if (have < size)
		return status_set(LSM_CORRUPT, "%s: short: %" PRIu64
		    " bytes of %" PRIu64, file->name, have, size);
	map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file->fd, 0);
	if (map == MAP_FAILED)
		return status_system(errno, "%s: map", file->name);
	*out = map;
	return LSM_OK;
}

void
posix_file_unmap(lsm_env *env, const uint8_t *map, uint64_t size)
{
	(void)env;
	if (map != NULL)
		munmap((void *)(uintptr_t)map, (size_t)size);
}
