/*
 * iter.h - the one interface of everything that can be walked in key order.
 *
 * Memtables, tables, runs and merges of them. An iterator stands on an entry
 * or nowhere (valid is false). At most one entry per key. Movements return an
 * lsm_code: running off an end is LSM_OK and not valid; after an error it is
 * not valid either. Key and value live until the next movement.
 */
#ifndef KV_ITER_H
#define KV_ITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* What an entry is; these values stand in rows and in log records. */
enum kind {
	KIND_PUT = 0,
	KIND_DELETE = 1,
	KIND_BLOB = 2,		/* reserved */
	KIND_RANGE = 3		/* a range delete: in logs and batches only */
};

struct entry {
	struct bytes key, value;	/* of a range: from and to */
	uint64_t sequence;
	enum kind kind;
};

struct iter;

struct iter_ops {
	void (*free)(struct iter *);
	int (*first)(struct iter *);
	int (*last)(struct iter *);
	int (*seek)(struct iter *, struct bytes key);	/* first >= key */
	int (*seek_before)(struct iter *, struct bytes key);	/* last < key */
	int (*next)(struct iter *);	/* only while valid */
	int (*prev)(struct iter *);	/* only while valid */
};

/* Implementations begin with this. `entry` is theirs to set. */
struct iter {
	const struct iter_ops *ops;
	bool valid;
	struct entry entry;
};

static inline void
iter_free(struct iter *it)
{
	if (it != NULL)
		it->ops->free(it);
}

static inline int
iter_first(struct iter *it)
{
	return it->ops->first(it);
}

static inline int
iter_last(struct iter *it)
{
	return it->ops->last(it);
}

static inline int
iter_seek(struct iter *it, struct bytes key)
{
	return it->ops->seek(it, key);
}

static inline int
iter_seek_before(struct iter *it, struct bytes key)
{
	return it->ops->seek_before(it, key);
}

static inline int
iter_next(struct iter *it)
{
	return it->ops->next(it);
}

static inline int
iter_prev(struct iter *it)
{
	return it->ops->prev(it);
}

#endif
