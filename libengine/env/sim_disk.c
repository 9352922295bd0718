/*
 * sim_disk.c - the simulated disk: files, directories, operations.
 */
#include "env/sim_disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { SECTOR = 512, ENTRIES_START = 8, INODES_START = 16 };

/*
 * This is hardware, not the engine: it does not run out of memory because a
 * test lets the engine's allocations fail. Therefore not from base/alloc.h.
 */
void *
sim_memory(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (p == NULL)
		abort();
	return p;
}

void
sim_memory_free(void *p)
{
	free(p);
}

static struct sim_data *
data_alloc(size_t cap)
{
	struct sim_data *d = sim_memory(NULL, sizeof *d + cap);

	atomic_init(&d->refs, 1);
	d->n = 0;
	d->cap = cap;
	return d;
}

struct sim_data *
sim_data_new(const void *from, size_t n)
{
	struct sim_data *d = data_alloc(n);

	memcpy(d->bytes, from, n);
	d->n = n;
	return d;
}

struct sim_data *
sim_data_ref(struct sim_data *d)
{
	if (d != NULL)
		atomic_fetch_add(&d->refs, 1);
	return d;
}

void
sim_data_unref(struct sim_data *d)
{
	if (d != NULL && atomic_fetch_sub(&d->refs, 1) == 1)
		sim_memory_free(d);
}

/* Room for `n` bytes that nobody else sees; behind the old end they are 0. */
static struct sim_data *
data_own(struct sim_data *d, size_t n)
{
	size_t had = d ? d->n : 0;
	struct sim_data *own = d;

	if (d == NULL || atomic_load(&d->refs) > 1 || d->cap < n) {
		own = data_alloc(n > 2 * had ? n : 2 * had);
		if (had > 0)
			memcpy(own->bytes, d->bytes, had);
		own->n = had;
		sim_data_unref(d);
	}
	if (n > had) {
		memset(own->bytes + had, 0, n - had);
		own->n = n;
	}
	return own;
}

void
sim_disk_init(struct sim_disk *disk)
{
	uint32_t root;

	memset(disk, 0, sizeof *disk);
	root = sim_disk_number(disk);	/* this may move the inodes */
	assert(root == SIM_ROOT);
	disk->inodes[root].directory = true;
	disk->inodes[SIM_ROOT].links = 1;
}

static void
inode_clear(struct sim_inode *inode)
{
	sim_data_unref(inode->data);
	inode->data = NULL;
	sim_memory_free(inode->page);
	inode->page = NULL;
	inode->size = 0;
}

void
sim_disk_release(struct sim_disk *disk)
{
	for (uint32_t i = 0; i < disk->count; i++) {
		inode_clear(&disk->inodes[i]);
		sim_memory_free(disk->inodes[i].entries);
	}
	sim_memory_free(disk->inodes);
	memset(disk, 0, sizeof *disk);
}

static void *
memory_copy(const void *from, size_t n)
{
	return memcpy(sim_memory(NULL, n), from, n);
}

void
sim_disk_copy(struct sim_disk *to, const struct sim_disk *from)
{
	to->count = to->cap = from->count;
	to->inodes = memory_copy(from->inodes, from->count *
	    sizeof *from->inodes);
	for (uint32_t i = 0; i < to->count; i++) {
		struct sim_inode *inode = &to->inodes[i];

		inode->opens = 0;
		sim_data_ref(inode->data);
		if (inode->entries != NULL)
			inode->entries = memory_copy(inode->entries,
			    inode->cap * sizeof *inode->entries);
		if (inode->page != NULL)
			inode->page = memory_copy(inode->page,
			    sizeof *inode->page);
	}
}

/* Number `n` exists. */
static struct sim_inode *
inode_at(struct sim_disk *disk, uint32_t n)
{
	if (n >= disk->cap) {
		disk->cap = n < INODES_START ? INODES_START : 2 * n;
		disk->inodes = sim_memory(disk->inodes,
		    disk->cap * sizeof *disk->inodes);
	}
	for (; disk->count <= n; disk->count++)
		memset(&disk->inodes[disk->count], 0, sizeof *disk->inodes);
	disk->inodes[n].used = true;
	return &disk->inodes[n];
}

