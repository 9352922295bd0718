/*
 * A handle moved forward: whatever happened since, it shows what a handle
 * opened now shows, and it read no more than what is new.
 */
#include <stdio.h>

#include "base/random.h"
#include "db/db.h"
#include "support/dbkit.h"
#include "support/mkit.h"
#include "support/tree.h"

enum {
	KEYS = 400,
	RANDOM_STEPS = 150,
	LOG_WINDOWS = 16 << 10	/* two windows: before the ring, and with it */
};

/* A disk whose calls are counted, its writer, and a reader. */
static struct scene {
	struct sim *sim;
	const struct env_ops *door;
	struct env_ops counting;
	lsm_options options;
	lsm_db *writer, *reader;
	uint64_t opened, lists, bytes;
} scene;

static int
counting_open(struct env_dir *dir, const char *name, enum env_open how,
    struct env_file **file)
{
	scene.opened++;
	return scene.door->file_open(dir, name, how, file);
}

static int
counting_read(struct env_file *file, uint64_t at, void *p, size_t n,
    size_t *got)
{
	int rc = scene.door->file_read(file, at, p, n, got);

	scene.bytes += *got;
	return rc;
}

static int
counting_list(struct env_dir *dir, struct env_names *names)
{
	scene.lists++;
	return scene.door->dir_list(dir, names);
}

static void
reader_open_again(void)
{
	lsm_options o = scene.options;

	o.create = 0;
	o.read_only = 1;
	if (scene.reader != NULL)
		CHECK_OK(lsm_close(scene.reader));
	CHECK_OK(lsm_open("db", &o, &scene.reader));
}

static void
scene_watch(struct sim *sim)
{
	lsm_env *env = sim_env(sim);

	scene = (struct scene){ .sim = sim };
	scene.door = env->ops;
	scene.counting = *env->ops;
	scene.counting.file_open = counting_open;
	scene.counting.file_read = counting_read;
	scene.counting.dir_list = counting_list;
	env->ops = &scene.counting;
	scene.options = dbkit_options(scene.sim);
	scene.options.memtable_size = 64 << 10;
}

static void
scene_fill(void)
{
	scene.writer = dbkit_open("db", &scene.options);
	dbkit_fill(scene.writer, 0, KEYS, "a");
	CHECK_OK(lsm_flush(scene.writer));
	dbkit_fill(scene.writer, 0, KEYS / 2, "b");
	reader_open_again();
}

static void
scene_begin(void)
{
	scene_watch(sim_new(test_seed()));
	scene_fill();
}

static void
scene_end(void)
{
	CHECK_OK(lsm_close(scene.reader));
	if (scene.writer != NULL)
		dbkit_close(scene.writer);
	sim_env(scene.sim)->ops = scene.door;
	sim_free(scene.sim);
}

static void
refresh_counted(void)
{
	scene.opened = scene.lists = scene.bytes = 0;
	CHECK_OK(lsm_refresh(scene.reader));
}

static void
entries_same(lsm_db *a, lsm_db *b)
{
	lsm_iter *x, *y;

	CHECK_OK(lsm_iter_new(a, NULL, NULL, &x));
	CHECK_OK(lsm_iter_new(b, NULL, NULL, &y));
	CHECK_OK(lsm_iter_first(x));
	CHECK_OK(lsm_iter_first(y));
	while (lsm_iter_valid(x) && lsm_iter_valid(y)) {
		lsm_slice k = lsm_iter_key(x), l = lsm_iter_key(y);
		lsm_slice v = lsm_iter_value(x), w = lsm_iter_value(y);

		CHECK(bytes_equal(bytes(k.data, k.size),
		    bytes(l.data, l.size)));
		CHECK(bytes_equal(bytes(v.data, v.size),
		    bytes(w.data, w.size)));
		CHECK_OK(lsm_iter_next(x));
		CHECK_OK(lsm_iter_next(y));
	}
	CHECK(!lsm_iter_valid(x) && !lsm_iter_valid(y));
	lsm_iter_free(x);
	lsm_iter_free(y);
}

