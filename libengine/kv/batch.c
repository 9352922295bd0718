/*
 * batch.c - several operations that happen together, as the log holds them.
 */
#include "kv/batch.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"

/* What an operation takes beside its key and value, at most. */
enum { OPERATION_HEAD_MAX = 1 + 2 * VARINT_MAX };

int
batch_check_entry(struct bytes key, struct bytes value)
{
	if (key.n > LSM_KEY_MAX)
		return status_set(LSM_TOO_LARGE, "key of %zu bytes: at most "
		    "%u are allowed", key.n, LSM_KEY_MAX);
	if (value.n > LSM_VALUE_MAX)
		return status_set(LSM_TOO_LARGE, "value of %zu bytes: at most "
		    "%u are allowed", value.n, LSM_VALUE_MAX);
	return LSM_OK;
}

bool
batch_take(struct bytes *ops, struct entry *out)
{
	struct bytes rest = *ops, kind;

	if (!bytes_take(&rest, 1, &kind))
		return false;
	if (kind.p[0] != KIND_PUT && kind.p[0] != KIND_DELETE)
		return false;
	out->kind = (enum kind)kind.p[0];
	out->value = bytes(NULL, 0);
	if (!bytes_take_bytes(&rest, &out->key) || out->key.n > LSM_KEY_MAX)
		return false;
	if (out->kind == KIND_PUT && (!bytes_take_bytes(&rest, &out->value) ||
	    out->value.n > LSM_VALUE_MAX))
		return false;
	*ops = rest;
	return true;
}

int
lsm_batch_new(lsm_batch **out)
{
	*out = mem_zalloc(sizeof **out);
	return *out == NULL ? mem_exhausted(sizeof **out) : LSM_OK;
}

void
lsm_batch_free(lsm_batch *b)
{
	if (b == NULL)
		return;
	buffer_free(&b->ops);
	buffer_free(&b->conditions);
	mem_free(b);
}

void
lsm_batch_clear(lsm_batch *b)
{
	b->ops.n = b->conditions.n = 0;
	b->count = b->data = 0;
}

/* All memory is found first, so that a batch never holds half an operation. */
static int
batch_add(lsm_batch *b, enum kind kind, struct bytes key, struct bytes value)
{
	size_t size = 1 + varint_size(key.n) + key.n, logged;
	int rc;

	if ((rc = batch_check_entry(key, value)) != LSM_OK)
		return rc;
	if (kind == KIND_PUT)
		size += varint_size(value.n) + value.n;
	logged = varint_size(b->count + 1) + b->ops.n + size;
	if (logged > LSM_BATCH_MAX)
		return status_set(LSM_TOO_LARGE, "batch of %zu bytes: at most "
		    "%u are allowed", logged, LSM_BATCH_MAX);
	rc = buffer_reserve(&b->ops, OPERATION_HEAD_MAX + key.n + value.n);
	if (rc != LSM_OK)
		return rc;
	rc = buffer_add8(&b->ops, (uint8_t)kind);
	rc |= buffer_add_bytes(&b->ops, key);
	if (kind == KIND_PUT)
		rc |= buffer_add_bytes(&b->ops, value);
	assert(rc == LSM_OK);
	b->count++;
	b->data += key.n + value.n;
	return LSM_OK;
}

int
lsm_batch_put(lsm_batch *b, lsm_slice key, lsm_slice value)
{
	return batch_add(b, KIND_PUT, bytes_of(key), bytes_of(value));
}

int
lsm_batch_delete(lsm_batch *b, lsm_slice key)
{
	return batch_add(b, KIND_DELETE, bytes_of(key), bytes(NULL, 0));
}

size_t
lsm_batch_count(const lsm_batch *b)
{
	return b->count;
}

size_t
lsm_batch_size(const lsm_batch *b)
{
	return varint_size(b->count) + b->ops.n;
}
