/*
 * cli_condition.h - what must be so of a key for a write to be done:
 * --if-absent, --if-present and --if-equals, and the lines of ops.
 */
#ifndef CLI_CONDITION_H
#define CLI_CONDITION_H

#include "cli_command.h"

struct condition {
	enum { IF_NOTHING, IF_ABSENT, IF_PRESENT, IF_EQUALS } kind;
	struct key value;	/* IF_EQUALS */
};

/* The one that the options say, decoded in its place. */
int condition_read(const struct settings *, struct condition *);

/* Make it a condition of the batch. */
int condition_add(const struct condition *, lsm_batch *, lsm_slice key);

/* Does it hold now? `question` is a batch for nothing else. */
int condition_ask(const struct condition *, lsm_db *, lsm_batch *question,
    lsm_slice key, bool *holds);

/* Write a batch. EXIT_NO, with a word on stderr, when it is not met. */
int condition_write(const struct request *, lsm_db *, const lsm_batch *,
    unsigned flags);

#endif
