/*
 * reader.h - the inside of log_reader, for the files of this floor.
 *
 * What is read is the file's bytes, with the tail laid over them, below a
 * limit. One window of it is in memory: the size of a chunk, or of the record
 * that is looked at.
 */
#ifndef LOG_READER_H
#define LOG_READER_H

#include "log/replay.h"

struct log_reader {
	struct env_file *file;
	char name[FILE_NAME_MAX];
	struct file_header header;
	uint64_t seed;
	/* What there is. */
	struct bytes tail;
	uint64_t tail_at;
	uint64_t limit;
	/* The window. */
	uint8_t *window;
	size_t capacity;
	uint64_t window_at;
	size_t window_size;
	size_t chunk;			/* grows while reading goes on */
	/* Where the chain stands. */
	uint64_t offset;		/* behind the last record */
	uint64_t sum;			/* of the last record */
	uint8_t last;			/* its kind; 0: none yet */
};

/* At least n bytes at `at`, or all that there are: *p and how many. They stay
 * until the next call. */
int log_reader_fill(struct log_reader *, uint64_t at, size_t n,
    const uint8_t **p, size_t *available);

/* Nothing beyond `limit` is read from now on. LSM_CORRUPT: the file is
 * shorter. */
int log_reader_limit(struct log_reader *, uint64_t limit);

/* Look again at the file, which may have grown, with another tail; the chain
 * goes on where it stands. */
int log_reader_again(struct log_reader *, struct bytes tail,
    uint64_t tail_at);

/* As log_reader_open, for a file whose header proves nothing: as if it had
 * been that of `id`, branch included. */
int log_reader_open_blind(struct env_dir *, const char *name,
    const struct file_id *id, struct log_reader **);

/* Look for records that verify, wherever they stand, from `offset` on. */
int log_reader_scan(struct log_reader *, uint64_t offset,
    struct log_beyond *, bool *frames);

#endif
