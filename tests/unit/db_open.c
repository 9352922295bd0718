/*
 * Opening: what is refused, by name; what is made, and what is not; whom a
 * lock keeps out; what half-made and what strange directories are told.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sync.h"
#include "support/dbkit.h"

static lsm_options
defaults(void)
{
	return dbkit_options(NULL);
}

static void
option_refused(lsm_options o, const char *name)
{
	dbkit_refused(dbkit_path("db"), &o, LSM_INVALID);
	if (strstr(lsm_message(), name) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" does not name %s",
		    lsm_message(), name);
	CHECK(access(dbkit_path("db"), F_OK) != 0);
}

#define REFUSED(field, wrong) \
	do { \
		lsm_options o_ = defaults(); \
		o_.field = (wrong); \
		option_refused(o_, #field); \
	} while (0)

TEST("an option that makes no sense is refused by its name")
{
	REFUSED(struct_size, 0);
	REFUSED(struct_size, sizeof(lsm_options) + 1);
	REFUSED(memtable_size, 511);
	REFUSED(memtable_size, ((size_t)1 << 30) + 1);
	REFUSED(reads, 2);
	REFUSED(reads, -1);
	REFUSED(workers, -1);
	REFUSED(workers, 9);
	REFUSED(max_open_tables, 0);
	REFUSED(codec, 77);
	REFUSED(codec, -1);
	REFUSED(page_size, 0);
	REFUSED(page_size, 4095);
	REFUSED(page_size, 16384 + 4096);
	REFUSED(filter_bits, 21);
	REFUSED(table_size, 4095);
	REFUSED(table_size, UINT64_MAX);
}

TEST("ways to open that contradict each other are refused")
{
	lsm_options o = defaults();

	o.read_only = 1;
	option_refused(o, "create");
	o = defaults();
	o.create = 0;
	o.exclusive = 1;
	option_refused(o, "exclusive");
}

TEST("options at their limits are taken")
{
	lsm_options o = defaults();

	o.memtable_size = 512;
	o.cache_size = 0;
	o.max_open_tables = 1;
	o.page_size = 16384;
	o.filter_bits = 0;
	o.table_size = 4096;
	dbkit_close(dbkit_open(dbkit_path("a"), &o));
	o.memtable_size = (size_t)1 << 30;
	o.page_size = 4096;
	o.filter_bits = 20;
	o.table_size = (uint64_t)8 << 30;
	dbkit_close(dbkit_open(dbkit_path("b"), &o));
}

TEST("without create nothing is made")
{
	uint64_t before = dbkit_tree(test_dir());
	lsm_options o = defaults();

	o.create = 0;
	dbkit_refused(dbkit_path("none"), &o, LSM_NO_DATABASE);
	dbkit_refused(dbkit_path("no/such/parent"), &o, LSM_NO_DATABASE);
	dbkit_refused(test_dir(), &o, LSM_NO_DATABASE);
	o.read_only = 1;
	dbkit_refused(dbkit_path("none"), &o, LSM_NO_DATABASE);
	dbkit_refused(test_dir(), &o, LSM_NO_DATABASE);
	CHECK(dbkit_tree(test_dir()) == before);
}

TEST("create makes missing parents, exclusive wants it to be new")
{
	lsm_options o = defaults();

	o.exclusive = 1;
	dbkit_close(dbkit_open(dbkit_path("a/b/c"), &o));
	dbkit_refused(dbkit_path("a/b/c"), &o, LSM_EXISTS);
	o.exclusive = 0;
	dbkit_close(dbkit_open(dbkit_path("a/b/c"), &o));
}

TEST("a directory with other people's files can become a database")
{
	lsm_options o = defaults();
	lsm_db *db;

	CHECK(mkdir(dbkit_path("db"), 0700) == 0);
	close(open(dbkit_path("db/notes.txt"), O_CREAT | O_WRONLY, 0600));
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_fill(db, 0, 10, "");
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_close(db);
	dbkit_close(dbkit_open(dbkit_path("db"), &o));
	CHECK(access(dbkit_path("db/notes.txt"), F_OK) == 0);
}

TEST("a second writer is kept out, readers are not")
{
	lsm_options o = defaults(), reading = defaults();
	const char *path = dbkit_made();
	lsm_db *db = dbkit_open(path, &o), *reader;

	dbkit_refused(path, &o, LSM_LOCKED);
	o.exclusive = 1;
	dbkit_refused(path, &o, LSM_LOCKED);
	reading.create = 0;
	reading.read_only = 1;
	dbkit_put(db, "late", "1");
	reader = dbkit_open(path, &reading);
	dbkit_check(reader, NULL, "late", "1");
	dbkit_close(reader);
	dbkit_close(db);
	o.exclusive = 0;
	dbkit_close(dbkit_open(path, &o));
}

/* In a child: the code of an open, as its exit status. */
static int
open_elsewhere(const char *path, const lsm_options *o)
{
	int status;
	lsm_db *db;
	pid_t pid = fork();

	if (pid == 0)
		_exit(lsm_open(path, o, &db));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST("a writer in another process is kept out until this one is done")
{
	lsm_options o = defaults();
	const char *path = dbkit_made();
	lsm_db *db = dbkit_open(path, &o);

	CHECK_EQ(open_elsewhere(path, &o), LSM_LOCKED);
	dbkit_close(db);
	CHECK_EQ(open_elsewhere(path, &o), LSM_OK);
}

struct waiter {
	lsm_options o;
	lsm_db *db;
	int rc;
};

static void
wait_and_open(void *arg)
{
	struct waiter *w = arg;

	w->rc = lsm_open(w->o.env ? "db" : dbkit_path("db"), &w->o, &w->db);
}

TEST("who waits for the lock gets it when it is free")
{
	struct waiter w = { .o = defaults() };
	struct thread thread;
	lsm_db *db;

	db = dbkit_open(dbkit_made(), &w.o);
	w.o.wait_us = (uint64_t)60 * 1000 * 1000;
	CHECK_OK(thread_start(&thread, wait_and_open, &w));
	dbkit_put(db, "last", "word");
	dbkit_close(db);
	thread_join(&thread);
	CHECK_OK(w.rc);
	dbkit_check(w.db, NULL, "last", "word");
	dbkit_close(w.db);
}

/* ---- a database that is not whole --------------------------------------- */

static void
write_file(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, p, n) == (ssize_t)n);
	close(fd);
}

