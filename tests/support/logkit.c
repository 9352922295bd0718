/*
 * logkit.c - logs written and replayed by tests.
 */
#include "support/logkit.h"

#include <stdio.h>

const uint8_t logkit_database[ID_SIZE] = "database of test";
static const uint8_t branch[ID_SIZE] = "branch of a test";

enum { KEY_MAX = 32, SEGMENT = 64 << 10 };

static bool
is_delete(uint64_t sequence)
{
	return sequence % 5 == 0;
}

static struct bytes
key_of(uint64_t sequence, char room[KEY_MAX])
{
	int n = snprintf(room, KEY_MAX, "key%llu",
	    (unsigned long long)sequence);

	return bytes(room, (size_t)n);
}

void
logkit_writer_on(struct logkit *k, struct env_log *env_log)
{
	struct log_options o = { .dir = k->dir, .env_log = env_log,
		.segment_size = SEGMENT };

	memcpy(o.id.database, logkit_database, ID_SIZE);
	memcpy(o.id.branch, branch, ID_SIZE);
	CHECK_OK(log_new(&o, &k->log));
}

void
logkit_writer(struct logkit *k)
{
	logkit_writer_on(k, logenv_open_log(k->env));
}

void
logkit_init(struct logkit *k)
{
	*k = (struct logkit){ .env = logenv_new(), .first = 1 };
	k->dir = &k->env->dir;
	k->lock = &k->env->lock;
	logkit_writer(k);
}

void
logkit_die(struct logkit *k)
{
	log_free(k->log);
	k->log = NULL;
}

void
logkit_release(struct logkit *k)
{
	logkit_die(k);
	logenv_free(k->env);
}

void
logkit_start(struct logkit *k, uint64_t number, const struct log_end *before)
{
	CHECK_OK(log_prepare(k->log, number, NULL, 1));
	CHECK_OK(log_start(k->log, before, k->sequence + 1));
}

void
logkit_rotate(struct logkit *k, uint64_t number)
{
	CHECK_OK(log_prepare(k->log, number, NULL, 1));
	CHECK_OK(log_rotate(k->log, k->sequence + 1));
	CHECK_EQ(log_where(k->log).number, number);
}

static void
append(struct logkit *k, enum record_kind kind, const struct buffer *b,
    uint64_t sequences)
{
	uint8_t *p;

	CHECK_OK(log_begin(k->log, kind, b->n, &p));
	if (b->n)
		memcpy(p, b->p, b->n);
	CHECK_OK(log_append(k->log, k->sequence + 1, &k->position));
	k->sequence += sequences;
}

static void
add_value(struct buffer *b, uint64_t sequence, size_t n)
{
	CHECK_OK(buffer_reserve(b, n));
	if (n)
		memset(b->p + b->n, (int)(sequence & 0xff), n);
	b->n += n;
}

void
logkit_put(struct logkit *k, size_t value)
{
	uint64_t sequence = k->sequence + 1;
	struct buffer b = { 0 };
	char room[KEY_MAX];
	struct bytes key = key_of(sequence, room);

	if (is_delete(sequence)) {
		CHECK_OK(buffer_add(&b, key.p, key.n));
		append(k, RECORD_DELETE, &b, 1);
	} else {
		CHECK_OK(buffer_add_bytes(&b, key));
		add_value(&b, sequence, value);
		append(k, RECORD_PUT, &b, 1);
	}
	buffer_free(&b);
}

void
logkit_batch(struct logkit *k, size_t count)
{
	struct buffer b = { 0 };
	char room[KEY_MAX];

	CHECK_OK(buffer_add_varint(&b, count));
	for (size_t i = 1; i <= count; i++) {
		uint64_t sequence = k->sequence + i;

		CHECK_OK(buffer_add8(&b, is_delete(sequence) ? KIND_DELETE :
		    KIND_PUT));
		CHECK_OK(buffer_add_bytes(&b, key_of(sequence, room)));
		if (is_delete(sequence))
			continue;
		CHECK_OK(buffer_add_varint(&b, 3));
		add_value(&b, sequence, 3);
	}
	append(k, RECORD_BATCH, &b, count);
	buffer_free(&b);
}

void
logkit_sync(struct logkit *k)
{
	CHECK_OK(log_sync(k->log, k->position));
}

struct logfile *
logkit_file(struct logkit *k, uint64_t number)
{
	char name[FILE_NAME_MAX];
	struct logfile *f = logenv_file(k->env,
	    file_name(name, FILE_LOG, number));

	CHECK(f != NULL);
	return f;
}

void
logkit_small(struct logkit *k)
{
	logkit_init(k);
	logkit_start(k, 1, NULL);
	logkit_put(k, 10);
	logkit_put(k, 20);
	logkit_sync(k);
	logkit_put(k, 30);
}

static int
each(void *arg, const struct entry *e, uint64_t log)
{
	struct replayed *r = arg;
	char room[KEY_MAX];

	CHECK(log != 0);
	if (r->to != 0 && !r->gaps)
		CHECK_EQ(e->sequence, r->to + 1);
	CHECK(e->sequence > r->to);
	CHECK(bytes_equal(e->key, key_of(e->sequence, room)));
	CHECK_EQ(e->kind, is_delete(e->sequence) ? KIND_DELETE : KIND_PUT);
	for (size_t i = 0; i < e->value.n; i++)
		if (e->value.p[i] != (uint8_t)e->sequence)
			CHECK_EQ(e->value.p[i], (uint8_t)e->sequence);
	if (r->count++ == 0)
		r->from = e->sequence;
	r->to = e->sequence;
	return LSM_OK;
}

int
logkit_replay(struct logkit *k, struct replayed *r)
{
	struct log_replay_in in = { .dir = k->dir,
		.lock = k->boot ? k->lock : NULL, .taking_over = true,
		.first = k->first, .flushed = k->flushed, .edit = k->edit,
		.ends = k->ends, .ends_count = k->ends_count };

	memcpy(in.id.database, logkit_database, ID_SIZE);
	memcpy(in.id.branch, branch, ID_SIZE);
	*r = (struct replayed){ .gaps = k->ends_count != 0 };
	return log_replay(&in, each, r, &r->out);
}

void
logkit_replayed_release(struct replayed *r)
{
	log_replay_out_release(&r->out);
}
