/*
 * Fuzz: the operations of a batch. What is taken encodes to the same bytes.
 */
#include "kv/batch.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = bytes(data, n);
	struct entry e = { 0 };
	lsm_batch *b;
	int rc;

	if (lsm_batch_new(&b) != LSM_OK)
		abort();
	while (batch_take(&rest, &e)) {
		rc = e.kind == KIND_PUT ? lsm_batch_put(b, bytes_slice(e.key),
		    bytes_slice(e.value)) : lsm_batch_delete(b,
		    bytes_slice(e.key));
		if (rc != LSM_OK)
			abort();
		assert(rest.n < n);
	}
	assert(b->ops.n == n - rest.n);
	if (b->ops.n != 0 && memcmp(b->ops.p, data, b->ops.n) != 0)
		abort();
	lsm_batch_free(b);
	return 0;
}
