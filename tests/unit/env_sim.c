/*
 * The simulated disk: files, directories, locks, and what a power loss leaves
 * of them.
 */
#include "env/env_sim.h"

#include "support/envkit.h"

static const struct env_ops *
ops(struct sim *sim)
{
	return sim_env(sim)->ops;
}

static struct env_dir *
open_dir(struct sim *sim)
{
	return envkit_dir(sim_env(sim), "/data/db");
}

/* Content of a file as text; "-" when there is none. */
static const char *
content(struct sim *sim, const char *name)
{
	static char texts[4][4096];
	static unsigned turn;
	char *to = texts[turn++ % 4];
	struct env_dir *dir = open_dir(sim);
	struct env_file *file;
	size_t n;
	int rc = ops(sim)->file_open(dir, name, ENV_READ, &file);

	memcpy(to, "-", 2);
	if (rc == LSM_OK) {
		CHECK_OK(ops(sim)->file_read(file, 0, to, sizeof texts[0] - 1,
		    &n));
		to[n] = '\0';
		CHECK_OK(ops(sim)->file_close(file));
	} else {
		CHECK_CODE(rc, LSM_NOTFOUND);
	}
	ops(sim)->dir_close(dir);
	return to;
}

/* The content after a power loss at the end of all operations. */
static const char *
content_after(struct sim *sim, enum sim_loss loss, uint64_t seed,
    const char *name)
{
	struct sim *after = sim_crash(sim, sim_operations(sim), loss, seed);
	const char *got = content(after, name);

	sim_free(after);
	return got;
}

