/*
 * Fuzz: one edit, decoded, encoded again, and applied.
 *
 *   input := the payload of a manifest record
 */
#include <assert.h>

#include "version/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int rc)
{
	assert(rc == LSM_OK);
}

/* What was encoded decodes to what encodes the same: one form. */
static void
check_again(const struct edit *e)
{
	struct buffer first = { 0 }, second = { 0 };
	struct edit again;

	must(edit_encode(e, &first));
	must(edit_decode(buffer_bytes(&first), "again", &again));
	must(edit_encode(&again, &second));
	assert(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
	edit_release(&again);
	buffer_free(&first);
	buffer_free(&second);
}

static void
check_laws(const struct version *v)
{
	size_t tables = 0, runs = 0;

	for (int l = 0; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < v->levels[l].count; i++) {
			const struct run *run = &v->levels[l].runs[i];

			assert(i == 0 || run->number < run[-1].number);
			for (size_t j = 1; j < run->count; j++)
				assert(bytes_compare(
				    run->tables[j - 1]->meta.largest,
				    run->tables[j]->meta.smallest) < 0);
			tables += run->count;
			runs++;
		}
	assert(tables == v->tables && runs == v->runs);
}

static void
apply(const struct edit *e)
{
	struct version *empty, *after;

	must(version_new(&empty));
	if (version_apply(empty, e, NULL, NULL, &after) == LSM_OK) {
		check_laws(after);
		version_unref(after);
	}
	version_unref(empty);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct edit e;

	if (edit_decode(bytes(data, n), "fuzz", &e) != LSM_OK)
		return 0;
	check_again(&e);
	apply(&e);
	edit_release(&e);
	return 0;
}
