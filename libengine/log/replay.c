/*
 * replay.c - all live logs, in order, to their proven end.
 */
#include "log/replay.h"

#include "base/alloc.h"
#include "log/chain.h"

struct replay {
	const struct log_replay_in *in;
	struct log_replay_out *out;
	struct delivery delivery;
	struct log_list list;		/* live logs, spares too */
	struct numbers aside;
	struct segment segment;		/* the newest of the chain */
};

/* What nobody vouches for is asked about the newest log only: a writer begins
 * the next one when all of the one before is in its file. */
static int
replay_next(struct replay *r, uint64_t *number)
{
	struct log_replay_out *out = r->out;
	bool closed = r->segment.names != 0, begun;
	int rc = chain_next(r->in, &r->list, &r->segment, &out->last,
	    &r->aside, number, &begun);

	if (rc != LSM_OK || *number != 0 || begun)
		return rc;
	rc = segment_unproven(&r->segment, r->in, &r->delivery, out);
	/* A close mark in the ring names a log that has not begun. */
	if (rc == LSM_OK && !closed && r->segment.names != 0)
		rc = chain_next(r->in, &r->list, &r->segment, &out->last,
		    &r->aside, number, &begun);
	return rc;
}

static int
replay_chain(struct replay *r)
{
	const struct log_end *from = r->in->from;
	uint64_t number = 0;
	int rc = LSM_OK;

	if (from != NULL)
		number = from->number;
	else
		rc = chain_head(r->in, &r->list, &r->segment, &number);
	while (rc == LSM_OK && number != 0) {
		rc = segment_read(&r->segment, number, r->in, &r->delivery,
		    r->out);
		if (rc == LSM_OK)
			rc = replay_next(r, &number);
		if (rc == LSM_OK && r->in->ended != NULL)
			rc = r->in->ended(r->delivery.arg, &r->out->last);
	}
	return rc;
}

static int
replay_end(struct replay *r)
{
	struct log_replay_out *out = r->out;
	const struct segment *s = &r->segment;
	int rc;

	out->closed = s->names != 0;
	out->named = s->names;
	if (!s->believed) {
		rc = log_list_need(r->in->dir, r->in->first, &r->list);
		return rc != LSM_OK ? rc : chain_judge(r->in, &r->list, s,
		    out, &r->aside, &out->clean);
	}
	out->clean = s->known != NULL || s->names != 0 || s->left;
	/* Behind a close mark nobody goes on, unless to complete the file. */
	out->same_boot = s->known == NULL &&
	    (s->names == 0 || out->missing.n != 0);
	return LSM_OK;
}

int
log_replay(const struct log_replay_in *in,
    int (*each)(void *, const struct entry *, uint64_t), void *arg,
    struct log_replay_out *out)
{
	struct replay r = { .in = in, .out = out, .delivery = { .each = each,
		.begin = in->begin, .end = in->record_end, .arg = arg,
		.flushed = in->flushed, .next = 1 } };
	int rc;

	if (in->from != NULL)
		r.delivery.next = in->from->sequence + 1;
	*out = (struct log_replay_out){ 0 };
	if ((rc = replay_chain(&r)) == LSM_OK)
		rc = replay_end(&r);
	segment_release(&r.segment);
	numbers_release(&r.list.numbers);
	out->aside = r.aside.list;
	out->aside_count = r.aside.count;
	if (rc != LSM_OK)
		log_replay_out_release(out);
	return rc;
}

void
log_replay_out_release(struct log_replay_out *out)
{
	buffer_free(&out->missing);
	mem_free(out->aside);
	*out = (struct log_replay_out){ 0 };
}
