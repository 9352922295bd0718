/*
 * codecs.c - the codec of each level, as one number.
 */
#include "db/codecs.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "table/compress.h"
#include "version/version.h"

enum { CODEC_MASK = (1 << CODEC_BITS) - 1, SLOW_PAGE_SIZE = 16384 };
_Static_assert(LEVELS_MAX *CODEC_BITS <= 30, "a list fits below its mark");
_Static_assert((int)LSM_CODEC_ZSTD <= (int)CODEC_MASK,
    "a codec fits into its bits");

int
codecs_level(int codecs, int level)
{
	if (codecs < CODEC_LIST)
		return codecs;
	return codecs >> (CODEC_BITS * level) & CODEC_MASK;
}

int
codecs_check(int codecs)
{
	for (int i = 0; i < LEVELS_MAX; i++) {
		int codec = codecs_level(codecs, i);

		if (codec < LSM_CODEC_NONE || codec > LSM_CODEC_ZSTD)
			return status_set(LSM_INVALID,
			    "option codec: no such choice");
		if (!codec_built_in(codec))
			return status_set(LSM_UNSUPPORTED,
			    "option codec: %s is not built in",
			    codec_name(codec));
	}
	return LSM_OK;
}

static int
list_pack(const int codecs[LEVELS_MAX])
{
	int packed = CODEC_LIST;
	bool same = true;

	for (int i = 0; i < LEVELS_MAX; i++) {
		packed |= codecs[i] << (CODEC_BITS * i);
		same &= codecs[i] == codecs[0];
	}
	return same ? codecs[0] : packed;
}

bool
codecs_parse(const char *text, int *out)
{
	int codecs[LEVELS_MAX];

	*out = LSM_CODEC_NONE;
	for (int level = 0; level < LEVELS_MAX; level++) {
		size_t n = strcspn(text, ",");
		int codec;

		if (!codec_parse(text, n, &codec))
			return false;
		/* The last one named is that of all deeper levels. */
		for (int deeper = level; deeper < LEVELS_MAX; deeper++)
			codecs[deeper] = codec;
		text += n;
		if (*text == '\0') {
			*out = list_pack(codecs);
			return true;
		}
		text++;
	}
	return false;
}

bool
codecs_too_many(const char *text)
{
	int commas = 0;

	for (; (text = strchr(text, ',')) != NULL; text++)
		commas++;
	return commas >= LEVELS_MAX;
}

const char *
codecs_text(int codecs, char room[CODECS_TEXT_MAX])
{
	int last = LEVELS_MAX - 1;
	size_t n = 0;

	if (codecs == LSM_CODEC_DEFAULT)
		return "default";
	while (last > 0 &&
	    codecs_level(codecs, last) == codecs_level(codecs, last - 1))
		last--;
	for (int i = 0; i <= last; i++)
		n += (size_t)snprintf(room + n, CODECS_TEXT_MAX - n, "%s%s",
		    i ? "," : "", codec_name(codecs_level(codecs, i)));
	return room;
}

uint32_t
codec_page_size(int codec, uint32_t page_size)
{
	bool slow = codec == LSM_CODEC_ZLIB || codec == LSM_CODEC_ZSTD;

	return slow && page_size < SLOW_PAGE_SIZE ? SLOW_PAGE_SIZE : page_size;
}