TEST("a simulated file reads back, appends, maps and ends")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	struct env_file *file;
	const uint8_t *map;
	uint64_t size;

	envkit_put(dir, "a", "one", true);
	CHECK_OK(ops(sim)->file_open(dir, "a", ENV_APPEND, &file));
	CHECK_OK(ops(sim)->file_append(file, ",two", 4));
	CHECK_OK(ops(sim)->file_size(file, &size));
	CHECK_EQ(size, 7);
	CHECK_CODE(ops(sim)->file_map(file, 8, &map), LSM_CORRUPT);
	CHECK_OK(ops(sim)->file_map(file, 7, &map));
	CHECK_BYTES(bytes(map, 7), "one,two");
	ops(sim)->file_unmap(sim_env(sim), map, 7);
	CHECK_OK(ops(sim)->dir_unlink(dir, "a"));
	CHECK_OK(ops(sim)->file_size(file, &size));
	CHECK_EQ(size, 7);
	CHECK_OK(ops(sim)->file_close(file));
	CHECK_EQ(sim_used(sim), 0);
	CHECK_CODE(ops(sim)->file_open(dir, "a", ENV_READ, &file),
	    LSM_NOTFOUND);
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("simulated directories nest, list and refuse what is absent")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir, *sub, *none;
	struct env_names names;
	bool created;

	CHECK_CODE(ops(sim)->dir_open(sim_env(sim), "data/db", false, &dir,
	    &created), LSM_NO_DATABASE);
	CHECK_OK(ops(sim)->dir_open(sim_env(sim), "./data/db/", true, &dir,
	    &created));
	CHECK(created);
	envkit_put(dir, "a", "one", true);
	CHECK_OK(ops(sim)->dir_sub(dir, "lost+found", &sub));
	CHECK_OK(ops(sim)->dir_move(dir, "a", sub, "b"));
	CHECK_OK(ops(sim)->dir_list(dir, &names));
	CHECK_EQ(names.count, 1);
	CHECK_STR((char *)names.text.p, "lost+found");
	env_names_free(&names);
	CHECK_CODE(ops(sim)->dir_unlink(dir, "a"), LSM_NOTFOUND);
	CHECK_CODE(ops(sim)->dir_sub(sub, "b", &none), LSM_CORRUPT);
	CHECK(none == NULL);
	CHECK_CODE(ops(sim)->dir_open(sim_env(sim), "data/db/lost+found/b",
	    false, &none, &created), LSM_NO_DATABASE);
	ops(sim)->dir_close(sub);
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("a name is durable by its directory, content by its file")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);

	envkit_put(dir, "neither", "x", false);
	envkit_put(dir, "content", "x", true);
	CHECK_STR(content_after(sim, SIM_DROP, 0, "content"), "-");
	CHECK_STR(content_after(sim, SIM_KEEP, 0, "content"), "x");
	CHECK_OK(ops(sim)->dir_sync(dir));
	CHECK_STR(content_after(sim, SIM_DROP, 0, "neither"), "");
	CHECK_STR(content_after(sim, SIM_DROP, 0, "content"), "x");
	envkit_put(dir, "later", "x", true);
	CHECK_STR(content_after(sim, SIM_DROP, 0, "later"), "-");
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("an unsynced rename or unlink may be undone, and others of its time not")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);

	envkit_put(dir, "a", "one", true);
	envkit_put(dir, "b", "two", true);
	CHECK_OK(ops(sim)->dir_sync(dir));
	CHECK_OK(ops(sim)->dir_rename(dir, "a", "c"));
	CHECK_OK(ops(sim)->dir_unlink(dir, "b"));
	CHECK_EQ(sim_undecided(sim, sim_operations(sim)), 2);
	CHECK_STR(content_after(sim, SIM_DROP, 0, "a"), "one");
	CHECK_STR(content_after(sim, SIM_DROP, 0, "b"), "two");
	CHECK_STR(content_after(sim, SIM_CHOOSE, 1, "c"), "one");
	CHECK_STR(content_after(sim, SIM_CHOOSE, 1, "b"), "two");
	CHECK_STR(content_after(sim, SIM_CHOOSE, 2, "a"), "one");
	CHECK_STR(content_after(sim, SIM_CHOOSE, 2, "b"), "-");
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("an unsynced write may be absent, whole, cut, zeros or garbage")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	bool seen[6] = { false };
	char text[1501];

	memset(text, 'x', 1500);
	text[1500] = '\0';
	envkit_put(dir, "a", "", true);
	CHECK_OK(ops(sim)->dir_sync(dir));
	CHECK_OK(ops(sim)->dir_unlink(dir, "a"));
	envkit_put(dir, "b", text, false);
	CHECK_OK(ops(sim)->dir_sync(dir));
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct sim *after = sim_crash(sim, sim_operations(sim),
		    SIM_RANDOM, seed);
		const char *got = content(after, "b");
		uint64_t used = sim_used(after);

		seen[0] |= used == 0;
		seen[1] |= strcmp(got, text) == 0;
		seen[2] |= used == 750;
		seen[3] |= used == 512 || used == 1024;
		seen[4] |= used == 1500 && got[0] == '\0';
		seen[5] |= used == 1500 && got[0] != '\0' && got[0] != 'x';
		sim_free(after);
	}
	for (int i = 0; i < 6; i++)
		CHECK(seen[i]);
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("a move between directories is wholly there or not at all")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim), *sub;

	envkit_put(dir, "a", "one", true);
	CHECK_OK(ops(sim)->dir_sub(dir, "sub", &sub));
	CHECK_OK(ops(sim)->dir_move(dir, "a", sub, "b"));
	CHECK_STR(content_after(sim, SIM_DROP, 0, "a"), "one");
	CHECK_OK(ops(sim)->dir_sync(sub));
	CHECK_STR(content_after(sim, SIM_DROP, 0, "a"), "-");
	ops(sim)->dir_close(sub);
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("after a crash anywhere in a replace the old or the new is there")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);

	CHECK_OK(ops(sim)->dir_replace(dir, "CURRENT", text("old")));
	sim_settle(sim);
	CHECK_EQ(sim_operations(sim), 0);
	CHECK_OK(ops(sim)->dir_replace(dir, "CURRENT", text("new")));
	for (size_t i = 0; i <= sim_operations(sim); i++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			struct sim *after = sim_crash(sim, i, SIM_RANDOM, seed);
			const char *got = content(after, "CURRENT");

			CHECK(strcmp(got, "old") == 0 ||
			    strcmp(got, "new") == 0);
			sim_free(after);
		}
	CHECK_STR(content_after(sim, SIM_DROP, 0, "CURRENT"), "new");
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("a sync that failed lies about what it should have written")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	struct env_file *file;

	CHECK_OK(ops(sim)->file_open(dir, "a", ENV_CREATE, &file));
	CHECK_OK(ops(sim)->dir_sync(dir));
	CHECK_OK(ops(sim)->file_append(file, "one", 3));
	CHECK_OK(ops(sim)->file_sync(file));
	CHECK_OK(ops(sim)->file_append(file, ",two", 4));
	sim_fail_at(sim, 1, LSM_IO, false, false);
	CHECK_CODE(ops(sim)->file_sync(file), LSM_IO);
	CHECK_STR(lsm_message(), "a: sync: injected failure");
	CHECK_OK(ops(sim)->file_append(file, ",three", 6));
	CHECK_OK(ops(sim)->file_sync(file));
	CHECK_OK(ops(sim)->file_close(file));
	CHECK_STR(content(sim, "a"), "one,two,three");
	CHECK_EQ(sim_undecided(sim, sim_operations(sim)), 1);
	CHECK_STR(content_after(sim, SIM_DROP, 0, "a"), "one");
	CHECK_STR(content_after(sim, SIM_KEEP, 0, "a"), "one,two,three");
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

