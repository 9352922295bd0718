/*
 * text.h - strings that edits and states own. For this floor only.
 */
#ifndef VERSION_TEXT_H
#define VERSION_TEXT_H

#include <stddef.h>

/* n bytes and a NUL, to be ended with mem_free. */
int text_copy(const char *text, size_t n, char **out);

#endif