/* Refused by every way to open, and nothing was changed. */
static void
refused_untouched(int code)
{
	lsm_options o = defaults(), reading = defaults();
	uint64_t before = dbkit_tree(test_dir());
	const char *path = dbkit_path("db");

	dbkit_refused(path, &o, code);
	o.create = 0;
	dbkit_refused(path, &o, code);
	reading.create = 0;
	reading.read_only = 1;
	dbkit_refused(path, &reading, code);
	CHECK(dbkit_tree(test_dir()) == before);
}

TEST("CURRENT missing, empty or garbage is damage, not a new database")
{
	dbkit_made();
	write_file(dbkit_path("db/CURRENT"), "", 0);
	refused_untouched(LSM_CORRUPT);
	write_file(dbkit_path("db/CURRENT"), "lsm 0.1 and then nothing\n", 25);
	refused_untouched(LSM_CORRUPT);
	write_file(dbkit_path("db/CURRENT"), "\0\0\0\0\0\0\0\0", 8);
	refused_untouched(LSM_CORRUPT);
	CHECK(unlink(dbkit_path("db/CURRENT")) == 0);
	refused_untouched(LSM_CORRUPT);
}

TEST("CURRENT that points to nothing is damage, and so is a missing log")
{
	const char *path = dbkit_made();
	lsm_options o = defaults();
	char name[600];
	lsm_db *db = dbkit_open(path, &o);
	const char *manifest = dbkit_file(db, "manifest");

	dbkit_close(db);
	snprintf(name, sizeof name, "%s/%s", path, manifest);
	CHECK(rename(name, dbkit_path("kept")) == 0);
	refused_untouched(LSM_CORRUPT);
	CHECK(rename(dbkit_path("kept"), name) == 0);
	dbkit_close(dbkit_open(path, &o));
}

/* "db" with all its files of a kind gone. */
static unsigned
remove_kind(const char *suffix)
{
	char command[700];

	snprintf(command, sizeof command, "rm %s/db/*%s", test_dir(), suffix);
	return system(command) == 0;
}

TEST("logs that are missing are damage")
{
	dbkit_made();
	CHECK(remove_kind(".log"));
	refused_untouched(LSM_CORRUPT);
}

