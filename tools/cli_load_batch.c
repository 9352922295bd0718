/*
 * cli_load_batch.c - what becomes of a record: it goes into the batch, and is
 * written with others, into the database or the ingestion.
 *
 * Once there are several batches a thread writes them, so that reading and
 * writing go on at the same time. Where an answer decides what comes next, of a
 * condition or of a group of operations, they are written here.
 */
#include "cli_load.h"

#include <inttypes.h>
#include <string.h>

#include "cli.h"

enum {
	BATCH_BYTES_MAX = 4 << 20,	/* one is committed, however few */
	AHEAD_RECORDS = 100
};

static void
pace(struct load *l)
{
	rate_add(&l->rate, l->reader.in.bytes - l->paced);
	l->paced = l->reader.in.bytes;
	if (progress_due(&l->progress))
		load_tell_progress(l);
}

static void
written(struct load *l, uint64_t records)
{
	if (l->ingest)
		l->taken += records;
	else
		l->committed += records;
}

/* The batch was written, or refused, and the next one begins. */
static void
batch_end(struct load *l, bool done)
{
	size_t count = lsm_batch_count(l->batch);

	if (!done) {
		l->refused = true;
		l->unmet += count;
	} else if (count > 0) {
		written(l, count);
		kept_key_copy(&l->last, &l->batched);
	}
	lsm_batch_clear(l->batch);
	key_marks_clear(&l->batched_keys);
	l->asks = false;
	pace(l);
}

static int
batch_write(void *arg, const lsm_batch *batch)
{
	struct load *l = arg;

	return l->ingest ? lsm_ingest_batch(l->ingest, batch) :
	    lsm_write(l->db, batch, l->flags);
}

static int
broken(struct load *l, int status)
{
	l->broken |= status != 0;
	return status;
}

int
load_commit(struct load *l)
{
	int rc;

	if (lsm_batch_count(l->batch) == 0 && !l->asks)
		return 0;
	rc = batch_write(l, l->batch);
	if (rc != LSM_OK && rc != LSM_UNMET)
		return broken(l, cli_fail_code(rc));
	if (rc == LSM_UNMET && l->settings->verbose)
		cli_note("%s: line %" PRIu64 ": %s", l->reader.in.name,
		    l->reader.in.line, lsm_message());
	batch_end(l, rc == LSM_OK);
	return 0;
}

/* A few records are written sooner than handed over. One batch that is larger
 * than others is written when those before it are, so that no more than one
 * such is in memory. */
static bool
goes_ahead(struct load *l)
{
	if (l->groups || l->condition.kind != IF_NOTHING ||
	    l->settings->batch_size < AHEAD_RECORDS ||
	    lsm_batch_size(l->batch) > 2 * BATCH_BYTES_MAX)
		return false;
	return l->ahead.running ||
	    load_ahead_start(&l->ahead, batch_write, l);
}

int
load_pass(struct load *l)
{
	int status;

	if (!goes_ahead(l)) {
		status = load_wait(l);
		return status == 0 ? load_commit(l) : status;
	}
	status = load_ahead_give(&l->ahead, &l->batch, &l->batched);
	written(l, load_ahead_written(&l->ahead, &l->last));
	pace(l);
	return broken(l, status);
}

int
load_wait(struct load *l)
{
	int status = load_ahead_end(&l->ahead);

	written(l, load_ahead_written(&l->ahead, &l->last));
	return broken(l, status);
}

int
load_complete(struct load *l)
{
	int rc, status = load_commit(l);

	if (status != 0 || l->ingest == NULL)
		return status;
	if ((rc = lsm_ingest_commit(l->ingest)) != LSM_OK)
		return broken(l, cli_fail_code(rc));
	l->committed = l->taken;
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
	if (l->settings->atomic && !l->ingest)
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
	l->keyed = true;
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

/* Is it above the key before? */
static bool
ascends(const struct load *l, lsm_slice key)
{
	size_t n = key.size < l->batched.size ? key.size : l->batched.size;
	int order = n == 0 ? 0 : memcmp(key.data, l->batched.bytes, n);

	return !l->keyed || order > 0 ||
	    (order == 0 && key.size > l->batched.size);
}

/* A record that was read well and cannot be taken. Returns 0 when the load
 * goes on behind it. */
static int
record_pass_over(struct load *l, const char *reason)
{
	int status = record_refuse(&l->reader, reason);

	if (l->bad == l->settings->bad_max)
		return status;
	l->bad++;
	return 0;
}

static int
record_ingest(struct load *l, const struct record *r)
{
	int rc = LSM_INVALID;

	if (ascends(l, r->key))
		rc = lsm_batch_put(l->batch, r->key, r->value);
	if (rc == LSM_OK) {
		keep_key(l, r);
		return 0;
	}
	if (rc != LSM_INVALID && rc != LSM_TOO_LARGE)
		return cli_fail_code(rc);
	return record_pass_over(l, rc == LSM_INVALID ?
	    "not sorted: the key is not above the one before" :
	    lsm_message());
}

int
load_record(struct load *l, const struct record *r)
{
	bool wanted = true;
	int status = 0;

	if (!l->groups && r->kind != RECORD_PUT)
		return record_pass_over(l, "not a put: batch reads all "
		    "operations");
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
