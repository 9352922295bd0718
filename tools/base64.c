/*
 * base64.c - bytes as base64 text, RFC 4648 with its padding.
 *
 * One spelling for each content: bits that carry nothing must be zero.
 */
#include "base64.h"

#include <stdint.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_encode(char *to, const void *from, size_t size)
{
	const unsigned char *p = from;
	char *begin = to;
	uint32_t three;

	for (; size >= 3; p += 3, size -= 3) {
		three = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		*to++ = letters[three >> 18];
		*to++ = letters[three >> 12 & 63];
		*to++ = letters[three >> 6 & 63];
		*to++ = letters[three & 63];
	}
	if (size > 0) {
		three = (uint32_t)p[0] << 16 |
		    (size == 2 ? (uint32_t)p[1] << 8 : 0);
		*to++ = letters[three >> 18];
		*to++ = letters[three >> 12 & 63];
		*to++ = size == 2 ? letters[three >> 6 & 63] : '=';
		*to++ = '=';
	}
	return (size_t)(to - begin);
}

/* Returns 64 for a character that is none. */
static uint32_t
letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four letters, of which `used` are no padding, give used - 1 bytes. */
static const char *
four_decode(const char *four, size_t used, char *to)
{
	uint32_t bits = 0, value;
	size_t i;

	for (i = 0; i < 4; i++) {
		value = i < used ? letter_value(four[i]) : 0;
		if (value == 64)
			return "not a character of base64";
		bits = bits << 6 | value;
	}
	if ((bits & ((1u << 8 * (4 - used)) - 1)) != 0)
		return "bits are left over in base64";
	for (i = 0; i + 1 < used; i++)
		to[i] = (char)(bits >> (16 - 8 * i) & 0xff);
	return NULL;
}

const char *
base64_decode(char *text, size_t *size)
{
	size_t i, used, n = 0;
	const char *reason;

	if (*size % 4 != 0)
		return "base64 comes in groups of four";
	for (i = 0; i < *size; i += 4) {
		used = 4;
		if (i + 4 == *size && text[i + 3] == '=')
			used = text[i + 2] == '=' ? 2 : 3;
		reason = four_decode(text + i, used, text + n);
		if (reason != NULL)
			return reason;
		n += used - 1;
	}
	*size = n;
	return NULL;
}
