/*
 * option_value.c - how the value of an option is read.
 */
#include "option_value.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "escape.h"
#include "number.h"

enum { WANT_ROOM = 64 };

int
option_choose(const struct option *o, struct word value, const struct choice *c,
    const char *want, int *chosen)
{
	for (; c->name != NULL; c++)
		if (word_is(value, c->name)) {
			*chosen = c->value;
			return 0;
		}
	return option_bad(o, value, want);
}

/* Somebody whose number is too large is told what is not. */
static int
number_bad(const struct option *o, struct word w, const char *what,
    uint64_t max)
{
	char want[WANT_ROOM];

	snprintf(want, sizeof want, "%s %" PRIu64, what, max);
	return option_bad(o, w, want);
}

int
option_positive(void *settings, const struct option *o, struct word w)
{
	uint64_t n;

	if (!word_is_text(w) || !number_count(w.text, UINT32_MAX, &n) ||
	    n == 0)
		return number_bad(o, w, "a number from 1 to", UINT32_MAX);
	*(uint64_t *)(void *)((char *)settings + o->flag) = n;
	return 0;
}

int
option_count(void *settings, const struct option *o, struct word w)
{
	uint64_t n;

	if (!word_is_text(w) || !number_count(w.text, UINT64_MAX, &n))
		return number_bad(o, w, "a number of records up to",
		    UINT64_MAX);
	*(uint64_t *)(void *)((char *)settings + o->flag) = n;
	return 0;
}

int
option_size(void *settings, const struct option *o, struct word w)
{
	uint64_t n;

	if (!word_is_text(w) || !number_size(w.text, SIZE_MAX, &n))
		return option_bad(o, w, "a size such as 64K or 16M");
	*(uint64_t *)(void *)((char *)settings + o->flag) = n;
	return 0;
}

int
option_word(void *settings, const struct option *o, struct word w)
{
	*(struct word *)(void *)((char *)settings + o->flag) = w;
	return 0;
}

int
option_file(void *settings, const struct option *o, struct word w)
{
	if (!word_is_text(w) || w.size == 0)
		return option_bad(o, w, "the name of a file");
	return option_word(settings, o, w);
}

int
option_escaped(void *settings, const struct option *o, struct word w)
{
	if (escape_decode(w.text, &w.size) != NULL)
		return option_bad(o, w, "an escaped text");
	return option_word(settings, o, w);
}
