/*
 * compact.c - a job: read merged input, drop what is not needed, write.
 *
 * A job belongs to one thread at a time. It changes nothing that a reader
 * sees: its files have no meaning until an edit names them.
 */
#include "compact/compact.h"

#include <assert.h>
#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "compact/input.h"
#include "compact/lineage.h"
#include "compact/older.h"
#include "compact/output.h"

enum {
	STEP_BYTES = 64 << 10,	/* of keys and values, read in one step */
	ENTRY_COST = 16		/* an entry counts as so many bytes more */
};

enum job_state {
	JOB_NEW,
	JOB_RUNNING,
	JOB_DONE,		/* the outputs are durable */
	JOB_GIVEN		/* and belong to an edit */
};

struct compact_job {
	struct input input;
	struct older older;	/* what a dropped delete must not cover */
	struct output output;
	enum job_state state;
	uint64_t shown;		/* entries that the input has shown */
	uint64_t written;	/* of them, written out */
	uint64_t covered;	/* of them, by a range delete */
	/* The sweep's range has been met: it covers what comes next. */
	bool within;
	uint64_t ranges, ranges_dropped;	/* that were met */
};

static int
job_new(const struct compact_options *o, struct compact_job **out)
{
	struct compact_job *job = mem_zalloc(sizeof *job);

	assert(o->number != NULL && o->level < LEVELS_MAX && o->run != 0);
	assert(o->table.level == o->level && o->table.run == o->run);
	*out = job;
	if (job == NULL)
		return mem_exhausted(sizeof *job);
	output_init(&job->output, o);
	return LSM_OK;
}

int
compact_flush_new(const struct compact_options *o, struct memtable *mem,
    struct compact_job **out)
{
	struct compact_job *job;
	int rc;

	*out = NULL;
	if ((rc = job_new(o, &job)) != LSM_OK)
		return rc;
	if ((rc = input_memtable(&job->input, mem)) != LSM_OK) {
		compact_free(job);
		return rc;
	}
	*out = job;
	return LSM_OK;
}

int
compact_merge_new(const struct compact_options *o, struct version *v,
    struct version_table *const *inputs, size_t count,
    struct compact_job **out)
{
	struct compact_job *job;
	int rc;

	*out = NULL;
	if ((rc = job_new(o, &job)) != LSM_OK)
		return rc;
	if ((rc = input_tables(&job->input, v, inputs, count, o)) != LSM_OK ||
	    (rc = older_init(&job->older, v, o->level, inputs, count)) !=
	    LSM_OK || (rc = lineage_find(&job->input, o, &job->output.inputs,
	    &job->output.inputs_count)) != LSM_OK ||
	    (rc = input_start(&job->input)) != LSM_OK) {
		compact_free(job);
		return rc;
	}
	*out = job;
	return LSM_OK;
}

/* Does a delete that goes from one key to another delete nothing? */
static bool
idle(struct compact_job *job, struct bytes smallest, struct bytes largest)
{
	return job->output.options.drop_deletes &&
	    !older_spans(&job->older, smallest, largest);
}

static int
entry_take(struct compact_job *job, const struct entry *e)
{
	int rc;

	job->shown++;
	if (job->within && e->sequence < job->input.sweep.range.sequence) {
		job->covered++;
		return LSM_OK;
	}
	if (e->kind == KIND_DELETE && idle(job, e->key, e->key))
		return LSM_OK;
	if ((rc = output_add(&job->output, e)) != LSM_OK)
		return rc;
	job->written++;
	return LSM_OK;
}

/* `next` is the entry that comes; NULL: none. */
static int
range_meet(struct compact_job *job, const struct bytes *next)
{
	const struct range *r = &job->input.sweep.range;

	job->ranges++;
	if (!idle(job, r->from, bound_last(r->to)))
		return output_add_range(&job->output, r, next);
	job->ranges_dropped++;
	return LSM_OK;
}

/* Into the next range, or out of it, if that comes before the next entry. */
static int
range_step(struct compact_job *job, bool *moved)
{
	struct sweep *s = &job->input.sweep;
	const struct iter *it = job->input.iter;
	const struct bytes *next = it->valid ? &it->entry.key : NULL;
	const struct bytes *edge = job->within ? &s->range.to : &s->range.from;

	*moved = s->valid && (next == NULL || bytes_compare(*edge, *next) <= 0);
	if (!*moved)
		return LSM_OK;
	job->within = !job->within;
	return job->within ? range_meet(job, next) : sweep_next(s);
}

