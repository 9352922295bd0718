/*
 * chain.h - how logs follow each other, and what the end of the last proves.
 *
 * A log is followed by the one whose start record names it with its size and
 * sum. A close mark only says which one that was to be: its writer may have
 * died before the start record, and the next writer have begun another log.
 */
#ifndef LOG_CHAIN_H
#define LOG_CHAIN_H

#include "base/numbers.h"
#include "log/replay.h"
#include "log/segment.h"

/* The logs in a directory, ascending. */
struct log_list {
	struct numbers numbers;
	bool read;		/* the directory was listed */
};

/* Those with this number or a higher one, unless that is known already. In the
 * ordinary case nobody needs to know. */
int log_list_need(struct env_dir *, uint64_t first, struct log_list *);

/* The log that the chain begins with; 0: none has begun. It may be open
 * already in the segment, ready to be read next. */
int chain_head(const struct log_replay_in *, struct log_list *,
    struct segment *, uint64_t *number);

/* The log that follows; 0: none, and whether one has begun all the same. Those
 * between, begun behind an end that did not hold, are added to `aside`. */
int chain_next(const struct log_replay_in *, struct log_list *,
    struct segment *, const struct log_end *, struct numbers *aside,
    uint64_t *number, bool *begun);

/*
 * Nothing follows `last` (number 0: the chain never began) and no ring proves
 * its end: is that a clean end, an interrupted write or damage? Sets
 * out->interrupted_*, adds to `aside`. *clean: proven to be the end. The list
 * was read.
 */
int chain_judge(const struct log_replay_in *, const struct log_list *,
    const struct segment *last, struct log_replay_out *out,
    struct numbers *aside, bool *clean);

#endif
