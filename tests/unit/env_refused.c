/*
 * A system that refuses what another allows: writing through falls back on a
 * sync of its own, and says when that fails as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/status.h"
#include "env/posix.h"
#include "support/envkit.h"

#define FAILS_WITH(error) \
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define UNLESS_CALL(nr) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1)

/* From now on, in this process: writes with flags and syncs of data fail with
 * these; 0: they work. */
static bool
refuse(unsigned flags_error, unsigned sync_error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		UNLESS_CALL(SYS_pwritev2), FAILS_WITH(flags_error),
		UNLESS_CALL(SYS_fdatasync), FAILS_WITH(sync_error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof filter / sizeof *filter, .filter = filter
	};

	if (sync_error == 0)
		filter[4].k = SECCOMP_RET_ALLOW;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* What write-through then answers; -1: it lied about the bytes. */
static int
write_through(unsigned flags_error, unsigned sync_error)
{
	int fd = open(test_path("file"), O_RDWR | O_CREAT, 0600), rc;
	char got[3] = "";

	if (fd < 0 || !refuse(flags_error, sync_error))
		return -1;
	rc = posix_write_through(fd, "f", 2, "abc", 3);
	if (rc == LSM_OK &&
	    (pread(fd, got, 3, 2) != 3 || memcmp(got, "abc", 3) != 0))
		rc = -1;
	return close(fd) == 0 ? rc : -1;
}

static bool
unknown_flag(void)
{
	return write_through(EOPNOTSUPP, 0) == LSM_OK;
}

static bool
unknown_call(void)
{
	return write_through(ENOSYS, 0) == LSM_OK;
}

static bool
refused_flag(void)
{
	return write_through(EINVAL, 0) == LSM_OK;
}

static bool
interrupted(void)
{
	return write_through(EINTR, 0) == LSM_OK;
}

TEST("where writes cannot go through, a sync follows them")
{
	CHECK(envkit_in_child(unknown_flag));
	CHECK(envkit_in_child(unknown_call));
	CHECK(envkit_in_child(refused_flag));
	CHECK(envkit_in_child(interrupted));
}

static bool
sync_fails(void)
{
	return write_through(EOPNOTSUPP, EIO) == LSM_IO &&
	    strstr(status_story(), "f: sync") != NULL;
}

static bool
no_room_to_sync(void)
{
	return write_through(EOPNOTSUPP, ENOSPC) == LSM_NO_SPACE;
}

TEST("and when that fails, so does the write")
{
	CHECK(envkit_in_child(sync_fails));
	CHECK(envkit_in_child(no_room_to_sync));
}

static bool
fails_at_once(void)
{
	return write_through(EIO, 0) == LSM_IO &&
	    strstr(status_story(), "write through") != NULL;
}

TEST("a write through that fails is not tried another way")
{
	CHECK(envkit_in_child(fails_at_once));
}
