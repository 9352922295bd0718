/*
 * cli_range.h - the range of keys that a command is about: FROM and --from
 * (inclusive), TO and --to (exclusive) and --prefix, which intersect. What is
 * empty is no error.
 */
#ifndef CLI_RANGE_H
#define CLI_RANGE_H

#include <stdbool.h>

#include "lsm.h"

#include "cli_command.h"

/* What a range points into. Begin with {0}. */
struct range_room {
	struct key from, to, low, high, prefix;
	lsm_buffer end;		/* of the prefix */
};

/* The range of the operands. Returns an exit status. */
int range_read(struct request *, struct range_room *, lsm_range *);
void range_release(struct range_room *);

bool range_empty(const lsm_range *);

#endif
