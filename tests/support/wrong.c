/*
 * wrong.c - what a test program found wrong: one line, and false.
 */
#include "support/wrong.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "lsm.h"

enum { SHOWN_MAX = 24 };

static char words[1024];

bool
wrong(const char *format, ...)
{
	va_list ap;

	if (words[0] != '\0')
		return false;
	va_start(ap, format);
	vsnprintf(words, sizeof words, format, ap);
	va_end(ap);
	return false;
}

const char *
wrong_words(void)
{
	return words;
}

void
wrong_clear(void)
{
	words[0] = '\0';
}

bool
wrong_code(const char *call, int got, int wanted)
{
	if (got == wanted)
		return true;
	return wrong("%s: \"%s\", not \"%s\" (%s)", call, lsm_strerror(got),
	    lsm_strerror(wanted), lsm_message());
}

const char *
shown(struct bytes b)
{
	static char out[4 * SHOWN_MAX + 32];
	size_t at = 0;

	for (size_t i = 0; i < b.n && i < SHOWN_MAX; i++)
		at += (size_t)snprintf(out + at, sizeof out - at,
		    b.p[i] > ' ' && b.p[i] < 0x7f ? "%c" : "\\x%02x", b.p[i]);
	if (b.n > SHOWN_MAX)
		snprintf(out + at, sizeof out - at, "... (%zu bytes)", b.n);
	return out;
}

bool
tally_case(struct tally *t, bool ok, const char *where, ...)
{
	va_list ap;

	if (ok) {
		t->passed++;
		return true;
	}
	t->failed++;
	fputs("FAILED: ", stderr);
	va_start(ap, where);
	vfprintf(stderr, where, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", words[0] ? words : "(no words)");
	wrong_clear();
	return false;
}

int
tally_end(const struct tally *t)
{
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t->passed,
	    t->failed);
	return fflush(stdout) != 0 || t->failed != 0 || t->passed == 0;
}
