/*
 * range.c - range deletes: which keys, and up to which sequence.
 *
 *   range := bytes from, bytes to		to: empty for bound_end()
 */
#include "kv/range.h"

#define FF4 "\xff\xff\xff\xff"
#define FF16 FF4 FF4 FF4 FF4
#define FF64 FF16 FF16 FF16 FF16
#define FF256 FF64 FF64 FF64 FF64
#define FF1024 FF256 FF256 FF256 FF256

/* The longest and highest key; the string's own end makes it a bound. */
static const char end[] = FF1024 FF1024 FF1024 FF1024;
_Static_assert(sizeof end == BOUND_MAX, "the end is a bound");

struct bytes
bound_end(void)
{
	return bytes(end, sizeof end);
}

struct bytes
bound_of(struct bytes b, uint8_t room[BOUND_MAX])
{
	if (b.n < BOUND_MAX)
		return b;
	memcpy(room, b.p, LSM_KEY_MAX);
	room[LSM_KEY_MAX] = 0;
	return bytes(room, BOUND_MAX);
}

struct bytes
bound_keep(struct bytes b, uint8_t room[BOUND_MAX])
{
	if (b.n > 0)
		memcpy(room, b.p, b.n);
	return bytes(room, b.n);
}

struct bytes
bound_last(struct bytes b)
{
	return b.n > 0 && b.p[b.n - 1] == 0 ? bytes(b.p, b.n - 1) : b;
}

static bool
bound_valid(struct bytes b)
{
	return b.n < BOUND_MAX || (b.n == BOUND_MAX && b.p[b.n - 1] == 0);
}

void
range_narrow(struct range *r, const struct range *other)
{
	if (bytes_compare(other->from, r->from) > 0)
		r->from = other->from;
	if (bytes_compare(other->to, r->to) < 0)
		r->to = other->to;
	if (other->sequence > r->sequence)
		r->sequence = other->sequence;
}

/* An end as it is written. */
static struct bytes
end_written(struct bytes to)
{
	return bytes_equal(to, bound_end()) ? bytes(NULL, 0) : to;
}

size_t
range_size(struct bytes from, struct bytes to)
{
	to = end_written(to);
	return varint_size(from.n) + from.n + varint_size(to.n) + to.n;
}

uint8_t *
range_put(uint8_t *p, struct bytes from, struct bytes to)
{
	return bytes_put(bytes_put(p, from), end_written(to));
}

bool
range_take(struct bytes *b, struct bytes *from, struct bytes *to)
{
	struct bytes rest = *b;

	if (!bytes_take_bytes(&rest, from) || !bytes_take_bytes(&rest, to) ||
	    !bound_valid(*from) || !bound_valid(*to) ||
	    bytes_equal(*to, bound_end()))
		return false;
	if (to->n == 0)
		*to = bound_end();
	if (bytes_compare(*from, *to) >= 0)
		return false;
	*b = rest;
	return true;
}

void
ranges_find(const struct range *list, size_t count, struct bytes key,
    struct range *span)
{
	size_t low = 0, high = count;

	while (low < high) {		/* low: the first that ends above */
		size_t mid = low + (high - low) / 2;

		if (bytes_compare(list[mid].to, key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < count && bytes_compare(list[low].from, key) <= 0) {
		*span = list[low];
		return;
	}
	span->from = low > 0 ? list[low - 1].to : bytes("", 0);
	span->to = low < count ? list[low].from : bound_end();
	span->sequence = 0;
}
