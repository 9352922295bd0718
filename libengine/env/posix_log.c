/*
 * posix_log.c - the log object: segments as files, appended to by the ring.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/posix.h"

struct posix_log {
	struct ring ring;
	struct posix_dir *dir;
	struct env_lock *lock;
	struct ring_memory memory;	/* empty: no ring for this writer */
	bool alone;		/* and LOCK says so */
	uint32_t process;	/* the generation that made the map */
};

struct posix_segment {
	struct ring_segment base;
	int fd;
	char name[FILE_NAME_MAX];
};

static int
segment_write(struct ring_segment *base, uint64_t at, const void *from,
    size_t n)
{
	struct posix_segment *s = (struct posix_segment *)base;

	return posix_write(s->fd, s->name, at, from, n);
}

static int
segment_sync(struct ring_segment *base)
{
	struct posix_segment *s = (struct posix_segment *)base;

	if (fdatasync(s->fd) == 0)
		return LSM_OK;
	return status_system(errno, "%s: sync", s->name);
}

static int
segment_write_through(struct ring_segment *base, uint64_t at, const void *from,
    size_t n)
{
	struct posix_segment *s = (struct posix_segment *)base;

	return posix_write_through(s->fd, s->name, at, from, n);
}

/* Space first: a write that finds the disk full would end the handle. */
static int
reserve_space(int fd, const char *name, uint64_t size)
{
	int failed;

	do
		failed = fallocate(fd, 0, 0, (off_t)size);
	while (failed && errno == EINTR);
	if (!failed || errno == EOPNOTSUPP || errno == ENOSYS)
		return LSM_OK;
	return status_system(errno, "%s: fallocate", name);
}

/* A file system that fills up may have made the file longer by what was left
 * in it, which is given back: others may need it more, and nothing stands
 * there. */
static int
segment_space(struct ring_segment *base, uint64_t size)
{
	struct posix_segment *s = (struct posix_segment *)base;
	struct stat st;
	int rc;

	if (fstat(s->fd, &st) != 0)
		return status_system(errno, "%s: stat", s->name);
	rc = reserve_space(s->fd, s->name, size);
	if (rc == LSM_NO_SPACE && ftruncate(s->fd, st.st_size) != 0)
		rc = status_system(errno, "%s: truncate", s->name);
	return rc;
}

/* All of it was synced, or is known to be lost, or nobody needs it any more:
 * nothing left to report. */
static void
segment_close(struct ring_segment *base)
{
	close(((struct posix_segment *)base)->fd);
	mem_free(base);
}

static const struct ring_segment_ops segment_ops = {
	.write = segment_write,
	.sync = segment_sync,
	.write_through = segment_write_through,
	.space = segment_space,
	.close = segment_close,
};

static int
segment_open(struct posix_dir *dir, const char *name, uint64_t number,
    struct ring_segment **out)
{
	struct posix_segment *s = mem_zalloc(sizeof *s);
	struct stat st;
	int rc;

	*out = NULL;
	if (s == NULL)
		return mem_exhausted(sizeof *s);
	rc = posix_openat_stat(dir->fd, name, O_WRONLY, &s->fd, &st);
	if (rc != LSM_OK) {
		mem_free(s);
		return rc;
	}
	s->base.ops = &segment_ops;
	s->base.number = number;
	s->base.space = (uint64_t)st.st_size;
	file_name_copy(s->name, name);
	*out = &s->base;
	return LSM_OK;
}

/* Another directory has the same LOCK. */
static bool
shared(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 1;
}

/* What the last writer left, seen by one who may have no ring. */
static int
tail_look(struct posix_log *log, struct env_tail *tail)
{
	struct posix_lock *lock = (struct posix_lock *)log->lock;
	const struct ring_identity *identity = &log->ring.identity;
	struct ring_memory memory = log->memory;
	struct ring_control page;
	int rc = LSM_OK;

	if (memory.control == NULL) {
		rc = posix_ring_page_read(lock->fd, &page);
		memory.control = &page;
	}
	if (rc != LSM_OK)
		return rc;
	ring_look(memory, identity, tail);
	tail->foreign = ring_foreign(memory, identity) || shared(lock->fd);
	log->ring.suspect = tail->syncing;
	return LSM_OK;
}

int
posix_log_open(struct env_dir *base, struct env_lock *lock_base,
    const uint8_t id[16], struct env_log **out, struct env_tail *tail)
{
	struct posix_lock *lock = (struct posix_lock *)lock_base;
	struct ring_identity identity;
	struct posix_log *log;
	int rc;

	*out = NULL;
	*tail = (struct env_tail){ 0 };
	assert(lock->writable);
	log = mem_zalloc(sizeof *log);
	if (log == NULL)
		return mem_exhausted(sizeof *log);
	if (posix_ring_identity(lock, id, &identity) &&
	    posix_ring_fill(lock->fd))
		log->memory = posix_ring_map(lock->fd, true);
	ring_init(&log->ring, base->env, log->memory, &identity,
	    (uint64_t)getpid());
	log->dir = (struct posix_dir *)base;
	log->lock = lock_base;
	log->process = process_generation();
	if ((rc = tail_look(log, tail)) == LSM_OK)
		*out = &log->ring.base;
	else
		posix_log_close(&log->ring.base);
	return rc;
}

