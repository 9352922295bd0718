/*
 * manifest_read.c - from CURRENT and its manifest to the state.
 *
 * The first record is a snapshot, all others are edits. A bad record is never
 * skipped. Only the last may be bad, and only when every other file is as the
 * state before it wants it: then its writer was interrupted.
 */
#include "version/state.h"

#include <inttypes.h>

#include "base/status.h"
#include "log/replay.h"
#include "version/builder.h"
#include "version/witness.h"

enum { STORY_MAX = 64 };	/* "MANIFEST-000007: offset 4096" */
_Static_assert(FILE_NAME_MAX + sizeof ": offset " + DECIMAL_MAX <= STORY_MAX,
    "a story fits");

struct reading {
	struct state *state;
	struct log_reader *reader;
	struct builder builder;
	char name[FILE_NAME_MAX];
	char story[STORY_MAX];
};

/* The edit before the first one: the snapshot then follows like any other. */
static int
begin(struct reading *r)
{
	struct state *s = r->state;

	if (s->current.edit == 0)
		return status_set(LSM_CORRUPT, "CURRENT: edit 0");
	s->edit = s->current.edit - 1;
	memcpy(s->branch, s->current.branch, ID_SIZE);
	return LSM_OK;
}

static int
kind_check(const struct reading *r, const struct record *record, bool first)
{
	if (record->has_watermark)
		return status_set(LSM_CORRUPT, "%s: has a watermark",
		    r->story);
	if (first != (record->kind == RECORD_SNAPSHOT))
		return status_set(LSM_CORRUPT, "%s: %s", r->story,
		    first ? "the first record is not a snapshot" :
		    "a snapshot that is not the first record");
	if (first || record->kind == RECORD_EDIT)
		return LSM_OK;
	return status_set(LSM_UNSUPPORTED,
	    "%s: record of kind %u is not known to this build", r->story,
	    record->kind);
}

/* What only a snapshot must say. */
static int
snapshot_check(const struct reading *r, const struct edit *e)
{
	if (!e->has_identity)
		return status_set(LSM_CORRUPT, "%s: no identity", r->story);
	if (e->reserved <= r->state->current.manifest)
		return status_set(LSM_CORRUPT,
		    "%s: the manifest's own number was not reserved",
		    r->story);
	return LSM_OK;
}

static int
take_record(struct reading *r, const struct record *record)
{
	bool first = r->state->manifest_size == 0;
	struct state_change change;
	struct edit e;
	int rc;

	if (!first && record->kind & RECORD_IGNORABLE)
		return LSM_OK;
	if ((rc = kind_check(r, record, first)) != LSM_OK ||
	    (rc = edit_decode(record->payload, r->story, &e)) != LSM_OK)
		return rc;
	if (record->sequence != (uint32_t)e.number)
		rc = status_set(LSM_CORRUPT, "%s: record of edit %" PRIu32
		    " holds edit %" PRIu64, r->story, record->sequence,
		    e.number);
	else if (first)
		rc = snapshot_check(r, &e);
	if (rc == LSM_OK)
		rc = state_prepare_rest(r->state, &e, r->story, &change);
	if (rc == LSM_OK) {
		state_commit(r->state, &change);
		if ((rc = builder_apply(&r->builder, &e)) == LSM_CORRUPT)
			rc = status_add(rc, "%s", r->story);
	}
	edit_release(&e);
	return rc;
}

/* "NAME: offset N", where the next record begins; it is nearly always for
 * nothing, so it must cost nothing. */
static void
story_begin(struct reading *r)
{
	static const char between[] = ": offset ";
	char *p = r->story + strlen(r->name);

	strcpy(r->story, r->name);
	memcpy(p, between, sizeof between - 1);
	p = decimal_put(p + sizeof between - 1, log_reader_offset(r->reader),
	    1);
	*p = '\0';
}

static int
take_all(struct reading *r)
{
	struct record record;
	int rc;

	for (;;) {
		story_begin(r);
		if ((rc = log_reader_next(r->reader, &record)) != LSM_OK)
			return rc == LSM_NOTFOUND ? LSM_OK : rc;
		if ((rc = take_record(r, &record)) != LSM_OK)
			return rc;
		r->state->manifest_size = log_reader_offset(r->reader);
		if (r->state->manifest_first == 0)
			r->state->manifest_first = r->state->manifest_size;
		r->state->manifest_sum = log_reader_sum(r->reader);
	}
}

/* Why the records end, as far as the manifest itself can tell. */
static int
end_check(struct reading *r)
{
	struct log_beyond beyond;
	enum log_stop stop;
	const char *reason;
	int rc;

	rc = log_reader_stop(r->reader, &stop, &reason, &beyond);
	if (rc != LSM_OK)
		return rc;
	if (beyond.records > 0)
		return status_set(LSM_CORRUPT, "%s: %s; %" PRIu64
		    " valid records follow", r->story, reason,
		    beyond.records);
	if (r->state->manifest_size == 0)
		return status_set(LSM_CORRUPT, "%s: no snapshot: %s",
		    r->story, reason);
	r->state->torn = stop != LOG_STOP_END;
	return LSM_OK;
}

