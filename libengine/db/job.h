/*
 * job.h - work under way: a flush, a merge, a move, an ingestion.
 *
 * While a job stands in the list its place is taken: levels and a span of
 * keys. Who looks for a place, with work_mu held, sees all of them and takes
 * one that nobody has, so jobs at the same time have nothing to do with each
 * other; only their edits come one after the other. A flush and a merge are
 * carried out in steps, each by the one thread that has taken the job.
 */
#ifndef DB_JOB_H
#define DB_JOB_H

#include "compact/compact.h"
#include "compact/pick.h"
#include "compact/walls.h"
#include "db/options.h"

struct lsm_db;

enum {
	/* One begun by hand goes along with those of the workers. */
	MERGES_MAX = WORKERS_MAX,
	JOBS_MAX = MERGES_MAX + 2	/* a flush, an ingestion */
};

struct job {
	struct job *next;
	/* Set before it stands in the list. */
	struct pick_job place;
	struct version *version;	/* that has its keys; or NULL */
	bool merge;			/* or a move */
	bool manual;			/* only who asked for it takes it */
	bool partial;			/* it leaves tables as they are */
	struct walls walls;		/* where its outputs end */
	/* Of who has taken it. */
	struct compact_job *compact;
	uint64_t since_us;
	uint64_t damaged;		/* number of a table; or 0 */
	/* Guarded by mu. */
	bool taken;
	bool begun;			/* there are steps to be done */
	uint64_t left;			/* bytes to be read */
};

/* What its tables are made with. */
struct compact_options job_options(struct lsm_db *, int level, uint64_t run);

/* The list: work_mu held; or taken here, to wake who waits for a place. */
void job_add(struct lsm_db *, struct job *);
void job_remove(struct lsm_db *, struct job *);
size_t job_merges_locked(struct lsm_db *);	/* mu held */

/* What is to be avoided; work_mu held. `jobs` is what the options point to.
 * A merge need not avoid what comes to level 0, newer than all it reads. */
struct pick_options job_pick(struct lsm_db *, bool merge,
    struct pick_job jobs[JOBS_MAX]);
#ifdef LSM_SCHED
extern bool place_bug;	/* merges avoid nothing: the tests must notice */
#endif

/* Take over the outputs of a finished job; of a flush, what it flushed. */
int job_install(struct lsm_db *, struct compact_job *, const struct memtable *,
    struct edit *);
int job_edit(struct lsm_db *, struct edit *);	/* or unlink its tables */
void job_end(struct lsm_db *, struct compact_job **);

/* Tell of it: its place and, but for a begin, what it did since. */
void job_event(struct lsm_db *, int kind, const struct job *, int code);

#endif
