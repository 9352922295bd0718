/*
 * checksum.h - XXH3-64: the sum of everything on disk and the hash of keys.
 */
#ifndef BASE_CHECKSUM_H
#define BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* The sum of a block: seeded with its file's seed plus its position. */
uint64_t checksum64(const void *p, size_t n, uint64_t seed);

/* The hash of a key, for filters. Part of the format: never changes. */
uint64_t hash64(struct bytes key);

/* A sum over pieces, equal to checksum64 of their concatenation. Must stand
 * on 64 bytes; checksum_stream_new returns NULL when memory is exhausted. */
struct checksum_stream;
struct checksum_stream *checksum_stream_new(uint64_t seed);
void checksum_stream_free(struct checksum_stream *);
void checksum_stream_add(struct checksum_stream *, const void *, size_t);
uint64_t checksum_stream_sum(const struct checksum_stream *);

#endif
