/*
 * The door to this machine: directories, files and their failures.
 */
#define _GNU_SOURCE
#include "env/env.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "env/posix.h"
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

TEST("an absent directory and a file in its place are no database")
{
	struct env_dir *dir = (struct env_dir *)1;
	bool created;

	CHECK_CODE(ops()->dir_open(env_posix(), test_path("no"), false, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK(dir == NULL && !created);
	CHECK(close(creat(test_path("file"), 0600)) == 0);
	CHECK_CODE(ops()->dir_open(env_posix(), test_path("file"), true, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK_CODE(ops()->dir_open(env_posix(), test_path("file/db"), true,
	    &dir, &created), LSM_NO_DATABASE);
	CHECK_CODE(ops()->dir_open(env_posix(), "", false, &dir, &created),
	    LSM_NO_DATABASE);
}

TEST("missing parents are made, and only the first open creates")
{
	struct env_dir *dir;
	bool created;

	CHECK_OK(ops()->dir_open(env_posix(), test_path("a//b/./c/"), true,
	    &dir, &created));
	CHECK(created);
	ops()->dir_close(dir);
	CHECK_OK(ops()->dir_open(env_posix(), test_path("a/b/c"), true, &dir,
	    &created));
	CHECK(!created);
	ops()->dir_close(dir);
}

TEST("only the owner may look, whatever the umask says")
{
	mode_t before = umask(0);
	struct env_dir *dir = open_dir();
	struct env_lock *lock;

	envkit_put(dir, "000001.sst", "x", true);
	CHECK_OK(ops()->lock_open(dir, true, &lock));
	umask(before);
	CHECK_EQ(mode_of(test_path("db")), 0700);
	CHECK_EQ(mode_of(test_path("db/000001.sst")), 0600);
	CHECK_EQ(mode_of(test_path("db/LOCK")), 0600);
	ops()->lock_close(lock);
	ops()->dir_close(dir);
}

TEST("a directory lists what is in it")
{
	struct env_dir *dir = open_dir(), *sub;
	struct env_names names;
	bool seen[3] = { false };
	const char *p = NULL;

	envkit_put(dir, "000001.sst", "x", true);
	envkit_put(dir, "000002.log", "y", true);
	CHECK_OK(ops()->dir_sub(dir, "lost+found", &sub));
	CHECK_OK(ops()->dir_list(dir, &names));
	CHECK_EQ(names.count, 3);
	while ((p = env_names_next(&names, p)) != NULL) {
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

	envkit_put(dir, "000001.sst", "one", true);
	CHECK_OK(ops()->dir_rename(dir, "000001.sst", "000002.sst"));
	CHECK_OK(ops()->dir_sub(dir, "lost+found", &sub));
	CHECK_OK(ops()->dir_move(dir, "000002.sst", sub, "000003.sst"));
	envkit_check(sub, "000003.sst", "one");
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

	envkit_put(dir, "lost+found", "x", true);
	CHECK_CODE(ops()->dir_sub(dir, "lost+found", &sub), LSM_CORRUPT);
	CHECK(sub == NULL);
	CHECK_OK(ops()->dir_unlink(dir, "lost+found"));
	CHECK(symlink("/", test_path("db/lost+found")) == 0);
	CHECK_CODE(ops()->dir_sub(dir, "lost+found", &sub), LSM_CORRUPT);
	ops()->dir_close(dir);
}

TEST("a replaced file has the new content and leaves nothing behind")
{
	struct env_dir *dir = open_dir();

	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("one")));
	envkit_check(dir, "CURRENT", "one");
	envkit_put(dir, "CURRENT.new", "a longer one that a crash left", true);
	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("two")));
	envkit_check(dir, "CURRENT", "two");
	CHECK_CODE(open_code(dir, "CURRENT.new", ENV_READ), LSM_NOTFOUND);
	ops()->dir_close(dir);
}

TEST("a replace does not write through a link that waits for it")
{
	struct env_dir *dir = open_dir();

	envkit_put(dir, "victim", "precious", true);
	CHECK(symlink("victim", test_path("db/CURRENT.new")) == 0);
	CHECK_OK(ops()->dir_replace(dir, "CURRENT", text("one")));
	envkit_check(dir, "victim", "precious");
	ops()->dir_close(dir);
}

TEST("a replace that fails keeps what was there")
{
	struct env_dir *dir = open_dir();

	CHECK(mkdir(test_path("db/CURRENT"), 0700) == 0);
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

	envkit_put(dir, "000001.sst", "x", true);
	CHECK(mkfifo(test_path("db/fifo"), 0600) == 0);
	CHECK(symlink("000001.sst", test_path("db/link")) == 0);
	CHECK(symlink("nothing", test_path("db/dangling")) == 0);
	CHECK(mkdir(test_path("db/directory"), 0700) == 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		CHECK_CODE(open_code(dir, names[i], ENV_READ), LSM_CORRUPT);
		CHECK_CODE(open_code(dir, names[i], ENV_APPEND), LSM_CORRUPT);
		CHECK_CODE(open_code(dir, names[i], ENV_CREATE), LSM_EXISTS);
	}
	ops()->dir_close(dir);
}

TEST("an absent file is not found, a present one is not created")
{
	struct env_dir *dir = open_dir();

	CHECK_CODE(open_code(dir, "000001.sst", ENV_READ), LSM_NOTFOUND);
	CHECK_CODE(open_code(dir, "000001.sst", ENV_APPEND), LSM_NOTFOUND);
	envkit_put(dir, "000001.sst", "x", true);
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

	envkit_put(dir, "000001.sst", "0123456789", true);
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

	envkit_put(dir, "MANIFEST-000001", "one", true);
	CHECK_OK(ops()->file_open(dir, "MANIFEST-000001", ENV_APPEND, &file));
	CHECK_OK(ops()->file_append(file, ",two", 4));
	CHECK_OK(ops()->file_append(file, "", 0));
	CHECK_OK(ops()->file_append(file, ",three", 6));
	CHECK_OK(ops()->file_close(file));
	envkit_check(dir, "MANIFEST-000001", "one,two,three");
	ops()->dir_close(dir);
}

TEST("a map outlives its file, and none is made beyond the end")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;
	const uint8_t *map;

	envkit_put(dir, "000001.sst", "0123456789", true);
	CHECK_OK(ops()->file_open(dir, "000001.sst", ENV_READ, &file));
	CHECK_CODE(ops()->file_map(file, 11, &map), LSM_CORRUPT);
	CHECK(map == NULL);
	CHECK_OK(ops()->file_map(file, 10, &map));
	CHECK_OK(ops()->file_close(file));
	CHECK_BYTES(bytes(map, 10), "0123456789");
	ops()->file_unmap(env_posix(), map, 10);
	ops()->dir_close(dir);
}

