/*
 * Many gets of one moment: of memory and of every run, in any order of keys,
 * with keys asked twice; what fails fails as a whole.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/random.h"
#include "support/dbkit.h"
#include "table/compress.h"

enum { KEYS = 400, ASKED = 300 };

struct kit {
	struct sim *sim;
	lsm_options o;
	lsm_db *db;
	char names[ASKED][24];
	lsm_slice keys[ASKED];
	lsm_buffer values[ASKED];
	int codes[ASKED];
};

static struct kit *
kit_open(int codec)
{
	static struct kit k;

	memset(&k, 0, sizeof k);
	k.sim = sim_new(test_seed());
	k.o = dbkit_options(k.sim);
	k.o.codec = codec;
	k.o.page_size = 4096;
	k.db = dbkit_open("db", &k.o);
	return &k;
}

static void
kit_close(struct kit *k)
{
	for (int i = 0; i < ASKED; i++)
		lsm_buffer_free(&k->values[i]);
	dbkit_close(k->db);
	sim_free(k->sim);
}

/* In several runs, overlapping, and in memory; key 7 is deleted. */
static void
fill(struct kit *k)
{
	dbkit_fill(k->db, 0, KEYS, "a");
	CHECK_OK(lsm_flush(k->db));
	dbkit_fill(k->db, KEYS / 4, KEYS / 2, "b");
	dbkit_delete(k->db, "k000007");
	CHECK_OK(lsm_flush(k->db));
	dbkit_fill(k->db, KEYS / 3, KEYS / 3 + 20, "c");
}

static const char *
wanted(unsigned i, char *room, size_t size)
{
	const char *tag = i >= KEYS / 3 && i < KEYS / 3 + 20 ? "c" :
	    i >= KEYS / 4 && i < KEYS / 2 ? "b" : "a";

	if (i == 7 || i >= KEYS)
		return NULL;
	snprintf(room, size, "v%u%s", i, tag);
	return room;
}

/* Random keys, absent ones among them, against what they must be. */
static void
ask_and_check(struct kit *k, const lsm_snapshot *snapshot, struct random *r,
    size_t count)
{
	unsigned numbers[ASKED];
	char room[24];

	for (size_t i = 0; i < count; i++) {
		numbers[i] = (unsigned)random_below(r, KEYS + 20);
		snprintf(k->names[i], sizeof k->names[i], "k%06u", numbers[i]);
		k->keys[i] = lsm_str(k->names[i]);
	}
	CHECK_OK(lsm_multi_get(k->db, snapshot, count, k->keys, k->values,
	    k->codes));
	for (size_t i = 0; i < count; i++) {
		const char *want = wanted(numbers[i], room, sizeof room);

		CHECK_CODE(k->codes[i], want ? LSM_OK : LSM_NOTFOUND);
		CHECK_BYTES(bytes(k->values[i].data, k->values[i].size),
		    want ? want : "");
	}
}

TEST("each key has its value, from memory or any run, whatever the order")
{
	struct random r = { test_seed() };

	for (int codec = LSM_CODEC_NONE; codec <= LSM_CODEC_ZSTD; codec++) {
		struct kit *k;

		if (!codec_built_in(codec))
			continue;
		k = kit_open(codec);
		fill(k);
		for (size_t n = 0; n < 40; n++)
			ask_and_check(k, NULL, &r, n);
		ask_and_check(k, NULL, &r, ASKED);
		kit_close(k);
	}
}

TEST("a snapshot's moment is that of all keys")
{
	struct random r = { test_seed() };
	struct kit *k = kit_open(LSM_CODEC_NONE);
	lsm_snapshot *s;

	fill(k);
	CHECK_OK(lsm_snapshot_new(k->db, &s));
	dbkit_fill(k->db, 0, KEYS, "later");
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	dbkit_fill(k->db, 0, KEYS, "later still");
	ask_and_check(k, s, &r, ASKED);
	lsm_snapshot_free(s);
	kit_close(k);
}

