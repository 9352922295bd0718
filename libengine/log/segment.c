/*
 * segment.c - one log of the chain, read from its start record to its end.
 *
 * A record that verifies and is wrong all the same, by its sequence or by its
 * form, is damage: no interrupted write leaves such a thing.
 */
#include "log/segment.h"

#include <inttypes.h>

#include "base/status.h"
#include "log/reader.h"

enum { START_PAYLOAD = 32, MARK_PAYLOAD = 8 };

bool
log_start_decode(struct bytes payload, struct log_start *s)
{
	return payload.n == START_PAYLOAD &&
	    bytes_take64(&payload, &s->previous) &&
	    bytes_take64(&payload, &s->previous_size) &&
	    bytes_take64(&payload, &s->previous_sum) &&
	    bytes_take64(&payload, &s->first_sequence) &&
	    s->first_sequence != 0 && s->first_sequence <= INT64_MAX;
}

bool
log_start_follows(const struct log_start *s, const struct log_end *end)
{
	return s->previous == end->number && s->previous_size == end->size &&
	    s->previous_sum == end->sum;
}

void
segment_release(struct segment *s)
{
	log_reader_free(s->reader);
	log_reader_free(s->ready);
	*s = (struct segment){ 0 };
}

static int
wrong(const struct segment *s, const struct record *r, const char *what)
{
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": %s", s->name,
	    log_reader_offset(s->reader) - r->size, what);
}

/* Between logs sequences may be passed over (what was set aside had them); but
 * behind a close mark only those that tables hold: a log with nothing else
 * may have been lost before recovery made it dead. */
static int
start_check(const struct segment *s, const struct record *r, bool closed,
    struct delivery *d)
{
	struct log_start start;

	if (r->kind != RECORD_START ||
	    !log_start_decode(r->payload, &start))
		return wrong(s, r, "not a start record");
	if (start.first_sequence < d->next ||
	    (closed && start.first_sequence != d->next &&
	    start.first_sequence > d->flushed + 1))
		return wrong(s, r, "start record: wrong first sequence");
	d->next = start.first_sequence;
	return LSM_OK;
}

static int
mark_record(struct segment *s, const struct record *r, uint64_t next)
{
	struct bytes payload = r->payload;
	uint64_t value = 0;

	if (payload.n != MARK_PAYLOAD || !bytes_take64(&payload, &value))
		return wrong(s, r, "malformed mark");
	if (r->kind == RECORD_CLOSE) {
		s->names = value;
		return value > s->number ? LSM_OK :
		    wrong(s, r, "close mark: wrong next log");
	}
	return value + 1 == next ? LSM_OK :
	    wrong(s, r, "leave mark: wrong last sequence");
}

static int
operation_record(const struct segment *s, const struct record *r,
    struct delivery *d)
{
	const char *fault;
	int rc = delivery_record(d, r, s->number, &fault);

	return rc == LSM_OK && fault != NULL ? wrong(s, r, fault) : rc;
}

/* Its edit was durable before it was written: a manifest that ends before it
 * was read too early, or has lost an end. */
static int
ingestion_record(const struct segment *s, const struct record *r,
    struct delivery *d)
{
	struct bytes payload = r->payload;
	uint64_t named;

	if (!bytes_take_varint(&payload, &named) || payload.n != 0)
		return wrong(s, r, "malformed ingestion");
	d->next++;
	if (named <= s->edit)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": names edit %"
	    PRIu64 ", and the manifest ends at %" PRIu64, s->name,
	    log_reader_offset(s->reader) - r->size, named, s->edit);
}

static int
kind_record(struct segment *s, const struct record *r, struct delivery *d)
{
	switch (r->kind) {
	case RECORD_PUT:
	case RECORD_DELETE:
	case RECORD_BATCH:
	case RECORD_RANGE_DELETE:
		return operation_record(s, r, d);
	case RECORD_INGESTION:
		return ingestion_record(s, r, d);
	case RECORD_SYNC:
		return LSM_OK;
	case RECORD_START:
		return wrong(s, r, "second start record");
	case RECORD_CLOSE:
	case RECORD_LEAVE:
		return mark_record(s, r, d->next);
	default:
		if (r->kind & RECORD_IGNORABLE)
			return LSM_OK;
		return status_set(LSM_UNSUPPORTED, "%s: offset %" PRIu64
		    ": record of kind %u is not known to this build", s->name,
		    log_reader_offset(s->reader) - r->size, r->kind);
	}
}

static int
segment_record(struct segment *s, const struct record *r, struct delivery *d,
    struct log_replay_out *out)
{
	uint64_t at = log_reader_offset(s->reader) - r->size;

	if (r->sequence != (uint32_t)d->next)
		return wrong(s, r, "wrong sequence");
	if (r->watermark > log_position(s->number, at))
		return wrong(s, r, "watermark beyond itself");
	out->records++;
	out->bytes += r->size;
	s->left = r->kind == RECORD_LEAVE;
	return at == BLOCK_UNIT ? LSM_OK : kind_record(s, r, d);
}

