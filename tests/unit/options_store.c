/*
 * The options that a database keeps are changed: all or none, durable, and
 * from the next open on.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/sync.h"
#include "support/kit.h"

static void
option_copy(void *arg, const char *name, const char *value, const char *help)
{
	char *line = arg;

	(void)help;
	strcat(strcat(strcat(strcat(line, name), "="), value), " ");
}

enum { LINE = 512 };

/* All that is kept, as "name=value ...". */
static const char *
kept(lsm_db *db, char line[LINE])
{
	lsm_options o;

	line[0] = '\0';
	lsm_options_init(&o);
	CHECK_OK(lsm_options_stored(db, &o));
	lsm_options_each(&o, option_copy, line);
	return line;
}

static bool
keeps(lsm_db *db, const char *text)
{
	char line[LINE];

	return strstr(kept(db, line), text) != NULL;
}

/* Change what `text` says, "ratio=4 codec=none". */
static int
change(lsm_db *db, const char *text)
{
	char copy[LINE], *word, *value, *rest;
	lsm_options o;

	lsm_options_init(&o);
	CHECK_OK(lsm_options_stored(db, &o));
	snprintf(copy, sizeof copy, "%s", text);
	for (word = strtok_r(copy, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest)) {
		value = strchr(word, '=');
		*value++ = '\0';
		CHECK_OK(lsm_options_set(&o, word, value));
	}
	return lsm_options_store(db, &o);
}

static uint64_t
last_level_bytes(struct kit *k)
{
	dbkit_fill(k->db, 0, 700, "");
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	return dbkit_stat(k->db, "level.7.bytes");
}

TEST("a change is told at once, and holds from the next open on")
{
	struct kit k;
	uint64_t raw;

	kit_init(&k);
	k.o.codec = LSM_CODEC_NONE;
	kit_start(&k);
	raw = last_level_bytes(&k);
	CHECK_OK(change(k.db, "codec=zlib ratio=4"));
	CHECK(keeps(k.db, "codec=zlib ") && keeps(k.db, "ratio=4 "));
	CHECK_EQ(last_level_bytes(&k), raw);
	kit_reopen(&k);
	CHECK(keeps(k.db, "codec=zlib ") && keeps(k.db, "ratio=4 "));
	CHECK(last_level_bytes(&k) < raw);
	dbkit_check_fill(k.db, 0, 700, "");
	kit_close(&k);
}

TEST("what is kept already costs no edit")
{
	struct kit k;
	uint64_t edit;

	kit_open(&k);
	edit = dbkit_stat(k.db, "db.edit");
	CHECK_OK(change(k.db, "ratio=8 preset=write-heavy"));
	CHECK_EQ(dbkit_stat(k.db, "db.edit"), edit + 1);
	CHECK_OK(change(k.db, "preset=write-heavy"));
	CHECK_EQ(dbkit_stat(k.db, "db.edit"), edit + 1);
	kit_close(&k);
}

TEST("options that contradict each other change nothing")
{
	struct kit k;
	char before[LINE], after[LINE];

	kit_open(&k);
	kept(k.db, before);
	CHECK_CODE(change(k.db, "codec=zlib l0_trigger=40 l0_stop=40"),
	    LSM_INVALID);
	CHECK(strstr(lsm_message(), "l0_stop") != NULL);
	CHECK_STR(kept(k.db, after), before);
	dbkit_put(k.db, "a", "1");
	kit_reopen(&k);
	CHECK_STR(kept(k.db, after), before);
	kit_close(&k);
}

TEST("a handle that only reads changes nothing, and is told by refresh")
{
	struct kit k;
	lsm_options o;
	lsm_db *reader;

	kit_open(&k);
	o = k.o;
	o.create = 0;
	o.read_only = 1;
	reader = dbkit_open("db", &o);
	CHECK_CODE(change(reader, "ratio=4"), LSM_READ_ONLY);
	CHECK_OK(change(k.db, "ratio=4"));
	CHECK(keeps(reader, "ratio=8 "));
	CHECK_OK(lsm_refresh(reader));
	CHECK(keeps(reader, "ratio=4 "));
	dbkit_close(reader);
	kit_close(&k);
}

