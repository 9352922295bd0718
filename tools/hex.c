/*
 * hex.c - bytes as hexadecimal digits, two a byte, the high one first.
 *
 * Dumps and loads are made of digits, so sixteen are done at once, in the
 * vectors that GCC and Clang have on every machine. The digits of a nibble are
 * its sum with '0', and from ten on with STEP more.
 */
#include "hex.h"

#include <stdint.h>
#include <string.h>

enum { WIDE = 16, STEP = 'a' - '0' - 10, LOWER = 'a' - 'A' };

typedef uint8_t vector __attribute__((vector_size(WIDE)));

static inline vector
vector_get(const char *from)
{
	vector v;

	memcpy(&v, from, sizeof v);
	return v;
}

static inline void
vector_put(char *to, vector v)
{
	memcpy(to, &v, sizeof v);
}

static inline vector
digits_of(vector nibbles)
{
	return nibbles + '0' + ((vector)(nibbles > 9) & STEP);
}

static inline void
encode_wide(char *to, const char *from)
{
	vector v = vector_get(from), high = v >> 4, low = v & 15;

	vector_put(to, digits_of(__builtin_shufflevector(high, low,
	    0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)));
	vector_put(to + WIDE, digits_of(__builtin_shufflevector(high, low,
	    8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)));
}

size_t
hex_encode(char *to, const void *from, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = from;
	unsigned char c;
	size_t i = 0;

	for (; i + WIDE <= size; i += WIDE)
		encode_wide(to + HEX_MAX * i, p + i);
	for (; i < size; i++) {
		c = (unsigned char)p[i];
		to[HEX_MAX * i] = digits[c >> 4];
		to[HEX_MAX * i + 1] = digits[c & 15];
	}
	return HEX_MAX * size;
}

/*
 * The nibbles of digits; bits of *bad are set where the text is none: a nibble
 * is below 16, and digits_of() gives its text back. Letters have bit 6.
 */
static inline vector
nibbles_of(vector text, vector *bad)
{
	vector letter = (vector)((text & 0x40) != 0);
	vector nibbles = (text & 15) + (letter & 9);

	*bad |= (nibbles & 16) |
	    (digits_of(nibbles) ^ (text | (letter & LOWER)));
	return nibbles;
}

static inline bool
all_zero(vector v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (halves[0] | halves[1]) == 0;
}

static inline bool
decode_wide(char *to, const char *from)
{
	vector bad = { 0 }, a = nibbles_of(vector_get(from), &bad);
	vector b = nibbles_of(vector_get(from + WIDE), &bad);
	vector high = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14,
	    16, 18, 20, 22, 24, 26, 28, 30);
	vector low = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15,
	    17, 19, 21, 23, 25, 27, 29, 31);

	if (!all_zero(bad))
		return false;
	vector_put(to, high << 4 | low);
	return true;
}

bool
hex_byte(const char *at, char *byte)
{
	/* One more than the value, so that 0 is no digit. */
	static const uint8_t values[256] = {
		['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
		['A'] = 11, 12, 13, 14, 15, 16,
		['a'] = 11, 12, 13, 14, 15, 16
	};
	int high = values[(unsigned char)at[0]] - 1;
	int low = values[(unsigned char)at[1]] - 1;

	if (high < 0 || low < 0)
		return false;
	*byte = (char)(high << 4 | low);
	return true;
}

const char *
hex_decode(char *text, size_t *size)
{
	size_t i = 0, bytes = *size / HEX_MAX;
	bool good = true;

	if (*size % HEX_MAX != 0)
		return "an odd number of hexadecimal digits";
	for (; good && i + WIDE <= bytes; i += WIDE)
		good = decode_wide(text + i, text + HEX_MAX * i);
	for (; good && i < bytes; i++)
		good = hex_byte(text + HEX_MAX * i, text + i);
	if (!good)
		return "not a hexadecimal digit";
	*size = bytes;
	return NULL;
}
