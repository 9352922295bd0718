/*
 * json.c - JSON on stdout, one object a line.
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "hex.h"
#include "out.h"

/* Bytes of the sequence that begins with `c`, and the range of its second
 * byte (Unicode's table of well-formed sequences); 0 when none does. */
static size_t
sequence_of(unsigned char c, unsigned char *low, unsigned char *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

bool
json_utf8(const void *data, size_t size)
{
	const unsigned char *p = data, *end = p + size;
	unsigned char low, high;
	size_t n, i;

	for (; p < end; p += n) {
		n = sequence_of(*p, &low, &high);
		if (n == 0 || n > (size_t)(end - p))
			return false;
		if (n > 1 && (p[1] < low || p[1] > high))
			return false;
		for (i = 2; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return false;
		}
	}
	return true;
}

static void
string_byte(unsigned char c)
{
	static const char letters[] = "btn_fr";
	char text[] = { '\\', 'u', '0', '0', 0, 0 };
	size_t size = 2;

	if (c == '"' || c == '\\')
		text[1] = (char)c;
	else if (c >= '\b' && c <= '\r' && c != '\v')
		text[1] = letters[c - '\b'];
	else
		size = 4 + hex_encode(text + 4, &c, 1);
	out_bytes(text, size);
}

/* Control characters and DEL are escaped, UTF-8 stays as it is. */
static void
string_print(const unsigned char *p, size_t size)
{
	const unsigned char *end = p + size, *from;

	while (p < end) {
		for (from = p; p < end && *p >= 0x20 && *p != 0x7f &&
		    *p != '"' && *p != '\\'; p++)
			;
		out_bytes(from, (size_t)(p - from));
		if (p < end)
			string_byte(*p++);
	}
}

static void
name_print(const char *before, const char *name, const char *suffix)
{
	out_text(before);
	out_char('"');
	string_print((const unsigned char *)name, strlen(name));
	out_text(suffix);
	out_text("\":");
}

void
json_bytes(const char *before, const char *name, const void *data,
    size_t size)
{
	if (!json_utf8(data, size)) {
		json_hex(before, name, data, size);
		return;
	}
	name_print(before, name, "");
	out_char('"');
	string_print(data, size);
	out_char('"');
}

void
json_hex(const char *before, const char *name, const void *data, size_t size)
{
	name_print(before, name, "_hex");
	out_char('"');
	out_hex(data, size);
	out_char('"');
}

void
json_number(const char *before, const char *name, uint64_t value)
{
	name_print(before, name, "");
	out_format("%" PRIu64, value);
}
