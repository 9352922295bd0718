/*
 * Space for a log that grows: it is had before the first byte that needs it,
 * or refused and nothing has changed; and on a full disk a log still ends.
 */
#define _GNU_SOURCE
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "env/env_sim.h"
#include "log/writer.h"
#include "support/envkit.h"
#include "support/logkit.h"
#include "support/place.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* ---- the door to this machine's files ------------------------------------ */

static struct disk {
	int error, truncate_error;	/* 0: it works */
	unsigned failures;		/* so many times; then it works */
	_Atomic unsigned calls;		/* of any thread, in other tests */
} disk;

/* The system's. A disk that fills up leaves a part, as with ext4. */
int
fallocate(int fd, int mode, off_t at, off_t n)
{
	struct stat st;

	disk.calls++;
	if (disk.failures == 0)
		return (int)syscall(SYS_fallocate, fd, mode, at, n);
	disk.failures--;
	if (disk.error == ENOSPC && (fstat(fd, &st) != 0 ||
	    syscall(SYS_ftruncate, fd, (st.st_size + at + n) / 2) != 0))
		return -1;
	errno = disk.error;
	return -1;
}

int
ftruncate(int fd, off_t size)
{
	if (disk.truncate_error == 0)
		return (int)syscall(SYS_ftruncate, fd, size);
	errno = disk.truncate_error;
	return -1;
}

static void
disk_fails(int error, unsigned failures)
{
	disk = (struct disk){ .error = error, .failures = failures };
}

static off_t
size_of(const char *name)
{
	struct stat st;

	CHECK(stat(test_path(name), &st) == 0);
	CHECK(st.st_blocks * 512 >= st.st_size);
	return st.st_size;
}

static int
space(struct place *p, uint64_t number, uint64_t size)
{
	return p->ops->log_space(p->log, log_position(number, size));
}

static void
check_follow(struct place *p)
{
	struct case_cursor c = case_first();
	struct env_tail tail;

	CHECK(place_follow(p, &c, &tail));
	CHECK_EQ(c.sequence, p->at.sequence);
}

TEST("a segment grows by the space that is asked for, and no other does")
{
	struct place p;

	place_start(&p, env_posix());
	disk_fails(0, 0);
	CHECK_EQ(size_of("000001.log"), PLACE_SEGMENT);
	CHECK_OK(space(&p, 1, PLACE_SEGMENT));
	CHECK_EQ(disk.calls, 0);
	CHECK_OK(space(&p, 1, PLACE_SEGMENT + 1));
	CHECK_EQ(size_of("000001.log"), PLACE_SEGMENT + 1);
	CHECK_OK(space(&p, 2, MIB));
	CHECK_OK(place_put(&p, 32, CASE_CLOSE));
	place_switch(&p, case_next_log(&p.at), 0);
	disk.calls = 0;
	CHECK_OK(space(&p, 1, MIB));
	CHECK_EQ(disk.calls, 0);
	CHECK_EQ(size_of("000001.log"), PLACE_SEGMENT + 1);
	CHECK_EQ(size_of("000002.log"), PLACE_SEGMENT);
	place_close(&p);
}

TEST("a full disk refuses space, and what was left of it is given back")
{
	struct place p;

	place_start(&p, env_posix());
	CHECK_OK(place_put(&p, 9000, CASE_PUT));
	disk_fails(ENOSPC, 1);
	CHECK_CODE(space(&p, 1, MIB), LSM_NO_SPACE);
	CHECK(strstr(lsm_message(), "000001.log: fallocate") != NULL);
	CHECK_EQ(size_of("000001.log"), PLACE_SEGMENT);
	CHECK_OK(place_put(&p, 9000, CASE_PUT));
	CHECK_OK(space(&p, 1, MIB));
	CHECK_EQ(size_of("000001.log"), MIB);
	check_follow(&p);
	disk_fails(ENOSPC, 1);
	disk.truncate_error = EIO;
	CHECK_CODE(space(&p, 1, 2 * MIB), LSM_IO);
	CHECK(strstr(lsm_message(), "000001.log: truncate") != NULL);
	disk_fails(0, 0);
	check_follow(&p);
	place_close(&p);
}

