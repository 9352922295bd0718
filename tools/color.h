/*
 * color.h - colour at a terminal, and elsewhere only when it is asked for.
 *
 * It never says anything by itself. Off where NO_COLOR is set and not empty
 * and where TERM is dumb or unset, unless --color decides.
 */
#ifndef COLOR_H
#define COLOR_H

#include <stdbool.h>

#define COLOR_KEY "\033[36m"
#define COLOR_VALUE "\033[32m"
#define COLOR_PROMPT "\033[1m"
#define COLOR_ERROR "\033[1;31m"
#define COLOR_END "\033[0m"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* From now on; COLOR_AUTO until then. */
void color_choose(enum color);

/* Whether what is written to `fd` has colours. */
bool color_on(int fd);

#endif
