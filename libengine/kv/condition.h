/*
 * condition.h - what must be true of the database for a batch to be written.
 *
 *   condition := kind u8, bytes key, bytes value (IF_EQUALS only)
 *
 * A batch keeps its conditions one after the other, beside its operations.
 * They never leave memory.
 */
#ifndef KV_CONDITION_H
#define KV_CONDITION_H

#include "base/bytes.h"

enum condition_kind { IF_ABSENT, IF_PRESENT, IF_EQUALS };

struct condition {
	enum condition_kind kind;
	struct bytes key, value;
};

/* Take the next one from the front; false when there is none. */
bool condition_take(struct bytes *conditions, struct condition *);

/* Does it hold for a key that is there with this value, or is not there? The
 * value is looked at for IF_EQUALS only. */
bool condition_holds(const struct condition *, bool present,
    struct bytes value);

/* What it demands, for a story: "the key must be absent". */
const char *condition_words(const struct condition *);

#endif
