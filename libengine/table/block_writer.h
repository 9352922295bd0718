/*
 * block_writer.h - a table's file as it is written: sealed blocks, one after
 * the other, handed to the door in large pieces.
 *
 * A block is composed where it will be sealed: ask for room, fill the payload
 * in behind the header, seal. One thread.
 */
#ifndef TABLE_BLOCK_WRITER_H
#define TABLE_BLOCK_WRITER_H

#include "base/checksum.h"
#include "env/env.h"
#include "kv/block.h"

struct block_writer {
	struct env_dir *dir;
	struct env_file *file;		/* NULL: not created, or finished */
	char name[FILE_NAME_MAX];
	struct file_id id;
	uint64_t seed;
	struct checksum_stream *sums;	/* of all blocks, in order */
	uint64_t at;			/* bytes handed to the door */
	uint8_t *out;			/* those that are not yet */
	size_t n, room;
};

/* Creates the file of `id`. On failure too, end with block_writer_release. */
int block_writer_open(struct block_writer *, struct env_dir *,
    const struct file_id *);
/* Close, and with `keep` false unlink what was created. */
void block_writer_release(struct block_writer *, bool keep);

static inline uint64_t
block_writer_position(const struct block_writer *w)
{
	return w->at + w->n;
}

/* Room for a block of at most `size` bytes, header included; there is always
 * more for its padding. */
int block_writer_room(struct block_writer *, size_t size, uint8_t **block);

/* The payload stands: seal the block with these fields of its header (tag,
 * codec, flags, lengths; the rest is filled in). Returns its position. */
uint64_t block_writer_seal(struct block_writer *, struct block_header *);

/* The same for a page that lies as it will be read: `size` bytes, header
 * included. */
uint64_t block_writer_seal_page(struct block_writer *, uint32_t tag,
    size_t size);

/* A file's header or footer: sealed already. */
int block_writer_add(struct block_writer *, const uint8_t *block, size_t size);

/* Zeros to the next unit. */
int block_writer_align(struct block_writer *);

/* Everything to the door. *file, not synced yet, is the caller's. */
int block_writer_finish(struct block_writer *, struct env_file **file);

#endif
