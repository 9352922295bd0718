/*
 * readers.c - one writer, eight readers, and somebody who kills them.
 *
 *	readers [--opens N] [--seed S]
 *
 * The writer puts number n under key n mod KEYS, for n = 1, 2, ..., and tells
 * through shared memory what it began and what was acknowledged. So every
 * reader knows what it must find: the state after some N puts, not fewer than
 * were acknowledged before it opened. Memtables and tables are tiny: files
 * die all the time, and under every other writer, which syncs, dead logs are
 * used again. What a pin holds may not be among them, and a reader would find
 * out, look again and say nothing: so its failed looks are counted. Now and
 * then a reader makes a checkpoint, which must be such a state too; one whose
 * maker was killed is whole or no database. At the end the writer rests, and
 * no dead file is left.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "db/db.h"
#include "support/tmp.h"

enum {
	READERS = 8,
	KEYS = 300,
	VALUE = 100,
	KILL_WRITER_ONE_IN = 20,
	CHECKPOINT_ONE_IN = 60,
	MOVES = 12,
	REST_MS_MAX = 20000,		/* a second or two, on a busy machine */
	OPENS_PER_REUSE = 2000,		/* at most, or the run proved little */
	OPENS_LONG = 1000000
};
#ifdef __SANITIZE_ADDRESS__
enum { OPENS = 10000 };
#else
enum { OPENS = 100000 };	/* less than a minute of one processor */
#endif

static struct shared {
	_Atomic uint64_t begun, acknowledged;
	_Atomic uint64_t opens, gets, scans, refreshes, wrong, failed;
	_Atomic uint64_t checkpoints, halves;
	_Atomic uint64_t reused, pins_failed;
	_Atomic uint64_t resting, cleaned;	/* the writer, at the end */
} *shared;

static const char *path, *copies;

static lsm_options
options(void)
{
	lsm_options o;

	lsm_options_init(&o);
	o.no_sync = 1;
	o.memtable_size = 16 << 10;
	o.table_size = 16 << 10;
	o.l0_trigger = 4;
	o.wait_us = 10000000;
	return o;
}

static void
complain(const char *what, uint64_t got, uint64_t wanted)
{
	fprintf(stderr, "readers: %s: %" PRIu64 ", not %" PRIu64 " (%s)\n",
	    what, got, wanted, lsm_message());
	atomic_fetch_add(&shared->wrong, 1);
}

static lsm_slice
key_of(uint64_t n, char text[16])
{
	snprintf(text, 16, "key%06" PRIu64, n % KEYS);
	return lsm_str(text);
}

/* The state of a handle or snapshot: after how many puts? Every key must say
 * the same. */
static bool
state_of(lsm_db *db, const lsm_snapshot *s, uint64_t *count)
{
	uint64_t values[KEYS] = { 0 }, n;
	lsm_iter *it;
	int rc = lsm_iter_new(db, s, NULL, &it);

	*count = 0;
	for (rc = rc ? rc : lsm_iter_first(it); rc == LSM_OK &&
	    lsm_iter_valid(it); rc = lsm_iter_next(it)) {
		memcpy(&n, lsm_iter_value(it).data, sizeof n);
		values[n % KEYS] = n;
		if (n > *count)
			*count = n;
	}
	lsm_iter_free(it);
	for (n = *count; rc == LSM_OK && n > 0 && n + KEYS > *count; n--)
		if (values[n % KEYS] != n)
			complain("a key holds", values[n % KEYS], n);
	if (rc != LSM_OK) {
		atomic_fetch_add(&shared->failed, 1);
		complain("scan: code", (uint64_t)rc, 0);
	}
	return rc == LSM_OK;
}

static void
reuse_count(lsm_db *db, uint64_t *before)
{
	uint64_t now = load_relaxed(&db->count.logs_reused);

	if (now != *before)
		atomic_fetch_add(&shared->reused, now - *before);
	*before = now;
}

