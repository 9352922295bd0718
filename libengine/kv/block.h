/*
 * block.h - blocks and file headers: how every byte on disk proves itself.
 *
 * lsm-format(5), BLOCKS and FILE HEADER. A block's sum is seeded with its
 * file's seed plus its position: a stale, swapped, moved or foreign block
 * cannot verify. Everything is checked before it is believed.
 */
#ifndef KV_BLOCK_H
#define KV_BLOCK_H

#include <stdint.h>

#include "base/bytes.h"
#include "env/files.h"

enum {
	BLOCK_HEADER = 32,
	BLOCK_UNIT = 4096,	/* blocks start on it, unless packed */
	BLOCK_PACK = 8,		/* packed leaves start on this */
	BLOCK_PACKED = 1,	/* flag: this block is packed */
	FORMAT_MAJOR = 0,
	FORMAT_MINOR = 3,
	ID_SIZE = 16
};

/* Tags, as they lie on disk. */
#define BLOCK_TAG(c) \
	((uint32_t)'L' | (uint32_t)'S' << 8 | (uint32_t)'B' << 16 | \
	    (uint32_t)(c) << 24)
#define BLOCK_HEAD BLOCK_TAG('H')
#define BLOCK_LEAF BLOCK_TAG('D')
#define BLOCK_INNER BLOCK_TAG('I')
#define BLOCK_FILTER BLOCK_TAG('F')
#define BLOCK_RANGE BLOCK_TAG('R')
#define BLOCK_PROPERTIES BLOCK_TAG('P')
#define BLOCK_FOOTER BLOCK_TAG('Z')

struct block_header {
	uint64_t sum;
	uint32_t tag;
	uint8_t version;	/* of the block kind: 1 */
	uint8_t codec;
	uint16_t flags;
	uint32_t stored;	/* payload bytes on disk, without padding */
	uint32_t raw;		/* payload bytes after inflating */
	uint32_t file;		/* low half of the file number */
	uint64_t position;	/* in the file; a multiple of BLOCK_PACK */
};

/* Bytes of the block in the file: header, payload and padding. */
static inline uint64_t
block_size(const struct block_header *h)
{
	uint64_t unit = h->flags & BLOCK_PACKED ? BLOCK_PACK : BLOCK_UNIT;

	return (BLOCK_HEADER + (uint64_t)h->stored + unit - 1) & ~(unit - 1);
}

/* Which file a block belongs to. */
struct file_id {
	uint8_t database[ID_SIZE];
	uint8_t branch[ID_SIZE];
	enum file_kind kind;	/* table, log or manifest; or current */
	uint64_t number;
};

uint64_t file_seed(const struct file_id *);

/* Write the header (its sum last) in front of a payload that is in place,
 * and zero the padding. `block` has room for block_size(h). */
void block_seal(uint8_t *block, const struct block_header *h, uint64_t seed);

void block_header_read(const uint8_t *block, struct block_header *);

/*
 * Is `block`, of which `available` bytes are at hand, the block `tag` of file
 * `file` at `position`? LSM_CORRUPT with the story "NAME: offset N: ..."; the
 * header is copied to *h. `available` must hold the whole block.
 */
int block_check(const uint8_t *block, size_t available, uint32_t tag,
    const struct file_id *file, uint64_t seed, uint64_t position,
    const char *name, struct block_header *h);

struct file_header {
	struct file_id id;
	uint16_t major, minor;
	uint64_t features_ignorable, features_no_write, features_no_read;
	uint64_t created_us;
	uint64_t edit;
	uint64_t base_sequence;
};

/* The first BLOCK_UNIT bytes of a table, log or manifest. Version and feature
 * words are set to what this library writes. */
void file_header_write(uint8_t page[BLOCK_UNIT], const struct file_header *);

/*
 * Read and check a file's first page. When `expected` is given, database,
 * kind and number must be its; the branch is taken from the page. Damage is
 * LSM_CORRUPT, a newer major or an unknown no-read feature LSM_UNSUPPORTED.
 */
int file_header_read(const uint8_t page[BLOCK_UNIT],
    const struct file_id *expected, const char *name, struct file_header *);

#endif