/*
 * A writer without a ring: the words of LOCK are those of others, and say
 * where the log ended before this one came. Nothing reaches a log before they
 * are gone; whose they were, his ring stays.
 */
static int
be_alone(struct posix_log *log)
{
	struct posix_lock *lock = (struct posix_lock *)log->lock;
	int rc = LSM_OK;

	if (log->memory.control != NULL || log->alone)
		return LSM_OK;
	rc = posix_ring_alone(lock->fd, &log->ring.identity, log->ring.pid);
	log->alone = rc == LSM_OK;
	return rc;
}

/* All that it wrote is where the next writer finds it. */
static void
leave_alone(struct posix_log *log)
{
	struct posix_lock *lock = (struct posix_lock *)log->lock;

	if (log->alone && log->ring.entered && !ring_failed(&log->ring))
		posix_ring_alone_left(lock->fd);
}

void
posix_log_give_up(struct env_log *base)
{
	struct posix_log *log = (struct posix_log *)base;

	ring_give_up(base);
	(void)be_alone(log);
}

/* In a child of fork(2) the map does not exist, and what stands at its
 * addresses by now may be something else. */
void
posix_log_close(struct env_log *base)
{
	struct posix_log *log = (struct posix_log *)base;
	bool forked;

	if (log == NULL)
		return;
	forked = log->process != process_generation();
	if (!forked)
		leave_alone(log);
	ring_release(&log->ring, forked);
	if (!forked)
		posix_ring_unmap(log->memory);
	mem_free(log);
}

/* Only a file of ours alone: another name of it, in a checkpoint, would see
 * the new content. */
static bool
recyclable(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 1;
}

static int
prepare(int dir_fd, const char *name, int flags, uint64_t size,
    struct bytes head)
{
	struct stat st;
	int fd, rc, closed;

	if ((rc = posix_openat_stat(dir_fd, name, flags, &fd, &st)) != LSM_OK)
		return rc;
	if ((uint64_t)st.st_size > size)
		size = (uint64_t)st.st_size;
	if (size > 0)
		rc = reserve_space(fd, name, size);
	if (rc == LSM_OK)
		rc = posix_write(fd, name, 0, head.p, head.n);
	if (rc == LSM_OK && fdatasync(fd) != 0)
		rc = status_system(errno, "%s: sync", name);
	closed = posix_close(fd, name);
	return rc == LSM_OK ? closed : rc;
}

int
posix_log_prepare(struct env_dir *base, const char *name, const char *recycle,
    uint64_t size, struct bytes head)
{
	int dir_fd = ((struct posix_dir *)base)->fd;
	int flags = O_RDWR | O_CREAT | O_EXCL, rc = LSM_OK;

	if (recycle != NULL && recyclable(dir_fd, recycle)) {
		rc = posix_dir_rename(base, recycle, name);
		flags = O_RDWR;
	} else if (recycle != NULL) {
		(void)unlinkat(dir_fd, recycle, 0);
	}
	if (rc == LSM_OK)
		rc = prepare(dir_fd, name, flags, size, head);
	if (rc == LSM_OK)
		rc = posix_dir_sync(base);
	/* A file that was there before under this name stays. */
	if (rc != LSM_OK && rc != LSM_EXISTS)
		(void)unlinkat(dir_fd, name, 0);
	return rc;
}

/* From now on the page is what this writer says, whatever boot or file it
 * names: readers in other containers see the byte. Without it they only see
 * less, so a failure is none. */
static void
page_entered(struct posix_log *log)
{
	if (log->memory.control != NULL)
		(void)posix_lock_hold(log->lock, POSIX_PAGE_BYTE, 1,
		    ENV_EXCLUSIVE);
}

int
posix_log_attach(struct env_log *base, const char *name, uint64_t number,
    uint64_t at, struct bytes missing)
{
	struct posix_log *log = (struct posix_log *)base;
	struct ring_segment *s;
	int rc;

	if ((rc = be_alone(log)) != LSM_OK ||
	    (rc = segment_open(log->dir, name, number, &s)) != LSM_OK)
		return rc;
	rc = ring_attach(&log->ring, s, at, missing);
	if (rc == LSM_OK)
		page_entered(log);
	return rc;
}

int
posix_log_ready(struct env_log *base, const char *name, uint64_t number)
{
	struct posix_log *log = (struct posix_log *)base;

	return log->ring.ready != NULL ? LSM_OK :
	    segment_open(log->dir, name, number, &log->ring.ready);
}

int
posix_log_switch(struct env_log *base, const char *name, uint64_t number,
    uint64_t at, struct bytes first)
{
	struct posix_log *log = (struct posix_log *)base;
	bool first_time = !log->ring.entered;
	struct ring_segment *s;
	int rc;

	if ((rc = be_alone(log)) != LSM_OK)
		return rc;
	if ((s = ring_take_ready(&log->ring, number)) == NULL &&
	    (rc = segment_open(log->dir, name, number, &s)) != LSM_OK)
		return rc;
	rc = ring_switch(&log->ring, s, at, first);
	if (rc == LSM_OK && first_time)
		page_entered(log);
	return rc;
}
