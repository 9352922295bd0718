/*
 * The child of a fork: no handle works in it, it holds no lock of its
 * parent's, and what it frees harms nobody.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "support/dbkit.h"

static lsm_options
defaults(void)
{
	return dbkit_options(NULL);
}

static void
ignore_stat(void *arg, const lsm_stat *s)
{
	(void)arg;
	(void)s;
}

static void
ignore_file(void *arg, const lsm_file_info *f)
{
	(void)arg;
	(void)f;
}

/* What there may be of a handle when a child is made. */
struct held {
	lsm_db *db;
	lsm_batch *batch;
	lsm_iter *it;
	lsm_snapshot *s;
	lsm_ingest *ingest;
};

static int
wrong_codes(const int *codes, size_t n)
{
	int wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong += codes[i] != LSM_FORKED;
	return wrong;
}

#define WRONG(codes) wrong_codes(codes, sizeof(codes) / sizeof *(codes))

/* How many calls of a child do not say LSM_FORKED. */
static int
writes_after_fork(const struct held *h)
{
	lsm_slice k = lsm_str("k"), z = lsm_str("z");
	lsm_ingest *ingest;
	const int codes[] = {
		lsm_put(h->db, k, k, 0), lsm_put(h->db, k, k, LSM_SYNC),
		lsm_delete(h->db, k, 0), lsm_delete_range(h->db, k, z, 0),
		lsm_write(h->db, h->batch, 0), lsm_sync(h->db),
		lsm_ingest_new(h->db, &ingest), lsm_ingest_add(h->ingest, z, z),
		lsm_ingest_batch(h->ingest, h->batch),
		lsm_ingest_commit(h->ingest)
	};

	return WRONG(codes) + (ingest != NULL);
}

static int
reads_after_fork(const struct held *h)
{
	lsm_slice k = lsm_str("k");
	lsm_buffer value = { 0 };
	lsm_snapshot *snapshot;
	lsm_estimate estimate;
	lsm_iter *iter;
	int code;
	const int codes[] = {
		lsm_get(h->db, NULL, k, NULL), lsm_get(h->db, h->s, k, NULL),
		lsm_multi_get(h->db, NULL, 1, &k, &value, &code),
		lsm_snapshot_new(h->db, &snapshot),
		lsm_iter_new(h->db, NULL, NULL, &iter), lsm_iter_next(h->it),
		lsm_iter_prev(h->it), lsm_iter_first(h->it),
		lsm_iter_last(h->it), lsm_iter_seek(h->it, k),
		lsm_iter_seek_for_prev(h->it, k), lsm_refresh(h->db),
		lsm_range_estimate(h->db, NULL, &estimate)
	};

	return WRONG(codes) + (snapshot != NULL) + (iter != NULL) +
	    lsm_iter_valid(h->it);
}

static int
upkeep_after_fork(const struct held *h)
{
	int more;
	const int codes[] = {
		lsm_flush(h->db), lsm_compact(h->db, NULL, NULL),
		lsm_compact_range(h->db, NULL, NULL, NULL),
		lsm_checkpoint(h->db, "copy", NULL, NULL),
		lsm_step(h->db, &more), lsm_settle(h->db, &more),
		lsm_stats(h->db, ignore_stat, NULL),
		lsm_files(h->db, ignore_file, NULL), lsm_close(h->db)
	};

	return WRONG(codes);
}

/* In the child; nothing here can fail, and nothing may happen. */
static void
free_after_fork(const struct held *h)
{
	lsm_ingest_free(h->ingest);
	lsm_snapshot_free(h->s);
	lsm_iter_free(h->it);
	lsm_batch_free(h->batch);
}

static void
in_child(const struct held *h)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int wrong = writes_after_fork(h) + reads_after_fork(h) +
		    upkeep_after_fork(h);

		free_after_fork(h);
		_exit(wrong);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static void
check_forked(int workers)
{
	lsm_options o = defaults();
	struct held h;

	o.workers = workers;
	h.db = dbkit_open(dbkit_path(workers ? "one" : "none"), &o);
	dbkit_put(h.db, "k", "parent's");
	CHECK_OK(lsm_batch_new(&h.batch));
	CHECK_OK(lsm_batch_put(h.batch, lsm_str("y"), lsm_str("1")));
	CHECK_OK(lsm_iter_new(h.db, NULL, NULL, &h.it));
	CHECK_OK(lsm_iter_first(h.it));
	CHECK_OK(lsm_snapshot_new(h.db, &h.s));
	CHECK_OK(lsm_ingest_new(h.db, &h.ingest));
	CHECK_OK(lsm_ingest_add(h.ingest, lsm_str("x"), lsm_str("1")));
	in_child(&h);
	CHECK_OK(lsm_ingest_add(h.ingest, lsm_str("z"), lsm_str("1")));
	CHECK_OK(lsm_ingest_commit(h.ingest));
	CHECK_OK(lsm_iter_next(h.it));
	CHECK(!lsm_iter_valid(h.it));
	lsm_ingest_free(h.ingest);
	lsm_batch_free(h.batch);
	lsm_iter_free(h.it);
	lsm_snapshot_free(h.s);
	dbkit_put(h.db, "k", "still");
	CHECK_STR(dbkit_scan(h.db, NULL, NULL, false), "k=still x=1 z=1");
	dbkit_close(h.db);
}

