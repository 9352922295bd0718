/*
 * Each option does what it says: the same work under two values of it, and a
 * count that must differ. Counts, not times: they are the same on each run.
 */
#include <dirent.h>
#include <stdio.h>

#include "base/random.h"
#include "base/sync.h"
#include "db/options.h"
#include "support/dbkit.h"
#include "support/scale.h"
#include "table/compress.h"
#include "version/version.h"

/* Work of one thread: ThreadSanitizer sees a part of it. */
#ifdef __SANITIZE_THREAD__
enum { PUTS = 4000, GETS = 500, VALUE = 100 };
#else
enum { PUTS = 8000, GETS = 1000, VALUE = 100 };
#endif

static void
key_print(unsigned i, char key[17])
{
	snprintf(key, 17, "%016u", i * 7919 % PUTS);
}

/* Half of a value compresses. */
static void
value_print(unsigned i, char value[VALUE + 1])
{
	struct random r = { i };

	for (size_t n = 0; n < VALUE; n++)
		value[n] =
		    n < VALUE / 2 ? 'v' : (char)('!' + random_below(&r, 90));
	value[VALUE] = '\0';
}

static void
work_all(lsm_db *db)
{
	int more = 1;

	while (more)
		CHECK_OK(lsm_step(db, &more));
}

/* Returns the most runs that level 0 ever had. `alone`: nobody works but the
 * writer, when he must. */
static uint64_t
write_all(lsm_db *db, bool alone)
{
	char key[17], value[VALUE + 1];
	uint64_t most = 0;

	for (unsigned i = 0; i < 2 * PUTS; i++) {
		uint64_t runs = 0;

		key_print(i, key);
		value_print(i, value);
		dbkit_put(db, key, value);
		if (i % 64 == 0 && !alone)
			work_all(db);
		if (i % 64 == 0)
			runs = dbkit_stat(db, "level.0.runs");
		most = runs > most ? runs : most;
	}
	return most;
}

/* Keys that are there, twice over, then some that are not. */
static void
read_all(lsm_db *db)
{
	char key[24];

	for (unsigned i = 0; i < 2 * GETS; i++) {
		key_print(i % GETS, key);
		CHECK_OK(lsm_get(db, NULL, lsm_str(key), NULL));
	}
	for (unsigned i = 0; i < GETS; i++) {
		key_print(i, key);
		strcat(key, "x");
		dbkit_check(db, NULL, key, NULL);
	}
}

static uint64_t
levels_count(lsm_db *db)
{
	uint64_t levels = 0;
	char name[32];

	for (int i = 0; i < LEVELS_MAX; i++) {
		snprintf(name, sizeof name, "level.%d.runs", i);
		levels += dbkit_stat(db, name) > 0;
	}
	return levels;
}

/* The options of all cases, small enough for all levels to be used. */
static lsm_options
options_small(struct sim *sim)
{
	lsm_options o = dbkit_options(sim);

	o.memtable_size = 64 << 10;
	o.table_size = 32 << 10;
	o.base_size = 128 << 10;
	o.cache_size = 0;
	o.reads = LSM_READS_STRICT; /* so that every page is counted */
	return o;
}

static uint64_t
count_alone(const lsm_options *given, const char *what, bool alone)
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = *given;
	uint64_t count, level0;
	lsm_db *db;

	o.env = sim_env(sim);
	db = dbkit_open("db", &o);
	level0 = write_all(db, alone);
	work_all(db);
	read_all(db);
	count = strcmp(what, "levels") == 0         ? levels_count(db) :
	    strcmp(what, "level 0, most runs") == 0 ? level0 :
						      dbkit_stat(db, what);
	dbkit_close(db);
	sim_free(sim);
	return count;
}

static uint64_t
count_with(const lsm_options *given, const char *what)
{
	return count_alone(given, what, false);
}

struct effect {
	const char *name, *less, *more; /* values, by what they do to... */
	const char *what; /* this count */
	const char *with, *value; /* another option, or NULL */
	bool alone; /* see write_all */
};

/* By name: those that are kept in the database. */
static const struct effect effects[] = {
	{ "base_size", "32768", "1048576", "level.1.bytes", "level_sizes",
	    "fixed", false },
	{ "codec", "zlib", "none", "db.bytes", NULL, NULL, false },
	{ "codec", "none,zlib", "none", "db.bytes", NULL, NULL, false },
	{ "compaction", "tiered", "leveled", "merge.bytes_written", "l0_stop",
	    "9", false },
	{ "compaction", "leveled", "tiered", "db.runs", "l0_stop", "9",
	    false },
	{ "compaction", "lazy", "tiered", "db.bytes", "l0_stop", "9", false },
	{ "compaction", "hybrid", "tiered", "db.runs", "l0_stop", "9",
	    false },
	{ "filter_bits", "0", "10", "filter.useful", NULL, NULL, false },
	{ "l0_stop", "10", "20", "level 0, most runs", NULL, NULL, true },
	{ "l0_trigger", "8", "2", "merge.count", NULL, NULL, false },
	{ "level_sizes", "dynamic", "fixed", "levels", NULL, NULL, false },
	{ "max_sstables", "0", "24", "level 0, most runs", NULL, NULL, false },
	{ "min_compaction_files", "8", "2", "merge.bytes_written", NULL, NULL,
	    false },
	{ "page_size", "4096", "16384", "read.bytes", "codec", "none", false },
	{ "ratio", "2", "10", "level.2.bytes", "level_sizes", "fixed", false },
	{ "table_size", "262144", "16384", "db.tables", NULL, NULL, false },
	{ "preset", "write-heavy", "read-heavy", "merge.bytes_written", NULL,
	    NULL, false },
	{ "preset", "read-heavy", "write-heavy", "db.runs", NULL, NULL, false },
	{ "preset", "low-memory", "write-heavy", "level 0, most runs", NULL,
	    NULL, false },
};

