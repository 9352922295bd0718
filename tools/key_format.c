/*
 * key_format.c - keys and values as people and programs write them.
 */
#include "key_format.h"

#include <inttypes.h>

#include "base64.h"
#include "escape.h"
#include "hex.h"
#include "number.h"
#include "out.h"

const char key_format_names[] =
    "raw, escaped, hex, base64, u32be, u64be, u32le or u64le";

static const char *const names[KEY_FORMATS] = { "", "raw", "escaped", "hex",
	"base64", "u32be", "u64be", "u32le", "u64le" };

bool
key_format_find(struct word name, enum key_format *format)
{
	int i;

	for (i = KEYS_RAW; i < KEY_FORMATS; i++) {
		if (word_is(name, names[i])) {
			*format = (enum key_format)i;
			return true;
		}
	}
	return false;
}

static size_t
number_width(enum key_format format)
{
	return format == KEYS_U32BE || format == KEYS_U32LE ? 4 : 8;
}

/* The place of the byte that counts 256 to the power of `i`. */
static size_t
number_place(enum key_format format, size_t i)
{
	bool big = format == KEYS_U32BE || format == KEYS_U64BE;

	return big ? number_width(format) - 1 - i : i;
}

static const char *
number_decode(enum key_format format, struct word *text,
    char room[KEY_NUMBER_MAX])
{
	size_t i, width = number_width(format);
	uint64_t n;

	if (!word_is_text(*text) || !number_count(text->text,
	    width == 4 ? UINT32_MAX : UINT64_MAX, &n))
		return width == 4 ? "not a decimal number of 32 bits" :
		    "not a decimal number of 64 bits";
	for (i = 0; i < width; i++)
		room[number_place(format, i)] = (char)(n >> 8 * i & 0xff);
	*text = (struct word){ room, width };
	return NULL;
}

static bool
number_print(enum key_format format, lsm_slice key)
{
	const unsigned char *p = key.data;
	uint64_t n = 0;
	size_t i;

	if (key.size != number_width(format))
		return false;
	for (i = 0; i < key.size; i++)
		n |= (uint64_t)p[number_place(format, i)] << 8 * i;
	out_format("%" PRIu64, n);
	return true;
}

const char *
key_decode(enum key_format format, struct word *text,
    char room[KEY_NUMBER_MAX])
{
	switch (format) {
	case KEYS_DEFAULT:
	case KEYS_RAW:
		return NULL;
	case KEYS_ESCAPED:
		return escape_decode(text->text, &text->size);
	case KEYS_HEX:
		/* No digits, where a word must not be empty. */
		if (word_is(*text, "-"))
			text->size = 0;
		return hex_decode(text->text, &text->size);
	case KEYS_BASE64:
		return base64_decode(text->text, &text->size);
	default:
		return number_decode(format, text, room);
	}
}

bool
key_print(enum key_format format, lsm_slice key)
{
	switch (format) {
	case KEYS_DEFAULT:
	case KEYS_ESCAPED:
		out_escaped(key.data, key.size);
		return true;
	case KEYS_RAW:
		out_bytes(key.data, key.size);
		return true;
	case KEYS_HEX:
		out_hex(key.data, key.size);
		return true;
	case KEYS_BASE64:
		out_base64(key.data, key.size);
		return true;
	default:
		return number_print(format, key);
	}
}
