/*
 * compress.h - codecs: by number, by name, and what they do to a payload.
 *
 * The numbers stand in block headers and in footers. zlib is always built in;
 * LZ4 and Zstandard are when the build found them. No length from outside is
 * trusted: the caller says how many bytes must come out, and no other number
 * does.
 */
#ifndef TABLE_COMPRESS_H
#define TABLE_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

int codec_default(void);
bool codec_built_in(int codec);
/* For tests, process-wide: as if this one were not. -1 ends it. */
void codec_missing(int codec);
const char *codec_name(int codec);	/* "none", ...; "unknown" */

/* Known names, of n bytes, give their number, built in or not. */
bool codec_parse(const char *name, size_t n, int *codec);

/* LSM_OK, or LSM_UNSUPPORTED with "NAME: needs codec ..., not built in". */
int codec_require(int codec, const char *name);

/* What one writer compresses with; one thread at a time. `quick`: in less
 * time, where the codec can, for what does not live long. */
struct compressor;

int compressor_new(int codec, bool quick, struct compressor **);
void compressor_free(struct compressor *);

/* *size is 0 when the result would not fit into `room` bytes. */
int compressor_run(struct compressor *, struct bytes raw, uint8_t *out,
    size_t room, size_t *size);

/* Can `stored` bytes become `raw` ones at all? Asked before memory for them
 * is: a codec's best ratio bounds what a small file can demand. */
bool codec_plausible(int codec, uint64_t stored, uint64_t raw);

/* What inflating would make anew for each page, kept for those of a handle.
 * Any thread. */
struct inflaters;

int inflaters_new(struct inflaters **);
void inflaters_free(struct inflaters *);

/* Exactly `raw` bytes must come out, else LSM_CORRUPT; any thread. Without
 * inflaters (NULL) nothing is kept. */
int codec_inflate(struct inflaters *, int codec, struct bytes stored,
    uint8_t *out, size_t raw);

#endif
