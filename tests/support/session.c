/*
 * session.c - a database and its oracle, driven by operations of op.h.
 */
#include "support/session.h"

#include "base/random.h"
#include "support/wrong.h"

void
session_init(struct session *s, const char *path, const lsm_options *o)
{
	*s = (struct session){
		.path = path,
		.options = *o,
		.key_count = 100,
		.oracle = oracle_new(),
	};
	s->options.create = 1;
}

static void
held_release(struct session *s)
{
	for (int i = 0; i < SLOTS; i++) {
		lsm_snapshot_free(s->looks[i].snapshot);
		s->looks[i].snapshot = NULL;
		cursor_release(&s->holds[i]);
	}
}

void
session_release(struct session *s)
{
	for (int i = 0; i < SLOTS; i++)
		beside_release(&s->besides[i]);
	held_release(s);
	lsm_close(s->db);
	s->db = NULL;
	oracle_free(s->oracle);
	s->oracle = NULL;
}

/* Which of the allowed prefixes is it? From here on it is the only one. */
static bool
state_adopt(struct session *s)
{
	size_t n, count, low = s->lossy ? s->acked_sync : s->acked;
	uint64_t hash;
	int code;

	if (!scan_hash(s->db, NULL, &hash, &count, &code))
		return false;
	if (code != LSM_OK) {		/* not known: as if not opened */
		lsm_close(s->db);
		s->db = NULL;
		return session_may_fail(s, "scan after open", code);
	}
	n = oracle_find(s->oracle, hash, low, oracle_commits(s->oracle));
	if (n == SIZE_MAX)
		return wrong("after open: %zu entries are no prefix of %zu to "
		    "%zu commits", count, low, oracle_commits(s->oracle));
	s->gaps |= s->unsure || n < oracle_commits(s->oracle);
	oracle_cut(s->oracle, n);
	s->acked = n;
	s->unsure = s->doubt = false;
	return true;
}

bool
session_open(struct session *s)
{
	int rc = lsm_open(s->path, &s->options, &s->db);

	s->reached.opens++;
	if (rc != LSM_OK)
		return session_may_fail(s, "open", rc);
	s->fence = LSM_OK;
	return state_adopt(s);
}

/* Open handles keep the database open; then it closes. */
bool
session_close(struct session *s)
{
	bool held = false;
	int rc;

	s->closed = false;
	for (int i = 0; i < SLOTS; i++)
		held |= s->looks[i].snapshot || s->holds[i].it;
	if (held && s->db != NULL &&
	    !wrong_code("close while handles are open", lsm_close(s->db),
	    LSM_BUSY))
		return false;
	held_release(s);
	if (s->db == NULL)
		return true;
	reached_add(&s->reached, s->db);
	rc = lsm_close(s->db);
	s->db = NULL;
	if (rc != LSM_OK)
		return session_may_fail(s, "close", rc);
	if (s->fence != LSM_OK)
		return wrong("close of a fenced handle told nothing");
	if (s->unsure)
		return true;
	s->closed = true;
	s->acked = oracle_commits(s->oracle);
	if (!s->options.no_sync)
		s->acked_sync = s->acked;
	return true;
}

static bool
harmless(int rc)
{
	return rc == LSM_NO_MEMORY || rc == LSM_NO_SPACE ||
	    rc == LSM_INVALID || rc == LSM_TOO_LARGE;
}

static bool
wrote(struct session *s, bool sync)
{
	if (s->fence != LSM_OK)
		return wrong("a write worked after the fence");
	s->acked = oracle_commits(s->oracle);
	s->unsure = s->doubt = false;
	if (sync)
		s->acked_sync = s->acked;
	return true;
}

/* LSM_IO of a conditional write says nothing: perhaps it could not read. */
static bool
failed(struct session *s, const char *call, int rc, bool fences)
{
	if (!session_may_fail(s, call, rc))
		return false;
	if (s->fence != LSM_OK && rc != s->fence)
		return wrong("%s: \"%s\" after a fence of \"%s\"", call,
		    lsm_strerror(rc), lsm_strerror(s->fence));
	if (rc == LSM_IO && fences)
		s->fence = rc;
	return true;
}

/* One to a dozen operations on keys near op->key, some of them twice; into
 * the batch, or, when that is NULL, into the oracle. */