TEST("in the child of a fork every call says so, and the parent goes on")
{
	check_forked(0);
	check_forked(1);
}

/* ---- locks --------------------------------------------------------------- */

/* A child that does nothing until it is let go. */
struct sleeper {
	int ends[2];
	pid_t pid;
};

static void
sleep_on(const struct sleeper *s)
{
	char none;

	close(s->ends[1]);
	while (read(s->ends[0], &none, 1) > 0)
		;
	_exit(0);
}

static void
wake(struct sleeper *s)
{
	close(s->ends[1]);
	CHECK(waitpid(s->pid, NULL, 0) == s->pid);
	close(s->ends[0]);
}

/* `told`: as fork(3) does it; else behind the library's back. */
static void
sleeper_start(struct sleeper *s, bool told)
{
	CHECK(pipe(s->ends) == 0);
	s->pid = told ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (s->pid == 0)
		sleep_on(s);
	CHECK(s->pid > 0);
}

static void
close_frees(bool told)
{
	const char *path = dbkit_path(told ? "told" : "untold");
	lsm_options o = defaults();
	lsm_db *db = dbkit_open(path, &o);
	struct sleeper s;

	dbkit_put(db, "k", "1");
	sleeper_start(&s, told);
	dbkit_refused(path, &o, LSM_LOCKED);
	dbkit_close(db);
	db = dbkit_open(path, &o);
	dbkit_check(db, NULL, "k", "1");
	dbkit_close(db);
	wake(&s);
}

TEST("a close frees the writer's lock, whatever children live")
{
	close_frees(true);
	close_frees(false);
}

/* A process that opens, has a child, tells when that one runs, and dies. The
 * child sleeps until this process lets it go. */
static void
die_with_child(const char *path, const lsm_options *o, const int ends[2],
    const int told[2])
{
	struct sleeper s = { .ends = { ends[0], ends[1] } };
	lsm_db *db;

	if (lsm_open(path, o, &db) != LSM_OK)
		_exit(1);
	if ((s.pid = fork()) == 0) {
		if (write(told[1], "", 1) != 1)
			_exit(1);
		close(told[1]);
		sleep_on(&s);
	}
	_exit(s.pid < 0);
}

/* It has died, and its child lives; let that one go by closing the result. */
static int
orphan_of(const char *path, const lsm_options *o)
{
	int ends[2], told[2], status;
	char one;
	pid_t pid;

	CHECK(pipe(ends) == 0 && pipe(told) == 0);
	if ((pid = fork()) == 0)
		die_with_child(path, o, ends, told);
	close(ends[0]);
	close(told[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(read(told[0], &one, 1) == 1);
	close(told[0]);
	return ends[1];
}

TEST("the death of a writer frees its lock, though its child lives")
{
	const char *path = dbkit_path("db");
	lsm_options o = defaults();
	lsm_db *db;
	int child;

	dbkit_close(dbkit_open(path, &o));
	child = orphan_of(path, &o);
	db = dbkit_open(path, &o);
	dbkit_close(db);
	close(child);
}

TEST("the death of a reader ends its pins, though its child lives")
{
	const char *path = dbkit_path("db");
	lsm_options o = defaults(), reading = o;
	lsm_db *db = dbkit_open(path, &o);
	int child;

	reading.create = 0;
	reading.read_only = 1;
	dbkit_fill(db, 0, 100, "a");
	CHECK_OK(lsm_flush(db));
	child = orphan_of(path, &reading);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_fill(db, 0, 100, "b");
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK(!graves_any(db));
	dbkit_close(db);
	close(child);
}

TEST("what a child frees leaves its parent's pins alone")
{
	const char *path = dbkit_path("db");
	lsm_options o = defaults(), reading = o;
	lsm_db *db = dbkit_open(path, &o), *reader;
	lsm_snapshot *s;
	int status;
	pid_t pid;

	reading.create = 0;
	reading.read_only = 1;
	dbkit_fill(db, 0, 100, "a");
	CHECK_OK(lsm_flush(db));
	reader = dbkit_open(path, &reading);
	CHECK_OK(lsm_snapshot_new(reader, &s));
	dbkit_put(db, "k", "1");
	CHECK_OK(lsm_flush(db));
	CHECK_OK(lsm_refresh(reader));
	if ((pid = fork()) == 0) {
		lsm_snapshot_free(s);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	CHECK(graves_any(db));
	dbkit_check(reader, s, "k000000", "v0a");
	lsm_snapshot_free(s);
	dbkit_close(reader);
	dbkit_close(db);
}
