/*
 * json.h - JSON, one object a line: printed, and read.
 *
 * Bytes that are valid UTF-8 are a string; others are never mangled: their
 * member is named NAME_hex and holds hexadecimal digits.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

struct json_object;

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

/* Whether the tools were built with a library that reads JSON. Without it the
 * functions below find nothing. */
bool json_can_read(void);

/* An object from its text. Returns NULL, or the reason why it is none. */
const char *json_parse(const char *text, size_t, struct json_object **);
void json_free(struct json_object *);

/* A member that is a string; the bytes are the object's and may be changed. */
bool json_member(struct json_object *, const char *name, struct word *);

/* A member that is a whole number, as its digits. */
bool json_count(struct json_object *, const char *name, char *text, size_t);

#endif