uint32_t
sim_disk_number(struct sim_disk *disk)
{
	inode_at(disk, disk->count);
	return disk->count - 1;
}

static struct sim_entry *
entry_find(const struct sim_disk *disk, uint32_t dir, const char *name)
{
	const struct sim_inode *d = &disk->inodes[dir];

	for (size_t i = 0; i < d->count; i++)
		if (strcmp(d->entries[i].name, name) == 0)
			return &d->entries[i];
	return NULL;
}

uint32_t
sim_disk_find(const struct sim_disk *disk, uint32_t dir, const char *name)
{
	const struct sim_entry *e = entry_find(disk, dir, name);

	return e ? e->inode : SIM_NONE;
}

bool
sim_path_next(const char **path, char name[SIM_NAME_MAX])
{
	size_t n;

	do {
		*path += strspn(*path, "/");
		n = strcspn(*path, "/");
		if (n == 0)
			return false;
		snprintf(name, SIM_NAME_MAX, "%.*s", (int)n, *path);
		*path += n;
	} while (strcmp(name, ".") == 0);
	return true;
}

uint32_t
sim_disk_walk(const struct sim_disk *disk, const char *path)
{
	char name[SIM_NAME_MAX];
	uint32_t n = SIM_ROOT;

	while (n != SIM_NONE && sim_path_next(&path, name))
		n = sim_disk_find(disk, n, name);
	return n;
}

void
sim_disk_drop(struct sim_disk *disk, uint32_t n)
{
	struct sim_inode *inode = &disk->inodes[n];

	if (inode->links == 0 && inode->opens == 0)
		inode_clear(inode);
}

uint64_t
sim_disk_used(const struct sim_disk *disk)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < disk->count; i++)
		used += disk->inodes[i].size;
	return used;
}

void
sim_disk_read(const struct sim_disk *disk, uint32_t n, uint64_t at, void *to,
    size_t size)
{
	const struct sim_data *d = disk->inodes[n].data;
	size_t had = 0;

	assert(at + size <= disk->inodes[n].size);
	if (d != NULL && at < d->n) {
		had = d->n - at < size ? (size_t)(d->n - at) : size;
		memcpy(to, d->bytes + at, had);
	}
	memset((uint8_t *)to + had, 0, size - had);
}

void
sim_disk_resize(struct sim_disk *disk, uint32_t n, uint64_t size)
{
	struct sim_inode *inode = &disk->inodes[n];

	if (inode->data != NULL && inode->data->n > size) {
		inode->data = data_own(inode->data, 0);
		inode->data->n = (size_t)size;
	}
	inode->size = size;
}

static void
entry_remove(struct sim_disk *disk, uint32_t dir, const char *name,
    uint32_t inode)
{
	struct sim_inode *d = &disk->inodes[dir];
	struct sim_entry *e = entry_find(disk, dir, name);

	if (e == NULL || e->inode != inode)
		return;
	*e = d->entries[--d->count];
	disk->inodes[inode].links--;
	sim_disk_drop(disk, inode);
}

static struct sim_entry *
entry_add(struct sim_inode *d, const char *name)
{
	struct sim_entry *e;

	if (d->count == d->cap) {
		d->cap = d->cap ? 2 * d->cap : ENTRIES_START;
		d->entries = sim_memory(d->entries,
		    d->cap * sizeof *d->entries);
	}
	e = &d->entries[d->count++];
	memset(e, 0, sizeof *e);
	memcpy(e->name, name, strlen(name) + 1);
	return e;
}

static void
entry_set(struct sim_disk *disk, uint32_t dir, const char *name, uint32_t inode)
{
	struct sim_entry *e;

	inode_at(disk, dir);
	inode_at(disk, inode)->links++;
	if ((e = entry_find(disk, dir, name)) != NULL)
		entry_remove(disk, dir, name, e->inode);
	entry_add(&disk->inodes[dir], name)->inode = inode;
}

