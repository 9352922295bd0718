/*
 * base64.h - bytes as base64 text, RFC 4648 with its padding.
 */
#ifndef BASE64_H
#define BASE64_H

#include <stddef.h>

/* Write the text of `size` bytes to `to`, which has room for 4 characters for
 * each 3 bytes or part of them. Returns its size; no NUL is added. */
size_t base64_encode(char *to, const void *from, size_t size);

/* Replace a text by its bytes. Returns NULL, or the reason why it is none;
 * then its content is undefined. */
const char *base64_decode(char *text, size_t *size);

#endif
