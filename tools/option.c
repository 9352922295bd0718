/*
 * option.c - a tool's options: one table that parses and that prints --help.
 *
 * Written out, because getopt_long(3) accepts abbreviations, stops at the NUL
 * of a word, obeys POSIXLY_CORRECT and keeps its state in globals.
 */
#include "option.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "nearest.h"
#include "out.h"

struct parser {
	const struct option *table;
	struct words *words;
	size_t next;		/* the word to read */
	void *settings;
	struct option_set given;
};

static bool
optional(const struct option *o)
{
	return o->argument != NULL && o->argument[0] == '[';
}

int
option_bad(const struct option *o, struct word value, const char *want)
{
	char room[CLI_KEY_ROOM];

	return cli_fail(EXIT_USAGE, "--%s: \"%s\" is not %s", o->name,
	    cli_key(value.text, value.size, room), want);
}

static int
option_set(struct parser *p, const struct option *o, struct word value)
{
	size_t i = (size_t)(o - p->table);

	assert(i < OPTIONS_MAX);
	p->given.bits[i / 64] |= UINT64_C(1) << i % 64;
	if (o->set != NULL)
		return o->set(p->settings, o, value);
	*(bool *)((char *)p->settings + o->flag) = true;
	return 0;
}

/* The value is the next word. */
static int
option_set_next(struct parser *p, const struct option *o)
{
	if (p->next == p->words->count)
		return cli_fail(EXIT_USAGE, "--%s needs %s", o->name,
		    o->argument);
	return option_set(p, o, p->words->at[p->next++]);
}

static int
unknown_long(const struct option *o, struct word name)
{
	struct nearest n;
	char room[CLI_KEY_ROOM];

	name.text[name.size] = '\0';
	for (nearest_start(&n, name.text); o->name != NULL; o++)
		nearest_offer(&n, o->name);
	cli_key(name.text, name.size, room);
	if (n.best == NULL)
		return cli_fail(EXIT_USAGE,
		    "unknown option --%s; try --help", room);
	return cli_fail(EXIT_USAGE,
	    "unknown option --%s, perhaps --%s; try --help", room, n.best);
}

/* `word` stands behind its two hyphens. */
static int
parse_long(struct parser *p, struct word word)
{
	const struct option *o;
	char *equals = memchr(word.text, '=', word.size);
	struct word name = word, value = { 0 };

	if (equals != NULL) {
		name.size = (size_t)(equals - word.text);
		value = (struct word){ equals + 1, word.size - name.size - 1 };
	}
	for (o = p->table; o->name != NULL; o++) {
		if (strlen(o->name) == name.size &&
		    memcmp(o->name, name.text, name.size) == 0)
			break;
	}
	if (o->name == NULL)
		return unknown_long(p->table, name);
	if (equals != NULL && o->argument == NULL)
		return cli_fail(EXIT_USAGE, "--%s takes no value", o->name);
	if (equals == NULL && o->argument != NULL && !optional(o))
		return option_set_next(p, o);
	return option_set(p, o, value);
}

static const struct option *
letter_find(const struct option *o, char letter)
{
	while (o->name != NULL && (o->letter == 0 || o->letter != letter))
		o++;
	return o->name == NULL ? NULL : o;
}

static int
unknown_letter(char letter)
{
	char room[CLI_KEY_ROOM];

	return cli_fail(EXIT_USAGE, "unknown option -%s; try --help, or -- "
	    "before an operand that begins with -", cli_key(&letter, 1, room));
}

/* `word` stands behind its hyphen and has at least one letter. */
static int
parse_letters(struct parser *p, struct word word)
{
	const struct option *o;
	int status = 0;

	while (status == 0 && word.size > 0) {
		o = letter_find(p->table, *word.text);
		if (o == NULL)
			return unknown_letter(*word.text);
		word.text++;
		word.size--;
		if (o->argument == NULL)
			status = option_set(p, o, (struct word){ 0 });
		else if (word.size > 0)
			return option_set(p, o, word);
		else if (optional(o))
			return option_set(p, o, (struct word){ 0 });
		else
			return option_set_next(p, o);
	}
	return status;
}

static bool
is_option(struct word w)
{
	return w.size >= 2 && w.text[0] == '-';
}

static int
parse_word(struct parser *p, struct word w)
{
	if (w.text[1] == '-')
		return parse_long(p, (struct word){ w.text + 2, w.size - 2 });
	return parse_letters(p, (struct word){ w.text + 1, w.size - 1 });
}

int
option_parse(const struct option *table, struct words *words, void *settings,
    struct option_set *given)
{
	struct parser p = { .table = table, .words = words,
		.settings = settings };
	size_t operands = 0;
	bool ended = false;
	struct word w;
	int status = 0;

	while (status == 0 && p.next < words->count) {
		w = words->at[p.next++];
		if (ended || !is_option(w))
			words->at[operands++] = w;
		else if (w.size == 2 && w.text[1] == '-')
			ended = true;
		else
			status = parse_word(&p, w);
	}
	words->count = operands;
	*given = p.given;
	return status;
}

void
option_help_line(const struct option *o)
{
	char left[64];
	const char *argument = o->argument == NULL ? "" : o->argument;
	const char *equals = o->argument == NULL ? "" : "=";

	/* "[=DURATION]": the "=" may be left out with its value. */
	if (optional(o)) {
		equals = "[=";
		argument++;
	}
	if (o->letter != 0)
		snprintf(left, sizeof left, "-%c, --%s%s%s", o->letter,
		    o->name, equals, argument);
	else
		snprintf(left, sizeof left, "    --%s%s%s", o->name, equals,
		    argument);
	out_format("  %-26s %s\n", left, o->help);
}

void
option_help(const struct option *table, uint32_t scope)
{
	for (; table->name != NULL; table++) {
		if ((table->scope & scope) != 0)
			option_help_line(table);
	}
}
