#include "base/checksum.h"

#include "base/alloc.h"
#include "support/test.h"

enum { BYTES = 4096, SEED = 77 };

static uint64_t
streamed(const uint8_t *p)
{
	struct checksum_stream *s = checksum_stream_new(SEED);
	uint64_t sum;

	CHECK(s != NULL);
	for (size_t i = 0; i < BYTES; i += 8)
		checksum_stream_add(s, p + i, 8);
	sum = checksum_stream_sum(s);
	checksum_stream_free(s);
	return sum;
}

/* Memory that was given back is given out again. Wherever a state comes to
 * lie in this, it finds its seed set, as if by an earlier stream. */
static void
leave_seeds(void)
{
	enum { WORDS = 8192, IN_LINE = 8, SEED_AT = 5, SECRET_AT = 7 };
	uint64_t *p = mem_aligned(64, WORDS * sizeof *p);

	CHECK(p != NULL);
	for (size_t i = 0; i < WORDS; i++)
		p[i] = i % IN_LINE == SEED_AT ? SEED :
		    i % IN_LINE == SECRET_AT ? 0 : 0xa5a5a5a5;
	mem_free(p);
}

TEST("a sum over pieces is that of the whole, in used memory too")
{
	uint8_t p[BYTES];

	for (size_t i = 0; i < BYTES; i++)
		p[i] = (uint8_t)(i * 131);
	CHECK_EQ(streamed(p), checksum64(p, BYTES, SEED));
	leave_seeds();
	CHECK_EQ(streamed(p), checksum64(p, BYTES, SEED));
}
