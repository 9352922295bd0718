/*
 * bytes.c - slices, growing buffers, and numbers as they lie on disk.
 */
#include "base/bytes.h"

#include "base/alloc.h"

size_t
bytes_common(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n, i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x = get64(a.p + i) ^ get64(b.p + i);

		if (x)
			return i + (size_t)(__builtin_ctzll(x) >> 3);
	}
	while (i < n && a.p[i] == b.p[i])
		i++;
	return i;
}

void
buffer_free(struct buffer *b)
{
	mem_free(b->p);
	*b = (struct buffer){ 0 };
}

int
buffer_reserve(struct buffer *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 64;
	uint8_t *p;

	if (more <= b->cap - b->n)
		return LSM_OK;
	if (more > SIZE_MAX / 2 - b->n)
		return mem_exhausted(more);
	while (cap < b->n + more)
		cap *= 2;
	if ((p = mem_realloc(b->p, cap)) == NULL)
		return mem_exhausted(cap);
	b->p = p;
	b->cap = cap;
	return LSM_OK;
}

int
buffer_add(struct buffer *b, const void *p, size_t n)
{
	int rc = buffer_reserve(b, n);

	if (rc != LSM_OK)
		return rc;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	return LSM_OK;
}

int
buffer_add8(struct buffer *b, uint8_t v)
{
	return buffer_add(b, &v, 1);
}

int
buffer_add32(struct buffer *b, uint32_t v)
{
	v = LE32(v);
	return buffer_add(b, &v, sizeof v);
}

int
buffer_add64(struct buffer *b, uint64_t v)
{
	v = LE64(v);
	return buffer_add(b, &v, sizeof v);
}

int
buffer_add_varint(struct buffer *b, uint64_t v)
{
	uint8_t raw[VARINT_MAX];

	return buffer_add(b, raw, (size_t)(varint_put(raw, v) - raw));
}

int
buffer_add_bytes(struct buffer *b, struct bytes s)
{
	int rc = buffer_reserve(b, VARINT_MAX + s.n);

	if (rc != LSM_OK)
		return rc;
	b->n = (size_t)(varint_put(b->p + b->n, s.n) - b->p);
	return buffer_add(b, s.p, s.n);
}

bool
bytes_take(struct bytes *b, size_t n, struct bytes *out)
{
	if (n > b->n)
		return false;
	*out = (struct bytes){ b->p, n };
	b->p += n;
	b->n -= n;
	return true;
}

bool
bytes_take_varint(struct bytes *b, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < b->n && i < VARINT_MAX; i++) {
		uint8_t c = b->p[i];

		if (i == VARINT_MAX - 1 && c > 1)
			return false;
		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c & 0x80)
			continue;
		if (c == 0 && i > 0)
			return false;
		*out = v;
		b->p += i + 1;
		b->n -= i + 1;
		return true;
	}
	return false;
}

bool
bytes_take_bytes(struct bytes *b, struct bytes *out)
{
	struct bytes rest = *b;
	uint64_t n;

	if (!bytes_take_varint(&rest, &n) || n > rest.n)
		return false;
	*b = rest;
	return bytes_take(b, (size_t)n, out);
}

bool
bytes_take32(struct bytes *b, uint32_t *out)
{
	struct bytes raw;

	if (!bytes_take(b, 4, &raw))
		return false;
	*out = get32(raw.p);
	return true;
}

bool
bytes_take64(struct bytes *b, uint64_t *out)
{
	struct bytes raw;

	if (!bytes_take(b, 8, &raw))
		return false;
	*out = get64(raw.p);
	return true;
}

char *
decimal_put(char *to, uint64_t v, size_t digits_min)
{
	uint64_t rest = v;
	size_t n = 1;

	while ((rest /= 10) > 0)
		n++;
	if (n < digits_min)
		n = digits_min;
	for (size_t i = n; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return to + n;
}