static void
states_same(const struct state *a, const struct state *b)
{
	struct buffer words = { 0 };

	mkit_words(b, &words);
	CHECK_OK(buffer_add(&words, "", 1));
	mkit_check_words(a, (const char *)words.p);
	buffer_free(&words);
	CHECK_EQ(a->manifest_size, b->manifest_size);
	CHECK_EQ(a->manifest_first, b->manifest_first);
	CHECK_EQ(a->manifest_sum, b->manifest_sum);
	CHECK_EQ(a->version->edit, b->version->edit);
	CHECK_EQ(a->torn, b->torn);
}

static uint64_t
in_memory(const lsm_db *db)
{
	uint64_t entries = 0;

	for (size_t i = 0; i < db->view->count; i++)
		entries += memtable_entries(db->view->generations[i].mem);
	return entries;
}

/* Is the handle as one that is opened now? */
static void
as_fresh(void)
{
	lsm_db *moved = scene.reader;

	scene.reader = NULL;
	reader_open_again();
	states_same(&moved->state, &scene.reader->state);
	CHECK_EQ(in_memory(moved), in_memory(scene.reader));
	CHECK_EQ(moved->sequence, scene.reader->sequence);
	CHECK_EQ(moved->read_to.number, scene.reader->read_to.number);
	CHECK_EQ(moved->read_to.size, scene.reader->read_to.size);
	entries_same(moved, scene.reader);
	CHECK_OK(lsm_close(scene.reader));
	scene.reader = moved;
}

TEST("a refresh that finds nothing new touches no file")
{
	uint64_t calls;

	scene_begin();
	calls = sim_calls(scene.sim);
	refresh_counted();
	CHECK_EQ(sim_calls(scene.sim), calls);
	CHECK_EQ(scene.opened + scene.lists + scene.bytes, 0);
	as_fresh();
	scene_end();
}

TEST("a refresh after a put reads the end of the log")
{
	scene_begin();
	dbkit_put(scene.writer, "new", "value");
	refresh_counted();
	CHECK_EQ(scene.opened, 1);
	CHECK_EQ(scene.lists, 0);
	CHECK(scene.bytes <= LOG_WINDOWS);
	as_fresh();
	scene_end();
}

static void
freeze(void)
{
	CHECK_OK(unread_end(scene.writer));
	mutex_lock(&scene.writer->write_mu);
	CHECK_OK(db_freeze(scene.writer, 1, 0));
	mutex_unlock(&scene.writer->write_mu);
}

static void
add_option(void)
{
	struct edit e = { 0 };

	CHECK_OK(unread_end(scene.writer));
	CHECK_OK(edit_set_option(&e, "later", "value"));
	CHECK_OK(db_edit(scene.writer, &e));
	edit_release(&e);
}

TEST("a refresh after an edit reads the new record of the manifest")
{
	struct version_table *stays;
	uint64_t grown;

	scene_begin();
	stays = scene.reader->state.version->list[0];
	grown = scene.reader->state.manifest_size;
	add_option();
	grown = scene.writer->state.manifest_size - grown;
	refresh_counted();
	CHECK_EQ(scene.opened, 1);
	CHECK_EQ(scene.lists, 0);
	CHECK_EQ(scene.bytes, grown);
	CHECK(scene.reader->state.version->list[0] == stays);
	CHECK_STR(state_option(&scene.reader->state, "later"), "value");
	as_fresh();
	scene_end();
}

TEST("a refresh after a flush keeps the tables, and lets memory go")
{
	struct version_table *stays;

	scene_begin();
	stays = scene.reader->state.version->list[0];
	CHECK_EQ(memtable_entries(view_active(scene.reader->view)->mem),
	    KEYS / 2);
	CHECK_OK(lsm_flush(scene.writer));
	dbkit_fill(scene.writer, 0, 3, "c");
	refresh_counted();
	CHECK_EQ(scene.lists, 0);
	CHECK_EQ(scene.reader->state.version->tables, 2);
	CHECK(scene.reader->state.version->list[1] == stays);
	CHECK_EQ(scene.reader->view->count, 1);
	CHECK_EQ(memtable_entries(view_active(scene.reader->view)->mem), 3);
	as_fresh();
	scene_end();
}