/* Tables that yield more or fewer entries than they were made with would be
 * lost silently: their index leads past a leaf, or twice to one. */
static int
count_check(const struct compact_job *job)
{
	const struct input *in = &job->input;
	uint64_t seen = job->shown + in->covered +
	    input_shadowed(in, job->shown);

	if (seen == in->entries)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "merge of %zu tables: they hold %"
	    PRIu64 " entries, %" PRIu64 " were read", in->count, in->entries,
	    seen);
}

static int
job_end(struct compact_job *job)
{
	int rc;

	if ((rc = count_check(job)) != LSM_OK ||
	    (rc = output_finish(&job->output)) != LSM_OK)
		return rc;
	job->state = JOB_DONE;
	return LSM_OK;
}

static int
job_begin(struct compact_job *job)
{
	int rc = iter_first(job->input.iter);

	assert(job->state == JOB_NEW);
	job->state = JOB_RUNNING;
	return rc == LSM_OK ? sweep_next(&job->input.sweep) : rc;
}

/* Past one edge of a range, or one entry. */
static int
job_go(struct compact_job *job, size_t *cost)
{
	struct iter *it = job->input.iter;
	bool moved;
	int rc = range_step(job, &moved);

	*cost += ENTRY_COST;
	if (rc != LSM_OK || moved)
		return rc;
	*cost += it->entry.key.n + it->entry.value.n;
	rc = entry_take(job, &it->entry);
	return rc == LSM_OK ? iter_next(it) : rc;
}

int
compact_step(struct compact_job *job, bool *done)
{
	const struct iter *it = job->input.iter;
	const struct sweep *s = &job->input.sweep;
	size_t cost = 0;
	int rc = LSM_OK;

	*done = false;
	assert(job->state <= JOB_RUNNING);
	if (job->state == JOB_NEW)
		rc = job_begin(job);
	while (rc == LSM_OK && (it->valid || s->valid) && cost < STEP_BYTES)
		rc = job_go(job, &cost);
	if (rc != LSM_OK || it->valid || s->valid)
		return rc;
	rc = job_end(job);
	*done = rc == LSM_OK;
	return rc;
}

int
compact_result(struct compact_job *job, struct edit *e)
{
	const struct output *o = &job->output;
	const struct input *in = &job->input;
	int rc = LSM_OK;

	assert(job->state == JOB_DONE);
	for (size_t i = 0; i < o->count && rc == LSM_OK; i++)
		rc = edit_add_table(e, o->options.level, o->options.run,
		    &o->tables[i]);
	for (size_t i = 0; i < in->count && rc == LSM_OK; i++)
		rc = edit_drop_table(e, in->tables[i]->meta.number);
	if (rc == LSM_OK)
		job->state = JOB_GIVEN;
	return rc;
}

void
compact_free(struct compact_job *job)
{
	if (job == NULL)
		return;
	older_release(&job->older);
	input_release(&job->input);
	output_release(&job->output, job->state == JOB_GIVEN);
	mem_free(job);
}

void
compact_stats(const struct compact_job *job, struct compact_stats *s)
{
	const struct input *in = &job->input;

	*s = (struct compact_stats){
		.entries_out = job->written,
		.shadowed = input_shadowed(in, job->shown),
		.covered = job->covered + in->covered,
		.deletes_dropped = job->shown - job->written - job->covered,
		.ranges_out = job->ranges - job->ranges_dropped,
		.ranges_dropped = job->ranges_dropped,
		.bytes_written = output_bytes(&job->output),
		.bytes_stored = output_stored(&job->output),
		.outputs = job->output.count,
	};
	s->entries_in = job->shown + s->shadowed + in->covered;
	if (in->entries > in->covered)
		s->bytes_read = (uint64_t)((double)in->bytes *
		    (double)(job->shown + s->shadowed) /
		    (double)(in->entries - in->covered));
}

uint64_t
compact_input_bytes(const struct compact_job *job)
{
	return job->input.bytes;
}

uint64_t
compact_read_from(const struct compact_job *job, int level)
{
	const struct input *in = &job->input;
	uint64_t bytes = 0;

	for (size_t i = 0; i < in->count; i++)
		if (in->tables[i]->level == level)
			bytes += in->tables[i]->meta.size;
	return bytes;
}

size_t
compact_inputs(const struct compact_job *job)
{
	return job->input.count;
}

bool
compact_given(const struct compact_job *job)
{
	return job->state == JOB_GIVEN;
}
