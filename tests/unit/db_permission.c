/*
 * A directory, or parts of it, that may only be read, or not even that.
 */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/dbkit.h"

/* For a child: root reads everything. */
static bool
be_nobody(void)
{
	return geteuid() != 0 || (setgroups(0, NULL) == 0 &&
	    setgid(65534) == 0 && setuid(65534) == 0);
}

static int
in_child(int (*run)(const char *), const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(path));
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* In a child without root's powers: 0, or which check failed. */
static int
only_reading(const char *path)
{
	lsm_options o = dbkit_options(NULL), reading = dbkit_options(NULL);
	lsm_db *db;

	if (!be_nobody())
		return 1;
	reading.create = 0;
	reading.read_only = 1;
	if (lsm_open(path, &reading, &db) != LSM_OK)
		return 2;
	if (lsm_get(db, NULL, lsm_str("k000001"), NULL) != LSM_OK ||
	    lsm_get(db, NULL, lsm_str("k000110"), NULL) != LSM_OK ||
	    lsm_get(db, NULL, lsm_str("nobody"), NULL) != LSM_NOTFOUND)
		return 3;
	if (lsm_put(db, lsm_str("a"), lsm_str("b"), 0) != LSM_READ_ONLY)
		return 4;
	if (lsm_close(db) != LSM_OK)
		return 5;
	if (lsm_open(path, &o, &db) != LSM_PERMISSION)
		return 6;
	return 0;
}

static void
modes_set(const char *modes)
{
	char command[1200];

	snprintf(command, sizeof command, "chmod 0755 %s && "
	    "chmod %s %s/db/*[!d] && chmod %s %s/db", test_dir(),
	    *modes == 'r' ? "0444" : "0600", test_dir(),
	    *modes == 'r' ? "0555" : "0700", test_dir());
	CHECK(system(command) == 0);
}

TEST("a reader that may write nothing reads all, and nothing changes")
{
	const char *path = dbkit_made();
	uint64_t before;

	modes_set("read");
	before = dbkit_tree(test_dir());
	CHECK_EQ(in_child(only_reading, path), 0);
	CHECK(dbkit_tree(test_dir()) == before);
	modes_set("write");
}

static int
lock_unreadable(const char *path)
{
	lsm_options o = dbkit_options(NULL);
	lsm_db *db;

	if (!be_nobody())
		return 1;
	o.create = 0;
	o.read_only = 1;
	if (lsm_open(path, &o, &db) != LSM_PERMISSION)
		return 2;
	return strncmp(lsm_message(), "LOCK: ", 6) == 0 ? 0 : 3;
}

TEST("a LOCK that may not be read is no LOCK that is not there")
{
	const char *path = dbkit_made();
	char lock[1200];

	modes_set("read");
	snprintf(lock, sizeof lock, "%s/LOCK", path);
	CHECK_EQ(chmod(lock, 0), 0);
	CHECK_EQ(in_child(lock_unreadable, path), 0);
	CHECK_EQ(chmod(path, 0755), 0);
	CHECK_EQ(unlink(lock), 0);
	CHECK_EQ(chmod(path, 0555), 0);
	CHECK_EQ(in_child(only_reading, path), 0);
	modes_set("write");
}