TEST("where space cannot be had ahead, there is none to be refused")
{
	static const int cannot[] = { EOPNOTSUPP, ENOSYS, EINTR };
	struct place p;

	place_start(&p, env_posix());
	for (unsigned i = 0; i < sizeof cannot / sizeof *cannot; i++) {
		disk_fails(cannot[i], 1);
		CHECK_OK(space(&p, 1, (i + 1) * MIB));
		CHECK_OK(space(&p, 1, (i + 1) * MIB));
		CHECK_EQ(disk.calls, cannot[i] == EINTR ? 2 : 1);
	}
	disk_fails(EIO, 1);
	CHECK_CODE(space(&p, 1, 9 * MIB), LSM_IO);
	CHECK_OK(place_put(&p, 9000, CASE_PUT));
	check_follow(&p);
	place_close(&p);
}

TEST("a segment in a used file, or in one of another writer, has its space")
{
	struct place p;

	place_start(&p, env_posix());
	CHECK(truncate(test_path("000001.log"), MIB) == 0);	/* a hole */
	CHECK_OK(place_put(&p, 32, CASE_CLOSE));
	place_switch(&p, case_next_log(&p.at), 0);
	CHECK_OK(place_put(&p, 32, CASE_CLOSE));
	place_switch(&p, case_next_log(&p.at), 1);
	CHECK_EQ(size_of("000003.log"), MIB);
	disk_fails(0, 0);
	CHECK_OK(space(&p, 3, MIB));
	CHECK_OK(p.ops->log_flush(p.log));
	p.ops->log_close(p.log);
	CHECK_OK(p.ops->log_open(p.dir, p.lock, place_id, &p.log, &p.tail));
	place_attach(&p, 3, p.at.offset, bytes(NULL, 0));
	CHECK_OK(space(&p, 3, MIB));
	CHECK_EQ(disk.calls, 0);
	place_close(&p);
}

TEST("after a failure no more space is taken")
{
	struct place p;

	place_start(&p, env_posix());
	(void)status_set(LSM_IO, "the story");
	p.ops->log_give_up(p.log);
	CHECK_CODE(space(&p, 1, MIB), LSM_IO);
	CHECK_STR(lsm_message(), "the story");
	CHECK_EQ(size_of("000001.log"), PLACE_SEGMENT);
	place_close(&p);
}

TEST("a segment is not made where its first space cannot be had")
{
	struct place p;

	place_open(&p, env_posix(), true);
	disk_fails(ENOSPC, 1);
	CHECK_CODE(p.ops->log_prepare(p.dir, "000001.log", NULL, MIB,
	    text("head")), LSM_NO_SPACE);
	CHECK(access(test_path("000001.log"), F_OK) != 0);
	place_close(&p);
}

/* ---- a simulated disk ---------------------------------------------------- */

TEST("a simulated disk gives space, or refuses it, in one call")
{
	struct sim *sim = sim_new(1), *after;
	uint64_t calls, used;
	struct place p;

	place_start(&p, sim_env(sim));
	used = sim_used(sim);
	calls = sim_calls(sim);
	CHECK_OK(space(&p, 1, PLACE_SEGMENT));
	CHECK_EQ(sim_calls(sim), calls);
	sim_space(sim, used + MIB - PLACE_SEGMENT - 1);
	CHECK_CODE(space(&p, 1, MIB), LSM_NO_SPACE);
	sim_space(sim, UINT64_MAX);
	sim_fail_at(sim, 1, LSM_NO_SPACE, false, false);
	CHECK_CODE(space(&p, 1, MIB), LSM_NO_SPACE);
	CHECK(sim_failed(sim));
	CHECK_EQ(sim_used(sim), used);
	CHECK_OK(space(&p, 1, MIB));
	CHECK_OK(space(&p, 1, MIB));
	CHECK_EQ(sim_calls(sim) - calls, 3);
	CHECK_EQ(sim_used(sim), used + MIB - PLACE_SEGMENT);
	check_follow(&p);
	after = sim_crash(sim, sim_operations(sim), SIM_DROP, 1);
	CHECK_EQ(sim_used(after), PLACE_SEGMENT);
	sim_free(after);
	place_close(&p);
	sim_free(sim);
}

/* ---- the log ------------------------------------------------------------- */

struct life {
	struct sim *sim;
	struct logkit k;
};

static void
life_writer(struct life *l)
{
	const struct env_ops *ops = sim_env(l->sim)->ops;
	struct env_log *env_log;
	struct env_tail tail;

	CHECK_OK(ops->log_open(l->k.dir, l->k.lock, logkit_database, &env_log,
	    &tail));
	logkit_writer_on(&l->k, env_log);
}

