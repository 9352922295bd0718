/*
 * keys.c - families of keys, each a function of a number.
 */
#include "support/keys.h"

#include <stdio.h>

#include "base/random.h"

enum { TURNS = 8 };

static size_t
binary(uint32_t number, uint8_t *out)
{
	static const uint8_t alphabet[] = { 0x00, 0x01, 0x7f, 0x80, 0xfe,
		0xff };
	struct random r = { number };
	size_t n = number ? 1 + random_below(&r, 6) : 0;

	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[random_below(&r, sizeof alphabet)];
	return n;
}

static size_t
prefix(uint32_t number, uint8_t *out)
{
	size_t n = number % 40;

	memset(out, 'a' + (int)(number / 40 % 3), n);
	if (number % 2)
		return n;
	return n + (size_t)snprintf((char *)out + n, 16, ":%u", number / 3);
}

static size_t
long_key(uint32_t number, uint8_t *out)
{
	struct random r = { number };
	size_t n = number % 5 == 0 ? LSM_KEY_MAX :
	    8 + random_below(&r, LSM_KEY_MAX - 8);

	memset(out, 'x', n);
	/* The difference stands early, late, or in the very last bytes. */
	snprintf((char *)out + (number % 3 == 0 ? 0 : number % 3 == 1 ? n / 2 :
	    n - 8), 8, "%07u", number);
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = 'y';
	return n;
}

struct bytes
key_make(enum key_set set, uint32_t number)
{
	static uint8_t room[TURNS][LSM_KEY_MAX + 1];
	static unsigned turn;
	uint8_t *out = room[turn++ % TURNS];

	switch (set) {
	case KEYS_BINARY:
		return bytes(out, binary(number, out));
	case KEYS_PREFIX:
		return bytes(out, prefix(number, out));
	case KEYS_LONG:
		return bytes(out, long_key(number, out));
	default:
		return bytes(out, (size_t)snprintf((char *)out, LSM_KEY_MAX,
		    "k%03u", number));
	}
}

const char *
key_set_word(enum key_set set)
{
	static const char *const words[KEY_SETS] = { "dense", "binary",
		"prefix", "long" };

	return words[set];
}
