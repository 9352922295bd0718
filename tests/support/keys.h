/*
 * keys.h - families of keys, each a function of a number.
 *
 * Two numbers may make the same key; that is the same key then.
 */
#ifndef SUPPORT_KEYS_H
#define SUPPORT_KEYS_H

#include <stdint.h>

#include "base/bytes.h"

enum key_set {
	KEYS_DENSE,	/* k000, k001, ... */
	KEYS_BINARY,	/* few byte values, 0x00 and 0xff among them; empty */
	KEYS_PREFIX,	/* prefixes of each other, and long common ones */
	KEYS_LONG,	/* up to LSM_KEY_MAX bytes */
	KEY_SETS
};

/* In one of a few buffers that are used in turn. */
struct bytes key_make(enum key_set, uint32_t number);

/* A range that begins at the key, now small, now large or open; never empty. */
struct lsm_range key_range(enum key_set, uint32_t number, uint64_t tag);

const char *key_set_word(enum key_set);

#endif
