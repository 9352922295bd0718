/*
 * Fuzz: the text of CURRENT.
 *
 *   input := control (1 byte), text
 *
 * control 1: the last word becomes the right sum for the ids in their place.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/checksum.h"
#include "version/manifest.h"

enum { AT_DATABASE = 8, AT_BRANCH = 41, SUM_DIGITS = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

static void
id_read(const uint8_t *p, uint8_t id[ID_SIZE])
{
	for (int i = 0; i < ID_SIZE; i++)
		id[i] = (uint8_t)(digit(p[2 * i]) << 4 | digit(p[2 * i + 1]));
}

static void
put_right(uint8_t *text, size_t n)
{
	struct file_id id = { .kind = FILE_CURRENT };
	size_t sum = n - SUM_DIGITS - 1;
	char digits[SUM_DIGITS + 1];

	id_read(text + AT_DATABASE, id.database);
	id_read(text + AT_BRANCH, id.branch);
	snprintf(digits, sizeof digits, "%016llx",
	    (unsigned long long)checksum64(text, sum, file_seed(&id)));
	memcpy(text + sum, digits, SUM_DIGITS);
	text[n - 1] = '\n';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buffer again = { 0 };
	struct current c;
	uint8_t *text;
	int rc;

	if (n < 1)
		return 0;
	text = malloc(n);
	assert(text != NULL);
	memcpy(text, data + 1, --n);
	if (data[0] & 1 && n > AT_BRANCH + 2 * ID_SIZE + SUM_DIGITS + 1)
		put_right(text, n);
	if (current_decode(bytes(text, n), &c) == LSM_OK) {
		rc = current_encode(&c, &again);
		assert(rc == LSM_OK);
		assert(bytes_equal(buffer_bytes(&again), bytes(text, n)));
	}
	buffer_free(&again);
	free(text);
	return 0;
}
