/*
 * write.c - a write: log, memtable, visible; then, if asked for, the disk.
 *
 * The short part runs under write_mu and makes no system call. Waiting for
 * the disk comes after it, in company (log_sync).
 */
#include <assert.h>

#include "base/alloc.h"
#include "db/db.h"
#include "kv/batch.h"

/* What is to be written: one operation, or a batch's. */
struct commit {
	enum record_kind record;
	struct bytes ops;	/* of a batch */
	struct entry entry;	/* of a single */
	size_t count, data;
	size_t ranges;		/* range deletes among them */
	size_t payload;
	const lsm_batch *conditional;	/* a batch with conditions, or NULL */
	uint64_t asked;		/* they held after this sequence */
};

static size_t
payload_size(const struct commit *c)
{
	switch (c->record) {
	case RECORD_PUT:
		return varint_size(c->entry.key.n) + c->data;
	case RECORD_DELETE:
		return c->data;
	case RECORD_RANGE_DELETE:
		return c->ops.n - 1;
	default:
		return varint_size(c->count) + c->ops.n;
	}
}

static void
payload_fill(const struct commit *c, uint8_t *p)
{
	struct bytes k = c->entry.key, v = c->entry.value;

	switch (c->record) {
	case RECORD_PUT:
		p = varint_put(p, k.n);
		if (k.n)
			memcpy(p, k.p, k.n);
		if (v.n)
			memcpy(p + k.n, v.p, v.n);
		break;
	case RECORD_DELETE:
		if (k.n)
			memcpy(p, k.p, k.n);
		break;
	case RECORD_RANGE_DELETE:
		/* As in a batch, where its kind stands before it. */
		memcpy(p, c->ops.p + 1, c->ops.n - 1);
		break;
	default:
		p = varint_put(p, c->count);
		memcpy(p, c->ops.p, c->ops.n);
	}
}

/* Into the log: after this the commit survives the process. */
static int
commit_log(struct lsm_db *db, const struct commit *c, uint64_t *position)
{
	uint8_t *payload;
	int rc;

	rc = log_begin(db->log, c->record, c->payload, &payload);
	if (rc == LSM_NO_MEMORY || rc == LSM_NO_SPACE || rc == LSM_TOO_LARGE)
		return rc;
	if (rc == LSM_OK) {
		payload_fill(c, payload);
		rc = log_append(db->log, db->sequence + 1, position);
	}
	return rc == LSM_OK ? rc : db_fence(db, rc);
}

/* The range deletes, ready to be put: that takes memory, and so must come
 * before the log. *made is NULL when there are none. */
static int
commit_ranges(struct lsm_db *db, const struct commit *c,
    struct range_set **made)
{
	struct bytes rest = c->ops;
	struct range *ranges;
	struct entry e;
	size_t n = 0;
	int rc;

	*made = NULL;
	if (c->ranges == 0 || load_acquire(&db->unread))
		return LSM_OK;
	if ((ranges = mem_alloc(c->ranges * sizeof *ranges)) == NULL)
		return mem_exhausted(c->ranges * sizeof *ranges);
	for (uint64_t s = db->sequence + 1; batch_take(&rest, &e); s++)
		if (e.kind == KIND_RANGE)
			ranges[n++] = (struct range){ e.key, e.value, s };
	assert(n == c->ranges);
	rc = memtable_ranges_new(db->active, ranges, n, made);
	mem_free(ranges);
	return rc;
}

/* So many operations of a batch are expected before they are put. */
enum { AHEAD = 8 };

static void
put_batch(struct lsm_db *db, struct bytes rest)
{
	struct entry e[AHEAD];
	uint64_t hash[AHEAD];
	size_t n;

	do {
		for (n = 0; n < AHEAD && batch_take(&rest, &e[n]); n++)
			hash[n] = memtable_expect(db->active, e[n].key);
		for (size_t i = 0; i < n; i++) {
			e[i].sequence = ++db->sequence;
			if (e[i].kind != KIND_RANGE)
				memtable_put_expected(db->active, &e[i],
				    hash[i]);
		}
	} while (n == AHEAD);
}

static void
commit_memory(struct lsm_db *db, const struct commit *c,
    struct range_set *made)
{
	const struct entry *e = &c->entry;

	if (load_acquire(&db->unread)) {
		db->sequence += c->count;
		store_release(&db->visible, db->sequence);
		return;
	}
	if (c->ops.n > 0)	/* made by our own calls only */
		put_batch(db, c->ops);
	else
		memtable_put(db->active, e->kind, e->key, e->value,
		    ++db->sequence);
	if (made != NULL)
		memtable_ranges_put(db->active, made, c->ranges);
	store_release(&db->visible, db->sequence);
}

/* Only what is in the log counts. */
static void
commit_count(struct lsm_db *db, const struct commit *c)
{
	switch (c->record) {
	case RECORD_PUT:
		COUNT_ALONE(db, puts, 1);
		break;
	case RECORD_DELETE:
		COUNT_ALONE(db, deletes, 1);
		break;
	case RECORD_RANGE_DELETE:
		COUNT(db, range_deletes, 1);
		break;
	default:
		COUNT_ALONE(db, batches, 1);
		COUNT_ALONE(db, batch_ops, c->count);
	}
	COUNT_ALONE(db, bytes_user, c->data);
}

static int
conditions_still(struct lsm_db *db, const struct commit *c)
{
	return c->conditional == NULL ? LSM_OK :
	    conditions_still_locked(db, c->conditional, c->asked);
}

