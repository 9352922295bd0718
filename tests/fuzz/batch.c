/*
 * Fuzz: the operations of a batch. What is taken encodes to the same bytes.
 */
#include "kv/batch.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
add(lsm_batch *b, const struct entry *e)
{
	lsm_slice key = bytes_slice(e->key), value = bytes_slice(e->value);

	switch (e->kind) {
	case KIND_PUT:
		return lsm_batch_put(b, key, value);
	case KIND_DELETE:
		return lsm_batch_delete(b, key);
	default:
		return lsm_batch_delete_range(b, key, value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes rest = bytes(data, n);
	struct entry e = { 0 };
	lsm_batch *b;

	if (lsm_batch_new(&b) != LSM_OK)
		abort();
	while (batch_take(&rest, &e)) {
		if (add(b, &e) != LSM_OK)
			abort();
		assert(rest.n < n);
	}
	assert(b->ops.n == n - rest.n);
	if (b->ops.n != 0 && memcmp(b->ops.p, data, b->ops.n) != 0)
		abort();
	lsm_batch_free(b);
	return 0;
}