/* A little of everything; the first failure ends it. */
static int
script(struct sim *sim)
{
	const struct env_ops *o = ops(sim);
	struct env_dir *dir = NULL;
	struct env_file *file = NULL;
	struct env_lock *lock = NULL;
	bool created;
	int rc, closed;

	if ((rc = o->dir_open(sim_env(sim), "db", true, &dir, &created)) ||
	    (rc = o->lock_open(dir, true, &lock)) ||
	    (rc = o->lock_hold(lock, 0, 1, ENV_EXCLUSIVE)) ||
	    (rc = o->dir_replace(dir, "CURRENT", text("one"))) ||
	    (rc = o->file_open(dir, "a", ENV_CREATE, &file)) ||
	    (rc = o->file_append(file, "0123456789", 10)) ||
	    (rc = o->file_sync(file)) ||
	    (rc = o->dir_sync(dir)) || (rc = o->dir_rename(dir, "a", "b")) ||
	    (rc = o->dir_link(dir, "b", dir, "c")))
		goto done;
	closed = o->file_close(file);
	file = NULL;
	if ((rc = closed) == LSM_OK)
		rc = o->dir_unlink(dir, "b");
done:
	env_file_close(file);
	o->lock_close(lock);
	if (dir != NULL)
		o->dir_close(dir);
	return rc;
}

TEST("each call of the door can be made to fail, once or for ever")
{
	struct sim *sim = sim_new(1);
	uint64_t calls;

	CHECK_OK(script(sim));
	calls = sim_calls(sim);
	sim_free(sim);
	for (uint64_t n = 1; n <= calls + 1; n++)
		for (int for_ever = 0; for_ever < 2; for_ever++) {
			sim = sim_new(1);
			sim_fail_at(sim, n, LSM_PERMISSION, for_ever, false);
			CHECK_CODE(script(sim),
			    n <= calls ? LSM_PERMISSION : LSM_OK);
			CHECK_EQ(sim_failed(sim), n <= calls);
			sim_free(sim);
		}
}

TEST("a write that fails may leave its first half")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	struct env_file *file;

	CHECK_OK(ops(sim)->file_open(dir, "a", ENV_CREATE, &file));
	sim_fail_at(sim, 1, LSM_IO, false, true);
	CHECK_CODE(ops(sim)->file_append(file, "0123456789", 10), LSM_IO);
	CHECK_STR(content(sim, "a"), "01234");
	CHECK_OK(ops(sim)->file_close(file));
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("a full disk takes what has room, and takes again once there is some")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	struct env_file *file;

	envkit_put(dir, "old", "01234567", true);
	sim_space(sim, 12);
	CHECK_OK(ops(sim)->file_open(dir, "a", ENV_CREATE, &file));
	CHECK_CODE(ops(sim)->file_append(file, "abcdef", 6), LSM_NO_SPACE);
	CHECK_STR(content(sim, "a"), "abcd");
	CHECK_OK(ops(sim)->dir_unlink(dir, "old"));
	CHECK_OK(ops(sim)->file_append(file, "abcdef", 6));
	CHECK_STR(content(sim, "a"), "abcdef");
	CHECK_CODE(ops(sim)->log_prepare(dir, "b", NULL, 100, text("x")),
	    LSM_NO_SPACE);
	CHECK_OK(ops(sim)->file_close(file));
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("the same seed is the same run, clocks and chance included")
{
	struct sim *a = sim_new(7), *b = sim_new(7), *c = sim_new(8);
	uint8_t drawn[3][16];
	struct thread thread;

	CHECK_OK(ops(a)->random(sim_env(a), drawn[0], 16));
	CHECK_OK(ops(b)->random(sim_env(b), drawn[1], 16));
	CHECK_OK(ops(c)->random(sim_env(c), drawn[2], 16));
	CHECK(memcmp(drawn[0], drawn[1], 16) == 0);
	CHECK(memcmp(drawn[0], drawn[2], 16) != 0);
	CHECK(ops(a)->now_us(sim_env(a)) == ops(b)->now_us(sim_env(b)));
	CHECK(ops(a)->date_us(sim_env(a)) == ops(b)->date_us(sim_env(b)));
	CHECK_CODE(ops(a)->work(sim_env(a), &thread, NULL, NULL),
	    LSM_UNSUPPORTED);
	sim_free(a);
	sim_free(b);
	sim_free(c);
}

