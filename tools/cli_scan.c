/*
 * cli_scan.c - scan: the records of a range, streamed.
 *
 * FROM, TO and --prefix intersect; what is empty is an answer. Memory does
 * not grow with the range.
 */
#include <inttypes.h>

#include "cli.h"
#include "cli_command.h"
#include "cli_record.h"
#include "out.h"
#include "signals.h"

struct scan {
	const struct settings *settings;
	lsm_iter *iter;
	uint64_t records, key_bytes, value_bytes;
};

static int
compare(lsm_slice a, lsm_slice b)
{
	size_t least = a.size < b.size ? a.size : b.size;
	int order = least == 0 ? 0 : memcmp(a.data, b.data, least);

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Narrow `range` to what is in `other` too. */
static void
range_intersect(lsm_range *range, const lsm_range *other)
{
	if (other->from.data != NULL && (range->from.data == NULL ||
	    compare(other->from, range->from) > 0))
		range->from = other->from;
	if (other->to.data != NULL && (range->to.data == NULL ||
	    compare(other->to, range->to) < 0))
		range->to = other->to;
}

/* `room` holds the end of the prefix's range. */
static int
range_read(struct request *r, lsm_buffer *room, lsm_range *range)
{
	lsm_range prefixed = { 0 };
	lsm_slice prefix;
	int rc, status = 0;

	*range = (lsm_range){ 0 };
	if (r->count > 0)
		status = session_key(r->settings, &r->operands[0],
		    &range->from);
	if (status == 0 && r->count > 1)
		status = session_key(r->settings, &r->operands[1], &range->to);
	if (status != 0 || r->settings->prefix.text == NULL)
		return status;
	status = session_key(r->settings, &r->settings->prefix, &prefix);
	if (status != 0)
		return status;
	if ((rc = lsm_range_prefix(prefix, room, &prefixed)) != LSM_OK)
		return cli_fail_code(rc);
	range_intersect(range, &prefixed);
	return 0;
}

static bool
range_empty(const lsm_range *r)
{
	return r->from.data != NULL && r->to.data != NULL &&
	    compare(r->from, r->to) >= 0;
}

static void
scan_record(struct scan *s)
{
	lsm_slice key = lsm_iter_key(s->iter);
	lsm_slice value = lsm_iter_value(s->iter);

	s->records++;
	s->key_bytes += key.size;
	s->value_bytes += value.size;
	if (!s->settings->count)
		record_print(s->settings,
		    s->settings->values_only ? NULL : &key,
		    s->settings->keys_only ? NULL : &value);
}

static int
scan_all(struct scan *s)
{
	bool reverse = s->settings->reverse;
	int rc = LSM_OK;

	if (s->settings->limit > 0)
		rc = reverse ? lsm_iter_last(s->iter) :
		    lsm_iter_first(s->iter);
	while (rc == LSM_OK && lsm_iter_valid(s->iter)) {
		scan_record(s);
		if (s->records == s->settings->limit || !out_ok() ||
		    signals_pending() != 0)
			break;
		rc = reverse ? lsm_iter_prev(s->iter) : lsm_iter_next(s->iter);
	}
	return rc == LSM_OK ? 0 : cli_fail_code(rc);
}

static int
scan_check(const struct settings *set)
{
	int parts = set->count + set->keys_only + set->values_only;

	if (parts > 1)
		return cli_fail(EXIT_USAGE, "--count, --keys-only and "
		    "--values-only exclude each other");
	if (set->count && set->format != FORMAT_DEFAULT &&
	    set->format != FORMAT_TSV)
		return cli_fail(EXIT_USAGE, "--count is printed as tsv only");
	if (set->format == FORMAT_RAW && parts == 0)
		return cli_fail(EXIT_USAGE, "--format=raw needs --keys-only "
		    "or --values-only: it cannot tell key from value");
	return 0;
}

int
command_scan(struct request *r)
{
	struct scan s = { .settings = r->settings };
	lsm_buffer room = { 0 };
	lsm_range range;
	lsm_db *db;
	int rc, status;

	if ((status = scan_check(r->settings)) != 0 ||
	    (status = range_read(r, &room, &range)) != 0 ||
	    (status = session_reader(r->session, &db)) != 0)
		goto done;
	if (!range_empty(&range)) {
		rc = lsm_iter_new(db, NULL, &range, &s.iter);
		status = rc == LSM_OK ? scan_all(&s) : cli_fail_code(rc);
	}
	if (status == 0 && r->settings->count)
		out_format("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		    s.records, s.key_bytes, s.value_bytes);
done:
	lsm_iter_free(s.iter);
	lsm_buffer_free(&room);
	return status;
}
