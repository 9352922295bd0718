/*
 * Directories that were copied by hand: both go on, and neither can be taken
 * for the other. With hard links they share files: a log or a manifest that
 * has another name is not appended to, and a log is not used again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db/db.h"
#include "support/dbkit.h"

static void
shell(const char *command)
{
	char whole[1024];

	snprintf(whole, sizeof whole, "cd %s && %s", test_dir(), command);
	CHECK_EQ(system(whole), 0);
}

static lsm_options
options(void)
{
	return dbkit_options(NULL);
}

static struct current
current_of(const char *name)
{
	struct env_dir *dir;
	struct current c;
	bool created;

	CHECK_OK(env_posix()->ops->dir_open(env_posix(), dbkit_path(name),
	    false, &dir, &created));
	CHECK_OK(current_read(dir, &c));
	dir->env->ops->dir_close(dir);
	return c;
}

static bool
same_branch(const char *a, const char *b)
{
	struct current x = current_of(a), y = current_of(b);

	return memcmp(x.branch, y.branch, ID_SIZE) == 0;
}

static void
make(void)
{
	lsm_options o = options();
	lsm_db *db = dbkit_open(dbkit_path("db"), &o);

	dbkit_put(db, "a", "1");
	CHECK_OK(lsm_flush(db));
	dbkit_put(db, "b", "2");
	dbkit_close(db);
}

/* Opened to write, changed, merged. */
static void
live(const char *name, const char *key)
{
	lsm_options o = options();
	lsm_db *db = dbkit_open(dbkit_path(name), &o);

	dbkit_put(db, key, "x");
	dbkit_close(db);
	db = dbkit_open(dbkit_path(name), &o);
	CHECK_OK(lsm_compact(db, NULL, NULL));
	dbkit_put(db, "z", key);
	CHECK_OK(lsm_flush(db));
	dbkit_close(db);
}

static void
check_content(const char *name, const char *content)
{
	lsm_options o = options();
	lsm_db *db;

	o.create = 0;
	o.read_only = 1;
	o.reads = LSM_READS_STRICT;
	db = dbkit_open(dbkit_path(name), &o);
	CHECK_STR(dbkit_scan(db, NULL, NULL, false), content);
	dbkit_close(db);
}

/* Each goes on alone, in turns. */
static void
check_apart(void)
{
	for (int i = 0; i < 3; i++) {
		live("db", "d");
		check_content("db", "a=1 b=2 d=x z=d");
		live("copy", "c");
		check_content("copy", "a=1 b=2 c=x z=c");
	}
	CHECK(!same_branch("db", "copy"));
}

TEST("a database that goes on in its place keeps its branch")
{
	struct current before, after;

	make();
	before = current_of("db");
	live("db", "d");
	after = current_of("db");
	CHECK(memcmp(before.branch, after.branch, ID_SIZE) == 0);
}

TEST("a copied directory takes a branch of its own at its first write")
{
	make();
	shell("cp -a db copy");
	CHECK(same_branch("db", "copy"));
	check_apart();
}

TEST("a copy without LOCK takes a branch of its own as well")
{
	make();
	shell("cp -a db copy && rm copy/LOCK");
	check_apart();
}

TEST_SOLO("a copy by hard links, LOCK and all, harms neither")
{
	make();
	shell("cp -al db copy");
	check_apart();
	shell("rm -r copy");
	live("db", "d");
	check_content("db", "a=1 b=2 d=x z=d");
}

TEST("a log with another name is not appended to after a close")
{
	struct stat before, after;
	char log[64], path[512];
	lsm_options o = options();
	lsm_db *db;

	make();
	db = dbkit_open(dbkit_path("db"), &o);
	snprintf(log, sizeof log, "db/%s", dbkit_file(db, "log"));
	dbkit_close(db);
	snprintf(path, sizeof path, "%s", dbkit_path(log));
	CHECK_EQ(link(path, dbkit_path("another")), 0);
	shell("sha256sum <another >sum");
	CHECK_EQ(stat(path, &before), 0);
	live("db", "d");
	shell("sha256sum <another | cmp - sum");
	CHECK_EQ(stat(dbkit_path("another"), &after), 0);
	CHECK_EQ(after.st_size, before.st_size);
	check_content("db", "a=1 b=2 d=x z=d");
}

