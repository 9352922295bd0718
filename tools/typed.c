/*
 * typed.c - typed bytes as the wide characters of an editor, and back, with
 * nothing lost.
 */
#include "typed.h"

#include <assert.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

enum { BYTE_ASCII_MAX = 0x7f, BYTE_MAX = 0xff };

/* Also where the user's own locale is not installed, as in many a container:
 * then this is "C". */
void
typed_locale(void)
{
	const char *name;

	setlocale(LC_CTYPE, "");
	name = setlocale(LC_CTYPE, NULL);
	if (name == NULL || strcmp(name, "C") == 0 ||
	    strcmp(name, "POSIX") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

void
typed_add(struct typed *t, char byte)
{
	assert(t->count < TYPED_ROOM);
	t->bytes[t->count++] = byte;
}

/* An editor has commands at the places of the control characters behind ASCII,
 * and of all behind ASCII that the locale cannot print. */
static bool
is_command(wchar_t wide)
{
	return wide > BYTE_ASCII_MAX && wide <= BYTE_MAX &&
	    !iswprint((wint_t)wide);
}

bool
typed_take(struct typed *t, bool ended, wchar_t *wide)
{
	mbstate_t state = { 0 };
	size_t took;

	if (t->count == 0)
		return false;
	took = mbrtowc(wide, t->bytes, t->count, &state);
	if (took == (size_t)-2 && !ended && t->count < MB_LEN_MAX)
		return false;
	if (took == (size_t)-1 || took == (size_t)-2 || is_command(*wide)) {
		*wide = (unsigned char)t->bytes[0];
		if (*wide > BYTE_ASCII_MAX)
			*wide += TYPED_STRAY;
		took = 1;
	}
	took += took == 0;	/* NUL */
	t->count -= took;
	memmove(t->bytes, t->bytes + took, t->count);
	return true;
}

static size_t
encode(char *to, wchar_t wide)
{
	mbstate_t state = { 0 };
	size_t size;

	if (wide > TYPED_STRAY + BYTE_ASCII_MAX &&
	    wide <= TYPED_STRAY + BYTE_MAX) {
		*to = (char)(wide - TYPED_STRAY);
		return 1;
	}
	size = wcrtomb(to, wide, &state);
	if (size != (size_t)-1)
		return size;
	/* Of the editor's own making: all others came out of mbrtowc. */
	*to = (char)wide;
	return 1;
}

char *
typed_bytes(const wchar_t *wide, size_t count, size_t *size)
{
	char *bytes = malloc(count * MB_LEN_MAX + 1);
	size_t i;

	*size = 0;
	if (bytes == NULL)
		return NULL;
	for (i = 0; i < count; i++)
		*size += encode(bytes + *size, wide[i]);
	bytes[*size] = '\0';
	return bytes;
}
