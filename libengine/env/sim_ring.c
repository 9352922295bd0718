/*
 * sim_ring.c - a simulated disk: LOCK in the memory of its processes.
 *
 * One for each inode of LOCK that somebody opened; it begins with what the
 * disk has, and what becomes of its words is noted in the operation log.
 */
#define _GNU_SOURCE	/* memfd_create(2) */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env/posix.h"
#include "env/sim.h"

enum { DEVICE = 1 };

/* Only a file can be mapped twice. */
static uint8_t *
ring_bytes(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	uint8_t *bytes = NULL;

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, RING_SIZE) == 0)
		bytes = posix_ring_twice(fd, 0, PROT_READ | PROT_WRITE);
	close(fd);
	return bytes;
}

static struct sim_ring *
ring_new_locked(struct sim *sim, uint32_t inode)
{
	const struct sim_page *page = sim->now.inodes[inode].page;
	uint8_t *bytes = ring_bytes();
	struct sim_ring *r;

	if (bytes == NULL)
		return NULL;
	r = sim_memory(NULL, sizeof *r);
	memset(r, 0, sizeof *r);
	r->inode = inode;
	r->memory.bytes = bytes;
	r->memory.control = sim_memory(NULL, sizeof *r->memory.control);
	memset(r->memory.control, 0, sizeof *r->memory.control);
	if (page != NULL) {
		memcpy(r->memory.control, &page->control, sizeof page->control);
		memcpy(&r->noted, &page->control, sizeof page->control);
		memcpy(bytes, page->bytes, RING_SIZE);
	}
	r->next = sim->rings;
	sim->rings = r;
	return r;
}

struct sim_ring *
sim_ring_get_locked(struct sim *sim, uint32_t inode)
{
	if (!sim->ring)
		return NULL;
	for (struct sim_ring *r = sim->rings; r != NULL; r = r->next)
		if (r->inode == inode)
			return r;
	return ring_new_locked(sim, inode);
}

void
sim_rings_free(struct sim *sim)
{
	struct sim_ring *r, *next;

	for (r = sim->rings; r != NULL; r = next) {
		next = r->next;
		munmap(r->memory.bytes, 2 * RING_SIZE);
		sim_memory_free(r->memory.control);
		sim_memory_free(r);
	}
}

void
sim_ring_identity(struct sim *sim, uint32_t lock, const uint8_t id[16],
    struct ring_identity *identity)
{
	memset(identity, 0, sizeof *identity);
	memcpy(identity->boot, &sim->boot, sizeof sim->boot);
	memcpy(identity->database, id, sizeof identity->database);
	identity->device = DEVICE;
	identity->inode = lock;
}

/* `committed` first: a later `written` only makes the tail smaller. */
static void
control_copy(struct ring_control *to, struct ring_control *from)
{
	memset(to, 0, sizeof *to);
	to->magic = load_acquire(&from->magic);
	to->committed = load_acquire(&from->committed);
	to->written = load_acquire(&from->written);
	to->durable = load_acquire(&from->durable);
	to->syncing = load_acquire(&from->syncing);
	to->pid = load_acquire(&from->pid);
	to->leave = load_acquire(&from->leave);
	to->head = load_acquire(&from->head);
	to->oldest = load_acquire(&from->oldest);
	to->ended = load_acquire(&from->ended);
	to->layout = from->layout;
	to->size = from->size;
	to->device = from->device;
	to->inode = from->inode;
	memcpy(to->boot, from->boot, sizeof to->boot);
	memcpy(to->database, from->database, sizeof to->database);
}

void
sim_ring_note_locked(struct sim *sim, struct sim_ring *r)
{
	struct sim_op op = { .kind = SIM_WORDS, .name = "LOCK" };
	struct ring_control now;

	if (r == NULL)
		return;
	control_copy(&now, r->memory.control);
	if (memcmp(&now, &r->noted, sizeof now) == 0)
		return;
	memcpy(&r->noted, &now, sizeof now);
	op.inode = r->inode;
	op.data = sim_data_new(&now, sizeof now);
	sim_do_locked(sim, &op);
}
