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

enum { WIDE = 16, STEP = 'a' - '0' - 10, UPPER = 0xff & ~('a' - 'A') };

typedef uint8_t vector __attribute__((vector_size(WIDE)));
typedef int8_t vector_signed __attribute__((vector_size(WIDE)));

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

/* All bits of a byte, or none: is it one of `count` from `first` on? What
 * there is of comparisons everywhere is signed ones. */
static inline vector
vector_range(vector v, uint8_t first, uint8_t count)
{
	vector_signed moved = (vector_signed)(v + (uint8_t)(0x80 - first));

	return (vector)(moved < (int8_t)(count - 0x80));
}

static inline bool
vector_all(vector v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (halves[0] & halves[1]) == UINT64_MAX;
}

static inline vector
digits_of(vector nibbles)
{
	return nibbles + '0' + (vector_range(nibbles, 10, 6) & STEP);
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

/* The nibbles of digits; *good loses bits where the text is none. */
static inline vector
nibbles_of(vector text, vector *good)
{
	vector letter = vector_range(text & UPPER, 'A', 6);

	*good &= letter | vector_range(text, '0', 10);
	return (text & 15) + (letter & 9);
}

static inline void
decode_wide(char *to, const char *from, vector *good)
{
	vector a = nibbles_of(vector_get(from), good);
	vector b = nibbles_of(vector_get(from + WIDE), good);
	vector high = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14,
	    16, 18, 20, 22, 24, 26, 28, 30);
	vector low = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15,
	    17, 19, 21, 23, 25, 27, 29, 31);

	vector_put(to, high << 4 | low);
}

/* Decode what can be done sixteen at a time, and return how much that is. The
 * last bytes may come twice: their digits are not overwritten yet. */
static size_t
decode_vectors(char *text, size_t bytes, vector *good)
{
	size_t i;

	for (i = 0; i + WIDE <= bytes; i += WIDE)
		decode_wide(text + i, text + HEX_MAX * i, good);
	if (i == bytes || bytes < 2 * WIDE)
		return i;
	i = bytes - WIDE;
	decode_wide(text + i, text + HEX_MAX * i, good);
	return bytes;
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
	size_t i, bytes = *size / HEX_MAX;
	vector wide = ~(vector){ 0 };
	bool good = true;

	if (*size % HEX_MAX != 0)
		return "an odd number of hexadecimal digits";
	for (i = decode_vectors(text, bytes, &wide); good && i < bytes; i++)
		good = hex_byte(text + HEX_MAX * i, text + i);
	if (!good || !vector_all(wide))
		return "not a hexadecimal digit";
	*size = bytes;
	return NULL;
}