static void
life_begin(struct life *l)
{
	const struct env_ops *ops;

	*l = (struct life){ .sim = sim_new(test_seed()),
		.k = { .first = 1, .boot = true } };
	ops = sim_env(l->sim)->ops;
	l->k.dir = envkit_dir(sim_env(l->sim), "db");
	CHECK_OK(ops->lock_open(l->k.dir, true, &l->k.lock));
	CHECK_OK(ops->lock_hold(l->k.lock, 0, 1, ENV_EXCLUSIVE));
	life_writer(l);
}

static void
life_end(struct life *l)
{
	const struct env_ops *ops = sim_env(l->sim)->ops;

	logkit_die(&l->k);
	ops->lock_close(l->k.lock);
	ops->dir_close(l->k.dir);
	sim_free(l->sim);
}

static uint64_t
life_size(struct life *l, const char *name)
{
	const struct env_ops *ops = sim_env(l->sim)->ops;
	struct env_file *file;
	uint64_t size;

	CHECK_OK(ops->file_open(l->k.dir, name, ENV_READ, &file));
	size = file->size;
	CHECK_OK(ops->file_close(file));
	return size;
}

enum { VALUE = 1000, RECORD = 1056 };	/* with key and header, at most */

/* Until the log has no room for one more on a disk that is full now. */
static void
fill_up(struct life *l)
{
	uint8_t *p;
	int rc;

	sim_space(l->sim, sim_used(l->sim));
	while ((rc = log_begin(l->k.log, RECORD_PUT, RECORD, &p)) == LSM_OK) {
		l->k.log->record = NULL;	/* another, in its place */
		logkit_put(&l->k, VALUE);
	}
	CHECK_CODE(rc, LSM_NO_SPACE);
	CHECK(p == NULL);
}

TEST("a log on a full disk refuses records, and can be ended and gone on with")
{
	struct life l;
	uint64_t size;
	uint8_t *p;

	life_begin(&l);
	logkit_start(&l.k, 1, NULL);
	size = life_size(&l, "000001.log");
	CHECK_OK(log_prepare(l.k.log, 2, NULL, 1));
	fill_up(&l);
	CHECK(log_where(l.k.log).size <= size - MARKS_ROOM);
	CHECK(log_where(l.k.log).size > size - MARKS_ROOM - 2 * RECORD);
	CHECK_OK(log_rotate(l.k.log, l.k.sequence + 1));
	fill_up(&l);
	CHECK_OK(log_leave(l.k.log, l.k.sequence, true));
	CHECK_EQ(life_size(&l, "000001.log"), size);
	CHECK_EQ(life_size(&l, "000002.log"), size);
	CHECK_CODE(log_begin(l.k.log, RECORD_PUT, RECORD, &p), LSM_NO_SPACE);
	sim_space(l.sim, UINT64_MAX);
	logkit_put(&l.k, VALUE);
	CHECK(life_size(&l, "000002.log") > size);
	logkit_put(&l.k, 4 * MIB);
	CHECK(life_size(&l, "000002.log") > size + 4 * MIB);
	CHECK(life_size(&l, "000002.log") <= log_where(l.k.log).size + 2 * MIB);
	CHECK_REPLAY(&l.k, LSM_OK, l.k.sequence);
	life_end(&l);
}

TEST("a failure to find space that is no lack of it is final")
{
	struct life l;
	uint8_t *p;

	life_begin(&l);
	logkit_start(&l.k, 1, NULL);
	fill_up(&l);
	sim_space(l.sim, UINT64_MAX);
	sim_fail_at(l.sim, 1, LSM_IO, false, false);
	CHECK_CODE(log_begin(l.k.log, RECORD_PUT, RECORD, &p), LSM_IO);
	CHECK_CODE(log_begin(l.k.log, RECORD_PUT, RECORD, &p), LSM_IO);
	CHECK(strncmp(lsm_message(), "fenced: ", 8) == 0);
	CHECK_REPLAY(&l.k, LSM_OK, l.k.sequence);
	life_end(&l);
}

/* The writer goes in order, and the next one comes. */
static void
leave_and_return(struct life *l)
{
	struct log_end end;
	uint64_t mark, size;

	CHECK_OK(log_leave(l->k.log, l->k.sequence, true));
	size = log_where(l->k.log).size;
	logkit_die(&l->k);
	life_writer(l);
	CHECK_OK(log_continue_left(l->k.log, 1, size, &end, &mark));
}

