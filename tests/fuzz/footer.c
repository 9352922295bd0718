/*
 * Fuzz: the footer of a table.
 *
 *   input := control (1 byte), footer behind its block header
 *
 * control 1: ids, file size and position are put right, 2: so is the sum. A
 * footer that is read can be written again, to the same bytes.
 */
#include "table/footer.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { SIZE = 8192, AT = 12288 };

static const struct file_id id = { .kind = FILE_TABLE, .number = 13 };

static void
put_right(uint8_t *block, uint8_t control)
{
	struct block_header h = { .tag = BLOCK_FOOTER, .position = AT,
		.stored = SIZE - BLOCK_HEADER, .raw = SIZE - BLOCK_HEADER,
		.file = 13 };

	if (control & 1) {
		memset(block + 32, 0, 2 * ID_SIZE);
		put64(block + 64, 13);
		put64(block + 72, AT + SIZE);
		put64(block + SIZE - FOOTER_TRAILER, AT);
		memcpy(block + SIZE - 8, "LSMTEND1", 8);
	}
	if (control & 2)
		block_seal(block, &h, file_seed(&id));
}

static void
write_again(const struct table_footer *f, const uint8_t *block)
{
	struct buffer out = { 0 };

	if (footer_size(f) != SIZE)
		return;
	if (footer_write(f, file_seed(&id), &out) != LSM_OK)
		abort();
	if (out.n != SIZE || memcmp(out.p, block, SIZE) != 0)
		abort();
	buffer_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct table_footer f;
	uint64_t position;
	uint8_t *block = calloc(1, SIZE);

	if (block == NULL)
		abort();
	if (n > SIZE - BLOCK_HEADER + 1)
		n = SIZE - BLOCK_HEADER + 1;
	if (n > 1)
		memcpy(block + BLOCK_HEADER, data + 1, n - 1);
	put_right(block, n > 0 ? data[0] : 0);
	if (footer_find(block + SIZE - FOOTER_TRAILER, AT + SIZE, "f",
	    &position) == LSM_OK && footer_read(block, SIZE, AT, &id, "f",
	    &f) == LSM_OK) {
		assert(f.height <= FOOTER_HEIGHT_MAX);
		assert(f.root < f.position && f.filter <= f.position);
		assert(f.smallest.n <= LSM_KEY_MAX);
		write_again(&f, block);
	}
	free(block);
	return 0;
}
