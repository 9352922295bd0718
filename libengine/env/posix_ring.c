/*
 * posix_ring.c - LOCK in memory: its map, its space, its identity.
 *
 * LOCK is filled by the holder of byte 0, never by its creator: zeros that a
 * second opener wrote would wipe out the words of the first. Its blocks are
 * made before it is mapped, because a store into a hole of a full disk kills
 * the process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "env/posix.h"

enum { CONTROL_SIZE = 4096 };	/* the kernel rounds it up to its pages */

uint8_t *
posix_ring_twice(int fd, off_t offset, int protection)
{
	uint8_t *at = mmap(NULL, 2 * RING_SIZE, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	for (int i = 0; i < 2; i++)
		if (mmap(at + i * RING_SIZE, RING_SIZE, protection,
		    MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED) {
			munmap(at, 2 * RING_SIZE);
			return NULL;
		}
	return at;
}

bool
posix_ring_filled(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size >= LOCK_SIZE;
}

/* A child of fork(2) must not write to the parent's ring. */
static bool
keep_from_children(struct ring_memory m)
{
	return madvise(m.control, CONTROL_SIZE, MADV_DONTFORK) == 0 &&
	    madvise(m.bytes, 2 * RING_SIZE, MADV_DONTFORK) == 0;
}

static int
protection(bool writable)
{
	return PROT_READ | (writable ? PROT_WRITE : 0);
}

/* It is looked at in a moment: mapped at once, it costs no fault. */
struct ring_control *
posix_ring_page(int fd, bool writable)
{
	void *page;

	/* A page larger than the offset of the ring could not be mapped. */
	if (LOCK_RING % sysconf(_SC_PAGESIZE) != 0)
		return NULL;
	page = mmap(NULL, CONTROL_SIZE, protection(writable),
	    MAP_SHARED | MAP_POPULATE, fd, 0);
	return page == MAP_FAILED ? NULL : page;
}

uint8_t *
posix_ring_bytes(int fd, bool writable)
{
	return posix_ring_twice(fd, LOCK_RING, protection(writable));
}

struct ring_memory
posix_ring_map(int fd, bool writable)
{
	struct ring_memory m = { 0 };

	if (!posix_ring_filled(fd) ||
	    (m.control = posix_ring_page(fd, writable)) == NULL)
		return m;
	m.bytes = posix_ring_bytes(fd, writable);
	if (m.bytes != NULL && (!writable || keep_from_children(m)))
		return m;
	posix_ring_unmap(m);
	return (struct ring_memory){ 0 };
}

void
posix_ring_unmap(struct ring_memory m)
{
	if (m.control != NULL)
		munmap(m.control, CONTROL_SIZE);
	if (m.bytes != NULL)
		munmap(m.bytes, 2 * RING_SIZE);
}

int
posix_ring_page_read(int fd, struct ring_control *page)
{
	size_t got;

	memset(page, 0, sizeof *page);
	return posix_read(fd, "LOCK", 0, page, sizeof *page, &got);
}

/* A LOCK that is no longer than this has no words to be believed, and is not
 * made longer: perhaps the disk is full. */
static int
alone_write(int fd, const struct ring_control *page, size_t size)
{
	static const uint8_t zeros[sizeof *page];
	size_t magic = sizeof page->magic;
	int rc;

	if (size < sizeof *page)
		return posix_write(fd, "LOCK", 0, zeros, size);
	if ((rc = posix_write(fd, "LOCK", 0, zeros, magic)) != LSM_OK ||
	    (rc = posix_write(fd, "LOCK", magic, (const uint8_t *)page + magic,
	    sizeof *page - magic)) != LSM_OK)
		return rc;
	return posix_write(fd, "LOCK", 0, page, magic);
}

int
posix_ring_alone(int fd, const struct ring_identity *identity, uint64_t pid)
{
	struct ring_control page;
	struct stat st;
	int rc;

	if (fstat(fd, &st) != 0)
		return status_system(errno, "LOCK: stat");
	ring_page_alone(&page, identity, pid);
	rc = alone_write(fd, &page, st.st_size < (off_t)sizeof page ?
	    (size_t)st.st_size : sizeof page);
	return rc == LSM_OK ? LSM_OK : status_set(LSM_IO, "%s: its words are "
	    "another writer's, and this one has no ring", status_story());
}

/* A failure leaves more to be done for the next writer, that is all. */
void
posix_ring_alone_left(int fd)
{
	static const uint64_t none;
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_size >=
	    (off_t)sizeof(struct ring_control))
		(void)posix_write(fd, "LOCK", offsetof(struct ring_control,
		    syncing), &none, sizeof none);
}

static bool
write_zeros(int fd, off_t from)
{
	static const uint8_t zeros[LOCK_SIZE];

	return posix_write(fd, "LOCK", (uint64_t)from, zeros,
	    (size_t)(LOCK_SIZE - from)) == LSM_OK;
}

bool
posix_ring_fill(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if (st.st_size < LOCK_SIZE)
		return write_zeros(fd, st.st_size);
	/* Holes, perhaps; or a file system that compresses zeros. */
	return (off_t)st.st_blocks * 512 >= LOCK_SIZE ||
	    fallocate(fd, 0, 0, LOCK_SIZE) == 0 || errno == EOPNOTSUPP;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits with dashes between them. */
static bool
parse_boot(const char *text, size_t n, uint8_t id[RING_ID])
{
	size_t digits = 0;

	memset(id, 0, RING_ID);
	for (size_t i = 0; i < n && digits < 2 * RING_ID; i++) {
		int value = hex_digit(text[i]);

		if (text[i] == '-')
			continue;
		if (value < 0)
			return false;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
		digits++;
	}
	return digits == 2 * RING_ID;
}

static bool
read_boot(uint8_t id[RING_ID])
{
	char text[64];
	ssize_t n;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text);
	close(fd);
	return n > 0 && parse_boot(text, (size_t)n, id);
}

/* Read once: /proc costs more than the rest of an open. Threads that race
 * here store the same words. */
static bool
boot_id(uint8_t id[RING_ID])
{
	static _Atomic uint64_t kept[2];
	static _Atomic bool known;
	uint64_t words[2];

	if (!load_acquire(&known)) {
		if (!read_boot(id))
			return false;
		memcpy(words, id, sizeof words);
		store_relaxed(&kept[0], words[0]);
		store_relaxed(&kept[1], words[1]);
		store_release(&known, true);
	}
	words[0] = load_relaxed(&kept[0]);
	words[1] = load_relaxed(&kept[1]);
	memcpy(id, words, sizeof words);
	return true;
}

bool
posix_ring_identity(const struct posix_lock *lock, const uint8_t id[16],
    struct ring_identity *out)
{
	memset(out, 0, sizeof *out);
	memcpy(out->database, id, sizeof out->database);
	out->device = (uint64_t)lock->device;
	out->inode = (uint64_t)lock->inode;
	return boot_id(out->boot);
}
