/*
 * Fuzz: records in each format that is read. The first byte chooses the format
 * and how strictly it is read. No record is over its limits, the reader comes
 * to an end, and what cannot be read is passed over.
 */
#include "record.h"

#include <assert.h>

#include "cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { FRAMED = 1 << 4, SKIPPING = 1 << 5, FIRST = 1 << 6,
	OPERATIONS = 1 << 7 };

static struct record_reader reader;

/* Bytes that do not exist are found by the sanitizer. */
static unsigned
touch(lsm_slice s)
{
	const unsigned char *p = s.data;
	unsigned all = 0;
	size_t i;

	for (i = 0; i < s.size; i++)
		all += p[i];
	return all;
}

/* Seen from outside, so that the bytes are really read. */
extern unsigned touched;
unsigned touched;

static void
read_all(bool skipping)
{
	struct record record;
	bool more = true;
	int status;

	while (more) {
		status = record_next(&reader, &record, &more);
		if (status != 0) {
			if (!skipping || !record_skip(&reader))
				return;
			more = true;
			continue;
		}
		if (!more)
			return;
		assert(record.key.size <= LSM_KEY_MAX);
		touched += touch(record.key) + touch(record.value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct record_style style = { 0 };
	unsigned how = n > 0 ? data[0] : 0;

	cli_hush();
	style.format = (enum record_format)(how % 16 % (FORMAT_OPS + 1));
	style.framed = (how & FRAMED) != 0;
	style.operations = (how & OPERATIONS) != 0;
	style.dups = (how & FIRST) != 0 ? DUPS_FIRST : DUPS_REFUSE;
	reader = (struct record_reader){ .in = { .fd = -1 } };
	if (n == 0 || input_open_memory(&reader.in, data + 1, n - 1) != 0 ||
	    record_open(&reader, &style, NULL) != 0)
		goto done;
	read_all((how & SKIPPING) != 0);
done:
	record_close(&reader);
	return 0;
}
