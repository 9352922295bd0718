/*
 * posix_lock.c - LOCK: byte ranges that die with their handle.
 *
 * Locks of the open file description, not of the process: a second handle of
 * the same process is kept out as well, and closing some other descriptor of
 * LOCK loses nothing. Who holds byte 0 exclusively also holds flock(2) on the
 * directory, which keeps a writer out that finds a new LOCK in the place of
 * one that was deleted.
 *
 * A description lives as long as any descriptor or map of it, and a child of
 * fork(2) inherits both. So the ranges have a description of their own that is
 * never mapped, the child closes its descriptors at once, and who closes the
 * handle unlocks first.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/posix.h"

/* A description of the directory that is this handle's alone. */
static int
open_directory(struct posix_dir *dir, int *fd)
{
	*fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd >= 0 ? LSM_OK : status_system(errno, "directory: open");
}

/* The same file twice: its name may go to another one in between. */
static int
open_twice(struct posix_dir *dir, struct posix_lock *lock, struct stat *st)
{
	int how = lock->writable ? O_RDWR : O_RDONLY;
	struct stat again;
	int rc;

	rc = posix_openat_stat(dir->fd, "LOCK",
	    lock->writable ? how | O_CREAT : how, &lock->fd, st);
	if (rc == LSM_OK)
		rc = posix_openat_stat(dir->fd, "LOCK", how, &lock->range_fd,
		    &again);
	if (rc == LSM_OK &&
	    (again.st_dev != st->st_dev || again.st_ino != st->st_ino))
		rc = status_set(LSM_BUSY, "LOCK: replaced while it was opened");
	return rc;
}

static void
close_known(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
give_up(struct inherited *inherited)
{
	struct posix_lock *lock = (struct posix_lock *)((char *)inherited -
	    offsetof(struct posix_lock, inherited));

	close_known(&lock->range_fd);
	close_known(&lock->dir_fd);
	close_known(&lock->fd);
}

int
posix_lock_open(struct env_dir *base, bool create, struct env_lock **out)
{
	struct posix_dir *dir = (struct posix_dir *)base;
	struct posix_lock *lock;
	struct stat st;
	int rc;

	*out = NULL;
	lock = mem_zalloc(sizeof *lock);
	if (lock == NULL)
		return mem_exhausted(sizeof *lock);
	lock->base.env = base->env;
	lock->writable = create;
	lock->fd = lock->range_fd = lock->dir_fd = -1;
	lock->inherited.give_up = give_up;
	if ((rc = open_twice(dir, lock, &st)) != LSM_OK || (create &&
	    ((rc = open_directory(dir, &lock->dir_fd)) != LSM_OK ||
	    (rc = posix_dir_remember(dir)) != LSM_OK))) {
		posix_lock_close(&lock->base);
		return rc;
	}
	inherited_add(&lock->inherited);
	dir->locked = true;
	lock->filled = st.st_size >= LOCK_SIZE;
	lock->device = dir->lock_device = st.st_dev;
	lock->inode = dir->lock_inode = st.st_ino;
	*out = &lock->base;
	return LSM_OK;
}

/* A child that was made without telling (clone(2)) has copies still. */
static void
unlock_all(struct posix_lock *lock)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	(void)fcntl(lock->range_fd, F_OFD_SETLK, &all);
	if (lock->dir_fd >= 0)
		(void)flock(lock->dir_fd, LOCK_UN);
}

void
posix_lock_close(struct env_lock *base)
{
	struct posix_lock *lock = (struct posix_lock *)base;

	if (lock == NULL)
		return;
	inherited_remove(&lock->inherited);
	posix_ring_unmap(lock->memory);
	if (lock->range_fd >= 0)
		unlock_all(lock);
	give_up(&lock->inherited);
	mem_free(lock);
}

static struct flock
range(short type, uint64_t first, uint64_t count)
{
	assert(count > 0 && first <= INT64_MAX - count);
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)first,
		.l_len = (off_t)count,
	};
}

