/*
 * files.c - the names of a database's files: fixed words and numbers.
 *
 * Names come from a directory that anybody may have written into, so parsing
 * accepts exactly what file_name makes and nothing that merely looks like it.
 */
#include "env/files.h"

#include <stddef.h>
#include <string.h>

#include "base/bytes.h"

enum { DIGITS_MIN = 6 };

static const struct shape {
	const char *word;	/* for messages */
	const char *before, *behind;
	bool numbered;
} shapes[] = {
	[FILE_OTHER] = { "other", "", "", false },
	[FILE_TABLE] = { "table", "", ".sst", true },
	[FILE_LOG] = { "log", "", ".log", true },
	[FILE_MANIFEST] = { "manifest", "MANIFEST-", "", true },
	[FILE_CURRENT] = { "current", "CURRENT", "", false },
	[FILE_LOCK] = { "lock", "LOCK", "", false },
	[FILE_LOST] = { "lost", "lost+found", "", false },
	[FILE_TEMPORARY] = { "temporary", "CURRENT.new", "", false },
	[FILE_UNFINISHED] = { "unfinished", "UNFINISHED", "", false },
};

enum { SHAPES = sizeof shapes / sizeof *shapes };
_Static_assert(sizeof "MANIFEST-" + DECIMAL_MAX <= FILE_NAME_MAX,
    "the longest name fits");

const char *
file_name(char name[FILE_NAME_MAX], enum file_kind kind, uint64_t number)
{
	const struct shape *s = &shapes[kind];
	size_t n = strlen(s->before);
	char *p = name + n;

	memcpy(name, s->before, n);
	if (s->numbered)
		p = decimal_put(p, number, DIGITS_MIN);
	strcpy(p, s->behind);
	return name;
}

/* The digits at *text, as file_name writes them; *text moves behind them. */
static bool
number_parse(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (p - *text < DIGITS_MIN || (p - *text > DIGITS_MIN && **text == '0'))
		return false;
	*text = p;
	*number = n;
	return true;
}

static bool
shape_fits(const struct shape *s, const char *name, uint64_t *number)
{
	size_t before = strlen(s->before);

	*number = 0;
	if (strncmp(name, s->before, before) != 0)
		return false;
	name += before;
	if (s->numbered && !number_parse(&name, number))
		return false;
	return strcmp(name, s->behind) == 0;
}

enum file_kind
file_parse(const char *name, uint64_t *number)
{
	for (int kind = FILE_OTHER + 1; kind < SHAPES; kind++)
		if (shape_fits(&shapes[kind], name, number))
			return (enum file_kind)kind;
	*number = 0;
	return FILE_OTHER;
}

void
file_name_copy(char to[FILE_NAME_MAX], const char *name)
{
	size_t n = strnlen(name, FILE_NAME_MAX - 1);

	memcpy(to, name, n);
	to[n] = '\0';
}

const char *
file_kind_word(enum file_kind kind)
{
	return shapes[kind].word;
}
