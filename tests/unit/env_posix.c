#define _GNU_SOURCE
#include "env/env.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "env/posix.h"
#include "support/test.h"

static const struct env_ops *
ops(void)
{
	return env_posix()->ops;
}

static const char *
path(const char *name)
{
	static char text[4][512];
	static unsigned turn;
	char *to = text[turn++ % 4];

	snprintf(to, sizeof text[0], "%s/%s", test_dir(), name);
	return to;
}

static struct env_dir *
open_dir(void)
{
	struct env_dir *dir;
	bool created;

	CHECK_OK(ops()->dir_open(env_posix(), path("db"), true, &dir,
	    &created));
	return dir;
}

static void
put_file(struct env_dir *dir, const char *name, const char *content)
{
	struct env_file *file;

	CHECK_OK(ops()->file_open(dir, name, ENV_CREATE, &file));
	CHECK_OK(ops()->file_append(file, content, strlen(content)));
	CHECK_OK(ops()->file_sync(file));
	CHECK_OK(ops()->file_close(file));
}

static void
check_content(struct env_dir *dir, const char *name, const char *content)
{
	struct env_file *file;
	char got[256];
	size_t n;

	CHECK_OK(ops()->file_open(dir, name, ENV_READ, &file));
	CHECK_OK(ops()->file_read(file, 0, got, sizeof got, &n));
	CHECK_OK(ops()->file_close(file));
	CHECK_BYTES(bytes(got, n), content);
}

static int
open_code(struct env_dir *dir, const char *name, enum env_open how)
{
	struct env_file *file;
	int rc = ops()->file_open(dir, name, how, &file);

	if (rc == LSM_OK)
		return ops()->file_close(file);
	CHECK(file == NULL);
	return rc;
}

static int
mode_of(const char *name)
{
	struct stat st;

	CHECK(lstat(name, &st) == 0);
	return st.st_mode & 07777;
}

