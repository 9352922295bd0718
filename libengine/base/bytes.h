/*
 * bytes.h - slices, growing buffers, and numbers as they lie on disk.
 *
 * Everything on disk is little endian. Varints are LEB128, at most
 * VARINT_MAX bytes. Readers are bounded: they take the end and fail.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lsm.h"

enum { VARINT_MAX = 10, DECIMAL_MAX = 20 };

/* Bytes of somebody else. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

static inline struct bytes
bytes(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

static inline struct bytes
bytes_of(lsm_slice s)
{
	return (struct bytes){ s.data, s.size };
}

static inline lsm_slice
bytes_slice(struct bytes b)
{
	return (lsm_slice){ b.p, b.n };
}

/* memcmp(3) order, shorter first: the only order of keys there is. */
static inline int
bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

static inline bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* How many leading bytes two keys share. */
size_t bytes_common(struct bytes a, struct bytes b);

/*
 * A growing buffer: begin with {0}, end with buffer_free. The adding calls
 * return LSM_OK or LSM_NO_MEMORY, and then the content is unchanged. It has
 * the fields of lsm_buffer, so the one can stand for the other.
 */
struct buffer {
	uint8_t *p;
	size_t n, cap;
};

void buffer_free(struct buffer *);
int buffer_reserve(struct buffer *, size_t more);	/* room behind n */
int buffer_add(struct buffer *, const void *, size_t);
int buffer_add8(struct buffer *, uint8_t);
int buffer_add32(struct buffer *, uint32_t);
int buffer_add64(struct buffer *, uint64_t);
int buffer_add_varint(struct buffer *, uint64_t);
int buffer_add_bytes(struct buffer *, struct bytes);	/* varint n, bytes */

static inline struct bytes
buffer_bytes(const struct buffer *b)
{
	return (struct bytes){ b->p, b->n };
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LE16(x) (x)
#define LE32(x) (x)
#define LE64(x) (x)
#else
#define LE16(x) __builtin_bswap16(x)
#define LE32(x) __builtin_bswap32(x)
#define LE64(x) __builtin_bswap64(x)
#endif

static inline uint16_t
get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return LE16(v);
}

static inline uint32_t
get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return LE32(v);
}

static inline uint64_t
get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return LE64(v);
}

static inline void
put16(void *p, uint16_t v)
{
	v = LE16(v);
	memcpy(p, &v, sizeof v);
}

static inline void
put32(void *p, uint32_t v)
{
	v = LE32(v);
	memcpy(p, &v, sizeof v);
}

static inline void
put64(void *p, uint64_t v)
{
	v = LE64(v);
	memcpy(p, &v, sizeof v);
}

/* As text: at least so many digits, no NUL. Returns the place behind them. At
 * most DECIMAL_MAX, or digits_min. */
char *decimal_put(char *to, uint64_t v, size_t digits_min);

/* Returns the byte behind the number. Writes at most VARINT_MAX bytes. */
static inline uint8_t *
varint_put(uint8_t *p, uint64_t v)
{
	while (v >= 0x80) {
		*p++ = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	*p++ = (uint8_t)v;
	return p;
}

/* A varint and the bytes. Returns the byte behind them. */
static inline uint8_t *
bytes_put(uint8_t *p, struct bytes b)
{
	p = varint_put(p, b.n);
	if (b.n)
		memcpy(p, b.p, b.n);
	return p + b.n;
}

static inline size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	while (v >= 0x80) {
		v >>= 7;
		n++;
	}
	return n;
}

/*
 * Take something from the front of *b. False, and *b unchanged, when it is
 * not wholly there, or a varint is too long or not the shortest form.
 */
bool bytes_take(struct bytes *b, size_t n, struct bytes *out);
bool bytes_take_varint(struct bytes *b, uint64_t *out);
bool bytes_take_bytes(struct bytes *b, struct bytes *out); /* varint n, bytes */
bool bytes_take32(struct bytes *b, uint32_t *out);
bool bytes_take64(struct bytes *b, uint64_t *out);

#endif
