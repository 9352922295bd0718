/*
 * block.c - blocks and file headers: how every byte on disk proves itself.
 */
#include "kv/block.h"

#include <assert.h>

#include "base/checksum.h"
#include "base/status.h"

/* Where a block's fields lie. */
enum {
	AT_SUM = 0,
	AT_TAG = 8,
	AT_VERSION = 12,
	AT_CODEC = 13,
	AT_FLAGS = 14,
	AT_STORED = 16,
	AT_RAW = 20,
	AT_FILE = 24,
	AT_POSITION = 28
};

/* Where a file header's fields lie. */
enum {
	AT_MAGIC = 32,
	AT_KIND = 40,
	AT_KIND_ZERO = 41,
	AT_MAJOR = 44,
	AT_MINOR = 46,
	AT_IGNORABLE = 48,
	AT_NO_WRITE = 56,
	AT_NO_READ = 64,
	AT_DATABASE = 72,
	AT_BRANCH = 88,
	AT_NUMBER = 104,
	AT_CREATED = 112,
	AT_EDIT = 120,
	AT_SEQUENCE = 128,
	HEAD_END = 136
};

enum { SEED_SIZE = 48 };

static const char magic[8] = { 'L', 'S', 'M', 'F', 'I', 'L', 'E', '1' };

uint64_t
file_seed(const struct file_id *id)
{
	uint8_t raw[SEED_SIZE] = { 0 };

	memcpy(raw, id->database, ID_SIZE);
	memcpy(raw + ID_SIZE, id->branch, ID_SIZE);
	put32(raw + 32, (uint32_t)id->kind);
	put64(raw + 40, id->number);
	return checksum64(raw, sizeof raw, 0);
}

void
block_seal(uint8_t *block, const struct block_header *h, uint64_t seed)
{
	size_t size = (size_t)block_size(h);

	assert(h->position % BLOCK_PACK == 0);
	assert(h->position / BLOCK_PACK <= UINT32_MAX);
	put32(block + AT_TAG, h->tag);
	block[AT_VERSION] = 1;
	block[AT_CODEC] = h->codec;
	put16(block + AT_FLAGS, h->flags);
	put32(block + AT_STORED, h->stored);
	put32(block + AT_RAW, h->raw);
	put32(block + AT_FILE, h->file);
	put32(block + AT_POSITION, (uint32_t)(h->position / BLOCK_PACK));
	memset(block + BLOCK_HEADER + h->stored, 0,
	    size - BLOCK_HEADER - h->stored);
	put64(block + AT_SUM, checksum64(block + AT_TAG, size - AT_TAG,
	    seed + h->position));
}

void
block_header_read(const uint8_t *block, struct block_header *h)
{
	h->sum = get64(block + AT_SUM);
	h->tag = get32(block + AT_TAG);
	h->version = block[AT_VERSION];
	h->codec = block[AT_CODEC];
	h->flags = get16(block + AT_FLAGS);
	h->stored = get32(block + AT_STORED);
	h->raw = get32(block + AT_RAW);
	h->file = get32(block + AT_FILE);
	h->position = (uint64_t)get32(block + AT_POSITION) * BLOCK_PACK;
}

/* What is wrong with it, most telling first; NULL when nothing is. */
static const char *
block_fault(const uint8_t *block, size_t available,
    const struct block_header *h, uint32_t tag, const struct file_id *file,
    uint64_t seed, uint64_t position)
{
	if (h->tag != tag)
		return "wrong tag";
	if (block_size(h) > available)
		return "runs over its end";
	if (h->sum != checksum64(block + AT_TAG,
	    (size_t)block_size(h) - AT_TAG, seed + position))
		return "wrong checksum";
	if (h->file != (uint32_t)file->number || h->position != position)
		return "belongs elsewhere";
	if (h->version != 1)
		return "unknown version";
	if (h->codec == 0 && h->raw != h->stored)
		return "lengths differ";
	return NULL;
}

int
block_check(const uint8_t *block, size_t available, uint32_t tag,
    const struct file_id *file, uint64_t seed, uint64_t position,
    const char *name, struct block_header *h)
{
	const char *fault;

	memset(h, 0, sizeof *h);
	if (available < BLOCK_HEADER)
		return status_set(LSM_CORRUPT, "%s: offset %llu: file is too "
		    "short for a block", name, (unsigned long long)position);
	block_header_read(block, h);
	fault = block_fault(block, available, h, tag, file, seed, position);
	if (fault == NULL)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %llu: block %.4s: %s", name,
	    (unsigned long long)position, (const char[4]){ (char)tag,
	    (char)(tag >> 8), (char)(tag >> 16), (char)(tag >> 24) }, fault);
}