/* Nobody reads any more, and nothing is written: that nobody needs the dead
 * files now, the writer has to find out for itself. */
static void
rest(lsm_db *db)
{
	int more;

	for (int ms = 0; ms < REST_MS_MAX && graves_any(db); ms++) {
		if (!db->working)
			lsm_step(db, &more);
		usleep(1000);
	}
	if (graves_any(db))
		complain("dead files of a writer at rest", db->graves.count, 0);
	atomic_store(&shared->cleaned, 1);
	for (;;)
		pause();
}

static void
write_on(uint64_t seed)
{
	lsm_options o = options();
	char key[16], value[VALUE] = { 0 };
	uint64_t n, acknowledged = atomic_load(&shared->acknowledged);
	uint64_t reused = 0;
	lsm_db *db;

	o.create = 1;
	/* A worker prepares the next log while such a small memtable is
	 * flushed, and the dead one is not needed. */
	o.no_sync = seed % 2 == 0;
	o.workers = o.no_sync;
	if (!o.no_sync)
		o.memtable_size /= 4;
	if (lsm_open(path, &o, &db) != LSM_OK || !state_of(db, NULL, &n)) {
		fprintf(stderr, "readers: writer: %s\n", lsm_message());
		_exit(1);
	}
	if (n < acknowledged)
		complain("after a kill: puts", n, acknowledged);
	for (;;) {
		atomic_store(&shared->begun, ++n);
		memcpy(value, &n, sizeof n);
		if (lsm_put(db, key_of(n, key), lsm_bytes(value, sizeof value),
		    0) != LSM_OK) {
			fprintf(stderr, "readers: put: %s\n", lsm_message());
			_exit(1);
		}
		atomic_store(&shared->acknowledged, n);
		reuse_count(db, &reused);
		if (atomic_load(&shared->resting))
			rest(db);
	}
}

static void
get_one(lsm_db *db, uint64_t key, uint64_t least)
{
	lsm_buffer value = { 0 };
	char text[16];
	uint64_t n = 0;
	int rc = lsm_get(db, NULL, key_of(key, text), &value);

	if (rc == LSM_OK)
		memcpy(&n, value.data, sizeof n);
	if (rc != LSM_OK && (rc != LSM_NOTFOUND || least > KEYS)) {
		atomic_fetch_add(&shared->failed, 1);
		complain("get: code", (uint64_t)rc, 0);
	} else if (rc == LSM_OK && (n % KEYS != key || n + KEYS <= least ||
	    n > atomic_load(&shared->begun))) {
		complain("get: number", n, least);
	}
	lsm_buffer_free(&value);
	atomic_fetch_add(&shared->gets, 1);
}

static void
scan_twice(lsm_db *db, uint64_t least, struct random *r)
{
	uint64_t first, again;
	lsm_snapshot *s;

	if (lsm_snapshot_new(db, &s) != LSM_OK)
		return;
	if (!state_of(db, s, &first))
		goto done;
	if (first < least)
		complain("scan: puts", first, least);
	usleep((useconds_t)random_below(r, 3000));
	least = atomic_load(&shared->acknowledged);
	if (lsm_refresh(db) != LSM_OK)
		complain("refresh: puts", 0, least);
	else if (state_of(db, NULL, &again) && again < least)
		complain("refresh: puts", again, least);
	if (state_of(db, s, &again) && again != first)
		complain("snapshot: puts", again, first);
	atomic_fetch_add(&shared->refreshes, 1);
done:
	lsm_snapshot_free(s);
	atomic_fetch_add(&shared->scans, 1);
}

/* One handle, moved forward again and again. */
static void
move_on(lsm_db *db, struct random *r)
{
	uint64_t least;

	for (uint64_t i = random_below(r, MOVES); i > 0; i--) {
		if (random_below(r, 4) == 0)
			usleep((useconds_t)random_below(r, 1000));
		least = atomic_load(&shared->acknowledged);
		if (lsm_refresh(db) != LSM_OK)
			complain("refresh: puts", 0, least);
		atomic_fetch_add(&shared->refreshes, 1);
		get_one(db, random_below(r, KEYS), least);
	}
}