TEST("a write that the system cuts short tells where it failed")
{
	struct env_dir *dir = open_dir();
	struct env_file *file;
	rlim_t before;
	int rc;

	CHECK_OK(ops()->file_open(dir, "000001.sst", ENV_CREATE, &file));
	CHECK_OK(ops()->file_append(file, "0123", 4));
	before = envkit_limit(10);
	rc = ops()->file_append(file, "0123456789", 10);
	envkit_limit(before);
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

	envkit_put(dir, "000001.sst", "x", true);
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
	return ops()->dir_open(env_posix(), test_path("db"), false, &dir,
	    &created) == LSM_PERMISSION &&
	    ops()->dir_open(env_posix(), test_path("new"), true, &dir,
	    &created) == LSM_PERMISSION;
}

TEST("somebody else may neither open nor make a database")
{
	if (getuid() != 0)
		return;
	ops()->dir_close(open_dir());
	CHECK(envkit_in_child(others_are_refused));
}

TEST("every handle that memory is lacking for fails cleanly")
{
	struct env_dir *dir = open_dir(), *other;
	struct env_lock *lock;
	struct env_names names;
	struct env_file *file;
	bool created;

	envkit_put(dir, "000001.sst", "x", true);
	for (int n = 1; n <= 2; n++) {
		mem_fail_at((uint64_t)n, false);
		CHECK_CODE(ops()->dir_open(env_posix(), test_path("db"), false,
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
