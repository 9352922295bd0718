/*
 * Fuzz: a line of a script. Words lie in the line, in order, each with a NUL
 * behind it; and they are the same words when they are quoted and split again.
 */
#include "words.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void *
alloc(size_t n)
{
	void *p = malloc(n);

	if (p == NULL)
		abort();
	return p;
}

/* "WORD" with every byte that is special escaped, and a blank. */
static size_t
quote(char *to, struct word w)
{
	size_t i, n = 0;

	to[n++] = '"';
	for (i = 0; i < w.size; i++) {
		if (w.text[i] == '"')
			to[n++] = '\\';
		if (w.text[i] == '"')
			to[n++] = '"';
		else
			n += escape_encode(to + n, w.text + i, 1);
	}
	to[n++] = '"';
	to[n++] = ' ';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *line = alloc(n + 1), *again = alloc(8 * n + 8);
	const char *at = line;
	struct words words = { 0 }, same = { 0 };
	char open;
	size_t i, size = 0;

	cli_hush();
	if (n > 0)
		memcpy(line, data, n);
	open = words_quote('\0', line, n);
	if (words_split(&words, line, n) != 0)
		goto done;
	assert(open == '\0');
	for (i = 0; i < words.count; i++) {
		assert(words.at[i].text >= at);
		at = words.at[i].text + words.at[i].size;
		assert(at <= line + n && *at == '\0');
		size += quote(again + size, words.at[i]);
	}
	if (words_split(&same, again, size) != 0 || same.count != words.count)
		abort();
	for (i = 0; i < words.count; i++)
		assert(same.at[i].size == words.at[i].size &&
		    memcmp(same.at[i].text, words.at[i].text,
		    same.at[i].size) == 0);
done:
	words_release(&words);
	words_release(&same);
	free(line);
	free(again);
	return 0;
}
