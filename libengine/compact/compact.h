/*
 * compact.h - turns memtables and tables into new tables, a step at a time.
 *
 * A flush is a compaction whose only input is a memtable. A job reads its
 * inputs merged, drops what is shadowed, covered by range deletes or, where
 * allowed, deleted, and cuts its output into tables. It installs nothing: when
 * it is done its outputs stand in an edit for the caller to append. Damage in
 * an input ends the job with its place; its outputs are unlinked when it is
 * freed unfinished.
 */
#ifndef COMPACT_COMPACT_H
#define COMPACT_COMPACT_H

#include "mem/memtable.h"
#include "version/version.h"

struct compact_options {
	struct env_dir *dir;
	struct table_cache *tables;
	struct table_options table;	/* number set for each output */
	uint64_t table_size;		/* outputs are cut near here */
	int level;			/* of the output */
	uint64_t run;			/* of the output */
	bool drop_deletes;		/* where nothing older lies below */
	/* NULL, or a run of the version: outputs are cut rather where its
	 * tables end. */
	const struct run *fences;
	uint64_t overlap;		/* bytes of it that an output may
					 * overlap, about; 0: any */
	/* Outputs end behind these keys, ascending: see walls.h. They live as
	 * long as the job. */
	const struct bytes *walls;
	size_t walls_count;
	/* Told the number of an input table that is damaged; may be NULL. */
	uint64_t *damaged;
	/* A fresh file number, durable as reserved. */
	int (*number)(void *, uint64_t *);
	void *number_arg;
};

struct compact_job;

/* A flush of a frozen memtable. */
int compact_flush_new(const struct compact_options *, struct memtable *,
    struct compact_job **);

/* A merge of whole tables of a version: `inputs` newest run first; tables of
 * one run stand together, in key order. The version is held. A delete is
 * dropped when no table of the output's level or below that is no input spans
 * its key, a range delete when none meets its range. */
int compact_merge_new(const struct compact_options *, struct version *,
    struct version_table *const *inputs, size_t count, struct compact_job **);

/* About 64 KiB of input. *done: the outputs, if any, are finished, synced and
 * in a synced directory. Not to be called again after done or a failure. */
int compact_step(struct compact_job *, bool *done);

/* After done: add the outputs to the edit and drop the inputs. The outputs
 * then belong to the edit: freeing the job keeps the files. After a failure
 * (LSM_NO_MEMORY) they do not, and the edit is only good for edit_release. */
int compact_result(struct compact_job *, struct edit *);
void compact_free(struct compact_job *);	/* takes NULL */

/* entries_in = entries_out + shadowed + covered + deletes_dropped. Bytes are
 * those of files; bytes_read is the share that the entries read have in the
 * inputs, bytes_stored what of bytes_written is not in memory any more. Range
 * deletes are counted apart, in as few pieces as they make. */
struct compact_stats {
	uint64_t bytes_read, bytes_written, bytes_stored;
	uint64_t entries_in, entries_out;
	uint64_t shadowed, deletes_dropped;
	uint64_t covered;	/* by a range delete of the inputs */
	uint64_t ranges_out, ranges_dropped;
	uint64_t outputs;
};
void compact_stats(const struct compact_job *, struct compact_stats *);
uint64_t compact_input_bytes(const struct compact_job *);
uint64_t compact_read_from(const struct compact_job *, int level);
size_t compact_inputs(const struct compact_job *);	/* tables */

/* compact_result has worked. */
bool compact_given(const struct compact_job *);

#endif