/* As far as the chain goes. */
static int
segment_walk(struct segment *s, bool closed, struct delivery *d,
    struct log_replay_out *out)
{
	struct record r;
	int rc, next;

	while ((next = log_reader_next(s->reader, &r)) == LSM_OK) {
		rc = LSM_OK;
		if (log_reader_offset(s->reader) == BLOCK_UNIT + r.size)
			rc = start_check(s, &r, closed, d);
		if (rc != LSM_OK ||
		    (rc = segment_record(s, &r, d, out)) != LSM_OK)
			return rc;
	}
	return next == LSM_NOTFOUND ? LSM_OK : next;
}

/* Did the chain come as far as the ring says that the log goes? The words of
 * a page made anew name no log, or one of before. */
static bool
reached(const struct segment *s, const struct log_replay_in *in,
    const struct env_tail *tail)
{
	uint64_t log = tail->committed >> 32;

	return log != 0 && log >= (uint32_t)in->first && tail->committed <=
	    log_position(s->number, log_reader_offset(s->reader));
}

/* Of the ring's bytes, which begin at `at` of the log, no more was proven to
 * be of it than was read. */
static int
ring_keep(struct segment *s, uint64_t at, struct log_replay_out *out)
{
	uint64_t end = log_reader_offset(s->reader);

	if (end > at && end - at <= out->missing.n)
		out->missing.n = (size_t)(end - at);
	else
		buffer_free(&out->missing);
	return log_reader_again(s->reader, bytes(NULL, 0), 0);
}

/* The file ends before the log does: go on with the file as it is now, which
 * a live writer may have filled, and the ring behind it. */
static int
segment_join(struct segment *s, const struct log_replay_in *in,
    const struct env_tail *tail, struct delivery *d,
    struct log_replay_out *out)
{
	uint32_t end = (uint32_t)tail->committed;
	struct bytes ring = buffer_bytes(&out->missing);
	int rc;

	if (ring.n > end)
		return LSM_OK;
	rc = log_reader_again(s->reader, ring, end - ring.n);
	if (rc == LSM_OK)
		rc = segment_walk(s, false, d, out);
	if (rc != LSM_OK)
		return rc;
	s->believed = s->names != 0 || reached(s, in, tail);
	s->last = s->believed && !tail->syncing;
	return s->believed ? LSM_OK : ring_keep(s, end - ring.n, out);
}

/* The leave mark is in the ring, as it was written behind what was in the
 * file: no reboot since, so it is there still, synced or not. It verifies for
 * no other file, whosever the words are. */
static bool
was_left(const struct segment *s, const struct env_tail *tail)
{
	uint32_t end = (uint32_t)tail->committed;
	struct record r;
	uint64_t want;
	size_t size;

	if (!tail->left || tail->committed >> 32 != (uint32_t)s->number)
		return false;
	for (int marked = 0; marked < 2; marked++) {
		size = record_size(MARK_PAYLOAD, marked);
		if (record_read(tail->end + sizeof tail->end - size, size,
		    s->reader->seed, end - size, &r, &want) &&
		    r.kind == RECORD_LEAVE)
			return true;
	}
	return false;
}

static int
segment_ring(struct segment *s, const struct log_replay_in *in,
    struct delivery *d, struct log_replay_out *out)
{
	struct env_tail tail;
	int rc;

	out->syncing = false;
	if (in->lock == NULL)
		return LSM_OK;
	rc = in->dir->env->ops->log_tail(in->dir, in->lock, in->id.database,
	    s->number, log_reader_offset(s->reader), &out->missing, &tail);
	if (rc != LSM_OK || !tail.trusted)
		return rc;
	s->vouched = true;
	s->tidy = tail.left;
	out->syncing = tail.syncing;
	s->believed = reached(s, in, &tail);
	s->last = s->believed && s->known == NULL && !tail.syncing;
	if (s->known != NULL || s->names != 0 || s->believed) {
		buffer_free(&out->missing);
		return LSM_OK;
	}
	if (was_left(s, &tail))
		s->durable = (uint32_t)tail.committed;
	return segment_join(s, in, &tail, d, out);
}

/* A known end vouches for every byte below it. */
static int
known_check(const struct segment *s, const struct log_end *last)
{
	const struct log_end *known = s->known;

	if (last->size == known->size && last->sum == known->sum &&
	    last->sequence == known->sequence)
		return LSM_OK;
	return status_set(LSM_CORRUPT, "%s: offset %" PRIu64 ": %s its known "
	    "end at %" PRIu64, s->name, last->size, last->size == known->size ?
	    "differs from" : "damaged below", known->size);
}

