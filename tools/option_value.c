/*
 * option_value.c - how the value of an option is read.
 */
#include "option_value.h"

#include <stdint.h>

#include "escape.h"
#include "number.h"

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

int
option_positive(void *settings, const struct option *o, struct word w)
{
	uint64_t n;

	if (!word_is_text(w) || !number_count(w.text, UINT32_MAX, &n) ||
	    n == 0)
		return option_bad(o, w, "a number above 0");
	*(uint64_t *)(void *)((char *)settings + o->flag) = n;
	return 0;
}

int
option_count(void *settings, const struct option *o, struct word w)
{
	uint64_t n;

	if (!word_is_text(w) || !number_count(w.text, UINT64_MAX, &n))
		return option_bad(o, w, "a number of records");
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