TEST("a change outlives the manifest that it was written to")
{
	struct kit k;

	kit_open(&k);
	CHECK_OK(change(k.db, "table_size=64K page_size=8K"));
	dbkit_put(k.db, "a", "1");
	CHECK_OK(lsm_compact(k.db, NULL, NULL));	/* a new manifest */
	kit_reopen(&k);
	CHECK(keeps(k.db, "table_size=65536 "));
	CHECK(keeps(k.db, "page_size=8192 "));
	kit_close(&k);
}

/* ---- all or none --------------------------------------------------------- */

#define CHANGE "codec=zlib compaction=lazy ratio=4 table_size=65536"

static bool
changed(lsm_db *db)
{
	bool all = keeps(db, "codec=zlib ");

	CHECK_EQ(keeps(db, "compaction=lazy "), all);
	CHECK_EQ(keeps(db, "ratio=4 "), all);
	CHECK_EQ(keeps(db, "table_size=65536 "), all);
	return all;
}

TEST("a power loss leaves all of a change or nothing, and what was told all")
{
	struct kit k;
	size_t from, told, whole = 0;

	kit_open(&k);
	dbkit_put(k.db, "a", "1");
	CHECK_OK(lsm_sync(k.db));
	sim_settle(k.sim);
	from = sim_operations(k.sim);
	CHECK_OK(change(k.db, CHANGE));
	told = sim_operations(k.sim);
	CHECK(told > from);
	for (size_t i = from; i <= told; i++)
		for (unsigned loss = SIM_DROP; loss <= SIM_RANDOM; loss++) {
			struct sim *after = sim_crash(k.sim, i,
			    (enum sim_loss)loss, test_seed() + i);
			lsm_options o = k.o;
			lsm_db *db;

			o.env = sim_env(after);
			db = dbkit_open("db", &o);
			whole += changed(db);
			CHECK(i < told || changed(db));
			dbkit_check(db, NULL, "a", "1");
			dbkit_close(db);
			sim_free(after);
		}
	CHECK(whole >= 4);
	kit_close(&k);
}

TEST("whichever call of the disk fails: all of a change or nothing")
{
	for (uint64_t n = 1;; n++) {
		struct kit k;
		bool failed;
		int rc;

		kit_open(&k);
		dbkit_put(k.db, "a", "1");
		sim_fail_at(k.sim, n, LSM_IO, false, true);
		rc = change(k.db, CHANGE);
		failed = sim_failed(k.sim);
		sim_fail_at(k.sim, 0, LSM_OK, false, false);
		if (rc == LSM_OK)
			CHECK(changed(k.db));
		else
			CHECK_CODE(rc, LSM_IO);
		(void)lsm_close(k.db);
		kit_start(&k);
		CHECK(changed(k.db) || rc != LSM_OK);
		dbkit_check(k.db, NULL, "a", "1");
		kit_close(&k);
		if (!failed) {
			CHECK(n > 2);
			break;
		}
	}
}

TEST("without memory a change is refused, and nothing has happened")
{
	struct kit k;
	unsigned n = 1;
	int rc;

	kit_open(&k);
	for (;; n++) {
		mem_fail_at(n, false);
		rc = change(k.db, CHANGE);
		mem_fail_at(0, false);
		if (rc == LSM_OK)
			break;
		CHECK_CODE(rc, LSM_NO_MEMORY);
		CHECK(!changed(k.db));
		dbkit_put(k.db, "a", "1");
	}
	CHECK(n > 10 && changed(k.db));
	kit_reopen(&k);
	CHECK(changed(k.db));
	kit_close(&k);
}