static uint64_t
effect_count(const struct effect *e, const char *value)
{
	lsm_options o = options_small(NULL);

	if (e->with != NULL)
		CHECK_OK(lsm_options_set(&o, e->with, e->value));
	CHECK_OK(lsm_options_set(&o, e->name, value));
	return count_alone(&o, e->what, e->alone);
}

TEST_SOLO("each option that a database keeps has its effect")
{
	for (size_t i = SCALE_FIRST; i < sizeof effects / sizeof *effects;
	    i += SCALE_STEP) {
		const struct effect *e = &effects[i];
		uint64_t less = effect_count(e, e->less);
		uint64_t more = effect_count(e, e->more);

		if (less >= more)
			test_fail(__FILE__, __LINE__,
			    "%s: %s is %llu with "
			    "%s, %llu with %s",
			    e->name, e->what, (unsigned long long)less, e->less,
			    (unsigned long long)more, e->more);
	}
}

static void
name_seen(void *arg, const char *name, const char *value, const char *help)
{
	unsigned *missing = arg, found = 0;

	for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
		found |= strcmp(effects[i].name, name) == 0;
	*missing += !found || value[0] == '\0' || help[0] == '\0';
}

TEST_SOLO("a large hybrid tree has a tier that a leveled one does not have")
{
	uint64_t before = hybrid_tier_from, written[2];
	lsm_options o = options_small(NULL);

	o.l0_trigger = 2;
	hybrid_tier_from = 1;
	for (int i = 0; i < 2; i++) {
		o.compaction = i == 0 ? LSM_COMPACTION_HYBRID :
		    LSM_COMPACTION_LEVELED;
		written[i] = count_with(&o, "merge.bytes_written");
	}
	CHECK(written[0] < written[1]);
	hybrid_tier_from = before;
}

TEST("no option is without such a case")
{
	unsigned missing = 0;

	lsm_options_each(NULL, name_seen, &missing);
	CHECK_EQ(missing, 0);
}

/* ---- of the handle ------------------------------------------------------- */

TEST_SOLO("memtable_size says how often memory is flushed")
{
	lsm_options small = options_small(NULL), large = small;

	large.memtable_size *= 4;
	CHECK(count_with(&large, "flush.count") * 3 <
	    count_with(&small, "flush.count"));
}

TEST_SOLO("cache_size keeps inflated leaves")
{
	lsm_options none = options_small(NULL), some;

	none.codec = LSM_CODEC_ZLIB;
	some = none;
	some.cache_size = 4 << 20;
	CHECK_EQ(count_with(&none, "cache.hits"), 0);
	CHECK(count_with(&some, "cache.hits") > GETS);
	CHECK(count_with(&some, "read.pages_inflated") <
	    count_with(&none, "read.pages_inflated"));
}

TEST_SOLO("max_open_tables bounds the tables that are open")
{
	lsm_options few = options_small(NULL), many = few;

	few.max_open_tables = 4;
	CHECK(count_with(&few, "tables.open") <= 4);
	CHECK(count_with(&many, "tables.open") > 4);
}

TEST_SOLO("no_sync leaves it to the caller when the disk is waited for")
{
	lsm_options off = options_small(NULL), on = off;

	on.no_sync = 0;
	CHECK(count_with(&off, "log.syncs") < PUTS / 10);
	CHECK(count_with(&on, "log.syncs") >= 2 * PUTS);
}

TEST_SOLO("reads says whether a page is read and verified once or each time")
{
	lsm_options strict = options_small(NULL), mapped;

	strict.codec = LSM_CODEC_NONE;
	mapped = strict;
	mapped.reads = LSM_READS_MAPPED;
	CHECK(count_with(&mapped, "read.pages") * 2 <
	    count_with(&strict, "read.pages"));
}

