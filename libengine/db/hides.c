/*
 * hides.c - how many older entries a flush hides.
 *
 * What level 0 hides is space that its merge gives back. So some of the keys
 * are looked for in the filters of what is older, as far down as the merge
 * goes. A filter is right but for one key in a hundred, and that is near enough
 * for when to merge; nothing else depends on it.
 */
#include "db/db.h"

#include "base/checksum.h"

struct sample {
	struct lsm_db *db;
	const struct version *version;
	int deepest;			/* level that the merge reads */
	struct bytes keys[MEMTABLE_SAMPLE];
	size_t count;
};

/* What cannot be read says nothing: who needs it will tell. */
static bool
table_has(struct sample *s, const struct version_table *t, uint64_t hash)
{
	struct table *table;
	bool has = false;

	if (table_cache_get(s->db->tables, &t->meta, &table) != LSM_OK)
		return false;
	if (table_filter_passes(table, hash, &has) != LSM_OK)
		has = false;
	table_cache_release(s->db->tables, table);
	return has;
}

static bool
older_has(struct sample *s, struct bytes key)
{
	uint64_t hash = hash64(key);

	for (int i = 0; i <= s->deepest; i++)
		for (size_t j = 0; j < s->version->levels[i].count; j++) {
			const struct version_table *t = run_table(
			    &s->version->levels[i].runs[j], key);

			if (t != NULL && table_has(s, t, hash))
				return true;
		}
	return false;
}

/* The keys from *at on that lie in the table. */
static uint64_t
hidden_by(struct sample *s, const struct table_meta *m, size_t *at)
{
	uint64_t asked = 0, found = 0;

	while (*at < s->count &&
	    bytes_compare(s->keys[*at], m->smallest) < 0)
		++*at;
	for (; *at < s->count &&
	    bytes_compare(s->keys[*at], m->largest) <= 0; ++*at) {
		asked++;
		found += older_has(s, s->keys[*at]);
	}
	return asked == 0 ? 0 : m->entries * found / asked;
}

static void
sample_take(struct sample *s, const struct memtable *mem, struct edit *e)
{
	size_t at = 0;

	s->count = memtable_sample(mem, s->keys);
	for (size_t i = 0; i < e->adds_count; i++)
		e->adds[i].hides = hidden_by(s, &e->adds[i].meta, &at);
}

/* What goes to a tier waits for nothing that this could tell. */
void
hides_estimate(struct lsm_db *db, const struct memtable *mem, struct edit *e)
{
	struct sample s = { .db = db };
	struct shape shape;
	struct view *view;
	uint64_t sequence;

	if (e->adds_count == 0 || e->adds[0].level > 0)
		return;
	view = view_now(db, &sequence);
	shape_of(view->version, &db->shape, &shape);
	s.version = view->version;
	s.deepest = shape_destination(&shape, view->version, 0);
	if (!shape_tier(&shape, s.deepest))
		sample_take(&s, mem, e);
	view_unref(view);
}
