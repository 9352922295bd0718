/*
 * block_writer.c - a table's file as it is written.
 */
#include "table/block_writer.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"

enum { CHUNK = 128 << 10 };

/* Blocks know their place as a 32-bit number of 8 bytes. */
#define FILE_SIZE_MAX (((uint64_t)UINT32_MAX + 1) * BLOCK_PACK)

int
block_writer_open(struct block_writer *w, struct env_dir *dir,
    const struct file_id *id)
{
	memset(w, 0, sizeof *w);
	w->dir = dir;
	w->id = *id;
	w->seed = file_seed(id);
	file_name(w->name, FILE_TABLE, id->number);
	if ((w->sums = checksum_stream_new(w->seed)) == NULL)
		return mem_exhausted(CHUNK);
	return dir->env->ops->file_open(dir, w->name, ENV_CREATE, &w->file);
}

void
block_writer_release(struct block_writer *w, bool keep)
{
	if (w->file != NULL) {
		env_file_close(w->file);
		w->file = NULL;
		/* It may stay behind; the next open finds it as an orphan. */
		if (!keep)
			(void)w->dir->env->ops->dir_unlink(w->dir, w->name);
	}
	checksum_stream_free(w->sums);
	mem_free(w->out);
	w->sums = NULL;
	w->out = NULL;
}

static int
flush(struct block_writer *w)
{
	int rc;

	if (w->n == 0)
		return LSM_OK;
	rc = w->dir->env->ops->file_append(w->file, w->out, w->n);
	if (rc != LSM_OK)
		return rc;
	w->at += w->n;
	w->n = 0;
	return LSM_OK;
}

/* A buffer of the usual size, or as large as one large value wants. */
static int
resize(struct block_writer *w, size_t room)
{
	assert(w->n == 0);
	mem_free(w->out);
	w->room = 0;
	if ((w->out = mem_alloc(room)) == NULL)
		return mem_exhausted(room);
	w->room = room;
	return LSM_OK;
}

int
block_writer_room(struct block_writer *w, size_t size, uint8_t **block)
{
	size_t room;
	int rc;

	*block = NULL;
	size = (size + BLOCK_UNIT - 1) / BLOCK_UNIT * BLOCK_UNIT;
	room = size > CHUNK ? size : CHUNK;
	if (block_writer_position(w) + size > FILE_SIZE_MAX)
		return status_set(LSM_TOO_LARGE,
		    "%s: a table can hold %llu bytes", w->name,
		    (unsigned long long)FILE_SIZE_MAX);
	if (w->n + size > w->room || (w->room > CHUNK && w->n > 0)) {
		if ((rc = flush(w)) != LSM_OK)
			return rc;
		if (w->room != room && (rc = resize(w, room)) != LSM_OK)
			return rc;
	}
	*block = w->out + w->n;
	return LSM_OK;
}

uint64_t
block_writer_seal(struct block_writer *w, struct block_header *h)
{
	uint8_t *block = w->out + w->n;
	size_t size = (size_t)block_size(h);

	h->file = (uint32_t)w->id.number;
	h->position = block_writer_position(w);
	assert(size <= w->room - w->n);
	block_seal(block, h, w->seed);
	checksum_stream_add(w->sums, block, sizeof h->sum);
	w->n += size;
	return h->position;
}

uint64_t
block_writer_seal_page(struct block_writer *w, uint32_t tag, size_t size)
{
	uint32_t payload = (uint32_t)(size - BLOCK_HEADER);
	struct block_header h = { .tag = tag, .stored = payload,
		.raw = payload };

	return block_writer_seal(w, &h);
}

int
block_writer_add(struct block_writer *w, const uint8_t *block, size_t size)
{
	uint8_t *to;
	int rc = block_writer_room(w, size, &to);

	if (rc != LSM_OK)
		return rc;
	memcpy(to, block, size);
	checksum_stream_add(w->sums, block, sizeof (uint64_t));
	w->n += size;
	return LSM_OK;
}

int
block_writer_align(struct block_writer *w)
{
	size_t gap = (size_t)(-block_writer_position(w) % BLOCK_UNIT);
	uint8_t *to;
	int rc = block_writer_room(w, gap, &to);

	if (rc != LSM_OK)
		return rc;
	if (gap)
		memset(to, 0, gap);
	w->n += gap;
	return LSM_OK;
}

int
block_writer_finish(struct block_writer *w, struct env_file **file)
{
	int rc = flush(w);

	*file = rc == LSM_OK ? w->file : NULL;
	if (rc == LSM_OK)
		w->file = NULL;
	return rc;
}