static unsigned
threads_count(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	CHECK(d != NULL);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* Soon: threads that were joined may still be seen for a moment. */
static bool
threads_reach(unsigned n)
{
	for (unsigned i = 0; i < 1000000 && threads_count() != n; i++)
		thread_yield();
	return threads_count() == n;
}

TEST("workers says how many threads work")
{
	lsm_options o = options_small(NULL);
	unsigned others = 0;

	for (o.workers = 1; o.workers <= 8; o.workers++) {
		lsm_db *db = dbkit_open(dbkit_path("db"), &o);

		if (o.workers == 1)
			others = threads_count() - 1;
		CHECK(threads_reach(others + (unsigned)o.workers));
		dbkit_close(db);
	}
	CHECK(threads_reach(others));
}

TEST("without workers a full memtable stays until somebody has to wait")
{
	lsm_options o = options_small(NULL);

	for (o.workers = 0; o.workers <= 1; o.workers++) {
		lsm_db *db = dbkit_open(dbkit_path("db"), &o);

		for (unsigned i = 0; dbkit_stat(db, "db.memtables") < 2 &&
		    dbkit_stat(db, "flush.count") == 0; i++)
			dbkit_fill(db, 100 * i, 100 * i + 100, "");
		while (o.workers > 0 && dbkit_stat(db, "flush.count") == 0)
			thread_yield();
		CHECK_EQ(dbkit_stat(db, "flush.count") > 0, o.workers > 0);
		dbkit_close(db);
	}
}

/* ---- codecs of levels ---------------------------------------------------- */

static void
codec_keep(void *arg, const char *name, const char *value, const char *help)
{
	(void)help;
	if (strcmp(name, "codec") == 0)
		snprintf(arg, 64, "%s", value);
}

/* What the options say of a list of codecs. */
static const char *
codec_told(const char *text)
{
	static char told[64];
	lsm_options o;

	lsm_options_init(&o);
	CHECK_OK(lsm_options_set(&o, "codec", text));
	lsm_options_each(&o, codec_keep, told);
	return told;
}

TEST("a list of codecs names each level's, the last that of all deeper")
{
	CHECK_STR(codec_told("zlib"), "zlib");
	CHECK_STR(codec_told("none,zlib"), "none,zlib");
	CHECK_STR(codec_told("zlib,zlib,none,none"), "zlib,zlib,none");
	CHECK_STR(codec_told("none,none"), "none");
	CHECK_STR(codec_told("none,none,none,none,none,none,none,zlib"),
	    "none,none,none,none,none,none,none,zlib");
}

TEST("a list that makes no sense is refused, and changes nothing")
{
	static const char *const wrong[] = { "", ",", "zlib,", ",zlib",
		"none,snappy", "none;zlib", "default",
		"none,none,none,none,none,none,none,none,zlib" };
	char told[64];
	lsm_options o;

	lsm_options_init(&o);
	CHECK_OK(lsm_options_set(&o, "codec", "none,zlib"));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_CODE(lsm_options_set(&o, "codec", wrong[i]), LSM_INVALID);
	lsm_options_each(&o, codec_keep, told);
	CHECK_STR(told, "none,zlib");
	o.codec = 77;
	dbkit_refused(dbkit_path("db"), &o, LSM_INVALID);
}

static void
refused_by_name(const lsm_options *o, const char *codec)
{
	dbkit_refused("db", o, LSM_UNSUPPORTED);
	CHECK(strstr(lsm_message(), codec) != NULL);
}

TEST("a level's codec that is not built in is refused by its name")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = options_small(sim), listed = o;
	size_t operations;
	lsm_db *db;

	CHECK_OK(lsm_options_set(&listed, "codec", "none,none,zlib"));
	codec_missing(LSM_CODEC_ZLIB);
	refused_by_name(&listed, "zlib");
	codec_missing(-1);
	db = dbkit_open("db", &listed);
	dbkit_fill(db, 0, 100, "");
	dbkit_close(db);
	codec_missing(LSM_CODEC_ZLIB);
	operations = sim_operations(sim);
	refused_by_name(&o, "zlib");
	o.read_only = 1;
	o.create = 0;
	refused_by_name(&o, "zlib");
	CHECK_EQ(sim_operations(sim), operations);
	codec_missing(-1);
	db = dbkit_open("db", &o);
	dbkit_check_fill(db, 0, 100, "");
	dbkit_close(db);
	sim_free(sim);
}

TEST("each level has its codec, and keeps it when opened again")
{
	struct sim *sim = sim_new(test_seed());
	lsm_options o = options_small(sim);
	uint64_t raw, deflated;
	lsm_db *db;

	CHECK_OK(lsm_options_set(&o, "codec",
	    "none,none,none,none,none,none,"
	    "none,zlib"));
	db = dbkit_open("db", &o);
	dbkit_close(db);
	o = options_small(sim);
	db = dbkit_open("db", &o);
	CHECK_OK(lsm_options_stored(db, &o));
	dbkit_fill(db, 0, 700, "");
	CHECK_OK(lsm_flush(db)); /* straight to the last level */
	CHECK_EQ(dbkit_stat(db, "level.7.entries"), 700);
	deflated = dbkit_stat(db, "level.7.bytes");
	dbkit_fill(db, 0, 700, "");
	CHECK_OK(lsm_flush(db));
	CHECK_EQ(dbkit_stat(db, "level.0.entries"), 700);
	raw = dbkit_stat(db, "level.0.bytes");
	CHECK(deflated < raw);
	dbkit_check_fill(db, 0, 700, "");
	dbkit_close(db);
	sim_free(sim);
}
