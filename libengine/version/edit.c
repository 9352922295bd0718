/*
 * edit.c - an edit in memory: lists that grow, strings that it owns.
 *
 * One thread at a time. A call that fails leaves the edit as it was.
 */
#include "version/version.h"

#include "base/alloc.h"
#include "version/text.h"

/* An array with room for one more, or NULL. It doubles whenever its count is
 * a power of two, so no capacity needs to be kept. */
static void *
grown(void *array, size_t count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return array;
	return mem_realloc(array, size * (count ? 2 * count : 1));
}

void
edit_release(struct edit *e)
{
	for (size_t i = 0; i < e->adds_count; i++)
		table_meta_release(&e->adds[i].meta);
	for (size_t i = 0; i < e->options_count; i++) {
		mem_free(e->options[i].name);
		mem_free(e->options[i].value);
	}
	mem_free(e->adds);
	mem_free(e->drops);
	mem_free(e->ends);
	mem_free(e->options);
	mem_free(e->created);
	*e = (struct edit){ 0 };
}

int
edit_add_table(struct edit *e, int level, uint64_t run,
    const struct table_meta *meta)
{
	struct edit_add *add = grown(e->adds, e->adds_count, sizeof *add);
	int rc;

	if (add == NULL)
		return mem_exhausted(sizeof *add);
	e->adds = add;
	add += e->adds_count;
	if ((rc = table_meta_copy(&add->meta, meta)) != LSM_OK)
		return rc;
	add->level = level;
	add->run = run;
	add->hides = 0;
	e->adds_count++;
	return LSM_OK;
}

int
edit_drop_table(struct edit *e, uint64_t number)
{
	uint64_t *drops = grown(e->drops, e->drops_count, sizeof *drops);

	if (drops == NULL)
		return mem_exhausted(sizeof *drops);
	e->drops = drops;
	e->drops[e->drops_count++] = number;
	return LSM_OK;
}

int
edit_add_end(struct edit *e, const struct log_end *end)
{
	struct log_end *ends = grown(e->ends, e->ends_count, sizeof *ends);

	if (ends == NULL)
		return mem_exhausted(sizeof *ends);
	e->ends = ends;
	e->ends[e->ends_count++] = *end;
	return LSM_OK;
}

int
text_copy(const char *text, size_t n, char **out)
{
	if ((*out = mem_alloc(n + 1)) == NULL)
		return mem_exhausted(n + 1);
	memcpy(*out, text, n);
	(*out)[n] = '\0';
	return LSM_OK;
}

static struct edit_option *
option_find(struct edit *e, const char *name)
{
	for (size_t i = 0; i < e->options_count; i++)
		if (strcmp(e->options[i].name, name) == 0)
			return &e->options[i];
	return NULL;
}

static int
option_append(struct edit *e, const char *name, char *value)
{
	struct edit_option *o = grown(e->options, e->options_count, sizeof *o);
	char *copy;
	int rc;

	if (o == NULL)
		return mem_exhausted(sizeof *o);
	e->options = o;
	if ((rc = text_copy(name, strlen(name), &copy)) != LSM_OK)
		return rc;
	e->options[e->options_count++] = (struct edit_option){ copy, value };
	return LSM_OK;
}

int
edit_set_option(struct edit *e, const char *name, const char *value)
{
	struct edit_option *known = option_find(e, name);
	char *copy;
	int rc;

	if ((rc = text_copy(value, strlen(value), &copy)) != LSM_OK)
		return rc;
	if (known != NULL) {
		mem_free(known->value);
		known->value = copy;
		return LSM_OK;
	}
	if ((rc = option_append(e, name, copy)) != LSM_OK)
		mem_free(copy);
	return rc;
}
