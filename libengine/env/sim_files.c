/*
 * sim_files.c - a simulated disk: directories and files of the door.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "env/sim.h"

enum { MAP_ALIGN = 4096 };

static struct sim_dir *
dir_of(struct env_dir *base)
{
	return (struct sim_dir *)base;
}

static int
dir_new(lsm_env *env, uint32_t inode, struct env_dir **out)
{
	struct sim_dir *dir = mem_zalloc(sizeof *dir);

	if (dir == NULL)
		return mem_exhausted(sizeof *dir);
	dir->base.env = env;
	dir->inode = inode;
	dir->lock = SIM_NONE;
	*out = &dir->base;
	return LSM_OK;
}

/* As on a real disk: durable in its parent before anything goes into it. */
static int
make_dir_locked(struct sim *sim, uint32_t parent, const char *name,
    uint32_t *inode)
{
	struct sim_op op = { .kind = SIM_MKDIR, .dir = parent };
	int rc = sim_enter_locked(sim, name, "mkdir");

	if (rc != LSM_OK)
		return rc;
	*inode = op.inode = sim_disk_number(&sim->now);
	snprintf(op.name, sizeof op.name, "%s", name);
	sim_do_locked(sim, &op);
	if ((rc = sim_dir_sync_locked(sim, parent)) != LSM_OK)
		(void)sim_unlink_locked(sim, parent, name);
	return rc;
}

static int
walk_locked(struct sim *sim, const char *path, bool create, uint32_t *inode,
    bool *created)
{
	const char *rest = path;
	char name[SIM_NAME_MAX];
	int rc = sim_enter_locked(sim, path, "open");

	*inode = SIM_ROOT;
	while (rc == LSM_OK && sim_path_next(&rest, name)) {
		uint32_t next = sim_disk_find(&sim->now, *inode, name);

		*created = next == SIM_NONE;
		if (next == SIM_NONE && !create)
			return status_set(LSM_NO_DATABASE,
			    "%s: no such directory", path);
		if (next == SIM_NONE)
			rc = make_dir_locked(sim, *inode, name, &next);
		else if (create)
			rc = sim_dir_sync_locked(sim, *inode);
		if (rc == LSM_OK && !sim->now.inodes[next].directory)
			return status_set(LSM_NO_DATABASE,
			    "%s: not a directory", path);
		*inode = next;
	}
	return rc;
}

/* The directory that the entry of another is in, and which one it is. */
static const struct sim_entry *
parent_find(const struct sim_disk *disk, uint32_t inode, uint32_t *parent)
{
	for (*parent = 0; *parent < disk->count; ++*parent) {
		const struct sim_inode *d = &disk->inodes[*parent];

		for (size_t i = 0; d->directory && i < d->count; i++)
			if (d->entries[i].inode == inode)
				return &d->entries[i];
	}
	return NULL;
}

static int
remove_locked(struct sim *sim, uint32_t inode)
{
	char name[SIM_NAME_MAX];
	uint32_t parent;
	const struct sim_entry *e = parent_find(&sim->now, inode, &parent);

	if (e == NULL || sim->now.inodes[inode].count > 0)
		return status_set(LSM_EXISTS, "directory: is not empty");
	memcpy(name, e->name, sizeof name);
	return sim_unlink_locked(sim, parent, name);
}

static int
sim_dir_open(lsm_env *env, const char *path, bool create, struct env_dir **out,
    bool *created)
{
	struct sim *sim = sim_of(env);
	uint32_t inode;
	int rc;

	*out = NULL;
	*created = false;
	mutex_lock(&sim->mu);
	rc = walk_locked(sim, path, create, &inode, created);
	if (rc == LSM_OK && (rc = dir_new(env, inode, out)) != LSM_OK &&
	    *created)
		(void)remove_locked(sim, inode);
	mutex_unlock(&sim->mu);
	return rc;
}

static void
sim_dir_close(struct env_dir *dir)
{
	mem_free(dir);
}

