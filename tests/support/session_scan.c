/*
 * session_scan.c - what a session reads: gets, whole scans, statistics.
 */
#include "support/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/wrong.h"
#include "version/version.h"

bool
session_may_fail(struct session *s, const char *call, int rc)
{
	s->reached.errors++;
	if (s->faults && rc != LSM_BUG && rc != LSM_CORRUPT &&
	    rc != LSM_NOTFOUND)
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

	if (snapshot == NULL)
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

	if (snapshot == NULL)
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

struct wanted_stat {
	const char *name;
	uint64_t value;
};

static void
stat_pick(void *arg, const lsm_stat *s)
{
	struct wanted_stat *w = arg;

	if (strcmp(w->name, s->name) == 0)
		w->value = s->value;
}

uint64_t
stat_of(lsm_db *db, const char *name)
{
	struct wanted_stat w = { name, 0 };

	if (lsm_stats(db, stat_pick, &w) != LSM_OK)
		return 0;
	return w.value;
}

static void
levels_add(struct reached *r, lsm_db *db)
{
	unsigned levels = 0;
	char name[32];

	for (int i = 0; i < LEVELS_MAX; i++) {
		snprintf(name, sizeof name, "level.%d.runs", i);
		levels += stat_of(db, name) > 0;
		r->last_level += i == LEVELS_MAX - 1 &&
		    stat_of(db, name) > 0;
	}
	r->deep += levels > 2;
}

void
reached_add(struct reached *r, lsm_db *db)
{
	uint64_t deep;

	r->flushes += stat_of(db, "flush.count");
	r->merges += stat_of(db, "merge.count");
	r->tables_moved += stat_of(db, "merge.moves");
	r->partial += stat_of(db, "merge.partial");
	levels_add(r, db);
	r->shadowed += stat_of(db, "merge.shadowed");
	r->deletes_dropped += stat_of(db, "merge.deletes_dropped");
	r->covered += stat_of(db, "merge.covered");
	r->ranges_dropped += stat_of(db, "merge.range_deletes_dropped");
	r->tables_dropped += stat_of(db, "merge.tables_dropped");
	deep = stat_of(db, "ingest.tables_deep");
	r->ingested_deep += deep;
	r->ingested_high += stat_of(db, "ingest.tables") - deep;
	r->unmet += stat_of(db, "write.unmet");
	r->gets += stat_of(db, "read.gets");
	r->gets_found += stat_of(db, "read.gets_found");
	r->gets_memory += stat_of(db, "read.gets_memory");
	r->tables_asked += stat_of(db, "read.tables_asked");
	r->filter_useful += stat_of(db, "filter.useful");
	r->inflated += stat_of(db, "read.pages_inflated");
	r->evicted += stat_of(db, "cache.evicted");
	r->stalls += stat_of(db, "write.stalls");
}

_Static_assert(sizeof(struct reached) % sizeof(uint64_t) == 0,
    "all of it are counts");

void
reached_sum(struct reached *to, const struct reached *r)
{
	const uint64_t *from = (const uint64_t *)r;
	uint64_t *sum = (uint64_t *)to;

	for (size_t i = 0; i < sizeof *r / sizeof *sum; i++)
		sum[i] += from[i];
}
