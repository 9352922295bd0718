/*
 * LOCK in strange places: deleted, copied, restored, of another boot, cut
 * short, hostile. Nothing committed is lost, and nobody writes beside another.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "db/db.h"
#include "env/ring.h"
#include "support/dbkit.h"

enum { PATH = 512, BOOT_AT = 16, HEAD_AT = 64, SYNCING_AT = 208 };

static lsm_db *
db_open(const char *path, bool read_only)
{
	lsm_options o;
	lsm_db *db;

	lsm_options_init(&o);
	o.create = !read_only;
	o.read_only = read_only;
	o.no_sync = 1;
	o.workers = 0;
	CHECK_OK(lsm_open(path, &o, &db));
	return db;
}

static void
put(lsm_db *db, const char *key)
{
	CHECK_OK(lsm_put(db, lsm_str(key), lsm_str("value"), 0));
}

static void
check_has(const char *path, bool read_only, const char *key)
{
	lsm_db *db = db_open(path, read_only);

	CHECK_OK(lsm_get(db, NULL, lsm_str(key), NULL));
	CHECK_OK(lsm_close(db));
}

/* A database that was left orderly, with "a" in it. */
static void
make(void)
{
	lsm_db *db = db_open(test_dir(), false);

	put(db, "a");
	CHECK_OK(lsm_close(db));
}

static const char *
lock_path(void)
{
	static char path[PATH];

	snprintf(path, sizeof path, "%s/LOCK", test_dir());
	return path;
}

static void
lock_poke(off_t at, const void *p, size_t n)
{
	int fd = open(lock_path(), O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(pwrite(fd, p, n, at), n);
	close(fd);
}

static void
lock_peek(void *p)
{
	int fd = open(lock_path(), O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	CHECK_EQ(pread(fd, p, LOCK_SIZE, 0), LOCK_SIZE);
	close(fd);
}

TEST("a writer whose LOCK was deleted is fenced, and still alone")
{
	lsm_db *db = db_open(test_dir(), false), *second;
	lsm_options o;

	put(db, "a");
	CHECK_EQ(unlink(lock_path()), 0);
	lsm_options_init(&o);
	CHECK_CODE(lsm_open(test_dir(), &o, &second), LSM_LOCKED);
	CHECK_CODE(lsm_flush(db), LSM_IO);
	CHECK_CODE(lsm_put(db, lsm_str("b"), lsm_str("1"), 0), LSM_IO);
	CHECK_CODE(lsm_close(db), LSM_IO);
	check_has(test_dir(), false, "a");
}

TEST("a second writer is told who is in the way")
{
	lsm_db *db = db_open(test_dir(), false), *second;
	char wanted[64];
	lsm_options o;

	lsm_options_init(&o);
	CHECK_CODE(lsm_open(test_dir(), &o, &second), LSM_LOCKED);
	snprintf(wanted, sizeof wanted, "locked by process %ld",
	    (long)getpid());
	CHECK(strstr(lsm_message(), wanted) != NULL);
	CHECK_OK(lsm_close(db));
}

TEST("readers believe the page of a running writer, whatever boot it names")
{
	lsm_db *db = db_open(test_dir(), false);

	put(db, "a");		/* in the ring only */
	lock_poke(BOOT_AT, "another boot id", 16);
	check_has(test_dir(), true, "a");
	CHECK_OK(lsm_close(db));
}

TEST("the page of another boot is not believed when nobody writes")
{
	make();
	lock_poke(BOOT_AT, "another boot id", 16);
	check_has(test_dir(), true, "a");
	check_has(test_dir(), false, "a");
}

TEST("a copied directory has what is in the ring of its original")
{
	lsm_db *db = db_open(test_dir(), false);
	char copy[PATH], command[3 * PATH];

	put(db, "a");
	CHECK_OK(lsm_sync(db));
	put(db, "b");		/* and nobody writes while it is copied */
	snprintf(copy, sizeof copy, "%s/copy", test_dir());
	snprintf(command, sizeof command,
	    "mkdir %s && cp %s/[A-Z]* %s/*.log %s", copy, test_dir(),
	    test_dir(), copy);
	CHECK_EQ(system(command), 0);
	check_has(copy, true, "a");
	check_has(copy, true, "b");
	check_has(copy, false, "b");
	snprintf(command, sizeof command, "rm %s/LOCK", copy);
	CHECK_EQ(system(command), 0);
	check_has(copy, true, "b");	/* it is in a file now */
	CHECK_OK(lsm_close(db));
}

static void
killed_after(const char *key)
{
	pid_t child;
	int status;

	if ((child = fork()) == 0) {
		put(db_open(test_dir(), false), key);
		kill(getpid(), SIGKILL);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status));
}

TEST("to another boot a killed writer left all that it was told")
{
	make();
	killed_after("b");
	lock_poke(BOOT_AT, "another boot id", 16);
	check_has(test_dir(), true, "b");
	check_has(test_dir(), false, "b");
	killed_after("c");
	lock_poke(0, "no magic", 8);
	check_has(test_dir(), true, "c");
	CHECK_EQ(truncate(lock_path(), LOCK_RING + RING_SIZE / 2), 0);
	check_has(test_dir(), false, "c");
	check_has(test_dir(), false, "b");
}

TEST("a restored LOCK takes nothing away")
{
	uint8_t *old = malloc(LOCK_SIZE);
	lsm_db *db = db_open(test_dir(), false);

	put(db, "a");
	lock_peek(old);
	put(db, "b");
	CHECK_OK(lsm_flush(db));
	put(db, "c");
	CHECK_OK(lsm_close(db));
	lock_poke(0, old, LOCK_SIZE);
	free(old);
	check_has(test_dir(), true, "c");
	check_has(test_dir(), false, "c");
}

TEST("a short LOCK is no page, and the next writer makes it whole")
{
	static const off_t sizes[] = { 0, 1, 4095, 4096, LOCK_RING,
		LOCK_SIZE - 1 };
	struct stat st;

	make();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		CHECK_EQ(truncate(lock_path(), sizes[i]), 0);
		check_has(test_dir(), true, "a");
		check_has(test_dir(), false, "a");
		CHECK_EQ(stat(lock_path(), &st), 0);
		CHECK(st.st_size >= LOCK_SIZE);
	}
}