TEST("simulated locks keep other handles out and die with their own")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	struct env_lock *a, *b;
	uint64_t held;
	bool any;

	CHECK_CODE(ops(sim)->lock_open(dir, false, &a), LSM_NOTFOUND);
	CHECK_OK(ops(sim)->lock_open(dir, true, &a));
	CHECK_OK(ops(sim)->lock_open(dir, false, &b));
	CHECK_OK(ops(sim)->lock_hold(a, 0, 1, ENV_EXCLUSIVE));
	CHECK_CODE(ops(sim)->lock_hold(b, 0, 1, ENV_EXCLUSIVE), LSM_LOCKED);
	CHECK_CODE(ops(sim)->lock_hold(b, 0, 1, ENV_SHARED), LSM_LOCKED);
	CHECK_OK(ops(sim)->lock_hold(a, 70, 1, ENV_SHARED));
	CHECK_OK(ops(sim)->lock_hold(a, 50, 1, ENV_SHARED));
	CHECK_OK(ops(sim)->lock_hold(b, 50, 1, ENV_SHARED));
	CHECK_OK(ops(sim)->lock_test(b, 10, 90, &any, &held));
	CHECK(any && held == 50);
	CHECK_OK(ops(sim)->lock_test(b, 51, 19, &any, &held));
	CHECK(!any);
	CHECK_OK(ops(sim)->lock_hold(a, 50, 1, ENV_UNLOCK));
	CHECK_OK(ops(sim)->lock_test(b, 10, 90, &any, &held));
	CHECK(any && held == 70);
	CHECK(ops(sim)->dir_same(dir));
	ops(sim)->lock_close(a);
	CHECK_OK(ops(sim)->lock_hold(b, 0, 1, ENV_EXCLUSIVE));
	CHECK_OK(ops(sim)->dir_unlink(dir, "LOCK"));
	CHECK(!ops(sim)->dir_same(dir));
	ops(sim)->lock_close(b);
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("damage can be done to a file")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);

	envkit_put(dir, "a", "0123456789", false);
	CHECK(sim_poke(sim, "data/db", "a", 3, "XY", 2));
	CHECK_STR(content_after(sim, SIM_DROP, 0, "a"), "012XY56789");
	CHECK(!sim_poke(sim, "data/db", "a", 9, "XY", 2));
	CHECK(!sim_poke(sim, "data/db", "b", 0, "X", 1));
	CHECK(sim_resize(sim, "data/db", "a", 4));
	CHECK_STR(content(sim, "a"), "012X");
	CHECK(!sim_resize(sim, "data", "a", 4));
	ops(sim)->dir_close(dir);
	sim_free(sim);
}

TEST("operations can be told in words")
{
	struct sim *sim = sim_new(1);
	struct env_dir *dir = open_dir(sim);
	char text[SIM_TEXT_MAX];

	sim_settle(sim);
	envkit_put(dir, "a", "xyz", true);
	CHECK_OK(ops(sim)->dir_rename(dir, "a", "b"));
	CHECK_EQ(sim_operations(sim), 4);
	CHECK_STR(sim_describe(sim, 1, text), "write a inode 3 0+3");
	CHECK_STR(sim_describe(sim, 3, text), "rename a b inode 3 0+0");
	ops(sim)->dir_close(dir);
	sim_free(sim);
}
