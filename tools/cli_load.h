/*
 * cli_load.h - a load under way: what was read, what is in the batch, what is
 * committed.
 *
 * For the three files of load only. Functions return an exit status.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "cli_command.h"
#include "cli_condition.h"
#include "key_marks.h"
#include "progress.h"
#include "rate.h"
#include "record.h"

struct kept_key {
	size_t size;
	char bytes[LSM_KEY_MAX];
};

struct load {
	const struct settings *settings;
	lsm_db *db;
	lsm_batch *batch;
	lsm_ingest *ingest;	/* with --sorted, instead of the batch */
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
	struct kept_key batched; /* of the record put into the batch last */
	struct kept_key last;	/* of the record committed last */
	uint64_t committed;	/* records */
	uint64_t bad;		/* records passed over */
	uint64_t unmet;		/* likewise, for their condition */
	bool refused;		/* a condition was not met */
	bool broken;		/* a commit failed: no more of them */
};

/* cli_load_batch.c: put a record, or what else a line of ops is, into the
 * batch or the ingestion; commit what is there. */
int load_record(struct load *, const struct record *);
int load_commit(struct load *);
/* Is it time to, behind this record? */
bool load_full(const struct load *, const struct record *);
/* All that is written is written at the ends of what the input, or the user,
 * holds together: then conditions belong to the batch. */
bool load_whole(const struct load *);

/* cli_load_tell.c: how far it is, and how it ended. */
void load_tell_start(struct load *);
void load_tell_progress(struct load *);
void load_tell_end(struct load *, int status);

#endif