static int
open_manifest(struct env_dir *dir, struct reading *r)
{
	const struct current *c = &r->state->current;
	struct file_id id = { .kind = FILE_MANIFEST, .number = c->manifest };
	int rc;

	memcpy(id.database, c->database, ID_SIZE);
	file_name(r->name, FILE_MANIFEST, c->manifest);
	rc = log_reader_open(dir, r->name, &id, bytes(NULL, 0), 0, &r->reader);
	if (rc == LSM_NOTFOUND)
		return status_set(LSM_CORRUPT,
		    "CURRENT: names %s, which is not there" FILES_MADE_WHOLE,
		    r->name);
	if (rc != LSM_OK)
		return rc;
	if (memcmp(log_reader_header(r->reader)->id.branch, c->branch,
	    ID_SIZE) != 0)
		return status_set(LSM_CORRUPT,
		    "%s: offset 0: file of another branch", r->name);
	return LSM_OK;
}

static int
take_version(struct reading *r)
{
	struct version *v;
	int rc = builder_finish(&r->builder, r->state->edit, &v);

	if (rc != LSM_OK)
		return rc == LSM_CORRUPT ? status_add(rc, "%s", r->name) : rc;
	version_unref(r->state->version);
	r->state->version = v;
	return LSM_OK;
}

/* All whole records of what CURRENT names. */
static int
read_records(struct env_dir *dir, struct reading *r)
{
	int rc;

	if ((rc = begin(r)) != LSM_OK ||
	    (rc = open_manifest(dir, r)) != LSM_OK ||
	    (rc = take_all(r)) != LSM_OK)
		return rc;
	return take_version(r);
}

static void
reading_release(struct reading *r)
{
	log_reader_free(r->reader);
	builder_release(&r->builder);
}

int
manifest_read(struct env_dir *dir,
    void (*gone)(void *, struct version_table *), void *arg, struct state *s)
{
	struct reading r = { .state = s, .builder = { .gone = gone,
		.gone_arg = arg } };
	int rc;

	*s = (struct state){ 0 };
	if ((rc = current_read(dir, &s->current)) == LSM_NOTFOUND)
		rc = witness_without_current(dir);
	else if (rc == LSM_OK)
		rc = read_records(dir, &r);
	if (rc != LSM_OK || (rc = end_check(&r)) != LSM_OK)
		goto done;
	rc = witness_hear(dir, s);
	if (rc == LSM_CORRUPT && s->torn)
		rc = status_add(rc, "%s: not whole", r.story);
done:
	reading_release(&r);
	if (rc != LSM_OK)
		state_release(s);
	return rc;
}

static int
pinned_check(const struct reading *r, uint64_t pinned)
{
	if (r->state->manifest_size != 0 && r->state->edit >= pinned)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: edit %" PRIu64 " is not whole, "
	    "but edit %" PRIu64 " was announced", r->story,
	    r->state->edit + 1, pinned);
}

int
manifest_read_pinned(struct env_dir *dir, const struct current *current,
    uint64_t pinned, void (*gone)(void *, struct version_table *), void *arg,
    struct state *s)
{
	struct reading r = { .state = s, .builder = { .gone = gone,
		.gone_arg = arg } };
	int rc;

	*s = (struct state){ .current = *current };
	if ((rc = read_records(dir, &r)) == LSM_OK)
		rc = pinned_check(&r, pinned);
	if (rc == LSM_OK)
		s->torn = s->manifest_size != log_reader_size(r.reader);
	reading_release(&r);
	if (rc != LSM_OK)
		state_release(s);
	return rc;
}

/* Its header and the records before are known. */
static int
open_behind(struct env_dir *dir, struct reading *r)
{
	const struct state *s = r->state;
	struct file_id id = { .kind = FILE_MANIFEST,
		.number = s->current.manifest };

	memcpy(id.database, s->current.database, ID_SIZE);
	memcpy(id.branch, s->current.branch, ID_SIZE);
	file_name(r->name, FILE_MANIFEST, id.number);
	return log_reader_open_at(dir, r->name, &id, s->manifest_size,
	    s->manifest_sum, &r->reader);
}

int
manifest_read_on(struct env_dir *dir, const struct state *before,
    uint64_t pinned, void (*gone)(void *, struct version_table *), void *arg,
    struct state *s)
{
	struct reading r = { .state = s, .builder = { .gone = gone,
		.gone_arg = arg } };
	int rc;

	if ((rc = state_copy(before, s)) != LSM_OK ||
	    (rc = builder_begin(&r.builder, before->version)) != LSM_OK ||
	    (rc = open_behind(dir, &r)) != LSM_OK ||
	    (rc = take_all(&r)) != LSM_OK ||
	    (rc = pinned_check(&r, pinned)) != LSM_OK ||
	    (rc = take_version(&r)) != LSM_OK)
		goto done;
	s->torn = s->manifest_size != log_reader_size(r.reader);
done:
	reading_release(&r);
	if (rc != LSM_OK)
		state_release(s);
	return rc;
}
