/*
 * condition.c - what must be true of the database for a batch to be written.
 */
#include "kv/condition.h"

#include <assert.h>

#include "base/status.h"
#include "kv/batch.h"

bool
condition_take(struct bytes *conditions, struct condition *out)
{
	struct bytes kind;
	bool whole = true;

	if (!bytes_take(conditions, 1, &kind))
		return false;
	out->kind = (enum condition_kind)kind.p[0];
	out->value = bytes(NULL, 0);
	whole &= bytes_take_bytes(conditions, &out->key);
	if (out->kind == IF_EQUALS)
		whole &= bytes_take_bytes(conditions, &out->value);
	assert(whole);
	return whole;
}

bool
condition_holds(const struct condition *c, bool present, struct bytes value)
{
	switch (c->kind) {
	case IF_ABSENT:
		return !present;
	case IF_PRESENT:
		return present;
	default:
		return present && bytes_equal(value, c->value);
	}
}

const char *
condition_words(const struct condition *c)
{
	static const char *const words[] = {
		[IF_ABSENT] = "the key must be absent",
		[IF_PRESENT] = "the key must be present",
		[IF_EQUALS] = "the key must have the value",
	};

	return words[c->kind];
}

/* All memory is found first, so that a batch never holds half of one. */
static int
condition_add(lsm_batch *b, enum condition_kind kind, struct bytes key,
    struct bytes value)
{
	size_t size = 1 + 2 * VARINT_MAX + key.n + value.n;
	int rc;

	if ((rc = batch_check_entry(key, value)) != LSM_OK)
		return rc;
	if (size > LSM_BATCH_MAX - b->conditions.n)
		return status_set(LSM_TOO_LARGE, "conditions of %zu bytes: at "
		    "most %u are allowed", b->conditions.n + size,
		    LSM_BATCH_MAX);
	if ((rc = buffer_reserve(&b->conditions, size)) != LSM_OK)
		return rc;
	rc = buffer_add8(&b->conditions, (uint8_t)kind);
	rc |= buffer_add_bytes(&b->conditions, key);
	if (kind == IF_EQUALS)
		rc |= buffer_add_bytes(&b->conditions, value);
	assert(rc == LSM_OK);
	return LSM_OK;
}

int
lsm_batch_if_absent(lsm_batch *b, lsm_slice key)
{
	return condition_add(b, IF_ABSENT, bytes_of(key), bytes(NULL, 0));
}

int
lsm_batch_if_present(lsm_batch *b, lsm_slice key)
{
	return condition_add(b, IF_PRESENT, bytes_of(key), bytes(NULL, 0));
}

int
lsm_batch_if_equals(lsm_batch *b, lsm_slice key, lsm_slice value)
{
	return condition_add(b, IF_EQUALS, bytes_of(key), bytes_of(value));
}
