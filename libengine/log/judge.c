/*
 * judge.c - what proves the end of a log (lsm-format(5)).
 *
 * All that comes behind the end of the chain is searched for records, and for
 * their watermarks above all: a place that is bad although a watermark says
 * that it was durable is damage; any other was never promised to anybody.
 */
#include "log/chain.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/status.h"
#include "log/reader.h"

/* A log behind the end of the chain that holds records. */
struct later {
	uint64_t number;
	bool started;
	struct log_start start;
};

struct judge {
	const struct log_replay_in *in;
	const struct log_list *list;
	const struct segment *last;
	struct log_end end;		/* of the chain */
	enum log_stop stop;		/* when neither known nor closed */
	const char *reason;
	uint64_t watermark;		/* the highest that was found */
	struct later *later;
	size_t count;
};

static int
later_search(struct judge *j, struct log_reader *reader, struct later *l,
    struct log_beyond *found)
{
	struct record r;
	bool frames;
	int rc = log_reader_next(reader, &r);

	if (rc != LSM_OK && rc != LSM_NOTFOUND)
		return rc;
	l->started = rc == LSM_OK && r.kind == RECORD_START &&
	    log_start_decode(r.payload, &l->start);
	rc = log_reader_scan(reader, BLOCK_UNIT, found, &frames);
	if (rc == LSM_OK && found->watermark > j->watermark)
		j->watermark = found->watermark;
	return rc;
}

/* A damaged header must not hide a log: search with what it ought to say. The
 * branch is that of the chain or the one for new files. */
static int
later_blind(struct judge *j, const char *name, struct later *l,
    struct log_beyond *found)
{
	struct file_id id = j->in->id;
	struct log_reader *reader;
	int rc = LSM_OK;

	id.kind = FILE_LOG;
	id.number = l->number;
	for (int i = 0; i < 2 && rc == LSM_OK && found->records == 0; i++) {
		if (i == 1 && j->last->reader == NULL)
			break;
		if (i == 1)
			memcpy(id.branch, log_reader_header(j->last->reader)
			    ->id.branch, sizeof id.branch);
		rc = log_reader_open_blind(j->in->dir, name, &id, &reader);
		if (rc == LSM_OK)
			rc = later_search(j, reader, l, found);
		log_reader_free(reader);
	}
	return rc;
}

static int
later_read(struct judge *j, uint64_t number)
{
	struct later *l = &j->later[j->count];
	struct file_id id = j->in->id;
	struct log_beyond found = { 0 };
	struct log_reader *reader;
	char name[FILE_NAME_MAX];
	int rc;

	*l = (struct later){ .number = number };
	id.kind = FILE_LOG;
	id.number = number;
	file_name(name, FILE_LOG, number);
	rc = log_reader_open(j->in->dir, name, &id, bytes(NULL, 0), 0,
	    &reader);
	if (rc == LSM_CORRUPT)
		rc = later_blind(j, name, l, &found);
	else if (rc == LSM_OK)
		rc = later_search(j, reader, l, &found);
	log_reader_free(reader);
	if (rc == LSM_OK && found.records != 0)
		j->count++;
	return rc;
}

static int
later_read_all(struct judge *j)
{
	size_t size = (j->list->numbers.count + 1) * sizeof *j->later;
	int rc = LSM_OK;

	if ((j->later = mem_alloc(size)) == NULL)
		return mem_exhausted(size);
	for (size_t i = 0; i < j->list->numbers.count && rc == LSM_OK; i++)
		if (j->list->numbers.list[i] > j->end.number)
			rc = later_read(j, j->list->numbers.list[i]);
	return rc;
}

static bool
later_has(const struct judge *j, uint64_t number)
{
	for (size_t i = 0; i < j->count; i++)
		if (j->later[i].number == number)
			return true;
	return false;
}

/* May `l` stand behind the end of the chain, although it does not follow it?
 * It may have been begun behind an end that did not hold. */
static int
later_check(const struct judge *j, const struct later *l)
{
	uint64_t previous = l->start.previous;
	char name[FILE_NAME_MAX], before[FILE_NAME_MAX];
	bool fits = previous > j->end.number;

	if (!l->started)
		return LSM_OK;
	file_name(name, FILE_LOG, l->number);
	file_name(before, FILE_LOG, previous);
	if (log_start_follows(&l->start, &j->end))
		return status_set(LSM_CORRUPT, "%s: offset 0: damaged "
		    "header, and the log goes on there", name);
	if (previous == j->end.number && previous != 0)
		fits = j->last->known != NULL || (j->last->names == 0 &&
		    l->start.previous_size > j->end.size);
	if (!fits)
		return status_set(LSM_CORRUPT, "%s: offset %d: start record "
		    "does not follow the end of %s", name, BLOCK_UNIT,
		    before);
	if (previous != j->end.number &&
	    !numbers_have(&j->list->numbers, previous))
		return status_set(LSM_CORRUPT, "%s: missing, and %s needs it"
		    FILES_MADE_WHOLE, before, name);
	return LSM_OK;
}