enum { COPY_NAME = 512 };

/* `state` is "", or ".gone" while it is removed: half of a copy is never seen
 * under its name. */
static const char *
copy_of(pid_t pid, const char *state, char text[COPY_NAME])
{
	snprintf(text, COPY_NAME, "%s/%ld%s", copies, (long)pid, state);
	return text;
}

/* A copy, perhaps one that was cut short, holds what some moment held. */
static void
copy_check(const char *copy, bool whole, uint64_t least)
{
	lsm_options o = options();
	uint64_t count;
	lsm_db *db;
	int rc = lsm_open(copy, &o, &db);

	if (rc == LSM_NO_DATABASE && !whole) {
		atomic_fetch_add(&shared->halves, 1);
		return;
	}
	if (rc != LSM_OK) {
		complain("open of a checkpoint: code", (uint64_t)rc, 0);
		return;
	}
	if (state_of(db, NULL, &count) && (count < least ||
	    count > atomic_load(&shared->begun)))
		complain("checkpoint: puts", count, least);
	lsm_close(db);
	atomic_fetch_add(&shared->checkpoints, 1);
}

static void
copy_make(lsm_db *db)
{
	char text[COPY_NAME], text_gone[COPY_NAME];
	const char *copy = copy_of(getpid(), "", text);
	const char *gone = copy_of(getpid(), ".gone", text_gone);
	uint64_t least = atomic_load(&shared->acknowledged);

	if (lsm_checkpoint(db, copy, NULL, NULL) != LSM_OK)
		complain("checkpoint: puts", 0, least);
	else
		copy_check(copy, true, least);
	if (rename(copy, gone) == 0)
		tmp_clear(gone);
}

/* Files that it had pinned were not what they should be, or not there. */
static void
pins_judge(lsm_db *db)
{
	if (db->recovery.pins_failed == 0)
		return;
	complain("readings that failed under a pin", db->recovery.pins_failed,
	    0);
	atomic_fetch_add(&shared->pins_failed, db->recovery.pins_failed);
}

static void
read_on(uint64_t seed)
{
	struct random r = { seed };
	lsm_options o = options();
	uint64_t least;
	lsm_db *db;
	int rc;

	o.read_only = 1;
	for (;;) {
		least = atomic_load(&shared->acknowledged);
		if ((rc = lsm_open(path, &o, &db)) != LSM_OK) {
			atomic_fetch_add(&shared->failed, 1);
			complain("open: code", (uint64_t)rc, 0);
			_exit(1);
		}
		atomic_fetch_add(&shared->opens, 1);
		for (uint64_t i = random_below(&r, 6); i > 0; i--) {
			if (random_below(&r, 20) == 0)
				usleep((useconds_t)random_below(&r, 2000));
			get_one(db, random_below(&r, KEYS), least);
		}
		if (random_below(&r, 8) == 0)
			move_on(db, &r);
		if (random_below(&r, 4) == 0)
			scan_twice(db, least, &r);
		if (random_below(&r, CHECKPOINT_ONE_IN) == 0)
			copy_make(db);
		pins_judge(db);
		lsm_close(db);
	}
}

static pid_t
start(int who, uint64_t seed)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("readers: fork");
		exit(1);
	}
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (who == 0)
		write_on(seed);
	read_on(seed);
	_exit(0);
}

static void
end(pid_t pid)
{
	char text[COPY_NAME];
	const char *copy = copy_of(pid, "", text);

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (access(copy, F_OK) == 0)
		copy_check(copy, false, 0);
	tmp_clear(copy);
	/* Another process may get this number one day. */
	tmp_clear(copy_of(pid, ".gone", text));
}

