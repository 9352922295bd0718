/*
 * cli_load.h - a load under way: what was read, what is in the batch, what is
 * committed.
 *
 * For the files of load only. Functions return an exit status.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "cli_command.h"
#include "cli_condition.h"
#include "cli_load_ahead.h"
#include "key_marks.h"
#include "progress.h"
#include "rate.h"
#include "record.h"

struct load {
	const struct settings *settings;
	lsm_db *db;
	lsm_batch *batch;
	lsm_ingest *ingest;	/* with --sorted: where batches go */
	struct load_ahead ahead;	/* runs from the first full batch on */
	unsigned flags;
	bool groups;		/* the input says where a batch ends */
	struct condition condition;
	lsm_batch *question;	/* to ask it */
	struct key_marks batched_keys;
	bool asks;		/* the batch has conditions */
	struct record_reader reader;
	struct progress progress;
	struct rate rate;
	uint64_t paced;		/* bytes read that the rate knows of */
	struct kept_key batched; /* of the record put into the batch last, */
	bool keyed;		/* if there was one */
	struct kept_key last;	/* of the record committed last */
	uint64_t committed;	/* records, */
	uint64_t taken;		/* and those of the ingestion, before that */
	uint64_t bad;		/* records passed over */
	uint64_t unmet;		/* likewise, for their condition */
	bool refused;		/* a condition was not met */
	bool broken;		/* a commit failed: no more of them */
};

/* cli_load_batch.c: put a record, or what else a line of ops is, into the
 * batch. */
int load_record(struct load *, const struct record *);
/* Is it full, behind this record? */
bool load_full(const struct load *, const struct record *);
/* Write what is in it: now, or as soon as those before it are written. */
int load_commit(struct load *);
int load_pass(struct load *);
/* All that was passed on is written; then what is left, and an ingestion is
 * committed. */
int load_wait(struct load *);
int load_complete(struct load *);
/* All that is written is written at the ends of what the input, or the user,
 * holds together: then conditions belong to the batch. */
bool load_whole(const struct load *);

/* cli_load_tell.c: how far it is, and how it ended. */
void load_tell_start(struct load *);
void load_tell_progress(struct load *);
void load_tell_end(struct load *, int status);
/* All is committed, and what it left is put in order. */
void load_tell_settle(struct load *);

#endif
