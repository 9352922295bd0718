/*
 * input.c - what a job reads: a memtable, or tables of a version, merged.
 *
 * Tables are scanned: every page is read from the file and verified, never
 * mapped and never taken from a cache, so no damage gets a new, valid sum.
 *
 * The order law is checked where two runs hold the same key: merge_iter shows
 * the newer run's entry and, going forward, leaves the others standing on
 * that key until its next movement passes over them. So a guard around each
 * run sees, whenever it is moved, its own entry and the one that is shown.
 */
#include "compact/input.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "kv/merge_iter.h"

enum { STORY_KEY_MAX = 40 };	/* bytes of a key that a story tells */

struct guard {
	struct iter iter;
	struct iter *entries;		/* of the run */
	const struct run *run;
	const struct input *input;
};

static struct guard *
guard_of(struct iter *it)
{
	return (struct guard *)it;
}

int
input_told(const struct input *in, int rc, const struct version_table *t)
{
	if (rc == LSM_CORRUPT && in->damaged != NULL)
		*in->damaged = t->meta.number;
	return rc;
}

static int
guard_show(struct guard *g, int rc)
{
	g->iter.valid = rc == LSM_OK && g->entries->valid;
	g->iter.entry = g->entries->entry;
	return input_told(g->input, rc, run_iter_table(g->entries));
}

static int
guard_first(struct iter *it)
{
	struct guard *g = guard_of(it);

	return guard_show(g, iter_first(g->entries));
}

static int
order_broken(const struct guard *g, const struct entry *shown)
{
	const struct entry *mine = &g->iter.entry;
	size_t at = run_find(g->run, mine->key);
	char name[FILE_NAME_MAX];

	assert(at < g->run->count);
	file_name(name, FILE_TABLE, g->run->tables[at]->meta.number);
	return status_set(LSM_CORRUPT, "%s: key \"%.*s\": sequence %" PRIu64
	    " is not below %" PRIu64 " of a newer run", name,
	    mine->key.n < STORY_KEY_MAX ? (int)mine->key.n : STORY_KEY_MAX,
	    (const char *)mine->key.p, mine->sequence, shown->sequence);
}

static int
guard_next(struct iter *it)
{
	struct guard *g = guard_of(it);
	const struct entry *shown = &g->input->iter->entry;

	if (it->entry.sequence >= shown->sequence &&
	    it->entry.key.p != shown->key.p) {
		it->valid = false;
		return order_broken(g, shown);
	}
	return guard_show(g, iter_next(g->entries));
}

static void
guard_free(struct iter *it)
{
	struct guard *g = guard_of(it);

	iter_free(g->entries);
	mem_free(g);
}

/* A job goes forward only. */
static const struct iter_ops guard_ops = {
	.free = guard_free,
	.first = guard_first,
	.next = guard_next,
};

static int
guard_new(const struct input *in, const struct run *run,
    struct table_cache *cache, struct iter **out)
{
	struct guard *g = mem_zalloc(sizeof *g);
	int rc;

	*out = NULL;
	if (g == NULL)
		return mem_exhausted(sizeof *g);
	rc = run_iter_new(in->version, run, cache, TABLE_SCAN, &g->entries);
	if (rc != LSM_OK) {
		mem_free(g);
		return rc;
	}
	g->iter.ops = &guard_ops;
	g->run = run;
	g->input = in;
	*out = &g->iter;
	return LSM_OK;
}

int
input_memtable(struct input *in, struct memtable *mem)
{
	int rc;

	in->entries = memtable_entries(mem);
	if ((rc = sweep_init(&in->sweep, 1)) != LSM_OK)
		return rc;
	rc = memtable_cover_new(mem, UINT64_MAX, &in->sweep.covers[0]);
	if (rc != LSM_OK)
		return rc;
	in->sweep.count = 1;
	return memtable_iter_new(mem, UINT64_MAX, &in->iter);
}

static int
tables_copy(struct input *in, struct version_table *const *tables,
    size_t count)
{
	size_t size = count * sizeof(struct version_table *);

	if ((in->tables = mem_alloc(2 * size)) == NULL)
		return mem_exhausted(2 * size);
	if ((in->runs = mem_alloc(count * sizeof *in->runs)) == NULL)
		return mem_exhausted(count * sizeof *in->runs);
	in->read = in->tables + count;
	memcpy(in->tables, tables, size);
	memcpy(in->read, tables, size);
	in->count = count;
	for (size_t i = 0; i < count; i++) {
		in->bytes += tables[i]->meta.size;
		in->entries += tables[i]->meta.entries;
	}
	return LSM_OK;
}

