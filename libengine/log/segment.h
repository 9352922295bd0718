/*
 * segment.h - one log of the chain, read from its start record to its end.
 */
#ifndef LOG_SEGMENT_H
#define LOG_SEGMENT_H

#include "log/operation.h"
#include "log/replay.h"

/* What a start record says. */
struct log_start {
	uint64_t previous;		/* the log before; 0: none */
	uint64_t previous_size, previous_sum;
	uint64_t first_sequence;
};

bool log_start_decode(struct bytes payload, struct log_start *);
bool log_start_follows(const struct log_start *, const struct log_end *);

struct segment {
	uint64_t number;		/* 0: the chain has not begun */
	uint64_t edit;			/* the manifest was read up to here */
	char name[FILE_NAME_MAX];
	struct log_reader *reader;
	struct log_reader *ready;	/* of the next log, or NULL */
	const struct log_end *known;	/* from a manifest edit, or NULL */
	uint64_t names;			/* the close mark's log; 0: none */
	bool left;			/* the last record is a leave mark */
	bool vouched;			/* the words of LOCK are trusted, */
	bool believed;			/* and prove the end with the ring; */
	bool tidy;			/* their writer left in order; */
	bool last;			/* and none has begun another log that
					 * he had no time to announce */
	uint64_t durable;		/* or that all below was, once; or 0 */
};

/*
 * Read log `number`, deliver its operations, join it with the ring when it is
 * neither closed nor known. *segment, with the log read before in it, is then
 * this log; out->last, missing, syncing and the counts are set. Where it ends
 * is not judged here, except that a known end must be reached.
 */
int segment_read(struct segment *segment, uint64_t number,
    const struct log_replay_in *, struct delivery *, struct log_replay_out *);
/* The same, on behind the end that its file has, for the newest log that has
 * begun, when nobody vouches for what the ring holds: as far as that proves
 * itself. */
int segment_unproven(struct segment *, const struct log_replay_in *,
    struct delivery *, struct log_replay_out *);
void segment_release(struct segment *);

#endif
