/*
 * nearest.c - the name that a mistyped word probably meant.
 *
 * Levenshtein's distance, one row at a time. A name that begins with the word
 * is nearest of all: somebody hoped for abbreviations.
 */
#include "nearest.h"

#include <string.h>

enum { LENGTH_MAX = 32, DISTANCE_MAX = 2 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* `b` is no longer than LENGTH_MAX. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[LENGTH_MAX + 1], i, j, corner, above, n = strlen(b);

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least(least(above, row[j - 1]) + 1,
			    corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[n];
}

void
nearest_start(struct nearest *n, const char *word)
{
	*n = (struct nearest){ .word = word, .distance = DISTANCE_MAX + 1 };
}

void
nearest_offer(struct nearest *n, const char *name)
{
	size_t length = strlen(n->word), d;

	if (length < 2 || length > LENGTH_MAX || strlen(name) > LENGTH_MAX)
		return;
	d = strncmp(n->word, name, length) == 0 ? 0 :
	    distance(n->word, name);
	if (d < n->distance && d < length) {
		n->distance = d;
		n->best = name;
	}
}