TEST("a table that is missing is damage")
{
	lsm_options o = defaults(), reading = defaults();
	const char *path = dbkit_made();
	uint64_t before;
	lsm_db *db;

	CHECK(remove_kind(".sst"));
	before = dbkit_tree(test_dir());
	reading.create = 0;
	reading.read_only = 1;
	db = dbkit_open(path, &reading);	/* opens tables when asked */
	CHECK_CODE(lsm_get(db, NULL, lsm_str("k000001"), NULL), LSM_CORRUPT);
	dbkit_close(db);
	CHECK(dbkit_tree(test_dir()) == before);
	db = dbkit_open(path, &o);		/* looks when asked */
	CHECK_CODE(lsm_get(db, NULL, lsm_str("k000001"), NULL), LSM_CORRUPT);
	CHECK(unlink(dbkit_path("db/LOCK")) == 0);
	dbkit_close(db);
	dbkit_refused(path, &o, LSM_CORRUPT);
}

TEST("LOCK deleted while closed costs nothing")
{
	const char *path = dbkit_made();
	lsm_options o = defaults(), reading = defaults();
	lsm_db *db;

	CHECK(unlink(dbkit_path("db/LOCK")) == 0);
	reading.create = 0;
	reading.read_only = 1;
	db = dbkit_open(path, &reading);
	dbkit_check_fill(db, 0, 120, "");
	dbkit_close(db);
	CHECK(access(dbkit_path("db/LOCK"), F_OK) != 0);
	db = dbkit_open(path, &o);
	dbkit_check_fill(db, 0, 120, "");
	dbkit_close(db);
}

enum stranger { LINK, FIFO, DIRECTORY, STRANGERS };

/* Put something else in the place of a file; the file itself is aside. */
static void
replace(const char *name, enum stranger what)
{
	char path[600];

	snprintf(path, sizeof path, "%s/db/%s", test_dir(), name);
	CHECK(rename(path, dbkit_path("aside")) == 0);
	if (what == LINK)
		CHECK(symlink(dbkit_path("aside"), path) == 0);
	else if (what == FIFO)
		CHECK(mkfifo(path, 0600) == 0);
	else
		CHECK(mkdir(path, 0700) == 0);
}

static void
replace_back(const char *name)
{
	char path[600];

	snprintf(path, sizeof path, "%s/db/%s", test_dir(), name);
	CHECK(remove(path) == 0);
	CHECK(rename(dbkit_path("aside"), path) == 0);
}

TEST("links, pipes and directories in a file's place are refused at once")
{
	static const char *const kinds[] = { "current", "lock", "manifest",
		"log" };
	const char *path = dbkit_made();
	lsm_options o = defaults();

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		lsm_db *db = dbkit_open(path, &o);
		const char *name = dbkit_file(db, kinds[i]);

		dbkit_close(db);
		for (enum stranger s = LINK; s < STRANGERS; s++) {
			replace(name, s);
			refused_untouched(LSM_CORRUPT);
			replace_back(name);
		}
	}
	dbkit_close(dbkit_open(path, &o));
}

TEST("links, pipes and directories in a table's place are refused as well")
{
	const char *path = dbkit_made(), *name;
	lsm_options o = defaults(), reading = defaults();
	lsm_db *db = dbkit_open(path, &o);

	reading.create = 0;
	reading.read_only = 1;
	name = dbkit_file(db, "table");
	dbkit_close(db);
	for (enum stranger s = LINK; s < STRANGERS; s++) {
		replace(name, s);
		for (int i = 0; i < 2; i++) {
			db = dbkit_open(path, i ? &o : &reading);
			CHECK_CODE(lsm_get(db, NULL, lsm_str("k000001"),
			    NULL), LSM_CORRUPT);
			dbkit_close(db);
		}
		replace_back(name);
	}
	db = dbkit_open(path, &o);
	dbkit_check_fill(db, 0, 120, "");
	dbkit_close(db);
}

TEST("a path through a file is no database")
{
	lsm_options o = defaults();

	write_file(dbkit_path("file"), "x", 1);
	o.create = 0;
	dbkit_refused(dbkit_path("file"), &o, LSM_NO_DATABASE);
	dbkit_refused(dbkit_path("file/db"), &o, LSM_NO_DATABASE);
}

TEST("a reader changes nothing, even where a writer was killed")
{
	lsm_options o = defaults(), reading = defaults();
	const char *path = dbkit_made();
	uint64_t before;
	lsm_db *db;
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		if (lsm_open(path, &o, &db) == LSM_OK)
			_exit(lsm_put(db, lsm_str("last"), lsm_str("1"), 0));
		_exit(99);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	before = dbkit_tree(test_dir());
	reading.create = 0;
	reading.read_only = 1;
	db = dbkit_open(path, &reading);
	dbkit_check(db, NULL, "last", "1");
	dbkit_check_fill(db, 0, 120, "");
	dbkit_close(db);
	CHECK(dbkit_tree(test_dir()) == before);
}
