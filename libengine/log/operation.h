/*
 * operation.h - the operations in records of a log, one by one.
 */
#ifndef LOG_OPERATION_H
#define LOG_OPERATION_H

#include <stdint.h>

#include "kv/iter.h"
#include "log/record.h"

struct delivery {
	int (*begin)(void *, uint64_t first, uint64_t count, size_t data,
	    uint64_t log);	/* may be NULL */
	int (*each)(void *, const struct entry *, uint64_t log);
	int (*end)(void *);		/* may be NULL */
	void *arg;
	uint64_t flushed;	/* deliver only what is above */
	uint64_t next;		/* sequence of the next operation */
};

/* Deliver what a put, delete, range delete or batch of `log` holds. *fault
 * tells what is malformed, with LSM_OK; any other code is a callback's. */
int delivery_record(struct delivery *, const struct record *, uint64_t log,
    const char **fault);

#endif
