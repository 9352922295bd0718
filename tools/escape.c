/*
 * escape.c - bytes as printable text, in our words and in Berkeley DB's.
 *
 * Most bytes of most databases are plain, so sixteen are asked at once whether
 * any needs an escape. Others are looked up: a row of the table is copied
 * whole, and how much of it counts needs no branch. One thread.
 */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hex.h"

enum { WIDE = 16 };

typedef uint8_t vector __attribute__((vector_size(WIDE)));

struct row {
	char text[ESCAPE_MAX];
	uint8_t size;		/* 0: the table is not filled yet */
};

static inline bool
all_plain(const char *from)
{
	uint64_t halves[2];
	vector v;

	memcpy(&v, from, sizeof v);
	/* What is below a space wraps to above a tilde. */
	v = (vector)(v - ' ' > '~' - ' ') | (vector)(v == '\\');
	memcpy(halves, &v, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

static inline bool
plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

static char
letter_of(unsigned char c)
{
	switch (c) {
	case '\\':
		return '\\';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\0':
		return '0';
	default:
		return 'x';
	}
}

static void
hex_fill(char *to, unsigned char c)
{
	hex_encode(to, &c, 1);
}

static struct row
row_of(unsigned char c)
{
	struct row r = { .text = { '\\', letter_of(c) }, .size = 2 };

	if (plain(c))
		return (struct row){ .text = { (char)c }, .size = 1 };
	if (r.text[1] == 'x') {
		hex_fill(r.text + 2, c);
		r.size = 4;
	}
	return r;
}

static struct row
print_row_of(unsigned char c)
{
	struct row r = { .text = { '\\' }, .size = 3 };

	if (plain(c) || c == '\\')
		return row_of(c);
	hex_fill(r.text + 1, c);
	return r;
}

static inline size_t
encode_each(const struct row *rows, char *to, const char *from, size_t size)
{
	const struct row *r;
	size_t i, n = 0;

	for (i = 0; i < size; i++) {
		r = &rows[(unsigned char)from[i]];
		memcpy(to + n, r->text, ESCAPE_MAX);
		n += r->size;
	}
	return n;
}

static inline size_t
encode(const struct row *rows, char *to, const char *p, size_t size)
{
	size_t n = 0;

	for (; size >= WIDE; p += WIDE, size -= WIDE) {
		if (all_plain(p)) {
			memcpy(to + n, p, WIDE);
			n += WIDE;
		} else {
			n += encode_each(rows, to + n, p, WIDE);
		}
	}
	return n + encode_each(rows, to + n, p, size);
}

size_t
escape_encode(char *to, const void *from, size_t size)
{
	static struct row rows[256];
	int c;

	for (c = 0; c < 256 && rows[255].size == 0; c++)
		rows[c] = row_of((unsigned char)c);
	return encode(rows, to, from, size);
}

size_t
print_encode(char *to, const void *from, size_t size)
{
	static struct row rows[256];
	int c;

	for (c = 0; c < 256 && rows[255].size == 0; c++)
		rows[c] = print_row_of((unsigned char)c);
	return encode(rows, to, from, size);
}

/* The byte of each letter, and whether it is one. */
static inline bool
letter_read(char letter, char *byte)
{
	switch (letter) {
	case '\\':
		*byte = '\\';
		return true;
	case 't':
		*byte = '\t';
		return true;
	case 'n':
		*byte = '\n';
		return true;
	case 'r':
		*byte = '\r';
		return true;
	case '0':
		*byte = '\0';
		return true;
	default:
		return false;
	}
}

static inline size_t
read_one(const char *at, size_t size, char *byte)
{
	if (size >= 3 && *at == 'x')
		return hex_byte(at + 1, byte) ? 3 : 0;
	return size > 0 && letter_read(*at, byte);
}

static inline size_t
print_read_one(const char *at, size_t size, char *byte)
{
	if (size >= 1 && *at == '\\') {
		*byte = '\\';
		return 1;
	}
	return size >= 2 && hex_byte(at, byte) ? 2 : 0;
}

size_t
escape_read(const char *at, size_t size, char *byte)
{
	return read_one(at, size, byte);
}

/* Replace each escape by what `read` makes of it. False when it is none. */
static inline bool
decode(char *text, size_t *size,
    size_t (*read)(const char *, size_t, char *))
{
	const char *p = memchr(text, '\\', *size), *end = text + *size;
	char *to = text + (p == NULL ? *size : (size_t)(p - text));
	size_t n;

	for (; p != NULL && p < end; to++) {
		if (*p != '\\') {
			*to = *p++;
			continue;
		}
		p++;
		if ((n = read(p, (size_t)(end - p), to)) == 0)
			return false;
		p += n;
	}
	*size = (size_t)(to - text);
	return true;
}

const char *
escape_decode(char *text, size_t *size)
{
	return decode(text, size, read_one) ? NULL :
	    "a backslash needs \\ t n r 0 or xHH behind it";
}

const char *
print_decode(char *text, size_t *size)
{
	return decode(text, size, print_read_one) ? NULL :
	    "a backslash needs \\ or two hexadecimal digits behind it";
}
