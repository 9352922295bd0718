#include "log/replay.h"

#include "support/logkit.h"

enum { NUMBER = 7 };

/* A file of our own making: header, then records sealed by hand. */
struct made {
	struct logenv *env;
	struct logfile *file;
	struct file_header header;
	uint64_t seed, sum;
	const char *name;
};

static void
made_init(struct made *m, enum file_kind kind)
{
	*m = (struct made){ .env = logenv_new(), .name = kind == FILE_LOG ?
	    "000007.log" : "MANIFEST-000007" };
	m->header.id.kind = kind;
	m->header.id.number = NUMBER;
	m->file = logenv_add(m->env, m->name);
	logenv_resize(m->file, BLOCK_UNIT);
	file_header_write(m->file->p, &m->header);
	m->seed = m->sum = file_seed(&m->header.id);
}

static void
made_add(struct made *m, uint8_t kind, size_t payload)
{
	uint64_t at = m->file->n;

	logenv_resize(m->file, at + record_size(payload, false));
	memset(m->file->p + at + RECORD_HEADER, 'x', payload);
	m->sum = record_seal(m->file->p + at, kind, (uint32_t)payload, 1,
	    m->sum, NULL, m->seed, at);
}

/* Read to the end: how many records, and why they end. */
static size_t
made_read(struct made *m, enum log_stop *stop, struct log_beyond *beyond)
{
	struct log_reader *r;
	struct record record;
	const char *reason;
	size_t n = 0;

	CHECK_OK(log_reader_open(&m->env->dir, m->name, &m->header.id,
	    bytes(NULL, 0), 0, &r));
	while (log_reader_next(r, &record) == LSM_OK)
		n++;
	CHECK_OK(log_reader_stop(r, stop, &reason, beyond));
	CHECK(reason != NULL);
	log_reader_free(r);
	return n;
}

static void
check_end(struct made *m, size_t records, enum log_stop wanted, size_t beyond)
{
	struct log_beyond found;
	enum log_stop stop;

	CHECK_EQ(made_read(m, &stop, &found), records);
	CHECK_EQ(stop, wanted);
	CHECK_EQ(found.records, beyond);
}

TEST("a manifest is read like a log and ends with its file")
{
	struct made m;

	made_init(&m, FILE_MANIFEST);
	check_end(&m, 0, LOG_STOP_END, 0);
	made_add(&m, RECORD_SNAPSHOT, 5000);
	made_add(&m, RECORD_EDIT, 70);
	check_end(&m, 2, LOG_STOP_END, 0);
	logenv_free(m.env);
}

TEST("a manifest has no prepared space: whatever is behind it is bad")
{
	struct made m;

	made_init(&m, FILE_MANIFEST);
	made_add(&m, RECORD_SNAPSHOT, 50);
	logenv_resize(m.file, m.file->n + 8);
	check_end(&m, 1, LOG_STOP_BAD, 0);
	m.file->p[m.file->n - 1] = 1;
	check_end(&m, 1, LOG_STOP_BAD, 0);
	logenv_free(m.env);
}

TEST("a torn last record and a hole are told apart by what follows")
{
	struct made m;
	size_t first, second;

	made_init(&m, FILE_MANIFEST);
	made_add(&m, RECORD_SNAPSHOT, 50);
	first = m.file->n;
	made_add(&m, RECORD_EDIT, 50);
	second = m.file->n;
	m.file->p[second - 20] ^= 1;
	check_end(&m, 1, LOG_STOP_BAD, 0);
	made_add(&m, RECORD_EDIT, 10);
	made_add(&m, RECORD_EDIT, 10);
	check_end(&m, 1, LOG_STOP_BAD, 2);
	memset(m.file->p + first, 0, second - first);
	check_end(&m, 1, LOG_STOP_BAD, 2);
	logenv_free(m.env);
}

TEST("a record out of the chain is not read on, but seen")
{
	struct made m;

	made_init(&m, FILE_LOG);
	made_add(&m, RECORD_PUT, 5);
	m.sum ^= 1;
	made_add(&m, RECORD_PUT, 5);
	check_end(&m, 1, LOG_STOP_BAD, 1);
	logenv_free(m.env);
}