TEST("no values, no keys, sorted keys, and one key many times")
{
	struct kit *k = kit_open(LSM_CODEC_NONE);

	fill(k);
	CHECK_OK(lsm_multi_get(k->db, NULL, 0, NULL, NULL, NULL));
	for (int i = 0; i < ASKED; i++) {
		snprintf(k->names[i], sizeof k->names[i], "k%06d", i / 100);
		k->keys[i] = lsm_str(k->names[i]);
		k->codes[i] = -1;
	}
	CHECK_OK(lsm_multi_get(k->db, NULL, ASKED, k->keys, NULL, k->codes));
	for (int i = 0; i < ASKED; i++)
		CHECK_OK(k->codes[i]);
	k->keys[1] = lsm_str("");
	CHECK_OK(lsm_multi_get(k->db, NULL, 2, k->keys, NULL, k->codes));
	CHECK_CODE(k->codes[1], LSM_NOTFOUND);
	kit_close(k);
}

TEST("gets, those found and tables asked are counted as those of lsm_get")
{
	struct random r = { test_seed() };
	struct kit *k = kit_open(LSM_CODEC_NONE);
	uint64_t asked, found, memory;

	fill(k);
	ask_and_check(k, NULL, &r, ASKED);
	CHECK_EQ(dbkit_stat(k->db, "read.gets"), ASKED);
	asked = dbkit_stat(k->db, "read.tables_asked");
	found = dbkit_stat(k->db, "read.gets_found");
	memory = dbkit_stat(k->db, "read.gets_memory");
	for (int i = 0; i < ASKED; i++)
		(void)lsm_get(k->db, NULL, k->keys[i], NULL);
	CHECK_EQ(dbkit_stat(k->db, "read.tables_asked"), 2 * asked);
	CHECK_EQ(dbkit_stat(k->db, "read.gets_found"), 2 * found);
	CHECK_EQ(dbkit_stat(k->db, "read.gets_memory"), 2 * memory);
	kit_close(k);
}

/* A line of a filter and some of a leaf for each key; one get has no time to
 * ask for anything. */
static void
check_lines_ahead(int codec, uint64_t each)
{
	struct random r = { test_seed() };
	struct kit *k = kit_open(codec);
	uint64_t ahead;

	fill(k);
	CHECK_OK(lsm_compact(k->db, NULL, NULL));
	ask_and_check(k, NULL, &r, ASKED);
	ahead = dbkit_stat(k->db, "read.lines_ahead");
	CHECK(ahead >= each * dbkit_stat(k->db, "read.gets_found"));
	for (int i = 0; i < ASKED; i++)
		(void)lsm_get(k->db, NULL, k->keys[i], NULL);
	CHECK_EQ(dbkit_stat(k->db, "read.lines_ahead"), ahead);
	kit_close(k);
}

TEST("keys under way ask for what they need before their turn")
{
	check_lines_ahead(LSM_CODEC_NONE, 5);
	check_lines_ahead(LSM_CODEC_ZLIB, 1);
}

TEST("what fails fails as a whole, holds nothing and leaves no value")
{
	static const uint8_t key[LSM_KEY_MAX + 1];
	struct random r = { test_seed() };
	struct kit *k = kit_open(LSM_CODEC_ZLIB);
	unsigned failed = 0;
	int rc;

	k->o.cache_size = 0;
	dbkit_close(k->db);
	k->db = dbkit_open("db", &k->o);
	fill(k);
	ask_and_check(k, NULL, &r, 50);
	k->keys[3] = lsm_bytes(key, sizeof key);
	CHECK_CODE(lsm_multi_get(k->db, NULL, 50, k->keys, k->values,
	    k->codes), LSM_TOO_LARGE);
	k->keys[3] = lsm_str("k000003");
	for (uint64_t n = 1; n < 60; n++) {
		sim_fail_at(k->sim, n % 30 + 1, LSM_IO, false, false);
		mem_fail_at(n < 30 ? 0 : n - 29, false);
		rc = lsm_multi_get(k->db, NULL, 50, k->keys, k->values,
		    k->codes);
		mem_fail_at(0, false);
		for (int i = 0; i < 50 && rc != LSM_OK; i++)
			CHECK_EQ(k->values[i].size, 0);
		failed += rc != LSM_OK;
	}
	CHECK(failed > 30);
	sim_fail_at(k->sim, 0, LSM_IO, false, false);
	ask_and_check(k, NULL, &r, 50);
	kit_close(k);
}
