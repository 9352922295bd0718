/*
 * number.c - counts, sizes and durations as people type them.
 */
#include "number.h"

#include <stddef.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
};

static const struct unit durations[] = {
	{ "", 1000000 },
	{ "ms", 1000 },
	{ "s", 1000000 },
	{ "m", UINT64_C(60) * 1000000 },
	{ "h", UINT64_C(3600) * 1000000 },
	{ "d", UINT64_C(86400) * 1000000 },
};

/* Returns what follows the digits, or NULL. */
static const char *
digits_read(const char *text, uint64_t max, uint64_t *value)
{
	uint64_t n = 0, digit;

	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		digit = (uint64_t)(*text - '0');
		if (n > max / 10 || digit > max - n * 10)
			return NULL;
		n = n * 10 + digit;
	}
	*value = n;
	return text;
}

static bool
number_with_unit(const char *text, const struct unit *units, size_t count,
    uint64_t max, uint64_t *value)
{
	const char *rest = digits_read(text, max, value);
	size_t i;

	for (i = 0; rest != NULL && i < count; i++) {
		if (strcmp(rest, units[i].name) != 0)
			continue;
		if (*value > max / units[i].factor)
			return false;
		*value *= units[i].factor;
		return true;
	}
	return false;
}

bool
number_count(const char *text, uint64_t max, uint64_t *count)
{
	return number_with_unit(text, sizes, 1, max, count);
}

bool
number_size(const char *text, uint64_t max, uint64_t *size)
{
	return number_with_unit(text, sizes, sizeof sizes / sizeof *sizes,
	    max, size);
}

bool
number_duration(const char *text, uint64_t *us)
{
	return number_with_unit(text, durations,
	    sizeof durations / sizeof *durations, UINT64_MAX - 1, us);
}

bool
number_rate(const char *text, uint64_t *bytes)
{
	char size[32];
	size_t n = strlen(text);

	if (n >= 2 && strcmp(text + n - 2, "/s") == 0)
		n -= 2;
	if (n >= sizeof size)
		return false;
	memcpy(size, text, n);
	size[n] = '\0';
	return number_size(size, UINT64_MAX, bytes);
}
