/*
 * Fuzz: whole logs, replayed.
 *
 *   input := control (4 bytes), content of log 1, 2 and 3 behind the header
 *
 * control: flags (bit n: sums and chain of log n are put right; 8: the end of
 * log 1 is known; 16: there is no log 2; 32: no tail of zeros; 64: LOCK holds
 * what is behind its first half of log 3, and nobody vouches for it), flushed,
 * and how the rest is cut into three, in parts of 256.
 */
#include "log/replay.h"

#include <assert.h>

#include "support/logenv.h"

enum { CONTROL = 4, LOGS = 3, SPACE = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	uint64_t last, flushed, sum;
};

static int
each(void *arg, const struct entry *e, uint64_t log)
{
	struct seen *s = arg;

	assert(log >= 1 && log <= LOGS);
	assert(e->sequence > s->last && e->sequence > s->flushed);
	s->last = e->sequence;
	for (size_t i = 0; i < e->key.n; i++)
		s->sum += e->key.p[i];
	for (size_t i = 0; i < e->value.n; i++)
		s->sum += e->value.p[i];
	return LSM_OK;
}

/* Seal what looks like records, each with the sum of the one before. */
static void
put_right(uint8_t *p, size_t n, uint64_t seed)
{
	uint64_t sum = seed, size, watermark;
	uint32_t previous;
	bool marked;

	for (size_t at = BLOCK_UNIT; n - at >= RECORD_HEADER; at += size) {
		p[at + 14] = 'L';
		p[at + 15] = 'R';
		p[at + 13] &= RECORD_FLAG_WATERMARK;
		if (!record_framed(p + at, &previous, &size) ||
		    size > n - at)
			return;
		marked = p[at + 13] != 0;
		watermark = marked ? get64(p + at + RECORD_HEADER) : 0;
		sum = record_seal(p + at, p[at + 12], get32(p + at + 8),
		    get32(p + at + 16), sum, marked ? &watermark : NULL, seed,
		    at);
	}
}

static void
make(struct logenv *e, uint64_t number, const uint8_t *data, size_t n,
    uint8_t flags)
{
	struct file_header h = { .id = { .kind = FILE_LOG,
		.number = number } };
	char name[FILE_NAME_MAX];
	struct logfile *f = logenv_add(e, file_name(name, FILE_LOG, number));

	logenv_resize(f, BLOCK_UNIT + n);
	file_header_write(f->p, &h);
	if (n)
		memcpy(f->p + BLOCK_UNIT, data, n);
	if (flags & 1 << (number - 1))
		put_right(f->p, f->n, file_seed(&h.id));
	if (!(flags & 32))
		logenv_resize(f, f->n + SPACE);
}

/* The second half of a log goes into the ring, and noise to its place. */
static void
hide(struct logenv *e, uint64_t number)
{
	char name[FILE_NAME_MAX];
	struct logfile *f = logenv_file(e, file_name(name, FILE_LOG, number));
	size_t half = (f->n - BLOCK_UNIT) / 2 & ~(size_t)(RECORD_ALIGN - 1);

	e->written = log_position(number, f->n - half);
	if (buffer_add(&e->tail, f->p + f->n - half, half) == LSM_OK && half)
		memset(f->p + f->n - half, 0x5a, half);
}

static int
replay(struct logenv *e, const struct log_end *known, struct seen *s,
    struct log_end *last)
{
	struct log_replay_in in = { .dir = &e->dir, .first = 1,
		.flushed = s->flushed, .edit = s->flushed, .ends = known,
		.ends_count = known != NULL, .lock = &e->lock,
		.taking_over = true };
	struct log_replay_out out;
	int rc = log_replay(&in, each, s, &out);

	if (rc == LSM_OK)
		assert(s->last == 0 || s->last <= out.last.sequence);
	*last = out.last;
	log_replay_out_release(&out);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct log_end end, again, known = { .number = 1 };
	struct seen s = { 0 };
	struct logenv *e;
	size_t part;
	int rc;

	if (n < CONTROL)
		return 0;
	e = logenv_new();
	s.flushed = data[1];
	n -= CONTROL;
	part = n * data[2] / 256;
	make(e, 1, data + CONTROL, part, data[0]);
	if (!(data[0] & 16))
		make(e, 2, data + CONTROL + part, (n - part) * data[3] / 256,
		    data[0]);
	part += (n - part) * data[3] / 256;
	make(e, 3, data + CONTROL + part, n - part, data[0]);
	if (data[0] & 64)
		hide(e, 3);
	rc = replay(e, NULL, &s, &end);
	/* An end that was found holds when it is known. */
	if (data[0] & 8 && rc == LSM_OK && end.number == 1) {
		known = end;
		s = (struct seen){ .flushed = data[1] };
		rc = replay(e, &known, &s, &again);
		assert(rc != LSM_OK || again.number != 1 ||
		    again.size == end.size);
	}
	logenv_free(e);
	return 0;
}
