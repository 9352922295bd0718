/*
 * Writers that cannot have the ring, after and before those that have it: what
 * either was told is there for the other, and for readers beside.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "env/ring.h"
#include "support/dbkit.h"
#include "support/envkit.h"
#include "support/place.h"

enum { SYNCING_AT = 208, WRITERS = 3 };

/* From now on this process may not keep its ring from children, so that it
 * goes without. */
static bool
no_ring(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof filter / sizeof *filter, .filter = filter
	};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static lsm_options
options(bool read_only)
{
	lsm_options o = dbkit_options(NULL);

	o.create = !read_only;
	o.read_only = read_only;
	o.no_sync = 1;
	return o;
}

static bool
has(const char *path, unsigned n)
{
	lsm_options o = options(true);
	lsm_db *db;
	char key[16];
	bool all;

	if (lsm_open(path, &o, &db) != LSM_OK)
		return false;
	snprintf(key, sizeof key, "k%06u", n - 1);
	all = lsm_get(db, NULL, lsm_str(key), NULL) == LSM_OK;
	return lsm_close(db) == LSM_OK && all;
}

struct turn {
	bool alone, killed;
};

/* Writes key n, and a reader beside it sees that. Returns only if not. */
static void
write_one(const char *path, unsigned n, struct turn how)
{
	lsm_options o = options(false);
	char key[16];
	lsm_db *db;

	snprintf(key, sizeof key, "k%06u", n);
	if ((how.alone && !no_ring()) || lsm_open(path, &o, &db) != LSM_OK ||
	    lsm_put(db, lsm_str(key), lsm_str("v"), 0) != LSM_OK ||
	    !has(path, n + 1))
		return;
	if (how.killed || lsm_close(db) == LSM_OK)
		_exit(0);
}

static void
take_turn(const char *path, unsigned n, struct turn how)
{
	int status;
	pid_t child;

	if ((child = fork()) == 0) {
		write_one(path, n, how);
		_exit(1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK_EQ(status, 0);
}

/* Two bits a writer. */
static void
check_chain(unsigned kinds)
{
	lsm_options o = options(true);
	char name[16];
	const char *path;
	lsm_db *db;

	snprintf(name, sizeof name, "db%u", kinds);
	path = dbkit_path(name);
	for (unsigned i = 0; i < WRITERS; i++) {
		take_turn(path, i, (struct turn){ kinds >> 2 * i & 1,
			kinds >> 2 * i & 2 });
		CHECK(has(path, i + 1));
	}
	db = dbkit_open(path, &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false),
	    "k000000=v k000001=v k000002=v");
	dbkit_close(db);
}

TEST_SOLO("with the ring and without it, killed or not, in any order")
{
	for (unsigned kinds = 0; kinds < 1u << 2 * WRITERS; kinds++)
		check_chain(kinds);
}

/* A page with words, and one that begins a log without the ring. */
static void
used(struct place *p)
{
	place_start(p, env_posix());
	CHECK_OK(place_put(p, 500, CASE_PUT));
	place_close(p);
}

static uint64_t
word_of_lock(off_t at)
{
	uint64_t word = 0;
	FILE *f = fopen(test_path("LOCK"), "rb");

	CHECK(f != NULL && fseek(f, at, SEEK_SET) == 0);
	CHECK_EQ(fread(&word, sizeof word, 1, f), 1);
	CHECK(fclose(f) == 0);
	return word;
}

static bool
begin_alone(void)
{
	struct place p, reader;

	if (!no_ring())
		return false;
	place_open(&p, env_posix(), true);
	CHECK(p.tail.trusted);
	place_switch(&p, case_next_log(&(struct case_cursor){ .number = 1 }),
	    0);
	place_open(&reader, env_posix(), false);
	CHECK_OK(p.ops->log_tail(reader.dir, reader.lock, place_id, 1, 0,
	    NULL, &reader.tail));
	CHECK(!reader.tail.trusted && !reader.tail.left);
	CHECK_EQ(word_of_lock(SYNCING_AT), 1);
	place_close(&reader);
	place_close(&p);
	CHECK_EQ(word_of_lock(SYNCING_AT), 0);
	return true;
}

TEST("a writer without the ring leaves no word of others in LOCK")
{
	struct place p;

	used(&p);
	CHECK(envkit_in_child(begin_alone));
}

static bool
refused_alone(void)
{
	uint8_t head[CASE_START] = "head", first[CASE_HEADER] = "first";
	struct place p;
	int rc;

	if (!no_ring())
		return false;
	place_open(&p, env_posix(), true);
	CHECK_OK(p.ops->log_prepare(p.dir, "000002.log", NULL, PLACE_SEGMENT,
	    bytes(head, sizeof head)));
	envkit_limit(0);
	rc = p.ops->log_switch(p.log, "000002.log", 2, CASE_START,
	    bytes(first, sizeof first));
	envkit_limit(RLIM_INFINITY);
	CHECK_CODE(rc, LSM_IO);
	CHECK(strstr(lsm_message(), "LOCK: ") != NULL);
	CHECK(strstr(lsm_message(), "this one has no ring") != NULL);
	place_close(&p);
	return true;
}

TEST("it writes nothing when it cannot have them gone")
{
	struct place p;

	used(&p);
	CHECK(envkit_in_child(refused_alone));
}

static bool
gives_up_alone(void)
{
	struct place p;

	if (!no_ring())
		return false;
	place_open(&p, env_posix(), true);
	p.ops->log_give_up(p.log);
	place_close(&p);
	return true;
}

TEST("a failure of one without the ring is told in LOCK as well")
{
	struct place p;

	used(&p);
	CHECK(envkit_in_child(gives_up_alone));
	place_open(&p, env_posix(), true);
	CHECK(p.tail.syncing && !p.tail.trusted);
	place_close(&p);
}
