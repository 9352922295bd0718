/*
 * option.h - a tool's options: one table that parses and that prints --help.
 *
 * The grammar of getopt_long(3) with these differences: long options are not
 * abbreviated, words are bytes of any value, and nothing is kept between two
 * calls, so that each line of a script can be parsed like a command line.
 *
 *   --name  --name=VALUE  --name VALUE  -n  -nVALUE  -n VALUE  -abc  --
 *
 * Options and operands mix; behind "--" all words are operands. "-" is one.
 */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "words.h"

enum { OPTIONS_MAX = 128 };

/* Which options of a table were there, by their places in it. */
struct option_set {
	uint64_t bits[OPTIONS_MAX / 64];
};

static inline bool
option_given(const struct option_set *s, size_t i)
{
	return s->bits[i / 64] >> i % 64 & 1;
}

struct option {
	const char *name;	/* without its hyphens; NULL ends a table */
	char letter;		/* 0: none */
	/* "N", "[DURATION]" (may be left out, needs "=" then), NULL: none */
	const char *argument;
	uint32_t scope;		/* what it applies to: bits of the tool's own */
	/* Takes the value into `settings`; value->text is NULL when it was left
	 * out. Returns an exit status. NULL: set the bool at `flag` instead. */
	int (*set)(void *settings, const struct option *, struct word value);
	size_t flag;		/* offsetof */
	const char *help;	/* one line */
};

/*
 * Take the options out of *words; what remains are
 * the operands, in their order.
 * Returns an exit status.
 */
int option_parse(const struct option *table, struct words *, void *settings,
    struct option_set *given);

/* Print the options of a scope, one a line; or one of them. */
void option_help(const struct option *table, uint32_t scope);
void option_help_line(const struct option *);

/* For `set`: complain about a value; EXIT_USAGE. `want` says what it takes. */
int option_bad(const struct option *, struct word value, const char *want);

#endif
