/*
 * codecs.h - the codec of each level, as one number.
 *
 * LSM_CODEC_* means all levels. A list has CODEC_LIST set and CODEC_BITS for
 * each level, from level 0 up. As text it is "none,lz4,zstd": the last one is
 * that of all deeper levels too.
 */
#ifndef DB_CODECS_H
#define DB_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CODEC_LIST = 1 << 30, CODEC_BITS = 3, CODECS_TEXT_MAX = 64 };

int codecs_level(int codecs, int level);

/* LSM_INVALID names the codec that does not exist, LSM_UNSUPPORTED the one
 * that this build does not have. */
int codecs_check(int codecs);

bool codecs_parse(const char *text, int *codecs);
bool codecs_too_many(const char *text);	/* names more than levels */
const char *codecs_text(int codecs, char room[CODECS_TEXT_MAX]);

/* Leaves of the slow codecs are large: they compress better so, and levels
 * that have one are read less often. */
uint32_t codec_page_size(int codec, uint32_t page_size);

#endif
