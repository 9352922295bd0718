/*
 * hex.h - bytes as hexadecimal digits, two a byte, the high one first.
 *
 * Digits are lower case when written and of either case when read. Decoding
 * works in place, as digits take more room than their bytes.
 */
#ifndef HEX_H
#define HEX_H

#include <stdbool.h>
#include <stddef.h>

enum { HEX_MAX = 2 };		/* digits of a byte */

/* Write the digits of `size` bytes to `to`, which has room for HEX_MAX times
 * as much. Returns their number; no NUL is added. */
size_t hex_encode(char *to, const void *from, size_t size);

/* Replace digits by their bytes and set *size to theirs. Returns NULL, or the
 * reason why they are none; then the content is undefined. */
const char *hex_decode(char *text, size_t *size);

/* One byte from two digits. False when they are none. */
bool hex_byte(const char *digits, char *byte);

#endif