TEST("memtables that are not flushed yet go on through a refresh")
{
	struct memtable *stays;

	scene_begin();
	freeze();
	dbkit_fill(scene.writer, 0, 7, "c");
	refresh_counted();
	CHECK_EQ(scene.reader->view->count, 2);
	stays = view_active(scene.reader->view)->mem;
	CHECK_OK(lsm_flush(scene.writer));
	dbkit_fill(scene.writer, 0, 5, "d");
	refresh_counted();
	CHECK(scene.reader->view->count <= 2);
	CHECK_EQ(memtable_entries(view_active(scene.reader->view)->mem), 5);
	CHECK(view_active(scene.reader->view)->mem != stays);
	as_fresh();
	scene_end();
}

TEST("tables that are merged away leave the reader's cache")
{
	size_t open;

	scene_begin();
	dbkit_check_fill(scene.reader, KEYS / 2, KEYS, "a");
	open = table_cache_open(scene.reader->tables);
	CHECK(open > 0);
	CHECK_OK(lsm_compact(scene.writer, NULL, NULL));
	refresh_counted();
	CHECK(table_cache_open(scene.reader->tables) < open);
	as_fresh();
	dbkit_check_fill(scene.reader, 0, KEYS / 2, "b");
	scene_end();
}

TEST("a refresh finds the manifest that was begun anew")
{
	scene_begin();
	CHECK_OK(db_renew_manifest(scene.writer));
	dbkit_put(scene.writer, "new", "value");
	refresh_counted();
	as_fresh();
	CHECK_EQ(scene.reader->state.current.manifest,
	    scene.writer->state.current.manifest);
	add_option();
	refresh_counted();
	CHECK_EQ(scene.lists, 0);
	as_fresh();
	scene_end();
}

TEST("a refresh goes on beside the next writer")
{
	scene_begin();
	for (int i = 0; i < 3; i++) {
		dbkit_close(scene.writer);
		refresh_counted();
		as_fresh();
		scene.writer = dbkit_open("db", &scene.options);
		dbkit_fill(scene.writer, 0, 10, i % 2 ? "c" : "d");
		refresh_counted();
		as_fresh();
	}
	scene_end();
}

/* Every other key from here on, and a range of deletes. */
static void
ingest(unsigned from, const char *value)
{
	char key[16], end[16];
	lsm_ingest *g;

	CHECK_OK(lsm_ingest_new(scene.writer, &g));
	for (unsigned i = from; i < KEYS; i += 2) {
		snprintf(key, sizeof key, "k%06u", i);
		CHECK_OK(lsm_ingest_add(g, lsm_str(key), lsm_str(value)));
	}
	CHECK_OK(lsm_ingest_commit(g));
	lsm_ingest_free(g);
	snprintf(key, sizeof key, "k%06u", from);
	snprintf(end, sizeof end, "k%06u", from + KEYS / 8);
	CHECK_OK(lsm_delete_range(scene.writer, lsm_str(key), lsm_str(end), 0));
}

TEST("a refresh shows what was ingested over keys that it had in memory")
{
	scene_begin();
	ingest(0, "ingested");
	dbkit_fill(scene.writer, 0, 3, "c");
	refresh_counted();
	as_fresh();
	dbkit_check(scene.reader, NULL, "k000200", "ingested");
	scene_end();
}

