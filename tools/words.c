/*
 * words.c - a line of a script, split into words.
 *
 * A word is never longer than its spelling, so it is written over it.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "escape.h"

struct splitter {
	const char *at, *end;	/* what is left to read */
	char *to;		/* where the next byte of the word goes */
};

struct word
word_of(char *text)
{
	return (struct word){ text, strlen(text) };
}

bool
word_begins(struct word w, const char *text)
{
	size_t n = strlen(text);

	return w.size >= n && memcmp(w.text, text, n) == 0;
}

bool
word_is_text(struct word w)
{
	return strlen(w.text) == w.size;
}

int
words_add(struct words *w, struct word word)
{
	size_t capacity = w->capacity == 0 ? 16 : 2 * w->capacity;
	struct word *grown;

	if (w->count == w->capacity) {
		grown = realloc(w->at, capacity * sizeof *grown);
		if (grown == NULL)
			return cli_fail_memory();
		w->at = grown;
		w->capacity = capacity;
	}
	w->at[w->count++] = word;
	return 0;
}

void
words_release(struct words *w)
{
	free(w->at);
	*w = (struct words){ 0 };
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* `at` is on a backslash. */
static const char *
take_escape(struct splitter *s)
{
	size_t left = (size_t)(s->end - ++s->at), n;

	if (left > 0 && (blank(*s->at) || *s->at == '\'' || *s->at == '"' ||
	    *s->at == '#')) {
		*s->to++ = *s->at++;
		return NULL;
	}
	n = escape_read(s->at, left, s->to);
	if (n == 0)
		return "unknown escape: a backslash is written \\\\";
	s->at += n;
	s->to++;
	return NULL;
}

/* `at` is on the opening quote. */
static const char *
take_quoted(struct splitter *s)
{
	char quote = *s->at++;
	const char *reason;

	while (s->at < s->end && *s->at != quote) {
		if (quote == '"' && *s->at == '\\') {
			if ((reason = take_escape(s)) != NULL)
				return reason;
		} else {
			*s->to++ = *s->at++;
		}
	}
	if (s->at == s->end)
		return "a quote is not closed";
	s->at++;
	return NULL;
}

static const char *
take_word(struct splitter *s)
{
	const char *reason = NULL;

	while (reason == NULL && s->at < s->end && !blank(*s->at)) {
		if (*s->at == '\\')
			reason = take_escape(s);
		else if (*s->at == '\'' || *s->at == '"')
			reason = take_quoted(s);
		else
			*s->to++ = *s->at++;
	}
	return reason;
}

int
words_split(struct words *w, char *line, size_t size)
{
	struct splitter s = { .at = line, .end = line + size, .to = line };
	const char *reason;
	char *begin;
	int status = 0;

	for (w->count = 0; status == 0;) {
		while (s.at < s.end && blank(*s.at))
			s.at++;
		if (s.at == s.end || *s.at == '#')
			break;
		begin = s.to;
		if ((reason = take_word(&s)) != NULL)
			return cli_fail(EXIT_USAGE, "%s", reason);
		status = words_add(w, (struct word){ begin,
		    (size_t)(s.to - begin) });
		/* The blank behind the word, or the line's end, is its NUL. */
		if (s.at < s.end)
			s.at++;
		*s.to++ = '\0';
	}
	return status;
}

char
words_quote(char quote, const char *line, size_t size)
{
	bool begins = true;
	size_t i;

	for (i = 0; i < size; i++) {
		if (quote == '\0' && begins && line[i] == '#')
			break;
		begins = quote == '\0' && blank(line[i]);
		if (line[i] == '\\' && quote != '\'')
			i++;
		else if (quote == '\0' && (line[i] == '\'' ||
		    line[i] == '"'))
			quote = line[i];
		else if (line[i] == quote)
			quote = '\0';
	}
	return quote;
}