TEST("zeros and old records are prepared space of a log")
{
	struct made m, old;
	size_t at;

	made_init(&m, FILE_LOG);
	made_add(&m, RECORD_PUT, 5);
	at = m.file->n;
	logenv_resize(m.file, at + 5000);
	check_end(&m, 1, LOG_STOP_END, 0);
	made_init(&old, FILE_LOG);
	old.seed = 99;
	for (int i = 0; i < 40; i++)
		made_add(&old, RECORD_PUT, 50);
	memcpy(m.file->p + at, old.file->p + at, 1000);
	check_end(&m, 1, LOG_STOP_END, 0);
	logenv_free(m.env);
	logenv_free(old.env);
}

TEST("behind a close mark nothing is read, behind a leave mark more is")
{
	struct made m;

	made_init(&m, FILE_LOG);
	made_add(&m, RECORD_LEAVE, 8);
	check_end(&m, 1, LOG_STOP_LEFT, 0);
	made_add(&m, RECORD_CLOSE, 8);
	made_add(&m, RECORD_PUT, 8);
	check_end(&m, 2, LOG_STOP_CLOSED, 0);
	logenv_free(m.env);
}

TEST("a length that runs over the file costs no memory")
{
	struct made m;
	size_t at;

	made_init(&m, FILE_LOG);
	at = m.file->n;
	made_add(&m, RECORD_PUT, 50);
	put32(m.file->p + at + 8, 0xfffffff0);
	check_end(&m, 0, LOG_STOP_BAD, 0);
	logenv_free(m.env);
}

TEST("a file of false records is not searched for ever")
{
	struct log_reader *r;
	enum log_stop stop;
	const char *reason;
	struct made m;

	made_init(&m, FILE_LOG);
	logenv_resize(m.file, 1 << 20);
	for (size_t at = BLOCK_UNIT; at < m.file->n; at += 16) {
		put32(m.file->p + at + 8, 1 << 18);
		m.file->p[at + 14] = 'L';
		m.file->p[at + 15] = 'R';
	}
	CHECK_OK(log_reader_open(&m.env->dir, m.name, &m.header.id,
	    bytes(NULL, 0), 0, &r));
	CHECK_CODE(log_reader_stop(r, &stop, &reason, NULL), LSM_CORRUPT);
	log_reader_free(r);
	logenv_free(m.env);
}

TEST("a tail lies over the file and behind it")
{
	struct log_reader *r;
	struct record record;
	struct made m;
	size_t first;
	uint8_t tail[256];

	made_init(&m, FILE_LOG);
	made_add(&m, RECORD_PUT, 50);
	first = m.file->n - 16;		/* cuts the record */
	made_add(&m, RECORD_PUT, 60);
	memcpy(tail, m.file->p + first, m.file->n - first);
	CHECK_OK(log_reader_open(&m.env->dir, m.name, &m.header.id,
	    bytes(tail, m.file->n - first), first, &r));
	memset(m.file->p + first, 0xff, 20);
	m.file->n = first + 20;
	CHECK_OK(log_reader_next(r, &record));
	CHECK_OK(log_reader_next(r, &record));
	CHECK_EQ(record.payload.n, 60);
	CHECK_CODE(log_reader_next(r, &record), LSM_NOTFOUND);
	log_reader_free(r);
	logenv_free(m.env);
}

TEST("files that are no such log are refused")
{
	struct log_reader *r;
	struct file_id other;
	struct made m;

	made_init(&m, FILE_LOG);
	other = m.header.id;
	other.number++;
	CHECK_CODE(log_reader_open(&m.env->dir, m.name, &other, bytes(NULL,
	    0), 0, &r), LSM_CORRUPT);
	CHECK(r == NULL);
	CHECK_CODE(log_reader_open(&m.env->dir, "000008.log", NULL,
	    bytes(NULL, 0), 0, &r), LSM_NOTFOUND);
	m.file->n = BLOCK_UNIT - 1;
	CHECK_CODE(log_reader_open(&m.env->dir, m.name, NULL, bytes(NULL, 0),
	    0, &r), LSM_CORRUPT);
	logenv_free(m.env);
}
