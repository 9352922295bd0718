/*
 * Fuzz: hexadecimal digits and escapes. Bytes come back from their text, which
 * is what one byte after the other gives; and any text is read as one digit
 * after the other is.
 */
#include "hex.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { MAX = 4096 };

static char text[ESCAPE_MAX * MAX], other[ESCAPE_MAX * MAX];

struct coding {
	size_t (*encode)(char *, const void *, size_t);
	const char *(*decode)(char *, size_t *);
};

static const struct coding codings[] = { { hex_encode, hex_decode },
	{ escape_encode, escape_decode }, { print_encode, print_decode } };

static void
encode(const struct coding *c, const char *bytes, size_t size)
{
	size_t i, n = c->encode(text, bytes, size), m = 0;

	for (i = 0; i < size; i++)
		m += c->encode(other + m, bytes + i, 1);
	assert(n == m && memcmp(text, other, n) == 0);
	assert(c->decode(text, &n) == NULL && n == size);
	assert(memcmp(text, bytes, size) == 0);
}

static void
decode(const char *digits, size_t size)
{
	size_t i, n = size;
	bool good = true;

	memcpy(text, digits, size);
	for (i = 0; good && 2 * i + 2 <= size; i++)
		good = hex_byte(digits + 2 * i, other + i);
	good = good && size % 2 == 0;
	assert((hex_decode(text, &n) == NULL) == good);
	assert(!good || (n == i && memcmp(text, other, n) == 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char room[MAX], digits[MAX];
	size_t i;

	if (n == 0 || n > MAX)
		return 0;
	memcpy(room, data, n);
	for (i = 0; i < sizeof codings / sizeof *codings; i++)
		encode(&codings[i], room, n);
	decode(room, n);
	/* Digits but for one byte, anywhere. */
	for (i = 0; i < n; i++)
		digits[i] = "0123456789abcdefABCDEF"[data[i] % 22];
	decode(digits, n);
	digits[data[0] * 16 % n] = room[n - 1];
	decode(digits, n);
	return 0;
}
