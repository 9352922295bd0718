/*
 * batch.h - several operations that happen together, as the log holds them.
 *
 *   operation := kind u8 and
 *       bytes key, bytes value		of a put
 *       bytes key			of a delete
 *       bytes from, bytes to		of a range delete (kv/range.h)
 *
 * A batch is its operations one after the other; in the log a varint count
 * stands before them (lsm-format(5), kind 3).
 */
#ifndef KV_BATCH_H
#define KV_BATCH_H

#include "base/bytes.h"
#include "kv/iter.h"

struct lsm_batch {
	struct buffer ops;
	size_t count;
	size_t ranges;		/* range deletes among them */
	size_t data;		/* bytes of keys and values */
	struct buffer conditions;	/* condition.h */
};

/* Take the next operation from the front of *ops; sequence stays unset. False
 * when the bytes are malformed or a key or value is over its limit. */
bool batch_take(struct bytes *ops, struct entry *);

/* LSM_TOO_LARGE with a story, or LSM_OK. */
int batch_check_entry(struct bytes key, struct bytes value);

#endif
