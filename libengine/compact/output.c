/*
 * output.c - what a job writes: tables, one after the other.
 *
 * A table begins with the first thing that goes into it, so there is never an
 * empty one; it is cut when it has reached its size, and as keys come once,
 * always between two keys. Where there are fences it is cut at one of them, if
 * one comes near its size: a table that ends where one of the next level ends
 * overlaps one fewer when it goes there. The more fences it has passed the
 * sooner, so that no table overlaps many; and where it would overlap too much
 * it is cut whatever its size is. At a wall it is cut always.
 *
 * A range delete that reaches over a cut is divided there. The tables of a run
 * must not meet in any key, bounds included. So the left part ends right
 * behind the last thing that is in the left table, and the right part begins
 * there; and where the next key is that last thing, being the end of a range
 * delete, the cut waits until it has been passed.
 */
#include "compact/output.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/status.h"
#include "table/footer.h"

enum {
	PERCENT_FIRST = 50,	/* of the size, to be cut at the first fence */
	PERCENT_STEP = 5,	/* more for each that was passed */
	PERCENT_MOST = 90,
	PAST_SIZE = 2		/* waiting for a fence ends at twice the size */
};

/* A table is also cut when its range deletes take so many bytes: far from what
 * a table holds, as one or two more may come. */
#define RANGES_CUT (RANGES_SIZE_MAX / 2)

void
output_init(struct output *o, const struct compact_options *options)
{
	o->options = *options;
	o->fences.run = options->fences;
	o->fences.most = options->overlap;
}

/* Before a file is made there is room to remember it. */
static int
tables_reserve(struct output *o)
{
	struct table_meta *tables;

	tables = mem_room(o->tables, o->count, &o->room, sizeof *tables);
	if (tables == NULL)
		return LSM_NO_MEMORY;
	o->tables = tables;
	return LSM_OK;
}

static int
table_begin(struct output *o, struct bytes from)
{
	struct table_options t = o->options.table;
	int rc;

	if ((rc = tables_reserve(o)) != LSM_OK ||
	    (rc = o->options.number(o->options.number_arg, &t.id.number)) !=
	    LSM_OK)
		return rc;
	fences_begin(&o->fences, from);
	t.inputs = o->inputs;
	t.inputs_count = o->inputs_count;
	return table_builder_new(&t, &o->builder);
}

static int
sync_oldest(struct output *o)
{
	struct env_file *file = o->unsynced[0];

	memmove(o->unsynced, o->unsynced + 1,
	    --o->unsynced_count * sizeof *o->unsynced);
	return table_file_finish(file);
}

/* A builder that failed unlinks its file when it is freed. The sync comes some
 * tables later: by then the disk has most of the table, and nobody waits. */
static int
table_end(struct output *o)
{
	struct table_meta *meta = &o->tables[o->count];
	struct env_file *file;
	int rc;

	assert(o->count < o->room);
	rc = table_builder_hand_over(o->builder, meta, &file);
	table_builder_free(o->builder);
	o->builder = NULL;
	if (rc != LSM_OK)
		return rc;
	o->bytes += meta->size;
	o->count++;
	if (o->unsynced_count == UNSYNCED_MAX)
		rc = sync_oldest(o);
	o->unsynced[o->unsynced_count++] = file;
	return rc;
}

static bool
cut_due(struct output *o, struct bytes key)
{
	uint64_t size = o->options.table_size, percent;
	uint64_t now = table_builder_size(o->builder);
	bool passed;

	if (table_builder_ranges_size(o->builder) >= RANGES_CUT)
		return true;
	if (o->fences.run == NULL)
		return now >= size;
	passed = fences_pass(&o->fences, key);
	if (fences_full(&o->fences, key))
		return true;
	if (!passed)
		return now >= PAST_SIZE * size;
	percent = PERCENT_FIRST + (uint64_t)PERCENT_STEP * o->fences.passed;
	if (percent > PERCENT_MOST)
		percent = PERCENT_MOST;
	return now >= size / 100 * percent;
}

/* Divide the range delete right behind a key, which is not above its end, and
 * end the table there. */
static int
range_divide(struct output *o, struct bytes last)
{
	struct range left = o->range;
	uint8_t behind[BOUND_MAX];
	int rc;

	left.to = bytes(behind, last.n + 1);
	(void)bound_keep(last, behind);
	behind[last.n] = 0;
	if ((rc = table_builder_add_range(o->builder, &left)) != LSM_OK)
		return rc;
	o->reaching = bytes_compare(left.to, o->range.to) < 0;
	o->range.from = bound_keep(left.to, o->from);
	return table_end(o);
}

static bool
table_empty(const struct output *o)
{
	return table_builder_entries(o->builder) == 0 &&
	    table_builder_ranges_size(o->builder) == 0;
}

/* The range delete reaches up to `to`, at least: what of it spans too much of
 * the next level gets tables of its own. Then there is one begun. */
