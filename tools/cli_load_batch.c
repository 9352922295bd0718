/*
 * cli_load_batch.c - what becomes of a record: it goes into the batch or the
 * ingestion, and is committed with others.
 */
#include "cli_load.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"

/* A batch is committed at this size even if it has few records. */
enum { BATCH_BYTES_MAX = 4 << 20 };

static void
pace(struct load *l)
{
	rate_add(&l->rate, l->reader.in.bytes - l->paced);
	l->paced = l->reader.in.bytes;
	if (progress_due(&l->progress))
		load_tell_progress(l);
}

/* The batch was written, or refused, and the next one begins. */
static void
batch_end(struct load *l, bool written)
{
	size_t count = lsm_batch_count(l->batch);

	if (!written) {
		l->refused = true;
		l->unmet += count;
	} else if (count > 0) {
		l->committed += count;
		memcpy(l->last.bytes, l->batched.bytes, l->batched.size);
		l->last.size = l->batched.size;
	}
	lsm_batch_clear(l->batch);
	key_marks_clear(&l->batched_keys);
	l->asks = false;
	pace(l);
}

static int
ingest_commit(struct load *l)
{
	int rc;

	if ((rc = lsm_ingest_commit(l->ingest)) != LSM_OK) {
		l->broken = true;
		return cli_fail_code(rc);
	}
	l->committed = lsm_ingest_count(l->ingest);
	l->last = l->batched;
	return 0;
}

int
load_commit(struct load *l)
{
	int rc;

	if (l->ingest)
		return ingest_commit(l);
	if (lsm_batch_count(l->batch) == 0 && !l->asks)
		return 0;
	rc = lsm_write(l->db, l->batch, l->flags);
	if (rc != LSM_OK && rc != LSM_UNMET) {
		l->broken = true;
		return cli_fail_code(rc);
	}
	if (rc == LSM_UNMET && l->settings->verbose)
		cli_note("%s: line %" PRIu64 ": %s", l->reader.in.name,
		    l->reader.in.line, lsm_message());
	batch_end(l, rc == LSM_OK);
	return 0;
}

bool
load_whole(const struct load *l)
{
	return l->groups || l->settings->atomic || l->ingest;
}

bool
load_full(const struct load *l, const struct record *r)
{
	if (l->settings->atomic || l->ingest)
		return false;
	if (l->groups)
		return r->kind == RECORD_COMMIT;
	return lsm_batch_count(l->batch) >= l->settings->batch_size ||
	    lsm_batch_size(l->batch) >= BATCH_BYTES_MAX;
}

static void
keep_key(struct load *l, const struct record *r)
{
	memcpy(l->batched.bytes, r->key.data, r->key.size);
	l->batched.size = r->key.size;
}

static int
operation_apply(struct load *l, const struct record *r)
{
	int rc;

	if (r->kind == RECORD_DELRANGE)
		rc = lsm_batch_delete_range(l->batch, r->key, r->value);
	else if (r->kind == RECORD_DELETE)
		rc = lsm_batch_delete(l->batch, r->key);
	else
		rc = lsm_batch_put(l->batch, r->key, r->value);
	if (rc == LSM_TOO_LARGE)
		return cli_fail(EXIT_DATA, "%s: record %" PRIu64 ": %s",
		    l->reader.in.name, l->reader.count, lsm_message());
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	keep_key(l, r);
	return 0;
}

/* Does the condition hold for a record by itself? Records before it count,
 * so those of its key are committed first. */
static int
record_ask(struct load *l, const struct record *r, bool *wanted)
{
	int status = 0;

	if (key_marks_add(&l->batched_keys, r->key)) {
		status = load_commit(l);
		(void)key_marks_add(&l->batched_keys, r->key);
	}
	if (status == 0)
		status = condition_ask(&l->condition, l->db, l->question,
		    r->key, wanted);
	if (status == 0 && !*wanted) {
		l->unmet++;
		l->refused = true;
	}
	return status;
}

/* A line of ops that is a condition. */
static int
record_demand(struct load *l, const struct record *r)
{
	struct condition c = { .kind = r->kind == RECORD_IF_ABSENT ?
	    IF_ABSENT : r->kind == RECORD_IF_PRESENT ? IF_PRESENT :
	    IF_EQUALS };

	c.value.bytes = r->value;
	l->asks = true;
	return condition_add(&c, l->batch, r->key);
}

static int
record_ingest(struct load *l, const struct record *r)
{
	int rc = lsm_ingest_add(l->ingest, r->key, r->value), status;

	if (l->paced != l->reader.in.bytes)
		pace(l);
	if (rc == LSM_OK) {
		keep_key(l, r);
		return 0;
	}
	if (rc != LSM_INVALID && rc != LSM_TOO_LARGE)
		return cli_fail_code(rc);
	status = record_refuse(&l->reader, rc == LSM_INVALID ?
	    "not sorted: the key is not above the one before" :
	    lsm_message());
	if (l->bad == l->settings->bad_max)
		return status;
	l->bad++;
	return 0;
}

int
load_record(struct load *l, const struct record *r)
{
	bool wanted = true;
	int status = 0;

	if (l->ingest)
		return record_ingest(l, r);
	if (r->kind >= RECORD_IF_ABSENT)
		return record_demand(l, r);
	if (r->kind == RECORD_DELRANGE && l->condition.kind != IF_NOTHING)
		return cli_fail(EXIT_USAGE, "conditions are of keys, not of a "
		    "range");
	if (l->condition.kind != IF_NOTHING && load_whole(l)) {
		l->asks = true;
		status = condition_add(&l->condition, l->batch, r->key);
	} else if (l->condition.kind != IF_NOTHING) {
		status = record_ask(l, r, &wanted);
	}
	return status == 0 && wanted ? operation_apply(l, r) : status;
}