static int
sim_dir_remove(struct env_dir *dir)
{
	struct sim *sim = sim_of(dir->env);
	int rc;

	mutex_lock(&sim->mu);
	rc = remove_locked(sim, dir_of(dir)->inode);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_dir_sync(struct env_dir *dir)
{
	struct sim *sim = sim_of(dir->env);
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_dir_sync_locked(sim, dir_of(dir)->inode);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
list_locked(struct sim *sim, uint32_t n, struct env_names *names)
{
	const struct sim_inode *d = &sim->now.inodes[n];
	int rc = sim_enter_locked(sim, "directory", "read");

	for (size_t i = 0; rc == LSM_OK && i < d->count; i++) {
		const char *name = d->entries[i].name;

		rc = buffer_add(&names->text, name, strlen(name) + 1);
		names->count++;
	}
	return rc;
}

static int
sim_dir_list(struct env_dir *dir, struct env_names *names)
{
	struct sim *sim = sim_of(dir->env);
	int rc;

	*names = (struct env_names){ 0 };
	mutex_lock(&sim->mu);
	rc = list_locked(sim, dir_of(dir)->inode, names);
	mutex_unlock(&sim->mu);
	if (rc != LSM_OK)
		env_names_free(names);
	return rc;
}

static int
sim_dir_unlink(struct env_dir *dir, const char *name)
{
	struct sim *sim = sim_of(dir->env);
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_unlink_locked(sim, dir_of(dir)->inode, name);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_dir_move(struct env_dir *dir, const char *name, struct env_dir *to,
    const char *to_name)
{
	struct sim *sim = sim_of(dir->env);
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_rename_locked(sim, dir_of(dir)->inode, name,
	    dir_of(to)->inode, to_name);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_dir_rename(struct env_dir *dir, const char *from, const char *to)
{
	return sim_dir_move(dir, from, dir, to);
}

static int
sim_dir_link(struct env_dir *dir, const char *name, struct env_dir *to,
    const char *to_name)
{
	struct sim *sim = sim_of(dir->env);
	uint32_t inode;
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_find_locked(sim, dir_of(dir)->inode, name, &inode);
	if (rc == LSM_OK)
		rc = sim_link_locked(sim, dir_of(to)->inode, to_name, inode);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sub_locked(struct sim *sim, uint32_t dir, const char *name, uint32_t *inode)
{
	*inode = sim_disk_find(&sim->now, dir, name);
	if (*inode == SIM_NONE)
		return make_dir_locked(sim, dir, name, inode);
	if (!sim->now.inodes[*inode].directory)
		return status_set(LSM_CORRUPT, "%s: not a directory", name);
	return LSM_OK;
}

static int
sim_dir_sub(struct env_dir *dir, const char *name, struct env_dir **out)
{
	struct sim *sim = sim_of(dir->env);
	uint32_t inode;
	int rc;

	*out = NULL;
	mutex_lock(&sim->mu);
	rc = sub_locked(sim, dir_of(dir)->inode, name, &inode);
	mutex_unlock(&sim->mu);
	return rc == LSM_OK ? dir_new(dir->env, inode, out) : rc;
}

static int
replace_locked(struct sim *sim, uint32_t dir, const char *name,
    const char *fresh, struct bytes content)
{
	uint32_t inode;
	int rc = LSM_OK;

	if (sim_disk_find(&sim->now, dir, fresh) != SIM_NONE)
		rc = sim_unlink_locked(sim, dir, fresh);
	if (rc == LSM_OK)
		rc = sim_create_locked(sim, dir, fresh, &inode);
	if (rc == LSM_OK)
		rc = sim_write_locked(sim, inode, fresh, 0, content.p,
		    content.n);
	if (rc == LSM_OK)
		rc = sim_sync_locked(sim, inode, fresh);
	if (rc == LSM_OK)
		rc = sim_rename_locked(sim, dir, fresh, dir, name);
	if (rc == LSM_OK)
		rc = sim_dir_sync_locked(sim, dir);
	return rc;
}

static int
sim_dir_replace(struct env_dir *dir, const char *name, struct bytes content)
{
	struct sim *sim = sim_of(dir->env);
	char fresh[SIM_NAME_MAX];
	int rc;

	snprintf(fresh, sizeof fresh, "%s.new", name);
	mutex_lock(&sim->mu);
	rc = replace_locked(sim, dir_of(dir)->inode, name, fresh, content);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_dir_links(struct env_dir *base, const char *name, uint64_t *links)
{
	struct sim *sim = sim_of(base->env);
	uint32_t inode;
	int rc;

	*links = 0;
	mutex_lock(&sim->mu);
	rc = sim_find_locked(sim, dir_of(base)->inode, name, &inode);
	if (rc == LSM_OK)
		*links = sim->now.inodes[inode].links;
	mutex_unlock(&sim->mu);
	return rc;
}

static bool
sim_dir_same(struct env_dir *base)
{
	struct sim *sim = sim_of(base->env);
	struct sim_dir *dir = dir_of(base);
	bool same;

	mutex_lock(&sim->mu);
	same = sim->now.inodes[dir->inode].links > 0 &&
	    (dir->lock == SIM_NONE ||
	    sim_disk_find(&sim->now, dir->inode, "LOCK") == dir->lock);
	mutex_unlock(&sim->mu);
	return same;
}

static int
open_locked(struct sim *sim, uint32_t dir, const char *name, enum env_open how,
    struct sim_file *file)
{
	int rc;

	if (how == ENV_CREATE)
		rc = sim_create_locked(sim, dir, name, &file->inode);
	else if ((rc = sim_enter_locked(sim, name, "open")) == LSM_OK)
		rc = sim_find_locked(sim, dir, name, &file->inode);
	if (rc != LSM_OK)
		return rc;
	sim_open_locked(sim, file->inode);
	file->base.size = file->end = sim->now.inodes[file->inode].size;
	return LSM_OK;
}

static int
sim_file_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **out)
{
	struct sim *sim = sim_of(dir->env);
	struct sim_file *file = mem_zalloc(sizeof *file);
	int rc;

	*out = NULL;
	if (file == NULL)
		return mem_exhausted(sizeof *file);
	file->base.env = dir->env;
	snprintf(file->name, sizeof file->name, "%s", name);
	mutex_lock(&sim->mu);
	rc = open_locked(sim, dir_of(dir)->inode, name, how, file);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK)
		*out = &file->base;
	else
		mem_free(file);
	return rc;
}

static int
sim_file_read(struct env_file *base, uint64_t at, void *to, size_t n,
    size_t *got)
{
	struct sim *sim = sim_of(base->env);
	struct sim_file *file = (struct sim_file *)base;
	uint64_t size;
	int rc;

	*got = 0;
	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, file->name, "read");
	size = sim->now.inodes[file->inode].size;
	if (rc == LSM_OK && at < size) {
		*got = n < size - at ? n : (size_t)(size - at);
		sim_disk_read(&sim->now, file->inode, at, to, *got);
	}
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_file_append(struct env_file *base, const void *from, size_t n)
{
	struct sim *sim = sim_of(base->env);
	struct sim_file *file = (struct sim_file *)base;
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_write_locked(sim, file->inode, file->name, file->end, from, n);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK)
		file->end += n;
	return rc;
}

static int
sim_file_size(struct env_file *base, uint64_t *size)
{
	struct sim *sim = sim_of(base->env);
	struct sim_file *file = (struct sim_file *)base;
	int rc;

	*size = 0;
	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, file->name, "stat");
	if (rc == LSM_OK)
		*size = sim->now.inodes[file->inode].size;
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_file_sync(struct env_file *base)
{
	struct sim *sim = sim_of(base->env);
	struct sim_file *file = (struct sim_file *)base;
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_sync_locked(sim, file->inode, file->name);
	mutex_unlock(&sim->mu);
	return rc;
}

static int
sim_file_close(struct env_file *base)
{
	struct sim *sim = sim_of(base->env);
	struct sim_file *file = (struct sim_file *)base;
	int rc;

	mutex_lock(&sim->mu);
	rc = sim_enter_locked(sim, file->name, "close");
	sim_close_locked(sim, file->inode);
	mutex_unlock(&sim->mu);
	mem_free(file);
	return rc;
}

static int
map_locked(struct sim *sim, struct sim_file *file, uint64_t size, uint8_t *map)
{
	int rc = sim_enter_locked(sim, file->name, "map");
	uint64_t have = sim->now.inodes[file->inode].size;

	if (rc != LSM_OK)
		return rc;
	if (have < size)
		return status_set(LSM_CORRUPT, "%s: short: %" PRIu64
		    " bytes of %" PRIu64, file->name, have, size);
	sim_disk_read(&sim->now, file->inode, 0, map, (size_t)size);
	return LSM_OK;
}

/* A copy: what is mapped is a file that no longer changes. */
static int
sim_file_map(struct env_file *base, uint64_t size, const uint8_t **out)
{
	struct sim *sim = sim_of(base->env);
	uint8_t *map;
	int rc;

	*out = NULL;
	assert(size > 0);
	map = mem_aligned(MAP_ALIGN, (size_t)size);
	if (map == NULL)
		return mem_exhausted((size_t)size);
	mutex_lock(&sim->mu);
	rc = map_locked(sim, (struct sim_file *)base, size, map);
	mutex_unlock(&sim->mu);
	if (rc == LSM_OK)
		*out = map;
	else
		mem_free(map);
	return rc;
}

static void
sim_file_unmap(lsm_env *env, const uint8_t *map, uint64_t size)
{
	(void)env;
	(void)size;
	mem_free((void *)(uintptr_t)map);
}

void
sim_files_ops(struct env_ops *ops)
{
	ops->dir_open = sim_dir_open;
	ops->dir_close = sim_dir_close;
	ops->dir_remove = sim_dir_remove;
	ops->dir_sync = sim_dir_sync;
	ops->dir_list = sim_dir_list;
	ops->dir_unlink = sim_dir_unlink;
	ops->dir_rename = sim_dir_rename;
	ops->dir_sub = sim_dir_sub;
	ops->dir_move = sim_dir_move;
	ops->dir_link = sim_dir_link;
	ops->dir_replace = sim_dir_replace;
	ops->dir_links = sim_dir_links;
	ops->dir_same = sim_dir_same;
	ops->file_open = sim_file_open;
	ops->file_read = sim_file_read;
	ops->file_append = sim_file_append;
	ops->file_size = sim_file_size;
	ops->file_sync = sim_file_sync;
	ops->file_close = sim_file_close;
	ops->file_map = sim_file_map;
	ops->file_unmap = sim_file_unmap;
}
