/*
 * sim_crash.c - a simulated disk: what a kill or a power loss leaves.
 *
 * Each operation before the end is durable, or its fate is open. A file sync
 * decides the content of its file before it, a directory sync the names in
 * its directory before it. So one walk backwards, keeping which inodes were
 * synced later, finds what is durable; one walk forwards builds the disk.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "env/sim.h"

enum { RING_PAGE = 4096 };	/* of LOCK, on the way to the disk */

enum lean { LEAN_NONE, LEAN_KEEP, LEAN_DROP };

struct decision {
	enum sim_loss loss;
	uint64_t seed;
	size_t undecided;	/* met so far */
	enum lean lean;
	struct random random;
};

static bool
is_durable(const struct sim_op *op, const bool *synced)
{
	if (sim_kind_is_content(op->kind))
		return op->through || (synced[op->inode] && !op->lied);
	return synced[op->dir] ||
	    (op->kind == SIM_RENAME && synced[op->to_dir]);
}

/* For each of the first `end` operations: is its fate open? */
static bool *
find_open(struct sim *sim, size_t end)
{
	size_t inodes = sim->now.count;
	bool *synced = sim_memory(NULL, inodes);
	bool *open = sim_memory(NULL, end);

	assert(end <= sim->count);
	memset(synced, 0, inodes);
	for (size_t i = end; i-- > 0;) {
		const struct sim_op *op = &sim->log[i];

		open[i] = !sim_kind_is_sync(op->kind) &&
		    !sim_kind_is_ring(op->kind) && !is_durable(op, synced);
		if (sim_kind_is_sync(op->kind))
			synced[op->inode] = true;
	}
	sim_memory_free(synced);
	return open;
}

size_t
sim_undecided(struct sim *sim, size_t operations)
{
	bool *open = find_open(sim, operations);
	size_t n = 0;

	for (size_t i = 0; i < operations; i++)
		n += open[i];
	sim_memory_free(open);
	return n;
}

uint64_t
sim_bytes_synced(struct sim *sim, const char *part)
{
	bool *open = find_open(sim, sim->count);
	uint64_t n = 0;

	for (size_t i = 0; i < sim->count; i++)
		if (sim->log[i].kind == SIM_WRITE && !open[i] &&
		    strstr(sim->log[i].name, part) != NULL)
			n += sim->log[i].data->n;
	sim_memory_free(open);
	return n;
}

/* Where everything is decided by a coin, nearly whole and nearly empty disks
 * never come up. So half of the seeds lean to one side. */
static enum sim_fate
fate_random(struct decision *d, const struct sim_op *op)
{
	static const enum sim_fate fates[] = { SIM_ABSENT, SIM_WHOLE, SIM_HALF,
		SIM_CUT, SIM_ZEROS, SIM_GARBAGE };
	uint64_t choices = op->kind == SIM_WRITE ? 6 : 2;

	if (d->lean != LEAN_NONE && random_below(&d->random, 8) != 0)
		return d->lean == LEAN_KEEP ? SIM_WHOLE : SIM_ABSENT;
	return fates[random_below(&d->random, choices)];
}

static enum sim_fate
decide(struct decision *d, const struct sim_op *op)
{
	size_t bit = d->undecided++ % 64;

	switch (d->loss) {
	case SIM_DROP:
		return SIM_ABSENT;
	case SIM_KEEP:
		return SIM_WHOLE;
	case SIM_CHOOSE:
		return d->seed >> bit & 1 ? SIM_WHOLE : SIM_ABSENT;
	default:
		return fate_random(d, op);
	}
}

/* Some of the ring's pages are not what they were. */
static void
decide_ring(struct decision *d, struct sim_page *page, bool garbage)
{
	for (size_t i = 0; i < RING_SIZE; i += RING_PAGE) {
		if (!garbage && random_below(&d->random, 2) == 0)
			memset(page->bytes + i, 0, RING_PAGE);
		for (size_t j = 0; garbage && j < RING_PAGE; j++)
			page->bytes[i + j] = (uint8_t)random_next(&d->random);
	}
}

/* LOCK may have reached the disk like any page, or parts of it, or not. */
static void
decide_page(struct decision *d, struct sim_inode *inode)
{
	uint64_t choice = d->loss == SIM_RANDOM ? random_below(&d->random, 4) :
	    d->loss == SIM_DROP ? 0 : 1;

	if (choice == 0) {
		sim_memory_free(inode->page);
		inode->page = NULL;
	}
	if (choice >= 2)
		decide_ring(d, inode->page, choice == 2);
}

static struct sim *
image_new(struct sim *sim, uint64_t seed)
{
	struct sim *image = sim_new(seed);

	sim_disk_release(&image->base);
	sim_disk_release(&image->now);
	sim_disk_copy(&image->base, &sim->base);
	sim_capabilities(image, sim->ring, sim->ops.file_map != NULL);
	image->ops.dir_link = sim->ops.dir_link;
	image->boot = sim->boot;
	return image;
}

static void
apply_decided(struct sim *sim, struct sim_disk *disk, size_t end,
    struct decision *d)
{
	bool *open = find_open(sim, end);

	for (size_t i = 0; i < end; i++) {
		const struct sim_op *op = &sim->log[i];
		enum sim_fate fate = open[i] ? decide(d, op) : SIM_WHOLE;

		sim_disk_apply(disk, op, fate, random_next(&d->random));
	}
	sim_memory_free(open);
}

struct sim *
sim_crash(struct sim *sim, size_t operations, enum sim_loss loss, uint64_t seed)
{
	struct decision d = { .loss = loss, .seed = seed,
		.random = { seed } };
	struct sim *image;

	d.lean = (enum lean)random_below(&d.random, 4);
	if (d.lean > LEAN_DROP)
		d.lean = LEAN_NONE;
	mutex_lock(&sim->mu);
	image = image_new(sim, random_next(&d.random));
	apply_decided(sim, &image->base, operations, &d);
	mutex_unlock(&sim->mu);
	sim_disk_forget_orphans(&image->base);
	for (uint32_t i = 0; i < image->base.count; i++)
		if (image->base.inodes[i].page != NULL)
			decide_page(&d, &image->base.inodes[i]);
	sim_disk_copy(&image->now, &image->base);
	image->boot = sim->boot + 1;
	return image;
}

static void
log_copy(struct sim *to, const struct sim *from, size_t n)
{
	to->log = sim_memory(NULL, n * sizeof *to->log);
	to->count = to->cap = n;
	for (size_t i = 0; i < n; i++) {
		to->log[i] = from->log[i];
		sim_data_ref(to->log[i].data);
	}
}

struct sim *
sim_kill(struct sim *sim, size_t operations)
{
	struct sim *image;

	mutex_lock(&sim->mu);
	image = image_new(sim, sim->random.state);
	log_copy(image, sim, operations);
	mutex_unlock(&sim->mu);
	sim_disk_copy(&image->now, &image->base);
	for (size_t i = 0; i < operations; i++)
		sim_disk_apply(&image->now, &image->log[i], SIM_WHOLE, 0);
	sim_disk_forget_orphans(&image->now);
	image->clock_us = sim->clock_us;
	return image;
}