static const struct log_end *
known_end(const struct log_replay_in *in, uint64_t number)
{
	for (size_t i = 0; i < in->ends_count; i++)
		if (in->ends[i].number == number)
			return &in->ends[i];
	return NULL;
}

/* From its header on, or from where an earlier replay ended. */
static int
segment_begin(struct segment *s, const struct log_replay_in *in)
{
	const struct log_end *from = in->from;
	struct file_id id = in->id;

	id.kind = FILE_LOG;
	id.number = s->number;
	if (from == NULL || from->number != s->number)
		return log_reader_open(in->dir, s->name, &id, bytes(NULL, 0),
		    0, &s->reader);
	memcpy(id.branch, in->from_branch, ID_SIZE);
	return log_reader_open_at(in->dir, s->name, &id, from->size,
	    from->sum, &s->reader);
}

static int
segment_open(struct segment *s, uint64_t number,
    const struct log_replay_in *in)
{
	struct log_reader *ready = s->ready;
	int rc = LSM_OK;

	s->ready = NULL;
	segment_release(s);
	s->number = number;
	s->edit = in->edit;
	s->known = known_end(in, number);
	file_name(s->name, FILE_LOG, number);
	if (ready != NULL)
		log_reader_rewind(s->reader = ready);
	else
		rc = segment_begin(s, in);
	if (rc == LSM_OK && s->known != NULL)
		rc = log_reader_limit(s->reader, s->known->size);
	return rc;
}

static void
segment_end(const struct segment *s, const struct delivery *d,
    struct log_replay_out *out)
{
	out->last = (struct log_end){ s->number, log_reader_offset(s->reader),
		log_reader_sum(s->reader), d->next - 1 };
}

int
segment_read(struct segment *s, uint64_t number,
    const struct log_replay_in *in, struct delivery *d,
    struct log_replay_out *out)
{
	bool closed = s->names != 0;
	int rc;

	buffer_free(&out->missing);
	if ((rc = segment_open(s, number, in)) != LSM_OK ||
	    (rc = segment_walk(s, closed, d, out)) != LSM_OK ||
	    (rc = segment_ring(s, in, d, out)) != LSM_OK)
		return rc;
	segment_end(s, d, out);
	memcpy(out->branch, log_reader_header(s->reader)->id.branch, ID_SIZE);
	return s->known != NULL ? known_check(s, &out->last) : LSM_OK;
}

/* The ring's bytes, the first at `at` of the log, laid over its file; but for
 * the first `skip`. */
static int
ring_over(struct segment *s, uint64_t at, size_t skip, struct delivery *d,
    struct log_replay_out *out)
{
	struct buffer *b = &out->missing;
	int rc;

	memmove(b->p, b->p + skip, b->n - skip);
	b->n -= skip;
	rc = log_reader_again(s->reader, buffer_bytes(b), at + skip);
	return rc == LSM_OK ? segment_walk(s, false, d, out) : rc;
}

/* All that was committed when the ring was read was in it or in the file: so
 * the file, which a writer may have completed since, is looked at again. Words
 * may have proven some bytes of the ring before. */
static int
ring_read(struct segment *s, const struct log_replay_in *in,
    struct delivery *d, struct log_replay_out *out)
{
	uint64_t end = log_reader_offset(s->reader);
	uint64_t at = end - out->missing.n;
	size_t cut = ENV_PIECE - at % ENV_PIECE;
	int rc;

	rc = in->dir->env->ops->log_ring(in->lock, end, &out->missing);
	if (rc != LSM_OK || at + out->missing.n == end ||
	    (rc = log_reader_again(s->reader, bytes(NULL, 0), 0)) != LSM_OK ||
	    (rc = segment_walk(s, false, d, out)) != LSM_OK)
		return rc;
	if (s->names == 0)
		rc = ring_over(s, at, 0, d, out);
	/* The file has the beginning of the record, the ring not any more. */
	if (rc == LSM_OK && at == end && cut < out->missing.n &&
	    log_reader_offset(s->reader) == end) {
		rc = ring_over(s, at, cut, d, out);
		at += cut;
	}
	return rc == LSM_OK ? ring_keep(s, at, out) : rc;
}

/* Words that prove an end prove that all acknowledged is below it. A writer
 * that died may have had one record more in the ring, which who does not
 * believe the words would take: so the next writer does. */
static bool
ring_may_go_on(const struct segment *s, const struct log_replay_in *in)
{
	if (s->known != NULL || s->names != 0)
		return false;
	return !s->vouched || (s->believed && !s->tidy && in->taking_over);
}

int
segment_unproven(struct segment *s, const struct log_replay_in *in,
    struct delivery *d, struct log_replay_out *out)
{
	int rc;

	if (in->lock == NULL || in->dir->env->ops->log_ring == NULL ||
	    !ring_may_go_on(s, in))
		return LSM_OK;
	rc = ring_read(s, in, d, out);
	segment_end(s, d, out);
	return rc;
}
