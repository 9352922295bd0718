/*
 * LOCK on this machine: one writer, whoever else comes; the pins of readers;
 * and a directory that is no longer the one that was opened.
 */
#define _GNU_SOURCE
#include "env/env.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/envkit.h"

static const struct env_ops *
ops(void)
{
	return env_posix()->ops;
}

static struct env_dir *
open_dir(void)
{
	return envkit_dir(env_posix(), test_path("db"));
}

TEST("LOCK must be a regular file, and is made only when asked for")
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	CHECK_CODE(ops()->lock_open(dir, false, &lock), LSM_NOTFOUND);
	CHECK(lock == NULL);
	CHECK(symlink("elsewhere", test_path("db/LOCK")) == 0);
	CHECK_CODE(ops()->lock_open(dir, true, &lock), LSM_CORRUPT);
	CHECK(access(test_path("db/elsewhere"), F_OK) != 0);
	ops()->dir_close(dir);
}

TEST("a directory notices that LOCK was taken away or it was moved itself")
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	CHECK(ops()->dir_same(dir));
	CHECK_OK(ops()->lock_open(dir, true, &lock));
	CHECK(ops()->dir_same(dir));
	CHECK(rename(test_path("db"), test_path("moved")) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(mkdir(test_path("db"), 0700) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(rmdir(test_path("db")) == 0);
	CHECK(rename(test_path("moved"), test_path("db")) == 0);
	CHECK(ops()->dir_same(dir));
	CHECK(unlink(test_path("db/LOCK")) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(close(creat(test_path("db/LOCK"), 0600)) == 0);
	CHECK(!ops()->dir_same(dir));
	ops()->lock_close(lock);
	ops()->dir_close(dir);
}

TEST("a second writer is locked out in the same process")
{
	struct env_dir *dir = open_dir(), *other = open_dir();
	struct env_lock *a, *b;

	CHECK_OK(ops()->lock_open(dir, true, &a));
	CHECK_OK(ops()->lock_open(other, true, &b));
	CHECK_OK(ops()->lock_hold(a, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(ops()->lock_hold(a, 0, 1, ENV_EXCLUSIVE));
	CHECK_CODE(ops()->lock_hold(b, 0, 1, ENV_EXCLUSIVE), LSM_LOCKED);
	CHECK_OK(ops()->lock_hold(a, 0, 1, ENV_UNLOCK));
	CHECK_OK(ops()->lock_hold(b, 0, 1, ENV_EXCLUSIVE));
	ops()->lock_close(b);
	CHECK_OK(ops()->lock_hold(a, 0, 1, ENV_EXCLUSIVE));
	ops()->lock_close(a);
	ops()->dir_close(other);
	ops()->dir_close(dir);
}

TEST("a new LOCK in the place of a deleted one lets no second writer in")
{
	struct env_dir *dir = open_dir(), *other = open_dir();
	struct env_lock *a, *b;

	CHECK_OK(ops()->lock_open(dir, true, &a));
	CHECK_OK(ops()->lock_hold(a, 0, 1, ENV_EXCLUSIVE));
	CHECK(unlink(test_path("db/LOCK")) == 0);
	CHECK_OK(ops()->lock_open(other, true, &b));
	CHECK_CODE(ops()->lock_hold(b, 0, 1, ENV_EXCLUSIVE), LSM_LOCKED);
	CHECK_STR(lsm_message(), "directory: held by another writer");
	ops()->lock_close(a);
	CHECK_OK(ops()->lock_hold(b, 0, 1, ENV_EXCLUSIVE));
	ops()->lock_close(b);
	ops()->dir_close(other);
	ops()->dir_close(dir);
}

static bool
child_is_locked_out(void)
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	return ops()->lock_open(dir, true, &lock) == LSM_OK &&
	    ops()->lock_hold(lock, 0, 1, ENV_EXCLUSIVE) == LSM_LOCKED;
}

static bool
child_dies_as_the_writer(void)
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	return ops()->lock_open(dir, true, &lock) == LSM_OK &&
	    ops()->lock_hold(lock, 0, 1, ENV_EXCLUSIVE) == LSM_OK;
}

TEST("a lock keeps other processes out and dies with its own")
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	CHECK_OK(ops()->lock_open(dir, true, &lock));
	CHECK(envkit_in_child(child_dies_as_the_writer));
	CHECK_OK(ops()->lock_hold(lock, 0, 1, ENV_EXCLUSIVE));
	CHECK(envkit_in_child(child_is_locked_out));
	ops()->lock_close(lock);
	ops()->dir_close(dir);
}

/* Readers hold bytes of LOCK far from its first. */
#define PIN(edit) ((UINT64_C(1) << 32) + (edit))

TEST("the lowest pin of others is found, one's own is not")
{
	struct env_dir *dir = open_dir();
	struct env_lock *writer, *readers[3];
	static const uint64_t pins[] = { 40, 9, 23 };
	uint64_t held;
	bool any;

	CHECK_OK(ops()->lock_open(dir, true, &writer));
	CHECK_OK(ops()->lock_hold(writer, PIN(1), 1, ENV_SHARED));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(ops()->lock_open(dir, false, &readers[i]));
		CHECK_OK(ops()->lock_hold(readers[i], PIN(pins[i]), 1,
		    ENV_SHARED));
		CHECK_OK(ops()->lock_hold(readers[i], PIN(23), 1, ENV_SHARED));
	}
	CHECK_OK(ops()->lock_test(writer, PIN(0), 100, &any, &held));
	CHECK(any && held == PIN(9));
	CHECK_OK(ops()->lock_test(writer, PIN(10), 13, &any, &held));
	CHECK(!any && held == 0);
	CHECK_OK(ops()->lock_test(writer, PIN(10), 14, &any, &held));
	CHECK(any && held == PIN(23));
	for (int i = 0; i < 3; i++)
		ops()->lock_close(readers[i]);
	CHECK_OK(ops()->lock_test(writer, PIN(0), 100, &any, &held));
	CHECK(!any);
	ops()->lock_close(writer);
	ops()->dir_close(dir);
}
