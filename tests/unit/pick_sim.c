/*
 * The picker at work: random flushes, merges on arrays in memory, and after
 * each step the laws that a tree must keep.
 */
#include "compact/pick.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/random.h"
#include "support/need.h"
#include "support/test.h"

enum {
	KEYS = 4000,
	FLUSH = 100,			/* entries of a flush */
	ENTRY = 100,			/* bytes that one counts as */
	TABLES = 1 << 16
};

struct item {
	uint32_t key;
	uint64_t sequence;		/* 0: deleted, see `stamp` */
	uint64_t stamp;
};

struct content {
	struct item *items;
	size_t count;
};

struct world {
	struct content tables[TABLES];
	uint64_t truth[KEYS];		/* sequence of the put; 0: absent */
	struct version *version;
	struct pick_options options;
	struct random random;
	uint64_t sequence, number, run, edit;
	uint64_t flushed, merged;	/* entries written */
	size_t runs_most;
};

static void
key_store(uint32_t key, uint8_t *p)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(key >> (24 - 8 * i));
}

static void
table_add(struct world *w, struct edit *e, int level, uint64_t run,
    const struct item *items, size_t count)
{
	uint8_t smallest[4], largest[4];
	struct table_meta m = { .number = ++w->number, .entries = count,
	    .size = count * ENTRY, .sequence_min = 1,
	    .sequence_max = w->sequence };
	struct content *c = &w->tables[m.number % TABLES];

	for (size_t i = 0; i < count; i++)
		m.deletes += items[i].sequence == 0;
	key_store(items[0].key, smallest);
	key_store(items[count - 1].key, largest);
	m.smallest = bytes(smallest, 4);
	m.largest = bytes(largest, 4);
	CHECK_OK(edit_add_table(e, level, run, &m));
	free(c->items);
	c->items = need(count * sizeof *items);
	c->count = count;
	memcpy(c->items, items, count * sizeof *items);
}

static void
apply(struct world *w, struct edit *e)
{
	struct version *next;

	e->number = ++w->edit;
	CHECK_OK(version_apply(w->version, e, NULL, NULL, &next));
	edit_release(e);
	version_unref(w->version);
	w->version = next;
}

static int
item_compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->stamp > y->stamp ? -1 : x->stamp < y->stamp;
}

/* Sorted, the newest of each key. */
static size_t
items_settle(struct item *items, size_t count)
{
	size_t n = 0;

	qsort(items, count, sizeof *items, item_compare);
	for (size_t i = 0; i < count; i++)
		if (n == 0 || items[n - 1].key != items[i].key)
			items[n++] = items[i];
	return n;
}

static void
flush(struct world *w, size_t keys, size_t first)
{
	struct item items[FLUSH];
	uint8_t smallest[4], largest[4];
	struct edit e = { 0 };
	uint64_t run;
	size_t n;
	int level;

	for (size_t i = 0; i < FLUSH; i++) {
		struct item *it = &items[i];

		it->key = (uint32_t)(first + random_below(&w->random, keys));
		it->stamp = ++w->sequence;
		it->sequence = random_below(&w->random, 4) ? it->stamp : 0;
		w->truth[it->key] = it->sequence;
	}
	n = items_settle(items, FLUSH);
	key_store(items[0].key, smallest);
	key_store(items[n - 1].key, largest);
	level = pick_flush_level(w->version, &w->options, bytes(smallest, 4),
	    bytes(largest, 4), &run);
	table_add(w, &e, level, run ? run : ++w->run, items, n);
	w->flushed += n;
	apply(w, &e);
}

static bool
older_has(const struct world *w, const struct plan *p, uint32_t key)
{
	uint8_t k[4];

	key_store(key, k);
	for (int l = p->level; l < LEVELS_MAX; l++)
		for (size_t i = 0; i < w->version->levels[l].count; i++) {
			const struct run *r = &w->version->levels[l].runs[i];
			size_t at = run_find(r, bytes(k, 4));
			bool input = false;

			for (size_t j = 0; j < p->count; j++)
				input |= at < r->count &&
				    p->inputs[j] == r->tables[at];
			if (at < r->count && !input && bytes_compare(
			    r->tables[at]->meta.smallest, bytes(k, 4)) <= 0)
				return true;
		}
	return false;
}

static void
outputs_add(struct world *w, struct edit *e, const struct plan *p,
    const struct item *items, size_t count)
{
	size_t most = p->table_size / ENTRY;
	uint64_t run = p->run ? p->run : ++w->run;

	for (size_t i = 0; i < count; i += most)
		table_add(w, e, p->level, run, items + i,
		    count - i < most ? count - i : most);
	w->merged += count;
}

static void
merge(struct world *w, const struct plan *p)
{
	struct edit e = { 0 };
	struct item *items;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < p->count; i++) {
		n += p->inputs[i]->meta.entries;
		CHECK_OK(edit_drop_table(&e, p->inputs[i]->meta.number));
	}
	items = need(n * sizeof *items);
	n = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct content *c = &w->tables[
		    p->inputs[i]->meta.number % TABLES];

		memcpy(items + n, c->items, c->count * sizeof *items);
		n += c->count;
	}
	n = items_settle(items, n);
	for (size_t i = 0; i < n; i++)
		if (items[i].sequence != 0 || older_has(w, p, items[i].key))
			items[kept++] = items[i];
	outputs_add(w, &e, p, items, kept);
	free(items);
	apply(w, &e);
}

