/*
 * escape.h - bytes as printable text, in our words and in Berkeley DB's.
 *
 * Bytes from space to tilde stand for themselves, except the backslash:
 *
 *   \\ backslash   \t \n \r   \0 NUL   \xHH any other byte
 *
 * So a text holds no TAB and no newline, and no locale has a say. Decoding
 * works in place, as text is never shorter than its bytes.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stddef.h>

enum { ESCAPE_MAX = 4 };	/* bytes of text that one byte may need */

/* Write the text of `size` bytes to `to`, which has room for ESCAPE_MAX times
 * as much. Returns the size of the text; no NUL is added. */
size_t escape_encode(char *to, const void *from, size_t size);

/* Replace a text by its bytes and set *size to theirs. Returns NULL, or the
 * reason why it is no text; then its content is undefined. */
const char *escape_decode(char *text, size_t *size);

/* Read one escape; `at` is behind its backslash. Returns the characters it
 * takes, or 0 when it is none. */
size_t escape_read(const char *at, size_t size, char *byte);

/* The same as Berkeley DB prints it: "\\", and "\HH" without an x for all
 * bytes that do not stand for themselves. */
size_t print_encode(char *to, const void *from, size_t size);
const char *print_decode(char *text, size_t *size);

#endif