static int
batch_fill(struct session *s, const struct op *op, lsm_batch *b)
{
	struct random r = { op->tag };
	size_t n = 1 + random_below(&r, 12);
	int rc = LSM_OK;

	for (size_t i = 0; i < n && rc == LSM_OK; i++) {
		struct bytes key = key_make(s->keys, op->key +
		    (uint32_t)random_below(&r, 10));
		struct value v = { random_next(&r),
			op->size ? random_below(&r, 2 * op->size) : 0 };
		bool delete = random_below(&r, 4) == 0;
		bool range = random_below(&r, 100) == 0;
		lsm_range all = key_range(s->keys, op->key, v.tag);

		if (b == NULL && range)
			oracle_delete_range(s->oracle, all);
		else if (range)
			rc = lsm_batch_delete_range(b, all.from, all.to);
		else if (b == NULL && delete)
			oracle_delete(s->oracle, key);
		else if (b == NULL)
			oracle_put(s->oracle, key, v);
		else if (delete)
			rc = lsm_batch_delete(b, bytes_slice(key));
		else
			rc = lsm_batch_put(b, bytes_slice(key),
			    bytes_slice(value_bytes(v)));
	}
	return rc;
}

static void
commit_oracle(struct session *s, const struct op *op)
{
	struct bytes key = key_make(s->keys, op->key);

	if (op->kind == OP_PUT)
		oracle_put(s->oracle, key, (struct value){ op->tag,
		    op->size });
	else if (op->kind == OP_DELETE)
		oracle_delete(s->oracle, key);
	else if (op->kind == OP_DELRANGE)
		oracle_delete_range(s->oracle, key_range(s->keys, op->key,
		    op->tag));
	else
		(void)batch_fill(s, op, NULL);
	oracle_commit(s->oracle);
}

static int
commit_engine(struct session *s, const struct op *op)
{
	lsm_slice key = bytes_slice(key_make(s->keys, op->key));
	lsm_range range = key_range(s->keys, op->key, op->tag);
	lsm_batch *b;
	int rc;

	if (op->kind == OP_DELRANGE)
		return lsm_delete_range(s->db, range.from, range.to,
		    op->flags);
	if (op->kind == OP_PUT)
		return lsm_put(s->db, key, bytes_slice(value_bytes(
		    (struct value){ op->tag, op->size })), op->flags);
	if (op->kind == OP_DELETE)
		return lsm_delete(s->db, key, op->flags);
	if ((rc = lsm_batch_new(&b)) != LSM_OK)
		return rc;
	if (op->kind == OP_IF)
		rc = conditions_fill(s, op, b);
	if (rc == LSM_OK && (rc = batch_fill(s, op, b)) == LSM_OK)
		rc = lsm_write(s->db, b, op->flags);
	lsm_batch_free(b);
	return rc;
}

/* Was there a state, of those that may be the one of now, without them? */
static bool
run_unmet(struct session *s, const struct op *op)
{
	size_t low, high;

	for (session_range(s, &low, &high); low <= high; low++)
		if (!conditions_hold(s, op, low))
			return true;
	return wrong("a batch was refused, but its conditions hold: %s",
	    lsm_message());
}

/* A commit that failed midway is absent once the handle accepts another, and
 * while it does not, nothing more is appended. */
static bool
run_commit(struct session *s, const struct op *op)
{
	bool sync = op->flags & LSM_SYNC ||
	    (op->flags == 0 && !s->options.no_sync);
	bool fenced = s->fence != LSM_OK;
	bool holds = op->kind != OP_IF || conditions_hold(s, op, s->acked);
	int rc = commit_engine(s, op);

	if (rc == LSM_UNMET && op->kind == OP_IF)
		return run_unmet(s, op);
	if (rc == LSM_OK && !holds)
		return wrong("a batch was written, but its conditions fail");
	if (rc == LSM_OK) {
		if (s->unsure)
			oracle_cut(s->oracle, s->acked);
		s->gaps |= s->unsure;
		commit_oracle(s, op);
		return wrote(s, sync);
	}
	if (!failed(s, op_word(op->kind), rc, op->kind != OP_IF))
		return false;
	s->doubt |= !harmless(rc);
	if (!fenced && !harmless(rc) && !s->unsure && holds) {
		commit_oracle(s, op);
		s->unsure = true;
	}
	return true;
}

/* Flush, merge, step: they may have fenced the handle, or not. */
static bool
work_failed(struct session *s, const char *call, int rc)
{
	s->doubt |= !harmless(rc);
	return session_may_fail(s, call, rc);
}

