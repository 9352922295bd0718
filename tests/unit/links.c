/*
 * Files with more than one name, on this machine's disk and the simulated one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/env_sim.h"
#include "support/envkit.h"
#include "support/tmp.h"

static uint64_t
links_of(struct env_dir *dir, const char *name)
{
	uint64_t links;

	CHECK_OK(dir->env->ops->dir_links(dir, name, &links));
	return links;
}

static void
check_links(lsm_env *env, const char *path, const char *other)
{
	struct env_dir *dir = envkit_dir(env, path);
	struct env_dir *to = envkit_dir(env, other);

	envkit_put(dir, "a", "one", true);
	CHECK_EQ(links_of(dir, "a"), 1);
	CHECK_OK(env->ops->dir_link(dir, "a", to, "b"));
	CHECK_EQ(links_of(dir, "a"), 2);
	CHECK_EQ(links_of(to, "b"), 2);
	CHECK_CODE(env->ops->dir_link(dir, "a", to, "b"), LSM_EXISTS);
	CHECK_CODE(env->ops->dir_link(dir, "c", to, "c"), LSM_NOTFOUND);
	CHECK_OK(env->ops->dir_unlink(dir, "a"));
	envkit_check(to, "b", "one");
	CHECK_EQ(links_of(to, "b"), 1);
	env->ops->dir_close(to);
	env->ops->dir_close(dir);
}

TEST("a file has one more name, and lives as long as one of them")
{
	struct sim *sim = sim_new(test_seed());
	char other[512];

	check_links(sim_env(sim), "/a", "/b");
	sim_free(sim);
	snprintf(other, sizeof other, "%s/other", test_dir());
	check_links(env_posix(), test_dir(), other);
}

TEST("a link in the place of a file gets no name")
{
	struct env_dir *dir = envkit_dir(env_posix(), test_dir());
	char path[512];

	snprintf(path, sizeof path, "%s/a", test_dir());
	CHECK(symlink("/etc/passwd", path) == 0);
	CHECK_CODE(dir->env->ops->dir_link(dir, "a", dir, "b"), LSM_CORRUPT);
	dir->env->ops->dir_close(dir);
}

TEST("two file systems cannot share a file, which is told as that")
{
	struct env_dir *dir = envkit_dir(env_posix(), test_dir()), *other;
	char path[] = "/dev/shm/lsm-unit-XXXXXX";
	struct stat here, there;
	int rc;

	CHECK(mkdtemp(path) != NULL);
	envkit_put(dir, "a", "one", true);
	other = envkit_dir(env_posix(), path);
	rc = dir->env->ops->dir_link(dir, "a", other, "a");
	CHECK(stat(test_dir(), &here) == 0 && stat(path, &there) == 0);
	dir->env->ops->dir_close(other);
	dir->env->ops->dir_close(dir);
	tmp_clear(path);
	CHECK_CODE(rc, here.st_dev == there.st_dev ? LSM_OK :
	    LSM_UNSUPPORTED);
}

static bool
has_after(struct sim *sim, enum sim_loss how, const char *name)
{
	struct sim *after = sim_crash(sim, sim_operations(sim), how, 0);
	struct env_dir *dir = envkit_dir(sim_env(after), "/a");
	struct env_file *file;
	int rc = dir->env->ops->file_open(dir, name, ENV_READ, &file);

	env_file_close(file);
	if (rc == LSM_OK)
		envkit_check(dir, name, "one");
	dir->env->ops->dir_close(dir);
	sim_free(after);
	return rc == LSM_OK;
}

TEST("a second name is durable by its directory, and is no rename")
{
	struct sim *sim = sim_new(test_seed());
	struct env_dir *dir = envkit_dir(sim_env(sim), "/a");
	char text[SIM_TEXT_MAX];

	envkit_put(dir, "a", "one", true);
	CHECK_OK(dir->env->ops->dir_sync(dir));
	CHECK_OK(dir->env->ops->dir_link(dir, "a", dir, "b"));
	sim_describe(sim, sim_operations(sim) - 1, text);
	CHECK(strncmp(text, "link b ", 7) == 0);
	CHECK(has_after(sim, SIM_KEEP, "b") && !has_after(sim, SIM_DROP, "b"));
	CHECK_OK(dir->env->ops->dir_sync(dir));
	CHECK_OK(dir->env->ops->dir_unlink(dir, "a"));
	CHECK(has_after(sim, SIM_DROP, "b") && has_after(sim, SIM_DROP, "a"));
	CHECK(!has_after(sim, SIM_KEEP, "a"));
	dir->env->ops->dir_close(dir);
	sim_free(sim);
}

TEST("a log with a second name is not used again")
{
	for (int shared = 0; shared < 2; shared++) {
		struct sim *sim = sim_new(test_seed());
		struct env_dir *dir = envkit_dir(sim_env(sim), "/a");

		envkit_put(dir, "000001.log", "one", true);
		if (shared)
			CHECK_OK(dir->env->ops->dir_link(dir, "000001.log",
			    dir, "a"));
		CHECK_OK(dir->env->ops->log_prepare(dir, "000002.log",
		    "000001.log", 64, text("two")));
		if (shared)
			envkit_check(dir, "a", "one");
		CHECK_EQ(links_of(dir, "000002.log"), 1);
		dir->env->ops->dir_close(dir);
		sim_free(sim);
	}
}