/* Cut the list where the run changes. */
static void
runs_cut(struct input *in)
{
	for (size_t i = 0; i < in->count; i++) {
		const struct version_table *t = in->tables[i];
		const struct version_table *before = in->tables[i ? i - 1 : 0];
		bool same = i > 0 && before->level == t->level &&
		    before->run == t->run;

		assert(!same || bytes_compare(before->meta.largest,
		    t->meta.smallest) < 0);
		assert(same || i == 0 || before->level < t->level ||
		    (before->level == t->level && before->run > t->run));
		if (!same)
			in->runs[in->runs_count++] = (struct run){
				.number = t->run, .tables = &in->read[i] };
		in->runs[in->runs_count - 1].count++;
		in->runs[in->runs_count - 1].covering += t->meta.ranges > 0;
	}
}

int
input_tables(struct input *in, struct version *v,
    struct version_table *const *tables, size_t count,
    const struct compact_options *o)
{
	int rc;

	assert(count > 0);
	version_ref(v);
	in->version = v;
	in->cache = o->tables;
	in->damaged = o->damaged;
	if ((rc = tables_copy(in, tables, count)) == LSM_OK)
		runs_cut(in);
	return rc;
}

/* Leave out of a run what the covers of newer ones delete wholly, its own
 * range deletes with it. */
static int
run_clear(struct input *in, struct run *run)
{
	size_t count = run->count;
	bool all;
	int rc;

	run->count = 0;
	for (size_t i = 0; i < count; i++) {
		struct version_table *t = run->tables[i];

		rc = sweep_covers(&in->sweep, in->sweep.count,
		    t->meta.smallest, t->meta.largest, t->meta.sequence_max,
		    &all);
		if (rc != LSM_OK)
			return rc;
		if (all) {
			in->covered += t->meta.entries;
			in->bytes -= t->meta.size;
			run->covering -= t->meta.ranges > 0;
		} else {
			run->tables[run->count++] = t;
		}
	}
	return LSM_OK;
}

/* From the newest run on: a run is asked only once it is what it stays. */
static int
covers_open(struct input *in)
{
	struct sweep *s = &in->sweep;
	int rc = sweep_init(s, in->runs_count);

	for (size_t i = 0; i < in->runs_count && rc == LSM_OK; i++) {
		struct run *run = &in->runs[i];

		if (s->count > 0 && (rc = run_clear(in, run)) != LSM_OK)
			break;
		if (run->covering == 0)
			continue;
		rc = run_cover_new(run, in->cache, &s->covers[s->count]);
		s->count += rc == LSM_OK;
	}
	return rc;
}

int
input_start(struct input *in)
{
	struct iter **iters;
	size_t n = 0;
	int rc;

	if ((rc = covers_open(in)) != LSM_OK)
		return rc;
	iters = mem_alloc(in->runs_count * sizeof(struct iter *));
	if (iters == NULL)
		return mem_exhausted(in->runs_count * sizeof(struct iter *));
	for (size_t i = 0; i < in->runs_count && rc == LSM_OK; i++) {
		if (in->runs[i].count == 0)
			continue;
		rc = guard_new(in, &in->runs[i], in->cache, &iters[n]);
		n += rc == LSM_OK;
	}
	if (rc == LSM_OK)
		rc = merge_iter_new(iters, n, &in->iter);
	else
		while (n > 0)
			iter_free(iters[--n]);
	mem_free(iters);
	return rc;
}

void
input_release(struct input *in)
{
	iter_free(in->iter);
	sweep_release(&in->sweep);
	version_unref(in->version);
	mem_free(in->tables);
	mem_free(in->runs);
	*in = (struct input){ 0 };
}

/* A memtable does not count what it passes over; at its end all that was not
 * shown was shadowed. */
uint64_t
input_shadowed(const struct input *in, uint64_t shown)
{
	if (in->version != NULL)
		return merge_iter_shadowed(in->iter);
	return in->iter->valid ? 0 : in->entries - shown;
}
