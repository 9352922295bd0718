/*
 * env_sim.c - a simulated disk: the object, its faults, its single steps.
 *
 * Each step counts as one call, may fail when the test wants it to, changes
 * the disk as it is now and goes into the operation log.
 */
#include "env/env_sim.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "env/sim.h"

enum { LOG_START = 64 };
#define DATE_US UINT64_C(1700000000000000)

static uint64_t
sim_now_us(lsm_env *env)
{
	struct sim *sim = sim_of(env);
	uint64_t now;

	mutex_lock(&sim->mu);
	now = ++sim->clock_us;
	mutex_unlock(&sim->mu);
	return now;
}

static uint64_t
sim_date_us(lsm_env *env)
{
	return DATE_US + sim_now_us(env);
}

static void
sim_pause_us(lsm_env *env, uint64_t us)
{
	struct sim *sim = sim_of(env);

	mutex_lock(&sim->mu);
	sim->clock_us += us;
	mutex_unlock(&sim->mu);
	thread_yield();
}

static int
sim_random(lsm_env *env, void *to, size_t n)
{
	struct sim *sim = sim_of(env);
	uint8_t *p = to;
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, "random", "read");
	for (size_t i = 0; rc == LSM_OK && i < n; i++)
		p[i] = (uint8_t)random_next(&sim->random);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_work(lsm_env *env, struct thread *thread, void (*run)(void *), void *arg)
{
	(void)env;
	(void)thread;
	(void)run;
	(void)arg;
	return status_set(LSM_UNSUPPORTED, "work: simulated: call for it");
}

struct sim *
sim_new(uint64_t seed)
{
	struct sim *sim = sim_memory(NULL, sizeof *sim);

	memset(sim, 0, sizeof *sim);
	sim->env.ops = &sim->ops;
	sim->ring = true;
	sim->boot = 1;
	sim->random.state = seed;
	sim->space = UINT64_MAX;
	mutex_init(&sim->mu);
	sim_disk_init(&sim->base);
	sim_disk_copy(&sim->now, &sim->base);
	sim->ops.now_us = sim_now_us;
	sim->ops.date_us = sim_date_us;
	sim->ops.pause_us = sim_pause_us;
	sim->ops.random = sim_random;
	sim->ops.work = sim_work;
	sim_files_ops(&sim->ops);
	sim_lock_ops(&sim->ops);
	sim_log_ops(&sim->ops);
	return sim;
}

static void
log_clear(struct sim *sim)
{
	for (size_t i = 0; i < sim->count; i++)
		sim_data_unref(sim->log[i].data);
	sim->count = 0;
}

void
sim_free(struct sim *sim)
{
	if (sim == NULL)
		return;
	assert(sim->holds == NULL);
	sim_rings_free(sim);
	log_clear(sim);
	sim_memory_free(sim->log);
	sim_disk_release(&sim->base);
	sim_disk_release(&sim->now);
	mutex_release(&sim->mu);
	sim_memory_free(sim);
}

lsm_env *
sim_env(struct sim *sim)
{
	return &sim->env;
}

void
sim_capabilities(struct sim *sim, bool ring, bool maps)
{
	sim->ring = ring;
	if (!maps)
		sim->ops.file_map = NULL;
}

void
sim_without_links(struct sim *sim)
{
	sim->ops.dir_link = NULL;
}

void
sim_alone(struct sim *sim, bool alone)
{
	sim->alone = alone;
}

void
sim_other_boot(struct sim *sim)
{
	sim->boot++;
}

void
sim_space(struct sim *sim, uint64_t bytes)
{
	sim->space = bytes;
}

uint64_t
sim_used(struct sim *sim)
{
	return sim_disk_used(&sim->now);
}

void
sim_fail_at(struct sim *sim, uint64_t n, int code, bool for_ever, bool partial)
{
	sim->fail_at = n ? sim->calls + n : 0;
	sim->fail_code = code;
	sim->fail_for_ever = for_ever;
	sim->fail_partial = partial;
	sim->failed = false;
}

uint64_t
sim_calls(struct sim *sim)
{
	return sim->calls;
}

bool
sim_failed(struct sim *sim)
{
	return sim->failed;
}

size_t
sim_operations(struct sim *sim)
{
	return sim->count;
}

bool
sim_on_disk(struct sim *sim, size_t operation)
{
	return !sim_kind_is_ring(sim->log[operation].kind);
}

