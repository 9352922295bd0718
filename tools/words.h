/*
 * words.h - a line of a script, split into words.
 *
 *   line  := blank* (word blank+)* word? comment?
 *   word  := (plain | \escape | 'any but quote' | "plain, blank, \escape")+
 *
 * Blanks are space and TAB. Escapes are those of escape.h, and a backslash
 * before a blank, a quote or # takes that character as it is. Within single
 * quotes everything, newlines too, stands for itself. A # where a word could
 * begin starts a comment. Nothing else is special, and an unknown escape is an
 * error.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes, NULs included; one more NUL stands behind them. */
struct word {
	char *text;
	size_t size;
};

struct words {
	struct word *at;
	size_t count, capacity;
};

/* The word of a C string, which it borrows. */
struct word word_of(char *text);

/* Asked of every line of an input: the length of a constant takes no call. */
static inline bool
word_is(struct word w, const char *text)
{
	return w.size == strlen(text) && memcmp(w.text, text, w.size) == 0;
}

bool word_begins(struct word, const char *text);

/* No NUL hides what follows: so must be what becomes a number or a path. */
bool word_is_text(struct word);

/* Returns an exit status. */
int words_add(struct words *, struct word);

/* Split `line`, which has room for a NUL behind `size` bytes; the words point
 * into it. What was in *words before is forgotten. Returns an exit status. */
int words_split(struct words *, char *line, size_t size);

/* The quote that is open at the end of a line, NUL if none, when `quote` is at
 * its beginning: the next line belongs to the same word then. */
char words_quote(char quote, const char *line, size_t size);

void words_release(struct words *);

#endif