/* Run something in a child; true when it answers yes. */
static bool
in_child(bool (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(run() ? 0 : 1);
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST("an absent directory and a file in its place are no database")
{
	struct env_dir *dir = (struct env_dir *)1;
	bool created;

	CHECK_CODE(ops()->dir_open(env_posix(), path("no"), false, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK(dir == NULL && !created);
	CHECK(close(creat(path("file"), 0600)) == 0);
	CHECK_CODE(ops()->dir_open(env_posix(), path("file"), true, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK_CODE(ops()->dir_open(env_posix(), path("file/db"), true, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK_CODE(ops()->dir_open(env_posix(), "", false, &dir, &created),
	    LSM_NO_DATABASE);
}

TEST("missing parents are made, and only the first open creates")
{
	struct env_dir *dir;
	bool created;

	CHECK_OK(ops()->dir_open(env_posix(), path("a//b/./c/"), true, &dir,
	    &created));
	CHECK(created);
	ops()->dir_close(dir);
	CHECK_OK(ops()->dir_open(env_posix(), path("a/b/c"), true, &dir,
	    &created));
	CHECK(!created);
	ops()->dir_close(dir);
}

TEST("only the owner may look, whatever the umask says")
{
	mode_t before = umask(0);
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	put_file(dir, "000001.sst", "x");
	CHECK_OK(ops()->lock_open(dir, true, &lock));
	umask(before);
	CHECK_EQ(mode_of(path("db")), 0700);
	CHECK_EQ(mode_of(path("db/000001.sst")), 0600);
	CHECK_EQ(mode_of(path("db/LOCK")), 0600);
	ops()->lock_close(lock);
	ops()->dir_close(dir);
}

TEST("a directory lists what is in it")
{
	struct env_dir *dir = open_dir(), *sub;
	struct env_names names;
	bool seen[3] = { false };
	const char *p;

	put_file(dir, "000001.sst", "x");
	put_file(dir, "000002.log", "y");
	CHECK_OK(ops()->dir_sub(dir, "lost+found", &sub));
	CHECK_OK(ops()->dir_list(dir, &names));
	CHECK_EQ(names.count, 3);
	p = (const char *)names.text.p;
	for (size_t i = 0; i < names.count; i++, p += strlen(p) + 1) {
		seen[0] |= strcmp(p, "000001.sst") == 0;
		seen[1] |= strcmp(p, "000002.log") == 0;
		seen[2] |= strcmp(p, "lost+found") == 0;
	}
	CHECK(seen[0] && seen[1] && seen[2]);
	env_names_free(&names);
	ops()->dir_close(sub);
	ops()->dir_close(dir);
}

TEST("files move within and between directories")
{
	struct env_dir *dir = open_dir(), *sub;

	put_file(dir, "000001.sst", "one");
	CHECK_OK(ops()->dir_rename(dir, "000001.sst", "000002.sst"));
	CHECK_OK(ops()->dir_sub(dir, "lost+found", &sub));
	CHECK_OK(ops()->dir_move(dir, "000002.sst", sub, "000003.sst"));
	check_content(sub, "000003.sst", "one");
	CHECK_OK(ops()->dir_unlink(sub, "000003.sst"));
	CHECK_OK(ops()->dir_sync(sub));
	CHECK_CODE(ops()->dir_unlink(sub, "000003.sst"), LSM_NOTFOUND);
	CHECK_CODE(ops()->dir_rename(dir, "000001.sst", "000002.sst"),
	    LSM_NOTFOUND);
	ops()->dir_close(sub);
	ops()->dir_close(dir);
}

TEST("a subdirectory is not a file and not a link")
{
	struct env_dir *dir = open_dir(), *sub;

	put_file(dir, "lost+found", "x");
	CHECK_CODE(ops()->dir_sub(dir, "lost+found", &sub), LSM_CORRUPT);
	CHECK(sub == NULL);
	CHECK_OK(ops()->dir_unlink(dir, "lost+found"));
	CHECK(symlink("/", path("db/lost+found")) == 0);
	CHECK_CODE(ops()->dir_sub(dir, "lost+found", &sub), LSM_CORRUPT);
	ops()->dir_close(dir);
}

TEST("a replaced file has the new content and leaves nothing behind")
{
	struct env_dir *dir = open_dir();

	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("one")));
	check_content(dir, "CURRENT", "one");
	put_file(dir, "CURRENT.new", "a longer one that a crash left");
	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("two")));
	check_content(dir, "CURRENT", "two");
	CHECK_CODE(open_code(dir, "CURRENT.new", ENV_READ), LSM_NOTFOUND);
	ops()->dir_close(dir);
}

TEST("a replace does not write through a link that waits for it")
{
	struct env_dir *dir = open_dir();

	put_file(dir, "victim", "precious");
	CHECK(symlink("victim", path("db/CURRENT.new")) == 0);
	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("one")));
	check_content(dir, "victim", "precious");
	ops()->dir_close(dir);
}

TEST("a replace that fails keeps what was there")
{
	struct env_dir *dir = open_dir();

	CHECK(mkdir(path("db/CURRENT"), 0700) == 0);
	CHECK_CODE(ops()->dir_replace(dir, "CURRENT", text("x")), LSM_IO);
	CHECK_CODE(open_code(dir, "CURRENT.new", ENV_READ), LSM_NOTFOUND);
	CHECK_CODE(open_code(dir, "CURRENT", ENV_READ), LSM_CORRUPT);
	ops()->dir_close(dir);
}

TEST("what is not a regular file is refused, and a FIFO does not block")
{
	struct env_dir *dir = open_dir();
	static const char *const names[] = { "fifo", "link", "dangling",
		"directory" };

	put_file(dir, "000001.sst", "x");
	CHECK(mkfifo(path("db/fifo"), 0600) == 0);
	CHECK(symlink("000001.sst", path("db/link")) == 0);
	CHECK(symlink("nothing", path("db/dangling")) == 0);
	CHECK(mkdir(path("db/directory"), 0700) == 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		CHECK_CODE(open_code(dir, names[i], ENV_READ), LSM_CORRUPT);
		CHECK_CODE(open_code(dir, names[i], ENV_APPEND), LSM_CORRUPT);
		CHECK_CODE(open_code(dir, names[i], ENV_CREATE), LSM_EXISTS);
	}
	ops()->dir_close(dir);
}

TEST("LOCK must be a regular file, and is made only when asked for")
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	CHECK_CODE(ops()->lock_open(dir, false, &lock), LSM_NOTFOUND);
	CHECK(lock == NULL);
	CHECK(symlink("elsewhere", path("db/LOCK")) == 0);
	CHECK_CODE(ops()->lock_open(dir, true, &lock), LSM_CORRUPT);
	CHECK(access(path("db/elsewhere"), F_OK) != 0);
	ops()->dir_close(dir);
}

TEST("an absent file is not found, a present one is not created")
{
	struct env_dir *dir = open_dir();

	CHECK_CODE(open_code(dir, "000001.sst", ENV_READ), LSM_NOTFOUND);
	CHECK_CODE(open_code(dir, "000001.sst", ENV_APPEND), LSM_NOTFOUND);
	put_file(dir, "000001.sst", "x");
	CHECK_CODE(open_code(dir, "000001.sst", ENV_CREATE), LSM_EXISTS);
	CHECK_STR(lsm_message(), "000001.sst: exists");
	ops()->dir_close(dir);
}

TEST("a read gets less only at the end of the file")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;
	char got[8];
	uint64_t size;
	size_t n;

	put_file(dir, "000001.sst", "0123456789");
	CHECK_OK(ops()->file_open(dir, "000001.sst", ENV_READ, &file));
	CHECK_OK(ops()->file_read(file, 6, got, sizeof got, &n));
	CHECK_BYTES(bytes(got, n), "6789");
	CHECK_OK(ops()->file_read(file, 10, got, sizeof got, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(ops()->file_read(file, UINT64_MAX, got, sizeof got, &n));
	CHECK_EQ(n, 0);
	CHECK_OK(ops()->file_size(file, &size));
	CHECK_EQ(size, 10);
	CHECK_OK(env_read_exactly(file, "000001.sst", 2, got, 8));
	CHECK_CODE(env_read_exactly(file, "000001.sst", 3, got, 8),
	    LSM_CORRUPT);
	CHECK_STR(lsm_message(),
	    "000001.sst: offset 3: short: 7 bytes of 8");
	env_file_close(file);
	env_file_close(NULL);
	ops()->dir_close(dir);
}

TEST("appending goes on at the end")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;

	put_file(dir, "MANIFEST-000001", "one");
	CHECK_OK(ops()->file_open(dir, "MANIFEST-000001", ENV_APPEND, &file));
	CHECK_OK(ops()->file_append(file, ",two", 4));
	CHECK_OK(ops()->file_append(file, "", 0));
	CHECK_OK(ops()->file_append(file, ",three", 6));
	CHECK_OK(ops()->file_close(file));
	check_content(dir, "MANIFEST-000001", "one,two,three");
	ops()->dir_close(dir);
}

TEST("a map outlives its file, and none is made beyond the end")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;
	const uint8_t *map;

	put_file(dir, "000001.sst", "0123456789");
	CHECK_OK(ops()->file_open(dir, "000001.sst", ENV_READ, &file));
	CHECK_CODE(ops()->file_map(file, 11, &map), LSM_CORRUPT);
	CHECK(map == NULL);
	CHECK_OK(ops()->file_map(file, 10, &map));
	CHECK_OK(ops()->file_close(file));
	CHECK_BYTES(bytes(map, 10), "0123456789");
	ops()->file_unmap(env_posix(), map, 10);
	ops()->dir_close(dir);
}

