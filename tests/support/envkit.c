/*
 * envkit.c - short words for tests of the door, whatever is behind it.
 */
#define _GNU_SOURCE
#include "support/envkit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct env_dir *
envkit_dir(lsm_env *env, const char *path)
{
	struct env_dir *dir;
	bool created;

	CHECK_OK(env->ops->dir_open(env, path, true, &dir, &created));
	return dir;
}

void
envkit_put(struct env_dir *dir, const char *name, const char *content,
    bool sync)
{
	const struct env_ops *ops = dir->env->ops;
	struct env_file *file;

	CHECK_OK(ops->file_open(dir, name, ENV_CREATE, &file));
	CHECK_OK(ops->file_append(file, content, strlen(content)));
	if (sync)
		CHECK_OK(ops->file_sync(file));
	CHECK_OK(ops->file_close(file));
}

void
envkit_check(struct env_dir *dir, const char *name, const char *content)
{
	const struct env_ops *ops = dir->env->ops;
	struct env_file *file;
	char got[256];
	size_t n;

	CHECK_OK(ops->file_open(dir, name, ENV_READ, &file));
	CHECK_OK(ops->file_read(file, 0, got, sizeof got, &n));
	CHECK_OK(ops->file_close(file));
	CHECK_BYTES(bytes(got, n), content);
}

rlim_t
envkit_limit(rlim_t size)
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

bool
envkit_in_child(bool (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(run() ? 0 : 1);
	CHECK(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