static void
move(struct world *w, const struct plan *p)
{
	uint64_t run = p->run ? p->run : ++w->run;
	struct edit e = { 0 };

	for (size_t i = 0; i < p->count; i++) {
		CHECK_OK(edit_drop_table(&e, p->inputs[i]->meta.number));
		CHECK_OK(edit_add_table(&e, p->level, run,
		    &p->inputs[i]->meta));
	}
	apply(w, &e);
}

static void
settle(struct world *w)
{
	struct plan p;
	bool any = true;

	for (int jobs = 0; any; jobs++) {
		CHECK(jobs < 1000);
		CHECK_OK(pick_compaction(w->version, &w->options, &any, &p));
		if (any && p.move)
			move(w, &p);
		else if (any)
			merge(w, &p);
		plan_release(&p);
	}
	if (w->version->runs > w->runs_most)
		w->runs_most = w->version->runs;
}

/* Runs from the newest on: the first entry of a key is what it holds, and
 * every later one is older. */
static void
world_check(const struct world *w)
{
	static uint64_t stamp[KEYS], holds[KEYS];

	memset(stamp, 0, sizeof stamp);
	memset(holds, 0, sizeof holds);
	for (size_t i = 0; i < w->version->tables; i++) {
		const struct content *c = &w->tables[
		    w->version->list[i]->meta.number % TABLES];

		for (size_t j = 0; j < c->count; j++) {
			uint32_t key = c->items[j].key;

			CHECK(stamp[key] == 0 ||
			    c->items[j].stamp < stamp[key]);
			if (stamp[key] == 0)
				holds[key] = c->items[j].sequence;
			stamp[key] = c->items[j].stamp;
		}
	}
	CHECK(memcmp(holds, w->truth, sizeof holds) == 0);
}

static struct world *
world_new(enum compaction compaction)
{
	struct world *w = need(sizeof *w);

	memset(w, 0, sizeof *w);
	w->random.state = test_seed() + (uint64_t)compaction;
	w->options.shape = (struct shape_options){
		.compaction = compaction,
		.l0_trigger = 4,
		.flush_size = FLUSH * ENTRY,
		.ratio = 4,
		.tier_from = 1000 * ENTRY,
		.table_size = 50 * ENTRY,
	};
	CHECK_OK(version_new(&w->version));
	return w;
}

static void
world_free(struct world *w)
{
	version_unref(w->version);
	for (size_t i = 0; i < TABLES; i++)
		free(w->tables[i].items);
	free(w);
}

static uint64_t
live(const struct world *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < KEYS; i++)
		n += w->truth[i] != 0;
	return n;
}

static uint64_t
stored(const struct world *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->version->tables; i++)
		n += w->version->list[i]->meta.entries;
	return n;
}

/* 300 flushes, most over all keys, some in a narrow place. */
static void
live_through(enum compaction compaction, double written, double space,
    size_t runs)
{
	struct world *w = world_new(compaction);

	for (int i = 0; i < 300; i++) {
		if (random_below(&w->random, 5) == 0)
			flush(w, 50, random_below(&w->random, KEYS - 50));
		else
			flush(w, KEYS, 0);
		settle(w);
		if (i % 10 == 0)
			world_check(w);
	}
	world_check(w);
	CHECK((double)w->merged / (double)w->flushed < written);
	CHECK((double)stored(w) / (double)live(w) < space);
	CHECK(w->runs_most <= runs);
	world_free(w);
}

TEST("a leveled tree keeps its laws and its bounds")
{
	live_through(COMPACTION_LEVELED, 7, 1.7, 10);
}

TEST("a hybrid tree keeps its laws and its bounds")
{
	live_through(COMPACTION_HYBRID, 6, 1.7, 14);
}

TEST_SOLO("a tiered tree keeps its laws and its bounds")
{
	live_through(COMPACTION_TIERED, 5, 6, 70);
}

TEST("a lazy tree keeps its laws and its bounds")
{
	live_through(COMPACTION_LAZY, 5, 3, 40);
}

TEST("sorted flushes are never merged")
{
	struct world *w = world_new(COMPACTION_HYBRID);

	for (size_t i = 0; i + FLUSH <= KEYS; i += FLUSH) {
		flush(w, FLUSH, i);
		settle(w);
	}
	CHECK_EQ(w->merged, 0);
	CHECK_EQ(w->version->runs, 1);
	world_check(w);
	world_free(w);
}

TEST("a range by hand ends in one run without deletes")
{
	struct world *w = world_new(COMPACTION_TIERED);
	struct pick_range r = { bytes(NULL, 0), bytes(NULL, 0), 0, 0 };
	struct plan p;
	bool any = true;

	for (int i = 0; i < 30; i++) {
		flush(w, KEYS, 0);
		settle(w);
	}
	r.sequence = w->sequence;
	r.number = w->number + 1;
	for (int jobs = 0; any; jobs++) {
		CHECK(jobs < 100);
		CHECK_OK(pick_range(w->version, &w->options, &r, &any, &p));
		if (any)
			merge(w, &p);
		plan_release(&p);
	}
	world_check(w);
	CHECK_EQ(w->version->runs, 1);
	CHECK_EQ(stored(w), live(w));
	world_free(w);
}