/* Files may not grow beyond this; the signal that says so is not wanted. */
static rlim_t
limit_files(rlim_t size)
{
	struct rlimit limit;
	rlim_t before;

	signal(SIGXFSZ, SIG_IGN);
	CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	before = limit.rlim_cur;
	limit.rlim_cur = size;
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	return before;
}

TEST("a write that the system cuts short tells where it failed")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;
	rlim_t before;
	int rc;

	CHECK_OK(ops()->file_open(dir, "000001.sst", ENV_CREATE, &file));
	CHECK_OK(ops()->file_append(file, "0123", 4));
	before = limit_files(10);
	rc = ops()->file_append(file, "0123456789", 10);
	limit_files(before);
	CHECK_CODE(rc, LSM_IO);
	CHECK_STR(lsm_message(),
	    "000001.sst: offset 10: write: File too large");
	CHECK_OK(ops()->file_close(file));
	ops()->dir_close(dir);
}

TEST("running out of descriptors is told as that")
{
	struct env_dir *dir = open_dir();
	struct env_names names;
	struct env_file *file;
	struct rlimit before, none;
	int rc[2];

	put_file(dir, "000001.sst", "x");
	CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
	none = before;
	none.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	rc[0] = ops()->file_open(dir, "000001.sst", ENV_READ, &file);
	rc[1] = ops()->dir_list(dir, &names);
	CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
	CHECK_CODE(rc[0], LSM_SYSTEM);
	CHECK_CODE(rc[1], LSM_SYSTEM);
	ops()->dir_close(dir);
}