TEST("a writer leaves a manifest alone that got another name meanwhile")
{
	lsm_options o = options();
	char manifest[64];
	lsm_db *db;

	make();
	db = dbkit_open(dbkit_path("db"), &o);
	snprintf(manifest, sizeof manifest, "db/%s",
	    dbkit_file(db, "manifest"));
	CHECK_EQ(link(dbkit_path(manifest), dbkit_path("another")), 0);
	shell("sha256sum <another >sum");
	dbkit_put(db, "d", "x");
	CHECK_OK(lsm_flush(db));
	shell("sha256sum <another | cmp - sum");
	CHECK(access(dbkit_path(manifest), F_OK) != 0);
	dbkit_close(db);
	check_content("db", "a=1 b=2 d=x");
}

/* A backup tree kept with the tool that many have: links to what is the same,
 * of a database that nobody writes to. */
TEST("copies by hard links of different days stay what they were")
{
	make();
	shell("cp -al db monday");
	live("db", "d");
	shell("cp -al db tuesday");
	live("db", "e");
	check_content("monday", "a=1 b=2");
	check_content("tuesday", "a=1 b=2 d=x z=d");
	check_content("db", "a=1 b=2 d=x e=x z=e");
}

/* Refused, whoever opens it, with these words and one that helps; and nothing
 * of it or of the original is another than before. */
static void
copy_refused(int code, const char *words)
{
	lsm_options o = options();
	uint64_t before = dbkit_tree(test_dir());

	o.create = 0;
	for (o.read_only = code == LSM_LOCKED ? 0 : 1; o.read_only >= 0;
	    o.read_only--) {
		dbkit_refused(dbkit_path("copy"), &o, code);
		CHECK(strstr(lsm_message(), words) != NULL);
		CHECK(strstr(lsm_message(), "made of links") != NULL);
		CHECK(strstr(lsm_message(), "lsm-cli DIR checkpoint DEST") !=
		    NULL);
	}
	CHECK_EQ(dbkit_tree(test_dir()), before);
}

/* Beside a writer they share a log that goes on. What then opens is a prefix
 * of what the original has; a log that it has begun since is missing. */
TEST("a copy by hard links beside a writer never harms the original")
{
	lsm_options o = options(), existing = options();
	lsm_db *db, *copy;

	existing.create = 0;
	make();
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_fill(db, 0, 10, "");
	shell("cp -al db copy");
	copy_refused(LSM_LOCKED, "copy: locked by process ");
	dbkit_fill(db, 10, 20, "");
	dbkit_close(db);
	copy = dbkit_open(dbkit_path("copy"), &existing);
	dbkit_check_fill(copy, 0, 10, "");
	dbkit_put(copy, "c", "x");
	dbkit_close(copy);
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_check_fill(db, 0, 20, "");
	dbkit_check(db, NULL, "c", NULL);
	shell("rm -r copy && cp -al db copy");
	CHECK_OK(lsm_flush(db));
	copy_refused(LSM_LOCKED, "copy: locked by process ");
	dbkit_close(db);
	copy_refused(LSM_CORRUPT, ".log: missing or without a header");
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_check_fill(db, 0, 20, "");
	dbkit_close(db);
}

TEST("a writer whose LOCK has one name is not taken for that of a copy")
{
	lsm_options o = options();
	lsm_db *db;

	make();
	db = dbkit_open(dbkit_path("db"), &o);
	dbkit_refused(dbkit_path("db"), &o, LSM_LOCKED);
	CHECK(strstr(lsm_message(), "checkpoint") == NULL);
	shell("cp -a db copy");
	dbkit_refused(dbkit_path("db"), &o, LSM_LOCKED);
	CHECK(strstr(lsm_message(), "checkpoint") == NULL);
	dbkit_close(db);
}

TEST_SOLO("a copy that lacks a file says how a whole one is made")
{
	make();
	live("db", "d");
	shell("cp -a db copy && rm copy/*.sst");
	copy_refused(LSM_CORRUPT, ".sst, which is not there");
	shell("rm -r copy && cp -a db copy && rm copy/MANIFEST-*");
	copy_refused(LSM_CORRUPT, "CURRENT: names MANIFEST-");
	shell("rm -r copy && cp -a db copy && rm copy/*.log");
	copy_refused(LSM_CORRUPT, ".log, which is not there");
}