TEST("who goes on with a log knows the space that its file has")
{
	struct replayed r;
	struct life l;
	uint64_t calls;

	life_begin(&l);
	logkit_start(&l.k, 1, NULL);
	CHECK_OK(log_space(l.k.log, log_position(1, MIB)));
	logkit_put(&l.k, 100 * KIB);
	leave_and_return(&l);
	calls = sim_calls(l.sim);
	logkit_put(&l.k, 10);
	CHECK_EQ(sim_calls(l.sim) - calls, 1);	/* the room in the ring */
	logkit_die(&l.k);
	CHECK_OK(logkit_replay(&l.k, &r));
	life_writer(&l);
	CHECK_OK(log_continue(l.k.log, &r.out.last,
	    buffer_bytes(&r.out.missing)));
	logkit_replayed_release(&r);
	calls = sim_calls(l.sim);
	logkit_put(&l.k, 10);
	CHECK_EQ(sim_calls(l.sim) - calls, 1);
	CHECK_EQ(life_size(&l, "000001.log"), MIB);
	fill_up(&l);
	CHECK(log_where(l.k.log).size > MIB - MARKS_ROOM - 2 * RECORD);
	leave_and_return(&l);
	logkit_put(&l.k, 10);
	life_end(&l);
}

/* What is to be given next, as MiB of the current segment; 0: nothing yet. */
static uint64_t
next(struct life *l, uint64_t segment)
{
	uint64_t position = log_space_next(l->k.log, segment * MIB);

	if (position == 0)
		return 0;
	CHECK_EQ(position >> 32, log_where(l->k.log).number);
	CHECK_EQ((uint32_t)position % MIB, 0);
	return (uint32_t)position / MIB;
}

TEST("the next part of a segment is wanted half a part ahead, up to its size")
{
	struct life l;

	life_begin(&l);
	log_segment_size(l.k.log, 20 * MIB);
	logkit_start(&l.k, 1, NULL);
	CHECK_EQ(life_size(&l, "000001.log"), 5 * MIB);
	logkit_put(&l.k, 2 * MIB);
	CHECK_EQ(next(&l, 20), 0);
	logkit_put(&l.k, MIB);
	CHECK_EQ(next(&l, 20), 10);
	CHECK_EQ(next(&l, 8), 0);
	logkit_put(&l.k, MIB);
	CHECK_EQ(next(&l, 8), 7);
	CHECK_EQ(next(&l, 5), 0);
	CHECK_OK(log_space(l.k.log, log_position(1, 19 * MIB)));
	CHECK_EQ(life_size(&l, "000001.log"), 19 * MIB);
	CHECK_EQ(next(&l, 20), 0);
	logkit_put(&l.k, 13 * MIB);
	CHECK_EQ(next(&l, 20), 20);
	logkit_rotate(&l.k, 2);
	CHECK_EQ(life_size(&l, "000002.log"), 5 * MIB);
	/* One that comes too late changes nothing. */
	CHECK_OK(log_space(l.k.log, log_position(1, 20 * MIB)));
	CHECK_EQ(life_size(&l, "000001.log"), 19 * MIB);
	logkit_put(&l.k, 10);		/* a delete */
	logkit_put(&l.k, 3 * MIB);
	CHECK_EQ(next(&l, 20), 10);
	life_end(&l);
}

TEST("small segments are made whole, and the smallest with room for marks")
{
	static const uint64_t sizes[][2] = { { 512, 16 * KIB },
		{ 64 * KIB, 64 * KIB }, { MIB, MIB }, { 2 * MIB, MIB },
		{ 4 * MIB, MIB }, { 8 * MIB, 2 * MIB } };
	char name[FILE_NAME_MAX];
	struct life l;

	life_begin(&l);
	for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		log_segment_size(l.k.log, sizes[i][0]);
		if (i == 0)
			logkit_start(&l.k, 1, NULL);
		else
			logkit_rotate(&l.k, i + 1);
		CHECK_EQ(life_size(&l, file_name(name, FILE_LOG, i + 1)),
		    sizes[i][1]);
	}
	life_end(&l);
}

TEST("behind the last record that a log can hold its marks still have room")
{
	struct logkit k;
	uint8_t *p;

	logkit_small(&k);
	k.log->where.size = UINT32_MAX - MARKS_ROOM;
	CHECK_CODE(log_begin(k.log, RECORD_DELETE, 0, &p), LSM_TOO_LARGE);
	CHECK_OK(log_begin(k.log, RECORD_CLOSE, MARK_PAYLOAD, &p));
	k.log->record = NULL;
	logkit_release(&k);
}