static int
commit_locked(struct lsm_db *db, const struct commit *c, uint64_t *position,
    uint64_t *sequence)
{
	struct range_set *made;
	int rc;

	mutex_assert_held(&db->write_mu);
	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = conditions_still(db, c)) != LSM_OK ||
	    (rc = db_make_room(db, c->count, c->data)) != LSM_OK ||
	    (rc = commit_ranges(db, c, &made)) != LSM_OK)
		return rc;
	if ((rc = commit_log(db, c, position)) != LSM_OK) {
		range_set_free(made);
		return rc;
	}
	commit_memory(db, c, made);
	commit_count(db, c);
	*sequence = db->sequence;
	return LSM_OK;
}

void
durable_raise(struct lsm_db *db, uint64_t sequence)
{
	uint64_t now = load_relaxed(&db->durable);

	while (now < sequence &&
	    !atomic_compare_exchange_weak(&db->durable, &now, sequence))
		;
}

static int
commit_sync(struct lsm_db *db, uint64_t position, uint64_t sequence)
{
	uint64_t begin = latency_now_ns(db->latencies);
	int rc = log_sync(db->log, position);

	latency_end(db->latencies, LATENCY_SYNC, begin);
	if (rc != LSM_OK)
		return db_fence(db, rc);
	durable_raise(db, sequence);
	return LSM_OK;
}

static int
flags_check(const struct lsm_db *db, unsigned flags, bool *sync)
{
	if (flags & ~(LSM_SYNC | LSM_NO_SYNC) ||
	    flags == (LSM_SYNC | LSM_NO_SYNC))
		return status_set(LSM_INVALID, "write: flags %u", flags);
	*sync = flags & LSM_SYNC || (flags == 0 && !db->opt.no_sync);
	return LSM_OK;
}

static int
commit(struct lsm_db *db, struct commit *c, unsigned flags)
{
	uint64_t position, sequence, begin;
	struct pace_bill bill = { 0 };
	bool sync = false;
	int rc;

	if ((rc = db_usable(db)) != LSM_OK ||
	    (rc = flags_check(db, flags, &sync)) != LSM_OK)
		return rc;
	begin = latency_begin(db->latencies, tally_add(db->tally,
	    TALLY_WRITES, 1));
	if (c->conditional != NULL && ((rc = db_writable(db)) != LSM_OK ||
	    (rc = conditions_ask(db, c->conditional, &c->asked)) != LSM_OK)) {
		events_tell(db);
		return rc;
	}
	c->payload = payload_size(c);
	mutex_lock(&db->write_mu);
	rc = commit_locked(db, c, &position, &sequence);
	if (rc == LSM_OK)
		bill = pace_owe(db, c->data);
	mutex_unlock(&db->write_mu);
	pace_pay(db, bill);
	if (rc == LSM_OK && sync)
		rc = commit_sync(db, position, sequence);
	latency_end(db->latencies, c->record == RECORD_BATCH ? LATENCY_COMMIT :
	    LATENCY_PUT, begin);
	events_tell(db);
	return rc;
}

/* An empty batch is refused where a full one would be. */
static int
commit_nothing(struct lsm_db *db, const struct commit *c, unsigned flags)
{
	uint64_t asked;
	bool sync;
	int rc;

	if ((rc = db_writable(db)) != LSM_OK ||
	    (rc = flags_check(db, flags, &sync)) != LSM_OK)
		return rc;
	return c->conditional == NULL ? LSM_OK :
	    conditions_ask(db, c->conditional, &asked);
}

int
lsm_put(lsm_db *db, lsm_slice key, lsm_slice value, unsigned flags)
{
	struct commit c = {
		.record = RECORD_PUT,
		.entry = { bytes_of(key), bytes_of(value), 0, KIND_PUT },
		.count = 1,
		.data = key.size + value.size,
	};
	int rc = batch_check_entry(c.entry.key, c.entry.value);

	return rc == LSM_OK ? commit(db, &c, flags) : rc;
}

int
lsm_delete(lsm_db *db, lsm_slice key, unsigned flags)
{
	struct commit c = {
		.record = RECORD_DELETE,
		.entry = { .key = bytes_of(key), .kind = KIND_DELETE },
		.count = 1,
		.data = key.size,
	};
	int rc = batch_check_entry(c.entry.key, c.entry.value);

	return rc == LSM_OK ? commit(db, &c, flags) : rc;
}

/* A batch of one, but for what stands in the log. */
int
lsm_delete_range(lsm_db *db, lsm_slice from, lsm_slice to, unsigned flags)
{
	lsm_batch batch = { 0 };
	struct commit c = { .record = RECORD_RANGE_DELETE };
	int rc;

	if ((rc = lsm_batch_delete_range(&batch, from, to)) != LSM_OK)
		return rc;
	c.ops = buffer_bytes(&batch.ops);
	c.count = c.ranges = batch.count;
	c.data = batch.data;
	rc = c.count > 0 ? commit(db, &c, flags) :
	    commit_nothing(db, &c, flags);
	buffer_free(&batch.ops);
	return rc;
}

int
lsm_write(lsm_db *db, const lsm_batch *batch, unsigned flags)
{
	struct commit c = {
		.record = RECORD_BATCH,
		.ops = buffer_bytes(&batch->ops),
		.count = batch->count,
		.data = batch->data,
		.ranges = batch->ranges,
		.conditional = batch->conditions.n ? batch : NULL,
	};

	if (batch->count == 0)
		return commit_nothing(db, &c, flags);
	return commit(db, &c, flags);
}

int
lsm_sync(lsm_db *db)
{
	uint64_t position, sequence;
	struct log_end at;
	int rc;

	if ((rc = db_writable(db)) != LSM_OK)
		return rc;
	mutex_lock(&db->write_mu);
	at = log_where(db->log);
	sequence = db->sequence;
	mutex_unlock(&db->write_mu);
	position = log_position(at.number, at.size);
	rc = commit_sync(db, position, sequence);
	events_tell(db);
	return rc;
}