/* A known end leaves behind it only what was set aside with it: what does not
 * go back to it begins at a bad place. */
static bool
bad_behind_known(const struct judge *j, uint64_t *place)
{
	*place = UINT64_MAX;
	for (size_t i = 0; i < j->count; i++) {
		const struct later *l = &j->later[i];
		uint64_t log = l->number;

		if (l->started && (l->start.previous == j->end.number ||
		    later_has(j, l->start.previous)))
			continue;
		if (l->started)
			log = l->start.previous;
		if (log_position(log, BLOCK_UNIT) < *place)
			*place = log_position(log, BLOCK_UNIT);
	}
	return *place != UINT64_MAX;
}

/* Is anything not as it must be, and where does it begin? */
static bool
bad_place(const struct judge *j, uint64_t *place)
{
	if (j->last->known != NULL)
		return bad_behind_known(j, place);
	if (j->end.number == 0) {
		*place = log_position(j->in->first, BLOCK_UNIT);
		return j->count != 0;
	}
	if (j->last->names != 0) {
		*place = log_position(j->last->names, BLOCK_UNIT);
		return j->count != 0;
	}
	*place = log_position(j->end.number, j->end.size);
	return j->stop == LOG_STOP_BAD || j->count != 0 ||
	    *place < j->watermark;
}

static int
damaged(const struct judge *j, uint64_t place)
{
	char name[FILE_NAME_MAX], durable[FILE_NAME_MAX];

	file_name(name, FILE_LOG, place >> 32);
	file_name(durable, FILE_LOG, j->watermark >> 32);
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu32 ": %s, but all "
	    "was durable up to %s offset %" PRIu32, name, (uint32_t)place,
	    j->reason, durable, (uint32_t)j->watermark);
}

static int
interrupted(const struct judge *j, struct log_replay_out *out,
    struct numbers *aside)
{
	int rc = LSM_OK;

	out->interrupted_log = j->end.number ? j->end.number : j->in->first;
	out->interrupted_at = j->end.number ? j->end.size : BLOCK_UNIT;
	for (size_t i = 0; i < j->count && rc == LSM_OK; i++)
		rc = numbers_add(aside, j->later[i].number);
	return rc;
}

static int
judge_end(struct judge *j, struct log_replay_out *out,
    struct numbers *aside, bool *clean)
{
	uint64_t place;
	int rc = LSM_OK;

	for (size_t i = 0; i < j->count && rc == LSM_OK; i++)
		rc = later_check(j, &j->later[i]);
	if (rc != LSM_OK)
		return rc;
	if (bad_place(j, &place))
		return place < j->watermark ? damaged(j, place) :
		    interrupted(j, out, aside);
	*clean = j->last->known != NULL || j->last->names != 0 ||
	    j->stop == LOG_STOP_LEFT;
	for (size_t i = 0; i < j->count && rc == LSM_OK; i++)
		rc = numbers_add(aside, j->later[i].number);
	return rc;
}

int
chain_judge(const struct log_replay_in *in, const struct log_list *list,
    const struct segment *last, struct log_replay_out *out,
    struct numbers *aside, bool *clean)
{
	struct judge j = { .in = in, .list = list, .last = last,
		.end = out->last, .stop = LOG_STOP_END,
		.reason = "no start record" };
	struct log_beyond beyond = { 0 };
	int rc = LSM_OK;

	*clean = false;
	if (last->number != 0 && last->known == NULL && last->names == 0)
		rc = log_reader_stop(last->reader, &j.stop, &j.reason,
		    &beyond);
	j.watermark = beyond.watermark;
	if (last->durable != 0 && j.watermark < log_position(last->number,
	    last->durable))
		j.watermark = log_position(last->number, last->durable);
	if (rc == LSM_OK)
		rc = later_read_all(&j);
	if (rc == LSM_OK)
		rc = judge_end(&j, out, aside, clean);
	mem_free(j.later);
	return rc;
}
