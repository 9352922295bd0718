/*
 * Logs under a pin: the writer would use a dead log again, while a reader
 * that is in the middle of it still needs it.
 */
#include <stdio.h>

#include "db/db.h"
#include "support/dbkit.h"

enum { KEYS = 100 };

/* A disk whose writer turns when somebody else is about to read a log. */
static struct scene {
	struct sim *sim;
	const struct env_ops *door;
	struct env_ops watching;
	lsm_options options;
	lsm_db *writer;
	char pinned[FILE_NAME_MAX];	/* the log that is to stay */
	bool armed, at_read;
	unsigned opened;		/* times that log, since armed */
} scene;

/* The log becomes dead. As something behind it was synced, nothing of it waits
 * for the disk, and as no log is prepared, it would be the next one. */
static void
log_dies(const char *tag)
{
	bool more = true;

	mutex_lock(&scene.writer->write_mu);
	CHECK_OK(db_freeze(scene.writer, 1, 0));
	mutex_unlock(&scene.writer->write_mu);
	dbkit_fill(scene.writer, 0, KEYS, tag);
	while (more)
		CHECK_OK(work_step(scene.writer, &more));
}

static void
turn(void)
{
	scene.armed = false;
	dbkit_fill(scene.writer, 0, KEYS, "new");
	log_dies("newer");
}

static int
watching_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **file)
{
	if (how == ENV_READ && strcmp(name, scene.pinned) == 0) {
		scene.opened++;
		if (scene.armed && !scene.at_read)
			turn();
	}
	return scene.door->file_open(dir, name, how, file);
}

static int
watching_read(struct env_file *file, uint64_t at, void *p, size_t n,
    size_t *got)
{
	if (scene.armed && scene.at_read && scene.opened > 0)
		turn();
	return scene.door->file_read(file, at, p, n, got);
}

/* The writer syncs: a log of which anything waits for the disk is unlinked. */
static void
scene_begin(bool at_read)
{
	lsm_env *env;

	scene = (struct scene){ .sim = sim_new(test_seed()),
		.at_read = at_read };
	env = sim_env(scene.sim);
	scene.door = env->ops;
	scene.watching = *env->ops;
	scene.watching.file_open = watching_open;
	scene.watching.file_read = watching_read;
	env->ops = &scene.watching;
	scene.options = dbkit_options(scene.sim);
	scene.options.no_sync = 0;
	scene.writer = dbkit_open("db", &scene.options);
}

static void
scene_end(void)
{
	dbkit_close(scene.writer);
	sim_env(scene.sim)->ops = scene.door;
	sim_free(scene.sim);
}

static lsm_db *
reader_open_now(void)
{
	lsm_options o = scene.options;

	o.create = 0;
	o.read_only = 1;
	return dbkit_open("db", &o);
}

static void
arm(void)
{
	file_name(scene.pinned, FILE_LOG, log_where(scene.writer->log).number);
	scene.armed = true;
	scene.opened = 0;
}

static bool
pinned_stays(void)
{
	uint64_t links;

	return scene.door->dir_links(scene.writer->dir, scene.pinned,
	    &links) == LSM_OK;
}

/* What it read was read once: the log that was there, and those behind it. */
static void
check_once(lsm_db *reader)
{
	CHECK(!scene.armed);
	CHECK_EQ(scene.opened, 1);
	CHECK_EQ(reader->recovery.pins_failed, 0);
	CHECK(pinned_stays());
	CHECK_EQ(dbkit_stat(scene.writer, "log.reused"), 0);
	dbkit_check_fill(reader, 0, KEYS, "newer");
}

/* When nobody needs it any more it is used again: nothing else kept it. */
static void
check_used_again(void)
{
	uint64_t before = dbkit_stat(scene.writer, "log.reused");

	log_dies("last");
	CHECK(dbkit_stat(scene.writer, "log.reused") > before);
	CHECK(!pinned_stays());
}

static void
open_in_the_middle(bool at_read)
{
	lsm_db *reader;

	scene_begin(at_read);
	dbkit_fill(scene.writer, 0, KEYS, "old");
	arm();
	reader = reader_open_now();
	check_once(reader);
	dbkit_close(reader);
	check_used_again();
	scene_end();
}

TEST("an open's logs stay while the writer would use them again")
{
	open_in_the_middle(false);
}

TEST("a log that an open reads is not written over")
{
	open_in_the_middle(true);
}

static void
refresh_in_the_middle(bool at_read)
{
	lsm_db *reader;

	scene_begin(at_read);
	reader = reader_open_now();
	dbkit_fill(scene.writer, 0, KEYS, "old");
	arm();
	CHECK_OK(lsm_refresh(reader));
	check_once(reader);
	dbkit_close(reader);
	check_used_again();
	scene_end();
}

TEST("a refresh reads its pinned tail though the log is dead by then")
{
	refresh_in_the_middle(false);
}

TEST("a log that a refresh reads is not written over")
{
	refresh_in_the_middle(true);
}
