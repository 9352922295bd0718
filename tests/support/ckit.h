/*
 * ckit.h - runs of real tables on a simulated disk, and what they should
 * hold: for tests of runs and compactions.
 */
#ifndef SUPPORT_CKIT_H
#define SUPPORT_CKIT_H

#include "compact/compact.h"
#include "env/env_sim.h"

enum { CKIT_KEYS = 1000, CKIT_VALUE_MAX = 2000 };

struct ckit {
	struct sim *sim;
	struct env_dir *dir;
	struct table_stats stats;
	struct table_cache *tables;
	struct version *version;
	struct memtable *mem;		/* what the next flush takes */
	uint64_t number, run, edit, sequence;
	size_t table_size;		/* of outputs */
	int number_fails;		/* a code for the next number, once */
	/* The model: what each key holds. 0: nothing. */
	uint64_t holds[CKIT_KEYS];	/* the put's sequence */
};

void ckit_init(struct ckit *);
void ckit_release(struct ckit *);

/* "key-00042" in static memory; its value is made of sequence and size. */
struct bytes ckit_key(size_t key);
void ckit_put(struct ckit *, size_t key);
void ckit_fill(struct ckit *, size_t from, size_t to);	/* puts, [from, to) */
void ckit_delete(struct ckit *, size_t key);
void ckit_delete_range(struct ckit *, size_t from, size_t to);

struct compact_options ckit_options(struct ckit *, int level, uint64_t run);

/* Run the job to its end, install what it made, free it. */
int ckit_run(struct ckit *, struct compact_job *, struct compact_stats *);
int ckit_steps(struct compact_job *);		/* to its end */
void ckit_install(struct ckit *, struct compact_job *);
/* Flush what was put since the last time: a new run of the level. */
void ckit_flush(struct ckit *, int level);
/* A job that merges all tables into a new run of the level. */
int ckit_merge_job(struct ckit *, int level, bool drop_deletes,
    struct compact_job **);
void ckit_merge(struct ckit *, int level, bool drop_deletes,
    struct compact_stats *);

/* The version holds what the model says. Returns how many deletes it has. */
size_t ckit_check(struct ckit *);

size_t ckit_files(struct ckit *);	/* tables on the disk */
const char *ckit_name(const struct version_table *);	/* static */

#endif
