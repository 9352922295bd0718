/*
 * Fuzz: a command line, a word a line, for the options of lsm-cli and all that
 * their values may be; and the decoders of keys behind them.
 */
#include "option.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cli_need.h"
#include "cli_settings.h"
#include "number.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A decoder writes no more than it was given. */
static void
decode(const char *text, size_t size)
{
	char room[KEY_NUMBER_MAX];
	struct word w;
	int format;

	for (format = KEYS_RAW; format < KEY_FORMATS; format++) {
		char *copy = malloc(size + 1);

		if (copy == NULL)
			abort();
		memcpy(copy, text, size);
		copy[size] = '\0';
		w = (struct word){ copy, size };
		if (key_decode((enum key_format)format, &w, room) == NULL)
			assert(w.text == room ? w.size <= sizeof room :
			    w.size <= size);
		free(copy);
	}
}

static void
numbers(const char *text)
{
	uint64_t n;

	if (number_count(text, 1000, &n))
		assert(n <= 1000);
	if (number_size(text, 1 << 20, &n))
		assert(n <= 1 << 20);
	number_duration(text, &n);
	number_rate(text, &n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1), *at = text, *end, *stop;
	struct words words = { 0 };
	struct settings set;
	size_t all;

	if (text == NULL)
		abort();
	cli_hush();
	if (n > 0)
		memcpy(text, data, n);
	text[n] = '\0';
	for (end = text + n; at <= end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL)
			stop = end;
		*stop = '\0';
		decode(at, (size_t)(stop - at));
		numbers(at);
		if (words_add(&words, (struct word){ at,
		    (size_t)(stop - at) }) != 0)
			abort();
	}
	all = words.count;
	settings_init(&set);
	if (settings_parse(&set, &words) == 0) {
		assert(words.count <= all);
		settings_check(&set, ON_SCAN, "scan");
		settings_check_line(&set);
		needs_check(&set, ON_SCAN, words.count);
	}
	words_release(&words);
	free(text);
	return 0;
}
