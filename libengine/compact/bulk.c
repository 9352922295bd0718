/*
 * bulk.c - tables from entries that come in order, for an ingestion.
 */
#include "compact/bulk.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "compact/output.h"

enum { TABLES_OF_A_SIZE = 8 };

struct bulk {
	struct output output;
	uint64_t most;			/* size of a table */
	size_t doubles;			/* when there are so many tables */
	bool finished, given;
};

int
bulk_new(const struct compact_options *o, uint64_t most, struct bulk **out)
{
	struct bulk *b = mem_zalloc(sizeof *b);

	*out = b;
	if (b == NULL)
		return mem_exhausted(sizeof *b);
	output_init(&b->output, o);
	b->most = most;
	b->doubles = TABLES_OF_A_SIZE;
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

/* The more there is, the deeper it will lie, in larger tables; and each costs
 * a sync. */
static void
grow(struct bulk *b)
{
	uint64_t *size = &b->output.options.table_size;

	if (b->output.count < b->doubles)
		return;
	b->doubles += TABLES_OF_A_SIZE;
	if (*size < b->most)
		*size = 2 * *size < b->most ? 2 * *size : b->most;
}

int
bulk_add(struct bulk *b, struct bytes key, struct bytes value)
{
	struct entry e = { key, value, 0, KIND_PUT };

	assert(!b->finished);
	grow(b);
	return output_add(&b->output, &e);
}

int
bulk_cut(struct bulk *b)
{
	assert(!b->finished);
	return output_cut(&b->output);
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

uint64_t
bulk_begun(const struct bulk *b)
{
	return output_begun(&b->output);
}

size_t
bulk_count(const struct bulk *b)
{
	return b->output.count;
}

const struct table_meta *
bulk_table(const struct bulk *b, size_t i)
{
	assert(i < b->output.count);
	return &b->output.tables[i];
}

int
bulk_result(struct bulk *b, const struct bulk_place *places,
    uint64_t sequence, struct edit *e)
{
	int rc = LSM_OK;

	assert(b->finished && !b->given && sequence != 0);
	for (size_t i = 0; i < b->output.count && rc == LSM_OK; i++) {
		struct table_meta *meta = &b->output.tables[i];

		meta->sequence_min = meta->sequence_max = sequence;
		rc = edit_add_table(e, places[i].level, places[i].run, meta);
	}
	b->given = rc == LSM_OK;
	return rc;
}
