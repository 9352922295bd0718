/*
 * sim.h - what the parts of the simulation share.
 */
#ifndef ENV_SIM_H
#define ENV_SIM_H

#include "base/random.h"
#include "base/sync.h"
#include "env/env_sim.h"
#include "env/files.h"
#include "env/sim_disk.h"

/* LOCK in the memory of the processes of this boot. */
struct sim_ring {
	struct sim_ring *next;
	uint32_t inode;
	struct ring_memory memory;
	struct ring_control noted;	/* as in the operation log */
};

/* A byte range held by a handle of LOCK. */
struct sim_hold {
	struct sim_hold *next;
	const void *holder;
	uint32_t inode;
	uint64_t first, end;
	bool exclusive;
};

struct sim {
	struct lsm_env env;

	/* Set before use. */
	struct env_ops ops;
	bool ring;
	bool alone;			/* writers from now on */
	uint64_t boot;

	/* Guarded by mu, which is the innermost lock of all. */
	struct mutex mu;
	struct sim_disk base;		/* before the first operation */
	struct sim_disk now;
	struct sim_op *log;
	size_t count, cap;		/* of log */
	struct sim_ring *rings;
	struct sim_hold *holds;
	struct random random;
	uint64_t clock_us;
	uint64_t space;
	uint64_t calls, fail_at;
	int fail_code;
	bool fail_for_ever, fail_partial, failed;
};

struct sim_dir {
	struct env_dir base;
	uint32_t inode;
	uint32_t lock;		/* LOCK when it was opened, or SIM_NONE */
};

struct sim_file {
	struct env_file base;
	uint32_t inode;
	uint64_t end;		/* where the next append goes */
	char name[SIM_NAME_MAX];
};

struct sim_lock {
	struct env_lock base;
	uint32_t inode;
};

static inline struct sim *
sim_of(lsm_env *env)
{
	return (struct sim *)env;
}

/* env_sim.c: steps, each counted as one call, each one operation. All need
 * mu. Names are for stories. */
int sim_enter_locked(struct sim *, const char *name, const char *what);
void sim_do_locked(struct sim *, struct sim_op *);	/* takes op->data */
int sim_write_locked(struct sim *, uint32_t inode, const char *name,
    uint64_t at, const void *, size_t n);
int sim_extend_locked(struct sim *, uint32_t inode, const char *name,
    uint64_t size);
int sim_sync_locked(struct sim *, uint32_t inode, const char *name);
int sim_write_through_locked(struct sim *, uint32_t inode, const char *name,
    uint64_t at, const void *, size_t n);
int sim_create_locked(struct sim *, uint32_t dir, const char *name,
    uint32_t *inode);
int sim_link_locked(struct sim *, uint32_t dir, const char *name,
    uint32_t inode);
int sim_unlink_locked(struct sim *, uint32_t dir, const char *name);
int sim_rename_locked(struct sim *, uint32_t dir, const char *name,
    uint32_t to_dir, const char *to_name);
int sim_dir_sync_locked(struct sim *, uint32_t dir);
/* A regular file, LSM_NOTFOUND or LSM_CORRUPT. */
int sim_find_locked(struct sim *, uint32_t dir, const char *name,
    uint32_t *inode);
void sim_open_locked(struct sim *, uint32_t inode);
void sim_close_locked(struct sim *, uint32_t inode);

/* sim_files.c, sim_lock.c, sim_log.c: their part of the table. */
void sim_files_ops(struct env_ops *);
void sim_lock_ops(struct env_ops *);
void sim_log_ops(struct env_ops *);

/* sim_ring.c: the ring of a LOCK; NULL where there is none. */
struct sim_ring *sim_ring_get_locked(struct sim *, uint32_t inode);
void sim_ring_identity(struct sim *, uint32_t lock, const uint8_t id[16],
    struct ring_identity *);
/* An operation, if the words are others than before. NULL: nothing. */
void sim_ring_note_locked(struct sim *, struct sim_ring *);
void sim_rings_free(struct sim *);

#endif
