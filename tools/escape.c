/*
 * escape.c - bytes as printable text: the one table of escapes, and hex.
 *
 * Most bytes of most databases are plain, so the encoder asks eight bytes at
 * once whether any needs an escape.
 */
#include "escape.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

static inline uint64_t
each_byte(uint8_t c)
{
	return UINT64_C(0x0101010101010101) * c;
}

/* Nonzero when a byte of `w` is `c`. */
static inline uint64_t
has_byte(uint64_t w, uint8_t c)
{
	uint64_t x = w ^ each_byte(c);

	return (x - each_byte(1)) & ~x & each_byte(0x80);
}

/* A borrow may report a plain byte behind one that is not: never the other
 * way round, therefore "plain" is always true. */
static inline bool
all_plain(uint64_t w)
{
	uint64_t below_space = (w - each_byte(0x20)) & ~w;

	return (((w | below_space) & each_byte(0x80)) | has_byte(w, 0x7f) |
	    has_byte(w, '\\')) == 0;
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

static size_t
escape_byte(char *to, unsigned char c)
{
	to[0] = '\\';
	to[1] = letter_of(c);
	if (to[1] != 'x')
		return 2;
	to[2] = digits[c >> 4];
	to[3] = digits[c & 15];
	return 4;
}

static size_t
escape_each(char *to, const unsigned char *from, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < size; i++) {
		if (plain(from[i]))
			to[n++] = (char)from[i];
		else
			n += escape_byte(to + n, from[i]);
	}
	return n;
}

size_t
escape_encode(char *to, const void *from, size_t size)
{
	const unsigned char *p = from;
	size_t n = 0;
	uint64_t w;

	for (; size >= sizeof w; p += sizeof w, size -= sizeof w) {
		memcpy(&w, p, sizeof w);
		if (all_plain(w)) {
			memcpy(to + n, &w, sizeof w);
			n += sizeof w;
		} else {
			n += escape_each(to + n, p, sizeof w);
		}
	}
	return n + escape_each(to + n, p, size);
}

static int
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_byte(const char *at, char *byte)
{
	int high = digit_value(at[0]), low = digit_value(at[1]);

	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high << 4 | low);
	return true;
}

size_t
escape_read(const char *at, size_t size, char *byte)
{
	static const char letters[] = "\\tnr0";
	static const char bytes[] = "\\\t\n\r";
	const char *found;

	if (size == 0)
		return 0;
	if (*at == 'x')
		return size >= 3 && hex_byte(at + 1, byte) ? 3 : 0;
	if (*at == '\0' || (found = strchr(letters, *at)) == NULL)
		return 0;
	*byte = bytes[found - letters];
	return 1;
}

const char *
escape_decode(char *text, size_t *size)
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
		n = escape_read(p, (size_t)(end - p), to);
		if (n == 0)
			return "a backslash needs \\ t n r 0 or xHH behind it";
		p += n;
	}
	*size = (size_t)(to - text);
	return NULL;
}

size_t
hex_encode(char *to, const void *from, size_t size)
{
	const unsigned char *p = from;
	size_t i;

	for (i = 0; i < size; i++) {
		to[2 * i] = digits[p[i] >> 4];
		to[2 * i + 1] = digits[p[i] & 15];
	}
	return 2 * size;
}

const char *
hex_decode(char *text, size_t *size)
{
	size_t i;

	if (*size % 2 != 0)
		return "an odd number of hexadecimal digits";
	for (i = 0; i < *size / 2; i++) {
		if (!hex_byte(text + 2 * i, text + i))
			return "not a hexadecimal digit";
	}
	*size /= 2;
	return NULL;
}
