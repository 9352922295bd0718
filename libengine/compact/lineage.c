/*
 * lineage.c - which files on disk a merge makes obsolete, for its footers.
 *
 * When a manifest is lost, salvage sees tables only. It must not take one for
 * alive whose merged successor it sees as well: deleted keys would come back.
 * So each table names the files that it replaces, and those that they had
 * replaced, as far as they were there to be confused by.
 */
#include "compact/lineage.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/status.h"
#include "table/footer.h"

struct numbers {
	uint64_t *p;
	size_t n, room;
};

static int
numbers_add(struct numbers *s, uint64_t number)
{
	size_t room = s->room ? 2 * s->room : 16;
	uint64_t *p;

	if (s->n == s->room) {
		p = mem_realloc(s->p, room * sizeof *p);
		if (p == NULL)
			return mem_exhausted(room * sizeof *p);
		s->p = p;
		s->room = room;
	}
	s->p[s->n++] = number;
	return LSM_OK;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

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
	if (rc == LSM_OK)
		qsort(s->p, s->n, sizeof *s->p, compare);
	return rc;
}

static int
present_keep(const struct env_names *names, const struct numbers *candidates,
    struct numbers *s)
{
	const char *name = (const char *)names->text.p;
	uint64_t number;
	int rc = LSM_OK;

	for (size_t i = 0; i < names->count && rc == LSM_OK; i++) {
		if (file_parse(name, &number) == FILE_TABLE &&
		    bsearch(&number, candidates->p, candidates->n,
		    sizeof number, compare) != NULL)
			rc = numbers_add(s, number);
		name += strlen(name) + 1;
	}
	if (rc == LSM_OK && s->n > 0)
		qsort(s->p, s->n, sizeof *s->p, compare);
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
	*numbers = found.p;
	*count = found.n;
	found.p = NULL;
done:
	mem_free(found.p);
	mem_free(candidates.p);
	env_names_free(&names);
	return rc;
}
