/*
 * batch.c - several operations that happen together, as the log holds them.
 */
#include "kv/batch.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "kv/range.h"

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

static bool
take_key(struct bytes *b, struct entry *out)
{
	return bytes_take_bytes(b, &out->key) && out->key.n <= LSM_KEY_MAX;
}

bool
batch_take(struct bytes *ops, struct entry *out)
{
	struct bytes rest = *ops, kind;
	bool whole;

	if (!bytes_take(&rest, 1, &kind))
		return false;
	out->kind = (enum kind)kind.p[0];
	out->value = bytes(NULL, 0);
	switch (out->kind) {
	case KIND_PUT:
		whole = take_key(&rest, out) &&
		    bytes_take_bytes(&rest, &out->value) &&
		    out->value.n <= LSM_VALUE_MAX;
		break;
	case KIND_DELETE:
		whole = take_key(&rest, out);
		break;
	case KIND_RANGE:
		whole = range_take(&rest, &out->key, &out->value);
		break;
	default:
		whole = false;
	}
	if (whole)
		*ops = rest;
	return whole;
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
	b->count = b->ranges = b->data = 0;
}

/* Room for an operation of `size` bytes. All memory is found first, so that a
 * batch never holds half of one. */
static int
batch_room(lsm_batch *b, size_t size)
{
	size_t logged = varint_size(b->count + 1) + b->ops.n + size;

	if (logged > LSM_BATCH_MAX)
		return status_set(LSM_TOO_LARGE, "batch of %zu bytes: at most "
		    "%u are allowed", logged, LSM_BATCH_MAX);
	return buffer_reserve(&b->ops, size + OPERATION_HEAD_MAX);
}

static int
batch_add(lsm_batch *b, enum kind kind, struct bytes key, struct bytes value)
{
	size_t size = 1 + varint_size(key.n) + key.n;
	uint8_t *p;
	int rc;

	if ((rc = batch_check_entry(key, value)) != LSM_OK)
		return rc;
	if (kind == KIND_PUT)
		size += varint_size(value.n) + value.n;
	if ((rc = batch_room(b, size)) != LSM_OK)
		return rc;
	p = b->ops.p + b->ops.n;
	*p++ = (uint8_t)kind;
	p = bytes_put(p, key);
	if (kind == KIND_PUT)
		p = bytes_put(p, value);
	b->ops.n = (size_t)(p - b->ops.p);
	assert(b->ops.n <= b->ops.cap);
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

/* A range without a key in it deletes nothing, and takes no place. */
int
lsm_batch_delete_range(lsm_batch *b, lsm_slice from, lsm_slice to)
{
	uint8_t room[2][BOUND_MAX];
	struct bytes f = bound_of(bytes_of(from), room[0]);
	struct bytes t = to.data == NULL ? bound_end() :
	    bound_of(bytes_of(to), room[1]);
	uint8_t *p;
	int rc;

	if (bytes_compare(f, t) >= 0)
		return LSM_OK;
	if ((rc = batch_room(b, 1 + range_size(f, t))) != LSM_OK)
		return rc;
	p = b->ops.p + b->ops.n;
	*p++ = KIND_RANGE;
	b->ops.n = (size_t)(range_put(p, f, t) - b->ops.p);
	b->count++;
	b->ranges++;
	b->data += f.n + t.n;
	return LSM_OK;
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
