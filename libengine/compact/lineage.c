/*
 * lineage.c - which files on disk a merge makes obsolete, for its footers.
 *
 * Who must do without the manifest sees tables only. He must not take one for
 * alive whose merged successor he sees as well: deleted keys would come back.
 * So each table names the files that it replaces, and those that they had
 * replaced, as far as they were there to be confused by.
 */
#include "compact/lineage.h"

#include "base/numbers.h"
#include "base/status.h"
#include "table/footer.h"

/* The numbers in a footer: it has been checked when the table was opened. */
static int
footer_add(struct numbers *s, const struct table_footer *f)
{
	struct bytes rest = f->inputs;
	uint64_t number;
	int rc = LSM_OK;

	while (rc == LSM_OK && bytes_take_varint(&rest, &number))
		rc = numbers_add(s, number);
	return rc;
}

/* Everything that may be obsolete, on disk or not. */
static int
candidates_find(const struct input *in, struct table_cache *cache,
    struct numbers *s)
{
	struct table *table;
	int rc = LSM_OK;

	for (size_t i = 0; i < in->count && rc == LSM_OK; i++) {
		const struct table_meta *m = &in->tables[i]->meta;

		if ((rc = numbers_add(s, m->number)) != LSM_OK ||
		    (rc = table_cache_get(cache, m, &table)) != LSM_OK)
			return input_told(in, rc, in->tables[i]);
		rc = footer_add(s, table_footer(table));
		table_cache_release(cache, table);
	}
	numbers_sort(s);
	return rc;
}

static int
present_keep(const struct env_names *names, const struct numbers *candidates,
    struct numbers *s)
{
	const char *name = NULL;
	uint64_t number;
	int rc = LSM_OK;

	while (rc == LSM_OK && (name = env_names_next(names, name)) != NULL)
		if (file_parse(name, &number) == FILE_TABLE &&
		    numbers_have(candidates, number))
			rc = numbers_add(s, number);
	numbers_sort(s);
	return rc;
}

int
lineage_find(const struct input *in, const struct compact_options *o,
    uint64_t **numbers, size_t *count)
{
	struct numbers candidates = { 0 }, found = { 0 };
	struct env_names names = { 0 };
	int rc;

	*numbers = NULL;
	*count = 0;
	if ((rc = candidates_find(in, o->tables, &candidates)) != LSM_OK ||
	    (rc = o->dir->env->ops->dir_list(o->dir, &names)) != LSM_OK ||
	    (rc = present_keep(&names, &candidates, &found)) != LSM_OK)
		goto done;
	*numbers = found.list;
	*count = found.count;
	found.list = NULL;
done:
	numbers_release(&found);
	numbers_release(&candidates);
	env_names_free(&names);
	return rc;
}