static bool
others_are_refused(void)
{
	struct env_dir *dir;
	bool created;

	if (setgid(65534) != 0 || setuid(65534) != 0)
		return false;
	return ops()->dir_open(env_posix(), path("db"), false, &dir,
	    &created) == LSM_PERMISSION &&
	    ops()->dir_open(env_posix(), path("new"), true, &dir, &created) ==
	    LSM_PERMISSION;
}

TEST("somebody else may neither open nor make a database")
{
	if (getuid() != 0)
		return;
	ops()->dir_close(open_dir());
	CHECK(in_child(others_are_refused));
}

TEST("every handle that memory is lacking for fails cleanly")
{
	struct env_dir *dir = open_dir(), *other;
	struct env_lock *lock;
	struct env_names names;
	struct env_file *file;
	bool created;

	put_file(dir, "000001.sst", "x");
	for (int n = 1; n <= 2; n++) {
		mem_fail_at((uint64_t)n, false);
		CHECK_CODE(ops()->dir_open(env_posix(), path("db"), false,
		    &other, &created), LSM_NO_MEMORY);
	}
	mem_fail_at(1, false);
	CHECK_CODE(ops()->file_open(dir, "000001.sst", ENV_READ, &file),
	    LSM_NO_MEMORY);
	mem_fail_at(1, false);
	CHECK_CODE(ops()->dir_list(dir, &names), LSM_NO_MEMORY);
	mem_fail_at(1, false);
	CHECK_CODE(ops()->dir_sub(dir, "sub", &other), LSM_NO_MEMORY);
	mem_fail_at(1, false);
	CHECK_CODE(ops()->lock_open(dir, true, &lock), LSM_NO_MEMORY);
	ops()->dir_close(dir);
}

TEST("a directory notices that LOCK was taken away or it was moved itself")
{
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	CHECK(ops()->dir_same(dir));
	CHECK_OK(ops()->lock_open(dir, true, &lock));
	CHECK(ops()->dir_same(dir));
	CHECK(rename(path("db"), path("moved")) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(mkdir(path("db"), 0700) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(rmdir(path("db")) == 0);
	CHECK(rename(path("moved"), path("db")) == 0);
	CHECK(ops()->dir_same(dir));
	CHECK(unlink(path("db/LOCK")) == 0);
	CHECK(!ops()->dir_same(dir));
	CHECK(close(creat(path("db/LOCK"), 0600)) == 0);
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
	CHECK(unlink(path("db/LOCK")) == 0);
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
	CHECK(in_child(child_dies_as_the_writer));
	CHECK_OK(ops()->lock_hold(lock, 0, 1, ENV_EXCLUSIVE));
	CHECK(in_child(child_is_locked_out));
	ops()->lock_close(lock);
	ops()->dir_close(dir);
}

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

TEST("time goes on, chance differs")
{
	uint64_t start = ops()->now_us(env_posix());
	uint8_t a[40], b[40];

	CHECK(ops()->now_us(env_posix()) >= start);
	CHECK(ops()->date_us(env_posix()) > UINT64_C(1700000000000000));
	CHECK_OK(ops()->random(env_posix(), a, sizeof a));
	CHECK_OK(ops()->random(env_posix(), b, sizeof b));
	CHECK(memcmp(a, b, sizeof a) != 0);
}

static void
work_once(void *arg)
{
	*(bool *)arg = true;
}

TEST("a worker works")
{
	struct thread thread;
	bool done = false;

	CHECK_OK(ops()->work(env_posix(), &thread, work_once, &done));
	thread_join(&thread);
	CHECK(done);
}

TEST("bytes written through are in the file, or there is a reason")
{
	char name[512];
	int fd;
	char got[3];

	snprintf(name, sizeof name, "%s/file", test_dir());
	CHECK((fd = open(name, O_RDWR | O_CREAT, 0600)) >= 0);
	CHECK_OK(posix_write_through(fd, "f", 2, "abc", 3));
	CHECK(pread(fd, got, 3, 2) == 3 && memcmp(got, "abc", 3) == 0);
	CHECK(close(fd) == 0);
	CHECK_CODE(posix_write_through(-1, "f", 0, "abc", 3), LSM_IO);
	CHECK((fd = open("/dev/full", O_WRONLY)) >= 0);
	CHECK_CODE(posix_write_through(fd, "f", 0, "abc", 3), LSM_NO_SPACE);
	CHECK(close(fd) == 0);
}
