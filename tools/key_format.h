/*
 * key_format.h - keys and values as people and programs write them.
 *
 *   raw            the bytes themselves
 *   escaped        the text of escape.h
 *   hex, base64    (base64 with its padding, RFC 4648); "-" is no byte of hex
 *   u32be u64be u32le u64le
 *                  a decimal number; the bytes are an integer of fixed width
 *
 * Of these only the be numbers have keys in the order of their numbers.
 */
#ifndef KEY_FORMAT_H
#define KEY_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "lsm.h"

#include "words.h"

enum key_format { KEYS_DEFAULT, KEYS_RAW, KEYS_ESCAPED, KEYS_HEX, KEYS_BASE64,
	KEYS_U32BE, KEYS_U64BE, KEYS_U32LE, KEYS_U64LE, KEY_FORMATS };

enum {
	KEY_NUMBER_MAX = 8,	/* bytes of the widest number */
	KEY_TEXT_MAX = 4	/* bytes of text that one byte may need */
};

/* The names for --help, "raw, escaped, ...". */
extern const char key_format_names[];

/* Returns false when there is no such format. */
bool key_format_find(struct word name, enum key_format *);

/* Replace a text by its bytes, in its own place, or in `room` for a number.
 * Returns NULL, or the reason why it is no key. KEYS_DEFAULT is raw. */
const char *key_decode(enum key_format, struct word *text,
    char room[KEY_NUMBER_MAX]);

/* Print to stdout. KEYS_DEFAULT is escaped. False when the format cannot say
 * these bytes: a number has its width. */
bool key_print(enum key_format, lsm_slice);

#endif
