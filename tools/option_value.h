/*
 * option_value.h - how the value of an option is read: a choice of words, a
 * number, a size, a text.
 *
 * Where `set` of a table takes one of these, the value goes to the field at
 * the option's `flag`. They return an exit status, EXIT_USAGE with a word
 * about what is wanted.
 */
#ifndef OPTION_VALUE_H
#define OPTION_VALUE_H

#include "option.h"

/* A list of choices ends in a name of NULL. */
struct choice {
	const char *name;
	int value;
};

int option_choose(const struct option *, struct word value,
    const struct choice *, const char *want, int *chosen);

/* Into the uint64_t at `flag`: a number of something, above 0; a number of
 * records; a size. */
int option_positive(void *settings, const struct option *, struct word);
int option_count(void *settings, const struct option *, struct word);
int option_size(void *settings, const struct option *, struct word);

/* Into the struct word at `flag`: any bytes; the name of a file; a text of
 * escape.h, decoded in its place. */
int option_word(void *settings, const struct option *, struct word);
int option_file(void *settings, const struct option *, struct word);
int option_escaped(void *settings, const struct option *, struct word);

#endif