/* Its files fail without a fence; its commit may fail midway. */
static bool
run_ingest(struct session *s, const struct op *op)
{
	bool begun, fenced = s->fence != LSM_OK;
	int rc = ingest_engine(s, op, &begun);

	if (rc == LSM_OK && !begun)
		return true;
	if (rc == LSM_OK) {
		if (s->unsure)
			oracle_cut(s->oracle, s->acked);
		s->gaps |= s->unsure;
		ingest_oracle(s, op);
		return wrote(s, true);
	}
	if (begun && !fenced && !harmless(rc) && !s->unsure) {
		ingest_oracle(s, op);
		s->unsure = true;
	}
	return work_failed(s, "ingest", rc);
}

/* Calls that make durable what was written before. */
static bool
run_durable(struct session *s, const char *call, int rc, bool work)
{
	if (rc != LSM_OK)
		return work ? work_failed(s, call, rc) :
		    failed(s, call, rc, true);
	if (s->fence != LSM_OK)
		return wrong("%s worked after the fence", call);
	s->acked_sync = s->acked;
	return true;
}

static bool
run_step(struct session *s, uint32_t n)
{
	int more = 1, rc = LSM_OK;

	for (uint32_t i = 0; i <= n && more && rc == LSM_OK; i++)
		rc = lsm_step(s->db, &more);
	return rc == LSM_OK || work_failed(s, "step", rc);
}

/* The keys of a range into one run; keys are told apart by their order. */
static bool
run_range(struct session *s, const struct op *op)
{
	struct bytes a = key_make(s->keys, op->key), b;
	lsm_range r = { bytes_slice(a), { NULL, 0 } };

	if (op->size > 0) {
		b = key_make(s->keys, op->key + op->size);
		r.to = bytes_slice(b);
		if (bytes_compare(a, b) > 0)
			r = (lsm_range){ r.to, r.from };
	}
	return run_durable(s, "compact range", lsm_compact_range(s->db, &r,
	    NULL, NULL), true);
}

static bool
run_reopen(struct session *s)
{
	return session_close(s) && session_open(s);
}

/* Closed and opened, and nobody looks: the handle may not have read its log. */
static bool
run_turn(struct session *s)
{
	int rc;

	if (!session_close(s))
		return false;
	if (!s->closed)
		return session_open(s);
	rc = lsm_open(s->path, &s->options, &s->db);
	s->reached.opens++;
	if (rc != LSM_OK)
		return session_may_fail(s, "open", rc);
	s->fence = LSM_OK;
	s->doubt = false;
	return true;
}

/* A read-only handle beside the writer sees all that was acknowledged. */
static bool
run_reader(struct session *s)
{
	lsm_options o = s->options;
	size_t n, low, high, count;
	lsm_db *reader;
	uint64_t hash;
	int code;

	o.create = o.exclusive = 0;
	o.read_only = 1;
	if ((code = lsm_open(s->path, &o, &reader)) != LSM_OK)
		return session_may_fail(s, "open to read", code);
	session_range(s, &low, &high);
	if (!scan_hash(reader, NULL, &hash, &count, &code))
		return false;
	n = oracle_find(s->oracle, hash, low, oracle_commits(s->oracle));
	if (code == LSM_OK)
		code = lsm_put(reader, lsm_str("x"), lsm_str("y"), 0);
	lsm_close(reader);
	s->reached.readers++;
	if (code != LSM_READ_ONLY)
		return s->faults ||
		    wrong_code("put to a reader", code, LSM_READ_ONLY);
	if (n == SIZE_MAX)
		return wrong("a reader sees %zu entries, no state of %zu to "
		    "%zu commits", count, low, high);
	return true;
}

static bool
run_second(struct session *s)
{
	lsm_db *second;
	int rc = lsm_open(s->path, &s->options, &second);

	if (rc == LSM_OK)
		lsm_close(second);
	if (s->faults && rc != LSM_OK)
		return true;
	return wrong_code("open by a second writer", rc, LSM_LOCKED);
}

static bool
run_snapshot(struct session *s, uint32_t slot)
{
	size_t low, high;
	int rc;

	session_range(s, &low, &high);
	if (low != high)
		return true;
	lsm_snapshot_free(s->looks[slot].snapshot);
	rc = lsm_snapshot_new(s->db, &s->looks[slot].snapshot);
	if (rc != LSM_OK)
		return session_may_fail(s, "snapshot", rc);
	s->looks[slot].n = high;
	if (!s->gaps && !s->faults &&
	    lsm_snapshot_sequence(s->looks[slot].snapshot) !=
	    oracle_sequence(s->oracle, high))
		return wrong("a snapshot's sequence is %llu, not %llu",
		    (unsigned long long)lsm_snapshot_sequence(
		    s->looks[slot].snapshot),
		    (unsigned long long)oracle_sequence(s->oracle, high));
	return true;
}