const char *
sim_describe(struct sim *sim, size_t operation, char text[SIM_TEXT_MAX])
{
	static const char *const words[] = {
		[SIM_CREATE] = "create", [SIM_LINK] = "link",
		[SIM_MKDIR] = "mkdir",
		[SIM_WRITE] = "write", [SIM_EXTEND] = "extend",
		[SIM_SYNC] = "sync", [SIM_DIR_SYNC] = "sync directory",
		[SIM_RENAME] = "rename", [SIM_UNLINK] = "unlink",
		[SIM_RING] = "ring", [SIM_WORDS] = "words",
	};
	const struct sim_op *op = &sim->log[operation];

	snprintf(text, SIM_TEXT_MAX, "%s %s%s%s inode %" PRIu32 " %" PRIu64
	    "+%zu%s", op->through ? "through" : words[op->kind],
	    op->name, op->to_name[0] ? " " : "", op->to_name, op->inode,
	    op->at, op->data ? op->data->n : 0,
	    op->lied ? " lied" : "");
	return text;
}

void
sim_settle(struct sim *sim)
{
	mutex_lock(&sim->mu);
	log_clear(sim);
	sim_disk_release(&sim->base);
	sim_disk_copy(&sim->base, &sim->now);
	mutex_unlock(&sim->mu);
}

static uint32_t
find_file(struct sim *sim, const char *dir, const char *name)
{
	uint32_t n = sim_disk_walk(&sim->now, dir);

	return n == SIM_NONE ? n : sim_disk_find(&sim->now, n, name);
}

/* The base too, so that images of this disk have the damage. */
bool
sim_poke(struct sim *sim, const char *dir, const char *name, uint64_t at,
    const void *bytes, size_t n)
{
	uint32_t inode = find_file(sim, dir, name);
	struct sim_op op = { .kind = SIM_WRITE, .inode = inode, .at = at };

	if (inode == SIM_NONE || at + n > sim->now.inodes[inode].size)
		return false;
	op.data = sim_data_new(bytes, n);
	sim_disk_apply(&sim->now, &op, SIM_WHOLE, 0);
	sim_data_unref(op.data);
	sim_settle(sim);
	return true;
}

bool
sim_resize(struct sim *sim, const char *dir, const char *name, uint64_t size)
{
	uint32_t inode = find_file(sim, dir, name);

	if (inode == SIM_NONE)
		return false;
	sim_disk_resize(&sim->now, inode, size);
	sim_settle(sim);
	return true;
}

int
sim_enter_locked(struct sim *sim, const char *name, const char *what)
{
	mutex_assert_held(&sim->mu);
	sim->calls++;
	if (sim->fail_at == 0 || sim->calls < sim->fail_at ||
	    (sim->calls > sim->fail_at && !sim->fail_for_ever))
		return LSM_OK;
	sim->failed = true;
	return status_set(sim->fail_code, "%s: %s: injected failure", name,
	    what);
}

void
sim_do_locked(struct sim *sim, struct sim_op *op)
{
	mutex_assert_held(&sim->mu);
	if (sim->count == sim->cap) {
		sim->cap = sim->cap ? 2 * sim->cap : LOG_START;
		sim->log = sim_memory(sim->log, sim->cap * sizeof *sim->log);
	}
	sim_disk_apply(&sim->now, op, SIM_WHOLE, 0);
	sim->log[sim->count++] = *op;
}

static void
set_name(char to[SIM_NAME_MAX], const char *name)
{
	assert(strlen(name) < SIM_NAME_MAX && strchr(name, '/') == NULL);
	snprintf(to, SIM_NAME_MAX, "%s", name);
}

/* Of n bytes more at the end of files: how many have room? */
static uint64_t
room_locked(struct sim *sim, uint64_t n)
{
	uint64_t used;

	if (sim->space == UINT64_MAX)
		return n;
	used = sim_disk_used(&sim->now);
	if (used >= sim->space)
		return 0;
	return n < sim->space - used ? n : sim->space - used;
}

int
sim_write_locked(struct sim *sim, uint32_t inode, const char *name,
    uint64_t at, const void *from, size_t n)
{
	uint64_t size = sim->now.inodes[inode].size;
	uint64_t growth = at + n > size ? at + n - size : 0;
	uint64_t room = room_locked(sim, growth);
	struct sim_op op = { .kind = SIM_WRITE, .inode = inode, .at = at };
	int rc = sim_enter_locked(sim, name, "write");

	if (rc != LSM_OK) {
		n = sim->fail_partial ? n / 2 : 0;
	} else if (room < growth) {
		n = n > growth - room ? n - (size_t)(growth - room) : 0;
		rc = status_set(LSM_NO_SPACE, "%s: offset %" PRIu64
		    ": write: disk full", name, at);
	}
	if (n == 0)
		return rc;
	set_name(op.name, name);
	op.data = sim_data_new(from, n);
	sim_do_locked(sim, &op);
	return rc;
}

