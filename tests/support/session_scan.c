/*
 * session_scan.c - what a session reads: gets, whole scans.
 */
#include "support/session.h"

#include <stdlib.h>

#include "support/wrong.h"

bool
session_may_fail(struct session *s, const char *call, int rc)
{
	s->reached.errors++;
	if (rc == LSM_TOO_OLD && session_outlived(s)) {
		s->reached.too_old++;
		return true;
	}
	if (s->faults && rc != LSM_TOO_OLD && rc != LSM_BUG &&
	    rc != LSM_CORRUPT && rc != LSM_NOTFOUND)
		return true;
	return wrong("%s: %s: %s", call, lsm_strerror(rc), lsm_message());
}

void
session_range(const struct session *s, size_t *low, size_t *high)
{
	*high = oracle_commits(s->oracle);
	*low = s->fence != LSM_OK || s->doubt ? s->acked_sync :
	    s->unsure ? s->acked : *high;
}

static bool
ascends(struct kept *before, struct bytes key, bool first, bool up)
{
	int c = first ? -1 : bytes_compare(kept_bytes(before), key);

	if (!first && (up ? c >= 0 : c <= 0))
		return wrong("the scan %s: %s is out of order",
		    up ? "forward" : "backward", shown(key));
	kept_set(before, key);
	return true;
}

static bool
scan_one_way(lsm_iter *it, bool up, uint64_t *hash, size_t *count, int *code)
{
	struct kept before = { 0 };
	bool ok = true;

	*hash = 0;
	*count = 0;
	*code = up ? lsm_iter_first(it) : lsm_iter_last(it);
	while (ok && *code == LSM_OK && lsm_iter_valid(it)) {
		struct bytes key = bytes_of(lsm_iter_key(it));

		ok = ascends(&before, key, *count == 0, up);
		*hash += entry_hash(key, bytes_of(lsm_iter_value(it)));
		++*count;
		*code = up ? lsm_iter_next(it) : lsm_iter_prev(it);
	}
	free(before.p);
	return ok;
}

bool
scan_hash(lsm_db *db, const lsm_snapshot *snapshot, uint64_t *hash,
    size_t *count, int *code)
{
	uint64_t back;
	lsm_iter *it;
	size_t count_back;
	bool ok;

	*hash = *count = 0;
	if ((*code = lsm_iter_new(db, snapshot, NULL, &it)) != LSM_OK)
		return true;
	ok = scan_one_way(it, true, hash, count, code);
	if (ok && *code == LSM_OK) {
		ok = scan_one_way(it, false, &back, &count_back, code);
		if (ok && *code == LSM_OK &&
		    (back != *hash || count_back != *count))
			ok = wrong("%zu entries forward, %zu backward%s",
			    *count, count_back, count_back == *count ?
			    ", not the same" : "");
	}
	lsm_iter_free(it);
	return ok;
}

bool
session_scan(struct session *s, const lsm_snapshot *snapshot, size_t n)
{
	size_t low = n, high = n, count;
	uint64_t hash;
	int code;

	if (n == SIZE_MAX)
		session_range(s, &low, &high);
	if (!scan_hash(s->db, snapshot, &hash, &count, &code))
		return false;
	if (code != LSM_OK)
		return session_may_fail(s, "scan", code);
	if (oracle_find(s->oracle, hash, low, high) != SIZE_MAX)
		return true;
	return wrong("scan: %zu entries are not the %zu after %zu commits",
	    count, oracle_count(s->oracle, high), high);
}

static bool
get_equals(const struct session *s, size_t n, struct bytes key, int rc,
    struct bytes value)
{
	struct oracle_entry e;

	if (!oracle_get(s->oracle, n, key, &e))
		return rc == LSM_NOTFOUND;
	return rc == LSM_OK && value_equals(e.value, value);
}

bool
session_get(struct session *s, const lsm_snapshot *snapshot, size_t n,
    struct bytes key)
{
	lsm_buffer value = { 0 };
	size_t low = n, high = n;
	bool ok = false;
	int rc, has, failed;

	if (n == SIZE_MAX)
		session_range(s, &low, &high);
	rc = lsm_get(s->db, snapshot, bytes_slice(key), &value);
	has = lsm_get(s->db, snapshot, bytes_slice(key), NULL);
	failed = rc != LSM_OK && rc != LSM_NOTFOUND ? rc : has;
	if (failed != LSM_OK && failed != LSM_NOTFOUND) {
		lsm_buffer_free(&value);
		return session_may_fail(s, "get", failed);
	}
	for (n = high + 1; n-- > low && !ok;)
		ok = get_equals(s, n, key, rc, bytes(value.data, value.size));
	lsm_buffer_free(&value);
	if (!ok)
		return wrong("get %s: \"%s\", not what %zu commits left",
		    shown(key), lsm_strerror(rc), high);
	return has == rc || wrong("get %s: \"%s\" with and \"%s\" without its "
	    "value", shown(key), lsm_strerror(rc), lsm_strerror(has));
}