/* How many bytes of a write are touched at all. */
static size_t
fate_size(const struct sim_op *op, enum sim_fate fate, uint64_t chance)
{
	size_t n = op->data->n;

	if (fate == SIM_HALF)
		return n / 2;
	if (fate == SIM_CUT) {
		uint64_t first = op->at / SECTOR, last = (op->at + n) / SECTOR;
		uint64_t end = (first + chance % (last - first + 1)) * SECTOR;

		return end > op->at ? (size_t)(end - op->at) : 0;
	}
	return n;
}

static void
fill_garbage(uint8_t *p, size_t n, uint64_t chance)
{
	struct random random = { chance };

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)random_next(&random);
}

static void
apply_write(struct sim_disk *disk, const struct sim_op *op, enum sim_fate fate,
    uint64_t chance)
{
	struct sim_inode *inode = inode_at(disk, op->inode);
	size_t n = fate_size(op, fate, chance), end = (size_t)op->at + n;
	size_t had = inode->data ? inode->data->n : 0;
	uint8_t *to;

	if (n == 0)
		return;
	inode->data = data_own(inode->data, end > had ? end : had);
	if (inode->size < end)
		inode->size = end;
	to = inode->data->bytes + op->at;
	if (fate == SIM_ZEROS)
		memset(to, 0, n);
	else if (fate == SIM_GARBAGE)
		fill_garbage(to, n, chance);
	else
		memcpy(to, op->data->bytes, n);
}

static struct sim_page *
page_of(struct sim_disk *disk, uint32_t n)
{
	struct sim_inode *inode = inode_at(disk, n);

	if (inode->page == NULL) {
		inode->page = sim_memory(NULL, sizeof *inode->page);
		memset(inode->page, 0, sizeof *inode->page);
	}
	return inode->page;
}

static void
apply_ring(struct sim_disk *disk, const struct sim_op *op)
{
	struct sim_page *page = page_of(disk, op->inode);
	size_t first = (size_t)(op->at & RING_MASK), n = op->data->n;
	size_t before_end = n < RING_SIZE - first ? n : RING_SIZE - first;

	memcpy(page->bytes + first, op->data->bytes, before_end);
	memcpy(page->bytes, op->data->bytes + before_end, n - before_end);
}

/* The directory may be one whose own making was lost: then all in it is. */
static void
apply_names(struct sim_disk *disk, const struct sim_op *op)
{
	inode_at(disk, op->dir);
	inode_at(disk, op->inode);
	if (op->kind == SIM_UNLINK) {
		entry_remove(disk, op->dir, op->name, op->inode);
	} else if (op->kind == SIM_RENAME) {
		entry_set(disk, op->to_dir, op->to_name, op->inode);
		entry_remove(disk, op->dir, op->name, op->inode);
	} else {
		disk->inodes[op->inode].directory = op->kind == SIM_MKDIR;
		entry_set(disk, op->dir, op->name, op->inode);
	}
}

static void
apply_extend(struct sim_disk *disk, const struct sim_op *op)
{
	struct sim_inode *inode = inode_at(disk, op->inode);

	if (inode->size < op->at)
		inode->size = op->at;
}

static void
apply_words(struct sim_disk *disk, const struct sim_op *op)
{
	memcpy(&page_of(disk, op->inode)->control, op->data->bytes,
	    sizeof(struct ring_control));
}

void
sim_disk_apply(struct sim_disk *disk, const struct sim_op *op,
    enum sim_fate fate, uint64_t chance)
{
	if (fate == SIM_ABSENT || sim_kind_is_sync(op->kind))
		return;
	if (op->kind == SIM_WRITE)
		apply_write(disk, op, fate, chance);
	else if (op->kind == SIM_EXTEND)
		apply_extend(disk, op);
	else if (op->kind == SIM_RING)
		apply_ring(disk, op);
	else if (op->kind == SIM_WORDS)
		apply_words(disk, op);
	else
		apply_names(disk, op);
}

void
sim_disk_forget_orphans(struct sim_disk *disk)
{
	for (uint32_t i = 0; i < disk->count; i++)
		sim_disk_drop(disk, i);
}