static bool
run_look(struct session *s, const struct op *op)
{
	uint32_t slot = op->key % SLOTS;
	const lsm_snapshot *snap = s->looks[slot].snapshot;
	struct random r = { op->tag };
	struct cursor c = { 0 };
	bool ok;

	if (snap == NULL)
		return true;
	if (op->tag % 8 == 0)
		return session_scan(s, snap, s->looks[slot].n);
	if (op->tag % 8 == 1)
		return session_gets(s, snap, s->looks[slot].n, op->tag);
	if (op->tag % 2 == 0)
		return session_get(s, snap, s->looks[slot].n, key_make(s->keys,
		    (uint32_t)random_below(&r, s->key_count)));
	ok = cursor_new(s, &c, snap, s->looks[slot].n, op->tag) &&
	    cursor_walk(s, &c, op->tag);
	cursor_release(&c);
	return ok;
}

/* Now, in a range that the tag chooses. */
static bool
run_hold(struct session *s, struct cursor *c, uint64_t tag)
{
	size_t low, high;

	session_range(s, &low, &high);
	cursor_release(c);
	return low != high || cursor_new(s, c, NULL, high, tag);
}

static bool
run_walk(struct session *s, uint64_t tag)
{
	struct cursor c = { 0 };
	bool ok = run_hold(s, &c, tag) && cursor_walk(s, &c, tag);

	cursor_release(&c);
	return ok;
}

static bool
run_get(struct session *s, const struct op *op)
{
	return session_get(s, NULL, SIZE_MAX, key_make(s->keys, op->key));
}

static bool
run_beside(struct session *s, const struct op *op)
{
	struct beside *b = &s->besides[op->key % SLOTS];

	switch (op->kind) {
	case OP_BESIDE:
		return beside_open(s, b);
	case OP_REFRESH:
		return beside_refresh(s, b);
	case OP_PEEK:
		return beside_peek(s, b, op->tag);
	default:
		beside_release(b);
		return true;
	}
}

static bool
run_read(struct session *s, const struct op *op)
{
	uint32_t slot = op->key % SLOTS;

	switch (op->kind) {
	case OP_GET:
		return run_get(s, op);
	case OP_GETS:
		return session_gets(s, NULL, SIZE_MAX, op->tag);
	case OP_SCAN:
		return session_scan(s, NULL, SIZE_MAX);
	case OP_WALK:
		return run_walk(s, op->tag);
	case OP_SNAPSHOT:
		return run_snapshot(s, slot);
	case OP_LOOK:
		return run_look(s, op);
	case OP_RELEASE:
		lsm_snapshot_free(s->looks[slot].snapshot);
		s->looks[slot].snapshot = NULL;
		return true;
	case OP_HOLD:
		return run_hold(s, &s->holds[slot], op->tag);
	case OP_MOVE:
		return cursor_walk(s, &s->holds[slot], op->tag);
	case OP_READER:
		return run_reader(s);
	case OP_SECOND:
		return run_second(s);
	case OP_BESIDE:
	case OP_REFRESH:
	case OP_PEEK:
	case OP_LEAVE:
		return run_beside(s, op);
	case OP_PASS:
		return session_pass(s, op->size);
	default:
		cursor_release(&s->holds[slot]);
		return true;
	}
}

bool
session_run(struct session *s, const struct op *op)
{
	s->reached.ops[op->kind]++;
	if (s->db == NULL && !session_open(s))
		return false;
	if (s->db == NULL)		/* the open failed, as it may */
		return true;
	switch (op->kind) {
	case OP_PUT:
	case OP_DELETE:
	case OP_DELRANGE:
	case OP_BATCH:
	case OP_IF:
		return run_commit(s, op);
	case OP_INGEST:
		return run_ingest(s, op);
	case OP_SYNC:
		return run_durable(s, "sync", lsm_sync(s->db), false);
	case OP_FLUSH:
		return run_durable(s, "flush", lsm_flush(s->db), true);
	case OP_COMPACT:
		return run_durable(s, "compact", lsm_compact(s->db, NULL,
		    NULL), true);
	case OP_RANGE:
		return run_range(s, op);
	case OP_STEP:
		return run_step(s, op->key);
	case OP_REOPEN:
		return run_reopen(s);
	case OP_TURN:
		return run_turn(s);
	default:
		return run_read(s, op);
	}
}

bool
session_run_all(struct session *s, const struct op_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!session_run(s, &l->ops[i]))
			return false;
	return true;
}
