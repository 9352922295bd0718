/*
 * json.h - JSON on stdout, one object a line.
 *
 * Bytes that are valid UTF-8 are a string; others are never mangled: their
 * member is named NAME_hex and holds hexadecimal digits.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are well-formed UTF-8 (no surrogates, shortest forms). */
bool json_utf8(const void *data, size_t size);

/* "NAME":"BYTES" or "NAME_hex":"..."; `before` is "{" or ",". */
void json_bytes(const char *before, const char *name, const void *data,
    size_t size);

/* The same with the hexadecimal form always. */
void json_hex(const char *before, const char *name, const void *data,
    size_t size);

/* "NAME":NUMBER. */
void json_number(const char *before, const char *name, uint64_t value);

#endif