void
file_header_write(uint8_t page[BLOCK_UNIT], const struct file_header *f)
{
	struct block_header h = {
		.tag = BLOCK_HEAD,
		.stored = HEAD_END - BLOCK_HEADER,
		.raw = HEAD_END - BLOCK_HEADER,
		.file = (uint32_t)f->id.number,
	};

	memset(page, 0, BLOCK_UNIT);
	memcpy(page + AT_MAGIC, magic, sizeof magic);
	page[AT_KIND] = (uint8_t)f->id.kind;
	put16(page + AT_MAJOR, FORMAT_MAJOR);
	put16(page + AT_MINOR, FORMAT_MINOR);
	memcpy(page + AT_DATABASE, f->id.database, ID_SIZE);
	memcpy(page + AT_BRANCH, f->id.branch, ID_SIZE);
	put64(page + AT_NUMBER, f->id.number);
	put64(page + AT_CREATED, f->created_us);
	put64(page + AT_EDIT, f->edit);
	put64(page + AT_SEQUENCE, f->base_sequence);
	block_seal(page, &h, file_seed(&f->id));
}

static void
header_decode(const uint8_t *page, struct file_header *f)
{
	f->id.kind = (enum file_kind)page[AT_KIND];
	f->major = get16(page + AT_MAJOR);
	f->minor = get16(page + AT_MINOR);
	f->features_ignorable = get64(page + AT_IGNORABLE);
	f->features_no_write = get64(page + AT_NO_WRITE);
	f->features_no_read = get64(page + AT_NO_READ);
	memcpy(f->id.database, page + AT_DATABASE, ID_SIZE);
	memcpy(f->id.branch, page + AT_BRANCH, ID_SIZE);
	f->id.number = get64(page + AT_NUMBER);
	f->created_us = get64(page + AT_CREATED);
	f->edit = get64(page + AT_EDIT);
	f->base_sequence = get64(page + AT_SEQUENCE);
}

/* A version is refused by name only after the page has proven itself. */
static int
header_supported(const struct file_header *f, const char *name)
{
	if (f->major != FORMAT_MAJOR || f->minor != FORMAT_MINOR)
		return status_set(LSM_UNSUPPORTED, "%s: format %u.%u; this "
		    "build reads %d.%d", name, f->major, f->minor,
		    FORMAT_MAJOR, FORMAT_MINOR);
	if (f->features_no_read || f->features_no_write)
		return status_set(LSM_UNSUPPORTED, "%s: needs features %llx "
		    "that this build does not know", name,
		    (unsigned long long)(f->features_no_read |
		    f->features_no_write));
	return LSM_OK;
}

static int
header_expected(const struct file_header *f, const struct file_id *expected,
    const char *name)
{
	if (f->id.kind != expected->kind)
		return status_set(LSM_CORRUPT, "%s: offset 0: not a %s", name,
		    file_kind_word(expected->kind));
	if (memcmp(f->id.database, expected->database, ID_SIZE) != 0)
		return status_set(LSM_CORRUPT,
		    "%s: offset 0: file of another database", name);
	if (f->id.number != expected->number)
		return status_set(LSM_CORRUPT, "%s: offset 0: file is number "
		    "%llu", name, (unsigned long long)f->id.number);
	return LSM_OK;
}

int
file_header_read(const uint8_t page[BLOCK_UNIT],
    const struct file_id *expected, const char *name, struct file_header *f)
{
	struct block_header h;
	int rc;

	memset(f, 0, sizeof *f);
	if (memcmp(page + AT_MAGIC, magic, sizeof magic) != 0)
		return status_set(LSM_CORRUPT,
		    "%s: offset 0: no LSM file header", name);
	header_decode(page, f);
	rc = block_check(page, BLOCK_UNIT, BLOCK_HEAD, &f->id,
	    file_seed(&f->id), 0, name, &h);
	if (rc != LSM_OK)
		return rc;
	if (h.stored < HEAD_END - BLOCK_HEADER || h.codec != 0 ||
	    page[AT_KIND_ZERO] | page[AT_KIND_ZERO + 1] |
	    page[AT_KIND_ZERO + 2])
		return status_set(LSM_CORRUPT,
		    "%s: offset 0: malformed file header", name);
	if ((rc = header_supported(f, name)) != LSM_OK)
		return rc;
	return expected ? header_expected(f, expected, name) : LSM_OK;
}
