/*
 * session_beside.c - readers that stay open while the session goes on.
 *
 * Each is a handle of its own, as in another process, with a snapshot and an
 * iterator. It keeps the state that it showed last, whatever the writer does,
 * even closes; but when max_pin_age has passed since then it may find files of
 * that state gone, and says so. Before that it may not: what it shows was alive
 * when it was looked up, so no file of it has been dead for longer.
 */
#include "base/random.h"
#include "env/env.h"
#include "support/session.h"
#include "support/wrong.h"

static lsm_env *
env_of(const struct session *s)
{
	return s->options.env != NULL ? s->options.env : env_posix();
}

static uint64_t
now_us(const struct session *s)
{
	lsm_env *env = env_of(s);

	return env->ops->now_us(env);
}

bool
session_outlived(const struct session *s)
{
	return s->since_us != 0 && s->options.max_pin_age != 0 &&
	    now_us(s) - s->since_us >= s->options.max_pin_age;
}

bool
session_pass(struct session *s, uint32_t us)
{
	lsm_env *env = env_of(s);

	env->ops->pause_us(env, us);
	return true;
}

void
beside_release(struct beside *b)
{
	cursor_release(&b->cursor);
	lsm_snapshot_free(b->snapshot);
	lsm_close(b->db);
	*b = (struct beside){ 0 };
}

bool
beside_open(struct session *s, struct beside *b)
{
	lsm_options o = s->options;
	size_t low, high;
	int rc;

	beside_release(b);
	session_range(s, &low, &high);
	if (low != high)
		return true;
	o.create = o.exclusive = 0;
	o.read_only = 1;
	b->now = (struct seen){ high, now_us(s) };
	if ((rc = lsm_open(s->path, &o, &b->db)) == LSM_OK)
		return true;
	beside_release(b);
	return session_may_fail(s, "open beside", rc);
}

/* It sees all that was acknowledged, also when its pin was ended. */
bool
beside_refresh(struct session *s, struct beside *b)
{
	struct seen now = { 0, now_us(s) };
	size_t low;
	int rc;

	session_range(s, &low, &now.n);
	if (b->db == NULL || low != now.n)
		return true;
	if ((rc = lsm_refresh(b->db)) != LSM_OK)
		return session_may_fail(s, "refresh", rc);
	b->now = now;
	return true;
}

static bool
snapshot_renew(struct session *s, struct beside *b)
{
	int rc;

	lsm_snapshot_free(b->snapshot);
	rc = lsm_snapshot_new(b->db, &b->snapshot);
	b->looked = b->now;
	return rc == LSM_OK || session_may_fail(s, "snapshot beside", rc);
}

static bool
cursor_renew(struct session *s, struct beside *b, const lsm_snapshot *snapshot,
    const struct seen *seen, uint64_t tag)
{
	cursor_release(&b->cursor);
	b->held = *seen;
	return cursor_new(s, &b->cursor, snapshot, seen->n, tag);
}

static bool
read_some(struct session *s, const lsm_snapshot *snapshot, size_t n,
    uint64_t tag)
{
	struct random r = { tag };
	uint64_t dice = random_below(&r, 4);

	if (dice == 0)
		return session_scan(s, snapshot, n);
	if (dice == 1)
		return session_gets(s, snapshot, n, tag);
	return session_get(s, snapshot, n, key_make(s->keys,
	    (uint32_t)random_below(&r, s->key_count)));
}

/* Of now, of the snapshot when there is one, or by the iterator. */
static bool
peek(struct session *s, struct beside *b, uint64_t tag)
{
	bool old = b->snapshot != NULL && tag / 8 % 2 != 0;
	const struct seen *seen = old ? &b->looked : &b->now;
	const lsm_snapshot *snapshot = old ? b->snapshot : NULL;

	s->since_us = seen->since_us;
	switch (tag % 8) {
	case 0:
		return snapshot_renew(s, b);
	case 1:
		return cursor_renew(s, b, snapshot, seen, tag);
	case 2:
	case 3:
	case 4:
		s->since_us = b->held.since_us;
		return cursor_walk(s, &b->cursor, tag);
	default:
		return read_some(s, snapshot, seen->n, tag);
	}
}

bool
beside_peek(struct session *s, struct beside *b, uint64_t tag)
{
	lsm_db *own = s->db;
	bool ok;

	if (b->db == NULL)
		return true;
	s->db = b->db;
	ok = peek(s, b, tag);
	s->db = own;
	s->since_us = 0;
	return ok;
}