/* Unless it has died: it told why. */
static void
rest_wait(pid_t writer)
{
	siginfo_t died = { 0 };

	atomic_store(&shared->resting, 1);
	while (!atomic_load(&shared->cleaned) && died.si_pid == 0 &&
	    waitid(P_PID, (id_t)writer, &died, WEXITED | WNOHANG | WNOWAIT) ==
	    0)
		usleep(1000);
}

/* Kill one after the other until enough was opened. *kills counts. */
static void
run(uint64_t opens, struct random *r, uint64_t *kills)
{
	pid_t pids[READERS + 1];
	int who;

	pids[0] = start(0, 1);
	while (atomic_load(&shared->acknowledged) < KEYS)
		usleep(1000);
	for (who = 1; who <= READERS; who++)
		pids[who] = start(who, random_next(r));
	while (atomic_load(&shared->opens) < opens &&
	    atomic_load(&shared->wrong) == 0) {
		usleep((useconds_t)(2000 + random_below(r, 8000)));
		who = random_below(r, KILL_WRITER_ONE_IN) == 0 ? 0 :
		    1 + (int)random_below(r, READERS);
		end(pids[who]);
		pids[who] = start(who, random_next(r));
		++*kills;
	}
	for (who = 1; who <= READERS; who++)
		end(pids[who]);
	rest_wait(pids[0]);
	end(pids[0]);
}

static void
file_count(void *arg, const lsm_file_info *f)
{
	if (f->present && !f->live && (strcmp(f->kind, "table") == 0 ||
	    strcmp(f->kind, "log") == 0 || strcmp(f->kind, "manifest") == 0))
		++*(uint64_t *)arg;
}

/* Nobody is left: a writer that opens now removes all that is dead. */
static void
leak_check(void)
{
	lsm_options o = options();
	uint64_t left = 0, count;
	lsm_db *db;

	o.workers = 0;
	if (lsm_open(path, &o, &db) != LSM_OK) {
		complain("last open", 1, 0);
		return;
	}
	lsm_files(db, file_count, &left);
	if (left > 0)
		complain("dead files left", left, 0);
	if (state_of(db, NULL, &count) &&
	    count < atomic_load(&shared->acknowledged))
		complain("at the end: puts", count, shared->acknowledged);
	lsm_close(db);
}

int
main(int argc, char **argv)
{
	uint64_t opens = getenv("LSM_TEST_LONG") ? OPENS_LONG : OPENS;
	uint64_t seed = (uint64_t)time(NULL), kills = 0;
	struct random r;
	char *dir, *copies_dir;

	for (int i = 1; i + 1 < argc; i += 2)
		*(strcmp(argv[i], "--seed") ? &opens : &seed) =
		    strtoull(argv[i + 1], NULL, 10);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	path = dir = tmp_new();
	copies = copies_dir = tmp_new();
	r.state = seed;
	run(opens, &r, &kills);
	leak_check();
	if (shared->reused < shared->opens / OPENS_PER_REUSE)
		complain("logs used again", shared->reused, shared->opens /
		    OPENS_PER_REUSE);
	printf("seed %" PRIu64 ": opens %" PRIu64 " gets %" PRIu64 " scans %"
	    PRIu64 " refreshes %" PRIu64 " puts %" PRIu64 " logs used again %"
	    PRIu64 " kills %" PRIu64 " checkpoints %" PRIu64 " cut short %"
	    PRIu64 " failed %" PRIu64 " failed under a pin %" PRIu64 " wrong %"
	    PRIu64 "\n", seed, shared->opens, shared->gets, shared->scans,
	    shared->refreshes, shared->acknowledged, shared->reused, kills,
	    shared->checkpoints, shared->halves, shared->failed,
	    shared->pins_failed, shared->wrong);
	printf("%d passed, %d failed\n", shared->wrong == 0,
	    shared->wrong != 0);
	if (shared->wrong == 0) {
		tmp_remove(dir);
		tmp_remove(copies_dir);
	}
	return shared->wrong != 0;
}