static void
random_step(struct random *r)
{
	unsigned from = (unsigned)random_below(r, KEYS);
	char tag[2] = { (char)('c' + random_below(r, 20)), '\0' };

	switch (random_below(r, 12)) {
	case 0:
		CHECK_OK(lsm_flush(scene.writer));
		break;
	case 1:
		CHECK_OK(lsm_compact(scene.writer, NULL, NULL));
		break;
	case 2:
		freeze();
		break;
	case 3:
		CHECK_OK(unread_end(scene.writer));
		CHECK_OK(db_renew_manifest(scene.writer));
		break;
	case 4:
		dbkit_close(scene.writer);
		scene.writer = dbkit_open("db", &scene.options);
		break;
	case 5:
		ingest(from, tag);
		break;
	default:
		dbkit_fill(scene.writer, from, from + 1 +
		    (unsigned)random_below(r, KEYS), tag);
	}
}

TEST_SOLO("whatever the writer did, a refresh shows what an open shows")
{
	struct random r = { test_seed() };

	scene_begin();
	for (int i = 0; i < RANDOM_STEPS; i++) {
		random_step(&r);
		if (random_below(&r, 3) != 0)
			continue;
		CHECK_OK(lsm_refresh(scene.reader));
		as_fresh();
	}
	scene_end();
}

TEST("a refresh that fails shows what it showed, and the next one all")
{
	bool failed = true;

	scene_begin();
	for (uint64_t n = 1; failed; n++) {
		uint64_t before = scene.reader->visible;

		add_option();
		dbkit_fill(scene.writer, 0, 20, n % 2 ? "c" : "d");
		sim_fail_at(scene.sim, n, LSM_IO, true, false);
		if (lsm_refresh(scene.reader) != LSM_OK)
			CHECK_EQ(scene.reader->visible, before);
		failed = sim_failed(scene.sim);
		sim_fail_at(scene.sim, 0, LSM_OK, false, 0);
		CHECK_OK(lsm_refresh(scene.reader));
		as_fresh();
	}
	scene_end();
}

/* ---- where LOCK tells nothing -------------------------------------------- */

enum { LOOK_BYTES = 512 };	/* CURRENT, and a little of the log */

/* The machine was started again, and nobody wrote since. */
static void
scene_reboot(void)
{
	struct sim *after;

	CHECK_OK(lsm_close(scene.reader));
	dbkit_close(scene.writer);
	after = sim_crash(scene.sim, sim_operations(scene.sim), SIM_KEEP, 0);
	sim_env(scene.sim)->ops = scene.door;
	sim_free(scene.sim);
	scene_watch(after);
	reader_open_again();
}

static void
nothing_new(void)
{
	uint64_t records = scene.reader->recovery.records;

	refresh_counted();
	CHECK_EQ(scene.lists, 0);
	CHECK(scene.bytes <= LOOK_BYTES);
	CHECK_EQ(scene.reader->recovery.records, records);
}

TEST("after a reboot a refresh looks whether there is anything to read")
{
	scene_begin();
	scene_reboot();
	nothing_new();
	nothing_new();
	scene.writer = dbkit_open("db", &scene.options);
	dbkit_put(scene.writer, "new", "value");
	refresh_counted();
	as_fresh();
	dbkit_check(scene.reader, NULL, "new", "value");
	scene_end();
}

TEST("what an old log left behind the end of a new one is looked at once")
{
	scene_begin();
	scene_reboot();
	scene.reader->read_ahead[0] = 1;	/* as if it were not that */
	refresh_counted();
	CHECK(scene.bytes > LOOK_BYTES);
	nothing_new();
	as_fresh();
	scene_end();
}

TEST("without a ring every commit is seen, and no other look reads the log")
{
	scene_watch(sim_new(test_seed()));
	sim_capabilities(scene.sim, false, true);
	scene_fill();
	for (int i = 0; i < 5; i++) {
		nothing_new();
		if (i == 2)
			add_option();
		else if (i == 3)
			CHECK_OK(lsm_flush(scene.writer));
		else
			dbkit_fill(scene.writer, 0, 10, i % 2 ? "c" : "d");
		refresh_counted();
		CHECK(scene.bytes > LOOK_BYTES);
		as_fresh();
	}
	scene_end();
}