static int
hold_range(struct posix_lock *lock, uint64_t first, uint64_t count,
    enum env_hold how)
{
	static const short types[] = {
		[ENV_UNLOCK] = F_UNLCK,
		[ENV_SHARED] = F_RDLCK,
		[ENV_EXCLUSIVE] = F_WRLCK,
	};
	struct flock l = range(types[how], first, count);
	int failed;

	do
		failed = fcntl(lock->range_fd, F_OFD_SETLK, &l);
	while (failed && errno == EINTR);
	if (!failed)
		return LSM_OK;
	if (errno == EAGAIN || errno == EACCES)
		return status_set(LSM_LOCKED,
		    "LOCK: byte %" PRIu64 ": held by another handle", first);
	return status_system(errno, "LOCK: lock");
}

/* A file system without flock(2) goes without this second belt. */
static int
hold_directory(struct posix_lock *lock)
{
	if (flock(lock->dir_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return status_set(LSM_LOCKED,
		    "directory: held by another writer");
	return LSM_OK;
}

int
posix_lock_hold(struct env_lock *base, uint64_t first, uint64_t count,
    enum env_hold how)
{
	struct posix_lock *lock = (struct posix_lock *)base;
	int rc = hold_range(lock, first, count, how);

	if (rc != LSM_OK || first > 0 || !lock->writable)
		return rc;
	if (how != ENV_EXCLUSIVE) {
		(void)flock(lock->dir_fd, LOCK_UN);
		return LSM_OK;
	}
	if ((rc = hold_directory(lock)) != LSM_OK)
		(void)hold_range(lock, first, count, ENV_UNLOCK);
	return rc;
}

/* The kernel names any lock in the way, not the lowest: ask again below it
 * until there is none. */
int
posix_lock_test(struct env_lock *base, uint64_t first, uint64_t count,
    bool *any, uint64_t *held)
{
	struct posix_lock *lock = (struct posix_lock *)base;

	*any = false;
	*held = 0;
	while (count > 0) {
		struct flock l = range(F_WRLCK, first, count);
		uint64_t found;

		if (fcntl(lock->range_fd, F_OFD_GETLK, &l) != 0) {
			*any = false;
			*held = 0;
			return status_system(errno, "LOCK: test");
		}
		if (l.l_type == F_UNLCK)
			break;
		found = (uint64_t)l.l_start > first ? (uint64_t)l.l_start :
		    first;
		*any = true;
		*held = found;
		count = found - first;
	}
	return LSM_OK;
}

/* The words only: the ring may be mapped by another thread meanwhile. Where
 * there is no map for them they are read into `room`. */
static struct ring_memory
page_look(struct posix_lock *lock, struct ring_control *room)
{
	struct ring_memory page = { 0 };

	if (lock->memory.control == NULL &&
	    (lock->filled || posix_ring_filled(lock->fd))) {
		lock->memory.control = posix_ring_page(lock->fd, false);
		if (lock->memory.control == NULL &&
		    posix_ring_page_read(lock->fd, room) == LSM_OK)
			page.control = room;
	}
	if (lock->memory.control != NULL)
		page.control = lock->memory.control;
	return page;
}

bool
posix_lock_page(struct posix_lock *lock, const uint8_t id[16],
    struct ring_control *room, struct ring_memory *page,
    struct ring_identity *identity)
{
	static const uint8_t none[RING_ID];
	struct env_words words;
	uint64_t held;
	bool any;

	*page = page_look(lock, room);
	if (page->control == NULL)
		return false;
	if (id != NULL && posix_ring_identity(lock, id, identity)) {
		ring_words(*page, identity, &words);
		if (words.trusted)
			return true;
	}
	if (posix_lock_test(&lock->base, POSIX_PAGE_BYTE, 1, &any, &held) ==
	    LSM_OK && any)
		return ring_identity_of(*page, id, identity);
	return posix_ring_identity(lock, id != NULL ? id : none, identity);
}

void
posix_lock_words(struct env_lock *base, const uint8_t id[16],
    struct env_words *words)
{
	struct posix_lock *lock = (struct posix_lock *)base;
	struct ring_identity identity;
	struct ring_memory page;
	struct ring_control room;

	*words = (struct env_words){ 0 };
	if (posix_lock_page(lock, id, &room, &page, &identity))
		ring_words(page, &identity, words);
}
