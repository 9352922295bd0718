/*
 * operation.c - the operations in records of a log, one by one.
 */
#include "log/operation.h"

#include "kv/batch.h"
#include "kv/range.h"

/* A record begins that has something to deliver. */
static int
begin(struct delivery *d, uint64_t count, size_t data, uint64_t log)
{
	if (d->begin == NULL || count == 0 || d->next + count - 1 <= d->flushed)
		return LSM_OK;
	return d->begin(d->arg, d->next, count, data, log);
}

static int
deliver(struct delivery *d, struct entry *e, uint64_t log)
{
	e->sequence = d->next++;
	return e->sequence > d->flushed ? d->each(d->arg, e, log) : LSM_OK;
}

static int
deliver_put(struct delivery *d, struct bytes payload, uint64_t log,
    const char **fault)
{
	struct entry e = { .kind = KIND_PUT };
	int rc;

	if (!bytes_take_bytes(&payload, &e.key) || e.key.n > LSM_KEY_MAX ||
	    payload.n > LSM_VALUE_MAX) {
		*fault = "malformed put";
		return LSM_OK;
	}
	e.value = payload;
	rc = begin(d, 1, e.key.n + e.value.n, log);
	return rc == LSM_OK ? deliver(d, &e, log) : rc;
}

static int
deliver_delete(struct delivery *d, struct bytes payload, uint64_t log,
    const char **fault)
{
	struct entry e = { .kind = KIND_DELETE, .key = payload };
	int rc;

	if (payload.n > LSM_KEY_MAX) {
		*fault = "malformed delete";
		return LSM_OK;
	}
	rc = begin(d, 1, e.key.n, log);
	return rc == LSM_OK ? deliver(d, &e, log) : rc;
}

static int
deliver_range(struct delivery *d, struct bytes payload, uint64_t log,
    const char **fault)
{
	struct entry e = { .kind = KIND_RANGE };
	int rc;

	if (!range_take(&payload, &e.key, &e.value) || payload.n != 0) {
		*fault = "malformed range delete";
		return LSM_OK;
	}
	rc = begin(d, 1, e.key.n + e.value.n, log);
	return rc == LSM_OK ? deliver(d, &e, log) : rc;
}

/* Each operation has two bytes at least. */
static int
deliver_batch(struct delivery *d, struct bytes ops, uint64_t log,
    const char **fault)
{
	struct entry e = { 0 };
	uint64_t count;
	int rc = LSM_OK;

	if (!bytes_take_varint(&ops, &count) || count > ops.n / 2)
		*fault = "malformed batch";
	else
		rc = begin(d, count, ops.n, log);
	while (*fault == NULL && rc == LSM_OK && count-- > 0)
		if (batch_take(&ops, &e))
			rc = deliver(d, &e, log);
		else
			*fault = "malformed batch";
	if (rc == LSM_OK && ops.n != 0)
		*fault = "malformed batch";
	return rc;
}

static int
deliver_any(struct delivery *d, const struct record *r, uint64_t log,
    const char **fault)
{
	switch (r->kind) {
	case RECORD_PUT:
		return deliver_put(d, r->payload, log, fault);
	case RECORD_DELETE:
		return deliver_delete(d, r->payload, log, fault);
	case RECORD_RANGE_DELETE:
		return deliver_range(d, r->payload, log, fault);
	default:
		return deliver_batch(d, r->payload, log, fault);
	}
}

int
delivery_record(struct delivery *d, const struct record *r, uint64_t log,
    const char **fault)
{
	int rc;

	*fault = NULL;
	rc = deliver_any(d, r, log, fault);
	return rc == LSM_OK && *fault == NULL && d->end != NULL ?
	    d->end(d->arg) : rc;
}