/* Each of two sets makes sense, a mixture of them does not. */
struct keeper {
	lsm_db *db;
	const char *text;
};

enum { STORES = 100 };

static void
keep_often(void *arg)
{
	struct keeper *k = arg;
	char line[LINE];

	for (int i = 0; i < STORES; i++) {
		CHECK_OK(change(k->db, k->text));
		dbkit_put(k->db, k->text, "1");
		kept(k->db, line);
		CHECK(strstr(line, "l0_stop=8 l0_trigger=2 ") != NULL ||
		    strstr(line, "l0_stop=40 l0_trigger=30 ") != NULL);
	}
}

TEST("two threads that keep different options leave no mixture of them")
{
	struct keeper few, many;
	struct thread thread;
	struct kit k;

	kit_open(&k);
	few = (struct keeper){ k.db, "l0_trigger=2 l0_stop=8" };
	many = (struct keeper){ k.db, "l0_trigger=30 l0_stop=40" };
	CHECK_OK(change(k.db, few.text));
	CHECK_OK(thread_start(&thread, keep_often, &few));
	keep_often(&many);
	thread_join(&thread);
	kit_reopen(&k);
	CHECK(keeps(k.db, "l0_stop=8 l0_trigger=2 ") ||
	    keeps(k.db, "l0_stop=40 l0_trigger=30 "));
	kit_close(&k);
}

/* ---- a tree of another shape --------------------------------------------- */

static const char *const shapes[] = {
	"compaction=hybrid level_sizes=dynamic codec=none page_size=4K "
	"ratio=8 table_size=16K",
	"compaction=leveled level_sizes=fixed codec=zlib page_size=16K "
	"ratio=10 table_size=64K base_size=128K",
	"compaction=tiered level_sizes=dynamic codec=none,zlib page_size=8K "
	"ratio=4 table_size=32K filter_bits=0",
	"compaction=lazy level_sizes=fixed codec=none page_size=4K ratio=2 "
	"table_size=8M base_size=64K filter_bits=20",
};
enum { SHAPES = sizeof shapes / sizeof *shapes, KEYS = 6000 };

static void
fill_and_settle(struct kit *k, const char *tag)
{
	int more = 1;

	dbkit_fill(k->db, 0, KEYS, tag);
	CHECK_OK(lsm_flush(k->db));
	while (more)
		CHECK_OK(lsm_settle(k->db, &more));
}

/* What the second shape makes of the first one's tree is no worse than what
 * it makes by itself but for what nobody has written since. */
static void
check_change_of_shape(const char *from, const char *to)
{
	struct kit k;

	kit_init(&k);
	k.o.memtable_size = 32 << 10;
	kit_start(&k);
	CHECK_OK(change(k.db, from));
	kit_reopen(&k);
	fill_and_settle(&k, "first");
	CHECK_OK(change(k.db, to));
	kit_reopen(&k);
	dbkit_check_fill(k.db, 0, KEYS, "first");
	fill_and_settle(&k, "then");
	fill_and_settle(&k, "last");
	dbkit_check_fill(k.db, 0, KEYS, "last");
	CHECK_EQ(dbkit_stat(k.db, "merge.failed"), 0);
	CHECK(dbkit_stat(k.db, "db.runs") < 20);
	CHECK_OK(lsm_compact(k.db, NULL, NULL));
	CHECK_EQ(dbkit_stat(k.db, "db.runs"), 1);
	CHECK_EQ(dbkit_stat(k.db, "db.entries"), KEYS);
	dbkit_check_fill(k.db, 0, KEYS, "last");
	kit_close(&k);
}

TEST_SOLO("every option may be changed under a tree of any other shape")
{
	for (size_t i = 0; i < SHAPES; i++)
		for (size_t j = 0; j < SHAPES; j++)
			if (i != j)
				check_change_of_shape(shapes[i], shapes[j]);
}
