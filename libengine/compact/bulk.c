/*
 * bulk.c - tables from entries that come in order, for an ingestion.
 */
#include "compact/bulk.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "compact/output.h"

struct bulk {
	struct output output;
	bool finished, given;
};

int
bulk_new(const struct compact_options *o, struct bulk **out)
{
	struct bulk *b = mem_zalloc(sizeof *b);

	*out = b;
	if (b == NULL)
		return mem_exhausted(sizeof *b);
	b->output.options = *o;
	return LSM_OK;
}

void
bulk_free(struct bulk *b)
{
	if (b == NULL)
		return;
	output_release(&b->output, b->given);
	mem_free(b);
}

int
bulk_add(struct bulk *b, struct bytes key, struct bytes value)
{
	struct entry e = { key, value, 0, KIND_PUT };

	assert(!b->finished);
	return output_add(&b->output, &e);
}

int
bulk_finish(struct bulk *b)
{
	int rc = output_finish(&b->output);

	b->finished = rc == LSM_OK;
	return rc;
}

uint64_t
bulk_bytes(const struct bulk *b)
{
	return output_bytes(&b->output);
}

int
bulk_result(struct bulk *b, int level, uint64_t run, uint64_t sequence,
    struct edit *e)
{
	int rc = LSM_OK;

	assert(b->finished && !b->given && sequence != 0);
	for (size_t i = 0; i < b->output.count && rc == LSM_OK; i++) {
		struct table_meta *meta = &b->output.tables[i];

		meta->sequence_min = meta->sequence_max = sequence;
		rc = edit_add_table(e, level, run, meta);
	}
	b->given = rc == LSM_OK;
	return rc;
}
