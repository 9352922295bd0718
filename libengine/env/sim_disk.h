/*
 * sim_disk.h - the simulated disk: files, directories, and what was done.
 *
 * Private to the simulation. Content is shared between disks and copied when
 * written, so that a crash image costs about as much as the operations that
 * made it. No locks here: env_sim.c has one per simulation; only the counts
 * of shared content are atomic.
 */
#ifndef ENV_SIM_DISK_H
#define ENV_SIM_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "env/ring.h"

enum { SIM_NAME_MAX = 64, SIM_ROOT = 0, SIM_NONE = UINT32_MAX };

/* Memory of the disk; ends the program when there is none. */
void *sim_memory(void *old, size_t n);
void sim_memory_free(void *);

struct sim_data {
	_Atomic uint32_t refs;
	size_t n, cap;
	uint8_t bytes[];
};

struct sim_data *sim_data_new(const void *, size_t n);
struct sim_data *sim_data_ref(struct sim_data *);	/* NULL is allowed */
void sim_data_unref(struct sim_data *);

struct sim_entry {
	char name[SIM_NAME_MAX];
	uint32_t inode;
};

/* What a process finds in LOCK. */
struct sim_page {
	struct ring_control control;
	uint8_t bytes[RING_SIZE];
};

struct sim_inode {
	bool directory;
	bool used;		/* the number was given */
	uint32_t links;		/* names */
	uint32_t opens;		/* handles */
	uint64_t size;		/* behind data->n: zeros */
	struct sim_data *data;
	struct sim_entry *entries;
	size_t count, cap;	/* of entries */
	struct sim_page *page;	/* of a LOCK that was in use; NULL: zeros */
};

/* Inodes by number; numbers are not used again. */
struct sim_disk {
	struct sim_inode *inodes;
	uint32_t count, cap;
};

enum sim_kind {
	SIM_CREATE,		/* `name` in `dir` is inode */
	SIM_LINK,		/* likewise, and it has other names */
	SIM_MKDIR,
	SIM_WRITE,		/* `data` at `at` of inode */
	SIM_EXTEND,		/* inode is at least `at` long */
	SIM_SYNC,
	SIM_DIR_SYNC,		/* inode is a directory */
	SIM_RENAME,		/* `name` in `dir` becomes to_name in to_dir */
	SIM_UNLINK,
	SIM_RING,		/* `data` at log offset `at` of inode's ring */
	SIM_WORDS		/* `data` is inode's control page */
};

struct sim_op {
	enum sim_kind kind;
	bool lied;		/* a write that a failed sync called clean */
	bool through;		/* a write that was durable when it ended */
	uint32_t inode;
	uint32_t dir, to_dir;
	uint64_t at;
	struct sim_data *data;
	char name[SIM_NAME_MAX], to_name[SIM_NAME_MAX];
};

/* How much of an operation is there. */
enum sim_fate {
	SIM_ABSENT,
	SIM_WHOLE,
	SIM_HALF,
	SIM_CUT,		/* at a sector */
	SIM_ZEROS,
	SIM_GARBAGE
};

void sim_disk_init(struct sim_disk *);	/* an empty root directory */
void sim_disk_release(struct sim_disk *);
/* `to` becomes the same as `from`, without its open handles. */
void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from);

/* A fresh number. */
uint32_t sim_disk_number(struct sim_disk *);
uint32_t sim_disk_find(const struct sim_disk *, uint32_t dir, const char *name);
/* The next component of a path (cut when too long); "." is passed over. */
bool sim_path_next(const char **path, char name[SIM_NAME_MAX]);
/* Follow a path from the root; SIM_NONE when a part is missing. */
uint32_t sim_disk_walk(const struct sim_disk *, const char *path);
/* A file without names or handles loses its content. */
void sim_disk_drop(struct sim_disk *, uint32_t inode);
void sim_disk_forget_orphans(struct sim_disk *);	/* all of those */
uint64_t sim_disk_used(const struct sim_disk *);
void sim_disk_read(const struct sim_disk *, uint32_t inode, uint64_t at, void *,
    size_t n);
void sim_disk_resize(struct sim_disk *, uint32_t inode, uint64_t size);

/* Do an operation, or as much of it as its fate says; `chance` decides where
 * a cut is and what garbage. */
void sim_disk_apply(struct sim_disk *, const struct sim_op *, enum sim_fate,
    uint64_t chance);

static inline bool
sim_kind_is_ring(enum sim_kind k)
{
	return k == SIM_RING || k == SIM_WORDS;
}

static inline bool
sim_kind_is_sync(enum sim_kind k)
{
	return k == SIM_SYNC || k == SIM_DIR_SYNC;
}

static inline bool
sim_kind_is_content(enum sim_kind k)
{
	return k == SIM_WRITE || k == SIM_EXTEND;
}

#endif
