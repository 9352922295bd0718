/*
 * typed.h - typed bytes as the wide characters of an editor, and back, with
 * nothing lost.
 *
 * A byte that is no character of the locale, or one that the editor would take
 * for a command, is a wide character of its own that no locale has: its value
 * plus TYPED_STRAY, in the half of the surrogates that never stands first.
 */
#ifndef TYPED_H
#define TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

enum { TYPED_STRAY = 0xdc00, TYPED_ROOM = 16 };

/* What was typed and is no character yet; zeroed at the start. */
struct typed {
	char bytes[TYPED_ROOM];
	size_t count;
};

/* The locale of what is typed: the user's, with UTF-8 in the place of one
 * that knows no byte above ASCII. */
void typed_locale(void);

void typed_add(struct typed *, char byte);

/* Take the first character; false when it wants another byte. With `ended`
 * there will be none, and it is false only when nothing is left. */
bool typed_take(struct typed *, bool ended, wchar_t *);

/* The bytes of `count` wide characters, in room from malloc that ends in a
 * NUL; NULL when there is no memory. */
char *typed_bytes(const wchar_t *, size_t count, size_t *size);

#endif
