/*
 * keys.c - families of keys, each a function of a number.
 */
#include "support/keys.h"

#include <stdio.h>

#include "base/random.h"

enum { TURNS = 8, DIFFERENCE = 8 };

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

	/* The difference stands early, late, or in the very last bytes. */
	size_t at = number % 3 == 0 ? 0 : number % 3 == 1 ? n / 2 :
	    n - DIFFERENCE;

	memset(out, 'x', n);
	snprintf((char *)out + at, DIFFERENCE, "%07u", number);
	out[at + DIFFERENCE - 1] = 'y';
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

/* The key and one byte more: right behind it, or behind all that it begins. */
static struct bytes
key_behind(struct bytes key, uint8_t byte)
{
	static uint8_t room[TURNS][LSM_KEY_MAX + 1];
	static unsigned turn;
	uint8_t *out = room[turn++ % TURNS];

	if (key.n)
		memcpy(out, key.p, key.n);
	out[key.n] = byte;
	return bytes(out, key.n + 1);
}

struct lsm_range
key_range(enum key_set set, uint32_t number, uint64_t tag)
{
	struct random r = { tag ^ 0x72616e6765 };
	struct bytes a = key_make(set, number), b;
	uint32_t on = number + 1 + (uint32_t)random_below(&r, 8);

	switch (random_below(&r, 32)) {
	case 0:
		return (struct lsm_range){ .from = bytes_slice(a) };
	case 1:
		return (struct lsm_range){ .to = bytes_slice(key_behind(a,
		    0)) };
	case 2:
		on = number * 7 + 100;
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		return (struct lsm_range){ bytes_slice(a),
		    bytes_slice(key_behind(a, 0)) };
	default:
		if (set != KEYS_DENSE && random_below(&r, 8) != 0)
			return (struct lsm_range){ bytes_slice(a),
			    bytes_slice(key_behind(a, 0xff)) };
	}
	b = key_make(set, on);
	if (bytes_compare(a, b) > 0)
		return (struct lsm_range){ bytes_slice(b), bytes_slice(a) };
	return (struct lsm_range){ bytes_slice(a),
		bytes_slice(bytes_equal(a, b) ? key_behind(a, 0) : b) };
}

const char *
key_set_word(enum key_set set)
{
	static const char *const words[KEY_SETS] = { "dense", "binary",
		"prefix", "long" };

	return words[set];
}
