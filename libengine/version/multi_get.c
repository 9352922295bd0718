/*
 * multi_get.c - many keys of one version, several at a time.
 *
 * Each key goes its own way: from run to run, and in a run from a table's
 * filter to a leaf. Every step ends with what the next one needs on its way
 * from memory, so the keys take steps in turns.
 */
#include "table/table_ask.h"
#include "version/version.h"

/* Keys under way at once: enough to hide a miss, few enough for the cache to
 * keep what was fetched. */
enum { TURNS = 12 };

/* A key under way. */
struct turn {
	struct lookup *lookup;
	const struct run *run;		/* the next one to ask */
	struct table_ask ask;		/* of a table; none: ask.table NULL */
};

struct turns {
	const struct run *end;
	struct table_cache *cache;
	uint64_t *asked;
	size_t count;
	struct turn list[TURNS];
};

/* To the next run that may have the key; *done when there is none. */
static int
turn_begin(struct turns *all, struct turn *t, bool *done)
{
	const struct version_table *table = NULL;
	struct table *open;
	int rc;

	while (table == NULL && t->run < all->end)
		table = run_table(t->run++, t->lookup->key);
	*done = table == NULL;
	if (table == NULL)
		return t->lookup->code = LSM_NOTFOUND;
	++*all->asked;
	rc = table_cache_get(all->cache, &table->meta, &open);
	if (rc == LSM_OK)
		table_ask_begin(&t->ask, open, t->lookup->key,
		    t->lookup->hash);
	return rc;
}

static void
turn_end(struct turns *all, struct turn *t)
{
	if (t->ask.table == NULL)
		return;
	table_ask_end(&t->ask);
	table_cache_release(all->cache, t->ask.table);
	t->ask.table = NULL;
}

/* One step on the key's way; *done when its answer is known. */
static int
turn_step(struct turns *all, struct turn *t, bool *done)
{
	struct lookup *l = t->lookup;
	int rc;

	if (t->ask.table == NULL)
		return turn_begin(all, t, done);
	rc = table_ask_step(&t->ask, done, &l->kind, &l->sequence, l->value);
	if (!*done)
		return rc;
	turn_end(all, t);
	*done = rc != LSM_NOTFOUND;
	l->code = rc;
	return rc;
}

/* All of them take one step; those that end make way. */
static int
turns_step(struct turns *all)
{
	bool done;
	int rc;

	for (size_t i = 0; i < all->count;) {
		rc = turn_step(all, &all->list[i], &done);
		if (rc != LSM_OK && rc != LSM_NOTFOUND)
			return rc;
		if (done)
			all->list[i] = all->list[--all->count];
		else
			i++;
	}
	return LSM_OK;
}

int
version_multi_get(const struct version *v, struct table_cache *cache,
    struct lookup *next, uint64_t *asked)
{
	struct turns all = { .end = v->run_list + v->runs, .cache = cache,
		.asked = asked };
	int rc = LSM_OK;

	while (rc == LSM_OK && (next != NULL || all.count > 0)) {
		for (; next != NULL && all.count < TURNS; next = next->next)
			all.list[all.count++] = (struct turn){
			    .lookup = next, .run = v->run_list };
		rc = turns_step(&all);
	}
	for (size_t i = 0; i < all.count; i++)
		turn_end(&all, &all.list[i]);
	return rc;
}
