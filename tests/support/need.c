/*
 * need.c - memory of the tests' own: had, or the program ends.
 */
#include "support/need.h"

#include <stdio.h>
#include <stdlib.h>

static void *
had(void *p, size_t size)
{
	if (p == NULL) {
		fprintf(stderr, "the test itself is out of memory: %zu bytes\n",
		    size);
		abort();
	}
	return p;
}

void *
need(size_t size)
{
	return had(calloc(1, size ? size : 1), size);
}

void *
need_more(void *p, size_t size)
{
	return had(realloc(p, size ? size : 1), size);
}

void
kept_set(struct kept *k, struct bytes b)
{
	if (k->p == NULL || k->room < b.n) {
		k->room = b.n + 64;
		k->p = need_more(k->p, k->room);
	}
	k->n = b.n;
	if (b.n)
		memmove(k->p, b.p, b.n);
}
