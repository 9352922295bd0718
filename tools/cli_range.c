/*
 * cli_range.c - the range of keys that a command is about.
 */
#include "cli_range.h"

#include <string.h>

#include "cli.h"

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

static int
prefix_read(struct request *r, struct range_room *room, lsm_range *range)
{
	lsm_range prefixed = { 0 };
	struct word operand = r->settings->prefix;
	int rc, status;

	if (operand.text == NULL)
		return 0;
	status = session_key(r->settings, &operand, &room->prefix);
	if (status != 0)
		return status;
	rc = lsm_range_prefix(room->prefix.bytes, &room->end,
	    &prefixed);
	if (rc != LSM_OK)
		return cli_fail_code(rc);
	range_intersect(range, &prefixed);
	return 0;
}

/* --from and --to. */
static int
bounds_read(struct request *r, struct range_room *room, lsm_range *range)
{
	struct word from = r->settings->from, to = r->settings->to;
	lsm_range bounds = { 0 };
	int status = 0;

	if (from.text != NULL)
		status = session_key(r->settings, &from, &room->low);
	if (status == 0 && to.text != NULL)
		status = session_key(r->settings, &to, &room->high);
	if (status != 0)
		return status;
	if (from.text != NULL)
		bounds.from = room->low.bytes;
	if (to.text != NULL)
		bounds.to = room->high.bytes;
	range_intersect(range, &bounds);
	return prefix_read(r, room, range);
}

int
range_read(struct request *r, struct range_room *room, lsm_range *range)
{
	int status = 0;

	*range = (lsm_range){ 0 };
	if (r->count > 0)
		status = session_key(r->settings, &r->operands[0],
		    &room->from);
	if (status == 0 && r->count > 1)
		status = session_key(r->settings, &r->operands[1], &room->to);
	if (status != 0)
		return status;
	range->from = room->from.bytes;
	range->to = room->to.bytes;
	return bounds_read(r, room, range);
}

void
range_release(struct range_room *room)
{
	lsm_buffer_free(&room->end);
}

bool
range_empty(const lsm_range *r)
{
	return r->from.data != NULL && r->to.data != NULL &&
	    compare(r->from, r->to) >= 0;
}