int
sim_extend_locked(struct sim *sim, uint32_t inode, const char *name,
    uint64_t size)
{
	struct sim_op op = { .kind = SIM_EXTEND, .inode = inode, .at = size };
	uint64_t had = sim->now.inodes[inode].size;
	int rc = sim_enter_locked(sim, name, "extend");

	if (rc != LSM_OK || size <= had)
		return rc;
	if (room_locked(sim, size - had) < size - had)
		return status_set(LSM_NO_SPACE, "%s: extend: disk full", name);
	set_name(op.name, name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

/* The kernel forgets pages that it could not write: they count as clean. */
static void
lie_locked(struct sim *sim, uint32_t inode)
{
	for (size_t i = sim->count; i-- > 0;) {
		struct sim_op *op = &sim->log[i];

		if (op->inode != inode)
			continue;
		if (op->kind == SIM_SYNC)
			return;
		op->lied |= sim_kind_is_content(op->kind);
	}
}

int
sim_sync_locked(struct sim *sim, uint32_t inode, const char *name)
{
	struct sim_op op = { .kind = SIM_SYNC, .inode = inode };
	int rc = sim_enter_locked(sim, name, "sync");

	if (rc != LSM_OK) {
		lie_locked(sim, inode);
		return rc;
	}
	set_name(op.name, name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

int
sim_write_through_locked(struct sim *sim, uint32_t inode, const char *name,
    uint64_t at, const void *from, size_t n)
{
	int rc = sim_write_locked(sim, inode, name, at, from, n);

	if (rc != LSM_OK)
		return rc;
	if ((rc = sim_enter_locked(sim, name, "sync")) == LSM_OK)
		sim->log[sim->count - 1].through = true;
	else
		lie_locked(sim, inode);
	return rc;
}

int
sim_dir_sync_locked(struct sim *sim, uint32_t dir)
{
	struct sim_op op = { .kind = SIM_DIR_SYNC, .inode = dir };
	int rc = sim_enter_locked(sim, "directory", "sync");

	if (rc == LSM_OK)
		sim_do_locked(sim, &op);
	return rc;
}

int
sim_create_locked(struct sim *sim, uint32_t dir, const char *name,
    uint32_t *inode)
{
	struct sim_op op = { .kind = SIM_CREATE, .dir = dir };
	int rc = sim_enter_locked(sim, name, "create");

	*inode = SIM_NONE;
	if (rc != LSM_OK)
		return rc;
	if (sim_disk_find(&sim->now, dir, name) != SIM_NONE)
		return status_set(LSM_EXISTS, "%s: exists", name);
	*inode = op.inode = sim_disk_number(&sim->now);
	set_name(op.name, name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

int
sim_link_locked(struct sim *sim, uint32_t dir, const char *name,
    uint32_t inode)
{
	struct sim_op op = { .kind = SIM_LINK, .dir = dir, .inode = inode };
	int rc = sim_enter_locked(sim, name, "link");

	if (rc != LSM_OK)
		return rc;
	if (sim_disk_find(&sim->now, dir, name) != SIM_NONE)
		return status_set(LSM_EXISTS, "%s: exists", name);
	set_name(op.name, name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

int
sim_unlink_locked(struct sim *sim, uint32_t dir, const char *name)
{
	struct sim_op op = { .kind = SIM_UNLINK, .dir = dir };
	int rc = sim_enter_locked(sim, name, "unlink");

	if (rc != LSM_OK)
		return rc;
	op.inode = sim_disk_find(&sim->now, dir, name);
	if (op.inode == SIM_NONE)
		return status_set(LSM_NOTFOUND, "%s: unlink: no such file",
		    name);
	set_name(op.name, name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

int
sim_rename_locked(struct sim *sim, uint32_t dir, const char *name,
    uint32_t to_dir, const char *to_name)
{
	struct sim_op op = { .kind = SIM_RENAME, .dir = dir, .to_dir = to_dir };
	int rc = sim_enter_locked(sim, name, "rename");

	if (rc != LSM_OK)
		return rc;
	op.inode = sim_disk_find(&sim->now, dir, name);
	if (op.inode == SIM_NONE)
		return status_set(LSM_NOTFOUND, "%s: rename: no such file",
		    name);
	set_name(op.name, name);
	set_name(op.to_name, to_name);
	sim_do_locked(sim, &op);
	return LSM_OK;
}

int
sim_find_locked(struct sim *sim, uint32_t dir, const char *name,
    uint32_t *inode)
{
	*inode = sim_disk_find(&sim->now, dir, name);
	if (*inode == SIM_NONE)
		return status_set(LSM_NOTFOUND, "%s: no such file", name);
	if (sim->now.inodes[*inode].directory)
		return status_set(LSM_CORRUPT, "%s: not a regular file", name);
	return LSM_OK;
}

void
sim_open_locked(struct sim *sim, uint32_t inode)
{
	mutex_assert_held(&sim->mu);
	sim->now.inodes[inode].opens++;
}

void
sim_close_locked(struct sim *sim, uint32_t inode)
{
	mutex_assert_held(&sim->mu);
	assert(sim->now.inodes[inode].opens > 0);
	sim->now.inodes[inode].opens--;
	sim_disk_drop(&sim->now, inode);
}