TEST("a head that no writer announced misleads nobody")
{
	struct random r = { test_seed() };

	make();
	for (int i = 0; i < 20; i++) {
		uint64_t words[2] = { random_next(&r) >> i * 3,
			random_next(&r) >> i * 2 };

		lock_poke(HEAD_AT, words, sizeof words);
		check_has(test_dir(), true, "a");
	}
	check_has(test_dir(), false, "a");
}

TEST_SOLO("a page of noise misleads nobody")
{
	struct random r = { test_seed() };
	uint8_t page[512];

	make();
	for (int i = 0; i < 20; i++) {
		for (size_t j = 0; j < sizeof page; j++)
			page[j] = (uint8_t)random_next(&r);
		/* Now and then behind a name that is right. */
		lock_poke(i % 2 ? 128 : 0, page, sizeof page - 128);
		check_has(test_dir(), true, "a");
		check_has(test_dir(), false, "a");
	}
}

/* What is refused for its CURRENT: no writer leaves so much as a LOCK. */
static void
check_refused(const char *command, int code)
{
	char path[PATH], whole[3 * PATH];
	uint64_t before;
	lsm_options o;
	lsm_db *db;

	snprintf(path, sizeof path, "%s/db", test_dir());
	snprintf(whole, sizeof whole, "D=%s && %s && rm $D/LOCK", path,
	    command);
	dbkit_close(db_open(path, false));
	CHECK_EQ(system(whole), 0);
	before = dbkit_tree(path);
	lsm_options_init(&o);
	o.create = 1;
	CHECK_CODE(lsm_open(path, &o, &db), code);
	o.read_only = 1;
	o.create = 0;
	CHECK_CODE(lsm_open(path, &o, &db), code);
	CHECK(before == dbkit_tree(path));
}

TEST("a writer that must not write makes no LOCK: newer format")
{
	char command[2 * PATH];

	snprintf(command, sizeof command, "cat %s >$D/CURRENT",
	    test_data("CURRENT-newer"));
	check_refused(command, LSM_UNSUPPORTED);
}

TEST("a writer that must not write makes no LOCK: damage")
{
	check_refused("echo LSM >$D/CURRENT", LSM_CORRUPT);
}

TEST("a writer that must not write makes no LOCK: no CURRENT")
{
	check_refused("rm $D/CURRENT && touch $D/000009.sst", LSM_CORRUPT);
}

TEST("after a sync that failed all is written again")
{
	uint64_t one = 1;
	lsm_db *db;

	make();
	lock_poke(SYNCING_AT, &one, sizeof one);
	db = db_open(test_dir(), false);
	CHECK_EQ(db->count.flushes, 1);
	CHECK_OK(lsm_get(db, NULL, lsm_str("a"), NULL));
	CHECK_OK(lsm_close(db));
}