static int
range_spread(struct output *o, struct bytes to)
{
	struct bytes last;
	int rc;

	if (o->builder == NULL &&
	    (rc = table_begin(o, o->range.from)) != LSM_OK)
		return rc;
	while (fences_divide(&o->fences, to, &last)) {
		if (bytes_compare(last, o->range.from) < 0 ||
		    (!table_empty(o) && bytes_compare(
		    table_builder_last(o->builder), last) > 0))
			continue;
		if ((rc = range_divide(o, last)) != LSM_OK ||
		    (rc = table_begin(o, o->range.from)) != LSM_OK)
			return rc;
	}
	return LSM_OK;
}

/* The range delete that reaches on has come to its end. */
static int
range_end(struct output *o)
{
	int rc;

	if ((rc = range_spread(o, o->range.to)) != LSM_OK)
		return rc;
	o->reaching = false;
	return table_builder_add_range(o->builder, &o->range);
}

/* All up to the wall was added, all behind it comes later. */
static int
wall_cut(struct output *o, struct bytes wall)
{
	int rc;

	if (o->reaching && bytes_compare(o->range.to, wall) <= 0 &&
	    (rc = range_end(o)) != LSM_OK)
		return rc;
	if (o->reaching && bytes_compare(o->range.from, wall) <= 0) {
		rc = range_spread(o, wall);
		return rc == LSM_OK ? range_divide(o, wall) : rc;
	}
	return o->builder != NULL ? table_end(o) : LSM_OK;
}

/* Tables end at the walls before the key. */
static int
walls_pass(struct output *o, struct bytes key)
{
	const struct compact_options *c = &o->options;
	int rc = LSM_OK;

	while (rc == LSM_OK && o->walls < c->walls_count &&
	    bytes_compare(c->walls[o->walls], key) < 0)
		rc = wall_cut(o, c->walls[o->walls++]);
	return rc;
}

/* Nothing else is in its way but walls. */
static int
range_finish(struct output *o)
{
	int rc = walls_pass(o, o->range.to);

	return rc == LSM_OK && o->reaching ? range_end(o) : rc;
}

/* Is the next key clear of what the table holds? */
static bool
clear(struct bytes last, const struct bytes *next)
{
	return next == NULL || bytes_compare(last, *next) < 0;
}

/* End the table before what comes next, if that can be. */
static int
cut(struct output *o, const struct bytes *next)
{
	struct bytes last = table_builder_last(o->builder);

	if (o->reaching && bytes_compare(last, o->range.from) < 0)
		return table_end(o);
	if (!clear(last, next))
		return LSM_OK;
	return o->reaching ? range_divide(o, last) : table_end(o);
}

int
output_add_range(struct output *o, const struct range *r,
    const struct bytes *next)
{
	int rc;

	if ((o->reaching && (rc = range_finish(o)) != LSM_OK) ||
	    (rc = walls_pass(o, r->from)) != LSM_OK)
		return rc;
	o->range = (struct range){ bound_keep(r->from, o->from),
		bound_keep(r->to, o->to), r->sequence };
	o->reaching = true;
	if (o->builder != NULL && cut_due(o, r->from))
		return cut(o, next);
	return LSM_OK;
}

int
output_add(struct output *o, const struct entry *e)
{
	int rc;

	if ((o->reaching && bytes_compare(o->range.to, e->key) <= 0 &&
	    (rc = range_finish(o)) != LSM_OK) ||
	    (rc = walls_pass(o, e->key)) != LSM_OK)
		return rc;
	if (o->builder != NULL && cut_due(o, e->key) &&
	    (rc = cut(o, &e->key)) != LSM_OK)
		return rc;
	if (o->builder == NULL && (rc = o->reaching ?
	    range_spread(o, e->key) : table_begin(o, e->key)) != LSM_OK)
		return rc;
	return table_builder_add(o->builder, e);
}

int
output_cut(struct output *o)
{
	assert(!o->reaching);
	return o->builder != NULL ? table_end(o) : LSM_OK;
}

int
output_finish(struct output *o)
{
	struct env_dir *dir = o->options.dir;
	int rc;

	if ((o->reaching && (rc = range_finish(o)) != LSM_OK) ||
	    (rc = output_cut(o)) != LSM_OK)
		return rc;
	while (o->unsynced_count > 0)
		if ((rc = sync_oldest(o)) != LSM_OK)
			return rc;
	return o->count > 0 ? dir->env->ops->dir_sync(dir) : LSM_OK;
}

uint64_t
output_begun(const struct output *o)
{
	return o->builder != NULL ? table_builder_size(o->builder) : 0;
}

uint64_t
output_bytes(const struct output *o)
{
	return o->bytes + output_begun(o);
}

uint64_t
output_stored(const struct output *o)
{
	return o->bytes +
	    (o->builder != NULL ? table_builder_stored(o->builder) : 0);
}

void
output_release(struct output *o, bool keep)
{
	struct env_dir *dir = o->options.dir;
	char name[FILE_NAME_MAX];

	table_builder_free(o->builder);
	for (size_t i = 0; i < o->unsynced_count; i++)
		env_file_close(o->unsynced[i]);
	for (size_t i = 0; i < o->count; i++) {
		file_name(name, FILE_TABLE, o->tables[i].number);
		if (!keep)	/* one that stays is an orphan, removed later */
			(void)dir->env->ops->dir_unlink(dir, name);
		table_meta_release(&o->tables[i]);
	}
	mem_free(o->tables);
	mem_free(o->inputs);
}
