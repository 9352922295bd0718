/*
 * posix_tail.c - what LOCK has of a log beyond its file.
 *
 * Where the page is to be believed the ring is mapped, and read beside the
 * writer; else, or where no map is to be had, it is read as a file is: of any
 * length, and perhaps of nobody's making.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "env/posix.h"

enum { COPIES_MAX = 8 };	/* a copy that does not hold still is one */

/* A few bytes of a ring that is not worth a map. */
static int
tail_end_read(const struct posix_lock *lock, struct env_tail *tail)
{
	uint64_t at = tail->committed - sizeof tail->end;
	size_t got;
	int rc = LSM_OK;

	for (size_t n = 0; n < sizeof tail->end && rc == LSM_OK; n += got) {
		size_t room = RING_SIZE - ((at + n) & RING_MASK);

		if (room > sizeof tail->end - n)
			room = sizeof tail->end - n;
		rc = posix_read(lock->fd, "LOCK", LOCK_RING +
		    ((at + n) & RING_MASK), tail->end + n, room, &got);
		if (rc == LSM_OK && got == 0)
			break;
	}
	return rc;
}

/* What there is of the ring; zeros for the rest. */
static int
ring_read(int fd, uint8_t *to)
{
	size_t got;

	return posix_read(fd, "LOCK", LOCK_RING, to, RING_SIZE, &got);
}

static int
copy_read(const struct posix_lock *lock, struct ring_copied **out)
{
	struct ring_copied *c = mem_zalloc(sizeof *c);
	int rc = LSM_OK;

	*out = NULL;
	if (c == NULL)
		return mem_exhausted(sizeof *c);
	for (int i = 0; i < COPIES_MAX && rc == LSM_OK; i++) {
		if ((rc = posix_ring_page_read(lock->fd, &c->before)) !=
		    LSM_OK || (rc = ring_read(lock->fd, c->bytes)) != LSM_OK)
			break;
		rc = posix_ring_page_read(lock->fd, &c->after);
		if (rc == LSM_OK && ring_copied_steady(c))
			break;
	}
	if (rc == LSM_OK)
		*out = c;
	else
		mem_free(c);
	return rc;
}

static int
tail_unmapped(const struct posix_lock *lock,
    const struct ring_identity *identity, uint64_t number, uint64_t from,
    struct buffer *out, struct env_tail *tail)
{
	struct ring_copied *c;
	int rc = copy_read(lock, &c);

	if (rc == LSM_OK)
		rc = ring_copied_tail(c, identity, number, from, out, tail);
	mem_free(c);
	return rc;
}

int
posix_log_tail(struct env_dir *dir, struct env_lock *lock_base,
    const uint8_t id[16], uint64_t number, uint64_t from, struct buffer *out,
    struct env_tail *tail)
{
	struct posix_lock *lock = (struct posix_lock *)lock_base;
	struct ring_identity identity;
	struct ring_memory memory;
	struct ring_control room;

	(void)dir;
	*tail = (struct env_tail){ 0 };
	if (!posix_lock_page(lock, id, &room, &memory, &identity))
		return LSM_OK;
	ring_look(memory, &identity, tail);
	if (ring_tail_empty(tail, number, from))
		return tail->left ? tail_end_read(lock, tail) : LSM_OK;
	if (memory.control != &room && lock->memory.bytes == NULL)
		lock->memory.bytes = posix_ring_bytes(lock->fd, false);
	if (memory.control == &room || lock->memory.bytes == NULL)
		return tail_unmapped(lock, &identity, number, from, out,
		    tail);
	return ring_copy(lock->memory, &identity, number, from, out, tail);
}

int
posix_log_ring(struct env_lock *base, uint64_t from, struct buffer *out)
{
	struct posix_lock *lock = (struct posix_lock *)base;
	struct ring_copied *c;
	int rc = copy_read(lock, &c);

	if (rc == LSM_OK)
		rc = ring_copied_bytes(c, from, out);
	mem_free(c);
	return rc;
}
