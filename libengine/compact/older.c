/*
 * older.c - what lies below a merge: may a delete be dropped?
 *
 * A delete hides older entries of its key, or of its keys. All of those that
 * are not in the merge lie in tables of its output's level or below. Such a
 * table may span the key without having it; then the delete stays, which is
 * always right.
 * Newer tables of that level are asked as well: that costs a delete kept, and
 * needs no word about which run is how old.
 */
#include "compact/older.h"

#include "base/alloc.h"
#include "base/numbers.h"
#include "base/status.h"

static int
older_alloc(struct older *o, const struct version *v)
{
	size_t size = v->tables * sizeof(struct version_table *);

	if ((o->tables = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	if ((o->runs = mem_alloc(v->runs * sizeof *o->runs)) == NULL)
		return mem_exhausted(v->runs * sizeof *o->runs);
	if ((o->at = mem_zalloc(v->runs * sizeof *o->at)) == NULL)
		return mem_exhausted(v->runs * sizeof *o->at);
	return LSM_OK;
}

static size_t
run_copy(const struct run *run, const struct numbers *inputs,
    struct version_table **to)
{
	size_t n = 0;

	for (size_t i = 0; i < run->count; i++)
		if (!numbers_have(inputs, run->tables[i]->meta.number))
			to[n++] = run->tables[i];
	return n;
}

int
older_init(struct older *o, const struct version *v, int level,
    struct version_table *const *inputs, size_t count)
{
	struct numbers numbers = { 0 };
	size_t n = 0, used = 0;
	int rc = older_alloc(o, v);

	for (size_t i = 0; i < count && rc == LSM_OK; i++)
		rc = numbers_add(&numbers, inputs[i]->meta.number);
	if (rc != LSM_OK)
		goto done;
	numbers_sort(&numbers);
	for (int l = level; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < v->levels[l].count; i++) {
			struct version_table **to = o->tables + used;

			n = run_copy(&v->levels[l].runs[i], &numbers, to);
			if (n > 0)
				o->runs[o->count++] = (struct run){
					.count = n, .tables = to };
			used += n;
		}
done:
	numbers_release(&numbers);
	return rc;
}

void
older_release(struct older *o)
{
	mem_free(o->tables);
	mem_free(o->runs);
	mem_free(o->at);
	*o = (struct older){ 0 };
}

bool
older_spans(struct older *o, struct bytes smallest, struct bytes largest)
{
	for (size_t i = 0; i < o->count; i++) {
		const struct run *run = &o->runs[i];
		size_t *at = &o->at[i];

		while (*at < run->count && bytes_compare(
		    run->tables[*at]->meta.largest, smallest) < 0)
			++*at;
		if (*at < run->count && bytes_compare(
		    run->tables[*at]->meta.smallest, largest) <= 0)
			return true;
	}
	return false;
}
