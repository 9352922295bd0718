/*
 * posix.h - what the parts of the door to this machine's files share.
 */
#ifndef ENV_POSIX_H
#define ENV_POSIX_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/sync.h"
#include "env/env.h"
#include "env/files.h"
#include "env/ring.h"

enum { POSIX_FILE_MODE = 0600, POSIX_DIR_MODE = 0700 };

_Static_assert(sizeof(off_t) == 8, "offsets are 64 bits");

struct posix_dir {
	struct env_dir base;
	int fd;
	char *given;		/* the path it was opened by, or NULL */
	char *path;		/* a writer's: absolute; NULL when unknown */
	bool locked;		/* LOCK was opened, and was this: */
	dev_t lock_device;
	ino_t lock_inode;
};

/* LOCK, open. The page is mapped at the first look, the ring at the first
 * look that finds something there; both stay. */
struct posix_lock {
	struct env_lock base;
	struct inherited inherited;
	int fd;			/* for its bytes, and maps */
	int range_fd;		/* carries the byte ranges: no map keeps it */
	dev_t device;
	ino_t inode;
	int dir_fd;		/* carries flock(2); -1 when not writable */
	bool writable;
	bool filled;		/* when it was opened */
	struct ring_memory memory;
};

/* The part of a path that fits a story. */
struct posix_name {
	char text[FILE_NAME_MAX];
};
struct posix_name posix_name(const char *);

/* Open a regular file, and nothing else, below a directory. No descriptor is
 * left open after a failure, and *fd is -1. LSM_NOTFOUND, LSM_EXISTS. */
int posix_openat(int dir_fd, const char *name, int flags, int *fd);
int posix_openat_stat(int dir_fd, const char *name, int flags, int *fd,
    struct stat *);

/* All of the bytes, or a story that begins with the name. */
int posix_write(int fd, const char *name, uint64_t at, const void *, size_t);
/* And these bytes are durable, and what is needed to find them. */
int posix_write_through(int fd, const char *name, uint64_t at, const void *,
    size_t n);
int posix_read(int fd, const char *name, uint64_t at, void *, size_t,
    size_t *got);
int posix_close(int fd, const char *name);
int posix_sync_dir(int fd, const char *name);

/* posix_dir.c */
int posix_dir_open(lsm_env *, const char *path, bool create, struct env_dir **,
    bool *created);
void posix_dir_close(struct env_dir *);
int posix_dir_remove(struct env_dir *);
int posix_dir_sync(struct env_dir *);
int posix_dir_list(struct env_dir *, struct env_names *);
int posix_dir_unlink(struct env_dir *, const char *name);
int posix_dir_rename(struct env_dir *, const char *from, const char *to);
int posix_dir_sub(struct env_dir *, const char *name, struct env_dir **);
int posix_dir_move(struct env_dir *, const char *name, struct env_dir *to,
    const char *to_name);
int posix_dir_link(struct env_dir *, const char *name, struct env_dir *to,
    const char *to_name);
int posix_dir_replace(struct env_dir *, const char *name, struct bytes);
bool posix_dir_same(struct env_dir *);
int posix_dir_links(struct env_dir *, const char *name, uint64_t *links);

/* posix_file.c */
int posix_file_open(struct env_dir *, const char *name, enum env_open,
    struct env_file **);
int posix_file_read(struct env_file *, uint64_t at, void *, size_t n,
    size_t *got);
int posix_file_append(struct env_file *, const void *, size_t n);
int posix_file_size(struct env_file *, uint64_t *);
int posix_file_sync(struct env_file *);
int posix_file_close(struct env_file *);
int posix_file_map(struct env_file *, uint64_t size, const uint8_t **);
void posix_file_unmap(lsm_env *, const uint8_t *, uint64_t size);

/* posix_lock.c */
/* Remember where the directory is, for posix_dir_same. */
int posix_dir_remember(struct posix_dir *);
int posix_lock_open(struct env_dir *, bool create, struct env_lock **);
void posix_lock_close(struct env_lock *);
int posix_lock_hold(struct env_lock *, uint64_t first, uint64_t count,
    enum env_hold);
int posix_lock_test(struct env_lock *, uint64_t first, uint64_t count,
    bool *any, uint64_t *held);
void posix_lock_words(struct env_lock *, const uint8_t id[16],
    struct env_words *);
/* The page as a reader sees it, mapped or, where that fails, as it is now in
 * `room`; and what it must say: this boot and file, or, while a writer holds
 * the byte that says so, whatever it says. */
bool posix_lock_page(struct posix_lock *, const uint8_t id[16],
    struct ring_control *room, struct ring_memory *page,
    struct ring_identity *);

/* Held exclusively, beside byte 0, while the page is the writer's. */
enum { POSIX_PAGE_BYTE = 1 };

/* posix_ring.c: LOCK in memory. Without a map both pointers are NULL; that is
 * no failure. The writer's map is its own, a reader's belongs to the lock. */
struct ring_memory posix_ring_map(int fd, bool writable);
void posix_ring_unmap(struct ring_memory);
/* Is all of it there to be mapped? Once it is, it stays. */
bool posix_ring_filled(int fd);
/* A reader's, in two steps, when it is filled. NULL: cannot. */
struct ring_control *posix_ring_page(int fd, bool writable);
uint8_t *posix_ring_bytes(int fd, bool writable);
/* Two times the ring in a row, over `fd` at `offset`; NULL: cannot. */
uint8_t *posix_ring_twice(int fd, off_t offset, int protection);
/* LOCK gets its size and its space on the disk. False: no ring here. */
bool posix_ring_fill(int fd);
/* The page, read; zeros where LOCK is shorter. */
int posix_ring_page_read(int fd, struct ring_control *);
/* LOCK holds no words any more but those of a writer without a ring; then
 * that this one has left in order. */
int posix_ring_alone(int fd, const struct ring_identity *, uint64_t pid);
void posix_ring_alone_left(int fd);
/* False when the boot has no identity to go by: it is zeros. */
bool posix_ring_identity(const struct posix_lock *, const uint8_t id[16],
    struct ring_identity *);

/* posix_log.c */
int posix_log_open(struct env_dir *, struct env_lock *, const uint8_t id[16],
    struct env_log **, struct env_tail *);
void posix_log_close(struct env_log *);
int posix_log_prepare(struct env_dir *, const char *name, const char *recycle,
    uint64_t size, struct bytes head);
int posix_log_attach(struct env_log *, const char *name, uint64_t number,
    uint64_t at, struct bytes missing);
int posix_log_ready(struct env_log *, const char *name, uint64_t number);
int posix_log_switch(struct env_log *, const char *name, uint64_t number,
    uint64_t at, struct bytes first);
void posix_log_give_up(struct env_log *);

/* posix_tail.c */
int posix_log_tail(struct env_dir *, struct env_lock *, const uint8_t id[16],
    uint64_t number, uint64_t from, struct buffer *out, struct env_tail *);
int posix_log_ring(struct env_lock *, uint64_t from, struct buffer *out);

#endif
